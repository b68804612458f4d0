// Scripts on the emulator of a GPU, through the public interface: what a device does around a
// kernel.
#include "descent/Script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <unistd.h>

namespace descent {
namespace {

using testing::AllOf;
using testing::HasSubstr;
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

} // namespace
} // namespace descent
