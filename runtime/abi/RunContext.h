// One run of a compiled program: what its calls into the runtime act upon.
#pragma once

#include "descent/Array.h"
#include "runtime/abi/Effects.h"
#include "runtime/abi/Tape.h"
#include "runtime/core/Interrupt.h"
#include "runtime/train/Progress.h"

#include <chrono>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace descent::abi {

/// A value that a program kept or saved, as its arrays and how they belong together.
struct KeptValue {
  std::string name;
  ValueLayout layout;
  std::vector<Array> arrays; ///< by the layout's operand numbers
};

/// Why a program stopped before its end.
struct Failure {
  enum class Kind { Assert, Index, Value, Effect, NotFinite, Memory };
  Kind kind = Kind::Assert;
  std::string message;
  SourceSpan span;
  /// Of Memory, which has no span: the place of the tape in the program.
  int32_t tapeSite = -1;
};

/// What the comparisons of one derivative came to.
struct DerivativeOutcome {
  int64_t times = 0;
  double largestError = 0;
};

/// A training that came to its end.
struct TrainOutcome {
  int64_t steps = 0; ///< done
  double seconds = 0;
};

/// What a test block came to.
struct TestOutcome {
  std::string name;
  std::optional<Failure> failure;
};

/// Carries out the effects of one run, in the order in which the program asks for them.
///
/// Used by one thread at a time. Effects that throw (a file that cannot be written) become the
/// run's failure; compiled code never sees an exception.
class RunContext {
public:
  struct Options {
    /// Where `print` writes; null: nowhere.
    std::ostream *out = nullptr;
    /// How training reports; where its text goes is `writeProgress`.
    Progress::Style progress = Progress::Style::Quiet;
    std::function<void(std::string_view)> writeProgress;
    /// Whether a Ctrl-C of this process stops the run.
    bool pollInterrupt = true;
    /// How many threads may share the work of a loop; 0: defaultThreads().
    int threads = 0;
    /// Whether top-level values are copied for whoever ran the program.
    bool keepValues = true;
    /// The most bytes that tapes may take; 0: nine tenths of what is available.
    int64_t tapeMemory = 0;
    /// Nothing is printed, saved or reported, but values are kept where that is asked for: the
    /// program runs to be looked at, or to be measured.
    bool rehearse = false;
  };

  RunContext(const std::vector<Effect> &effects, const std::vector<Check> &checks, Options options);
  ~RunContext();

  /// Whether that effect is carried out: else nobody need have its operands.
  bool takes(int32_t index) const;

  // What compiled code calls.
  void effect(int32_t index, const void *const *operands);
  void checkFailed(int32_t index, const void *const *operands);
  bool poll();
  double clock() const;
  int threads();
  Tape *tape(int32_t site, int64_t elementBytes);
  /// Room on a tape; null, and the run has failed, where there is no memory.
  void *push(Tape &tape);
  /// The run fails, as there is no memory for the tape of that place.
  void failTape(int32_t site, std::string message);

  /// The first failure, if there was one.
  const std::optional<Failure> &failure() const { return failed ? failed : claim; }
  /// Whether training was stopped by Ctrl-C.
  bool interrupted() const { return wasInterrupted; }
  const std::vector<KeptValue> &kept() const { return keptValues; }
  const std::vector<TestOutcome> &tests() const { return testOutcomes; }
  const std::vector<TrainOutcome> &trainings() const { return trainOutcomes; }
  /// Of a gradient check, by the index of the effect.
  const std::map<int32_t, DerivativeOutcome> &derivatives() const { return derivativeOutcomes; }
  /// The first effect beyond the table in the last step that had one (a step ends where the program
  /// polls): the operation that made the first NaN, in a program compiled to trace that.
  std::optional<int32_t> tracedEffect() const { return thisStep ? thisStep : lastStep; }

private:
  bool isCarriedOut(const Effect &effect) const;
  void carryOut(const Effect &effect, const void *const *operands);
  void beginTraining();
  void endTraining();
  void fail(Failure failure);
  void failTest(Failure failure);
  /// An assertion after which the program goes on: of the test block, or of the run where there is none.
  void failClaim(Failure failure);

  const std::vector<Effect> &effects;
  const std::vector<Check> &checks;
  Options options;
  TapeMemory tapeMemory;
  std::map<int32_t, std::unique_ptr<Tape>> tapes;
  std::chrono::steady_clock::time_point begin;
  std::optional<Progress> progress; ///< of the training going on
  std::optional<Failure> failed;
  std::optional<Failure> claim; ///< an assertion after which the program went on
  bool wasInterrupted = false;
  std::optional<InterruptPolling> polling; ///< while a training goes on
  bool inTest = false;
  std::optional<int32_t> thisStep, lastStep;
  std::vector<KeptValue> keptValues;
  std::vector<TestOutcome> testOutcomes;
  std::vector<TrainOutcome> trainOutcomes;
  std::map<int32_t, DerivativeOutcome> derivativeOutcomes;
};

/// A text with the values of its operands put in.
std::string render(const Text &text, const std::vector<OperandType> &types,
                   const void *const *operands);

/// A value as `print` shows it: arrays as descent::toText, tuples in parentheses, records in braces.
std::string render(const ValueLayout &layout, const std::vector<Array> &arrays,
                   const std::string &format);

} // namespace descent::abi
