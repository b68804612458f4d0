// Broadcasts, reshapes and transposes: fewer of them, and as late as possible.
#include "compiler/simplify/Constants.h"
#include "compiler/simplify/Patterns.h"

#include <numeric>

using namespace mlir;

namespace descent::simplify {

namespace {

// broadcast(broadcast(x)) is one broadcast.
struct ChainOfBroadcasts : OpRewritePattern<ir::BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::BroadcastOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ir::BroadcastOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> dims;
    for (int64_t dim : inner.getDims())
      dims.push_back(op.getDims()[dim]);
    rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, op.getType(), inner.getX(), dims);
    return success();
  }
};

// A broadcast that only adds dimensions of size 1 is a reshape.
struct BroadcastToReshape : OpRewritePattern<ir::BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::BroadcastOp op, PatternRewriter &rewriter) const override {
    if (tensorOf(op).getNumElements() != tensorOf(op.getX()).getNumElements())
      return failure();
    rewriter.replaceOpWithNewOp<ir::ReshapeOp>(op, op.getType(), op.getX());
    return success();
  }
};

/// For each dimension of `from` the one of `to` that it is, where `to` is `from` with dimensions of
/// size 1 put in; nothing where it is something else.
std::optional<SmallVector<int64_t>> insertedUnits(RankedTensorType from, RankedTensorType to) {
  SmallVector<int64_t> dims;
  int64_t next = 0;
  for (int64_t size : from.getShape()) {
    while (next < to.getRank() && to.getDimSize(next) != size) {
      if (to.getDimSize(next) != 1)
        return std::nullopt;
      ++next;
    }
    if (next == to.getRank())
      return std::nullopt;
    dims.push_back(next++);
  }
  for (; next < to.getRank(); ++next)
    if (to.getDimSize(next) != 1)
      return std::nullopt;
  return dims;
}

// A reshape that only adds dimensions of size 1, before a broadcast: one broadcast.
struct BroadcastOfReshape : OpRewritePattern<ir::BroadcastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::BroadcastOp op, PatternRewriter &rewriter) const override {
    auto reshape = op.getX().getDefiningOp<ir::ReshapeOp>();
    if (!reshape)
      return failure();
    auto inserted = insertedUnits(tensorOf(reshape.getX()), tensorOf(reshape));
    if (!inserted)
      return failure();
    SmallVector<int64_t> dims;
    for (int64_t dim : *inserted)
      dims.push_back(op.getDims()[dim]);
    rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, op.getType(), reshape.getX(), dims);
    return success();
  }
};

// A reshape that only takes dimensions of size 1 from a broadcast's repetitions: a broadcast.
struct ReshapeOfBroadcast : OpRewritePattern<ir::ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ReshapeOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getX().getDefiningOp<ir::BroadcastOp>();
    if (!broadcast)
      return failure();
    auto wide = tensorOf(broadcast), narrow = tensorOf(op);
    if (broadcast.getDims().empty()) {
      rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, narrow, broadcast.getX(),
                                                   ArrayRef<int64_t>());
      return success();
    }
    // More dimensions than before: those of the operand go where the units leave them.
    if (auto inserted = insertedUnits(wide, narrow)) {
      SmallVector<int64_t> dims;
      for (int64_t dim : broadcast.getDims())
        dims.push_back((*inserted)[dim]);
      rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, narrow, broadcast.getX(), dims);
      return success();
    }
    // Fewer: possible where those that go are not the operand's.
    auto removed = insertedUnits(narrow, wide);
    if (!removed)
      return failure();
    SmallVector<int64_t> dims;
    for (int64_t dim : broadcast.getDims()) {
      auto *at = llvm::find(*removed, dim);
      if (at == removed->end())
        return failure();
      dims.push_back(at - removed->begin());
    }
    rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, narrow, broadcast.getX(), dims);
    return success();
  }
};

// transpose(transpose(x)) is one transpose.
struct ChainOfTransposes : OpRewritePattern<ir::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ir::TransposeOp>();
    if (!inner)
      return failure();
    SmallVector<int64_t> permutation;
    for (int64_t dim : op.getPermutation())
      permutation.push_back(inner.getPermutation()[dim]);
    rewriter.replaceOpWithNewOp<ir::TransposeOp>(op, inner.getX(), permutation);
    return success();
  }
};

// A transpose that moves only dimensions of size 1 is a reshape.
struct TransposeToReshape : OpRewritePattern<ir::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::TransposeOp op, PatternRewriter &rewriter) const override {
    int64_t last = -1;
    for (int64_t dim : op.getPermutation()) {
      if (tensorOf(op.getX()).getDimSize(dim) == 1)
        continue;
      if (dim < last)
        return failure();
      last = dim;
    }
    rewriter.replaceOpWithNewOp<ir::ReshapeOp>(op, op.getType(), op.getX());
    return success();
  }
};

// transpose(broadcast(x)) = broadcast(transpose(x)), which moves less.
struct TransposeOfBroadcast : OpRewritePattern<ir::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::TransposeOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getX().getDefiningOp<ir::BroadcastOp>();
    if (!broadcast)
      return failure();
    // Where in the result each dimension of the operand goes, and in which order.
    SmallVector<int64_t> places, order(broadcast.getDims().size());
    for (int64_t dim : broadcast.getDims())
      places.push_back(llvm::find(op.getPermutation(), dim) - op.getPermutation().begin());
    std::iota(order.begin(), order.end(), 0);
    llvm::sort(order, [&](int64_t a, int64_t b) { return places[a] < places[b]; });
    llvm::sort(places);
    Value x = broadcast.getX();
    if (!llvm::is_sorted(order))
      x = ir::TransposeOp::create(rewriter, op.getLoc(), x, order);
    rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, op.getType(), x, places);
    return success();
  }
};

// An elementwise operation on equal broadcasts (and constants that are one number): computed before
// it is repeated.
struct ElementwiseOfBroadcasts : OpTraitRewritePattern<OpTrait::Elementwise> {
  using OpTraitRewritePattern::OpTraitRewritePattern;
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    ir::BroadcastOp first;
    for (Value operand : op->getOperands()) {
      auto broadcast = operand.getDefiningOp<ir::BroadcastOp>();
      auto elements = constantOf(operand);
      if (!broadcast && !(elements && elements.isSplat()))
        return failure();
      if (!broadcast)
        continue;
      if (first && (first.getDims() != broadcast.getDims() ||
                    tensorOf(first.getX()).getShape() != tensorOf(broadcast.getX()).getShape()))
        return failure();
      first = broadcast;
    }
    if (!first)
      return failure();
    SmallVector<Value> operands;
    auto shape = tensorOf(first.getX()).getShape();
    for (Value operand : op->getOperands()) {
      if (auto broadcast = operand.getDefiningOp<ir::BroadcastOp>())
        operands.push_back(broadcast.getX());
      else
        operands.push_back(
            makeConstant(rewriter, op->getLoc(),
                         constantOf(operand).resizeSplat(tensorOf(operand).clone(shape))));
    }
    auto type = tensorOf(op->getResult(0));
    OperationState state(op->getLoc(), op->getName(), operands, Type(type.clone(shape)),
                         op->getAttrDictionary().getValue());
    Value narrow = rewriter.create(state)->getResult(0);
    rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, type, narrow, first.getDims());
    return success();
  }
};

} // namespace

void addShapePatterns(RewritePatternSet &patterns) {
  patterns
      .add<ChainOfBroadcasts, BroadcastToReshape, BroadcastOfReshape, ReshapeOfBroadcast,
           ChainOfTransposes, TransposeToReshape, TransposeOfBroadcast, ElementwiseOfBroadcasts>(
          patterns.getContext());
}

} // namespace descent::simplify
