// descent bench: time a script on several devices, side by side.
#include "frontend/driver/Bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <unistd.h>

namespace descent::driver {
namespace {

struct BenchArguments {
  BenchSettings settings;
  std::string devices;
  std::string json, plot;
};

/// A folder for code, so that none is found that was kept before, and none is left behind.
class CacheFolder {
public:
  CacheFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "descent-bench-XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw Error("no folder for compiled code could be made in " +
                  std::filesystem::temp_directory_path().string());
    path = name;
    setenv("DESCENT_CACHE_DIR", path.c_str(), 1);
    // NVIDIA's driver keeps code, too.
    setenv("CUDA_CACHE_DISABLE", "1", 1);
  }
  ~CacheFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  CacheFolder(const CacheFolder &) = delete;
  CacheFolder &operator=(const CacheFolder &) = delete;

private:
  std::filesystem::path path;
};

std::vector<std::string> splitAt(const std::string &text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
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
  for (const std::string &name : splitAt(list, ',')) {
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
  settings.sweep = text.substr(0, equals);
  std::map<double, std::string> sizes;
  for (const std::string &word : splitAt(text.substr(equals + 1), ',')) {
    char *end = nullptr;
    double value = std::strtod(word.c_str(), &end);
    if (word.empty() || *end || !std::isfinite(value) || std::isspace(word.front()))
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

void expectWritable(const std::string &option, const std::string &path) {
  if (path.empty())
    return;
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (access(folder.empty() ? "." : folder.c_str(), W_OK) != 0 ||
      std::filesystem::is_directory(path))
    throw BenchStopped{
        fmt::format("descent: {} cannot be written (asked for with {})\n", path, option),
        kUsageOrCompileError};
}

/// What was measured so far is shown, whatever ends it.
void show(const BenchArguments &arguments, const std::vector<BenchRow> &rows) {
  const BenchSettings &settings = arguments.settings;
  std::cout << benchTable(settings, rows) << std::flush;
  if (!arguments.json.empty()) {
    std::ofstream file(arguments.json);
    file << benchJson(settings, rows) << std::flush;
    if (!file)
      throw Error(arguments.json + " could not be written");
  }
  if (!arguments.plot.empty())
    plotBench(settings, rows, arguments.plot);
}

int bench(BenchArguments &arguments) {
  BenchSettings &settings = arguments.settings;
  int code = kDone;
  std::vector<BenchRow> rows;
  try {
    expectWritable("--json", arguments.json);
    expectWritable("--plot", arguments.plot);
    CacheFolder cache;
    catchInterrupts();
    findDevices(settings);
    bool isAsked = !arguments.devices.empty();
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
        // A script that fails everywhere fails at the other sizes, too.
        if (std::ranges::none_of(row.times, &BenchTimes::isThere)) {
          code = kScriptFailed;
          break;
        }
        for (size_t i = 0; i < row.times.size(); ++i)
          if (settings.devices[i].problem.empty() && !row.times[i].isThere())
            code = kScriptFailed;
        rows.push_back(std::move(row));
      }
    } catch (const BenchStopped &stopped) {
      std::cerr << stopped.message;
      code = stopped.code;
    }
    if (!rows.empty())
      show(arguments, rows);
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
      ->add_option(
          "--device", arguments->devices,
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
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  auto sweep = std::make_shared<std::string>();
  command
      ->add_option("--sweep", *sweep,
                   "Measure several sizes: values of a top-level `let` of a literal, as for --set")
      ->type_name("NAME=N,N,...");
  command->add_option("--json", arguments->json, "Also write all figures to this file")
      ->type_name("FILE");
  command
      ->add_option("--plot", arguments->plot,
                   "Draw the times of a sweep into this SVG file (needs gnuplot)")
      ->type_name("FILE");
  addMachineArguments(*command, settings.script);
  command->footer("Nothing that the script prints, saves or plots is carried out. Code is compiled "
                  "anew and kept in a folder of "
                  "its own.\nResults go to standard output, progress to standard error. Exit code: "
                  "0 done, 1 the "
                  "script failed or a device\nthat was named cannot be had, 2 it has errors, 130 "
                  "interrupted.\n\n"
                  "Example:\n  descent bench model.gd --device cpu,gpu --sweep n=1e3,1e4,1e5,1e6 "
                  "--plot times.svg");
  command->callback([arguments, sweep, &result] {
    arguments->settings.devices =
        devicesOf(arguments->devices.empty() ? "cpu,gpu" : arguments->devices);
    if (!sweep->empty())
      parseSweep(*sweep, arguments->settings);
    if (!arguments->plot.empty() && sweep->empty())
      throw CLI::ValidationError("--plot",
                                 "there is one size only to draw; name several with --sweep");
    result = bench(*arguments);
  });
}

} // namespace descent::driver
