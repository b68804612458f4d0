#include "frontend/sema/Builder.h"

#include "frontend/sema/Fold.h"

#include <algorithm>
#include <cmath>

namespace descent::sema {
namespace {

using Attributes = std::vector<std::pair<std::string_view, Attribute>>;

/// The number of elements, or nothing where it is more than an array can have.
std::optional<int64_t> countElements(const TensorType &type) {
  int64_t count = 1;
  for (int64_t dim : type.dims)
    if (__builtin_mul_overflow(count, dim, &count) || count > Builder::kMaxElements)
      return std::nullopt;
  return count;
}

/// The names of sizes of a result whose operands have one shape.
std::vector<uint32_t> mergedLabels(const ArrayValue &a, const ArrayValue &b) {
  if (a.labels.empty())
    return b.labels;
  std::vector<uint32_t> labels = a.labels;
  for (size_t i = 0; i < labels.size() && i < b.labels.size(); ++i)
    if (labels[i] == 0)
      labels[i] = b.labels[i];
  return labels;
}

uint32_t labelOf(const ArrayValue &x, int64_t dim) {
  return x.labels.empty() ? 0 : x.labels[static_cast<size_t>(dim)];
}

/// `labels`, or none where no dimension has one.
std::vector<uint32_t> normalized(std::vector<uint32_t> labels) {
  if (std::ranges::all_of(labels, [](uint32_t label) { return label == 0; }))
    return {};
  return labels;
}

using Bounds = std::optional<std::pair<int64_t, int64_t>>;

Bounds boundsOf(const ArrayValue &x) {
  if (x.known && isInteger(x.type.dtype))
    return std::pair(integerOf(*x.known), integerOf(*x.known));
  return x.bounds;
}

/// Bounds that a sum or product of the type may have without having wrapped.
Bounds unwrapped(int64_t low, int64_t high, DType dtype) {
  constexpr int64_t limit = int64_t{1} << 31;
  if (low < -limit || high >= limit || (dtype == DType::U32 && low < 0))
    return std::nullopt;
  return std::pair(low, high);
}

Bounds binaryBounds(std::string_view name, const ArrayValue &lhs, const ArrayValue &rhs) {
  if (!isInteger(lhs.type.dtype))
    return std::nullopt;
  Bounds a = boundsOf(lhs), b = boundsOf(rhs);
  if (!a || !b)
    return std::nullopt;
  constexpr int64_t limit = int64_t{1} << 31;
  for (int64_t v : {a->first, a->second, b->first, b->second})
    if (v < -limit || v > limit)
      return std::nullopt;
  if (name == "add")
    return unwrapped(a->first + b->first, a->second + b->second, lhs.type.dtype);
  if (name == "sub")
    return unwrapped(a->first - b->second, a->second - b->first, lhs.type.dtype);
  if (name == "mul") {
    auto [low, high] = std::minmax({a->first * b->first, a->first * b->second, a->second * b->first,
                                    a->second * b->second});
    return unwrapped(low, high, lhs.type.dtype);
  }
  if (name == "min")
    return std::pair(std::min(a->first, b->first), std::min(a->second, b->second));
  if (name == "max")
    return std::pair(std::max(a->first, b->first), std::max(a->second, b->second));
  if (name == "mod" && b->first == b->second && b->first > 0)
    return std::pair(int64_t{0}, b->first - 1);
  if (name == "floordiv" && b->first == b->second && b->first > 0 && a->first >= 0)
    return std::pair(a->first / b->first, a->second / b->first);
  return std::nullopt;
}

} // namespace

Builder::Builder(Program &program) : target(&program), current(&program.main) {}

Op &Builder::append(std::string_view name, std::vector<ValueId> operands,
                    std::vector<TensorType> results) {
  ++operationCount;
  Op op;
  op.name = name;
  op.operands = std::move(operands);
  op.range = range;
  for (TensorType &type : results) {
    if (!countElements(type)) {
      if (!tooLarge)
        tooLarge = type;
      std::ranges::fill(type.dims, 1);
    }
    op.results.push_back(target->addValue(std::move(type)));
  }
  current->ops.push_back(std::move(op));
  return current->ops.back();
}

ArrayValue Builder::appendOne(std::string_view name, std::vector<ValueId> operands,
                              TensorType result, Attributes attributes) {
  Op &op = append(name, std::move(operands), {std::move(result)});
  op.attributes = std::move(attributes);
  ArrayValue value;
  value.id = op.results.front();
  value.type = target->values[value.id];
  return value;
}

ValueId Builder::materialize(const ArrayValue &array) {
  if (array.id != kNoValue)
    return array.id;
  ConstantData data;
  bool floats = isFloat(array.type.dtype);
  if (array.elements)
    data.elements = *array.elements;
  else if (floats)
    data.elements = std::vector<double>{array.known ? numberOf(*array.known) : 0.0};
  else
    data.elements = std::vector<int64_t>{
        array.known ? integerOf(rounded(*array.known, array.type.dtype, false)) : 0};
  return appendOne("constant", {}, array.type, {{"value", std::move(data)}}).id;
}

ArrayValue Builder::argument(Region &region, const TensorType &type) {
  ArrayValue value;
  value.type = type;
  value.id = target->addValue(type);
  region.args.push_back(value.id);
  return value;
}

// ---- Constants ---------------------------------------------------------------------------------

ArrayValue Builder::known(Known value, DType dtype, bool weak) {
  ArrayValue result;
  result.type.dtype = dtype;
  result.weak = weak;
  result.known = rounded(value, dtype, weak);
  return result;
}

ArrayValue Builder::constant(ConstantData data, TensorType type) {
  if (type.dims.empty()) {
    if (auto floats = std::get_if<std::vector<double>>(&data.elements))
      return known(floats->front(), type.dtype);
    // A key is no number; its constant stays one.
    if (type.dtype != DType::Key)
      return known(std::get<std::vector<int64_t>>(data.elements).front(), type.dtype);
  }
  std::shared_ptr<const std::vector<int64_t>> elements;
  if (auto integers = std::get_if<std::vector<int64_t>>(&data.elements))
    if (type.dims.size() == 1 && isInteger(type.dtype) && integers->size() <= 64 &&
        static_cast<int64_t>(integers->size()) == type.dims[0])
      elements = std::make_shared<std::vector<int64_t>>(*integers);
  ArrayValue result = appendOne("constant", {}, std::move(type), {{"value", std::move(data)}});
  result.elements = std::move(elements);
  return result;
}

ArrayValue Builder::integers(std::vector<int64_t> elements) {
  ArrayValue result;
  bool isWide = std::ranges::any_of(
      elements, [](int64_t element) { return element != static_cast<int32_t>(element); });
  result.type = {isWide ? DType::I64 : DType::I32, {static_cast<int64_t>(elements.size())}};
  result.elements = std::make_shared<std::vector<int64_t>>(std::move(elements));
  return result;
}

ArrayValue Builder::splat(double value, const TensorType &type) {
  if (type.dims.empty() && type.dtype != DType::Key)
    return known(value, type.dtype);
  ConstantData data;
  if (isFloat(type.dtype))
    data.elements = std::vector<double>{value};
  else
    data.elements = std::vector<int64_t>{static_cast<int64_t>(value)};
  return appendOne("constant", {}, type, {{"value", std::move(data)}});
}

// ---- Elementwise -------------------------------------------------------------------------------

ArrayValue Builder::unary(std::string_view name, const ArrayValue &x) {
  if (x.known)
    if (auto value = foldUnary(name, x)) {
      ArrayValue result = known(*value, x.type.dtype, x.weak);
      return result;
    }
  ArrayValue result = appendOne(name, {materialize(x)}, x.type);
  result.labels = x.labels;
  result.weak = x.weak && (name == "neg" || name == "abs" || name == "sign");
  if (name == "neg" && x.bounds && isInteger(x.type.dtype))
    result.bounds = unwrapped(-x.bounds->second, -x.bounds->first, x.type.dtype);
  return result;
}

ArrayValue Builder::binary(std::string_view name, const ArrayValue &lhs, const ArrayValue &rhs) {
  bool weak = lhs.weak && rhs.weak;
  if (lhs.known && rhs.known)
    if (auto value = foldBinary(name, lhs, rhs))
      return known(*value, lhs.type.dtype, weak);
  ValueId a = materialize(lhs), b = materialize(rhs);
  ArrayValue result = appendOne(name, {a, b}, lhs.type);
  result.labels = mergedLabels(lhs, rhs);
  result.weak = weak;
  result.bounds = binaryBounds(name, lhs, rhs);
  return result;
}

ArrayValue Builder::compare(std::string_view predicate, const ArrayValue &lhs,
                            const ArrayValue &rhs) {
  if (lhs.known && rhs.known)
    if (auto value = foldCompare(predicate, *lhs.known, *rhs.known))
      return known(*value, DType::Bool);
  ValueId a = materialize(lhs), b = materialize(rhs);
  ArrayValue result = appendOne("compare", {a, b}, {DType::Bool, lhs.type.dims},
                                {{"predicate", std::string(predicate)}});
  result.labels = mergedLabels(lhs, rhs);
  return result;
}

ArrayValue Builder::select(const ArrayValue &condition, const ArrayValue &onTrue,
                           const ArrayValue &onFalse) {
  if (condition.known)
    return truthOf(*condition.known) ? onTrue : onFalse;
  ValueId c = materialize(condition), a = materialize(onTrue), b = materialize(onFalse);
  ArrayValue result = appendOne("select", {c, a, b}, onTrue.type);
  result.labels = mergedLabels(onTrue, onFalse);
  Bounds low = boundsOf(onTrue), high = boundsOf(onFalse);
  if (low && high)
    result.bounds = std::pair(std::min(low->first, high->first), std::max(low->second, high->second));
  return result;
}

ArrayValue Builder::convert(const ArrayValue &x, DType dtype) {
  if (x.type.dtype == dtype) {
    ArrayValue result = x;
    if (result.weak && result.known)
      result.known = rounded(*result.known, dtype, false);
    result.weak = false;
    return result;
  }
  if (x.known)
    return known(*x.known, dtype);
  ArrayValue result = appendOne("convert", {materialize(x)}, {dtype, x.type.dims});
  result.labels = x.labels;
  if (isInteger(x.type.dtype) && isInteger(dtype)) {
    if (x.bounds && fits(x.bounds->first, dtype) && fits(x.bounds->second, dtype))
      result.bounds = x.bounds;
    result.elements = x.elements;
  }
  return result;
}

ArrayValue Builder::bitcast(const ArrayValue &x, DType dtype) {
  ArrayValue result = appendOne("bitcast", {materialize(x)}, {dtype, x.type.dims});
  result.labels = x.labels;
  return result;
}

// ---- Shape -------------------------------------------------------------------------------------

ArrayValue Builder::iota(const TensorType &type, int64_t dim) {
  ArrayValue result = appendOne("iota", {}, type, {{"dim", dim}});
  if (isInteger(type.dtype) && type.dims[static_cast<size_t>(dim)] > 0)
    result.bounds = std::pair(int64_t{0}, type.dims[static_cast<size_t>(dim)] - 1);
  return result;
}

ArrayValue Builder::reshape(const ArrayValue &x, std::vector<int64_t> dims) {
  if (dims == x.type.dims)
    return x;
  std::vector<uint32_t> labels;
  if (!x.labels.empty()) {
    // A dimension keeps its name where only dimensions of size 1 came or went around it.
    auto proper = [](const std::vector<int64_t> &from) {
      std::vector<size_t> kept;
      for (size_t i = 0; i < from.size(); ++i)
        if (from[i] != 1)
          kept.push_back(i);
      return kept;
    };
    std::vector<size_t> from = proper(x.type.dims), to = proper(dims);
    labels.assign(dims.size(), 0);
    if (from.size() == to.size())
      for (size_t i = 0; i < from.size(); ++i)
        if (x.type.dims[from[i]] == dims[to[i]])
          labels[to[i]] = x.labels[from[i]];
  }
  ArrayValue result = appendOne("reshape", {materialize(x)}, {x.type.dtype, std::move(dims)});
  result.labels = normalized(std::move(labels));
  result.bounds = boundsOf(x);
  return result;
}

ArrayValue Builder::transpose(const ArrayValue &x, std::vector<int64_t> permutation) {
  if (std::ranges::is_sorted(permutation))
    return x;
  TensorType type{x.type.dtype, {}};
  std::vector<uint32_t> labels;
  for (int64_t dim : permutation) {
    type.dims.push_back(x.type.dims[static_cast<size_t>(dim)]);
    if (!x.labels.empty())
      labels.push_back(labelOf(x, dim));
  }
  ArrayValue result = appendOne("transpose", {materialize(x)}, std::move(type),
                                {{"permutation", std::move(permutation)}});
  result.labels = std::move(labels);
  result.bounds = x.bounds;
  return result;
}

ArrayValue Builder::broadcast(const ArrayValue &x, std::vector<int64_t> shape,
                              std::vector<int64_t> dims) {
  if (shape == x.type.dims)
    return x;
  std::vector<uint32_t> labels;
  if (!x.labels.empty()) {
    labels.assign(shape.size(), 0);
    for (size_t i = 0; i < dims.size(); ++i)
      labels[static_cast<size_t>(dims[i])] = x.labels[i];
  }
  ArrayValue result = appendOne("broadcast", {materialize(x)}, {x.type.dtype, std::move(shape)},
                                {{"dims", std::move(dims)}});
  result.labels = std::move(labels);
  result.bounds = boundsOf(x);
  return result;
}

ArrayValue Builder::broadcastTo(const ArrayValue &x, const std::vector<int64_t> &shape) {
  if (shape == x.type.dims)
    return x;
  if (x.known && x.type.dtype != DType::Key) {
    ConstantData data;
    if (isFloat(x.type.dtype))
      data.elements = std::vector<double>{numberOf(*x.known)};
    else
      data.elements = std::vector<int64_t>{integerOf(rounded(*x.known, x.type.dtype, false))};
    return appendOne("constant", {}, {x.type.dtype, shape}, {{"value", std::move(data)}});
  }
  // Dimensions of size 1 that are to be repeated are removed first: the operation only adds.
  size_t offset = shape.size() - x.type.dims.size();
  std::vector<int64_t> kept, dims;
  for (size_t i = 0; i < x.type.dims.size(); ++i)
    if (x.type.dims[i] == shape[i + offset]) {
      kept.push_back(x.type.dims[i]);
      dims.push_back(static_cast<int64_t>(i + offset));
    }
  return broadcast(reshape(x, std::move(kept)), shape, std::move(dims));
}

ArrayValue Builder::slice(const ArrayValue &x, std::vector<int64_t> starts,
                          std::vector<int64_t> limits, std::vector<int64_t> strides) {
  TensorType type{x.type.dtype, {}};
  std::vector<uint32_t> labels = x.labels;
  bool whole = true;
  for (size_t i = 0; i < starts.size(); ++i) {
    int64_t size = std::max<int64_t>(0, (limits[i] - starts[i] + strides[i] - 1) / strides[i]);
    type.dims.push_back(size);
    whole &= size == x.type.dims[i];
    if (!labels.empty() && size != x.type.dims[i])
      labels[i] = 0;
  }
  if (whole)
    return x;
  ArrayValue result = appendOne("slice", {materialize(x)}, std::move(type),
                                {{"starts", std::move(starts)},
                                 {"limits", std::move(limits)},
                                 {"strides", std::move(strides)}});
  result.labels = normalized(std::move(labels));
  result.bounds = x.bounds;
  return result;
}

ArrayValue Builder::pad(const ArrayValue &x, const ArrayValue &value, std::vector<int64_t> low,
                        std::vector<int64_t> high, std::vector<int64_t> interior) {
  TensorType type{x.type.dtype, {}};
  for (size_t i = 0; i < low.size(); ++i) {
    int64_t size = x.type.dims[i];
    type.dims.push_back(low[i] + size + high[i] + interior[i] * std::max<int64_t>(0, size - 1));
  }
  ValueId a = materialize(x), b = materialize(value);
  return appendOne(
      "pad", {a, b}, std::move(type),
      {{"low", std::move(low)}, {"high", std::move(high)}, {"interior", std::move(interior)}});
}

ArrayValue Builder::concat(std::span<const ArrayValue> inputs, int64_t dim) {
  if (inputs.size() == 1)
    return inputs.front();
  TensorType type = inputs.front().type;
  int64_t &size = type.dims[static_cast<size_t>(dim)];
  size = 0;
  std::vector<ValueId> operands;
  for (const ArrayValue &input : inputs) {
    size += input.type.dims[static_cast<size_t>(dim)];
    operands.push_back(materialize(input));
  }
  return appendOne("concat", std::move(operands), std::move(type), {{"dim", dim}});
}

ArrayValue Builder::reverse(const ArrayValue &x, std::vector<int64_t> dims) {
  if (dims.empty())
    return x;
  ArrayValue result =
      appendOne("reverse", {materialize(x)}, x.type, {{"dims", std::move(dims)}});
  result.labels = x.labels;
  result.bounds = x.bounds;
  return result;
}

ArrayValue Builder::dynamicSlice(const ArrayValue &x, std::span<const ArrayValue> starts,
                                 std::vector<int64_t> sizes) {
  std::vector<ValueId> operands{materialize(x)};
  for (const ArrayValue &start : starts)
    operands.push_back(materialize(start));
  std::vector<uint32_t> labels = x.labels;
  for (size_t i = 0; i < labels.size(); ++i)
    if (sizes[i] != x.type.dims[i])
      labels[i] = 0;
  TensorType type{x.type.dtype, sizes};
  ArrayValue result = appendOne("dynamic_slice", std::move(operands), std::move(type),
                                {{"sizes", std::move(sizes)}});
  result.labels = normalized(std::move(labels));
  result.bounds = x.bounds;
  return result;
}

ArrayValue Builder::update(const ArrayValue &x, const ArrayValue &update,
                           std::span<const ArrayValue> starts) {
  std::vector<ValueId> operands{materialize(x), materialize(update)};
  for (const ArrayValue &start : starts)
    operands.push_back(materialize(start));
  ArrayValue result = appendOne("update", std::move(operands), x.type);
  result.labels = x.labels;
  return result;
}

ArrayValue Builder::gather(const ArrayValue &x, const ArrayValue &indices, int64_t axis,
                           int64_t batchDims) {
  TensorType type{x.type.dtype, {}};
  std::vector<uint32_t> labels;
  auto take = [&](const ArrayValue &from, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      type.dims.push_back(from.type.dims[static_cast<size_t>(i)]);
      labels.push_back(labelOf(from, i));
    }
  };
  take(x, 0, axis);
  take(indices, batchDims, indices.rank());
  take(x, axis + 1, x.rank());
  ValueId a = materialize(x), b = materialize(indices);
  ArrayValue result = appendOne("gather", {a, b}, std::move(type),
                                {{"axis", axis}, {"batch_dims", batchDims}});
  result.labels = normalized(std::move(labels));
  result.bounds = x.bounds;
  return result;
}

ArrayValue Builder::scatter(std::string_view kind, const ArrayValue &x, const ArrayValue &indices,
                            const ArrayValue &updates, int64_t axis, int64_t batchDims) {
  ValueId a = materialize(x), b = materialize(indices), c = materialize(updates);
  ArrayValue result =
      appendOne("scatter", {a, b, c}, x.type,
                {{"kind", std::string(kind)}, {"axis", axis}, {"batch_dims", batchDims}});
  result.labels = x.labels;
  return result;
}

// ---- Reductions --------------------------------------------------------------------------------

namespace {

/// The type and the labels of an array without some of its dimensions.
std::pair<TensorType, std::vector<uint32_t>> without(const ArrayValue &x,
                                                     const std::vector<int64_t> &dims) {
  TensorType type{x.type.dtype, {}};
  std::vector<uint32_t> labels;
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (std::ranges::binary_search(dims, i))
      continue;
    type.dims.push_back(x.type.dims[static_cast<size_t>(i)]);
    labels.push_back(labelOf(x, i));
  }
  return {std::move(type), normalized(std::move(labels))};
}

/// The sum, product or extreme of a vector known at compile time.
std::optional<int64_t> foldReduction(std::string_view name, const std::vector<int64_t> &elements) {
  if (elements.empty())
    return std::nullopt;
  int64_t result = elements.front();
  for (size_t i = 1; i < elements.size(); ++i) {
    int64_t e = elements[i];
    if (name == "reduce_sum" && !__builtin_add_overflow(result, e, &result))
      continue;
    if (name == "reduce_prod" && !__builtin_mul_overflow(result, e, &result))
      continue;
    if (name == "reduce_max")
      result = std::max(result, e);
    else if (name == "reduce_min")
      result = std::min(result, e);
    else
      return std::nullopt;
  }
  return result;
}

} // namespace

ArrayValue Builder::reduce(std::string_view name, const ArrayValue &x, std::vector<int64_t> dims) {
  if (dims.empty())
    return x;
  if (x.elements && x.type.dtype == DType::I32)
    if (auto value = foldReduction(name, *x.elements); value && fits(*value, DType::I32))
      return known(*value, DType::I32);
  auto [type, labels] = without(x, dims);
  ArrayValue result = appendOne(name, {materialize(x)}, std::move(type), {{"dims", std::move(dims)}});
  result.labels = std::move(labels);
  if (name == "reduce_max" || name == "reduce_min")
    result.bounds = x.bounds;
  return result;
}

ArrayValue Builder::argReduce(std::string_view name, const ArrayValue &x, int64_t dim) {
  auto [type, labels] = without(x, {dim});
  type.dtype = DType::I32;
  ArrayValue result = appendOne(name, {materialize(x)}, std::move(type), {{"dim", dim}});
  result.labels = std::move(labels);
  result.bounds = std::pair(int64_t{0}, x.type.dims[static_cast<size_t>(dim)] - 1);
  return result;
}

ArrayValue Builder::cumulative(std::string_view name, const ArrayValue &x, int64_t dim,
                               bool reverse) {
  Attributes attributes{{"dim", dim}};
  if (reverse)
    attributes.emplace_back("reverse", true);
  ArrayValue result = appendOne(name, {materialize(x)}, x.type, std::move(attributes));
  result.labels = x.labels;
  return result;
}

ArrayValue Builder::argsort(const ArrayValue &x, int64_t dim) {
  ArrayValue result =
      appendOne("argsort", {materialize(x)}, {DType::I32, x.type.dims}, {{"dim", dim}});
  result.labels = x.labels;
  if (int64_t size = x.type.dims[static_cast<size_t>(dim)]; size > 0)
    result.bounds = std::pair(int64_t{0}, size - 1);
  return result;
}

ArrayValue Builder::dot(const ArrayValue &lhs, const ArrayValue &rhs,
                        std::vector<int64_t> lhsBatch, std::vector<int64_t> rhsBatch,
                        std::vector<int64_t> lhsContract, std::vector<int64_t> rhsContract) {
  TensorType type{lhs.type.dtype, {}};
  std::vector<uint32_t> labels;
  for (int64_t dim : lhsBatch) {
    type.dims.push_back(lhs.type.dims[static_cast<size_t>(dim)]);
    labels.push_back(labelOf(lhs, dim));
  }
  auto free = [&](const ArrayValue &x, const std::vector<int64_t> &batch,
                  const std::vector<int64_t> &contract) {
    for (int64_t i = 0; i < x.rank(); ++i)
      if (std::ranges::find(batch, i) == batch.end() &&
          std::ranges::find(contract, i) == contract.end()) {
        type.dims.push_back(x.type.dims[static_cast<size_t>(i)]);
        labels.push_back(labelOf(x, i));
      }
  };
  free(lhs, lhsBatch, lhsContract);
  free(rhs, rhsBatch, rhsContract);
  ValueId a = materialize(lhs), b = materialize(rhs);
  ArrayValue result = appendOne("dot", {a, b}, std::move(type),
                                {{"lhs_batch", std::move(lhsBatch)},
                                 {"rhs_batch", std::move(rhsBatch)},
                                 {"lhs_contract", std::move(lhsContract)},
                                 {"rhs_contract", std::move(rhsContract)}});
  result.labels = normalized(std::move(labels));
  return result;
}

} // namespace descent::sema
