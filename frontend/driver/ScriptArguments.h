// What the subcommands that take a script have in common: its path, --set and --data.
#pragma once

#include "descent/Script.h"
#include "frontend/driver/Commands.h"

#include <memory>
#include <optional>

namespace descent::driver {

/// The arguments of a command that loads a script.
struct ScriptArguments {
  std::string path;
  std::vector<std::string> settings; ///< "name=value"
  std::vector<std::string> data;     ///< "name=path"
  std::string onlyTest;              ///< of the test blocks; empty: all
  bool cache = true;
  int threads = 0;
  std::string processor; ///< empty: this machine's
  int gpu = 0;           ///< compute capability, 80 for 8.0; 0: that of the card
  uint64_t tapeLimit = 0;
  DeviceKind device = DeviceKind::Cpu;
};

/// Adds SCRIPT, --set and --data to a command.
void addScriptArguments(CLI::App &command, ScriptArguments &arguments);

/// Adds --processor to a command that makes code, and perhaps runs it.
void addProcessorArgument(CLI::App &command, ScriptArguments &arguments, bool runs);

/// Adds --tape-limit to a command that makes code.
void addTapeArgument(CLI::App &command, ScriptArguments &arguments);

/// Adds --processor, --tape-limit, --threads and --no-cache to a command that runs the script.
void addMachineArguments(CLI::App &command, ScriptArguments &arguments);

/// Adds --device to a command that runs the script.
void addDeviceArgument(CLI::App &command, ScriptArguments &arguments);

/// Says on standard error, where --device auto has chosen the processor, why that is. Throws Error
/// where the device cannot be used.
void announceDevice(Script &script);

/// What the arguments mean for a script.
ScriptOptions optionsOf(const ScriptArguments &arguments);

/// Loads the script and shows its diagnostics on standard error. Nothing where it has errors; the
/// exit code is then kUsageOrCompileError.
std::optional<Script> loadScript(const ScriptArguments &arguments, bool tests = false);

} // namespace descent::driver
