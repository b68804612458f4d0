// Functions that run other functions over data, and effects.
#include "frontend/sema/Differentiate.h"
#include "frontend/sema/Fold.h"
#include "frontend/sema/Structure.h"

namespace descent::sema {
namespace {

using Leaves = Specializer::Leaves;

Value zip(BuiltinCall &call) {
  ZipValue result;
  for (const Argument &argument : call.rest) {
    if (hasError(argument.value))
      return ErrorValue{};
    result.items.push_back(argument.value);
  }
  return result;
}

/// The value of a function that gives a pair, as `scan` asks for.
std::optional<std::pair<Value, Value>> pairOf(Specializer &sema, const Value &value,
                                              SourceRange range) {
  if (hasError(value))
    return std::nullopt;
  auto tuple = value.as<TupleValue>();
  if (tuple && tuple->items.size() == 2)
    return std::pair(tuple->items[0], tuple->items[1]);
  sema.diagnostics.error(range, Msg::TypeMismatch, describeType(value),
                         "a tuple of the next state and the result of this step");
  return std::nullopt;
}

/// What a loop over rows works on.
struct Rows {
  Value values; ///< arrays with one leading axis; an error where there are none
  int64_t count = 0;
};

std::optional<Rows> rowsArgument(Specializer &sema, const Argument &given) {
  Rows rows;
  rows.values = sema.rowsOf(given.value, given.range);
  if (hasError(rows.values))
    return std::nullopt;
  auto size = sema.leadingSize(rows.values, given.range);
  if (!size)
    return std::nullopt;
  rows.count = *size;
  return rows;
}

Value callWith(Specializer &sema, const Value &function, std::initializer_list<Value> values,
               SourceRange range) {
  std::vector<Argument> arguments;
  for (const Value &value : values)
    arguments.push_back({"", {}, value, range});
  return sema.call(function, arguments, range);
}

/// Runs a body into nowhere, for the types of what it gives.
Value tryOut(Specializer &sema, const std::function<Value()> &body) {
  Region nowhere;
  Builder::RegionScope scope(sema.builder, nowhere);
  return body();
}

/// scan(f, init, xs): f(state, x) gives (state, y); gives the last state and all y, stacked.
Value scan(BuiltinCall &call) {
  Specializer &sema = call.sema;
  auto function = sema.expectFunction(call.arguments[0]);
  auto rows = rowsArgument(sema, call.arguments[2]);
  if (!function || !rows || hasError(call[1]))
    return ErrorValue{};
  Value f = *function;
  SourceRange at = call.arguments[0].range;
  Value state = sema.settled(call[1], call.arguments[1].range);
  // Literals of the first state give way to what the function makes of them: 0 to f32.
  Specializer::Attempt before = sema.attempt();
  auto firstStep = [&](const Value &given) {
    return tryOut(sema, [&] {
      ArrayValue zero = sema.builder.known(int64_t{0}, DType::I32);
      zero.id = sema.builder.materialize(zero);
      zero.known.reset();
      return callWith(sema, f, {given, sema.elementAt(rows->values, zero)}, at);
    });
  };
  Value first = firstStep(call[1]);
  auto pair = pairOf(sema, first, at);
  if (!pair)
    return ErrorValue{};
  std::vector<ArrayValue> now = leavesOf(call[1]), next = leavesOf(pair->first);
  if (sameStructure(call[1], pair->first) && now.size() == next.size()) {
    for (size_t i = 0; i < now.size(); ++i)
      if (now[i].weak && isFloat(next[i].type.dtype))
        now[i] = sema.builder.convert(now[i], next[i].type.dtype);
    state = sema.settled(rebuilt(call[1], now), call.arguments[1].range);
  }
  pair = pairOf(sema, firstStep(state), at);
  if (!pair)
    return ErrorValue{};
  Value sample = sema.settled(pair->second, at);
  std::vector<TensorType> types;
  for (const ArrayValue &leaf : leavesOf(sample)) {
    TensorType type = leaf.type;
    type.dims.insert(type.dims.begin(), rows->count);
    types.push_back(std::move(type));
  }
  sema.undo(before);

  std::vector<ArrayValue> empty;
  for (const TensorType &type : types) {
    ArrayValue zeros;
    zeros.type = type;
    zeros.id = sema.builder.materialize(sema.builder.splat(0, type));
    empty.push_back(std::move(zeros));
  }
  Value results = rebuilt(sample, empty);
  if (rows->count == 0)
    return TupleValue{{state, results}};
  auto body = [&](const ArrayValue &counter, const Value &carried) -> Value {
    const auto &items = carried.as<TupleValue>()->items;
    auto step = pairOf(
        sema, callWith(sema, f, {items[0], sema.elementAt(rows->values, counter)}, at), at);
    if (!step)
      return TupleValue{{ErrorValue{}, ErrorValue{}}};
    std::vector<ArrayValue> collected = leavesOf(items[1]);
    std::vector<ArrayValue> given = leavesOf(sema.settled(step->second, at));
    if (given.size() != collected.size())
      return TupleValue{{step->first, ErrorValue{}}};
    for (size_t i = 0; i < collected.size(); ++i) {
      std::vector<int64_t> row = given[i].type.dims;
      row.insert(row.begin(), 1);
      std::vector<ArrayValue> starts{counter};
      while (starts.size() < row.size())
        starts.push_back(sema.builder.known(int64_t{0}, counter.type.dtype));
      collected[i] = sema.builder.update(collected[i], sema.builder.reshape(given[i], row), starts);
    }
    return TupleValue{{step->first, rebuilt(items[1], collected)}};
  };
  auto describe = [&](size_t i) {
    return std::pair(std::string(i == 0 ? "the state of `scan`" : "the result of `scan`"), at);
  };
  return sema.forLoop(sema.builder.known(int64_t{0}, DType::I32),
                      sema.builder.known(rows->count, DType::I32),
                      TupleValue{{state, results}}, body, describe);
}

/// fold(f, init, xs): f(state, x) gives the next state; gives the last.
Value fold(BuiltinCall &call) {
  Specializer &sema = call.sema;
  auto function = sema.expectFunction(call.arguments[0]);
  auto rows = rowsArgument(sema, call.arguments[2]);
  if (!function || !rows || hasError(call[1]))
    return ErrorValue{};
  Value f = *function;
  SourceRange at = call.arguments[0].range;
  auto body = [&](const ArrayValue &counter, const Value &carried) -> Value {
    const Value &state = carried.as<TupleValue>()->items[0];
    return TupleValue{{callWith(sema, f, {state, sema.elementAt(rows->values, counter)}, at)}};
  };
  auto describe = [&](size_t) { return std::pair(std::string("the state of `fold`"), at); };
  Value result = sema.forLoop(sema.builder.known(int64_t{0}, DType::I32),
                              sema.builder.known(rows->count, DType::I32), TupleValue{{call[1]}},
                              body, describe);
  auto tuple = result.as<TupleValue>();
  return tuple ? tuple->items[0] : Value(ErrorValue{});
}

/// map(f, xs): f of each row of xs, stacked; of a tuple, f of each item.
Value map(BuiltinCall &call) {
  Specializer &sema = call.sema;
  auto function = sema.expectFunction(call.arguments[0]);
  if (!function || hasError(call[1]))
    return ErrorValue{};
  Value f = *function;
  SourceRange at = call.arguments[0].range;
  if (auto tuple = call[1].as<TupleValue>()) {
    TupleValue result;
    for (const Value &item : tuple->items)
      result.items.push_back(callWith(sema, f, {item}, at));
    return result;
  }
  auto rows = rowsArgument(sema, call.arguments[1]);
  if (!rows)
    return ErrorValue{};
  return sema.vmapped(
      rows->count, rows->values, [&](const Value &row) { return callWith(sema, f, {row}, at); },
      call.range);
}

Value save(BuiltinCall &call) {
  return call.sema.save(call[0], call[1], call.arguments[0].range, call.arguments[1].range,
                        call.range);
}

Value figure(BuiltinCall &call) {
  call.sema.diagnostics.error(call.calleeRange, Msg::NotSupportedYet, call.name);
  return NothingValue{};
}

#define FIGURE_ARGUMENTS                                                                           \
  "(data=, x=, y=, z=, levels=, title=, xlabel=, ylabel=, zlabel=, label=, legend=, view=, mark="  \
  ", to=, ...)"

constexpr Builtin kBuiltins[] = {
    {"zip", "zip(...)", zip},
    {"scan", "scan(f, init, xs)", scan},
    {"fold", "fold(f, init, xs)", fold},
    {"map", "map(f, xs)", map},
    {"save", "save(value, path)", save},
    {"plot", "plot" FIGURE_ARGUMENTS, figure},
    {"contour", "contour" FIGURE_ARGUMENTS, figure},
    {"surface", "surface" FIGURE_ARGUMENTS, figure},
    {"histogram", "histogram" FIGURE_ARGUMENTS, figure},
};

} // namespace

std::span<const Builtin> controlBuiltins() { return kBuiltins; }

} // namespace descent::sema
