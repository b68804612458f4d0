// descent gradcheck: derivatives against finite differences.
#include "frontend/driver/ScriptArguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace descent::driver {
namespace {

/// Characters, as a terminal counts them.
size_t widthOf(const std::string &text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// At most 40 characters of a text.
std::string shortened(const std::string &text) {
  constexpr size_t kMost = 40;
  if (widthOf(text) <= kMost)
    return text;
  size_t end = 0;
  for (size_t count = 0; end < text.size(); ++end)
    if ((text[end] & 0xC0) != 0x80 && ++count == kMost)
      break;
  return text.substr(0, end) + "…";
}

int checkGradients(const ScriptArguments &arguments) {
  std::optional<Script> script = loadScript(arguments);
  if (!script)
    return kUsageOrCompileError;
  GradientReport report = script->checkGradients();
  if (report.checks.empty() && report.stopped.empty()) {
    std::cout << arguments.path << ": the script takes no derivative\n";
    return kDone;
  }
  size_t callWidth = 10, parameterWidth = 7;
  for (GradientCheck &check : report.checks) {
    check.expression = shortened(check.expression);
    callWidth = std::max(callWidth, widthOf(check.expression));
    parameterWidth = std::max(parameterWidth, widthOf(check.parameter));
  }
  bool passed = report.stopped.empty();
  if (!report.checks.empty())
    std::cout << fmt::format("line  {:<{}}  {:<{}}  elements    times       error\n", "derivative",
                             callWidth, "by", parameterWidth);
  for (const GradientCheck &check : report.checks) {
    std::cout << fmt::format("{:>4}  {:<{}}  {:<{}}  {:>8} {:>8}  {:>10}  {}\n", check.line,
                             check.expression, callWidth, check.parameter, parameterWidth,
                             check.elements, check.times,
                             check.compared ? fmt::format("{:.2e}", check.largestError) : "-",
                             !check.compared ? "not compared: it stops gradients"
                             : check.passed  ? "ok"
                                             : "WRONG");
    passed &= check.passed;
  }
  std::cout << std::flush;
  std::cerr << report.stopped;
  return passed ? kDone : kScriptFailed;
}

} // namespace

void addGradcheck(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("gradcheck", "Check every derivative against finite differences");
  auto arguments = std::make_shared<ScriptArguments>();
  addScriptArguments(*command, *arguments);
  addMachineArguments(*command, *arguments);
  command->footer("Runs the script in f64 without its output. Each derivative is compared where it is taken, that of\n"
                  "a `train` at the initial parameters. The error is the largest difference relative to the\n"
                  "derivative's largest element. Exit code: 0 all agree.\n\n"
                  "Example:\n  descent gradcheck model.gd");
  command->callback([arguments, &result] { result = checkGradients(*arguments); });
}

} // namespace descent::driver
