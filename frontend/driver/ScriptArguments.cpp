#include "frontend/driver/ScriptArguments.h"

#include "descent/Error.h"
#include "frontend/diagnostics/Diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <unistd.h>

namespace descent::driver {
namespace {

std::vector<std::pair<std::string, std::string>>
split(const std::vector<std::string> &assignments) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const std::string &assignment : assignments) {
    size_t equals = assignment.find('=');
    result.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
  return result;
}

} // namespace

void addScriptArguments(CLI::App &command, ScriptArguments &arguments) {
  auto isAssignment = [](const std::string &text) {
    size_t equals = text.find('=');
    return equals == std::string::npos || equals == 0 ? "expected name=value, got " + text
                                                      : std::string();
  };
  command.add_option("script", arguments.path, "The script, a .gd file")
      ->required()
      ->type_name("FILE");
  command
      .add_option("--set", arguments.settings,
                  "Replace the value of a top-level `let` of a literal")
      ->type_name("NAME=VALUE")
      ->check(isAssignment)
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--data", arguments.data, "Read a `data` item from another file")
      ->type_name("NAME=PATH")
      ->check(isAssignment)
      ->take_all()
      ->allow_extra_args(false);
}

void addOutput(CLI::App &command, const std::string &option, std::string &path,
               const std::string &help) {
  command.add_option(option, path, help)->type_name("FILE")->check([](const std::string &name) {
    return name.empty() ? "it takes the name of a file" : "";
  });
}

void addCount(CLI::App &command, const std::string &option, int &count, const std::string &help) {
  command.add_option(option, count, help)
      ->type_name("COUNT")
      ->check([](const std::string &text) -> std::string {
        bool isCount = !text.empty() && text.size() < 5 &&
                       text.find_first_not_of("0123456789") == std::string::npos &&
                       std::stoi(text) <= 1024;
        return isCount ? "" : "it takes a whole number from 0 to 1024, not " + text;
      });
}

void addTestName(CLI::App &command, const std::string &option, std::string &name,
                 const std::string &help) {
  command.add_option(option, name, help)->type_name("NAME")->check([](const std::string &given) {
    return given.empty() ? "it takes the name of a test block" : "";
  });
}

std::vector<NamedFile> inputsOf(const ScriptArguments &arguments) {
  std::vector<NamedFile> inputs{{"the script", arguments.path}};
  for (const auto &[name, path] : split(arguments.data))
    inputs.push_back({fmt::format("the data of --data {}={}", name, path), path});
  return inputs;
}

std::vector<NamedFile> inputsOf(const Script &script) {
  std::vector<NamedFile> inputs;
  for (const std::string &path : script.filesRead())
    inputs.push_back({path + ", which the script reads", path});
  return inputs;
}

void addProcessorArgument(CLI::App &command, ScriptArguments &arguments, bool runs) {
  command
      .add_option(
          "--processor", arguments.processor,
          "Make code for this processor: native, or a name of clang's -march such as x86-64-v3")
      ->type_name("NAME")
      ->check([runs](const std::string &name) -> std::string {
        try {
          checkProcessor(name, runs);
          return "";
        } catch (const Error &error) {
          return error.what();
        }
      });
}

void addTapeArgument(CLI::App &command, ScriptArguments &arguments) {
  command
      .add_option(
          "--tape-limit", arguments.tapeLimit,
          "The memory that a `for` loop should take at most to remember its iterations for a "
          "derivative\n(0: a quarter of the machine's, or of what is free on the GPU). One that "
          "would take "
          "more runs in blocks, twice\neach. Results do not depend on it, but for the order of "
          "sums")
      ->transform([](const std::string &text) {
        std::string size = text;
        uint64_t bytes = 0;
        try {
          // A number below 0 comes out of it as a huge one.
          if (CLI::AsSizeValue(false)(size).empty() && CLI::detail::lexical_cast(size, bytes) &&
              bytes >> 62 == 0)
            return size;
        } catch (const CLI::ValidationError &) {
        }
        throw CLI::ValidationError(
            "it takes a number of bytes, or one with a unit such as 4gb, not " + text);
      })
      ->type_name("SIZE");
}

void addMachineArguments(CLI::App &command, ScriptArguments &arguments) {
  addProcessorArgument(command, arguments, /*runs=*/true);
  addTapeArgument(command, arguments);
  addCount(command, "--threads", arguments.threads,
           "Threads to use at most (0: $DESCENT_THREADS, or one for each processor that may be "
           "used).\nResults do not depend on it");
  command.add_flag_callback(
      "--no-cache", [&arguments] { arguments.cache = false; },
      "Neither look for the compiled program on disk nor keep it there");
}

void addDeviceArgument(CLI::App &command, ScriptArguments &arguments) {
  static const std::map<std::string, DeviceKind> kinds{{"cpu", DeviceKind::Cpu},
                                                       {"gpu", DeviceKind::Gpu},
                                                       {"auto", DeviceKind::Auto},
                                                       {"emulator", DeviceKind::Emulator}};
  command
      .add_option_function<std::string>(
          "--device",
          [&arguments](const std::string &name) {
            auto kind = kinds.find(name);
            if (kind == kinds.end())
              throw CLI::ValidationError("--device", "there is no device " + name +
                                                         "; there are cpu, gpu, auto and emulator");
            arguments.device = kind->second;
          },
          "Where to run: cpu, gpu (an NVIDIA GPU), auto (a GPU if there is one), or emulator\n(a "
          "GPU that "
          "this process pretends to be, slowly, with every access to memory checked)")
      ->type_name("DEVICE")
      ->default_str("cpu");
}

void announceDevice(Script &script) {
  auto [name, whyNot] = script.device();
  if (!whyNot.empty())
    std::cerr << fmt::format("descent: it runs on the processor, as {}\n", whyNot);
}

ScriptOptions optionsOf(const ScriptArguments &arguments) {
  ScriptOptions options;
  options.settings = split(arguments.settings);
  options.data = split(arguments.data);
  options.cache = arguments.cache;
  options.threads = arguments.threads;
  options.device = arguments.device;
  options.processor = arguments.processor;
  options.gpu = arguments.gpu;
  options.outside = arguments.outside;
  options.tapeLimit = static_cast<int64_t>(arguments.tapeLimit);
  return options;
}

std::optional<Script> loadScript(const ScriptArguments &arguments, bool tests) {
  ScriptOptions options = optionsOf(arguments);
  options.tests = tests;
  options.onlyTest = arguments.onlyTest;
  Script script = Script::load(arguments.path, options);
  bool colour = isatty(STDERR_FILENO) && !std::getenv("NO_COLOR");
  script.showDiagnostics(std::cerr, colour);
  if (script.valid())
    return script;
  size_t errors = script.errorCount();
  std::cerr << fmt::format("{} error{}\n", errors, errors == 1 ? "" : "s");
  return std::nullopt;
}

bool hasTestAsked(const Script &script, const ScriptArguments &arguments) {
  const std::string &asked = arguments.onlyTest;
  std::vector<std::string> names = script.testNames();
  if (asked.empty() || std::ranges::count(names, asked))
    return true;
  std::cerr << fmt::format("{}: there is no test block \"{}\"; ", arguments.path, asked);
  if (names.empty()) {
    std::cerr << "it has no test blocks\n";
    return false;
  }
  // First what is nearest, then what has the words in it, then in order.
  std::optional<std::string> nearest = closestName(asked, names);
  auto rank = [&](const std::string &name) {
    return name == nearest ? 0 : name.find(asked) != std::string::npos ? 1 : 2;
  };
  std::ranges::stable_sort(names, {}, rank);
  constexpr size_t kShown = 5;
  std::string shown;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i)
    shown += fmt::format("{}\"{}\"", i ? ", " : "", names[i]);
  if (names.size() > kShown)
    shown += fmt::format(" and {} more", names.size() - kShown);
  std::cerr << fmt::format("it has {}: {}\n", names.size(), shown);
  return false;
}

} // namespace descent::driver
