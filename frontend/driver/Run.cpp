// descent run: compile a script and run it.
#include "frontend/driver/Outputs.h"
#include "frontend/driver/ScriptArguments.h"

#include <fmt/format.h>

#include <iostream>
#include <unistd.h>

namespace descent::driver {
namespace {

struct RunArguments {
  ScriptArguments script;
  bool quiet = false;
  bool timing = false;
  std::string json;
};

void showTiming(const Timing &timing) {
  double total = 0;
  auto row = [&](const char *what, double seconds, const std::string &remark = "") {
    std::cerr << fmt::format("  {:<12} {:8.2f} ms{}\n", what, seconds * 1e3, remark);
    total += seconds;
  };
  std::cerr << "time:\n";
  row("parse", timing.parse);
  row("read data", timing.data);
  row("analyse", timing.analyze);
  row("cache", timing.cache, timing.cached ? "  (the code was found)" : "");
  if (!timing.cached) {
    row("emit", timing.emit);
    row("derivative", timing.derivative);
    row("kernels", timing.kernel);
    row("llvm", timing.llvm);
  }
  row("link", timing.link);
  if (timing.open > 0) {
    row("open device", timing.open);
    row("load code", timing.load);
    row("to device", timing.transfer,
        fmt::format("  (the program has {:.1f} MiB there)",
                    static_cast<double>(timing.deviceBytes) / (1 << 20)));
  }
  row("run", timing.run,
      timing.open > 0 ? fmt::format("  ({:.2f} ms on the device)", timing.onDevice * 1e3) : "");
  row("all", total);
}

bool canWrite(const RunArguments &arguments, const std::vector<NamedFile> &inputs) {
  std::string problem = problemOfOutputs({{"--json", arguments.json}}, inputs);
  if (!problem.empty())
    std::cerr << "descent: " << problem << '\n';
  return problem.empty();
}

int run(const RunArguments &arguments) {
  if (!canWrite(arguments, inputsOf(arguments.script)))
    return kUsageOrCompileError;
  std::optional<Script> script = loadScript(arguments.script);
  if (!script || !canWrite(arguments, inputsOf(*script)))
    return kUsageOrCompileError;
  announceDevice(*script);
  RunOptions options;
  options.out = &std::cout;
  options.progress = arguments.quiet ? nullptr : &std::cerr;
  options.progressBar = isatty(STDERR_FILENO);
  options.handleInterrupt = true;
  options.remarks = &std::cerr;
  options.keepValues = !arguments.json.empty();
  RunResult result = script->run(options);
  std::cout.flush();
  if (!result.message.empty())
    std::cerr << result.message;
  if (arguments.timing)
    showTiming(script->timing());
  if (!arguments.json.empty())
    writeResults(arguments.json, result, script->timing());
  switch (result.status) {
  case RunStatus::Done:
    return kDone;
  case RunStatus::Failed:
    return kScriptFailed;
  case RunStatus::Interrupted:
    return kInterrupted;
  }
  return kDone;
}

} // namespace

void addRun(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("run", "Compile a script and run it");
  auto arguments = std::make_shared<RunArguments>();
  addScriptArguments(*command, arguments->script);
  addMachineArguments(*command, arguments->script);
  addDeviceArgument(*command, arguments->script);
  command->add_flag("--quiet", arguments->quiet, "No progress on standard error");
  command->add_flag("--timing", arguments->timing, "Show where the time went, on standard error");
  addOutput(*command, "--json", arguments->json, "Also write the script's values to this file");
  command->footer(
      "Results go to standard output, progress to standard error. Exit code: 0 done, "
      "1 the script failed,\n2 it has errors, 130 interrupted.\n\n"
      "Example:\n  descent run model.gd --set rate=0.01 --data points=other.csv --json out.json");
  command->callback([arguments, &result] { result = run(*arguments); });
}

} // namespace descent::driver
