// Measures a script on one device after the other.
#include "frontend/driver/Bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <sstream>

namespace descent::driver {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

ScriptArguments argumentsFor(const BenchSettings &settings, const std::string &size,
                             DeviceKind device) {
  ScriptArguments arguments = settings.script;
  arguments.device = device;
  if (!settings.sweep.empty())
    arguments.settings.push_back(settings.sweep + "=" + size);
  return arguments;
}

/// Its warnings are shown once, by whoever looked for the devices.
Script loaded(const ScriptArguments &arguments) {
  Script script = Script::load(arguments.path, optionsOf(arguments));
  if (!script.valid()) {
    std::ostringstream problems;
    script.showDiagnostics(problems);
    throw BenchStopped{problems.str(), kUsageOrCompileError};
  }
  return script;
}

/// From the text to code in memory; the data, which the script has on every device, apart.
double compileSeconds(const Timing &timing) {
  return timing.parse + timing.analyze + timing.cache + timing.emit + timing.derivative +
         timing.kernel + timing.llvm + timing.link;
}

/// A script on a device while it is measured.
struct Bench {
  const BenchDevice *device = nullptr;
  std::optional<Script> script;
  BenchTimes times;
  /// The training that took longest, and how many there are.
  size_t longest = 0, trainings = 0;
  double joules = 0;
  int64_t joulesOf = 0; ///< runs

  bool isThere() const { return times.failed.empty(); }

  /// One run: its seconds. A step's seconds are added to `steps`.
  double run(std::vector<double> *steps = nullptr, std::vector<NamedValue> *values = nullptr) {
    RunOptions options;
    options.discardEffects = true;
    options.keepValues = values;
    options.handleInterrupt = true;
    double before = script->timing().run;
    RunResult result = script->run(options);
    if (result.status == RunStatus::Interrupted)
      throw BenchStopped{"interrupted\n", kInterrupted};
    if (result.status == RunStatus::Failed)
      throw BenchStopped{result.message, kScriptFailed};
    trainings = result.trainings.size();
    if (trainings > 0) {
      auto slowest = std::ranges::max_element(result.trainings, {}, &TrainTime::seconds);
      longest = static_cast<size_t>(slowest - result.trainings.begin());
      times.stepsOfRun = slowest->steps;
      if (steps && slowest->steps > 0)
        steps->push_back(slowest->seconds / static_cast<double>(slowest->steps));
    }
    if (values)
      *values = std::move(result.values);
    return script->timing().run - before;
  }

  void round(double least) {
    std::vector<double> runs, steps;
    std::optional<double> used = script->joules();
    double begin = now();
    do
      runs.push_back(run(&steps));
    while (now() - begin < least);
    if (std::optional<double> after = script->joules(); used && after) {
      joules += *after - *used;
      joulesOf += static_cast<int64_t>(runs.size());
    }
    times.runs.push_back(medianOf(runs));
    if (!steps.empty())
      times.steps.push_back(medianOf(steps));
  }

  void finish() {
    times.transfer = script->timing().transfer;
    times.amount = amount();
    if (joulesOf > 0)
      times.joules = joules / static_cast<double>(joulesOf);
  }

  /// Of a step where the script trains, else of a run; nothing where that is not known.
  std::optional<Amount> amount() {
    std::optional<Work> work = script->work();
    if (!work)
      return std::nullopt;
    if (times.trains())
      return work->loops.size() == trainings ? std::optional(work->loops[longest]) : std::nullopt;
    return work->loops.empty() ? std::optional(work->known) : std::nullopt;
  }
};

/// The largest difference of the elements of two arrays, over the largest of the first's.
double differenceOf(const Array &wanted, const Array &given) {
  if (wanted.shape() != given.shape())
    return INFINITY;
  if (wanted.dtype() == DType::Key || given.dtype() == DType::Key)
    return wanted == given ? 0 : INFINITY;
  Array x = wanted.converted(DType::F64), y = given.converted(DType::F64);
  double largest = 0, difference = 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    double a = x.values<double>()[static_cast<size_t>(i)];
    double b = y.values<double>()[static_cast<size_t>(i)];
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    largest = std::max(largest, std::abs(a));
    difference =
        std::isfinite(a) && std::isfinite(b) ? std::max(difference, std::abs(a - b)) : INFINITY;
  }
  return difference == 0 ? 0 : difference / std::max(largest, 1e-300);
}

void compare(BenchTimes &times, const std::vector<NamedValue> &wanted,
             const std::vector<NamedValue> &given) {
  times.difference = 0;
  for (size_t i = 0; i < std::min(wanted.size(), given.size()); ++i)
    for (size_t j = 0; j < std::min(wanted[i].arrays.size(), given[i].arrays.size()); ++j) {
      const std::string &path = wanted[i].paths[j];
      if (path == "seconds") // of a training's record
        continue;
      double difference = differenceOf(wanted[i].arrays[j], given[i].arrays[j]);
      if (difference > *times.difference) {
        times.difference = difference;
        times.differs = path.empty() ? wanted[i].name : wanted[i].name + "." + path;
      }
    }
}

} // namespace

namespace {

/// A size at which the script has no errors and something to do; its warnings are shown.
std::string sizeThatLoads(const BenchSettings &settings) {
  std::optional<BenchStopped> first;
  for (const std::string &size : settings.sizes)
    try {
      Script script = loaded(argumentsFor(settings, size, DeviceKind::Cpu));
      if (!script.computes())
        throw BenchStopped{
            fmt::format("descent: {} has nothing to time: it computes nothing outside of "
                        "functions and tests; call there what is to be timed: "
                        "let result = f(x)\n",
                        settings.script.path),
            kUsageOrCompileError};
      script.showDiagnostics(std::cerr);
      return size;
    } catch (const BenchStopped &stopped) {
      if (!first)
        first = stopped;
    }
  throw *first;
}

} // namespace

std::vector<NamedFile> findDevices(BenchSettings &settings) {
  std::vector<NamedFile> inputs;
  std::string size = sizeThatLoads(settings);
  for (BenchDevice &device : settings.devices) {
    try {
      Script script = loaded(argumentsFor(settings, size, device.kind));
      inputs = inputsOf(script);
      auto [name, whyNot] = script.device();
      device.name = name;
      if (!whyNot.empty())
        std::cerr << fmt::format("descent: {} is the processor, as {}\n", device.asked, whyNot);
      device.copyRate = script.copyRate();
    } catch (const Error &error) {
      device.problem = error.what();
      std::cerr << fmt::format("descent: nothing is measured on {}: {}\n", device.asked,
                               device.problem);
    }
  }
  return inputs;
}

namespace {

/// Measures one size on all devices.
class RowMeasurement {
public:
  RowMeasurement(const BenchSettings &settings, const std::string &size)
      : settings(settings), size(size), benches(settings.devices.size()) {
    for (size_t i = 0; i < benches.size(); ++i) {
      benches[i].device = &settings.devices[i];
      benches[i].times.failed = settings.devices[i].problem;
    }
  }

  BenchRow measure() {
    checkSize();
    for (Bench &bench : benches)
      attempt(bench, [&] { begin(bench); });
    for (int round = 0; round < settings.rounds; ++round) {
      if (std::ranges::none_of(benches, &Bench::isThere))
        break;
      say(fmt::format("round {} of {}", round + 1, settings.rounds));
      for (size_t i = 0; i < benches.size(); ++i) {
        Bench &bench = benches[(static_cast<size_t>(round) + i) % benches.size()];
        attempt(bench, [&] { bench.round(settings.seconds); });
      }
    }
    BenchRow row{size, {}};
    for (Bench &bench : benches) {
      attempt(bench, [&] { bench.finish(); });
      row.times.push_back(std::move(bench.times));
    }
    return row;
  }

private:
  const BenchSettings &settings;
  const std::string &size;
  std::vector<Bench> benches;
  std::optional<std::vector<NamedValue>> reference;

  std::string at() const {
    return settings.sweep.empty() ? "" : fmt::format("{}={}: ", settings.sweep, size);
  }

  void say(const std::string &what) const {
    std::cerr << fmt::format("descent bench: {}{}\n", at(), what);
  }

  /// A script may have errors at some sizes alone: these fail on all devices.
  void checkSize() {
    if (settings.sweep.empty())
      return;
    try {
      loaded(argumentsFor(settings, size, DeviceKind::Cpu));
    } catch (const BenchStopped &stopped) {
      for (Bench &bench : benches)
        if (bench.isThere())
          bench.times.failed = stopped.message;
      std::cerr << fmt::format("descent bench: {}it has errors:\n{}", at(), stopped.message);
    }
  }

  /// What fails on one device is told, and the others go on.
  template <typename Fn> void attempt(Bench &bench, Fn &&fn) const {
    if (!bench.isThere())
      return;
    std::string &failed = bench.times.failed;
    try {
      fn();
      return;
    } catch (const BenchStopped &stopped) {
      if (stopped.code != kScriptFailed)
        throw;
      failed = stopped.message;
    } catch (const Error &error) {
      failed = std::string(error.what()) + "\n";
    }
    bench.script.reset();
    std::cerr << fmt::format("descent bench: {}{} failed:\n{}", at(), bench.device->asked, failed);
  }

  /// Compiles, runs for the first time, and compares what comes out.
  void begin(Bench &bench) {
    say(fmt::format("{}: compiling, first run", bench.device->asked));
    ScriptArguments arguments = argumentsFor(settings, size, bench.device->kind);
    bench.script = loaded(arguments);
    BenchTimes &times = bench.times;
    times.first = bench.run();
    const Timing cold = bench.script->timing();
    times.compile = compileSeconds(cold);
    times.open = cold.open;
    times.load = cold.load;
    // The code is on disk now.
    if (arguments.cache) {
      bench.script.reset();
      bench.script = loaded(arguments);
    }
    std::vector<NamedValue> values;
    bench.run(nullptr, benches.size() > 1 ? &values : nullptr);
    if (bench.script->timing().cached)
      times.compileCached = compileSeconds(bench.script->timing());
    if (reference)
      compare(times, *reference, values);
    else
      reference = std::move(values);
  }
};

} // namespace

BenchRow measureRow(const BenchSettings &settings, const std::string &size) {
  return RowMeasurement(settings, size).measure();
}

} // namespace descent::driver
