// `train`: the loop that it becomes; what a gradient check compares.
#include "tests/unit/sema/Subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace descent::sema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;

const std::string kModel = R"(
data d = "d.csv"
param w = 0.0
param b = ones([2])
param unused = 1.0
fn loss(x, y) = mean((w * x + sum(b) - y)^2)
)";

TEST(Train, IsALoopOfNativeSteps) {
  Subject subject(kModel + "let fit = train loss(d.x, d.y) with sgd(rate=0.1), steps=100\nprint fit");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  EXPECT_EQ(subject.count("while"), 1u);
  EXPECT_EQ(subject.count("vjp"), 1u);
  EXPECT_EQ(subject.count("poll"), 1u);
  EXPECT_THAT(subject.printed(),
              ElementsAre("f32[100]", "f32[100]", "i32[100]", "f64[100]", "i32"));
}

TEST(Train, DifferentiatesByTheParamsThatTheLossReads) {
  Subject subject(kModel + "train loss(d.x, d.y) with sgd(), steps=5");
  ASSERT_EQ(subject.shown, "");
  std::vector<int32_t> groups;
  for (const Op &op : subject.program->main.ops)
    if (op.name == "while")
      for (const Op &inner : op.regions[1].ops)
        if (inner.name == "vjp")
          groups = inner.operandGroups;
  EXPECT_THAT(groups, ElementsAre(2, 1)); // w and b, not `unused`
}

TEST(Train, SaysWhatItPlans) {
  Subject subject(kModel + "train loss(d.x, d.y) with adam(rate=0.1), epochs=3, batch=4, key=key(0), log=2");
  ASSERT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  for (const abi::Effect &effect : subject.program->effects)
    if (auto begin = std::get_if<abi::TrainBeginEffect>(&effect.what)) {
      EXPECT_EQ(begin->expression, "loss(d.x, d.y)");
      EXPECT_EQ(begin->optimizer, "adam(rate=0.1)");
      EXPECT_EQ(begin->steps, 6); // 10 rows make two whole batches
      EXPECT_EQ(begin->reportEvery, 2);
      return;
    }
  FAIL() << "no effect says that training begins";
}

TEST(Train, DrawsBatchesInEachOfItsWays) {
  for (const char *sampling : {"shuffle", "bootstrap", "sequential"}) {
    Subject subject(kModel + "train loss(d.x, d.y) with sgd(), steps=5, batch=4, key=key(0), sampling=\"" +
                    sampling + "\"");
    EXPECT_EQ(subject.shown, "") << sampling;
    EXPECT_EQ(subject.problem, "") << sampling;
  }
  EXPECT_EQ(Subject(kModel + "train loss(d.x, d.y) with sgd(), steps=5, batch=4, sampling=\"sequential\"").shown,
            "");
}

TEST(Train, EvaluatesConditionsAndValidation) {
  Subject subject(kModel + "train loss(d.x, d.y) with sgd(), steps=5, log=1, "
                           "stop=loss < 0.1 and grad_norm < 1.0 or step > 3, validate=loss(d.y, d.x)");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  bool hasValidation = false;
  for (const abi::Effect &effect : subject.program->effects)
    if (auto report = std::get_if<abi::TrainReportEffect>(&effect.what)) {
      hasValidation = report->hasValidation;
      EXPECT_EQ(effect.operands.size(), 4u);
    }
  EXPECT_TRUE(hasValidation);
}

TEST(Train, ThinsAHistoryOfMillions) {
  Subject subject(kModel + "let f = train loss(d.x, d.y) with sgd(), steps=2500000\nprint f.loss");
  EXPECT_THAT(subject.printed(), ElementsAre("f32[833334]"));
}

TEST(Train, StandsInLoops) {
  Subject subject(kModel + "for i in 0..3 { train loss(d.x, d.y) with sgd(), steps=5\n print w }");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  EXPECT_THAT(subject.ops(), HasSubstr("for {effect clock while"));
}

TEST(Train, TakesAnOptimizerOfTheScript) {
  Subject subject(kModel + R"(
fn mine(rate) = {
  init: p -> (),
  update: (p, g, state, step) -> (p - rate * g, state)
}
train loss(d.x, d.y) with mine(0.1), steps=5
)");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
}

TEST(Train, RefusesAnOptimizerThatChangesTypes) {
  Subject subject(kModel + R"(
fn wrong() = {init: p -> (), update: (p, g, state, step) -> (p.w, state)}
train loss(d.x, d.y) with wrong(), steps=5
)");
  EXPECT_THAT(subject.shown, HasSubstr("train-update"));
  EXPECT_THAT(subject.shown, HasSubstr("the params"));
}

/// What derivatives a script takes are by, and of how many elements, in order.
std::vector<std::pair<std::string, int64_t>> comparisonsOf(const std::string &text) {
  AnalyzeOptions options;
  options.gradientCheck = true;
  Subject subject(text, options);
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  std::vector<std::pair<std::string, int64_t>> found;
  if (subject.program)
    for (const abi::Effect &effect : subject.program->effects)
      if (auto *derivative = std::get_if<abi::DerivativeEffect>(&effect.what))
        found.emplace_back(derivative->with + (derivative->isComparable ? "" : " (stopped)"),
                           derivative->elements);
  return found;
}

TEST(GradientCheck, ComparesEveryDerivativeOnce) {
  EXPECT_THAT(comparisonsOf(kModel +
                            "let h = train loss(d.x, d.y) with sgd(), steps=5\nprint h.loss[-1]\n"
                            "train w^2 with sgd(), steps=2"),
              ElementsAre(Pair("w", 1), Pair("b", 2), Pair("w", 1)));
  EXPECT_THAT(comparisonsOf("fn f(x, y) = sum(x * y^2)\nlet v = [1.0, 2.0]\n"
                            "print grad(f, wrt=(x, y))(v, v), jvp(x -> f(x, v), v, v)"),
              ElementsAre(Pair("x", 2), Pair("y", 2), Pair("x", 1)));
}

TEST(GradientCheck, GoesIntoTransformsAndLoops) {
  // The outer derivative, and the inner one at the same point.
  EXPECT_THAT(comparisonsOf("print grad(grad(x -> x^3))(2.0)"), SizeIs(2));
  EXPECT_THAT(comparisonsOf("print vmap(grad(x -> x^3))([1.0, 2.0])"), ElementsAre(Pair("x", 1)));
  EXPECT_THAT(comparisonsOf("var x = 4.0\nfor i in 0..9 { x -= 0.1 * grad(x -> x^2)(x) }"),
              ElementsAre(Pair("x", 1)));
  EXPECT_THAT(comparisonsOf("print grad(x -> x * stop_gradient(x))(2.0)"),
              ElementsAre(Pair("x (stopped)", 1)));
}

} // namespace
} // namespace descent::sema
