// `checkGradients`: what is compared, how often, and what passes.
#include "descent/Script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace descent {
namespace {

GradientReport reportOf(const std::string &text) {
  setenv("DESCENT_CACHE_DIR", "", 1); // no compiled code is kept
  return Script::fromText("test.gd", text).checkGradients();
}

TEST(Gradcheck, ComparesWhereDerivativesAreTaken) {
  GradientReport report = reportOf(R"(
fn f(x) = sum(x^3)
let a = grad(f)([1.0, 2.0])
var x = 2.0
for i in 0..5 { x -= 0.1 * grad(x -> x^2)(x) }
let b = vmap(grad(x -> sin(x)))([1.0, 2.0, 3.0])
param w = 1.5
train exp(w) * w with sgd(rate=0.01), steps=7
let c = jvp(f, [1.0, 2.0], [0.5, 0.5])
let d = jacfwd(x -> x^2)([1.0, 2.0, 3.0])
)");
  EXPECT_EQ(report.stopped, "");
  std::vector<std::tuple<unsigned, int64_t, int64_t>> rows;
  for (const GradientCheck &check : report.checks) {
    rows.emplace_back(check.line, check.elements, check.times);
    EXPECT_TRUE(check.passed) << check.expression << " " << check.largestError;
    EXPECT_TRUE(check.compared);
    EXPECT_LT(check.largestError, 1e-7);
  }
  using Row = std::tuple<unsigned, int64_t, int64_t>;
  EXPECT_THAT(rows, testing::ElementsAre(Row(3, 2, 1), Row(5, 1, 5), Row(6, 1, 3), Row(8, 1, 1),
                                         Row(9, 1, 1), Row(10, 3, 3)));
}

TEST(Gradcheck, TakesPointsKnownAtCompileTime) {
  std::string script;
  for (const char *name :
       {"abs",  "sign",  "floor",  "sqrt",   "rsqrt",    "cbrt", "exp",  "exp2", "expm1", "log",
        "log2", "log10", "log1p",  "sin",    "cos",      "tan",  "asin", "acos", "atan",  "sinh",
        "cosh", "tanh",  "asinh",  "atanh",  "erf",      "erfc", "relu", "gelu", "silu",  "erfinv",
        "lgamma", "digamma", "sigmoid", "softplus"})
    script += std::string("print grad(") + name + ")(0.18)\n";
  for (const char *name : {"atan2", "maximum", "minimum", "logaddexp", "hypot", "pow", "mod"})
    script += std::string("print grad(") + name + ", argnums=(0, 1))(0.18, 0.7)\n";
  GradientReport report = reportOf(script);
  EXPECT_EQ(report.checks.size(), 34u + 2 * 7u);
  for (const GradientCheck &check : report.checks)
    EXPECT_TRUE(check.passed) << check.expression << " " << check.largestError;
}

TEST(Gradcheck, TakesAnySlopeAtAKink) {
  for (const GradientCheck &check :
       reportOf("let a = grad(x -> sum(abs(x) + relu(x)))([0.0, 1.0, -1.0])").checks)
    EXPECT_TRUE(check.passed);
}

TEST(Gradcheck, FindsWhatDisagrees) {
  // No finite slope at 0, and no value below it.
  GradientReport report = reportOf("let a = grad(x -> sqrt(x))(0.0)");
  ASSERT_EQ(report.checks.size(), 1u);
  EXPECT_FALSE(report.checks[0].passed);
}

TEST(Gradcheck, LeavesStoppedGradientsOut) {
  GradientReport report = reportOf("let a = grad(x -> x * stop_gradient(x))(2.0)");
  ASSERT_EQ(report.checks.size(), 1u);
  EXPECT_FALSE(report.checks[0].compared);
}

TEST(Gradcheck, SaysWhyTheScriptStopped) {
  GradientReport report = reportOf("let a = grad(x -> x^2)(2.0)\nassert a < 0.0\n");
  EXPECT_EQ(report.checks.size(), 1u);
  EXPECT_THAT(report.stopped, testing::HasSubstr("[assert-failed]"));
}

} // namespace
} // namespace descent
