// The memory of derivatives: checkpoints, and loops that run in blocks.
#include "descent/Script.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace descent;

namespace {

Script script(const std::string &text, int64_t tapeLimit = 0) {
  ScriptOptions options;
  options.cache = false;
  options.tapeLimit = tapeLimit;
  Script script = Script::fromText("test.gd", text, options);
  EXPECT_TRUE(script.valid()) << text;
  return script;
}

const char *const kFunctions = R"(
fn step(x, k) = sin(x * 1.3) + 0.1 * x * exp(-x * x) * k
fn loop(x) = {
  var y = x
  for i in 0..37 { y = step(y, 1.0 / (i + 1)) }
  sum(y * y)
}
fn nested(x) = {
  var y = x
  for i in 0..11 {
    for j in 0..13 { y = step(y, x * i) }
    y = where(y > 0.2, y * sqrt(y), y)
  }
  sum(y * y)
}
fn kept(x) = {
  var y = x
  for i in 0..37 { y = checkpoint(step)(y, k=1.0 / (i + 1)) }
  sum(y * y)
}
let x = linspace(0.1, 0.9, 7)
)";

class Tapes : public testing::TestWithParam<const char *> {
protected:
  std::string text(const std::string &expression) const {
    return std::string("precision ") + GetParam() + kFunctions + "let y = " + expression + "\n";
  }
  std::vector<double> run(const std::string &expression, int64_t tapeLimit = 0) const {
    Array result =
        script(text(expression), tapeLimit).run().value("y").array().converted(DType::F64);
    auto values = result.values<double>();
    return {values.begin(), values.end()};
  }
  void expectNear(const std::vector<double> &actual, const std::vector<double> &expected) const {
    ASSERT_EQ(actual.size(), expected.size());
    double largest = 0;
    for (double number : expected)
      largest = std::max(largest, std::abs(number));
    for (size_t i = 0; i < actual.size(); ++i)
      EXPECT_NEAR(actual[i], expected[i], largest * (GetParam()[1] == '3' ? 1e-5 : 1e-13));
  }
};

TEST_P(Tapes, BlocksChangeNoBit) {
  for (const char *gradient : {"grad(loop)(x)", "grad(nested)(x)"}) {
    std::vector<double> expected = run(gradient);
    for (int64_t limit : {1, 300})
      EXPECT_EQ(run(gradient, limit), expected) << gradient << " " << limit;
  }
}

TEST_P(Tapes, BlocksInDerivativesOfDerivativesAndLanes) {
  for (const char *derivative : {"jvp(grad(nested), x, x)[1]", "grad(v -> sum(grad(loop)(v)^2))(x)",
                                 "vmap(grad(nested))(outer(x, x))"}) {
    SCOPED_TRACE(derivative);
    expectNear(run(derivative, 1), run(derivative));
  }
}

TEST_P(Tapes, CheckpointsChangeNoBit) {
  EXPECT_EQ(run("grad(kept)(x)"), run("grad(loop)(x)"));
  expectNear(run("hessian(kept)(x)"), run("hessian(loop)(x)"));
  expectNear(run("vmap(grad(kept))(outer(x, x))"), run("vmap(grad(loop))(outer(x, x))"));
  expectNear(run("grad(checkpoint(v -> loop(v) * kept(v)))(x)"),
             run("grad(v -> loop(v) * loop(v))(x)"));
}

INSTANTIATE_TEST_SUITE_P(Types, Tapes, testing::Values("f32", "f64"));

// Where a loop runs over points its tapes are rows of a block of them, which take nothing to speak
// of; where elements meet, they are of whole arrays.
TEST(TapeStages, RowsOfPointsNeedNoBlocks) {
  auto text = [](const std::string &body) {
    return R"(precision f64
fn f(x) = {
  var y = sin(arange(3000.0))
  var total = 0.0
  for c in x {
    y = )" +
           body +
           R"(
    total = total + mean(y)
  }
  total + sum(y^2)
}
let g = grad(f)(sin(arange(100.0)))
)";
  };
  auto hasBlocks = [](Script program) {
    return program.show(ScriptStage::Derivative).find("checkpoint again") != std::string::npos;
  };
  std::string byPoints = text("sin(y + c)"), meeting = text("sin(roll(y, 1) + c)");
  EXPECT_FALSE(hasBlocks(script(byPoints, 1 << 20)));
  EXPECT_TRUE(hasBlocks(script(meeting, 1 << 20)));
  // Not even a block of points fits: results are the same but for the order of sums.
  Script tiny = script(byPoints, 1000);
  EXPECT_NE(tiny.show(ScriptStage::Derivative).find("checkpoint again"), std::string::npos);
  Array expected = script(byPoints).run().value("g").array(),
        actual = tiny.run().value("g").array();
  for (int64_t i = 0; i < 100; ++i)
    EXPECT_NEAR(actual.values<double>()[i], expected.values<double>()[i], 1e-10);
}

// The second run is in a branch of its own, where no kernel of the first can be joined with it.
TEST(TapeStages, ShowWhatRunsAgain) {
  std::string text = std::string(kFunctions) + "print grad(loop)(x)\n";
  EXPECT_EQ(script(text).show(ScriptStage::Derivative).find("checkpoint again"), std::string::npos);
  EXPECT_NE(script(text, 200).show(ScriptStage::Derivative).find("checkpoint again"),
            std::string::npos);
  EXPECT_EQ(script(text, 200).show(ScriptStage::Kernel).find("checkpoint"), std::string::npos);
}

TEST(Checkpoint, GivesWhatTheFunctionGives) {
  RunResult result = script(R"(
fn f(x, by=2) = {value: x * by, size: x.shape[0], pair: (x, 3)}
let r = checkpoint(f)([1.0, 2.0], by=3)
let n = checkpoint(x -> 2 * x)(4)
let z = zeros(n)
)")
                         .run();
  EXPECT_EQ(result.value("r").paths,
            (std::vector<std::string>{"value", "size", "pair.0", "pair.1"}));
  EXPECT_EQ(result.value("r").arrays[0], Array::fromVector<float>({3, 6}));
  EXPECT_EQ(result.value("z").array().shape(), std::vector<int64_t>{8});
}

TEST(Values, AreKeptOnlyWhereTheyAreWanted) {
  Script program = script("let x = ones(3)\n");
  EXPECT_EQ(program.run().value("x").array(), Array::fromVector<float>({1, 1, 1}));
  EXPECT_TRUE(program.run({.keepValues = false}).values.empty());
}

} // namespace
