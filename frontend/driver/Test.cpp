// descent test: run the test blocks of scripts.
#include "frontend/driver/ScriptArguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace descent::driver {
namespace {

int runTests(const ScriptArguments &arguments) {
  std::optional<Script> script = loadScript(arguments, /*tests=*/true);
  if (!script)
    return kUsageOrCompileError;
  if (!hasTestAsked(*script, arguments))
    return kScriptFailed;
  announceDevice(*script);
  RunOptions options;
  options.out = &std::cout;
  options.handleInterrupt = true;
  options.remarks = &std::cerr;
  options.keepValues = false;
  RunResult result = script->run(options);
  size_t failed = 0;
  for (const TestResult &test : result.tests) {
    std::cout << (test.passed ? "ok    " : "FAIL  ") << test.name << '\n';
    if (!test.passed) {
      std::cout << test.message;
      ++failed;
    }
  }
  // A failure that is not that of a test block is the script's own.
  bool scriptFailed = result.status == RunStatus::Failed &&
                      std::ranges::none_of(result.tests, [&](const TestResult &test) {
                        return test.message == result.message;
                      });
  if (scriptFailed)
    std::cout << "FAIL  the script itself\n" << result.message;
  // A check that is not an assert ends the run, and so does an assert for each row of an array.
  size_t named =
      arguments.onlyTest.empty()
          ? script->testNames().size()
          : static_cast<size_t>(std::ranges::count(script->testNames(), arguments.onlyTest));
  if (result.status == RunStatus::Failed && result.tests.size() < named) {
    size_t left = named - result.tests.size();
    std::cout << fmt::format("{} test block{} not run, as this ended the script\n", left,
                             left == 1 ? " was" : "s were");
  }
  if (result.tests.empty() && !scriptFailed)
    std::cout << arguments.path << ": no test blocks\n";
  else
    std::cout << fmt::format("{} passed, {} failed\n", result.tests.size() - failed,
                             failed + (scriptFailed ? 1 : 0));
  if (result.status == RunStatus::Interrupted)
    return kInterrupted;
  return failed || scriptFailed ? kScriptFailed : kDone;
}

} // namespace

void addTest(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("test", "Run the test blocks of a script");
  auto arguments = std::make_shared<ScriptArguments>();
  addScriptArguments(*command, *arguments);
  addMachineArguments(*command, *arguments);
  addDeviceArgument(*command, *arguments);
  addTestName(*command, "--only", arguments->onlyTest, "Run the test block of this name alone");
  command->footer(
      "The script runs first, then each `test \"name\" { … }` block; an assert that does not\n"
      "hold fails its block. Exit code: 0 all passed, 1 some failed.\n\n"
      "Example:\n  descent test model.gd");
  command->callback([arguments, &result] { result = runTests(*arguments); });
}

} // namespace descent::driver
