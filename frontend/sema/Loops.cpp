// Loops, branches and batching as operations with regions.
//
// A region's values are known only inside of it. What goes around a loop, or comes out of a branch, is
// flattened to arrays; the rest of a carried value (functions, texts) must stay what it was.
#include "frontend/sema/Fold.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"

#include <algorithm>

namespace descent::sema {
namespace {

/// The type of a carried array, and whether it is still that of a literal.
struct Carried {
  TensorType type;
  bool weak = false;
};

Carried carriedOf(const ArrayValue &array) { return {array.type, array.weak}; }

/// What a carried array is in the next round: the types agree, or a weak one gives way.
std::optional<Carried> joined(const Carried &now, const Carried &next) {
  if (now.type.dims != next.type.dims)
    return std::nullopt;
  if (now.type.dtype == next.type.dtype)
    return Carried{now.type, now.weak && next.weak};
  auto giveWay = [&](const Carried &weak, const Carried &other) -> std::optional<Carried> {
    DType from = weak.type.dtype, to = other.type.dtype;
    if (from == DType::Bool || to == DType::Bool || to == DType::Key)
      return std::nullopt;
    if (isFloat(from) && !isFloat(to))
      return other.weak ? std::optional<Carried>({{from, weak.type.dims}, true}) : std::nullopt;
    return other;
  };
  if (now.weak)
    return giveWay(now, next);
  if (next.weak)
    return giveWay(next, now);
  return std::nullopt;
}

/// The items of a tuple as the arguments of a region: arrays that are named, not known.
ArrayValue asArgument(Builder &builder, Region &region, const Carried &carried) {
  ArrayValue argument = builder.argument(region, carried.type);
  argument.weak = carried.weak;
  return argument;
}

} // namespace

/// The carried values of a loop: one tuple, some of whose items may turn out to be errors.
class CarriedTypes {
public:
  CarriedTypes(Specializer &sema, const Value &initial,
               const Specializer::DescribeCarried &describe)
      : sema(sema), initial(*initial.as<TupleValue>()), describe(describe) {
    for (const Value &item : this->initial.items) {
      types.emplace_back();
      for (const ArrayValue &leaf : leavesOf(item))
        types.back().push_back(carriedOf(leaf));
      isBroken.push_back(item.isError());
    }
  }

  /// The arguments of a region for all of it, as the tuple.
  Value arguments(Region &region) {
    TupleValue result;
    for (size_t i = 0; i < initial.items.size(); ++i) {
      std::vector<ArrayValue> leaves;
      for (const Carried &type : types[i])
        leaves.push_back(asArgument(sema.builder, region, type));
      result.items.push_back(rebuilt(initial.items[i], leaves));
    }
    return result;
  }

  /// Compares what a body gave. True where the types stay as they are; false where the body has to be
  /// specialised anew, for others. What does not go together is reported and from then on broken.
  bool accept(const TupleValue &next) {
    bool stays = true;
    for (size_t i = 0; i < next.items.size(); ++i) {
      if (isBroken[i])
        continue;
      const Value &item = next.items[i];
      if (item.isError()) {
        isBroken[i] = true;
        continue;
      }
      std::vector<Carried> result;
      std::vector<ArrayValue> leaves = leavesOf(item);
      bool fits = sameStructure(initial.items[i], item) && leaves.size() == types[i].size();
      for (size_t k = 0; fits && k < leaves.size(); ++k) {
        auto type = joined(types[i][k], carriedOf(leaves[k]));
        fits = type.has_value();
        if (fits) {
          stays &= type->type == types[i][k].type;
          result.push_back(*type);
        }
      }
      if (fits) {
        types[i] = std::move(result);
        continue;
      }
      isBroken[i] = true;
      auto [name, range] = describe(i);
      std::vector<ArrayValue> now;
      for (const Carried &type : types[i]) {
        ArrayValue array;
        array.type = type.type;
        now.push_back(array);
      }
      sema.diagnostics.error(range, Msg::LoopCarried, name,
                             describeType(rebuilt(initial.items[i], now)), describeType(item));
    }
    return stays;
  }

  /// Ends a region with the tuple that its body gave.
  void yield(Region &region, const Value &next) {
    const auto &items = next.as<TupleValue>()->items;
    for (size_t i = 0; i < items.size(); ++i) {
      std::vector<ArrayValue> leaves = leavesOf(items[i]);
      for (size_t k = 0; k < types[i].size(); ++k) {
        ArrayValue leaf;
        leaf.type = types[i][k].type;
        if (!isBroken[i] && k < leaves.size())
          leaf = sema.builder.convert(leaves[k], types[i][k].type.dtype);
        region.yields.push_back(sema.builder.materialize(leaf));
      }
    }
  }

  /// The values that go in. Reports literals that do not fit in the type that they got.
  std::vector<ValueId> inits() {
    std::vector<ValueId> ids;
    for (size_t i = 0; i < initial.items.size(); ++i) {
      std::vector<ArrayValue> leaves = leavesOf(initial.items[i]);
      for (size_t k = 0; k < leaves.size(); ++k) {
        auto leaf = sema.converted(leaves[k], types[i][k].type.dtype, describe(i).second);
        ids.push_back(sema.builder.materialize(leaf ? *leaf : leaves[k]));
      }
    }
    return ids;
  }

  std::vector<TensorType> resultTypes() const {
    std::vector<TensorType> result;
    for (const auto &item : types)
      for (const Carried &type : item)
        result.push_back(type.type);
    return result;
  }

  /// The tuple made of an operation's results.
  Value results(std::span<const ValueId> ids) const {
    TupleValue result;
    size_t next = 0;
    for (size_t i = 0; i < initial.items.size(); ++i) {
      std::vector<ArrayValue> leaves;
      for (const Carried &type : types[i]) {
        ArrayValue leaf;
        leaf.type = type.type;
        leaf.id = ids[next++];
        leaves.push_back(std::move(leaf));
      }
      if (isBroken[i])
        result.items.emplace_back(ErrorValue{});
      else
        result.items.push_back(rebuilt(initial.items[i], leaves));
    }
    return result;
  }

private:
  Specializer &sema;
  const TupleValue initial;
  const Specializer::DescribeCarried &describe;
  std::vector<std::vector<Carried>> types;
  std::vector<bool> isBroken;
};

namespace {

/// Counts how deep regions are nested; later stages walk them by recursion.
class RegionDepth {
public:
  explicit RegionDepth(Specializer &sema) : sema(sema) { ++sema.regionDepth; }
  ~RegionDepth() { --sema.regionDepth; }
  bool isTooDeep() const { return sema.regionDepth > Specializer::kMaxRegionDepth; }

private:
  Specializer &sema;
};

} // namespace

Value Specializer::forLoop(
    const ArrayValue &lower, const ArrayValue &upper, const Value &carried,
    const std::function<Value(const ArrayValue &counter, const Value &carried)> &body,
    const DescribeCarried &describe) {
  RegionDepth depth(*this);
  if (depth.isTooDeep())
    return errorAt(builder.range, Msg::ProgramTooLarge);
  SourceRange range = builder.range;
  CarriedTypes types(*this, carried, describe);
  ValueId from = builder.materialize(lower), to = builder.materialize(upper);
  Attempt before = attempt();
  for (;;) {
    Region region;
    {
      Builder::RegionScope scope(builder, region);
      ArrayValue counter = builder.argument(region, lower.type);
      if (lower.known && upper.known && integerOf(*lower.known) < integerOf(*upper.known))
        counter.bounds = std::pair(integerOf(*lower.known), integerOf(*upper.known) - 1);
      Value next = body(counter, types.arguments(region));
      if (exhausted || !next.as<TupleValue>())
        return ErrorValue{};
      if (!types.accept(*next.as<TupleValue>())) {
        undo(before);
        continue;
      }
      builder.range = range;
      types.yield(region, next);
    }
    std::vector<ValueId> operands{from, to};
    for (ValueId id : types.inits())
      operands.push_back(id);
    Op &op = builder.append("for", std::move(operands), types.resultTypes());
    op.regions.push_back(std::move(region));
    return types.results(op.results);
  }
}

Value Specializer::whileLoop(
    const Value &carried,
    const std::function<std::optional<ArrayValue>(const Value &carried)> &condition,
    const std::function<Value(const Value &carried)> &body, const DescribeCarried &describe) {
  RegionDepth depth(*this);
  if (depth.isTooDeep())
    return errorAt(builder.range, Msg::ProgramTooLarge);
  SourceRange range = builder.range;
  CarriedTypes types(*this, carried, describe);
  Attempt before = attempt();
  for (;;) {
    Region test, region;
    {
      Builder::RegionScope scope(builder, test);
      auto holds = condition(types.arguments(test));
      builder.range = range;
      test.yields.push_back(builder.materialize(holds ? *holds : builder.known(false, DType::Bool)));
    }
    {
      Builder::RegionScope scope(builder, region);
      Value next = body(types.arguments(region));
      if (exhausted || !next.as<TupleValue>())
        return ErrorValue{};
      if (!types.accept(*next.as<TupleValue>())) {
        undo(before);
        continue;
      }
      builder.range = range;
      types.yield(region, next);
    }
    Op &op = builder.append("while", types.inits(), types.resultTypes());
    op.regions.push_back(std::move(test));
    op.regions.push_back(std::move(region));
    return types.results(op.results);
  }
}

Value Specializer::branch(const ArrayValue &condition, const std::function<Value()> &onTrue,
                          const std::function<Value()> &onFalse, const DescribeCarried &describe) {
  RegionDepth depth(*this);
  if (depth.isTooDeep())
    return errorAt(builder.range, Msg::ProgramTooLarge);
  SourceRange range = builder.range;
  Region regions[2];
  Value values[2];
  for (int side = 0; side < 2; ++side) {
    Builder::RegionScope scope(builder, regions[side]);
    values[side] = side == 0 ? onTrue() : onFalse();
    if (exhausted || !values[side].as<TupleValue>())
      return ErrorValue{};
  }
  builder.range = range;

  auto &first = values[0].as<TupleValue>()->items;
  auto &second = values[1].as<TupleValue>()->items;
  std::vector<TensorType> resultTypes;
  /// For each array of the result: the number of the operation's result, or −1 where both sides have
  /// the same array and nothing needs to be chosen.
  std::vector<std::vector<int>> places(first.size());
  std::vector<bool> isBroken(first.size(), false);
  for (size_t i = 0; i < first.size(); ++i) {
    isBroken[i] = first[i].isError() || second[i].isError();
    if (isBroken[i])
      continue;
    std::vector<ArrayValue> a = leavesOf(first[i]), b = leavesOf(second[i]);
    std::vector<Carried> types;
    bool fits = sameStructure(first[i], second[i]) && a.size() == b.size();
    for (size_t k = 0; fits && k < a.size(); ++k) {
      auto type = joined(carriedOf(a[k]), carriedOf(b[k]));
      fits = type.has_value();
      if (fits)
        types.push_back(*type);
    }
    if (!fits) {
      isBroken[i] = true;
      auto [name, at] = describe(i);
      if (first[i].as<TextValue>() && second[i].as<TextValue>())
        diagnostics.error(at, Msg::NotSupportedYet, "text that is chosen while the program runs");
      else
        diagnostics.error(at, Msg::BranchMismatch, name, describeType(first[i]),
                        describeType(second[i]));
      continue;
    }
    for (size_t k = 0; k < a.size(); ++k) {
      bool isSame = a[k].type == b[k].type && a[k].id != kNoValue && a[k].id == b[k].id;
      bool isSameKnown = a[k].type == b[k].type && a[k].known && b[k].known &&
                         *a[k].known == *b[k].known && a[k].weak == b[k].weak;
      if (isSame || isSameKnown) {
        places[i].push_back(-1);
        continue;
      }
      places[i].push_back(static_cast<int>(resultTypes.size()));
      resultTypes.push_back(types[k].type);
      for (int side = 0; side < 2; ++side) {
        Builder::RegionScope scope(builder, regions[side]);
        const ArrayValue &leaf = side == 0 ? a[k] : b[k];
        auto value = converted(leaf, types[k].type.dtype, describe(i).second);
        regions[side].yields.push_back(builder.materialize(value ? *value : leaf));
      }
    }
  }

  ValueId chosen = builder.materialize(condition);
  Op &op = builder.append("if", {chosen}, std::move(resultTypes));
  op.regions.push_back(std::move(regions[0]));
  op.regions.push_back(std::move(regions[1]));
  TupleValue result;
  for (size_t i = 0; i < first.size(); ++i) {
    if (isBroken[i]) {
      result.items.emplace_back(ErrorValue{});
      continue;
    }
    std::vector<ArrayValue> leaves = leavesOf(first[i]);
    for (size_t k = 0; k < leaves.size(); ++k) {
      if (places[i][k] < 0)
        continue;
      ArrayValue leaf;
      leaf.id = op.results[static_cast<size_t>(places[i][k])];
      leaf.type = builder.program().values[leaf.id];
      leaf.labels = leaves[k].labels;
      leaves[k] = std::move(leaf);
    }
    result.items.push_back(rebuilt(first[i], leaves));
  }
  return result;
}

// ---- Batching ----------------------------------------------------------------------------------

Value Specializer::vmapped(int64_t size, const Value &inputs,
                           const std::function<Value(const Value &)> &body, SourceRange range) {
  RegionDepth depth(*this);
  if (depth.isTooDeep())
    return errorAt(range, Msg::ProgramTooLarge);
  if (isComparing())
    compareRows(size, inputs, body, range);
  PausedComparisons paused(*this);
  std::vector<ValueId> operands;
  Region region;
  Value result;
  std::vector<ArrayValue> outer = leavesOf(inputs);
  for (const ArrayValue &leaf : outer)
    operands.push_back(builder.materialize(leaf));
  {
    Builder::RegionScope scope(builder, region);
    PausedEffects silent(*this);
    std::vector<ArrayValue> elements;
    for (const ArrayValue &leaf : outer) {
      TensorType type{leaf.type.dtype, {leaf.type.dims.begin() + 1, leaf.type.dims.end()}};
      elements.push_back(builder.argument(region, type));
      elements.back().bounds = leaf.bounds;
      if (!leaf.labels.empty())
        elements.back().labels.assign(leaf.labels.begin() + 1, leaf.labels.end());
    }
    result = body(rebuilt(inputs, elements));
    if (result.isError() || exhausted)
      return ErrorValue{};
    if (!isData(result)) {
      diagnostics.error(range, Msg::TypeMismatch, describeType(result), "an array");
      return ErrorValue{};
    }
    result = settled(result, range);
    if (!isData(result))
      return ErrorValue{};
    for (const ArrayValue &leaf : leavesOf(result))
      region.yields.push_back(builder.materialize(leaf));
  }
  std::vector<TensorType> types;
  std::vector<ArrayValue> stackedLeaves = leavesOf(result);
  for (ArrayValue &leaf : stackedLeaves) {
    TensorType type = leaf.type;
    type.dims.insert(type.dims.begin(), size);
    types.push_back(std::move(type));
    if (!leaf.labels.empty())
      leaf.labels.insert(leaf.labels.begin(), 0);
  }
  builder.range = range;
  Op &op = builder.append("vmap", std::move(operands), std::move(types));
  op.attributes.emplace_back("size", size);
  op.regions.push_back(std::move(region));
  for (size_t i = 0; i < stackedLeaves.size(); ++i) {
    ArrayValue leaf;
    leaf.id = op.results[i];
    leaf.type = builder.program().values[leaf.id];
    leaf.labels = std::move(stackedLeaves[i].labels);
    leaf.bounds = stackedLeaves[i].bounds;
    stackedLeaves[i] = std::move(leaf);
  }
  return rebuilt(result, stackedLeaves);
}

std::optional<int64_t> Specializer::leadingSize(const Value &value, SourceRange range) {
  std::optional<int64_t> size;
  for (const ArrayValue &leaf : leavesOf(value)) {
    if (leaf.isScalar()) {
      diagnostics.error(range, Msg::NotIterable, describe(leaf.type));
      return std::nullopt;
    }
    if (size && *size != leaf.type.dims[0]) {
      diagnostics.error(range, Msg::UnequalLengths, *size, leaf.type.dims[0]);
      return std::nullopt;
    }
    size = leaf.type.dims[0];
  }
  if (!size)
    diagnostics.error(range, Msg::NotIterable, describeType(value));
  return size;
}

Value Specializer::elementAt(const Value &value, const ArrayValue &index) {
  return mapArrays(value, [&](const ArrayValue &leaf) -> Value {
    if (leaf.type.dims[0] == 0) { // the body of a loop that never runs
      ArrayValue nothing;
      nothing.type = {leaf.type.dtype, {leaf.type.dims.begin() + 1, leaf.type.dims.end()}};
      nothing.id = builder.materialize(builder.splat(0, nothing.type));
      return nothing;
    }
    std::vector<ArrayValue> starts{index};
    std::vector<int64_t> sizes = leaf.type.dims;
    sizes[0] = 1;
    while (starts.size() < sizes.size())
      starts.push_back(builder.known(int64_t{0}, index.type.dtype));
    ArrayValue slice = builder.dynamicSlice(leaf, starts, sizes);
    ArrayValue element = builder.reshape(slice, {sizes.begin() + 1, sizes.end()});
    if (!leaf.labels.empty())
      element.labels.assign(leaf.labels.begin() + 1, leaf.labels.end());
    return element;
  });
}

void Specializer::check(abi::Check::Kind kind, const ArrayValue &condition,
                        const TextValue &message, SourceRange range) {
  std::vector<ArrayValue> operands;
  std::optional<abi::Text> text = effectText(message, operands);
  if (!text)
    return;
  abi::Check check;
  check.kind = kind;
  check.message = std::move(*text);
  check.span = {range.file, range.begin, range.end};
  for (const ArrayValue &operand : operands)
    check.operands.push_back({operand.type.dtype, operand.type.dims});
  SourceRange around = std::exchange(builder.range, range);
  std::vector<ValueId> ids{builder.materialize(condition)};
  for (const ArrayValue &operand : operands)
    ids.push_back(builder.materialize(operand));
  Program &program = builder.program();
  Op &op = builder.append("check", std::move(ids), {});
  op.attributes.emplace_back("index", static_cast<int64_t>(program.checks.size()));
  program.checks.push_back(std::move(check));
  builder.range = around;
}

} // namespace descent::sema
