// Functions that make arrays from sizes and numbers.
#include "frontend/sema/Builtins.h"
#include "frontend/sema/builtins/Support.h"
#include "frontend/sema/builtins/Term.h"

#include <algorithm>
#include <cmath>

namespace descent::sema {
namespace {

// ---- Filled with one value --------------------------------------------------------------------

Value filled(BuiltinCall &call, double number) {
  auto shape = shapeArgument(call, call.arguments[0]);
  auto dtype = dtypeArgument(call, call.arguments[1], call.sema.defaultFloat);
  if (!shape || !dtype)
    return ErrorValue{};
  if (*dtype == DType::Key)
    return fail(call, call.arguments[1], Msg::BadArgument, "dtype", call.name, "a number's type",
                "key");
  return call.sema.builder.splat(number, {*dtype, *shape});
}
Value zerosFunction(BuiltinCall &call) {
  return filled(call, 0);
}
Value onesFunction(BuiltinCall &call) {
  return filled(call, 1);
}

Value fullFunction(BuiltinCall &call) {
  auto shape = shapeArgument(call, call.arguments[0]);
  auto value = call.sema.expectArray(call.arguments[1]);
  if (!shape || !value)
    return ErrorValue{};
  auto dtype = dtypeArgument(call, call.arguments[2], value->type.dtype);
  if (!dtype)
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  auto reached = broadcastShapes(value->type.dims, *shape);
  if (!reached || *reached != *shape)
    return fail(call, call.arguments[1], Msg::ShapeMismatch, describe(value->type),
                describe(TensorType{value->type.dtype, *shape}));
  if (*dtype != value->type.dtype)
    value = builder.convert(*value, *dtype);
  return builder.broadcastTo(*value, *shape);
}

Value filledLike(BuiltinCall &call, double number) {
  return mapLeaves(call.arguments[0], [&](const Argument &argument) -> Value {
    auto x = expectNumber(call, argument);
    if (!x)
      return ErrorValue{};
    auto dtype = dtypeArgument(call, call.arguments[1], argument.value.array()->type.dtype);
    if (!dtype)
      return ErrorValue{};
    return call.sema.builder.splat(number, {*dtype, x->type.dims});
  });
}
Value zerosLikeFunction(BuiltinCall &call) {
  return filledLike(call, 0);
}
Value onesLikeFunction(BuiltinCall &call) {
  return filledLike(call, 1);
}

// ---- Ranges -----------------------------------------------------------------------------------

Value arangeFunction(BuiltinCall &call) {
  Known bounds[3] = {int64_t{0}, int64_t{0}, int64_t{1}};
  bool oneBound = call[1].isAbsent();
  for (int i = 0; i < 3; ++i) {
    if (call[i].isAbsent())
      continue;
    auto number = expectKnownNumber(call, call.arguments[i]);
    if (!number)
      return ErrorValue{};
    bounds[oneBound && i == 0 ? 1 : i] = *number;
  }
  bool floats = std::any_of(std::begin(bounds), std::end(bounds), [](const Known &known) {
    return std::holds_alternative<double>(known);
  });
  auto dtype = dtypeArgument(call, call.arguments[3], floats ? call.sema.defaultFloat : DType::I32);
  if (!dtype)
    return ErrorValue{};
  if (!isFloat(*dtype) && !isInteger(*dtype))
    return fail(call, call.arguments[3], Msg::BadArgument, "dtype", call.name, "a number's type",
                nameOf(*dtype));
  const Argument &last = call.arguments[oneBound ? 0 : 1];
  static const char *const names[] = {"start", "stop", "step"};
  for (int i = 0; i < 3; ++i)
    if (!std::isfinite(toDouble(bounds[i])))
      return fail(call, i == 1 ? last : call.arguments[i], Msg::BadArgument, names[i], call.name,
                  "a finite number", toText(bounds[i]));
  double start = toDouble(bounds[0]), stop = toDouble(bounds[1]), step = toDouble(bounds[2]);
  if (step == 0)
    return fail(call, call.arguments[2], Msg::BadArgument, "step", call.name,
                "a number that leads from start to stop", toText(bounds[2]));
  double count = std::ceil((stop - start) / step);
  if (count > static_cast<double>(Builder::kMaxElements))
    return fail(call, last, Msg::ArrayTooLarge, call.name, toText(count), Builder::kMaxElements);
  TensorType type{*dtype, {static_cast<int64_t>(std::max(count, 0.0))}};
  Builder &builder = call.sema.builder;
  if (!floats || isFloat(*dtype)) {
    Term index(builder, builder.iota(type, 0));
    Term scaled = step == 1 ? index : index * step;
    return start == 0 ? scaled : scaled + start;
  }
  // Fractions are rounded toward zero only at the end.
  Term index(builder, builder.iota({DType::F64, type.dims}, 0));
  return (index * step + start).convert(*dtype);
}

Value linspaceFunction(BuiltinCall &call) {
  auto start = expectFloatScalar(call, call.arguments[0]);
  auto stop = expectFloatScalar(call, call.arguments[1]);
  auto count = call.sema.expectKnownInteger(call.arguments[2]);
  auto endpoint = call.sema.expectKnownBool(call.arguments[3]);
  if (!start || !stop || !count || !endpoint)
    return ErrorValue{};
  if (*count < 0)
    return fail(call, call.arguments[2], Msg::BadArgument, "num", call.name, "0 or more", *count);
  ArrayValue ends[] = {*start, *stop};
  const SourceRange ranges[] = {rangeOf(call, call.arguments[0]), rangeOf(call, call.arguments[1])};
  if (!call.sema.unify(ends, ranges, call.calleeRange))
    return ErrorValue{};
  auto dtype = dtypeArgument(call, call.arguments[4], ends[0].type.dtype);
  if (!dtype)
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  DType inner = ends[0].type.dtype;
  int64_t divisions = *endpoint ? *count - 1 : *count;
  auto result = [&](Term numbers) -> Value {
    return *dtype == inner ? numbers : numbers.convert(*dtype);
  };
  Term first = Term(builder, ends[0]).to({*count});
  if (divisions < 1)
    return result(first);
  Term last = Term(builder, ends[1]).to({*count});
  Term index(builder, builder.iota({inner, {*count}}, 0));
  Term part = index / double(divisions);
  Term between = first * (1 - part) + last * part;
  // The last element is the stop itself, without rounding.
  return result(*endpoint ? select(index == double(divisions), last, between) : between);
}

Value meshgridFunction(BuiltinCall &call) {
  auto indexing = call.sema.expectKnownText(call.arguments[3]);
  if (!indexing)
    return ErrorValue{};
  bool swapped = *indexing == "xy";
  if (!swapped && *indexing != "ij")
    return fail(call, call.arguments[3], Msg::BadArgument, "indexing", call.name,
                "\"xy\" or \"ij\"", "\"" + *indexing + "\"");
  std::vector<ArrayValue> axes;
  for (int i = 0; i < 3; ++i) {
    if (call[i].isAbsent())
      continue;
    auto x = call.sema.expectArray(call.arguments[i]);
    if (!x || !expectRank(call, call.arguments[i], *x, 0, 1, "vectors"))
      return ErrorValue{};
    axes.push_back(*x);
  }
  int64_t rank = std::ssize(axes);
  auto place = [&](int64_t axis) { return swapped && rank > 1 && axis < 2 ? 1 - axis : axis; };
  Dims shape(rank);
  for (int64_t i = 0; i < rank; ++i)
    shape[place(i)] = axes[i].type.elementCount();
  TupleValue grids;
  for (int64_t i = 0; i < rank; ++i) {
    Builder &builder = call.sema.builder;
    ArrayValue line = builder.reshape(axes[i], {axes[i].type.elementCount()});
    grids.items.push_back(builder.broadcast(line, shape, {place(i)}));
  }
  return grids;
}

// ---- Diagonals and triangles ------------------------------------------------------------------

/// column − row, for every element of the last two of `dims`.
Term offsetFromDiagonal(Builder &builder, const Dims &dims) {
  int64_t rank = std::ssize(dims);
  TensorType type{DType::I32, dims};
  return Term(builder, builder.iota(type, rank - 1)) - Term(builder, builder.iota(type, rank - 2));
}

/// n rows and m (as many, if absent) columns.
std::optional<Dims> matrixShape(BuiltinCall &call) {
  auto rows = call.sema.expectKnownInteger(call.arguments[0]);
  if (!rows)
    return std::nullopt;
  auto columns = call[1].isAbsent() ? rows : call.sema.expectKnownInteger(call.arguments[1]);
  if (!columns)
    return std::nullopt;
  for (int i = 0; i < 2; ++i)
    if (int64_t size = i == 0 ? *rows : *columns; size < 0) {
      fail(call, call.arguments[call[i].isAbsent() ? 0 : i], Msg::BadArgument, i == 0 ? "n" : "m",
           call.name, "0 or more", size);
      return std::nullopt;
    }
  return Dims{*rows, *columns};
}

template <typename Test> Value matrixMask(BuiltinCall &call, Test test) {
  auto shape = matrixShape(call);
  auto offset = call.sema.expectKnownInteger(call.arguments[2]);
  auto dtype = dtypeArgument(call, call.arguments[3], call.sema.defaultFloat);
  if (!shape || !offset || !dtype)
    return ErrorValue{};
  Term mask = test(offsetFromDiagonal(call.sema.builder, *shape), double(*offset));
  return *dtype == DType::Bool ? mask : mask.convert(*dtype);
}
Value eyeFunction(BuiltinCall &call) {
  return matrixMask(call, [](Term offset, double k) { return offset == k; });
}
Value triFunction(BuiltinCall &call) {
  return matrixMask(call, [](Term offset, double k) { return offset <= k; });
}

template <typename Test> Value triangle(BuiltinCall &call, Test test) {
  auto x = expectNumber(call, call.arguments[0]);
  auto offset = call.sema.expectKnownInteger(call.arguments[1]);
  if (!x || !offset ||
      !expectRank(call, call.arguments[0], *x, 2, INT64_MAX, "a matrix or a stack of them"))
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  Term mask = test(offsetFromDiagonal(builder, x->type.dims), double(*offset));
  return select(mask, Term(builder, *x), 0);
}
Value trilFunction(BuiltinCall &call) {
  return triangle(call, [](Term offset, double k) { return offset <= k; });
}
Value triuFunction(BuiltinCall &call) {
  return triangle(call, [](Term offset, double k) { return offset >= k; });
}

Value diagFunction(BuiltinCall &call) {
  auto x = expectNumber(call, call.arguments[0]);
  auto offset = call.sema.expectKnownInteger(call.arguments[1]);
  if (!x || !offset || !expectRank(call, call.arguments[0], *x, 1, 2, "a vector or a matrix"))
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  *offset = clampedOffset(*offset);
  if (x->type.dims.size() == 2)
    return diagonal(builder, *x, *offset);
  // With n zeros between two neighbours, a vector is its own diagonal matrix in row-major order.
  int64_t n = x->type.dims[0], k = *offset;
  ArrayValue zero = builder.splat(0, {x->type.dtype, {}});
  ArrayValue matrix = n == 0 ? builder.reshape(*x, {0, 0})
                             : builder.reshape(builder.pad(*x, zero, {0}, {0}, {n}), {n, n});
  if (k == 0)
    return matrix;
  int64_t above = std::max<int64_t>(k, 0), below = std::max<int64_t>(-k, 0);
  return builder.pad(matrix, zero, {below, above}, {above, below}, {0, 0});
}

Value oneHotFunction(BuiltinCall &call) {
  auto labels = expectInteger(call, call.arguments[0]);
  auto count = call.sema.expectKnownInteger(call.arguments[1]);
  auto dtype = dtypeArgument(call, call.arguments[2], call.sema.defaultFloat);
  if (!labels || !count || !dtype)
    return ErrorValue{};
  if (*count < 0)
    return fail(call, call.arguments[1], Msg::BadArgument, "num_classes", call.name, "0 or more",
                *count);
  Dims dims = labels->type.dims;
  auto axis = call.sema.expectAxis(call.arguments[3], std::ssize(dims) + 1);
  if (!axis)
    return ErrorValue{};
  dims.insert(dims.begin() + *axis, *count);
  Dims places = counting(std::ssize(dims));
  places.erase(places.begin() + *axis);
  Builder &builder = call.sema.builder;
  Term classes(builder, builder.iota({labels->type.dtype, dims}, *axis));
  Term mask = classes == Term(builder, builder.broadcast(*labels, dims, places));
  return *dtype == DType::Bool ? mask : mask.convert(*dtype);
}

const Builtin kTable[] = {
    {"zeros", "zeros(shape, dtype=)", zerosFunction},
    {"ones", "ones(shape, dtype=)", onesFunction},
    {"full", "full(shape, value, dtype=)", fullFunction},
    {"zeros_like", "zeros_like(x, dtype=)", zerosLikeFunction},
    {"ones_like", "ones_like(x, dtype=)", onesLikeFunction},
    {"eye", "eye(n, m=, k=0, dtype=)", eyeFunction},
    {"arange", "arange(start, stop=, step=, dtype=)", arangeFunction},
    {"linspace", "linspace(start, stop, num=50, endpoint=true, dtype=)", linspaceFunction},
    {"meshgrid", "meshgrid(x, y=, z=, indexing=\"xy\")", meshgridFunction},
    {"tri", "tri(n, m=, k=0, dtype=)", triFunction},
    {"tril", "tril(x, k=0)", trilFunction},
    {"triu", "triu(x, k=0)", triuFunction},
    {"diag", "diag(x, k=0)", diagFunction},
    {"one_hot", "one_hot(x, num_classes, dtype=, axis=-1)", oneHotFunction},
};

} // namespace

ArrayValue diagonal(Builder &builder, const ArrayValue &x, int64_t offset) {
  int64_t rank = std::ssize(x.type.dims);
  int64_t rows = x.type.dims[rank - 2], columns = x.type.dims[rank - 1];
  int64_t length = std::max<int64_t>(0, offset >= 0 ? std::min(rows, columns - offset)
                                                    : std::min(rows + offset, columns));
  // In row-major order the elements of a diagonal are columns + 1 apart.
  int64_t first = offset >= 0 ? offset : -offset * columns;
  Dims flat(x.type.dims.begin(), x.type.dims.end() - 1);
  flat.back() = rows * columns;
  if (length == 0)
    first = 0;
  int64_t limit = length == 0 ? 0 : first + (length - 1) * (columns + 1) + 1;
  return sliceAxis(builder, builder.reshape(x, flat), rank - 2, first, limit, columns + 1);
}

std::span<const Builtin> makerBuiltins() {
  return kTable;
}

} // namespace descent::sema
