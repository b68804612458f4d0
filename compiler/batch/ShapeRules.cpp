// Batching of operations that move elements to places known at compile time.
#include "compiler/batch/Rules.h"

using namespace mlir;

namespace descent::batch {

namespace {

/// The entries of an attribute with one more in front.
SmallVector<int64_t> prepend(int64_t first, ArrayRef<int64_t> rest) {
  SmallVector<int64_t> result{first};
  llvm::append_range(result, rest);
  return result;
}

/// Dimension numbers, each one further, after that of the lanes.
SmallVector<int64_t> afterLanes(ArrayRef<int64_t> dims) {
  SmallVector<int64_t> result{0};
  for (int64_t dim : dims)
    result.push_back(dim + 1);
  return result;
}

} // namespace

LogicalResult expandReshape(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::ReshapeOp>(operation);
  batcher.set(op.getResult(),
              ir::ReshapeOp::create(batcher.builder, op.getLoc(), batcher.laneType(op.getType()),
                                    batcher.get(op.getX())));
  return success();
}

LogicalResult expandTranspose(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::TransposeOp>(operation);
  batcher.set(op.getResult(),
              ir::TransposeOp::create(batcher.builder, op.getLoc(), batcher.get(op.getX()),
                                      afterLanes(op.getPermutation())));
  return success();
}

LogicalResult expandBroadcast(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::BroadcastOp>(operation);
  batcher.set(op.getResult(),
              ir::BroadcastOp::create(batcher.builder, op.getLoc(), batcher.laneType(op.getType()),
                                      batcher.get(op.getX()), afterLanes(op.getDims())));
  return success();
}

LogicalResult expandSlice(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::SliceOp>(operation);
  batcher.set(op.getResult(),
              ir::SliceOp::create(batcher.builder, op.getLoc(), batcher.get(op.getX()),
                                  prepend(0, op.getStarts()), prepend(batcher.size, op.getLimits()),
                                  prepend(1, op.getStrides())));
  return success();
}

// A pad value that differs between lanes cannot be one scalar: the array is padded with zeros, and
// where a padded array of truths is false, the lane's value is taken.
LogicalResult expandPad(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::PadOp>(operation);
  OpBuilder &builder = batcher.builder;
  Location loc = op.getLoc();
  auto pad = [&](Value x, Value value) -> Value {
    return ir::PadOp::create(builder, loc, x, value, prepend(0, op.getLow()),
                             prepend(0, op.getHigh()), prepend(0, op.getInterior()));
  };
  auto constant = [&](RankedTensorType type, bool one) -> Value {
    Type element = type.getElementType();
    Attribute value = one ? Attribute(builder.getBoolAttr(true)) : builder.getZeroAttr(element);
    return ir::ConstantOp::create(builder, loc, SplatElementsAttr::get(type, value));
  };
  if (!batcher.isBatched(op.getValue())) {
    batcher.set(op.getResult(), pad(batcher.get(op.getX()), batcher.get(op.getValue())));
    return success();
  }
  auto type = batcher.laneType(op.getType());
  Value x = batcher.lanes(op.getX());
  auto truths = cast<RankedTensorType>(x.getType()).clone(builder.getI1Type());
  auto scalar = cast<RankedTensorType>(op.getValue().getType());
  Value inside = pad(constant(truths, true), constant(scalar.clone(builder.getI1Type()), false));
  Value outside = batcher.get(op.getValue());
  outside = ir::BroadcastOp::create(builder, loc, type, outside, ArrayRef<int64_t>{0});
  batcher.set(op.getResult(), ir::SelectOp::create(builder, loc, type, inside,
                                                   pad(x, constant(scalar, false)), outside));
  return success();
}

LogicalResult expandConcat(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::ConcatOp>(operation);
  SmallVector<Value> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(batcher.lanes(input));
  batcher.set(op.getResult(),
              ir::ConcatOp::create(batcher.builder, op.getLoc(), int64_t(op.getDim()) + 1, inputs));
  return success();
}

} // namespace descent::batch
