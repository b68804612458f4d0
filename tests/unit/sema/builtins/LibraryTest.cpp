// The modules written in the language: every function of them specialises for typical arguments.
#include "tests/unit/sema/builtins/Analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace descent::sema {
namespace {

using testing::ElementsAre;

TEST(Library, OptimizersKeepTheTypesOfParameters) {
  for (const char *optimizer :
       {"sgd()", "sgd(0.1, momentum=0.9)", "sgd(0.1, 0.9, true, 0.01)", "adagrad()", "rmsprop()",
        "adam()", "adamw()", "adam(rate=cosine(0.1, 10))", "amsgrad()", "adamax()", "nadam()",
        "adabelief()", "lion()", "adadelta()"}) {
    Analysis analysis = analyzeText(std::string("let o = ") + optimizer + R"(
let p = {w: ones((2, 3)), b: (0.5, f64(1.0))}
let (next, state) = o.update(p, p, o.init(p), argmax([0, 1]))
print next
)");
    EXPECT_EQ(analysis.shown, "") << optimizer;
    EXPECT_THAT(analysis.printed, ElementsAre("f32[2, 3]", "f32", "f64")) << optimizer;
  }
}

TEST(Library, SgdWithoutMomentumHasNoState) {
  Analysis analysis =
      analyzeText("print len(sgd().init({w: 1.0}))\nprint sgd(0.1, 0.5).init({w: 1.0}).w\n");
  EXPECT_EQ(analysis.shown, "");
}

TEST(Library, MinimizeTakesNumbersArraysAndRecords) {
  for (const char *method : {"gd", "newton", "bfgs"}) {
    Analysis analysis = analyzeText(
        std::string(R"(
fn f(p) = (p.a - 1)^2 + sum(p.b^2)
let m = minimize(f, {a: 0, b: ones((2, 2))}, method=")") +
        method +
        "\")\nprint m.x, m.value, m.grad, m.steps, m.evaluations, m.converged, m.reason\n" +
        "print minimize(x -> x^2, 3.0, method=\"" + method + "\").x\n");
    EXPECT_EQ(analysis.shown, "") << method;
    EXPECT_THAT(analysis.printed, ElementsAre("f32", "f32[2, 2]", "f32", "f32", "f32[2, 2]", "i32",
                                              "i32", "bool", "i32", "f32"))
        << method;
  }
}

TEST(Library, MethodsToComeSaySo) {
  Analysis analysis = analyzeText("print minimize(x -> x^2, 3.0, method=\"nelder_mead\").x\n");
  ASSERT_EQ(analysis.errors.size(), 1u) << analysis.shown;
  EXPECT_EQ(analysis.errors[0].substr(0, 17), "not-supported-yet");
  EXPECT_THAT(analysis.shown, testing::HasSubstr("test.gd:1:"));
}

TEST(Library, NetworksAreTuplesOfLayers) {
  Analysis analysis = analyzeText(R"(use nn
let net = nn.mlp(key(0), [8, 5, 3])
print net
print nn.apply(net, ones((4, 8)), activation=tanh), nn.cross_entropy(nn.apply(net, ones((4, 8))), [0, 1, 2, 0])
)");
  EXPECT_EQ(analysis.shown, "");
  EXPECT_THAT(analysis.printed,
              ElementsAre("f32[8, 5]", "f32[5]", "f32[5, 3]", "f32[3]", "f32[4, 3]", "f32[4]"));
}

} // namespace
} // namespace descent::sema
