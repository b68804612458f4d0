// A `checkpoint` operation: a call whose inside a derivative does not keep.
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"

#include <unordered_map>
#include <unordered_set>

namespace descent::sema {
namespace {

/// Finds what a region uses from outside, and gives it an argument for each.
class Closing {
public:
  Closing(Builder &builder, Region &region) : builder(builder), region(region) { define(region); }

  bool isDefinedInside(ValueId id) const { return defined.contains(id); }

  /// The values from outside, in the order in which they are first used; the region uses its new
  /// arguments in their place.
  std::vector<ValueId> close() {
    replace(region);
    return captured;
  }

private:
  Builder &builder;
  Region &region;
  std::unordered_set<ValueId> defined;
  std::unordered_map<ValueId, ValueId> arguments;
  std::vector<ValueId> captured;

  void define(const Region &inner) {
    defined.insert(inner.args.begin(), inner.args.end());
    for (const Op &op : inner.ops) {
      defined.insert(op.results.begin(), op.results.end());
      for (const Region &nested : op.regions)
        define(nested);
    }
  }

  void replace(Region &inner) {
    for (Op &op : inner.ops) {
      replace(op.operands);
      for (Region &nested : op.regions)
        replace(nested);
    }
    replace(inner.yields);
  }

  void replace(std::vector<ValueId> &ids) {
    for (ValueId &id : ids) {
      if (defined.contains(id))
        continue;
      auto [entry, isNew] = arguments.try_emplace(id, kNoValue);
      if (isNew) {
        captured.push_back(id);
        entry->second = builder.argument(region, builder.program().values[id]).id;
      }
      id = entry->second;
    }
  }
};

} // namespace

Value Specializer::checkpointed(const std::function<Value()> &body, SourceRange range) {
  if (++regionDepth > kMaxRegionDepth) {
    --regionDepth;
    return errorAt(range, Msg::ProgramTooLarge);
  }
  Region region;
  Value result;
  {
    Builder::RegionScope scope(builder, region);
    PausedComparisons paused(*this);
    result = body();
  }
  --regionDepth;
  if (hasError(result) || exhausted)
    return ErrorValue{};
  if (!isData(result)) {
    diagnostics.error(range, Msg::TypeMismatch, describeType(result),
                      "arrays, or records or tuples of them");
    return ErrorValue{};
  }
  if (region.ops.empty())
    return result;
  // What is known at compile time, or comes from outside, is no result of the operation.
  std::vector<ArrayValue> leaves = leavesOf(result);
  std::vector<TensorType> types;
  std::vector<size_t> places;
  Closing closing(builder, region);
  for (size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].id == kNoValue || !closing.isDefinedInside(leaves[i].id))
      continue;
    places.push_back(i);
    types.push_back(leaves[i].type);
    region.yields.push_back(leaves[i].id);
  }
  builder.range = range;
  Op &op = builder.append("checkpoint", closing.close(), std::move(types));
  op.regions.push_back(std::move(region));
  for (size_t i = 0; i < places.size(); ++i)
    leaves[places[i]].id = op.results[i];
  return rebuilt(result, leaves);
}

} // namespace descent::sema
