// What `descent bench` measures and how it is shown; Bench.cpp has the command.
#pragma once

#include "frontend/driver/ScriptArguments.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace descent::driver {

/// A device that is measured, by the name that it was asked for.
struct BenchDevice {
  std::string asked; ///< "gpu"
  DeviceKind kind = DeviceKind::Cpu;
  std::string name;               ///< "NVIDIA H100 80GB HBM3"
  std::string problem;            ///< why it cannot be had; empty where it can
  std::optional<double> copyRate; ///< bytes a second, read and written
};

/// A script on a device. Times are in seconds.
struct BenchTimes {
  double compile = 0;                  ///< from the text to code; nothing was kept
  std::optional<double> compileCached; ///< the same, with the code on disk
  double open = 0, load = 0;           ///< of a device: until it can be used, until it has the code
  double transfer = 0;                 ///< until it has the data
  double first = 0;                    ///< the first run
  std::vector<double> runs;            ///< the median of each round
  std::vector<double> steps; ///< of a training, likewise; empty where the script trains nothing
  int64_t stepsOfRun = 0;
  std::optional<Amount> amount; ///< of a step, else of a run
  std::optional<double> joules; ///< of a run
  /// The largest difference of a value from the first device's, in units of that array's largest
  /// element, and whose it is. Nothing for the first device.
  std::optional<double> difference;
  std::string differs;
  /// Why there are no figures; empty where there are.
  std::string failed;

  bool isThere() const { return failed.empty(); }
  bool trains() const { return !steps.empty(); }
  /// By round: of what is compared, steps or runs.
  const std::vector<double> &compared() const { return trains() ? steps : runs; }
};

/// A row of a sweep, or the only one.
struct BenchRow {
  std::string size;              ///< as it was set
  std::vector<BenchTimes> times; ///< by the device; none where there was a problem

  bool isMeasured() const { return std::ranges::any_of(times, &BenchTimes::isThere); }
};

struct BenchSettings {
  ScriptArguments script;
  std::vector<BenchDevice> devices;
  int rounds = 5;
  double seconds = 0.1; ///< of a round, at least
  std::string sweep;    ///< the name of what is set; empty: nothing is
  std::vector<std::string> sizes;
};

/// A script stops a measurement: what is to be said, and how the process ends.
struct BenchStopped {
  std::string message;
  ExitCode code = kScriptFailed;
};

/// Sees which devices can be had, and what copies they make. Says which cannot on standard error.
/// Throws BenchStopped where the script has errors, or nothing to do, at all sizes. What the script
/// reads.
std::vector<NamedFile> findDevices(BenchSettings &settings);

/// Measures one size on all devices that can be had. What fails, on a device or at this size, is in
/// the row and said on standard error. Throws BenchStopped where nothing can go on.
BenchRow measureRow(const BenchSettings &settings, const std::string &size);

double medianOf(std::vector<double> values);
/// Half the range of the values over their median.
double spreadOf(const std::vector<double> &values);
/// How many times faster than `first`: the median of the rounds' ratios.
double speedUp(const BenchTimes &first, const BenchTimes &other);

/// Where one device begins to be faster than another.
struct Crossover {
  enum class Kind {
    Always, ///< at all sizes
    Never,  ///< at none
    At,     ///< from about `size` on
    Mixed,  ///< faster at some sizes, but not at the largest
  };
  Kind kind = Kind::Never;
  double size = 0;
};
/// `advantages`: by the size, ascending, the first device's time over the other's. Sizes between
/// two measured ones are interpolated on logarithmic scales.
Crossover crossoverOf(const std::vector<double> &sizes, const std::vector<double> &advantages);

/// "0.0123", "12.3", "12300"
std::string threeDigits(double value);
/// "12.3 µs"
std::string inSeconds(double seconds);

/// The results as text: one table for a script, or one line for each size.
std::string benchTable(const BenchSettings &settings, const std::vector<BenchRow> &rows);
/// The results as JSON.
std::string benchJson(const BenchSettings &settings, const std::vector<BenchRow> &rows);
/// Times over sizes as SVG, drawn by gnuplot, which is handed a script in `folder`. Both axes are
/// logarithmic: sizes of 0 and less are left out. Throws Error.
std::string benchPicture(const BenchSettings &settings, const std::vector<BenchRow> &rows,
                         const std::string &folder);

} // namespace descent::driver
