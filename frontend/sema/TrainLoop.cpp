// The loop of a `train`: its steps, the history, the reports.
#include "frontend/sema/Differentiate.h"
#include "frontend/sema/Fold.h"
#include "frontend/sema/Structure.h"
#include "frontend/sema/TrainRun.h"

#include <algorithm>
#include <array>

namespace descent::sema {

using namespace ast;
using Leaves = Specializer::Leaves;

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
  std::vector<std::string> names;
  for (const Variable *variable : params)
    for (const std::string &path : leafPaths(variable->value))
      names.push_back(std::string(variable->name) + path);
  return sema.vjp(leavesOf(before), body, seeds, names);
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

/// Whether what an optimizer's update gave has the form of what it was given; reports it otherwise.
bool TrainRun::isLike(const Value &given, const Value &updated, std::string_view what) {
  std::vector<ArrayValue> a = leavesOf(given), b = leavesOf(updated);
  bool fits = sameStructure(given, updated) && a.size() == b.size();
  for (size_t i = 0; fits && i < a.size(); ++i) {
    DType from = b[i].type.dtype, to = a[i].type.dtype;
    bool isLiteral = b[i].weak && from != DType::Bool && (isFloat(to) || (isInteger(from) && isInteger(to)));
    fits = a[i].type.dims == b[i].type.dims && (from == to || isLiteral);
  }
  if (fits)
    return true;
  auto report = sema.diagnostics.error(expr->optimizer->extent, Msg::TrainUpdate, what,
                                       describeType(given), describeType(updated));
  if (auto function = update.as<FunctionPointer>(); function && (*function)->range.isValid())
    report.note((*function)->range, "it is this function");
  return false;
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
    Value permutation = AbsentValue{};
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
      permutation = next.items[kPermutation] = chosen.as<TupleValue>()->items[0];
    }
    batchRows = rowsOfStep(step, permutation);
    if (hasError(batchRows))
      return ErrorValue{};
  }
  std::optional<Leaves> results;
  {
    // A gradient check has compared it before the first step.
    Specializer::PausedComparisons paused(sema);
    results = differentiate(batchRows);
  }
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
  if (!isLike(items[kParams], pair->items[0], "the params") ||
      !isLike(items[kState], pair->items[1], "its state"))
    return ErrorValue{};

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

/// For a gradient check: takes the gradient at the initial params, where it is compared.
void TrainRun::compareGradient() {
  Value rows = AbsentValue{};
  if (batch > 0) // the first rows stand for any batch
    rows = order == Order::Sequential ? sema.builder.known(int64_t{0}, DType::I32)
                                      : sema.builder.iota({DType::I32, {batch}}, 0);
  SourceRange around = std::exchange(sema.scriptCall, expr->loss->extent);
  differentiate(rows);
  sema.scriptCall = around;
}

Value TrainRun::loop() {
  if (sema.isComparing())
    compareGradient();
  std::vector<Argument> given{{"", {}, paramValues(), expr->optimizer->extent}};
  Value state = sema.settled(sema.call(init, given, expr->optimizer->extent),
                             expr->optimizer->extent);
  if (hasError(state))
    return ErrorValue{};
  return steps == 0 ? emptyHistory(state) : trainFrom(state);
}

Value TrainRun::trainFrom(const Value &state) {
  Builder &builder = sema.builder;
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

/// Of no steps: what would be wrong with one is reported, and nothing happens.
Value TrainRun::emptyHistory(const Value &state) {
  Specializer::Attempt before = sema.attempt();
  size_t reported = sema.diagnostics.all().size();
  {
    Region nowhere;
    Builder::RegionScope scope(sema.builder, nowhere);
    Value params = paramValues();
    steps = entries = 1;
    bool isRight = !trainFrom(state).isError();
    setParams(params);
    if (!isRight || sema.diagnostics.all().size() != reported)
      return ErrorValue{};
  }
  sema.undo(before);
  auto none = [&](DType dtype) -> Value { return sema.builder.splat(0, {dtype, {0}}); };
  RecordValue record;
  record.fields = {{"loss", none(lossType.dtype)},
                   {"grad_norm", none(lossType.dtype)},
                   {"step", none(DType::I32)},
                   {"seconds", none(DType::F64)},
                   {"reason", sema.builder.known(kStepsDone, DType::I32)}};
  return record;
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

} // namespace descent::sema
