// `train expr with optimizer, options`: a loop of native steps, each the loss, its gradient and the
// update.
//
//   while step < steps and reason == 0:
//     batch  = rows of the loss's array arguments          (with batch=)
//     loss, gradient = vjp of the loss by the params it reads
//     params, state  = optimizer.update(params, gradient, state, step + 1)
//     history[step]  = loss, gradient's norm, seconds
//     reason = 3 if interrupted, 1 if stop=, 2 if the loss or gradient is not finite, else 0
//     report, every log= steps and at the end
#include "frontend/sema/Differentiate.h"
#include "frontend/sema/Fold.h"
#include "frontend/sema/Structure.h"
#include "frontend/sema/TrainRun.h"

#include <algorithm>
#include <array>

namespace descent::sema {

using namespace ast;
using Leaves = Specializer::Leaves;

Value Specializer::evaluateTrain(const TrainExpr *expr) {
  if (frame->function)
    return ErrorValue{}; // reported by the resolver
  TrainRun run(*this, expr);
  return run.run();
}

Value TrainRun::run() {
  if (!readOptions() || !prepareLoss() || !readSampling() || !findParams() || !planSteps())
    return ErrorValue{};
  if (!readOptimizer())
    return ErrorValue{};
  return loop();
}

// ---- Options -----------------------------------------------------------------------------------

bool TrainRun::readOptions() {
  constexpr std::array<std::string_view, 11> names{
      "steps", "epochs", "batch",      "sampling", "key",   "log",
      "validate", "stop", "checkpoint", "every",    "resume"};
  bool isRight = true;
  for (const ast::Argument &option : expr->options) {
    std::string_view name = option.name.text;
    auto known = std::ranges::find(names, name);
    if (known == names.end()) {
      sema.diagnostics.error(option.name.range, Msg::UnknownArgument, "`train`", name)
          .suggest(option.name.range, closestName(name, names));
      isRight = false;
    } else if (options.contains(name)) {
      sema.diagnostics.error(option.name.range, Msg::DuplicateArgument, name);
      isRight = false;
    } else if (name == "checkpoint" || name == "every" || name == "resume") {
      sema.diagnostics.error(option.range, Msg::NotSupportedYet,
                             "`" + std::string(name) + "=` of `train`");
      isRight = false;
    } else {
      options[name] = &option;
    }
  }
  for (std::string_view name : {"steps", "epochs", "batch", "log"})
    if (const ast::Argument *option = find(name)) {
      Argument given = evaluated(*option);
      auto number = sema.expectKnownInteger(given);
      bool isCount = name == "steps" || name == "epochs";
      if (number && *number < (isCount ? 0 : 1)) {
        sema.diagnostics.error(option->value->extent, Msg::TrainOption, name,
                               isCount ? "0 or more" : "at least 1", *number);
        isRight = false;
      }
      isRight &= number.has_value();
      if (number)
        numbers[name] = *number;
    }
  if (find("steps") && find("epochs")) {
    sema.diagnostics.error(find("epochs")->range, Msg::TrainSteps,
                           "`steps` and `epochs` both say how long to train; give one of them");
    isRight = false;
  }
  if (!find("steps") && !find("epochs")) {
    sema.diagnostics.error(expr->keywordRange, Msg::TrainSteps,
                           "`train` needs `steps=` or `epochs=`");
    isRight = false;
  }
  return isRight;
}

Argument TrainRun::evaluated(const ast::Argument &option) {
  return {std::string(option.name.text), option.name.range, sema.evaluateValue(option.value),
          option.value->extent};
}

// ---- The loss ----------------------------------------------------------------------------------

/// Arguments of the loss that no param is in are computed once, before the loop; the others in
/// each step.
bool TrainRun::prepareLoss() {
  call = dyn<CallExpr>(expr->loss);
  if (!call)
    return true;
  for (const ast::Argument &written : call->args) {
    Argument argument;
    argument.name = std::string(written.name.text);
    argument.nameRange = written.name.range;
    argument.range = written.value->extent;
    Specializer::ParamReads reads(sema);
    argument.value = sema.evaluateValue(written.value);
    if (hasError(argument.value))
      return false;
    bool isData = reads.variables.empty();
    if (isData)
      argument.value = sema.settled(argument.value, argument.range);
    isPerStep.push_back(!isData);
    arguments.push_back(std::move(argument));
  }
  return true;
}

bool TrainRun::readSampling() {
  batch = numbers.contains("batch") ? numbers["batch"] : 0;
  std::string sampling = "shuffle";
  if (const ast::Argument *option = find("sampling")) {
    auto text = sema.expectKnownText(evaluated(*option));
    if (!text)
      return false;
    sampling = *text;
    if (sampling != "shuffle" && sampling != "bootstrap" && sampling != "sequential") {
      sema.diagnostics.error(option->value->extent, Msg::TrainOption, "sampling",
                             "\"shuffle\", \"bootstrap\" or \"sequential\"", "\"" + sampling + "\"");
      return false;
    }
  }
  if (batch == 0) {
    if (const ast::Argument *option = find("sampling")) {
      sema.diagnostics.error(option->range, Msg::TrainBatch, "`sampling=` needs `batch=`");
      return false;
    }
    return true;
  }
  SourceRange range = find("batch")->value->extent;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (isPerStep[i])
      continue;
    for (const ArrayValue &leaf : leavesOf(arguments[i].value)) {
      if (leaf.isScalar())
        continue;
      if (rows && *rows != leaf.type.dims[0]) {
        sema.diagnostics.error(arguments[i].range, Msg::UnequalLengths, *rows, leaf.type.dims[0])
            .note(range, "`batch=` takes the same rows of all of them");
        return false;
      }
      rows = leaf.type.dims[0];
    }
  }
  if (!rows) {
    sema.diagnostics.error(range, Msg::TrainBatch,
                           "`batch=` takes rows of the loss's array arguments, but it has none");
    return false;
  }
  if (batch > *rows) {
    auto report = sema.diagnostics.error(
        range, Msg::TrainBatch,
        "a batch of " + std::to_string(batch) + " is larger than the data, which have " +
            std::to_string(*rows) + " rows");
    for (const Argument &argument : arguments)
      if (argument.value.array() && !argument.value.array()->isScalar())
        report.note(argument.range, "this is " + describeType(argument.value));
    return false;
  }
  order = sampling == "shuffle" ? Order::Shuffle
                                : sampling == "bootstrap" ? Order::Bootstrap : Order::Sequential;
  if (order == Order::Sequential)
    return true;
  const ast::Argument *option = find("key");
  if (!option) {
    sema.diagnostics.error(range, Msg::TrainBatch,
                           "batches are drawn at random, so `train` needs `key=`")
        .note("for example `key=key(0)`; `sampling=\"sequential\"` needs none");
    return false;
  }
  Argument given = evaluated(*option);
  auto array = given.value.array();
  if (!array || !array->isScalar() || array->type.dtype != DType::Key) {
    if (!given.value.isError())
      sema.diagnostics.error(given.range, Msg::TypeMismatch, describeType(given.value),
                             "a key, such as `key(0)`");
    return false;
  }
  key = *array;
  return true;
}

Value TrainRun::callBuiltin(std::string_view name, std::initializer_list<Value> values) {
  std::vector<Argument> given;
  for (const Value &value : values)
    given.push_back({"", {}, value, expr->range});
  return sema.callBuiltin(*findBuiltin(name), given, expr->range, expr->range);
}

/// The rows of this step: an array of indices, or the first row where they follow each other.
Value TrainRun::rowsOfStep(const ArrayValue &step, const Value &permutation) {
  Builder &builder = sema.builder;
  auto integer = [&](int64_t value) { return builder.known(value, DType::I32); };
  if (order == Order::Bootstrap) {
    Value stepKey = callBuiltin("fold_in", {*key, step});
    Value shape = TupleValue{{integer(batch)}};
    return callBuiltin("randint", {stepKey, shape, integer(0), integer(*rows)});
  }
  ArrayValue place = builder.binary("mod", step, integer(*rows / batch));
  ArrayValue first = builder.binary("mul", place, integer(batch));
  first.bounds = std::pair(int64_t{0}, *rows - batch);
  if (order == Order::Sequential)
    return first;
  return builder.dynamicSlice(*permutation.array(), std::span(&first, 1), {batch});
}

/// The loss with params as they are, of the rows of a batch (or of all, where that is absent).
Value TrainRun::evaluateLoss(const Value &batchRows) {
  sema.builder.range = expr->loss->range;
  if (!call)
    return sema.evaluateValue(expr->loss);
  Value callee = sema.evaluateValue(call->callee);
  std::vector<Argument> given = arguments;
  for (size_t i = 0; i < given.size(); ++i) {
    if (isPerStep[i]) {
      given[i].value = sema.evaluateValue(call->args[i].value);
      continue;
    }
    if (batchRows.isAbsent())
      continue;
    auto origin = given[i].value.origin;
    given[i].value = mapArrays(given[i].value, [&](const ArrayValue &leaf) -> Value {
      if (leaf.isScalar())
        return leaf;
      const ArrayValue &chosen = *batchRows.array();
      if (order != Order::Sequential)
        return sema.builder.gather(leaf, chosen, 0);
      std::vector<ArrayValue> starts{chosen};
      std::vector<int64_t> sizes = leaf.type.dims;
      sizes[0] = batch;
      while (starts.size() < sizes.size())
        starts.push_back(sema.builder.known(int64_t{0}, DType::I32));
      return sema.builder.dynamicSlice(leaf, starts, sizes);
    });
    given[i].value.origin = origin;
  }
  return sema.call(callee, given, call->range);
}

/// The loss as one float, or nothing after an error.
std::optional<ArrayValue> TrainRun::scalarLoss(const Value &value) {
  if (hasError(value))
    return std::nullopt;
  auto array = value.array();
  if (array && array->isScalar() && isFloat(array->type.dtype))
    return sema.settled(*array, expr->loss->extent);
  auto report = sema.diagnostics.error(expr->loss->extent, Msg::TrainLoss, describeType(value));
  if (array && isFloat(array->type.dtype))
    report.note("`mean(…)` or `sum(…)` makes a single number of it");
  return std::nullopt;
}

/// Specialises the loss once, into nowhere, to see which params it reads.
bool TrainRun::findParams() {
  Specializer::Attempt before = sema.attempt();
  Region nowhere;
  std::optional<ArrayValue> loss;
  {
    Builder::RegionScope scope(sema.builder, nowhere);
    Specializer::ParamReads reads(sema);
    Value batchRows = AbsentValue{};
    if (batch > 0) {
      TensorType type{DType::I32, {}};
      if (order != Order::Sequential)
        type.dims = {batch};
      batchRows = sema.builder.argument(nowhere, type);
    }
    loss = scalarLoss(evaluateLoss(batchRows));
    params = reads.variables;
  }
  if (!loss)
    return false;
  lossType = loss->type;
  sema.undo(before);
  std::erase_if(params, [](const Variable *variable) { return hasError(variable->value); });
  if (params.empty()) {
    sema.diagnostics.error(expr->loss->extent, Msg::TrainNoParam)
        .note("params are declared at top level: `param w = 0.0`");
    return false;
  }
  return true;
}

Value TrainRun::paramValues() const {
  if (params.size() == 1)
    return params.front()->value;
  RecordValue record;
  for (const Variable *variable : params)
    record.fields.emplace_back(std::string(variable->name), variable->value);
  return record;
}

void TrainRun::setParams(const Value &values) {
  if (params.size() == 1) {
    params.front()->value = values;
    return;
  }
  auto record = values.as<RecordValue>();
  for (size_t i = 0; i < params.size(); ++i)
    params[i]->value = record ? record->fields[i].second : Value(ErrorValue{});
}

bool TrainRun::planSteps() {
  stepsPerEpoch = batch > 0 ? *rows / batch : 1;
  int64_t planned = 0;
  bool overflows = find("steps") ? (planned = numbers["steps"], false)
                                 : __builtin_mul_overflow(numbers["epochs"], stepsPerEpoch, &planned);
  if (overflows || planned > INT32_MAX) {
    sema.diagnostics.error(expr->range, Msg::TrainSteps, "at most 2147483647 steps can be trained");
    return false;
  }
  steps = planned;
  stride = std::max<int64_t>(1, (steps + kMostEntries - 1) / kMostEntries);
  entries = (steps + stride - 1) / stride;
  every = numbers.contains("log") ? numbers["log"] : std::max<int64_t>(1, steps / 10);
  return true;
}

bool TrainRun::readOptimizer() {
  Value optimizer = sema.evaluateValue(expr->optimizer);
  if (hasError(optimizer))
    return false;
  auto record = optimizer.as<RecordValue>();
  for (const char *name : {"init", "update"}) {
    const Value *function = nullptr;
    if (record)
      for (const auto &[field, value] : record->fields)
        if (field == name && value.as<FunctionPointer>())
          function = &value;
    if (!function) {
      auto report = sema.diagnostics.error(expr->optimizer->extent, Msg::TrainOptimizer,
                                           describeType(optimizer));
      if (optimizer.as<FunctionPointer>() && is<NameExpr>(expr->optimizer))
        report.note("call it: `" + std::string(sema.sources.text(expr->optimizer->range)) + "()`");
      return false;
    }
    (name == std::string_view("init") ? init : update) = *function;
  }
  return true;
}

} // namespace descent::sema
