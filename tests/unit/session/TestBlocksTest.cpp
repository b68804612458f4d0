// Test blocks whose assertions are in functions: one that does not hold fails its block alone.
#include "descent/Script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace descent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

RunResult runTests(const std::string &text, DeviceKind device) {
  ScriptOptions options;
  options.tests = true;
  options.cache = false;
  options.device = device;
  Script script = Script::fromText("blocks.gd", text, options);
  std::ostringstream problems;
  script.showDiagnostics(problems);
  EXPECT_TRUE(script.valid()) << problems.str();
  return script.run();
}

std::vector<std::string> failedOf(const RunResult &result) {
  std::vector<std::string> names;
  for (const TestResult &test : result.tests)
    names.push_back(test.name + (test.passed ? " ok" : " failed"));
  return names;
}

const DeviceKind kDevices[] = {DeviceKind::Cpu, DeviceKind::Emulator};

TEST(TestBlocks, AnAssertionInAFunction) {
  for (DeviceKind device : kDevices) {
    RunResult result = runTests("fn half(x) {\n"
                                "  assert x > 0.0, \"not {x}\"\n"
                                "  x / 2.0\n"
                                "}\n"
                                "fn outer(x) = 2.0 * half(x)\n"
                                "let y = half(3.0)\n"
                                "test \"fails\" { assert outer(-1.0 * y) < 0.0 }\n"
                                "test \"holds\" { assert outer(y) == y }\n"
                                "test \"fails in a loop\" {\n"
                                "  var s = 2.0 * y\n"
                                "  for i in 0..5 { s = half(s) - 0.5 }\n"
                                "}\n"
                                "test \"last\" { assert y == 1.5 }\n",
                                device);
    EXPECT_THAT(failedOf(result),
                ElementsAre("fails failed", "holds ok", "fails in a loop failed", "last ok"));
    EXPECT_THAT(result.tests.at(0).message,
                StartsWith("blocks.gd:2:10: error: not -1.5  [assert-failed]"));
  }
}

TEST(TestBlocks, AnAssertionInAFunctionThatIsTransformed) {
  for (DeviceKind device : kDevices) {
    RunResult result = runTests("let n = 3.0\n"
                                "fn root(x) {\n"
                                "  assert x > 0.0, \"not {x}\"\n"
                                "  sqrt(x)\n"
                                "}\n"
                                "fn sum_of_roots(x) {\n"
                                "  var s = 0.0\n"
                                "  for i in 0..3 { s = s + root(x - i) }\n"
                                "  s\n"
                                "}\n"
                                "test \"grad\" { print grad(root)(n - 4.0) }\n"
                                "test \"hessian\" { print hessian(sum_of_roots)(n - 1.0) }\n"
                                "test \"checkpoint\" { print grad(checkpoint(root))(n - 4.0) }\n"
                                "test \"training\" {\n"
                                "  var w = n\n"
                                "  for i in 0..4 { w = w - value_and_grad(root)(w)[0] }\n"
                                "}\n"
                                "test \"holds\" { assert grad(sum_of_roots)(n) > 0.0 }\n",
                                device);
    EXPECT_THAT(failedOf(result), ElementsAre("grad failed", "hessian failed", "checkpoint failed",
                                              "training failed", "holds ok"));
  }
}

// There an assertion is about all rows, and a check, which ends the run.
TEST(TestBlocks, AnAssertionForEachRow) {
  RunResult result =
      runTests("fn root(x) {\n"
               "  assert x > 0.0, \"not positive\"\n"
               "  sqrt(x)\n"
               "}\n"
               "test \"rows\" { assert sum([root(x) for x in [1.0, -1.0, 2.0]]) > 0.0 }\n"
               "test \"not reached\" { assert true }\n",
               DeviceKind::Cpu);
  EXPECT_EQ(result.status, RunStatus::Failed);
  EXPECT_THAT(result.message, HasSubstr("not positive"));
  EXPECT_THAT(failedOf(result), ElementsAre("rows failed"));
}

// Without test blocks an assertion in a function ends the run, and so it does in what is exported.
TEST(TestBlocks, OtherRunsEnd) {
  ScriptOptions options;
  options.cache = false;
  std::string text = "export fn half(x: f64) {\n"
                     "  assert x > 0.0, \"not positive\"\n"
                     "  x / 2.0\n"
                     "}\n"
                     "let x = linspace(-1.0, 1.0, 2)\n"
                     "print half(x[0])\n"
                     "print \"not reached\"\n";
  std::ostringstream out;
  RunResult result =
      Script::fromText("run.gd", "precision f64\n" + text, options).run({.out = &out});
  EXPECT_EQ(result.status, RunStatus::Failed);
  EXPECT_EQ(out.str(), "");
  options.tests = true;
  Script script = Script::fromText("call.gd", "precision f64\n" + text, options);
  EXPECT_EQ(script.call("half", {Array::scalar(3.0)}).at(0).toDouble(), 1.5);
  EXPECT_THROW(script.call("half", {Array::scalar(-3.0)}), Error);
}

} // namespace
} // namespace descent
