#include "frontend/sema/builtins/Rearrange.h"
#include "frontend/sema/builtins/Support.h"
#include "frontend/sema/builtins/Term.h"

#include <algorithm>

namespace descent::sema {
namespace {

/// The arrays of a list, of one dtype. Empty after an error.
std::vector<ArrayValue> arraysToJoin(BuiltinCall &call, std::vector<Argument> &arguments) {
  auto list = expectArrays(call, call.arguments[0]);
  if (!list)
    return {};
  arguments = std::move(*list);
  std::vector<ArrayValue> arrays;
  for (const Argument &argument : arguments) {
    auto x = call.sema.expectArray(argument);
    if (!x)
      return {};
    arrays.push_back(*x);
  }
  if (arrays.empty()) {
    fail(call, call.arguments[0], Msg::BadArgument, "arrays", call.name, "at least one array",
         "none");
    return {};
  }
  ArrayValue common = arrays[0];
  for (const ArrayValue &x : arrays) {
    auto dtype = call.sema.promote(common, x);
    if (!dtype) {
      fail(call, call.arguments[0], Msg::DtypeMismatch, call.name,
           describe(common.type) + " and " + describe(x.type));
      return {};
    }
    common.weak = common.weak && x.weak;
    common.type.dtype = *dtype;
  }
  for (ArrayValue &x : arrays)
    if (x.type.dtype != common.type.dtype)
      x = call.sema.builder.convert(x, common.type.dtype);
  return arrays;
}

/// Dimension `axis` of x in two: [outer, inner], row-major.
Dims withDims(Dims dims, int64_t axis, std::initializer_list<int64_t> instead) {
  dims.erase(dims.begin() + axis);
  dims.insert(dims.begin() + axis, instead);
  return dims;
}

/// An axis, or all of the array as one line where the argument is absent.
std::optional<int64_t> axisOrFlat(BuiltinCall &call, const Argument &argument, ArrayValue &x) {
  if (!argument.value.isAbsent())
    return call.sema.expectAxis(argument, std::ssize(x.type.dims));
  x = call.sema.builder.reshape(x, {x.type.elementCount()});
  return 0;
}

} // namespace

Value concatFunction(BuiltinCall &call) {
  std::vector<Argument> arguments;
  std::vector<ArrayValue> arrays = arraysToJoin(call, arguments);
  if (arrays.empty())
    return ErrorValue{};
  const Dims &first = arrays[0].type.dims;
  for (const ArrayValue &x : arrays)
    if (x.type.dims.empty())
      return fail(call, call.arguments[0], Msg::WrongRank, call.name,
                  "arrays with an axis to join along (`stack` makes a new one)", describe(x.type));
  auto axis = call.sema.expectAxis(call.arguments[1], std::ssize(first));
  if (!axis)
    return ErrorValue{};
  for (const ArrayValue &x : arrays)
    if (withoutAxes(x.type.dims, {*axis}) != withoutAxes(first, {*axis}) ||
        x.type.dims.size() != first.size())
      return fail(call, call.arguments[0], Msg::JoinMismatch, describe(arrays[0].type),
                  describe(x.type), *axis);
  return call.sema.builder.concat(arrays, *axis);
}

Value stackFunction(BuiltinCall &call) {
  std::vector<Argument> arguments;
  std::vector<ArrayValue> arrays = arraysToJoin(call, arguments);
  if (arrays.empty())
    return ErrorValue{};
  TensorType first = arrays[0].type;
  auto axis = call.sema.expectAxis(call.arguments[1], std::ssize(first.dims) + 1);
  if (!axis)
    return ErrorValue{};
  Dims dims = first.dims;
  dims.insert(dims.begin() + *axis, 1);
  for (ArrayValue &x : arrays) {
    if (x.type != first)
      return fail(call, call.arguments[0], Msg::JoinMismatch, describe(first), describe(x.type),
                  *axis);
    x = call.sema.builder.reshape(x, dims);
  }
  return call.sema.builder.concat(arrays, *axis);
}

Value splitFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  if (!x)
    return ErrorValue{};
  if (x->type.dtype == DType::Key && x->type.dims.empty())
    return splitKey(call);
  if (call[1].isAbsent())
    return fail(call, call.range, Msg::MissingArgument, call.name, "num");
  if (!expectRank(call, call.arguments[0], *x, 1, INT64_MAX, "an array with an axis"))
    return ErrorValue{};
  auto axis = call.sema.expectAxis(call.arguments[2], std::ssize(x->type.dims));
  auto places = expectIntegers(call, call.arguments[1]);
  if (!axis || !places)
    return ErrorValue{};
  int64_t size = x->type.dims[*axis];
  const ArrayValue *count = call[1].array();
  if (count && count->type.dims.empty()) {
    int64_t parts = places->front();
    if (parts < 1 || size % parts != 0)
      return fail(call, call.arguments[1], Msg::UnevenSplit, size, parts);
    if (!call.sema.charge(static_cast<size_t>(parts)))
      return ErrorValue{};
    places->clear();
    for (int64_t i = 1; i < parts; ++i)
      places->push_back(i * (size / parts));
  }
  TupleValue parts;
  int64_t start = 0;
  places->push_back(size);
  for (int64_t place : *places) {
    int64_t stop = std::clamp<int64_t>(place < 0 ? place + size : place, 0, size);
    parts.items.push_back(sliceAxis(call.sema.builder, *x, *axis, std::min(start, stop), stop));
    start = stop;
  }
  return parts;
}

Value tileFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  auto reps = expectIntegers(call, call.arguments[1]);
  if (!x || !reps)
    return ErrorValue{};
  for (int64_t times : *reps)
    if (times < 0)
      return fail(call, call.arguments[1], Msg::BadArgument, "reps", call.name, "0 or more", times);
  Dims dims = x->type.dims;
  size_t rank = std::max(dims.size(), reps->size());
  dims.insert(dims.begin(), rank - dims.size(), 1);
  reps->insert(reps->begin(), rank - reps->size(), 1);
  Dims spread, kept, result;
  for (size_t i = 0; i < rank; ++i) {
    spread.push_back((*reps)[i]);
    kept.push_back(std::ssize(spread));
    spread.push_back(dims[i]);
    result.push_back(sizeProduct((*reps)[i], dims[i]));
  }
  Builder &builder = call.sema.builder;
  return builder.reshape(builder.broadcast(builder.reshape(*x, dims), spread, kept), result);
}

Value repeatFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  if (!x)
    return ErrorValue{};
  const ArrayValue *count = call[1].array();
  if (call[1].as<TupleValue>() || (count && !count->type.dims.empty()))
    return notSupported(call, call.arguments[1], "repeat with a count for each element");
  auto times = call.sema.expectKnownInteger(call.arguments[1]);
  auto axis = axisOrFlat(call, call.arguments[2], *x);
  if (!times || !axis)
    return ErrorValue{};
  if (*times < 0)
    return fail(call, call.arguments[1], Msg::BadArgument, "repeats", call.name, "0 or more",
                *times);
  const Dims dims = x->type.dims;
  Dims spread = withDims(dims, *axis, {dims[*axis], *times});
  Dims kept = counting(std::ssize(spread));
  kept.erase(kept.begin() + *axis + 1);
  Builder &builder = call.sema.builder;
  return builder.reshape(builder.broadcast(*x, spread, kept),
                         withDims(dims, *axis, {sizeProduct(dims[*axis], *times)}));
}

Value flipFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  if (!x)
    return ErrorValue{};
  auto axes = axesArgument(call, call.arguments[1], std::ssize(x->type.dims));
  if (!axes)
    return ErrorValue{};
  return call.sema.builder.reverse(*x, *axes);
}

Value rollFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  auto shift = expectInteger(call, call.arguments[1]);
  if (!x || !shift)
    return ErrorValue{};
  if (call[2].as<TupleValue>() || !shift->type.dims.empty())
    return notSupported(call, call.arguments[1], "roll along several axes at once");
  const Dims dims = x->type.dims;
  auto axis = axisOrFlat(call, call.arguments[2], *x);
  if (!axis)
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  int64_t size = x->type.dims[*axis];
  if (size == 0)
    return builder.reshape(*x, dims);
  if (auto known = Value(*shift).knownInteger()) {
    int64_t first = (size - (*known % size + size) % size) % size;
    if (first == 0)
      return builder.reshape(*x, dims);
    const ArrayValue parts[] = {sliceAxis(builder, *x, *axis, first, size),
                                sliceAxis(builder, *x, *axis, 0, first)};
    return builder.reshape(builder.concat(parts, *axis), dims);
  }
  Term place(builder, builder.iota({shift->type.dtype, {size}}, 0));
  if (shift->type.dtype == DType::U32) {
    shift = builder.convert(*shift, DType::I32);
    place = place.convert(DType::I32);
  }
  Term from = (place - Term(builder, *shift).to({size})) % double(size);
  return builder.reshape(builder.gather(*x, from.value(), *axis), dims);
}

namespace {

/// Where padded positions take their elements from, for the modes that repeat the array's own.
std::optional<int64_t> sourceOf(std::string_view mode, int64_t position, int64_t size) {
  auto wrap = [](int64_t i, int64_t n) { return ((i % n) + n) % n; };
  if (mode == "edge")
    return std::clamp<int64_t>(position, 0, size - 1);
  if (mode == "wrap")
    return wrap(position, size);
  if (mode == "symmetric") {
    int64_t i = wrap(position, 2 * size);
    return i < size ? i : 2 * size - 1 - i;
  }
  if (mode == "reflect") {
    if (size == 1)
      return 0;
    int64_t i = wrap(position, 2 * size - 2);
    return i < size ? i : 2 * size - 2 - i;
  }
  return std::nullopt;
}

/// The amounts before and after each axis: from one number, one pair, or a pair for each axis.
bool padWidths(BuiltinCall &call, const Argument &argument, int64_t rank, Dims &low, Dims &high) {
  const auto *tuple = argument.value.as<TupleValue>();
  bool pairs = tuple && !tuple->items.empty() && tuple->items[0].as<TupleValue>();
  std::vector<Dims> widths;
  if (pairs) {
    for (const Value &item : tuple->items) {
      auto pair = expectIntegers(call, {argument.name, argument.nameRange, item, argument.range});
      if (!pair)
        return false;
      widths.push_back(*pair);
    }
  } else if (auto width = expectIntegers(call, argument)) {
    widths.push_back(*width);
  } else {
    return false;
  }
  bool fits = widths.size() == 1 || std::ssize(widths) == rank;
  for (const Dims &width : widths)
    fits =
        fits && (width.size() == 1 || width.size() == 2) && width.front() >= 0 && width.back() >= 0;
  if (!fits) {
    fail(call, argument, Msg::BadArgument, "pad_width", call.name,
         "an amount, a pair (before, after), or such a pair for each of " + std::to_string(rank) +
             " axes",
         describeType(argument.value));
    return false;
  }
  for (int64_t i = 0; i < rank; ++i) {
    const Dims &width = widths.size() == 1 ? widths[0] : widths[i];
    low.push_back(clampedOffset(width.front()));
    high.push_back(clampedOffset(width.back()));
  }
  return true;
}

} // namespace

Value padFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  auto mode = call.sema.expectKnownText(call.arguments[2]);
  if (!x || !mode)
    return ErrorValue{};
  int64_t rank = std::ssize(x->type.dims);
  Dims low, high;
  if (!padWidths(call, call.arguments[1], rank, low, high))
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  if (*mode == "constant") {
    auto value = call.sema.expectArray(call.arguments[3]);
    if (!value || !expectRank(call, call.arguments[3], *value, 0, 0, "a scalar to pad with"))
      return ErrorValue{};
    if (value->type.dtype != x->type.dtype)
      value = builder.convert(*value, x->type.dtype);
    return builder.pad(*x, *value, low, high, Dims(rank, 0));
  }
  if (!sourceOf(*mode, 0, 1))
    return fail(call, call.arguments[2], Msg::BadArgument, "mode", call.name,
                "\"constant\", \"edge\", \"reflect\", \"symmetric\" or \"wrap\"",
                "\"" + *mode + "\"");
  ArrayValue result = *x;
  for (int64_t axis = 0; axis < rank; ++axis) {
    int64_t size = x->type.dims[axis];
    if (low[axis] + high[axis] == 0)
      continue;
    if (size == 0)
      return fail(call, call.arguments[0], Msg::WrongRank, "pad with mode \"" + *mode + "\"",
                  "at least one element along each axis", describe(x->type));
    if (!call.sema.charge(static_cast<size_t>(low[axis] + size + high[axis])))
      return ErrorValue{};
    Dims positions;
    for (int64_t i = -low[axis]; i < size + high[axis]; ++i)
      positions.push_back(*sourceOf(*mode, i, size));
    result = take(builder, result, axis, positions);
  }
  return result;
}

} // namespace descent::sema
