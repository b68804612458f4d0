// Batching of operations that find elements at positions known at run time only.
#include "compiler/batch/Rules.h"

using namespace mlir;

namespace descent::batch {

namespace {

RankedTensorType tensorOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Per lane, the indices `start … start + count - 1`, start clamped so that they lie below `size`.
Value laneRange(Batcher &batcher, Value starts, int64_t count, int64_t size) {
  OpBuilder &builder = batcher.builder;
  Location loc = batcher.location;
  auto type = tensorOf(starts);
  starts = ir::MaxOp::create(builder, loc, starts, batcher.integer(0, type));
  starts = ir::MinOp::create(builder, loc, starts, batcher.integer(size - count, type));
  auto range = type.clone({batcher.size, count});
  Value first = ir::BroadcastOp::create(builder, loc, range, starts, ArrayRef<int64_t>{0});
  Value steps = ir::IotaOp::create(builder, loc, range, 1);
  return ir::AddOp::create(builder, loc, first, steps);
}

/// Per lane, the slices of an array along dimension `dim` (not counting that of lanes) at indices
/// `[lane, k]`. `hasLanes`: whether the array has a dimension of lanes; the result has.
Value takeAlong(Batcher &batcher, Value array, bool hasLanes, int64_t dim, Value indices) {
  if (hasLanes)
    return ir::GatherOp::create(batcher.builder, batcher.location, array, indices, dim + 1, 1);
  Value taken = ir::GatherOp::create(batcher.builder, batcher.location, array, indices, dim, 0);
  return batcher.toFront(taken, dim);
}

/// The starts with one more, 0, for the dimension of lanes.
SmallVector<Value> startsWithLanes(Batcher &batcher, ValueRange starts) {
  Type type = starts.empty() ? RankedTensorType::get({}, batcher.builder.getI32Type())
                             : starts.front().getType();
  SmallVector<Value> result{batcher.integer(0, type)};
  llvm::append_range(result, batcher.get(starts));
  return result;
}

/// Replaces the box of an array with lanes at starts that differ between lanes, along `dims` (those
/// in which the box is smaller than the array): takes the slices it touches along the first of
/// them, updates these along the others, and puts them back.
Value updateAlong(Batcher &batcher, Value array, Value box, ArrayRef<int64_t> dims,
                  ValueRange starts) {
  if (dims.empty())
    return box;
  int64_t dim = dims.front();
  Value indices = laneRange(batcher, batcher.lanes(starts[dim]), tensorOf(box).getDimSize(dim + 1),
                            tensorOf(array).getDimSize(dim + 1));
  if (dims.size() > 1) {
    Value slices = takeAlong(batcher, array, /*hasLanes=*/true, dim, indices);
    box = updateAlong(batcher, slices, box, dims.drop_front(), starts);
  }
  return ir::ScatterOp::create(batcher.builder, batcher.location, array.getType(),
                               ir::ScatterKind::set, array, indices, box, dim + 1, 1);
}

} // namespace

// A box is the product of ranges, so it is taken range by range. Dimensions it spans wholly need
// nothing: their start is clamped to 0.
LogicalResult expandDynamicSlice(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::DynamicSliceOp>(operation);
  if (!batcher.batched.containsAny(op.getStarts())) {
    SmallVector<int64_t> sizes{batcher.size};
    llvm::append_range(sizes, op.getSizes());
    batcher.set(op.getResult(),
                ir::DynamicSliceOp::create(batcher.builder, op.getLoc(), batcher.get(op.getX()),
                                           startsWithLanes(batcher, op.getStarts()), sizes));
    return success();
  }
  Value taken = batcher.get(op.getX());
  bool hasLanes = batcher.isBatched(op.getX());
  auto type = tensorOf(op.getX());
  for (auto [dim, count] : llvm::enumerate(op.getSizes())) {
    int64_t size = type.getDimSize(dim);
    if (count == size)
      continue;
    Value indices = laneRange(batcher, batcher.lanes(op.getStarts()[dim]), count, size);
    taken = takeAlong(batcher, taken, hasLanes, dim, indices);
    hasLanes = true;
  }
  batcher.set(op.getResult(), hasLanes ? taken : batcher.repeat(taken));
  return success();
}

LogicalResult expandUpdate(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::UpdateOp>(operation);
  Value array = batcher.lanes(op.getX()), box = batcher.lanes(op.getUpdate());
  if (!batcher.batched.containsAny(op.getStarts())) {
    batcher.set(op.getResult(),
                ir::UpdateOp::create(batcher.builder, op.getLoc(), array.getType(), array, box,
                                     startsWithLanes(batcher, op.getStarts())));
    return success();
  }
  SmallVector<int64_t> dims;
  for (auto [dim, size] : llvm::enumerate(tensorOf(op.getX()).getShape()))
    if (tensorOf(op.getUpdate()).getDimSize(dim) != size)
      dims.push_back(dim);
  batcher.set(op.getResult(), updateAlong(batcher, array, box, dims, op.getStarts()));
  return success();
}

LogicalResult expandGather(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::GatherOp>(operation);
  int64_t axis = op.getAxis(), batch = op.getBatchDims();
  Value array = batcher.get(op.getX()), indices = batcher.get(op.getIndices());
  auto gather = [&](Value array, Value indices, int64_t axis, int64_t batch) -> Value {
    return ir::GatherOp::create(batcher.builder, op.getLoc(), array, indices, axis, batch);
  };
  Value result;
  if (!batcher.isBatched(op.getX())) {
    // Lanes become the first dimension of what is looked up: [B, N, I], and the result [B, P, N, I,
    // Q].
    SmallVector<int64_t> permutation;
    for (int64_t i = 1; i <= batch; ++i)
      permutation.push_back(i);
    permutation.push_back(0);
    for (int64_t i = batch + 1; i < tensorOf(indices).getRank(); ++i)
      permutation.push_back(i);
    if (batch > 0)
      indices = ir::TransposeOp::create(batcher.builder, op.getLoc(), indices, permutation);
    result = batcher.toFront(gather(array, indices, axis, batch), axis);
  } else if (!batcher.isBatched(op.getIndices()) && batch == 0) {
    // Lanes are one more of the dimensions before the axis.
    result = gather(array, indices, axis + 1, 0);
  } else {
    result = gather(array, batcher.lanes(op.getIndices()), axis + 1, batch + 1);
  }
  batcher.set(op.getResult(), result);
  return success();
}

LogicalResult expandScatter(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::ScatterOp>(operation);
  bool shared = !batcher.isBatched(op.getIndices()) && op.getBatchDims() == 0;
  Value array = batcher.lanes(op.getX());
  Value indices = batcher.getAs(!shared, op.getIndices());
  batcher.set(op.getResult(),
              ir::ScatterOp::create(batcher.builder, op.getLoc(), array.getType(), op.getKind(),
                                    array, indices, batcher.lanes(op.getUpdates()),
                                    op.getAxis() + 1, shared ? 0 : op.getBatchDims() + 1));
  return success();
}

} // namespace descent::batch
