// The public C++ interface: load a script, look at it, run it, call its functions.
//
//     descent::Script script = descent::Script::load("model.gd");
//     if (!script.valid()) { script.showDiagnostics(std::cerr); return 2; }
//     descent::RunResult result = script.run({.out = &std::cout});
//     double loss = result.value("w").array().toDouble();
//
// The `descent` command uses this and nothing else.
#pragma once

#include "descent/Array.h"
#include "descent/Error.h"
#include "descent/Work.h"

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace descent {

/// Where a script runs.
enum class DeviceKind {
  Cpu,
  Gpu,      ///< an NVIDIA GPU; running throws Error where there is none that can be used
  Auto,     ///< a GPU if there is one, else the processor
  Emulator, ///< a GPU that this process pretends to be, slowly, checking every access to memory
};

/// What is decided before a script is compiled.
struct ScriptOptions {
  /// Replaces the value of a top-level `let` of a literal: name and the new literal as text.
  std::vector<std::pair<std::string, std::string>> settings;
  /// Replaces the file of a `data` item: name and path.
  std::vector<std::pair<std::string, std::string>> data;
  /// Compiles the `test` blocks (in order, after the rest of the file) as `descent test` runs them.
  bool tests = false;
  /// With `tests`: compiles the blocks of this name alone. Empty: all.
  std::string onlyTest;
  /// Keeps compiled code on disk, so that the next process that runs the same program need not
  /// compile it: in $DESCENT_CACHE_DIR (set but empty: nowhere), $XDG_CACHE_HOME/descent or
  /// ~/.cache/descent. Where that cannot be written, nothing is kept.
  bool cache = true;
  /// Threads that a run or call may use at most; 0: $DESCENT_THREADS, or as many as this process has
  /// processors. Results do not depend on it. All scripts of a process share one set of threads: a
  /// script that runs while another uses them runs on its own thread alone.
  int threads = 0;
  /// The most bytes that the tapes of a loop should take: what a loop keeps of each iteration for its
  /// derivative. A `for` loop that would keep more runs in blocks, of which one at a time is kept and each
  /// runs twice; results do not depend on it. 0: a quarter of the machine's memory. Loops whose number of
  /// iterations is not known when the script is compiled keep what they need.
  int64_t tapeLimit = 0;
  /// Where `run` runs it, and calls of exported functions run: each call then copies its arguments there and
  /// its results back. `checkGradients` is the processor's.
  DeviceKind device = DeviceKind::Cpu;
  /// Makes code for another processor than this machine's: a name of clang's -march (x86-64-v3, skylake).
  /// "" and "native": this machine's. Loading does not look at it; what makes code throws Error for a
  /// name that is none, what runs it also where this machine cannot.
  std::string processor;
  /// The compute capability that `show` makes code of the stages for a GPU for: 80 is 8.0. 0: that of the
  /// card that is here, 8.0 where there is none.
  int gpu = 0;
  /// `data` items, by name, that `show` takes to stay in the machine's memory, as where a GPU has no room for
  /// them. `show` throws Error for a name that is none.
  std::vector<std::string> outside;
};

/// A value that a script gave: an array, or a tuple or record of values.
class NamedValue {
public:
  std::string name;
  /// The arrays of the value in order; one for an array.
  std::vector<Array> arrays;
  /// For each array the path to it inside the value: "" for an array, "w" or "0.b" inside.
  std::vector<std::string> paths;

  /// The only array of the value. Throws TypeError where it is a tuple or record.
  const Array &array() const;
};

/// How a run reports and what it does with Ctrl-C.
struct RunOptions {
  /// Where `print` writes; null: nowhere.
  std::ostream *out = nullptr;
  /// Where progress of training goes; null: nowhere.
  std::ostream *progress = nullptr;
  /// Progress as a bar redrawn in place, for a terminal; otherwise plain lines.
  bool progressBar = false;
  /// Whether the result has the top-level values of the script, which are then in memory twice.
  bool keepValues = true;
  /// The most bytes that loops may keep for their derivatives in all, before the run fails; 0: nine tenths
  /// of the memory that is available.
  int64_t tapeMemory = 0;
  /// Whether nothing is printed, saved or reported, whatever else is asked for here: to measure a run.
  bool discardEffects = false;
  /// Whether SIGINT stops a run cleanly.
  bool handleInterrupt = false;
  /// Where it is said that a run is not quite what was asked for: that DeviceKind::Auto runs it on the
  /// processor, as the GPU has no room for it; that data are read over the bus; null: nowhere.
  std::ostream *remarks = nullptr;
};

/// How a run ended.
enum class RunStatus {
  Done,
  Failed,      ///< an assertion, an index outside an array, a NaN in training, a file not written
  Interrupted, ///< Ctrl-C; what came after the interrupted loop still ran
};

struct TestResult {
  std::string name;
  bool passed = true;
  std::string message; ///< rendered, with the source line; empty where it passed
};

/// A training that came to its end.
struct TrainTime {
  int64_t steps = 0; ///< done
  double seconds = 0;
};

struct RunResult {
  RunStatus status = RunStatus::Done;
  /// Why it failed, with the source line, as it should be shown; empty otherwise.
  std::string message;
  /// The top-level names of the script and their last values, in order.
  std::vector<NamedValue> values;
  std::vector<TestResult> tests;
  /// The script's trainings, in order.
  std::vector<TrainTime> trainings;

  /// The value of that name. Throws Error where the script has none, or failed.
  const NamedValue &value(std::string_view name) const;
};

/// One line of a comparison of derivatives with finite differences.
struct GradientCheck {
  unsigned line = 0;       ///< of the script
  std::string expression;  ///< the loss, or the call that takes the derivative, as the script has it
  std::string parameter;   ///< with respect to what: "net.w1"
  int64_t elements = 0;    ///< of the parameter
  int64_t times = 0;       ///< how often the derivative was taken
  double largestError = 0; ///< relative to the largest element of the derivative
  bool passed = false;
  /// False where the function stops gradients on purpose, which differences do not see; it then passes.
  bool compared = true;
};

/// The derivatives of a script, in the order of its lines.
struct GradientReport {
  std::vector<GradientCheck> checks;
  /// Why the script stopped before its end, with the source line; empty otherwise.
  std::string stopped;
};

/// Seconds spent, by part. Of a script whose code was found on disk, the parts from emit to llvm are 0.
struct Timing {
  double parse = 0;
  double data = 0; ///< reading data files
  double analyze = 0;
  double cache = 0; ///< looking for the code on disk, and keeping it there
  double emit = 0, derivative = 0, kernel = 0, llvm = 0, link = 0, run = 0;
  bool cached = false; ///< whether the code was found on disk
  // Of a device; 0 on the processor.
  double open = 0;     ///< until it can be used
  double load = 0;     ///< until it has the code, which its driver may have to compile
  double transfer = 0; ///< until it has the data
  double onDevice = 0; ///< a part of `run`: what the program took, by the device's own clock
  int64_t deviceBytes = 0; ///< of its memory, that the program has when it begins
};

/// A stage of compilation whose form can be shown.
enum class ScriptStage { Ast, Array, Derivative, Kernel, Llvm, Assembly, GpuLlvm, Ptx };

/// A script: parsed and checked when it is loaded, compiled when it is first run.
///
/// A Script is used by one thread at a time; different ones are independent.
class Script {
public:
  /// Reads and analyses a file; problems of its contents are diagnostics, not exceptions.
  static Script load(const std::string &path, const ScriptOptions &options = {});
  /// The same for a text in memory. `name` stands for its path in messages; files it names are
  /// looked for from the working directory.
  static Script fromText(const std::string &name, std::string text, const ScriptOptions &options = {});

  Script(Script &&) noexcept;
  Script &operator=(Script &&) noexcept;
  ~Script();

  /// Whether the script has no errors. Everything below but the diagnostics needs a valid script
  /// and throws Error for an invalid one.
  bool valid() const;
  size_t errorCount() const;
  size_t warningCount() const;
  /// Writes all diagnostics, with source lines and carets.
  void showDiagnostics(std::ostream &out, bool colour = false) const;

  /// Whether a run computes anything. A script may as well only define functions and name literals and
  /// data, or print these.
  bool computes() const;

  /// Compiles (once) and runs the script from its beginning.
  RunResult run(const RunOptions &options = {});

  /// The files that it was read from: the script, what it imports, data. Also names that are no files:
  /// of the library's own modules, and of a script that was given as text.
  std::vector<std::string> filesRead() const;

  /// The names of the script's `test` blocks, in order; also of an invalid script, as far as it
  /// could be read.
  std::vector<std::string> testNames() const;

  /// The names of the script's exported functions.
  std::vector<std::string> exportedFunctions() const;
  /// Calls an exported function. Throws Error where there is none of that name, TypeError where an
  /// argument is not of the declared type, and Error with the message of a check that failed.
  std::vector<Array> call(std::string_view name, const std::vector<Array> &arguments);
  /// The same into arrays that are there already, such as an earlier call's: nothing is allocated.
  /// Throws TypeError also where a result is not of the function's type.
  void callInto(std::string_view name, const std::vector<Array> &arguments,
                std::vector<Array> &results);
  /// The path to each array of what an exported function gives: "" for an array alone, ".w" or "[0]"
  /// inside a record or tuple. Throws Error where there is no such function.
  std::vector<std::string> resultPaths(std::string_view name) const;

  /// What `run` runs on: "the processor", "NVIDIA H100 80GB HBM3", "the emulator"; and, for DeviceKind::Auto
  /// on the processor, why. Throws Error where the device that was asked for cannot be used.
  std::pair<std::string, std::string> device();

  /// The script's form at a stage of compilation.
  std::string show(ScriptStage stage);

  /// Runs the script in f64, silently, and compares each derivative that it takes with finite
  /// differences at the values where it takes it; that of a `train`, at the initial parameters.
  GradientReport checkGradients();

  const Timing &timing() const;

  /// What a run does at the least: bytes that kernels move, operations of matrix products. Nothing
  /// where too little of it is known when the script is compiled.
  std::optional<Work> work();
  /// Bytes a second, read and written, of large copies within the memory of what `run` runs on; is
  /// measured, which takes about a tenth of a second and up to 1 GiB of that memory. Throws Error as
  /// `device` does.
  double copyRate();
  /// The energy that what `run` runs on has used since some time in the past. Nothing where that is
  /// not measured: the processor's is not, a GPU's where NVIDIA's management library is installed.
  std::optional<double> joules();

private:
  struct State;
  explicit Script(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

/// A script's text in the standard layout. Nothing where it has syntax errors, which are written to
/// `problems`.
std::optional<std::string> formatScript(const std::string &name, std::string text,
                                        std::ostream &problems);

/// Writes what a run gave as a JSON file, all or nothing: under "values" every top-level name (arrays
/// as nested lists, records as objects, nan and infinities as strings), under "run" how it ended, under
/// "seconds" what each part took. Throws FileError.
void writeResults(const std::string &path, const RunResult &result, const Timing &timing);

/// Descent's version, "0.1.0".
std::string_view version();

/// Throws Error with a reason where there is no processor of that name (ScriptOptions::processor) or,
/// with `here`, where this machine could not run code for it.
void checkProcessor(const std::string &name, bool here);

/// Throws Error with a reason where no code is made for that compute capability (ScriptOptions::gpu).
void checkGpu(int gpu);

/// What was found on this machine: processor and vector width, threads, memory, devices, LLVM; one
/// line each, for `descent doctor`.
std::vector<std::pair<std::string, std::string>> describeMachine();

/// Removes the compiled code that is kept on disk (see ScriptOptions::cache); how many programs.
size_t clearCache();

} // namespace descent
