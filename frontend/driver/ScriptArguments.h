// What the subcommands that take a script have in common: its path, --set and --data.
#pragma once

#include "descent/Script.h"
#include "frontend/driver/Commands.h"
#include "frontend/driver/Outputs.h"

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
  std::string processor;            ///< empty: this machine's
  int gpu = 0;                      ///< compute capability, 80 for 8.0; 0: that of the card
  std::vector<std::string> outside; ///< data, by name, that a GPU reads over the bus
  uint64_t tapeLimit = 0;
  DeviceKind device = DeviceKind::Cpu;
};

/// Adds SCRIPT, --set and --data to a command.
void addScriptArguments(CLI::App &command, ScriptArguments &arguments);

/// Adds an option that names a file to write, "" without it.
void addOutput(CLI::App &command, const std::string &option, std::string &path,
               const std::string &help);

/// Adds an option that says how many of something to use at a time: 0 to 1024.
void addCount(CLI::App &command, const std::string &option, int &count, const std::string &help);

/// Adds an option that names a test block, "" without it.
void addTestName(CLI::App &command, const std::string &option, std::string &name,
                 const std::string &help);

/// What the command reads, as far as the arguments tell: no output may overwrite it.
std::vector<NamedFile> inputsOf(const ScriptArguments &arguments);

/// What the script itself names.
std::vector<NamedFile> inputsOf(const Script &script);

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

/// Whether the script has the test block that was asked for, or none was; else it is said on
/// standard error which blocks it has.
bool hasTestAsked(const Script &script, const ScriptArguments &arguments);

} // namespace descent::driver
