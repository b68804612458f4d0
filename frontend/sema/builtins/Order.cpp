#include "frontend/sema/builtins/Order.h"
#include "frontend/sema/builtins/Support.h"
#include "frontend/sema/builtins/Term.h"

#include <algorithm>
#include <limits>

namespace descent::sema {
namespace {

Value cumulative(BuiltinCall &call) {
  auto x = expectNumber(call, call.arguments[0]);
  if (!x)
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  int64_t axis = 0;
  if (call[1].isAbsent()) {
    x = builder.reshape(*x, {x->type.elementCount()});
  } else {
    auto named = call.sema.expectAxis(call.arguments[1], std::ssize(x->type.dims));
    if (!named)
      return ErrorValue{};
    axis = *named;
  }
  return builder.cumulative(call.name, *x, axis);
}

/// The arguments `(x, axis=-1, descending=false)`.
struct Sorting {
  ArrayValue x;
  int64_t axis;
  bool descending;
};
std::optional<Sorting> readSorting(BuiltinCall &call) {
  auto x = expectNumber(call, call.arguments[0]);
  if (!x || !expectRank(call, call.arguments[0], *x, 1, INT64_MAX, "an array with an axis"))
    return std::nullopt;
  auto axis = call.sema.expectAxis(call.arguments[1], std::ssize(x->type.dims));
  auto descending = call.sema.expectKnownBool(call.arguments[2]);
  if (!axis || !descending)
    return std::nullopt;
  return Sorting{*x, *axis, *descending};
}

/// The combined axes as one first axis, sorted along it: [n, rest…], and where there is a NaN.
struct Sorted {
  Term values;
  Term hasNan;
  Dims kept; ///< the shape of x with 1 for each combined axis
};
std::optional<Sorted> sortedAlong(BuiltinCall &call, const Argument &axisArgument) {
  auto x = call.sema.expectFloat(call.arguments[0]);
  if (!x)
    return std::nullopt;
  auto axes = axesArgument(call, axisArgument, std::ssize(x->type.dims));
  if (!axes)
    return std::nullopt;
  Dims permutation = *axes, kept = x->type.dims;
  int64_t n = 1;
  for (int64_t i = 0; i < std::ssize(kept); ++i)
    if (std::find(axes->begin(), axes->end(), i) == axes->end())
      permutation.push_back(i);
  for (int64_t axis : *axes) {
    n *= kept[axis];
    kept[axis] = 1;
  }
  if (n == 0) {
    fail(call, call.arguments[0], Msg::EmptyReduction, call.name, describe(x->type));
    return std::nullopt;
  }
  Dims lines = withoutAxes(x->type.dims, *axes);
  lines.insert(lines.begin(), n);
  Builder &builder = call.sema.builder;
  ArrayValue flat = builder.reshape(builder.transpose(*x, permutation), lines);
  ArrayValue order = sortingOrder(builder, flat, 0, false);
  Term values(builder, takeAlong(builder, flat, order, 0));
  Term isNan = values != values;
  return Sorted{values, {builder, builder.reduce("reduce_or", isNan.value(), {0})}, kept};
}

/// Elements of the first axis at positions between 0 and n − 1, which may lie between two of them.
/// The result is [positions…, rest…].
Term interpolated(Term values, Term position) {
  Builder &builder = values.builder();
  Term lower = floor(position);
  auto at = [&](Term where) {
    double last = double(values.type().dims[0] - 1);
    Term index = max(min(where, where.like(last)), where.like(0)).convert(DType::I32);
    return Term(builder, builder.gather(values.value(), index.value(), 0));
  };
  Term below = at(lower), above = at(lower + 1);
  const Dims &shape = below.type().dims;
  // The weight of a position goes to a whole row.
  Term weight(builder, builder.broadcast((position - lower).value(), shape,
                                         counting(std::ssize(position.type().dims))));
  // A neighbour that has no weight must not count: it may be infinite.
  return select(weight == 0, below, below * (1 - weight) + above * weight);
}

Value finishQuantile(const Sorted &sorted, Term result, const Dims &positions, bool keepDims) {
  Dims rest(sorted.values.type().dims.begin() + 1, sorted.values.type().dims.end());
  result = select(sorted.hasNan.to(result.type().dims), std::numeric_limits<double>::quiet_NaN(),
                  result);
  if (!keepDims)
    return result;
  Dims kept = positions;
  kept.insert(kept.end(), sorted.kept.begin(), sorted.kept.end());
  return result.reshaped(kept);
}

} // namespace

ArrayValue sortingOrder(Builder &builder, const ArrayValue &x, int64_t axis, bool descending) {
  if (!descending)
    return builder.argsort(x, axis);
  // Sorting backwards and reading the order backwards keeps equal elements in their order.
  Term order(builder, builder.reverse(builder.argsort(builder.reverse(x, {axis}), axis), {axis}));
  return (double(x.type.dims[axis] - 1) - order).value();
}

ArrayValue takeAlong(Builder &builder, const ArrayValue &x, const ArrayValue &indices,
                     int64_t axis) {
  int64_t rank = std::ssize(x.type.dims), last = rank - 1;
  if (axis == last)
    return builder.gather(x, indices, last, last);
  Dims there = movedAxis(rank, axis, last), back = movedAxis(rank, last, axis);
  ArrayValue taken =
      builder.gather(builder.transpose(x, there), builder.transpose(indices, there), last, last);
  return builder.transpose(taken, back);
}

Value cumsumFunction(BuiltinCall &call) {
  return cumulative(call);
}
Value cumprodFunction(BuiltinCall &call) {
  return cumulative(call);
}
Value cummaxFunction(BuiltinCall &call) {
  return cumulative(call);
}

Value sortFunction(BuiltinCall &call) {
  auto sorting = readSorting(call);
  if (!sorting)
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  ArrayValue order = sortingOrder(builder, sorting->x, sorting->axis, sorting->descending);
  ArrayValue result = takeAlong(builder, sorting->x, order, sorting->axis);
  return call[0].array()->type.dtype == DType::Bool ? builder.convert(result, DType::Bool) : result;
}

Value argsortFunction(BuiltinCall &call) {
  auto sorting = readSorting(call);
  if (!sorting)
    return ErrorValue{};
  return sortingOrder(call.sema.builder, sorting->x, sorting->axis, sorting->descending);
}

Value topKFunction(BuiltinCall &call) {
  auto x = expectNumber(call, call.arguments[0]);
  auto k = call.sema.expectKnownInteger(call.arguments[1]);
  if (!x || !k || !expectRank(call, call.arguments[0], *x, 1, INT64_MAX, "an array with an axis"))
    return ErrorValue{};
  int64_t axis = std::ssize(x->type.dims) - 1;
  if (*k < 0 || *k > x->type.dims[axis])
    return fail(call, call.arguments[1], Msg::BadArgument, "k", call.name,
                "at most the size of the last axis of " + describe(x->type), *k);
  Builder &builder = call.sema.builder;
  ArrayValue order = sliceAxis(builder, sortingOrder(builder, *x, axis, true), axis, 0, *k);
  return TupleValue{{takeAlong(builder, *x, order, axis), order}};
}

Value medianFunction(BuiltinCall &call) {
  auto sorted = sortedAlong(call, call.arguments[1]);
  auto keepDims = call.sema.expectKnownBool(call.arguments[2]);
  if (!sorted || !keepDims)
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  const TensorType &type = sorted->values.type();
  int64_t n = type.dims[0];
  Dims rest(type.dims.begin() + 1, type.dims.end());
  auto row = [&](int64_t i) {
    return Term(builder, sliceAxis(builder, sorted->values.value(), 0, i, i + 1)).reshaped(rest);
  };
  Term middle = n % 2 ? row(n / 2) : 0.5 * row(n / 2 - 1) + 0.5 * row(n / 2);
  return finishQuantile(*sorted, middle, {}, *keepDims);
}

Value quantileFunction(BuiltinCall &call) {
  auto sorted = sortedAlong(call, call.arguments[2]);
  auto q = call.sema.expectFloat(call.arguments[1]);
  auto keepDims = call.sema.expectKnownBool(call.arguments[3]);
  if (!sorted || !q || !keepDims)
    return ErrorValue{};
  if (!expectRank(call, call.arguments[1], *q, 0, 1, "one fraction or a vector of them"))
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  const TensorType &type = sorted->values.type();
  Term fraction(builder, q->type.dtype == type.dtype ? *q : builder.convert(*q, type.dtype));
  Term result = interpolated(sorted->values, fraction * double(type.dims[0] - 1));
  return finishQuantile(*sorted, result, q->type.dims, *keepDims);
}

} // namespace descent::sema
