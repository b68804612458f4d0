#include "compiler/batch/Batcher.h"

#include "compiler/batch/Rules.h"

#include <numeric>

using namespace mlir;

namespace descent::batch {

SmallVector<Value> Batcher::get(ValueRange originals) const {
  return llvm::map_to_vector(originals, [&](Value original) { return get(original); });
}

Value Batcher::lanes(Value original) {
  return isBatched(original) ? get(original) : repeat(get(original));
}

Value Batcher::getAs(bool asLanes, Value original) {
  return asLanes ? lanes(original) : get(original);
}

void Batcher::set(ValueRange originals, ValueRange values) {
  for (auto [original, value] : llvm::zip_equal(originals, values))
    set(original, value);
}

LogicalResult Batcher::run(Block &block) {
  for (Operation &op : block.without_terminator()) {
    location = op.getLoc();
    // Under a mask even what all lanes share needs care: a check inside must not fail for no lane.
    bool free = !mask || (op.getNumRegions() == 0 && isMemoryEffectFree(&op));
    if (batched.isUsedIn(&op) || !free) {
      if (failed(expand(&op, *this)))
        return failure();
    } else {
      builder.clone(op, replacements);
    }
  }
  return success();
}

Block *Batcher::openBlock(Region &region, ValueRange originals) {
  Block *block = builder.createBlock(&region);
  for (Value original : originals)
    set(original, block->addArgument(typeOf(original), original.getLoc()));
  return block;
}

RankedTensorType Batcher::laneType(Type type) const {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape{size};
  llvm::append_range(shape, tensor.getShape());
  return tensor.clone(shape);
}

Type Batcher::typeOf(Value original) const {
  return isBatched(original) ? laneType(original.getType()) : original.getType();
}

Value Batcher::repeat(Value value) {
  int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
  SmallVector<int64_t> dims(rank);
  std::iota(dims.begin(), dims.end(), 1);
  return ir::BroadcastOp::create(builder, location, laneType(value.getType()), value, dims);
}

Value Batcher::integer(int64_t number, Type type) {
  auto tensor = cast<RankedTensorType>(type);
  auto value = builder.getIntegerAttr(tensor.getElementType(), number);
  return ir::ConstantOp::create(builder, location, SplatElementsAttr::get(tensor, value));
}

Value Batcher::selectLanes(Value lanes, Value onTrue, Value onFalse) {
  auto type = cast<RankedTensorType>(onTrue.getType());
  auto condition = type.clone(builder.getI1Type());
  if (lanes.getType() != condition)
    lanes = ir::BroadcastOp::create(builder, location, condition, lanes, ArrayRef<int64_t>{0});
  return ir::SelectOp::create(builder, location, type, lanes, onTrue, onFalse);
}

Value Batcher::toFront(Value value, int64_t dim) {
  if (dim == 0)
    return value;
  SmallVector<int64_t> permutation{dim};
  for (int64_t i = 0; i < cast<RankedTensorType>(value.getType()).getRank(); ++i)
    if (i != dim)
      permutation.push_back(i);
  return ir::TransposeOp::create(builder, location, value, permutation);
}

Value Batcher::masked(Value lanes) {
  return mask ? ir::AndOp::create(builder, location, lanes, mask).getResult() : lanes;
}

Operation *Batcher::rebuild(Operation *op, ValueRange operands, TypeRange results,
                            ArrayRef<NamedAttribute> changed) {
  NamedAttrList attributes(op->getAttrDictionary());
  for (NamedAttribute attribute : changed)
    attributes.set(attribute.getName(), attribute.getValue());
  OperationState state(location, op->getName(), operands, results, attributes);
  return builder.create(state);
}

} // namespace descent::batch
