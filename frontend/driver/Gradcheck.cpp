// descent gradcheck: derivatives against finite differences.
#include "frontend/driver/ScriptArguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace descent::driver {
namespace {

int checkGradients(const ScriptArguments &arguments) {
  std::optional<Script> script = loadScript(arguments);
  if (!script)
    return kUsageOrCompileError;
  std::vector<GradientCheck> checks = script->checkGradients();
  if (checks.empty()) {
    std::cout << arguments.path << ": nothing is trained, so there is no gradient to check\n";
    return kDone;
  }
  size_t lossWidth = 4, parameterWidth = 9;
  for (const GradientCheck &check : checks) {
    lossWidth = std::max(lossWidth, check.expression.size());
    parameterWidth = std::max(parameterWidth, check.parameter.size());
  }
  std::cout << fmt::format("{:<{}}  {:<{}}  {:>9}  {:>10}\n", "loss", lossWidth, "parameter",
                           parameterWidth, "elements", "error");
  bool passed = true;
  for (const GradientCheck &check : checks) {
    std::cout << fmt::format("{:<{}}  {:<{}}  {:>9}  {:>10.2e}  {}\n", check.expression, lossWidth,
                             check.parameter, parameterWidth, check.elements, check.largestError,
                             check.passed ? "ok" : "WRONG");
    passed &= check.passed;
  }
  return passed ? kDone : kScriptFailed;
}

} // namespace

void addGradcheck(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("gradcheck", "Check every trained gradient against finite differences");
  auto arguments = std::make_shared<ScriptArguments>();
  addScriptArguments(*command, *arguments);
  command->footer("For each `train`, at the parameters' initial values, in f64. The error is the largest\n"
                  "difference relative to the parameter's largest gradient. Exit code: 0 all agree.\n\n"
                  "Example:\n  descent gradcheck model.gd");
  command->callback([arguments, &result] { result = checkGradients(*arguments); });
}

} // namespace descent::driver
