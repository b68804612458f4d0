// Scripts on the emulator of a GPU, through the public interface: what a device does around a
// kernel.
#include "compiler/cache/CodeCache.h"
#include "descent/Script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <unistd.h>

namespace descent {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class DeviceTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "descent-device-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    setenv("DESCENT_CACHE_DIR", folder.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("DESCENT_CACHE_DIR");
    std::filesystem::remove_all(folder);
  }

  static Script scriptOf(const std::string &text, DeviceKind device) {
    ScriptOptions options;
    options.device = device;
    Script script = Script::fromText("test.gd", text, options);
    std::ostringstream problems;
    script.showDiagnostics(problems);
    EXPECT_TRUE(script.valid()) << problems.str();
    return script;
  }

  struct Outcome {
    RunResult result;
    std::string printed;
    Timing timing;
  };
  static Outcome run(const std::string &text, DeviceKind device = DeviceKind::Emulator) {
    Script script = scriptOf(text, device);
    std::ostringstream out;
    Outcome outcome;
    outcome.result = script.run({.out = &out});
    outcome.printed = out.str();
    outcome.timing = script.timing();
    return outcome;
  }

  std::string folder;
};

// ---- Tapes --------------------------------------------------------------------------------------

/// The derivative of n sines in a row, by a loop of which it is not known how long it runs.
std::string sines(int count, const std::string &start) {
  return "fn settle(x) = {\n  var y = x\n  var n = 0\n  while n < " + std::to_string(count) +
         " {\n    y = sin(y)\n    n += 1\n  }\n  sum(y)\n}\nlet g = grad(settle)(" + start + ")\n";
}

// Memory for 64 iterations at first, then twice that each time: what is there has to come along.
TEST_F(DeviceTest, TapesGrowSeveralTimes) {
  for (int count : {1, 64, 65, 128, 129, 700}) {
    Array expected =
        run(sines(count, "linspace(0.1, 1.4, 5)"), DeviceKind::Cpu).result.value("g").array();
    Array actual = run(sines(count, "linspace(0.1, 1.4, 5)")).result.value("g").array();
    for (int i = 0; i < 5; ++i)
      EXPECT_FLOAT_EQ(actual.values<float>()[size_t(i)], expected.values<float>()[size_t(i)])
          << count << " iterations";
  }
}

// Two tapes grow by turns, and both begin anew in each iteration of a loop around them.
TEST_F(DeviceTest, TapesGrowSideBySide) {
  std::string text =
      "fn pair(x) = {\n  var y = x\n  var z = 1.0 * x\n  var n = 0\n"
      "  while n < 150 {\n    y = sin(y) + 0.1 * z\n    z = cos(z * y)\n    n += 1\n  }\n"
      "  sum(y * z)\n}\n"
      "var g = linspace(0.1, 0.9, 7)\n"
      "for i in 0..2 { g = 0.1 * grad(pair)(g) }\n";
  Array expected = run(text, DeviceKind::Cpu).result.value("g").array(),
        actual = run(text).result.value("g").array();
  for (size_t i = 0; i < 7; ++i)
    EXPECT_NEAR(actual.values<float>()[i], expected.values<float>()[i], 1e-5f);
}

// The emulator has 1 GiB, and the first 64 iterations keep 1.2 GiB.
TEST_F(DeviceTest, ATapeThatDoesNotFit) {
  std::string text = "precision f64\nprint \"begins\"\n" + sines(1000, "ones([2_500_000])");
  Outcome outcome = run(text);
  EXPECT_EQ(outcome.result.status, RunStatus::Failed);
  EXPECT_EQ(outcome.printed, "begins\n");
  EXPECT_THAT(
      outcome.result.message,
      AllOf(
          HasSubstr("[out-of-memory]"), StartsWith("test.gd:6:"),
          HasSubstr("has no memory for what this loop keeps of each iteration for its derivative"),
          HasSubstr("are free"), HasSubstr("checkpoint(f)")));
  // The place is found for code from the disk as well.
  EXPECT_EQ(run(text).result.message, outcome.result.message);
}

// The loop would keep 1.1 MiB, and has a quarter of 1 MiB: it runs in blocks,
// as it would in no machine of today.
TEST_F(DeviceTest, TapesAreForTheDevicesMemory) {
  std::string text =
      "precision f64\nfn settle(x) = {\n  var y = x\n  for i in 0..100 { y = sin(y) + "
      "0.1 * mean(y) }\n  sum(y)\n}\nlet g = grad(settle)(linspace(0.1, 0.9, 1500))\n";
  Array expected = run(text, DeviceKind::Cpu).result.value("g").array();
  setenv("DESCENT_EMULATED_MIB", "1", 1);
  Outcome outcome = run(text);
  unsetenv("DESCENT_EMULATED_MIB");
  ASSERT_EQ(outcome.result.status, RunStatus::Done) << outcome.result.message;
  Array actual = outcome.result.value("g").array();
  for (size_t i = 0; i < 1500; ++i)
    EXPECT_NEAR(actual.values<double>()[i], expected.values<double>()[i], 1e-9);
}

// ---- What a step of training is -----------------------------------------------------------------

// The loss and its derivative in one pass over the rows: all threads of a team need the row's
// difference.
TEST_F(DeviceTest, LossAndDerivativeTogether) {
  for (int columns : {1, 16, 20, 33, 300}) {
    std::string n = std::to_string(columns);
    std::string text = "precision f64\nlet x = reshape(sin(1.7 * arange(" +
                       std::to_string(70 * columns) + ".0)), (70, " + n +
                       "))\nlet y = cos(arange(70.0))\n"
                       "fn loss(a) = mean((x @ a - y)^2)\n"
                       "let value = loss(0.1 * ones([" +
                       n + "]))\nlet g = grad(loss)(0.1 * ones([" + n + "]))\n";
    RunResult expected = run(text, DeviceKind::Cpu).result, actual = run(text).result;
    for (const char *name : {"value", "g"}) {
      Array e = expected.value(name).array(), a = actual.value(name).array();
      for (size_t i = 0; i < size_t(e.size()); ++i)
        EXPECT_NEAR(a.values<double>()[i], e.values<double>()[i], 1e-12)
            << name << "[" << i << "] of " << columns;
    }
  }
}

// ---- Code on disk -------------------------------------------------------------------------------

const char *const kTraining = R"(
let x = linspace(0.0, 1.0, 11)
param w = 0.0
fn loss(x) = mean((w * x - 3.0 * x)^2)
train loss(x) with sgd(rate=0.5), steps=20
print "w = {w:.4f}"
)";

TEST_F(DeviceTest, TheSecondTimeNothingIsCompiled) {
  Outcome first = run(kTraining), second = run(kTraining);
  EXPECT_FALSE(first.timing.cached);
  EXPECT_GT(first.timing.llvm, 0);
  EXPECT_TRUE(second.timing.cached);
  EXPECT_EQ(
      second.timing.emit + second.timing.derivative + second.timing.kernel + second.timing.llvm, 0);
  EXPECT_EQ(first.printed, "w = 2.9995\n");
  EXPECT_EQ(second.printed, first.printed);
  // Neither has the processor's code.
  EXPECT_FALSE(run(kTraining, DeviceKind::Cpu).timing.cached);
  EXPECT_TRUE(run(kTraining).timing.cached);
  // Texts are not part of it, types are.
  std::string other = kTraining;
  Outcome renamed = run(other.replace(other.find("w = {"), 1, "slope"));
  EXPECT_TRUE(renamed.timing.cached);
  EXPECT_EQ(renamed.printed, "slope = 2.9995\n");
  EXPECT_FALSE(run(other.replace(other.find("11"), 2, "12")).timing.cached);
}

TEST_F(DeviceTest, WithoutACache) {
  setenv("DESCENT_CACHE_DIR", "", 1);
  for (int i = 0; i < 2; ++i) {
    Outcome outcome = run(kTraining);
    EXPECT_FALSE(outcome.timing.cached);
    EXPECT_EQ(outcome.printed, "w = 2.9995\n");
  }
}

TEST_F(DeviceTest, AnImageThatIsNoneIsCompiledAnew) {
  run(kTraining);
  compiler::CodeCache cache(folder);
  std::string name = std::filesystem::directory_iterator(folder)->path().filename().string();
  compiler::CodeCache::Key key;
  for (size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<uint8_t>(std::stoi(name.substr(2 * i, 2), nullptr, 16));
  std::string good = cache.find(key).value();
  std::vector<std::string> bad{"", "nonsense", good.substr(0, 60), good.substr(0, good.size() - 1),
                               good + "x"};
  for (size_t at :
       {size_t(7), size_t(15), size_t(55), size_t(63)}) { // the highest byte of a number
    bad.push_back(good);
    bad.back()[at] = '\xff';
  }
  for (const std::string &image : bad) {
    ASSERT_TRUE(cache.keep(key, image));
    Outcome outcome = run(kTraining);
    EXPECT_FALSE(outcome.timing.cached);
    EXPECT_EQ(outcome.printed, "w = 2.9995\n");
    EXPECT_TRUE(run(kTraining).timing.cached) << "it was kept again";
  }
}

// One script runs again and again: its code is compiled and loaded once.
TEST_F(DeviceTest, RunsAgain) {
  Script script = scriptOf(kTraining, DeviceKind::Emulator);
  for (int i = 0; i < 3; ++i) {
    std::ostringstream out;
    script.run({.out = &out});
    EXPECT_EQ(out.str(), "w = 2.9995\n");
  }
}

// ---- Exported functions -------------------------------------------------------------------------

const char *const kFunctions = R"(
export fn norms(x: f64[300, 7], scale: f64) = (sqrt(sum(x * x, axis=1)) * scale, max(x), argmax(x[:, 2]))
export fn same(x: f32[5], n: i32) = (x, n, n + 1, 2.5)
export fn solve(x: f32[40], steps: i32) = {
  let h = x -> { var y = x
 for i in 0..steps { y = sin(y) + 0.01 * y[::-1] }
 sum(y) }
  grad(h)(x)
}
export fn at(x: f32[3], i: i32) = x[i]
export fn few(a: f32[2], b: f32[2]) = (a + b, dot(a, b), a.T)
export fn none(x: f32[0]) = (sum(x), x + 1.0)
export fn sorted(x: f32[900]) = (sort(x), cumsum(x)[::-1], x > 0.5)
)";

Array numbers(DType dtype, const Shape &shape, double step) {
  Array array = Array::uninitialized(DType::F64, shape);
  double at = 0.3;
  for (double &element : array.mutableValues<double>())
    element = std::sin(at += step);
  return array.converted(dtype);
}

void expectNear(const std::vector<Array> &actual, const std::vector<Array> &expected,
                double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_EQ(actual[i].typeName(), expected[i].typeName());
    Array a = actual[i].converted(DType::F64), e = expected[i].converted(DType::F64);
    for (size_t k = 0; k < size_t(a.size()); ++k)
      EXPECT_NEAR(a.values<double>()[k], e.values<double>()[k], tolerance)
          << "result " << i << " at " << k;
  }
}

TEST_F(DeviceTest, ExportedFunctionsAreCalledOnTheDevice) {
  Script script = scriptOf(kFunctions, DeviceKind::Emulator),
         reference = scriptOf(kFunctions, DeviceKind::Cpu);
  // Each with several arguments in turn: what a call had there is the next one's.
  for (double step : {0.7, 1.1, 0.2}) {
    auto expectSame = [&](const char *name, const std::vector<Array> &arguments, double tolerance) {
      SCOPED_TRACE(name);
      expectNear(script.call(name, arguments), reference.call(name, arguments), tolerance);
    };
    expectSame("norms", {numbers(DType::F64, {300, 7}, step), Array::scalar(step)}, 1e-12);
    expectSame("same", {numbers(DType::F32, {5}, step), Array::scalar(int32_t(step * 10))}, 0);
    expectSame("solve", {numbers(DType::F32, {40}, step), Array::scalar(int32_t(step * 200))},
               1e-5);
    expectSame("at", {numbers(DType::F32, {3}, step), Array::scalar(int32_t(-1))}, 0);
    expectSame("few", {numbers(DType::F32, {2}, step), numbers(DType::F32, {2}, 2 * step)}, 1e-6);
    expectSame("none", {Array::zeros(DType::F32, {0})}, 0);
    expectSame("sorted", {numbers(DType::F32, {900}, step)}, 1e-3);
  }
}

TEST_F(DeviceTest, CallsGoOnAfterACheckThatFailed) {
  Script script = scriptOf(kFunctions, DeviceKind::Emulator);
  Array x = Array::fromVector(std::vector<float>{1, 2, 3});
  for (int round = 0; round < 2; ++round) {
    std::string message;
    try {
      script.call("at", {x, Array::scalar(int32_t{3})});
    } catch (const Error &error) {
      message = error.what();
    }
    EXPECT_THAT(message, AllOf(StartsWith("test.gd:10:"), HasSubstr("[index-out-of-range]")));
    EXPECT_EQ(script.call("at", {x, Array::scalar(int32_t{2})})[0].item<float>(), 3);
    EXPECT_THROW(script.call("at", {x}), TypeError);
  }
}

// The program itself and its functions are on the device side by side, and on disk one by one.
TEST_F(DeviceTest, CallsBesideRuns) {
  std::string text = std::string("let a = 2.0\nprint sum(ones([1000])) * a\n") + kFunctions;
  Array x = Array::fromVector(std::vector<float>{1, 2, 3});
  for (bool isCached : {false, true}) {
    Script script = scriptOf(text, DeviceKind::Emulator);
    for (int round = 0; round < 2; ++round) {
      EXPECT_EQ(script.call("at", {x, Array::scalar(int32_t{1})})[0].item<float>(), 2);
      EXPECT_EQ(script.timing().cached, isCached);
      std::ostringstream out;
      script.run({.out = &out});
      EXPECT_EQ(out.str(), "2000\n");
    }
  }
  EXPECT_EQ(compiler::CodeCache(folder).usage().entries, 2u);
}

TEST_F(DeviceTest, AFunctionThatHasNoRoom) {
  Script script = scriptOf("export fn f(x: f32[4]) = sum(cumsum(arange(400_000_000.0))) + x\n"
                           "export fn g(x: f32[4]) = x + 1.0\n",
                           DeviceKind::Emulator);
  Array x = Array::zeros(DType::F32, {4});
  std::string message;
  try {
    script.call("f", {x});
  } catch (const Error &error) {
    message = error.what();
  }
  EXPECT_THAT(message, AllOf(StartsWith("test.gd:1:"), HasSubstr("[out-of-device-memory]"),
                             HasSubstr("f32[400000000] takes 1.49 GiB")));
  EXPECT_EQ(script.call("g", {x})[0].values<float>()[3], 1);
}

// ---- Data larger than the device ----------------------------------------------------------------

// Batches of rows of what stays outside; the same numbers as with room.
TEST_F(DeviceTest, DataLargerThanTheDevice) {
  std::string file = folder + "/points.npz";
  run("let k = key(1)\nsave({ x: normal(k, [20_000, 20]), y: normal(k, [20_000]), w: normal(k, "
      "[270_000]) }, \"" +
          file + "\")",
      DeviceKind::Cpu);
  for (const char *sampling : {"sampling=\"bootstrap\", key=key(5)", "sampling=\"sequential\""}) {
    // Beyond the last batch, which is not whole: 20,000 is no multiple of 700. All of w is read in
    // each step.
    std::string text = "data d = \"" + file +
                       "\"\nparam a = zeros([20])\nparam b = 0.0\n"
                       "fn loss(x, y) = mean((x @ a + b - y)^2) + 0.001 * mean((d.w - b)^2)\n"
                       "train loss(d.x, d.y) with adam(rate=0.01), steps=3, batch=700, " +
                       std::string(sampling) + "\n";
    Array a[2], b[2];
    std::string remarks[2];
    for (int small : {0, 1}) {
      setenv("DESCENT_EMULATED_MIB", small ? "6" : "64", 1);
      Script script = scriptOf(text, DeviceKind::Emulator);
      std::ostringstream out;
      RunResult result = script.run({.remarks = &out});
      ASSERT_EQ(result.status, RunStatus::Done) << result.message;
      a[small] = result.value("a").array(), b[small] = result.value("b").array();
      remarks[small] = out.str();
    }
    unsetenv("DESCENT_EMULATED_MIB");
    EXPECT_TRUE(a[0] == a[1] && b[0] == b[1]) << "the same bits";
    EXPECT_EQ(remarks[0], "");
    EXPECT_THAT(remarks[1], AllOf(HasSubstr("`d.x`, f32[20000, 20], 1.5 MiB (a step ahead)"),
                                  Not(HasSubstr("`d.w`"))));
  }
}

TEST_F(DeviceTest, TheEmulatorsMemoryIsANumber) {
  for (const char *nonsense : {"", "abc", "-1", "0", "1e30", "1025", "64 MiB"}) {
    setenv("DESCENT_EMULATED_MIB", nonsense, 1);
    try {
      scriptOf("print 1", DeviceKind::Emulator).run();
      ADD_FAILURE() << nonsense;
    } catch (const Error &error) {
      EXPECT_THAT(error.what(),
                  StartsWith("the variable DESCENT_EMULATED_MIB takes a whole number from 1 to "
                             "1024, not "));
    }
  }
  unsetenv("DESCENT_EMULATED_MIB");
}

} // namespace
} // namespace descent
