// The subcommands of `descent`: one file each.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

namespace descent::driver {

/// What the process returns.
enum ExitCode {
  kDone = 0,
  kScriptFailed = 1,
  kUsageOrCompileError = 2,
  kInterrupted = 130,
};

// Each adds its subcommand with its options, help and example; the exit code goes to `result` when it
// is the one that was called.
void addRun(CLI::App &app, int &result);
void addCheck(CLI::App &app, int &result);
void addIr(CLI::App &app, int &result);
void addFmt(CLI::App &app, int &result);
void addTest(CLI::App &app, int &result);
void addSelftest(CLI::App &app, int &result);
void addBench(CLI::App &app, int &result);
void addGradcheck(CLI::App &app, int &result);
void addDoctor(CLI::App &app, int &result);

} // namespace descent::driver
