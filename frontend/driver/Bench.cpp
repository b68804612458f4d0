// descent bench: time a script on several devices, side by side.
#include "frontend/driver/Bench.h"
#include "frontend/driver/TemporaryFolder.h"
#include "runtime/core/Interrupt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>

namespace descent::driver {
namespace {

struct BenchArguments {
  BenchSettings settings;
  std::optional<std::string> devices;
  std::string sweep;
  std::string json, plot;
};

/// A folder for code, so that none is found that was kept before, and none is left behind.
class CacheFolder : public TemporaryFolder {
public:
  CacheFolder() : TemporaryFolder("descent-bench") {
    setenv("DESCENT_CACHE_DIR", path().c_str(), 1);
    // NVIDIA's driver keeps code, too.
    setenv("CUDA_CACHE_DISABLE", "1", 1);
  }
};

/// The words between commas, without blanks around them.
std::vector<std::string> listed(const std::string &text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(CLI::detail::trim_copy(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

std::vector<BenchDevice> devicesOf(const std::string &list) {
  static const std::map<std::string, DeviceKind> kinds{{"cpu", DeviceKind::Cpu},
                                                       {"gpu", DeviceKind::Gpu},
                                                       {"auto", DeviceKind::Auto},
                                                       {"emulator", DeviceKind::Emulator}};
  std::vector<BenchDevice> devices;
  for (const std::string &name : listed(list)) {
    auto kind = kinds.find(name);
    if (kind == kinds.end())
      throw CLI::ValidationError(
          "--device", fmt::format("there is no device {}; there are cpu, gpu, auto and emulator, "
                                  "separated by commas",
                                  name.empty() ? "without a name" : name));
    if (std::ranges::count(devices, name, &BenchDevice::asked))
      throw CLI::ValidationError("--device", name + " is there twice");
    BenchDevice &device = devices.emplace_back();
    device.asked = name;
    device.kind = kind->second;
  }
  return devices;
}

/// "n=1000,1e6": the name, and the sizes in ascending order as a script would write them.
void parseSweep(const std::string &text, BenchSettings &settings) {
  auto refuse = [&](const std::string &why) -> CLI::ValidationError {
    return CLI::ValidationError(
        "--sweep", why + "; it takes a name and at least two numbers: n=1000,10000,100000");
  };
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw refuse("there is no name in " + text);
  settings.sweep = CLI::detail::trim_copy(text.substr(0, equals));
  std::map<double, std::string> sizes;
  for (const std::string &word : listed(text.substr(equals + 1))) {
    char *end = nullptr;
    double value = std::strtod(word.c_str(), &end);
    if (word.empty() || *end || !std::isfinite(value))
      throw refuse(fmt::format("'{}' is no number", word));
    // 1e6 is a whole number here, which it is not in a script.
    bool isWhole =
        word.find('.') == std::string::npos && value == std::floor(value) && std::abs(value) < 1e15;
    if (!sizes.emplace(value, isWhole ? fmt::format("{:.0f}", value) : word).second)
      throw refuse(word + " is there twice");
  }
  if (sizes.size() < 2)
    throw refuse("there is one size only");
  settings.sizes.clear();
  for (const auto &[value, word] : sizes)
    settings.sizes.push_back(word);
}

void checkOutputs(const BenchArguments &arguments, const std::vector<NamedFile> &inputs) {
  std::string problem =
      problemOfOutputs({{"--json", arguments.json}, {"--plot", arguments.plot}}, inputs);
  if (!problem.empty())
    throw BenchStopped{fmt::format("descent: {}\n", problem), kUsageOrCompileError};
}

/// What can be seen to make no sense before anything is measured.
void checkArguments(const BenchArguments &arguments) {
  const BenchSettings &settings = arguments.settings;
  for (const std::string &setting : settings.script.settings)
    if (!settings.sweep.empty() && setting.starts_with(settings.sweep + "="))
      throw CLI::ValidationError(
          "--set", fmt::format("{} is set by --set {} and by --sweep {}; leave one of them out",
                               settings.sweep, setting, arguments.sweep));
  if (!arguments.plot.empty() && settings.sweep.empty())
    throw CLI::ValidationError("--plot",
                               "there is one size only to draw; name several with --sweep");
  if (!arguments.plot.empty() && std::stod(settings.sizes.back()) <= 0)
    throw CLI::ValidationError(
        "--plot", fmt::format("sizes are drawn on a logarithmic scale, and {} has none above 0",
                              arguments.sweep));
  checkOutputs(arguments, inputsOf(settings.script));
}

/// What was measured so far is shown, whatever ends it.
void show(const BenchArguments &arguments, const std::vector<BenchRow> &rows,
          const TemporaryFolder &folder) {
  const BenchSettings &settings = arguments.settings;
  auto write = [](const std::string &path, const std::string &text) {
    if (std::string why = replaceFile(path, text); !why.empty())
      throw Error(path + " could not be written: " + why);
  };
  if (!settings.sweep.empty() || std::ranges::any_of(rows, &BenchRow::isMeasured))
    std::cout << benchTable(settings, rows) << std::flush;
  if (!arguments.json.empty())
    write(arguments.json, benchJson(settings, rows));
  if (arguments.plot.empty())
    return;
  write(arguments.plot, benchPicture(settings, rows, folder.path().string()));
  for (const BenchRow &row : rows)
    if (std::stod(row.size) <= 0)
      std::cerr << fmt::format("descent bench: {}={} is not in the picture, whose scale is "
                               "logarithmic\n",
                               settings.sweep, row.size);
}

int bench(BenchArguments &arguments) {
  BenchSettings &settings = arguments.settings;
  int code = kDone;
  std::vector<BenchRow> rows;
  try {
    checkArguments(arguments);
    CacheFolder cache;
    // Where Ctrl-C ends all of it.
    std::optional<BeforeInterruptEnd> shown(std::in_place, [&] {
      try {
        if (!rows.empty())
          show(arguments, rows, cache);
      } catch (const Error &error) {
        std::cerr << "descent: " << error.what() << '\n';
      }
      cache.remove();
    });
    checkOutputs(arguments, findDevices(settings));
    bool isAsked = arguments.devices.has_value();
    size_t there = 0;
    for (const BenchDevice &device : settings.devices) {
      there += device.problem.empty();
      if (isAsked && !device.problem.empty())
        code = kScriptFailed;
    }
    if (there == 0)
      return kScriptFailed;
    try {
      for (const std::string &size : settings.sizes) {
        BenchRow row = measureRow(settings, size);
        for (size_t i = 0; i < row.times.size(); ++i)
          if (settings.devices[i].problem.empty() && !row.times[i].isThere())
            code = kScriptFailed;
        InterruptGuard whole;
        rows.push_back(std::move(row));
      }
    } catch (const BenchStopped &stopped) {
      std::cerr << stopped.message;
      code = stopped.code;
    }
    shown.reset();
    if (!rows.empty())
      show(arguments, rows, cache);
  } catch (const BenchStopped &stopped) {
    std::cerr << stopped.message;
    return stopped.code;
  }
  return code;
}

} // namespace

void addBench(CLI::App &app, int &result) {
  CLI::App *command =
      app.add_subcommand("bench", "Time a script on the processor and on a GPU, side by side");
  auto arguments = std::make_shared<BenchArguments>();
  BenchSettings &settings = arguments->settings;
  settings.sizes = {""};
  addScriptArguments(*command, settings.script);
  command
      ->add_option_function<std::string>(
          "--device", [arguments](const std::string &names) { arguments->devices = names; },
          "What to measure, separated by commas: cpu, gpu, auto, emulator (whose times mean "
          "nothing).\nOthers are compared with the first. Without this: cpu, and gpu if "
          "there is one")
      ->type_name("DEVICES");
  command
      ->add_option("--rounds", settings.rounds, "Rounds of all devices, of which the median counts")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      ->add_option("--seconds", settings.seconds,
                   "The least time of a round on a device, in seconds")
      ->type_name("S")
      ->check([](const std::string &text) -> std::string {
        char *end = nullptr;
        double value = std::strtod(text.c_str(), &end);
        bool isTime = !text.empty() && !*end && value > 0 && value <= 3600;
        return isTime ? "" : "it takes seconds above 0 and up to 3600, not " + text;
      })
      ->capture_default_str();
  command
      ->add_option("--sweep", arguments->sweep,
                   "Measure several sizes: values of a top-level `let` of a literal, as for --set")
      ->type_name("NAME=N,N,...");
  addOutput(*command, "--json", arguments->json, "Also write all figures to this file");
  addOutput(*command, "--plot", arguments->plot,
            "Draw the times of a sweep into this SVG file (needs gnuplot)");
  addMachineArguments(*command, settings.script);
  command->footer("Nothing that the script prints, saves or plots is carried out. Code is compiled "
                  "anew and kept in a folder of "
                  "its own.\nResults go to standard output, progress to standard error. Exit code: "
                  "0 done, 1 the "
                  "script failed (at a size: the others are\nmeasured) or a device that was named "
                  "cannot be had, 2 it has errors, 130 "
                  "interrupted.\n\n"
                  "Example:\n  descent bench model.gd --device cpu,gpu --sweep n=1e3,1e4,1e5,1e6 "
                  "--plot times.svg");
  command->callback([arguments, command, &result] {
    arguments->settings.devices = devicesOf(arguments->devices.value_or("cpu,gpu"));
    if (command->count("--sweep"))
      parseSweep(arguments->sweep, arguments->settings);
    result = bench(*arguments);
  });
}

} // namespace descent::driver
