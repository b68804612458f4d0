// Functions that give an array another shape, and those that ask for it.
#include "frontend/sema/Builtins.h"
#include "frontend/sema/builtins/Compile.h"
#include "frontend/sema/builtins/Rearrange.h"
#include "frontend/sema/builtins/Support.h"

#include <algorithm>

namespace descent::sema {
namespace {

Value reshapeFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  auto dims = expectIntegers(call, call.arguments[1]);
  if (!x || !dims)
    return ErrorValue{};
  int64_t count = x->type.elementCount(), product = 1;
  auto open = dims->end();
  for (auto size = dims->begin(); size != dims->end(); ++size) {
    if (*size < -1 || (*size == -1 && open != dims->end()))
      return fail(call, call.arguments[1], Msg::BadArgument, "shape", call.name,
                  "sizes of 0 or more, one of which may be -1", "[" + joined(*dims) + "]");
    if (*size == -1)
      open = size;
    else
      product = sizeProduct(product, *size);
  }
  if (open != dims->end() && product > 0 && count % product == 0) {
    *open = count / product;
    product = count;
  }
  if (product != count || (open != dims->end() && *open == -1))
    return fail(call, call.arguments[1], Msg::ReshapeMismatch, describe(x->type), count,
                joined(*dims));
  return call.sema.builder.reshape(*x, *dims);
}

Value transposeFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  if (!x)
    return ErrorValue{};
  int64_t rank = std::ssize(x->type.dims);
  Dims permutation = counting(rank);
  if (call[1].isAbsent()) {
    std::reverse(permutation.begin(), permutation.end());
    return call.sema.builder.transpose(*x, permutation);
  }
  auto axes = expectIntegers(call, call.arguments[1]);
  if (!axes)
    return ErrorValue{};
  Dims normal = *axes;
  for (int64_t &axis : normal)
    if (axis < 0)
      axis += rank;
  if (!std::is_permutation(normal.begin(), normal.end(), permutation.begin(), permutation.end()))
    return fail(call, call.arguments[1], Msg::BadArgument, "axes", call.name,
                "each axis of " + describe(x->type) + " once", "(" + joined(*axes) + ")");
  return call.sema.builder.transpose(*x, normal);
}

Value swapaxesFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  if (!x)
    return ErrorValue{};
  int64_t rank = std::ssize(x->type.dims);
  auto a = call.sema.expectAxis(call.arguments[1], rank);
  auto b = call.sema.expectAxis(call.arguments[2], rank);
  if (!a || !b)
    return ErrorValue{};
  Dims permutation = counting(rank);
  std::swap(permutation[*a], permutation[*b]);
  return call.sema.builder.transpose(*x, permutation);
}

Value expandDimsFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  if (!x)
    return ErrorValue{};
  const auto *several = call[1].as<TupleValue>();
  int64_t added = several ? std::ssize(several->items) : 1;
  auto axes = axesArgument(call, call.arguments[1], std::ssize(x->type.dims) + added);
  if (!axes)
    return ErrorValue{};
  Dims dims = x->type.dims;
  for (int64_t axis : *axes)
    dims.insert(dims.begin() + axis, 1);
  return call.sema.builder.reshape(*x, dims);
}

Value squeezeFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  if (!x)
    return ErrorValue{};
  const Dims &dims = x->type.dims;
  Dims axes;
  if (call[1].isAbsent()) {
    for (int64_t i = 0; i < std::ssize(dims); ++i)
      if (dims[i] == 1)
        axes.push_back(i);
  } else {
    auto named = axesArgument(call, call.arguments[1], std::ssize(dims));
    if (!named)
      return ErrorValue{};
    axes = *named;
    for (int64_t axis : axes)
      if (dims[axis] != 1)
        return fail(call, call.arguments[1], Msg::BadArgument, "axis", call.name,
                    "an axis of size 1 of " + describe(x->type),
                    "one of size " + std::to_string(dims[axis]));
  }
  return call.sema.builder.reshape(*x, withoutAxes(dims, axes));
}

Value broadcastToFunction(BuiltinCall &call) {
  auto x = call.sema.expectArray(call.arguments[0]);
  auto shape = shapeArgument(call, call.arguments[1]);
  if (!x || !shape)
    return ErrorValue{};
  auto reached = broadcastShapes(x->type.dims, *shape);
  if (!reached || *reached != *shape)
    return fail(call, call.arguments[1], Msg::ShapeMismatch, describe(x->type),
                describe(TensorType{x->type.dtype, *shape}));
  return call.sema.builder.broadcastTo(*x, *shape);
}

// ---- Records as vectors -----------------------------------------------------------------------

/// The arrays in a value, in order, each as a vector of floats.
void collect(BuiltinCall &call, const Argument &argument, std::vector<ArrayValue> &lines,
             bool &ok) {
  mapLeaves(argument, [&](const Argument &leaf) -> Value {
    auto x = call.sema.expectFloat(leaf);
    if (x)
      lines.push_back(call.sema.builder.reshape(*x, {x->type.elementCount()}));
    else
      ok = false;
    return NothingValue{};
  });
}

Value ravelFunction(BuiltinCall &call) {
  std::vector<ArrayValue> lines;
  bool ok = true;
  collect(call, call.arguments[0], lines, ok);
  if (!ok)
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  if (lines.empty())
    return builder.splat(0, {call.sema.defaultFloat, {0}});
  if (lines.size() == 1)
    return lines[0];
  std::vector<SourceRange> ranges(lines.size(), rangeOf(call, call.arguments[0]));
  DType dtype = lines[0].type.dtype;
  for (const ArrayValue &line : lines)
    dtype = line.type.dtype == DType::F64 ? DType::F64 : dtype;
  for (ArrayValue &line : lines)
    if (line.type.dtype != dtype)
      line = builder.convert(line, dtype);
  return builder.concat(lines, 0);
}

Value unravelFunction(BuiltinCall &call) {
  auto x = call.sema.expectFloat(call.arguments[0]);
  if (!x || !expectRank(call, call.arguments[0], *x, 1, 1, "a vector"))
    return ErrorValue{};
  Builder &builder = call.sema.builder;
  int64_t size = x->type.dims[0], next = 0;
  bool ok = true;
  Value result = mapLeaves(call.arguments[1], [&](const Argument &leaf) -> Value {
    auto like = call.sema.expectArray(leaf);
    if (!like) {
      ok = false;
      return ErrorValue{};
    }
    int64_t start = next;
    next += like->type.elementCount();
    if (next > size)
      return ErrorValue{};
    ArrayValue part = start == 0 && next == size ? *x : sliceAxis(builder, *x, 0, start, next);
    part = builder.reshape(part, like->type.dims);
    // What was an integer becomes a float: a vector of parameters holds floats only.
    return part.type.dtype == like->type.dtype || !isFloat(like->type.dtype)
               ? part
               : builder.convert(part, like->type.dtype);
  });
  if (!ok)
    return ErrorValue{};
  if (next != size)
    return fail(call, call.arguments[0], Msg::BadArgument, "x", call.name,
                "a vector of " + std::to_string(next) + " elements", describe(x->type));
  return result;
}

const Builtin kTable[] = {
    {"reshape", "reshape(x, shape)", reshapeFunction},
    {"transpose", "transpose(x, axes=)", transposeFunction},
    {"swapaxes", "swapaxes(x, axis1, axis2)", swapaxesFunction},
    {"expand_dims", "expand_dims(x, axis)", expandDimsFunction},
    {"squeeze", "squeeze(x, axis=)", squeezeFunction},
    {"broadcast_to", "broadcast_to(x, shape)", broadcastToFunction},
    {"concat", "concat(arrays, axis=0)", concatFunction},
    {"stack", "stack(arrays, axis=0)", stackFunction},
    {"split", "split(x, num=, axis=0)", splitFunction},
    {"tile", "tile(x, reps)", tileFunction},
    {"repeat", "repeat(x, repeats, axis=)", repeatFunction},
    {"flip", "flip(x, axis=)", flipFunction},
    {"roll", "roll(x, shift, axis=)", rollFunction},
    {"pad", "pad(x, pad_width, mode=\"constant\", constant_values=0)", padFunction},
    {"ravel", "ravel(x)", ravelFunction},
    {"unravel", "unravel(x, like)", unravelFunction},
    {"len", "len(x)", lenFunction},
    {"is_function", "is_function(x)", isFunctionFunction},
    {"is_known", "is_known(x)", isKnownFunction},
    {"append", "append(items, x)", appendFunction},
    {"epsilon", "epsilon(x)", epsilonFunction},
    {"misuse", "misuse(argument, function, wanted, given)", misuseFunction},
    {"unsupported", "unsupported(what)", unsupportedFunction},
};

} // namespace

std::span<const Builtin> shapeBuiltins() {
  return kTable;
}

} // namespace descent::sema
