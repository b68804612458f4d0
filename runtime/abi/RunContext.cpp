#include "runtime/abi/RunContext.h"

#include "descent/Data.h"
#include "descent/Error.h"
#include "descent/Format.h"
#include "runtime/core/Interrupt.h"
#include "runtime/core/Threads.h"
#include "runtime/train/Progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <cmath>
#include <functional>
#include <limits>
#include <new>
#include <ostream>
#include <utility>

namespace descent::abi {
namespace {

Array arrayOf(const OperandType &type, const void *elements) {
  Array result = Array::uninitialized(type.dtype, type.shape);
  std::memcpy(result.mutableData(), elements, result.byteSize());
  return result;
}

std::vector<Array> arraysOf(const std::vector<OperandType> &types, const void *const *operands) {
  std::vector<Array> result;
  for (size_t i = 0; i < types.size(); ++i)
    result.push_back(arrayOf(types[i], operands[i]));
  return result;
}

std::string render(const Text &text, const std::vector<Array> &arrays) {
  std::string result;
  for (const TextPiece &piece : text)
    result += piece.value ? render(*piece.value, arrays, piece.format) : piece.literal;
  return result;
}

/// The arrays of a value with the names they get in a file: the path inside the value, or `whole`
/// for a value that is one array.
void collect(const ValueLayout &layout, const std::vector<Array> &arrays, const std::string &path,
             const std::string &whole, std::vector<std::pair<std::string, Array>> &out) {
  if (layout.kind == ValueLayout::Kind::Array) {
    out.emplace_back(path.empty() ? whole : path, arrays.at(static_cast<size_t>(layout.operand)));
    return;
  }
  for (size_t i = 0; i < layout.items.size(); ++i) {
    std::string name =
        layout.kind == ValueLayout::Kind::Record ? layout.names[i] : std::to_string(i);
    collect(layout.items[i], arrays, path.empty() ? name : path + "." + name, whole, out);
  }
}

Failure::Kind kindOf(Check::Kind kind) {
  switch (kind) {
  case Check::Kind::Assert:
    return Failure::Kind::Assert;
  case Check::Kind::Index:
    return Failure::Kind::Index;
  case Check::Kind::Value:
    return Failure::Kind::Value;
  case Check::Kind::NotFinite:
    return Failure::Kind::NotFinite;
  }
  return Failure::Kind::Value;
}

} // namespace

std::string render(const ValueLayout &layout, const std::vector<Array> &arrays,
                   const std::string &format) {
  if (layout.kind == ValueLayout::Kind::Array)
    return toText(arrays.at(static_cast<size_t>(layout.operand)), format);
  bool record = layout.kind == ValueLayout::Kind::Record;
  std::string result = record ? "{" : "(";
  for (size_t i = 0; i < layout.items.size(); ++i) {
    if (i)
      result += ", ";
    if (record)
      result += layout.names[i] + ": ";
    result += render(layout.items[i], arrays, format);
  }
  // As it is written: (1,) is a tuple, (1) a number.
  bool single = !record && layout.items.size() == 1;
  return result + (record ? "}" : single ? ",)" : ")");
}

std::string render(const Text &text, const std::vector<OperandType> &types,
                   const void *const *operands) {
  return render(text, arraysOf(types, operands));
}

RunContext::RunContext(const std::vector<Effect> &effects, const std::vector<Check> &checks,
                       Options options)
    : effects(effects), checks(checks), options(std::move(options)),
      tapeMemory{0, this->options.tapeMemory}, begin(std::chrono::steady_clock::now()) {}

RunContext::~RunContext() = default;

void RunContext::fail(Failure failure) {
  polling.reset(); // the program ends
  if (inTest)
    failTest(failure);
  if (!failed)
    failed = std::move(failure);
}

void RunContext::failClaim(Failure failure) {
  if (inTest)
    failTest(std::move(failure));
  else if (!claim)
    claim = std::move(failure);
}

void RunContext::failTest(Failure failure) {
  std::optional<Failure> &first = testOutcomes.back().failure;
  if (!first)
    first = std::move(failure);
}

bool RunContext::isCarriedOut(const Effect &effect) const {
  if (std::holds_alternative<KeepEffect>(effect.what))
    return options.keepValues;
  return !options.rehearse && (options.out || !std::holds_alternative<PrintEffect>(effect.what));
}

bool RunContext::takes(int32_t index) const {
  if (static_cast<size_t>(index) >= effects.size())
    return true;
  const Effect &effect = effects[static_cast<size_t>(index)];
  return std::holds_alternative<DerivativeEffect>(effect.what) ||
         std::holds_alternative<TrainBeginEffect>(effect.what) ||
         std::holds_alternative<TrainEndEffect>(effect.what) || isCarriedOut(effect);
}

void RunContext::effect(int32_t index, const void *const *operands) {
  if (static_cast<size_t>(index) >= effects.size()) {
    if (!thisStep)
      thisStep = index;
    return;
  }
  const Effect &effect = effects[static_cast<size_t>(index)];
  if (std::holds_alternative<DerivativeEffect>(effect.what)) {
    DerivativeOutcome &outcome = derivativeOutcomes[index];
    ++outcome.times;
    outcome.largestError = std::max(outcome.largestError, *static_cast<const double *>(operands[0]));
    return;
  }
  if (std::holds_alternative<TrainBeginEffect>(effect.what))
    beginTraining();
  if (std::holds_alternative<TrainEndEffect>(effect.what)) {
    endTraining();
    const OperandType &steps = effect.operands.at(0), &seconds = effect.operands.at(4);
    trainOutcomes.push_back(
        {static_cast<int64_t>(arrayOf(steps, operands[0]).toDouble()), arrayOf(seconds, operands[4]).toDouble()});
  }
  if (!isCarriedOut(effect))
    return;
  try {
    InterruptGuard whole;
    carryOut(effect, operands);
  } catch (const std::bad_alloc &) {
    fail({Failure::Kind::Effect, "there is not enough memory", effect.span});
  } catch (const std::exception &error) {
    fail({Failure::Kind::Effect, error.what(), effect.span});
  }
}

/// From here on the program polls.
void RunContext::beginTraining() {
  if (options.pollInterrupt && !polling)
    polling.emplace();
}

/// The rest of the script runs on after Ctrl-C, also after one that came too late to be seen; a
/// second one must count anew.
void RunContext::endTraining() {
  polling.reset();
  if (options.pollInterrupt && interruptRequested()) {
    wasInterrupted = true;
    clearInterrupt();
  }
}

void RunContext::carryOut(const Effect &effect, const void *const *operands) {
  std::vector<Array> arrays = arraysOf(effect.operands, operands);
  auto integer = [&](size_t i) {
    return static_cast<int64_t>(arrays.at(i).toDouble());
  };
  // A nan's sign says nothing, and is not shown.
  auto real = [&](size_t i) {
    double value = arrays.at(i).toDouble();
    return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
  };

  if (auto *print = std::get_if<PrintEffect>(&effect.what)) {
    if (progress)
      progress->clear();
    *options.out << render(print->text, arrays) << '\n';
  } else if (auto *save = std::get_if<SaveEffect>(&effect.what)) {
    std::vector<NamedArray> named;
    std::vector<std::pair<std::string, Array>> collected;
    collect(save->value, arrays, "", "value", collected);
    for (auto &[name, array] : collected)
      named.push_back({name, std::move(array), name});
    writeData(render(save->path, arrays), named);
  } else if (auto *train = std::get_if<TrainBeginEffect>(&effect.what)) {
    Progress::Options style;
    style.style = options.progress;
    style.title = "train " + train->expression;
    style.steps = train->steps;
    style.width = terminalWidth();
    style.write = options.writeProgress;
    progress.emplace(std::move(style));
  } else if (auto *report = std::get_if<TrainReportEffect>(&effect.what)) {
    if (!progress || !progress->isDue())
      return;
    std::vector<Progress::Field> fields{{"loss", real(1)}, {"gradient", real(2)}};
    if (report->hasValidation)
      fields.emplace_back("validation", real(3));
    progress->report(integer(0), fields);
  } else if (auto *ended = std::get_if<TrainEndEffect>(&effect.what)) {
    auto reason = static_cast<int>(integer(3));
    if (progress)
      progress->finish(integer(0), {{"loss", real(1)}, {"gradient", real(2)}},
                       ended->reasons.at(static_cast<size_t>(reason)));
    progress.reset();
  } else if (auto *keep = std::get_if<KeepEffect>(&effect.what)) {
    keptValues.push_back({keep->name, keep->value, std::move(arrays)});
  } else if (auto *test = std::get_if<TestEffect>(&effect.what)) {
    inTest = test->begins;
    if (test->begins)
      testOutcomes.push_back({test->name, std::nullopt});
  } else if (auto *claim = std::get_if<TestAssertEffect>(&effect.what)) {
    std::span<const bool> holds = arrays.back().values<bool>();
    if (!std::ranges::all_of(holds, std::identity()))
      failClaim({Failure::Kind::Assert, render(claim->message, arrays), effect.span});
  }
}

void RunContext::checkFailed(int32_t index, const void *const *operands) {
  const Check &check = checks[static_cast<size_t>(index)];
  fail({kindOf(check.kind), render(check.message, check.operands, operands), check.span});
}

bool RunContext::poll() {
  if (thisStep)
    lastStep = std::exchange(thisStep, std::nullopt);
  return failed || (options.pollInterrupt && interruptRequested());
}

int RunContext::threads() {
  if (options.threads <= 0)
    options.threads = defaultThreads();
  return options.threads;
}

double RunContext::clock() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Tape *RunContext::tape(int32_t site, int64_t elementBytes) {
  auto &tape = tapes[site];
  if (!tape || tape->elementBytes() != elementBytes)
    tape = std::make_unique<Tape>(elementBytes, tapeMemory, site);
  tape->clear();
  return tape.get();
}

void RunContext::failTape(int32_t site, std::string message) {
  fail({Failure::Kind::Memory, std::move(message), {}, site});
}

void *RunContext::push(Tape &tape) {
  void *room = tape.push();
  if (!room)
    failTape(tape.site(),
             fmt::format("there is no memory for what this loop keeps of each iteration for its derivative: "
                         "it has kept {} bytes of each of {} iterations",
                         tape.elementBytes(), tape.size()));
  return room;
}

} // namespace descent::abi
