// `x[…]`: reading a selection, its checks.
#include "frontend/sema/Fold.h"
#include "frontend/sema/Index.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"

#include <algorithm>
#include <numeric>

namespace descent::sema {

namespace {

/// Python's rule for one bound of a slice.
int64_t clampedBound(int64_t bound, int64_t size, int64_t least, int64_t most) {
  if (bound < 0)
    bound = bound < -size ? least : bound + size;
  return std::clamp(bound, least, most);
}

std::string counted(int64_t count, std::string_view one, std::string_view many) {
  return count == 0 ? "no " + std::string(many)
                    : std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

TextValue messageWith(std::string before, const ArrayValue &value, std::string after) {
  TextValue text;
  text.pieces.push_back({std::move(before), nullptr, "", {}});
  text.pieces.push_back({"", std::make_shared<Value>(value), "", {}});
  text.pieces.push_back({std::move(after), nullptr, "", {}});
  return text;
}

} // namespace

// ---- One index ---------------------------------------------------------------------------------

/// An index from 0 within an axis: checked, negative ones counted from the end.
std::optional<ArrayValue> Specializer::checkedIndex(const ArrayValue &given, int64_t size,
                                                    SourceRange range) {
  auto outside = [&](int64_t index) -> std::optional<ArrayValue> {
    diagnostics.error(range, Msg::IndexRange, index, size);
    return std::nullopt;
  };
  auto index = settled(given, range);
  if (!index)
    return std::nullopt;
  if (index->known) {
    int64_t value = integerOf(*index->known);
    if (value < -size || value >= size)
      return outside(value);
    value += value < 0 ? size : 0;
    return builder.known(value, value > INT32_MAX ? DType::I64 : DType::I32);
  }
  if (index->elements) {
    std::vector<int64_t> values = *index->elements;
    for (int64_t &value : values) {
      if (value < -size || value >= size)
        return outside(value);
      value += value < 0 ? size : 0;
    }
    return builder.integers(std::move(values));
  }
  // The size is compared with it, and added to it.
  if (index->type.dtype == DType::U32 || size > INT32_MAX)
    index = builder.convert(*index, DType::I64);
  if (index->type.elementCount() == 0)
    return index;
  if (size == 0) {
    diagnostics.error(range, Msg::IndexRange, std::string(sources.text(range)), size);
    return std::nullopt;
  }
  auto bounds = index->bounds;
  if (bounds && bounds->first >= 0 && bounds->second < size)
    return index;
  if (bounds && (bounds->second < -size || bounds->first >= size))
    return outside(bounds->first >= size ? bounds->first : bounds->second);

  DType dtype = index->type.dtype;
  auto like = [&](int64_t value) {
    return builder.broadcastTo(builder.known(value, dtype), index->type.dims);
  };
  bool mayBeNegative = !bounds || bounds->first < 0;
  std::vector<int64_t> all(index->type.dims.size());
  std::iota(all.begin(), all.end(), 0);
  ArrayValue greatest = builder.reduce("reduce_max", *index, all);
  ArrayValue isInside = builder.compare("lt", greatest, builder.known(size, dtype));
  ArrayValue shown = greatest;
  if (mayBeNegative) {
    ArrayValue least = builder.reduce("reduce_min", *index, all);
    ArrayValue isNotBelow = builder.compare("ge", least, builder.known(-size, dtype));
    shown = builder.select(isNotBelow, greatest, least);
    isInside = builder.binary("and", isNotBelow, isInside);
  }
  check(abi::Check::Kind::Index, isInside,
        messageWith("index ", shown, " is outside of an axis of size " + std::to_string(size)),
        range);
  ArrayValue result = *index;
  if (mayBeNegative)
    result = builder.select(builder.compare("lt", *index, like(0)),
                            builder.binary("add", *index, like(size)), *index);
  result.bounds = std::pair(int64_t{0}, size - 1);
  return result;
}

/// A bound of a slice: known, or nothing where it is absent. `isRight` becomes false after an error.
std::optional<int64_t> Specializer::sliceBound(const ast::Expr *expr, bool &isRight) {
  if (!expr || !isRight)
    return std::nullopt;
  Value value = evaluateValue(expr);
  auto known = value.knownInteger();
  if (!known) {
    isRight = false;
    if (!value.isError())
      diagnostics.error(expr->extent, Msg::SliceBound, describeType(value));
  }
  return known;
}

std::optional<AxisIndex> Specializer::sliceIndex(const ast::IndexItem &item, int64_t size) {
  AxisIndex axis;
  if (auto length = windowLength(item)) {
    Value start = evaluateValue(item.start);
    const ArrayValue *array = start.array();
    if (array && !array->known && array->isScalar() && isInteger(array->type.dtype)) {
      axis.kind = AxisIndex::Kind::Window;
      axis.count = *length;
      axis.index = checkedWindow(*array, *length, size, item.range);
      return axis.index ? std::optional(axis) : std::nullopt;
    }
  }
  bool isRight = true;
  auto start = sliceBound(item.start, isRight);
  auto stop = sliceBound(item.stop, isRight);
  auto step = sliceBound(item.step, isRight);
  if (!isRight)
    return std::nullopt;
  axis.stride = step.value_or(1);
  if (axis.stride == 0 || axis.stride == INT64_MIN) {
    diagnostics.error(item.step->extent, Msg::SliceStep);
    return std::nullopt;
  }
  if (axis.stride > 0) {
    axis.start = start ? clampedBound(*start, size, 0, size) : 0;
    int64_t end = stop ? clampedBound(*stop, size, 0, size) : size;
    axis.count = end > axis.start ? (end - axis.start - 1) / axis.stride + 1 : 0;
  } else {
    axis.start = start ? clampedBound(*start, size, -1, size - 1) : size - 1;
    int64_t end = stop ? clampedBound(*stop, size, -1, size - 1) : -1;
    axis.count = axis.start > end ? (axis.start - end - 1) / -axis.stride + 1 : 0;
  }
  return axis;
}

std::optional<AxisIndex> Specializer::atIndex(const ast::IndexItem &item, int64_t size) {
  AxisIndex axis;
  Value value = evaluateValue(item.value);
  if (value.isError())
    return std::nullopt;
  if (auto range = value.as<RangeValue>()) {
    auto lower = range->lower->knownInteger(), upper = range->upper->knownInteger();
    if (lower && upper && *lower >= 0 && *lower <= *upper) {
      if (*upper > size && *lower < *upper) {
        diagnostics.error(item.range, Msg::IndexRange, *upper - 1, size);
        return std::nullopt;
      }
      axis.start = *lower;
      axis.count = *upper - *lower;
      return axis;
    }
    value = asArray(value, item.range);
    if (value.isError())
      return std::nullopt;
  }
  if (auto tuple = value.as<TupleValue>(); tuple && !tuple->items.empty()) {
    std::vector<SourceRange> ranges(tuple->items.size(), item.range);
    value = stacked(tuple->items, ranges, item.range);
    if (value.isError())
      return std::nullopt;
  }
  const ArrayValue *array = value.array();
  if (array && array->type.dtype == DType::Bool && !array->isScalar()) {
    diagnostics.error(item.range, Msg::NotSupportedYet,
                      "a mask as an index (its result has no size that is known; use `where`)");
    return std::nullopt;
  }
  if (!array || !isInteger(array->type.dtype)) {
    diagnostics.error(item.range, Msg::TypeMismatch, describeType(value), "an integer");
    return std::nullopt;
  }
  auto index = checkedIndex(*array, size, item.range);
  if (!index)
    return std::nullopt;
  axis.kind = array->isScalar() ? AxisIndex::Kind::At : AxisIndex::Kind::Gather;
  axis.count = 1;
  if (index->known)
    axis.start = integerOf(*index->known);
  else
    axis.index = *index;
  return axis;
}

std::optional<Selection> Specializer::selection(const ast::IndexExpr *expr, const ArrayValue &base) {
  int64_t consumed = 0;
  const ast::IndexItem *ellipsis = nullptr;
  for (const ast::IndexItem &item : expr->items) {
    if (item.kind == ast::IndexKind::Ellipsis) {
      if (ellipsis) {
        diagnostics.error(item.range, Msg::TwoEllipses).also(ellipsis->range);
        return std::nullopt;
      }
      ellipsis = &item;
    } else if (item.kind != ast::IndexKind::NewAxis) {
      ++consumed;
    }
  }
  if (consumed > base.rank()) {
    diagnostics
        .error(expr->range, Msg::TooManyIndices, counted(consumed, "index", "indices"),
               describe(base.type), counted(base.rank(), "axis", "axes"))
        .point(expr->bracketsRange)
        .also(expr->base->extent);
    return std::nullopt;
  }
  Selection result;
  bool hasGather = false, isRight = true;
  int groups = 0; // of neighbours among the numbers and arrays
  bool isInGroup = false;
  auto whole = [&](int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      AxisIndex axis;
      axis.count = base.type.dims[result.axes.size()];
      result.order.push_back(static_cast<int>(result.axes.size()));
      result.axes.push_back(std::move(axis));
    }
  };
  for (const ast::IndexItem &item : expr->items) {
    if (item.kind == ast::IndexKind::Ellipsis) {
      whole(base.rank() - consumed);
      isInGroup = false;
      continue;
    }
    if (item.kind == ast::IndexKind::NewAxis) {
      isInGroup = false;
      result.order.push_back(-1);
      continue;
    }
    int64_t size = base.type.dims[result.axes.size()];
    auto axis = item.kind == ast::IndexKind::Slice ? sliceIndex(item, size) : atIndex(item, size);
    isRight &= axis.has_value();
    if (!axis) {
      result.axes.emplace_back();
      continue;
    }
    bool isGather = axis->kind == AxisIndex::Kind::Gather;
    bool isPlace = isGather || axis->kind == AxisIndex::Kind::At;
    groups += isPlace && !isInGroup;
    isInGroup = isPlace;
    if (axis->kind != AxisIndex::Kind::At && !(isGather && hasGather))
      result.order.push_back(static_cast<int>(result.axes.size()));
    hasGather |= isGather;
    result.axes.push_back(std::move(*axis));
  }
  whole(base.rank() - static_cast<int64_t>(result.axes.size()));
  result.gatherIsFirst = hasGather && groups > 1;
  return isRight ? std::optional(std::move(result)) : std::nullopt;
}

// ---- Reading -----------------------------------------------------------------------------------

/// Elements by one or several arrays of indices at once: their axes become one, which they index
/// together, where the first was, or in front.
std::optional<ArrayValue> Specializer::gatherAxes(ArrayValue x, const std::vector<int64_t> &axes,
                                                  std::vector<ArrayValue> indices, bool isFirst,
                                                  SourceRange range) {
  int64_t place = isFirst ? 0 : axes.front();
  if (axes.size() == 1 && place == axes.front())
    return builder.gather(x, indices.front(), place);
  std::vector<SourceRange> ranges(indices.size(), range);
  for (ArrayValue &index : indices)
    index.labels.clear();
  if (!unify(indices, ranges, range))
    return std::nullopt;
  std::vector<int64_t> permutation;
  for (int64_t i = 0; i < x.rank(); ++i)
    if (!std::ranges::binary_search(axes, i))
      permutation.push_back(i);
  permutation.insert(permutation.begin() + place, axes.begin(), axes.end());
  x = builder.transpose(x, permutation);
  std::vector<int64_t> dims = x.type.dims;
  int64_t merged = 1;
  ArrayValue flat = builder.splat(0, indices.front().type);
  for (size_t k = 0; k < axes.size(); ++k) {
    int64_t size = dims[static_cast<size_t>(place) + k];
    ArrayValue stride = builder.splat(static_cast<double>(size), flat.type);
    flat = builder.binary("add", builder.binary("mul", flat, stride), indices[k]);
    merged *= size;
  }
  dims.erase(dims.begin() + place, dims.begin() + place + static_cast<int64_t>(axes.size()));
  dims.insert(dims.begin() + place, merged);
  return builder.gather(builder.reshape(x, dims), flat, place);
}

std::optional<ArrayValue> Specializer::select(const ArrayValue &base, const Selection &selection,
                                              SourceRange range) {
  using Kind = AxisIndex::Kind;
  size_t rank = base.type.dims.size();
  // What is known of a shape stays known.
  if (base.elements && rank == 1 && selection.order.size() <= 1) {
    const AxisIndex &axis = selection.axes[0];
    bool isNewAxis = !selection.order.empty() && selection.order[0] < 0;
    if (axis.kind == Kind::At && !axis.index && !isNewAxis)
      return builder.known((*base.elements)[static_cast<size_t>(axis.start)], base.type.dtype);
    if (axis.kind == Kind::Slice && !isNewAxis && base.type.dtype == DType::I32) {
      std::vector<int64_t> values;
      for (int64_t i = 0; i < axis.count; ++i)
        values.push_back((*base.elements)[static_cast<size_t>(axis.start + i * axis.stride)]);
      return builder.integers(std::move(values));
    }
  }

  // First everything that is known: one strided box, then the axes that run backwards.
  std::vector<int64_t> starts(rank, 0), limits = base.type.dims, strides(rank, 1), reversed;
  for (size_t i = 0; i < rank; ++i) {
    const AxisIndex &axis = selection.axes[i];
    if (axis.kind == Kind::At && !axis.index) {
      starts[i] = axis.start;
      limits[i] = axis.start + 1;
    } else if (axis.kind == Kind::Slice) {
      int64_t stride = std::abs(axis.stride);
      int64_t last = axis.start + (axis.count - 1) * axis.stride;
      if (axis.count == 0) {
        starts[i] = limits[i] = 0;
        continue;
      }
      starts[i] = std::min(axis.start, last);
      limits[i] = std::max(axis.start, last) + 1;
      // A stride longer than the slice is one of a single element.
      strides[i] = axis.count == 1 ? 1 : stride;
      if (axis.stride < 0 && axis.count > 1)
        reversed.push_back(static_cast<int64_t>(i));
    }
  }
  ArrayValue x = builder.slice(base, starts, limits, strides);
  x = builder.reverse(x, reversed);

  // Then the places that are computed.
  bool hasDynamic = false, isWide = false;
  std::vector<int64_t> sizes = x.type.dims;
  for (size_t i = 0; i < rank; ++i) {
    const AxisIndex &axis = selection.axes[i];
    if (!axis.index || axis.kind == Kind::Gather)
      continue;
    hasDynamic = true;
    isWide |= axis.index->type.dtype == DType::I64;
    sizes[i] = axis.count;
  }
  if (hasDynamic) {
    DType dtype = isWide ? DType::I64 : DType::I32;
    std::vector<ArrayValue> places;
    for (const AxisIndex &axis : selection.axes)
      places.push_back(axis.index && axis.kind != Kind::Gather
                           ? builder.convert(*axis.index, dtype)
                           : builder.known(int64_t{0}, dtype));
    x = builder.dynamicSlice(x, places, sizes);
  }

  // Axes of single elements go away; those that are gathered from remember where they are now.
  std::vector<int64_t> dims, gathered;
  std::vector<uint32_t> labels;
  std::vector<ArrayValue> indices;
  for (size_t i = 0; i < rank; ++i) {
    const AxisIndex &axis = selection.axes[i];
    if (axis.kind == Kind::At)
      continue;
    if (axis.kind == Kind::Gather) {
      gathered.push_back(static_cast<int64_t>(dims.size()));
      indices.push_back(*axis.index);
    }
    dims.push_back(x.type.dims[i]);
    labels.push_back(x.labels.empty() ? 0 : x.labels[i]);
  }
  if (dims.size() != rank) {
    bool hasLabels = std::ranges::any_of(labels, [](uint32_t label) { return label != 0; });
    x = builder.reshape(x, dims);
    x.labels = hasLabels ? labels : std::vector<uint32_t>();
  }
  if (!gathered.empty()) {
    auto result = gatherAxes(std::move(x), gathered, std::move(indices),
                             selection.gatherIsFirst, range);
    if (!result)
      return std::nullopt;
    x = std::move(*result);
  }
  if (std::ranges::find(selection.order, -1) == selection.order.end())
    return x;

  // New axes come last: they only change the shape.
  std::vector<int64_t> shape;
  size_t next = 0;
  size_t gatherRank = gathered.empty() ? 0 : x.type.dims.size() - (dims.size() - gathered.size());
  if (selection.gatherIsFirst)
    for (; next < gatherRank; ++next)
      shape.push_back(x.type.dims[next]);
  for (int axis : selection.order) {
    if (axis < 0)
      shape.push_back(1);
    else if (selection.axes[static_cast<size_t>(axis)].kind != Kind::Gather)
      shape.push_back(x.type.dims[next++]);
    else if (!selection.gatherIsFirst)
      for (size_t k = 0; k < gatherRank; ++k)
        shape.push_back(x.type.dims[next++]);
  }
  return builder.reshape(x, shape);
}

// ---- Tuples -------------------------------------------------------------------------

Value Specializer::indexTuple(const ast::IndexExpr *expr, const TupleValue &tuple) {
  int64_t size = static_cast<int64_t>(tuple.items.size());
  const ast::IndexItem &item = expr->items.front();
  if (expr->items.size() != 1)
    return errorAt(expr->range, Msg::TooManyIndices,
                   {counted(static_cast<int64_t>(expr->items.size()), "index", "indices"),
                    "a tuple", "one axis"});
  if (item.kind == ast::IndexKind::Slice) {
    auto axis = sliceIndex(item, size);
    if (!axis)
      return ErrorValue{};
    if (axis->kind != AxisIndex::Kind::Slice)
      return errorAt(item.range, Msg::NotKnown,
                     {"the slice of a tuple", describeType(evaluateValue(item.start))});
    TupleValue part;
    for (int64_t i = 0; i < axis->count; ++i)
      part.items.push_back(tuple.items[static_cast<size_t>(axis->start + i * axis->stride)]);
    return part;
  }
  if (item.kind != ast::IndexKind::At)
    return errorAt(item.range, Msg::TypeMismatch, {"an index of arrays", "an integer"});
  Value index = evaluateValue(item.value);
  if (index.isError())
    return index;
  auto known = index.knownInteger();
  if (!known) {
    diagnostics.error(item.range, Msg::NotKnown, "the index into a tuple", describeType(index))
        .note("`for item in t` runs over the items of a tuple, each of its own type; `for a, b in "
              "zip(t, u)` over those of two");
    return ErrorValue{};
  }
  if (*known < -size || *known >= size)
    return errorAt(item.range, Msg::IndexRange, {*known, size});
  return tuple.items[static_cast<size_t>(*known < 0 ? *known + size : *known)];
}

Value Specializer::evaluateIndex(const ast::IndexExpr *expr) {
  Value base = evaluateValue(expr->base);
  if (base.isError() || expr->items.empty())
    return ErrorValue{};
  if (auto tuple = base.as<TupleValue>())
    return indexTuple(expr, *tuple);
  if (base.as<RecordValue>())
    return indexRecord(expr, base);
  Value array = asArray(base, expr->base->extent);
  if (array.isError())
    return array;
  if (!array.array())
    return errorAt(expr->base->extent, Msg::TypeMismatch, {describeType(base), "an array"});
  auto chosen = selection(expr, *array.array());
  if (!chosen)
    return ErrorValue{};
  builder.range = expr->range;
  auto result = select(*array.array(), *chosen, expr->range);
  return result ? Value(*result) : Value(ErrorValue{});
}

// ---- Writing -----------------------------------------------------------------------------------

/// `y[…] = v`, `y[…] += v`: gives the whole new array.
Value Specializer::assignElements(const ast::AssignStmt *stmt, const Value &target,
                                  const Value &given) {
  using Kind = AxisIndex::Kind;
  auto expr = ast::as<ast::IndexExpr>(stmt->target);
  if (target.isError() || given.isError())
    return ErrorValue{};
  if (!target.array())
    return errorAt(expr->base->extent, Msg::TypeMismatch, {describeType(target), "an array"});
  auto strong = settled(*target.array(), expr->base->extent);
  auto chosen = strong ? selection(expr, *strong) : std::nullopt;
  if (!chosen)
    return ErrorValue{};
  ArrayValue array = *strong;
  builder.range = stmt->range;

  // Adding to elements by an array of indices adds up where indices repeat.
  bool adds = chosen->hasGather() && stmt->op &&
              (*stmt->op == ast::BinaryOp::Add || *stmt->op == ast::BinaryOp::Subtract);
  Value value = given;
  TensorType part;
  if (stmt->op && !adds) {
    auto current = select(array, *chosen, expr->range);
    if (!current)
      return ErrorValue{};
    part = current->type;
    value = binaryOperator(ast::spelling(*stmt->op), *current, given, expr->range,
                           stmt->value->extent, stmt->opRange);
  } else if (adds && *stmt->op == ast::BinaryOp::Subtract) {
    value = unaryOperator("-", given, stmt->value->extent);
  }
  value = asArray(value, stmt->value->extent);
  if (value.isError())
    return value;
  const ArrayValue *update = value.array();
  if (!update)
    return errorAt(stmt->value->extent, Msg::TypeMismatch, {describeType(value), "an array"});
  DType from = update->type.dtype, to = array.type.dtype;
  bool isSameKind = from == to || (isFloat(to) && from != DType::Key) ||
                    (isInteger(to) && (isInteger(from) || from == DType::Bool));
  if (!isSameKind)
    return errorAt(stmt->value->extent, Msg::TypeMismatch,
                   {describeType(value), "an element of " + describe(array.type)});
  auto element = converted(*update, to, stmt->value->extent);
  if (!element)
    return ErrorValue{};

  // The shape that is written to, and the value spread over it.
  auto spread = [&](const std::vector<int64_t> &dims) -> std::optional<ArrayValue> {
    size_t rank = element->type.dims.size();
    bool fits = rank <= dims.size();
    for (size_t i = 0; fits && i < rank; ++i) {
      int64_t size = element->type.dims[i];
      fits = size == 1 || size == dims[dims.size() - rank + i];
    }
    if (!fits) {
      diagnostics
          .error(stmt->range, Msg::ShapeMismatch, describe({to, dims}), describe(element->type))
          .point(stmt->opRange)
          .also(stmt->target->extent)
          .also(stmt->value->extent);
      return std::nullopt;
    }
    return builder.broadcastTo(*element, dims);
  };

  bool isBox = !chosen->hasGather() && std::ranges::find(chosen->order, -1) == chosen->order.end();
  bool isWide = false;
  for (const AxisIndex &axis : chosen->axes) {
    isBox &= axis.kind != Kind::Slice || axis.stride == 1 || axis.count <= 1;
    isWide |= axis.index && axis.index->type.dtype == DType::I64;
  }
  if (isBox) {
    DType dtype = isWide ? DType::I64 : DType::I32;
    std::vector<int64_t> box, dims;
    std::vector<ArrayValue> starts;
    for (const AxisIndex &axis : chosen->axes) {
      box.push_back(axis.count);
      if (axis.kind != Kind::At)
        dims.push_back(axis.count);
      starts.push_back(axis.index ? builder.convert(*axis.index, dtype)
                                  : builder.known(axis.start, dtype));
    }
    auto whole = spread(dims);
    if (!whole)
      return ErrorValue{};
    return builder.update(array, builder.reshape(*whole, box), starts);
  }

  const char *kind = adds ? "add" : "set";
  int64_t gathers = 0, others = 0, axisOfGather = 0;
  for (size_t i = 0; i < chosen->axes.size(); ++i) {
    if (chosen->axes[i].kind == Kind::Gather) {
      ++gathers;
      axisOfGather = static_cast<int64_t>(i);
    } else if (!chosen->axes[i].isWhole(array.type.dims[i])) {
      ++others;
    }
  }
  bool hasNewAxis = std::ranges::find(chosen->order, -1) != chosen->order.end();
  if (gathers == 1 && others == 0 && !hasNewAxis) {
    const ArrayValue &indices = *chosen->axes[static_cast<size_t>(axisOfGather)].index;
    std::vector<int64_t> dims = array.type.dims;
    dims.erase(dims.begin() + axisOfGather);
    dims.insert(dims.begin() + axisOfGather, indices.type.dims.begin(), indices.type.dims.end());
    auto whole = spread(dims);
    return whole ? Value(builder.scatter(kind, array, indices, *whole, axisOfGather))
                 : Value(ErrorValue{});
  }

  // Any other selection: the same selection from the elements' own numbers tells which are written.
  int64_t count = array.type.elementCount();
  DType dtype = count > INT32_MAX ? DType::I64 : DType::I32;
  ArrayValue numbers = builder.reshape(builder.iota({dtype, {count}}, 0), array.type.dims);
  auto places = select(numbers, *chosen, expr->range);
  if (!places)
    return ErrorValue{};
  auto whole = spread(places->type.dims);
  if (!whole)
    return ErrorValue{};
  int64_t written = places->type.elementCount();
  ArrayValue result =
      builder.scatter(kind, builder.reshape(array, {count}), builder.reshape(*places, {written}),
                      builder.reshape(*whole, {written}), 0);
  return builder.reshape(result, array.type.dims);
}

} // namespace descent::sema
