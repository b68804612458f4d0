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
#include "frontend/sema/Train.h"

#include "frontend/sema/Differentiate.h"
#include "frontend/sema/Fold.h"
#include "frontend/sema/Structure.h"
#include "frontend/sema/TrainRun.h"

#include <algorithm>
#include <array>

namespace descent::sema {

using namespace ast;
using Leaves = Specializer::Leaves;

namespace {

/// What `reason` in the history counts.
constexpr int64_t kStepsDone = 0, kStopped = 1, kNotFinite = 2, kInterrupted = 3;

/// A history has at most so many entries; longer runs are thinned evenly.
constexpr int64_t kMostEntries = 1'000'000;

} // namespace

Value Specializer::evaluateTrain(const TrainExpr *expr) {
  if (frame->function)
    return ErrorValue{}; // reported by the resolver
  TrainRun run(*this, expr);
  return run.run();
}

Value TrainRun::run() {
  if (!readOptions() || !prepareLoss() || !readSampling() || !findParams() || !planSteps())
    return ErrorValue{};
  if (sema.probe)
    return examine();
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
      if (number && *number < 1) {
        sema.diagnostics.error(option->value->extent, Msg::TrainOption, name, "at least 1", *number);
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
  stride = (steps + kMostEntries - 1) / kMostEntries;
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

// ---- The loop ----------------------------------------------------------------------------------

/// The loss, and the gradient by each array of the params.
std::optional<Leaves> TrainRun::differentiate(const Value &batchRows) {
  Value before = paramValues();
  auto body = [&](const Leaves &leaves) -> std::optional<Leaves> {
    setParams(rebuilt(before, leaves));
    auto loss = scalarLoss(evaluateLoss(batchRows));
    setParams(before);
    return loss ? std::optional(Leaves{*loss}) : std::nullopt;
  };
  auto seeds = [&](const Leaves &results) {
    return Leaves{sema.builder.splat(1, results.front().type)};
  };
  sema.builder.range = expr->loss->range;
  return sema.vjp(leavesOf(before), body, seeds);
}

ArrayValue TrainRun::normOf(std::span<const ArrayValue> gradient) {
  Builder &builder = sema.builder;
  ArrayValue total = builder.splat(0, lossType);
  for (const ArrayValue &leaf : gradient) {
    std::vector<int64_t> all;
    for (int64_t i = 0; i < leaf.rank(); ++i)
      all.push_back(i);
    ArrayValue squares = builder.reduce("reduce_sum", builder.binary("mul", leaf, leaf), all);
    total = builder.binary("add", total, builder.convert(squares, lossType.dtype));
  }
  return builder.unary("sqrt", total);
}

ArrayValue TrainRun::isFinite(const ArrayValue &x) {
  Builder &builder = sema.builder;
  return builder.compare("lt", builder.unary("abs", x),
                         builder.known(std::numeric_limits<double>::infinity(), x.type.dtype));
}

/// The condition of `stop=`, over loss, grad_norm and step.
ArrayValue TrainRun::stopCondition(const ArrayValue &loss, const ArrayValue &norm,
                                   const ArrayValue &done) {
  const ast::Argument *option = find("stop");
  if (!option)
    return sema.builder.known(false, DType::Bool);
  ScopeGuard scope(*sema.frame);
  sema.declare("loss", Variable::Kind::Loop, option->range, loss);
  sema.declare("grad_norm", Variable::Kind::Loop, option->range, norm);
  sema.declare("step", Variable::Kind::Loop, option->range, done);
  auto condition = sema.asCondition(sema.evaluateValue(option->value), option->value->extent, "`stop`");
  return condition ? *condition : sema.builder.known(false, DType::Bool);
}

/// Reports to the runtime where `isDue` holds.
void TrainRun::report(const ArrayValue &isDue, const ArrayValue &loss, const ArrayValue &norm,
                      const ArrayValue &done) {
  auto onTrue = [&]() -> Value {
    abi::TrainReportEffect effect;
    Leaves operands{done, loss, norm};
    if (const ast::Argument *option = find("validate")) {
      Value value = sema.evaluateValue(option->value);
      auto array = value.array();
      if (array && array->isScalar() && isFloat(array->type.dtype)) {
        if (auto strong = sema.settled(*array, option->value->extent)) {
          operands.push_back(*strong);
          effect.hasValidation = true;
        }
      } else if (!hasError(value)) {
        sema.diagnostics.error(option->value->extent, Msg::TypeMismatch, describeType(value),
                               "a single float");
      }
    }
    sema.emitEffect(effect, operands, expr->range);
    return TupleValue{};
  };
  auto describe = [&](size_t) { return std::pair(std::string("this"), expr->range); };
  sema.builder.range = expr->range;
  sema.branch(isDue, onTrue, [] { return TupleValue{}; }, describe);
}

/// Sets one entry of a history.
ArrayValue TrainRun::recorded(const ArrayValue &history, const ArrayValue &value,
                              const ArrayValue &place) {
  return sema.builder.update(history, sema.builder.reshape(value, {1}), std::span(&place, 1));
}

namespace {

/// The items of the tuple that the loop carries.
enum Item : size_t {
  kStep,
  kReason,
  kParams,
  kState,
  kLosses,
  kNorms,
  kSeconds,
  kLoss,
  kNorm,
  kPermutation
};

} // namespace

Value TrainRun::step(const Value &carried, const ArrayValue &start) {
  Builder &builder = sema.builder;
  auto integer = [&](int64_t value) { return builder.known(value, DType::I32); };
  const auto &items = carried.as<TupleValue>()->items;
  TupleValue next{items};
  const ArrayValue &step = *items[kStep].array();
  setParams(items[kParams]);
  ArrayValue done = builder.binary("add", step, integer(1));

  Value batchRows = AbsentValue{};
  if (batch > 0) {
    if (order == Order::Shuffle) {
      ArrayValue place = builder.binary("mod", step, integer(stepsPerEpoch));
      ArrayValue epoch = builder.binary("floordiv", step, integer(stepsPerEpoch));
      Value chosen = sema.branch(
          builder.compare("eq", place, integer(0)),
          [&]() -> Value {
            Value epochKey = callBuiltin("fold_in", {*key, epoch});
            return TupleValue{{callBuiltin("permutation", {epochKey, integer(*rows)})}};
          },
          [&]() -> Value { return TupleValue{{items[kPermutation]}}; },
          [&](size_t) { return std::pair(std::string("the order"), expr->range); });
      if (!chosen.as<TupleValue>())
        return ErrorValue{};
      next.items[kPermutation] = chosen.as<TupleValue>()->items[0];
    }
    batchRows = rowsOfStep(step, next.items[kPermutation]);
    if (hasError(batchRows))
      return ErrorValue{};
  }
  auto results = differentiate(batchRows);
  if (!results)
    return ErrorValue{};
  builder.range = expr->range;
  const ArrayValue &loss = results->front();
  std::span<const ArrayValue> gradient = std::span(*results).subspan(1);
  ArrayValue norm = normOf(gradient);
  ArrayValue finite = builder.binary("and", isFinite(loss), isFinite(norm));

  std::vector<Argument> given;
  for (const Value &value :
       {items[kParams], rebuilt(items[kParams], gradient), items[kState], Value(done)})
    given.push_back({"", {}, value, expr->optimizer->extent});
  Value updated = sema.call(update, given, expr->optimizer->extent);
  if (hasError(updated))
    return ErrorValue{};
  auto pair = updated.as<TupleValue>();
  if (!pair || pair->items.size() != 2) {
    sema.diagnostics.error(expr->optimizer->extent, Msg::TypeMismatch, describeType(updated),
                           "a tuple of the new params and the new state");
    return ErrorValue{};
  }
  builder.range = expr->range;

  // A step that is not finite changes nothing: what was trained so far is kept.
  auto keepUnless = [&](const Value &before, const Value &after) {
    std::vector<ArrayValue> a = leavesOf(before), b = leavesOf(after);
    if (!sameStructure(before, after) || a.size() != b.size())
      return after; // reported by the loop
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i].type.dims != b[i].type.dims)
        return after;
      b[i] = b[i].weak ? builder.convert(b[i], a[i].type.dtype) : b[i];
      if (a[i].type == b[i].type)
        b[i] = builder.select(builder.broadcastTo(finite, b[i].type.dims), b[i], a[i]);
    }
    return rebuilt(before, b);
  };
  next.items[kParams] = keepUnless(items[kParams], pair->items[0]);
  next.items[kState] = pair->items[1];

  ArrayValue stops = stopCondition(loss, norm, done);
  builder.range = expr->range;
  ArrayValue interrupted = builder.appendOne("poll", {}, {DType::Bool, {}});
  ArrayValue reason =
      builder.select(interrupted, integer(kInterrupted), integer(kStepsDone));
  reason = builder.select(stops, integer(kStopped), reason);
  reason = builder.select(finite, reason, integer(kNotFinite));

  ArrayValue place = stride == 1 ? step : builder.binary("floordiv", step, integer(stride));
  ArrayValue now = builder.appendOne("clock", {}, {DType::F64, {}});
  next.items[kStep] = done;
  next.items[kReason] = reason;
  next.items[kLosses] = recorded(*items[kLosses].array(), loss, place);
  next.items[kNorms] = recorded(*items[kNorms].array(), norm, place);
  next.items[kSeconds] =
      recorded(*items[kSeconds].array(), builder.binary("sub", now, start), place);
  next.items[kLoss] = loss;
  next.items[kNorm] = norm;

  ArrayValue isDue = builder.compare(
      "eq", builder.binary("mod", done, integer(every)), integer(0));
  isDue = builder.binary("or", isDue, builder.compare("ne", reason, integer(kStepsDone)));
  isDue = builder.binary("or", isDue, builder.compare("eq", done, integer(steps)));
  report(isDue, loss, norm, done);
  return next;
}

Value TrainRun::loop() {
  Builder &builder = sema.builder;
  std::vector<Argument> given{{"", {}, paramValues(), expr->optimizer->extent}};
  Value state = sema.settled(sema.call(init, given, expr->optimizer->extent),
                             expr->optimizer->extent);
  if (hasError(state))
    return ErrorValue{};
  builder.range = expr->range;
  abi::TrainBeginEffect begin;
  begin.expression = std::string(sema.sources.text(expr->loss->extent));
  begin.optimizer = std::string(sema.sources.text(expr->optimizer->extent));
  begin.steps = steps;
  begin.reportEvery = every;
  sema.emitEffect(std::move(begin), {}, expr->range);
  ArrayValue start = builder.appendOne("clock", {}, {DType::F64, {}});

  auto integer = [&](int64_t value) { return builder.known(value, DType::I32); };
  TensorType history{lossType.dtype, {entries}};
  TupleValue initial;
  initial.items = {integer(0),
                   integer(kStepsDone),
                   paramValues(),
                   state,
                   builder.splat(0, history),
                   builder.splat(0, history),
                   builder.splat(0, {DType::F64, {entries}}),
                   builder.splat(0, lossType),
                   builder.splat(0, lossType)};
  if (batch > 0 && order == Order::Shuffle)
    initial.items.push_back(builder.splat(0, {DType::I32, {*rows}}));
  auto condition = [&](const Value &carried) -> std::optional<ArrayValue> {
    const auto &items = carried.as<TupleValue>()->items;
    return builder.binary("and", builder.compare("lt", *items[kStep].array(), integer(steps)),
                          builder.compare("eq", *items[kReason].array(), integer(kStepsDone)));
  };
  auto describe = [&](size_t item) {
    return std::pair(std::string(item == kParams ? "the value of the params"
                                                 : "the state of the optimizer"),
                     expr->optimizer->extent);
  };
  Value before = paramValues();
  Value result = sema.whileLoop(
      initial, condition, [&](const Value &carried) { return step(carried, start); }, describe);
  auto tuple = result.as<TupleValue>();
  if (!tuple) {
    setParams(before);
    return ErrorValue{};
  }
  setParams(tuple->items[kParams]);
  return finish(tuple->items, start);
}

Value TrainRun::finish(const std::vector<Value> &items, const ArrayValue &start) {
  Builder &builder = sema.builder;
  builder.range = expr->range;
  for (size_t i : {kStep, kReason, kLosses, kNorms, kSeconds, kLoss, kNorm})
    if (!items[i].array())
      return ErrorValue{};
  const ArrayValue &done = *items[kStep].array(), &reason = *items[kReason].array();
  ArrayValue now = builder.appendOne("clock", {}, {DType::F64, {}});
  ArrayValue seconds = builder.binary("sub", now, start);
  abi::TrainEndEffect end;
  end.reasons = {"the planned steps are done", "the stop condition holds",
                 "the loss or its gradient is not finite", "interrupted"};
  end.notFinite = static_cast<int>(kNotFinite);
  end.interrupted = static_cast<int>(kInterrupted);
  Leaves operands{done, *items[kLoss].array(), *items[kNorm].array(), reason, seconds};
  sema.emitEffect(std::move(end), operands, expr->loss->extent);

  TextValue message;
  auto say = [&](std::string literal, const ArrayValue &value) {
    message.pieces.push_back({std::move(literal), nullptr, "", {}});
    message.pieces.push_back({"", std::make_shared<Value>(value), "", expr->loss->extent});
  };
  say("the loss or its gradient is not finite in step ", done);
  say(": loss ", *items[kLoss].array());
  say(", norm of the gradient ", *items[kNorm].array());
  ArrayValue isFinite = builder.compare("ne", reason, builder.known(kNotFinite, DType::I32));
  sema.check(abi::Check::Kind::NotFinite, isFinite, message, expr->loss->extent);

  // Where a run stopped early, the last value repeats.
  TensorType counts{DType::I32, {entries}};
  auto spread = [&](const ArrayValue &scalar) { return builder.broadcastTo(scalar, {entries}); };
  ArrayValue number = builder.iota(counts, 0);
  ArrayValue first = builder.binary("mul", number, builder.splat(static_cast<double>(stride), counts));
  ArrayValue isReached = builder.compare("lt", first, spread(done));
  ArrayValue last = builder.binary("min", builder.binary("add", first, builder.splat(
                                                                           static_cast<double>(stride), counts)),
                                   spread(done));
  ArrayValue lastPlace = builder.binary(
      "floordiv", builder.binary("sub", done, builder.known(int64_t{1}, DType::I32)),
      builder.known(stride, DType::I32));
  auto filled = [&](const ArrayValue &history) -> Value {
    ArrayValue value = builder.reshape(
        builder.dynamicSlice(history, std::span(&lastPlace, 1), {1}), {});
    return builder.select(isReached, history, spread(value));
  };
  RecordValue record;
  record.fields = {{"loss", filled(*items[kLosses].array())},
                   {"grad_norm", filled(*items[kNorms].array())},
                   {"step", last},
                   {"seconds", filled(*items[kSeconds].array())},
                   {"reason", reason}};
  return record;
}

// ---- Gradient checks ---------------------------------------------------------------------------

/// Makes the probe's function of this `train`; of others the history that they would have, of zeros.
Value TrainRun::examine() {
  Builder &builder = sema.builder;
  TrainProbe &probe = *sema.probe;
  Value before = paramValues();
  // What a loop or a branch trains is not the function's own to give.
  bool isInRegion = &builder.region() != &probe.function.body;
  if (!isInRegion && !probe.isFound && probe.seen++ == probe.which) {
    probe.isFound = true;
    probe.loss.expression = std::string(sema.sources.text(expr->loss->extent));
    for (const Variable *variable : params)
      for (const std::string &path : leafPaths(variable->value))
        probe.loss.parameters.push_back(std::string(variable->name) + path);
    Region &body = probe.function.body;
    Leaves leaves = leavesOf(before);
    Leaves results;
    if (probe.want == TrainProbe::Want::Start) {
      results = leaves;
    } else {
      for (ArrayValue &leaf : leaves)
        leaf = builder.argument(body, leaf.type);
      setParams(rebuilt(before, leaves));
      Value batchRows = AbsentValue{};
      if (batch > 0) {
        // The first rows stand for any batch.
        batchRows = order == Order::Sequential ? builder.known(int64_t{0}, DType::I32)
                                               : builder.iota({DType::I32, {batch}}, 0);
      }
      if (probe.want == TrainProbe::Want::Loss) {
        if (auto loss = scalarLoss(evaluateLoss(batchRows)))
          results = {*loss};
      } else if (auto gradient = differentiate(batchRows)) {
        results.assign(gradient->begin() + 1, gradient->end());
      }
      setParams(before);
    }
    for (const ArrayValue &result : results)
      body.yields.push_back(builder.materialize(result));
  }
  Value zeros = builder.splat(0, {lossType.dtype, {entries}});
  Value counts = builder.splat(0, {DType::I32, {entries}});
  Value seconds = builder.splat(0, {DType::F64, {entries}});
  RecordValue record;
  record.fields = {{"loss", zeros},
                   {"grad_norm", zeros},
                   {"step", counts},
                   {"seconds", seconds},
                   {"reason", builder.known(int64_t{0}, DType::I32)}};
  return record;
}

void analyzeGradients(const ast::Ast &script, SourceManager &sources, Diagnostics &diagnostics,
                      const AnalyzeOptions &options, Program &program,
                      std::vector<TrainedLoss> &losses) {
  using Want = TrainProbe::Want;
  for (size_t which = 0;; ++which) {
    for (auto [want, name] : {std::pair(Want::Start, "start."), std::pair(Want::Loss, "loss."),
                              std::pair(Want::Gradient, "gradient.")}) {
      TrainProbe probe;
      probe.which = which;
      probe.want = want;
      probe.function.name = name + std::to_string(which);
      analyzeScript(script, sources, diagnostics, options, program, &probe);
      if (diagnostics.hasErrors() || !probe.isFound)
        return;
      for (size_t i = 0; i < probe.function.body.args.size(); ++i)
        probe.function.parameterNames.push_back(probe.loss.parameters[i]);
      program.exports.push_back(std::move(probe.function));
      if (want == Want::Start)
        losses.push_back(std::move(probe.loss));
    }
  }
}

} // namespace descent::sema
