// Reductions of nothing, of repetitions, of reductions; products without anything to sum.
#include "compiler/simplify/Constants.h"
#include "compiler/simplify/Patterns.h"

#include <numeric>

using namespace mlir;

namespace descent::simplify {

namespace {

/// What a reduction of no elements is.
template <typename Op> DenseElementsAttr identityOf(RankedTensorType type) {
  if constexpr (std::is_same_v<Op, ir::ReduceProdOp> || std::is_same_v<Op, ir::ReduceAndOp>)
    return splat(type, 1);
  else if constexpr (std::is_same_v<Op, ir::ReduceMaxOp>)
    return extreme(type, /*largest=*/false);
  else if constexpr (std::is_same_v<Op, ir::ReduceMinOp>)
    return extreme(type, /*largest=*/true);
  else
    return splat(type, 0);
}

/// The reduction of `count` copies of a value.
template <typename Op>
Value ofCopies(OpBuilder &builder, Location loc, Value value, int64_t count) {
  auto number = [&](double x) { return makeSplat(builder, loc, tensorOf(value), x); };
  if constexpr (std::is_same_v<Op, ir::ReduceSumOp>)
    return ir::MulOp::create(builder, loc, value.getType(), value, number(double(count)));
  else if constexpr (std::is_same_v<Op, ir::ReduceProdOp>)
    return ir::PowOp::create(builder, loc, value.getType(), value, number(double(count)));
  else
    return value;
}

// Over no dimension; over dimensions without elements; over dimensions of size 1 (which only go).
template <typename Op> struct TrivialReduction : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto type = tensorOf(op.getX());
    if (type.getNumElements() == 0) {
      rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(), identityOf<Op>(tensorOf(op))));
      return success();
    }
    if (type.getNumElements() != tensorOf(op).getNumElements())
      return failure();
    rewriter.replaceOpWithNewOp<ir::ReshapeOp>(op, op.getType(), op.getX());
    return success();
  }
};

// A reduction of a reduction is one over the dimensions of both.
template <typename Op> struct ChainOfReductions : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().template getDefiningOp<Op>();
    if (!inner || !inner->hasOneUse())
      return failure();
    SmallVector<int64_t> dims(inner.getDims());
    for (int64_t dim = 0, kept = 0; dim < tensorOf(inner.getX()).getRank(); ++dim)
      if (!llvm::is_contained(inner.getDims(), dim) && llvm::is_contained(op.getDims(), kept++))
        dims.push_back(dim);
    llvm::sort(dims);
    rewriter.replaceOpWithNewOp<Op>(op, inner.getX(), dims);
    return success();
  }
};

// Of repetitions along a dimension it removes: the reduction without them, of so many copies.
template <typename Op> struct ReductionOfBroadcast : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getX().template getDefiningOp<ir::BroadcastOp>();
    if (!broadcast || tensorOf(broadcast).getNumElements() == 0)
      return failure();
    int64_t copies = 1;
    bool removesCopies = false;
    for (int64_t dim : op.getDims())
      if (!llvm::is_contained(broadcast.getDims(), dim)) {
        copies *= tensorOf(broadcast).getDimSize(dim);
        removesCopies = true;
      }
    if (!removesCopies)
      return failure();
    // Along which dimensions of what is repeated there is still something to reduce, and where
    // those that stay go in the result.
    SmallVector<int64_t> inner, places;
    for (auto [i, dim] : llvm::enumerate(broadcast.getDims())) {
      if (llvm::is_contained(op.getDims(), dim))
        inner.push_back(i);
      else
        places.push_back(
            dim - llvm::count_if(op.getDims(), [&](int64_t reduced) { return reduced < dim; }));
    }
    Value value = broadcast.getX();
    if (!inner.empty())
      value = Op::create(rewriter, op.getLoc(), value, inner);
    value = ofCopies<Op>(rewriter, op.getLoc(), value, copies);
    rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, op.getType(), value, places);
    return success();
  }
};

// Running reductions and orders along a dimension of size 1 (or 0).
template <typename Op> struct TrivialRunning : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (tensorOf(op.getX()).getDimSize(op.getDim()) > 1)
      return failure();
    rewriter.replaceOp(op, op.getX());
    return success();
  }
};

template <typename Op> struct TrivialOrder : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (tensorOf(op.getX()).getDimSize(op.getDim()) > 1)
      return failure();
    rewriter.replaceOp(op, makeSplat(rewriter, op.getLoc(), tensorOf(op), 0));
    return success();
  }
};

// ---- Products ---------------------------------------------------------------------------------

/// The dimensions of an operand that are neither batch nor contracted.
SmallVector<int64_t> freeDims(Value operand, ArrayRef<int64_t> batch, ArrayRef<int64_t> contract) {
  SmallVector<int64_t> dims;
  for (int64_t i = 0; i < tensorOf(operand).getRank(); ++i)
    if (!llvm::is_contained(batch, i) && !llvm::is_contained(contract, i))
      dims.push_back(i);
  return dims;
}

SmallVector<int64_t> mapped(ArrayRef<int64_t> dims, ArrayRef<int64_t> through) {
  return llvm::map_to_vector(dims, [&](int64_t dim) { return through[dim]; });
}

// A sum of no products.
struct EmptyProduct : OpRewritePattern<ir::DotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::DotOp op, PatternRewriter &rewriter) const override {
    if (llvm::none_of(op.getLhsContract(),
                      [&](int64_t dim) { return tensorOf(op.getLhs()).getDimSize(dim) == 0; }))
      return failure();
    rewriter.replaceOp(op, makeSplat(rewriter, op.getLoc(), tensorOf(op), 0));
    return success();
  }
};

// Without contracted dimensions, or with such of size 1 only, nothing is summed: a product of
// broadcasts.
struct ProductWithoutSum : OpRewritePattern<ir::DotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::DotOp op, PatternRewriter &rewriter) const override {
    if (llvm::any_of(op.getLhsContract(),
                     [&](int64_t dim) { return tensorOf(op.getLhs()).getDimSize(dim) != 1; }))
      return failure();
    auto leftFree = freeDims(op.getLhs(), op.getLhsBatch(), op.getLhsContract());
    auto rightFree = freeDims(op.getRhs(), op.getRhsBatch(), op.getRhsContract());
    int64_t batch = op.getLhsBatch().size();
    Value left = spread(rewriter, op, op.getLhs(), op.getLhsBatch(), leftFree, batch);
    Value right =
        spread(rewriter, op, op.getRhs(), op.getRhsBatch(), rightFree, batch + leftFree.size());
    rewriter.replaceOpWithNewOp<ir::MulOp>(op, op.getType(), left, right);
    return success();
  }

private:
  /// An operand as [batch, free], repeated to the result's shape; its free dimensions begin at
  /// `freeAt`.
  static Value spread(PatternRewriter &rewriter, ir::DotOp op, Value operand,
                      ArrayRef<int64_t> batch, ArrayRef<int64_t> free, int64_t freeAt) {
    SmallVector<int64_t> order(batch), places(batch.size()), shape;
    llvm::append_range(order, free);
    std::iota(places.begin(), places.end(), 0);
    for (size_t i = 0; i < free.size(); ++i)
      places.push_back(freeAt + i);
    for (int64_t dim : order)
      shape.push_back(tensorOf(operand).getDimSize(dim));
    // Contracted dimensions, all of size 1, go first.
    for (int64_t dim = 0; dim < tensorOf(operand).getRank(); ++dim)
      if (!llvm::is_contained(order, dim))
        order.push_back(dim);
    operand = ir::TransposeOp::create(rewriter, op.getLoc(), operand, order);
    operand = ir::ReshapeOp::create(rewriter, op.getLoc(), tensorOf(operand).clone(shape), operand);
    return ir::BroadcastOp::create(rewriter, op.getLoc(), op.getType(), operand, places);
  }
};

// A transposed operand whose free dimensions keep their order: the dimensions of the product are
// renamed.
struct ProductOfTranspose : OpRewritePattern<ir::DotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::DotOp op, PatternRewriter &rewriter) const override {
    auto left = op.getLhs().getDefiningOp<ir::TransposeOp>();
    auto right = op.getRhs().getDefiningOp<ir::TransposeOp>();
    if (left && keepsOrder(freeDims(left, op.getLhsBatch(), op.getLhsContract()), left)) {
      rewriter.replaceOpWithNewOp<ir::DotOp>(
          op, left.getX(), op.getRhs(), mapped(op.getLhsBatch(), left.getPermutation()),
          op.getRhsBatch(), mapped(op.getLhsContract(), left.getPermutation()),
          op.getRhsContract());
      return success();
    }
    if (right && keepsOrder(freeDims(right, op.getRhsBatch(), op.getRhsContract()), right)) {
      rewriter.replaceOpWithNewOp<ir::DotOp>(op, op.getLhs(), right.getX(), op.getLhsBatch(),
                                             mapped(op.getRhsBatch(), right.getPermutation()),
                                             op.getLhsContract(),
                                             mapped(op.getRhsContract(), right.getPermutation()));
      return success();
    }
    return failure();
  }

private:
  static bool keepsOrder(ArrayRef<int64_t> free, ir::TransposeOp transpose) {
    return llvm::is_sorted(mapped(free, transpose.getPermutation()));
  }
};

// A product turned so that the right operand's dimensions come first: the product the other way
// round.
struct TransposeOfProduct : OpRewritePattern<ir::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::TransposeOp op, PatternRewriter &rewriter) const override {
    auto dot = op.getX().getDefiningOp<ir::DotOp>();
    if (!dot || !dot->hasOneUse())
      return failure();
    int64_t batch = dot.getLhsBatch().size(), rank = tensorOf(op).getRank();
    int64_t left = freeDims(dot.getLhs(), dot.getLhsBatch(), dot.getLhsContract()).size();
    SmallVector<int64_t> swapped;
    for (int64_t i = 0; i < batch; ++i)
      swapped.push_back(i);
    for (int64_t i = batch + left; i < rank; ++i)
      swapped.push_back(i);
    for (int64_t i = batch; i < batch + left; ++i)
      swapped.push_back(i);
    if (op.getPermutation() != ArrayRef<int64_t>(swapped))
      return failure();
    rewriter.replaceOpWithNewOp<ir::DotOp>(op, dot.getRhs(), dot.getLhs(), dot.getRhsBatch(),
                                           dot.getLhsBatch(), dot.getRhsContract(),
                                           dot.getLhsContract());
    return success();
  }
};

} // namespace

void addReducePatterns(RewritePatternSet &patterns) {
  using namespace ir;
  MLIRContext *context = patterns.getContext();
  patterns.add<TrivialReduction<ReduceSumOp>, TrivialReduction<ReduceProdOp>,
               TrivialReduction<ReduceMaxOp>, TrivialReduction<ReduceMinOp>,
               TrivialReduction<ReduceAndOp>, TrivialReduction<ReduceOrOp>>(context);
  patterns.add<ChainOfReductions<ReduceSumOp>, ChainOfReductions<ReduceProdOp>,
               ChainOfReductions<ReduceMaxOp>, ChainOfReductions<ReduceMinOp>,
               ChainOfReductions<ReduceAndOp>, ChainOfReductions<ReduceOrOp>>(context);
  patterns.add<ReductionOfBroadcast<ReduceSumOp>, ReductionOfBroadcast<ReduceProdOp>,
               ReductionOfBroadcast<ReduceMaxOp>, ReductionOfBroadcast<ReduceMinOp>,
               ReductionOfBroadcast<ReduceAndOp>, ReductionOfBroadcast<ReduceOrOp>>(context);
  patterns.add<TrivialRunning<CumSumOp>, TrivialRunning<CumProdOp>, TrivialRunning<CumMaxOp>,
               TrivialOrder<ArgMaxOp>, TrivialOrder<ArgMinOp>, TrivialOrder<ArgSortOp>>(context);
  patterns.add<EmptyProduct, ProductWithoutSum, ProductOfTranspose, TransposeOfProduct>(context);
}

} // namespace descent::simplify
