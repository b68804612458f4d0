#include "frontend/sema/builtins/Support.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace descent::sema {

SourceRange rangeOf(const BuiltinCall &call, const Argument &argument) {
  return argument.range.isValid() ? argument.range : call.range;
}

Value notSupported(BuiltinCall &call) {
  return fail(call, call.calleeRange, Msg::NotSupportedYet, call.name);
}

Value notSupported(BuiltinCall &call, const Argument &argument, std::string_view what) {
  return fail(call, argument, Msg::NotSupportedYet, what);
}

std::optional<ArrayValue> expectNumber(BuiltinCall &call, const Argument &argument) {
  auto x = call.sema.expectArray(argument);
  if (!x)
    return std::nullopt;
  if (x->type.dtype == DType::Key) {
    fail(call, argument, Msg::DtypeMismatch, call.name, describe(x->type));
    return std::nullopt;
  }
  if (x->type.dtype == DType::Bool)
    return call.sema.builder.convert(*x, DType::I32);
  return x;
}

std::optional<ArrayValue> expectInteger(BuiltinCall &call, const Argument &argument) {
  auto x = call.sema.expectArray(argument);
  if (x && !isInteger(x->type.dtype)) {
    fail(call, argument, Msg::TypeMismatch, describe(x->type), "an integer");
    return std::nullopt;
  }
  return x;
}

std::optional<ArrayValue> expectFloatScalar(BuiltinCall &call, const Argument &argument) {
  auto x = call.sema.expectFloat(argument);
  if (x && !x->type.dims.empty()) {
    fail(call, argument, Msg::TypeMismatch, describe(x->type), "a scalar");
    return std::nullopt;
  }
  return x;
}

bool expectRank(BuiltinCall &call, const Argument &argument, const ArrayValue &x, int64_t minimum,
                int64_t maximum, std::string_view what) {
  int64_t rank = std::ssize(x.type.dims);
  if (rank >= minimum && rank <= maximum)
    return true;
  fail(call, argument, Msg::WrongRank, call.name, what, describe(x.type));
  return false;
}

std::optional<Known> expectKnownNumber(BuiltinCall &call, const Argument &argument) {
  auto x = expectNumber(call, argument);
  if (!x)
    return std::nullopt;
  if (!x->known) {
    fail(call, argument, Msg::TypeMismatch, describe(x->type) + ", known when it runs",
         "a number known at compile time");
    return std::nullopt;
  }
  return x->known;
}

double toDouble(const Known &known) {
  return std::visit([](auto number) { return static_cast<double>(number); }, known);
}

std::string toText(const Known &known) {
  if (auto number = std::get_if<double>(&known)) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, *number).ptr};
  }
  return std::to_string(std::visit([](auto n) { return static_cast<int64_t>(n); }, known));
}

std::optional<Dims> expectIntegers(BuiltinCall &call, const Argument &argument) {
  if (const auto *tuple = argument.value.as<TupleValue>()) {
    Dims integers;
    for (const Value &item : tuple->items) {
      Argument each{argument.name, argument.nameRange, item, argument.range};
      auto integer = call.sema.expectKnownInteger(each);
      if (!integer)
        return std::nullopt;
      integers.push_back(*integer);
    }
    return integers;
  }
  const ArrayValue *array = argument.value.array();
  if (array && array->elements)
    return *array->elements;
  if (array && !array->isScalar())
    return call.sema.expectShape(argument);
  auto integer = call.sema.expectKnownInteger(argument);
  return integer ? std::optional<Dims>({*integer}) : std::nullopt;
}

std::optional<Dims> shapeArgument(BuiltinCall &call, const Argument &argument) {
  if (argument.value.isAbsent())
    return Dims{};
  return call.sema.expectShape(argument);
}

std::optional<DType> dtypeArgument(BuiltinCall &call, const Argument &argument, DType fallback) {
  if (argument.value.isAbsent())
    return fallback;
  return call.sema.expectDType(argument);
}

std::optional<DType> floatDTypeArgument(BuiltinCall &call, const Argument &argument) {
  auto dtype = dtypeArgument(call, argument, call.sema.defaultFloat);
  if (dtype && !isFloat(*dtype)) {
    fail(call, argument, Msg::BadArgument, "dtype", call.name, "f32 or f64", nameOf(*dtype));
    return std::nullopt;
  }
  return dtype;
}

std::optional<Dims> axesArgument(BuiltinCall &call, const Argument &argument, int64_t rank) {
  if (argument.value.isAbsent())
    return counting(rank);
  Dims axes;
  auto add = [&](const Value &value) {
    Argument each{argument.name, argument.nameRange, value, rangeOf(call, argument)};
    auto axis = call.sema.expectAxis(each, rank);
    if (!axis)
      return false;
    if (std::find(axes.begin(), axes.end(), *axis) != axes.end()) {
      fail(call, argument, Msg::DuplicateAxis, *axis);
      return false;
    }
    axes.push_back(*axis);
    return true;
  };
  const ArrayValue *array = argument.value.array();
  if (const auto *tuple = argument.value.as<TupleValue>()) {
    for (const Value &item : tuple->items)
      if (!add(item))
        return std::nullopt;
  } else if (array && array->elements) {
    for (int64_t axis : *array->elements)
      if (!add(call.sema.builder.known(axis, DType::I32)))
        return std::nullopt;
  } else if (!add(argument.value)) {
    return std::nullopt;
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

std::optional<std::vector<Argument>> expectArrays(BuiltinCall &call, const Argument &argument) {
  std::vector<Argument> arrays;
  if (const auto *tuple = argument.value.as<TupleValue>()) {
    for (const Value &item : tuple->items)
      arrays.push_back({"", {}, item, rangeOf(call, argument)});
    return arrays;
  }
  auto x = call.sema.expectArray(argument);
  if (!x || !expectRank(call, argument, *x, 1, INT64_MAX, "a tuple or list of arrays"))
    return std::nullopt;
  Builder &builder = call.sema.builder;
  Dims dims(x->type.dims.begin() + 1, x->type.dims.end());
  if (!call.sema.charge(static_cast<size_t>(x->type.dims[0])))
    return std::nullopt;
  for (int64_t i = 0; i < x->type.dims[0]; ++i)
    arrays.push_back({"",
                      {},
                      builder.reshape(sliceAxis(builder, *x, 0, i, i + 1), dims),
                      rangeOf(call, argument)});
  return arrays;
}

Value mapLeaves(const Argument &argument, const std::function<Value(const Argument &)> &apply) {
  auto within = [&](const Value &value) {
    Value result = mapLeaves({argument.name, argument.nameRange, value, argument.range}, apply);
    return result;
  };
  if (const auto *tuple = argument.value.as<TupleValue>()) {
    TupleValue result;
    for (const Value &item : tuple->items)
      result.items.push_back(within(item));
    return result;
  }
  if (const auto *record = argument.value.as<RecordValue>()) {
    RecordValue result;
    for (const auto &[name, value] : record->fields)
      result.fields.emplace_back(name, within(value));
    return result;
  }
  return apply(argument);
}

std::string joined(const Dims &dims) {
  std::string text;
  for (int64_t size : dims) {
    if (!text.empty())
      text += ", ";
    text += std::to_string(size);
  }
  return text;
}

std::optional<Dims> broadcastShapes(const Dims &a, const Dims &b) {
  const Dims &longer = a.size() < b.size() ? b : a;
  const Dims &shorter = a.size() < b.size() ? a : b;
  Dims result = longer;
  size_t offset = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t &size = result[offset + i];
    if (size == 1)
      size = shorter[i];
    else if (shorter[i] != 1 && shorter[i] != size)
      return std::nullopt;
  }
  return result;
}

Dims withoutAxes(const Dims &dims, const Dims &axes) {
  Dims rest;
  for (size_t i = 0; i < dims.size(); ++i)
    if (std::find(axes.begin(), axes.end(), int64_t(i)) == axes.end())
      rest.push_back(dims[i]);
  return rest;
}

Dims movedAxis(int64_t rank, int64_t from, int64_t to) {
  Dims permutation = counting(rank);
  permutation.erase(permutation.begin() + from);
  permutation.insert(permutation.begin() + to, from);
  return permutation;
}

int64_t sizeProduct(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product) || product > 2 * Builder::kMaxElements)
    return 2 * Builder::kMaxElements;
  return product;
}

int64_t countOf(const Dims &shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count = sizeProduct(count, size);
  return count;
}

int64_t clampedOffset(int64_t offset) {
  return std::clamp(offset, -2 * Builder::kMaxElements, 2 * Builder::kMaxElements);
}

Dims counting(int64_t n) {
  Dims result(n);
  std::iota(result.begin(), result.end(), 0);
  return result;
}

ArrayValue take(Builder &builder, const ArrayValue &x, int64_t axis, const Dims &positions) {
  ArrayValue indices = builder.constant({positions}, {DType::I32, {std::ssize(positions)}});
  return builder.gather(x, indices, axis);
}

ArrayValue sliceAxis(Builder &builder, const ArrayValue &x, int64_t axis, int64_t start,
                     int64_t limit, int64_t stride) {
  Dims starts(x.type.dims.size(), 0), limits = x.type.dims, strides(x.type.dims.size(), 1);
  starts[axis] = start;
  limits[axis] = limit;
  strides[axis] = stride;
  return builder.slice(x, starts, limits, strides);
}

} // namespace descent::sema
