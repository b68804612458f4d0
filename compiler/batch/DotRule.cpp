// Batching of the general product.
#include "compiler/batch/Rules.h"

using namespace mlir;

namespace descent::batch {

namespace {

SmallVector<int64_t> moved(ArrayRef<int64_t> dims, bool move) {
  return llvm::map_to_vector(dims, [&](int64_t dim) { return dim + move; });
}

} // namespace

// Lanes on both sides are a batch dimension; on one side they are a free dimension, so that a
// product with a shared matrix stays one larger product. Only then may the result have to be
// turned.
LogicalResult expandDot(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::DotOp>(operation);
  bool left = batcher.isBatched(op.getLhs()), right = batcher.isBatched(op.getRhs());
  SmallVector<int64_t> leftBatch = moved(op.getLhsBatch(), left);
  SmallVector<int64_t> rightBatch = moved(op.getRhsBatch(), right);
  if (left && right) {
    leftBatch.insert(leftBatch.begin(), 0);
    rightBatch.insert(rightBatch.begin(), 0);
  }
  Value product = ir::DotOp::create(
      batcher.builder, op.getLoc(), batcher.get(op.getLhs()), batcher.get(op.getRhs()), leftBatch,
      rightBatch, moved(op.getLhsContract(), left), moved(op.getRhsContract(), right));
  int64_t batch = op.getLhsBatch().size(), lanesAt = 0;
  int64_t leftRank = cast<RankedTensorType>(op.getLhs().getType()).getRank();
  if (!right)
    lanesAt = batch;
  else if (!left)
    lanesAt = leftRank - int64_t(op.getLhsContract().size());
  batcher.set(op.getResult(), batcher.toFront(product, lanesAt));
  return success();
}

} // namespace descent::batch
