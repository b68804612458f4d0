// Operations whose operands are constants: elementwise ones and reductions are computed, the others
// move elements. And results without elements, which nothing needs to compute.
#include "compiler/simplify/Elements.h"
#include "compiler/simplify/Patterns.h"

using namespace mlir;

namespace descent::simplify {

namespace {

struct FoldElementwise : OpTraitRewritePattern<OpTrait::Elementwise> {
  using OpTraitRewritePattern::OpTraitRewritePattern;
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    auto constants = constantOperands(op);
    if (!constants)
      return failure();
    auto type = tensorOf(op->getResult(0));
    bool splats =
        llvm::all_of(*constants, [](DenseElementsAttr elements) { return elements.isSplat(); });
    if (!splats && !isSmall(op->getResult(0)))
      return failure();
    SmallVector<std::vector<Number>> operands;
    for (DenseElementsAttr elements : *constants)
      operands.push_back(numbersOf(splats ? elements.resizeSplat(cast<ShapedType>(type.clone(
                                                ArrayRef<int64_t>{}, elements.getElementType())))
                                          : elements));
    SmallVector<Number> results;
    for (size_t i = 0; i < operands.front().size(); ++i) {
      SmallVector<Number> at;
      for (auto &operand : operands)
        at.push_back(operand[i]);
      auto result = foldElement(op, at);
      if (!result)
        return failure();
      results.push_back(*result);
    }
    rewriter.replaceOp(op, makeConstant(rewriter, op->getLoc(), constantFrom(type, results)));
    return success();
  }
};

// ---- Moving elements --------------------------------------------------------------------------

/// A constant whose element at each index is that of `from` at the position `where(index)`.
template <typename Where>
DenseElementsAttr moved(DenseElementsAttr from, RankedTensorType type, Where where) {
  if (from.isSplat())
    return from.resizeSplat(type);
  auto source = numbersOf(from);
  std::vector<Number> result;
  forEachIndex(type.getShape(),
               [&](int64_t, ArrayRef<int64_t> index) { result.push_back(source[where(index)]); });
  return constantFrom(type, result);
}

template <typename Op> struct FoldMove : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto from = constantOf(op.getX());
    if (!from || !(from.isSplat() || isSmall(op.getResult())))
      return failure();
    SmallVector<int64_t> steps = stepsOf(cast<RankedTensorType>(from.getType()).getShape());
    rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(),
                                        moved(from, tensorOf(op), [&](ArrayRef<int64_t> index) {
                                          return source(op, index, steps);
                                        })));
    return success();
  }

private:
  static int64_t source(ir::TransposeOp op, ArrayRef<int64_t> index, ArrayRef<int64_t> steps) {
    int64_t at = 0;
    for (auto [i, dim] : llvm::enumerate(op.getPermutation()))
      at += index[i] * steps[dim];
    return at;
  }
  static int64_t source(ir::BroadcastOp op, ArrayRef<int64_t> index, ArrayRef<int64_t> steps) {
    int64_t at = 0;
    for (auto [i, dim] : llvm::enumerate(op.getDims()))
      at += index[dim] * steps[i];
    return at;
  }
  static int64_t source(ir::SliceOp op, ArrayRef<int64_t> index, ArrayRef<int64_t> steps) {
    int64_t at = 0;
    for (size_t i = 0; i < index.size(); ++i)
      at += (op.getStarts()[i] + index[i] * op.getStrides()[i]) * steps[i];
    return at;
  }
  static int64_t source(ir::ReverseOp op, ArrayRef<int64_t> index, ArrayRef<int64_t> steps) {
    int64_t at = 0;
    for (size_t i = 0; i < index.size(); ++i)
      at += (llvm::is_contained(op.getDims(), int64_t(i))
                 ? tensorOf(op.getX()).getDimSize(i) - 1 - index[i]
                 : index[i]) *
            steps[i];
    return at;
  }
};

struct FoldPad : OpRewritePattern<ir::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::PadOp op, PatternRewriter &rewriter) const override {
    auto from = constantOf(op.getX()), value = constantOf(op.getValue());
    if (!from || !value)
      return failure();
    auto type = tensorOf(op);
    Number around = numbersOf(value).front();
    if (from.isSplat() && from.getSplatValue<Attribute>() == value.getSplatValue<Attribute>()) {
      rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(), from.resizeSplat(type)));
      return success();
    }
    if (!isSmall(op))
      return failure();
    std::vector<Number> result(type.getNumElements(), around);
    auto source = numbersOf(from);
    SmallVector<int64_t> steps = stepsOf(type.getShape());
    forEachIndex(tensorOf(op.getX()).getShape(), [&](int64_t i, ArrayRef<int64_t> index) {
      int64_t at = 0;
      for (size_t d = 0; d < index.size(); ++d)
        at += (op.getLow()[d] + index[d] * (op.getInterior()[d] + 1)) * steps[d];
      result[at] = source[i];
    });
    rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(), constantFrom(type, result)));
    return success();
  }
};

struct FoldConcat : OpRewritePattern<ir::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ConcatOp op, PatternRewriter &rewriter) const override {
    auto constants = constantOperands(op);
    if (!constants || !isSmall(op))
      return failure();
    auto type = tensorOf(op);
    SmallVector<int64_t> steps = stepsOf(type.getShape());
    std::vector<Number> result(type.getNumElements());
    int64_t before = 0, dim = op.getDim();
    for (DenseElementsAttr input : *constants) {
      auto source = numbersOf(input);
      auto shape = cast<RankedTensorType>(input.getType()).getShape();
      forEachIndex(shape, [&](int64_t i, ArrayRef<int64_t> index) {
        int64_t at = before * steps[dim];
        for (size_t d = 0; d < index.size(); ++d)
          at += index[d] * steps[d];
        result[at] = source[i];
      });
      before += shape[dim];
    }
    rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(), constantFrom(type, result)));
    return success();
  }
};

// ---- Combining elements -----------------------------------------------------------------------

template <typename Op> struct FoldReduce : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto from = constantOf(op.getX());
    // Reductions of nothing have a pattern of their own.
    if (!from || tensorOf(op.getX()).getNumElements() == 0 || !isSmall(op.getX()))
      return failure();
    auto type = tensorOf(op), source = tensorOf(op.getX());
    SmallVector<int64_t> steps(source.getRank(), 0), kept = stepsOf(type.getShape());
    for (int64_t d = 0, next = 0; d < source.getRank(); ++d)
      if (!llvm::is_contained(op.getDims(), d))
        steps[d] = kept[next++];
    auto numbers = numbersOf(from);
    std::vector<std::optional<Number>> result(type.getNumElements());
    forEachIndex(source.getShape(), [&](int64_t i, ArrayRef<int64_t> index) {
      int64_t at = 0;
      for (size_t d = 0; d < index.size(); ++d)
        at += index[d] * steps[d];
      result[at] = result[at] ? combine(op, *result[at], numbers[i]) : numbers[i];
    });
    SmallVector<Number> values;
    for (auto &value : result)
      values.push_back(*value);
    rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(), constantFrom(type, values)));
    return success();
  }
};

/// A pure operation whose results have no elements needs no operands.
struct FoldEmptyResults : RewritePattern {
  explicit FoldEmptyResults(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/10, context) {}
  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (op->getNumResults() == 0 || op->getNumRegions() > 0 || isa<ir::ConstantOp>(op) ||
        !isMemoryEffectFree(op))
      return failure();
    SmallVector<Value> constants;
    for (Value result : op->getResults()) {
      auto type = dyn_cast<RankedTensorType>(result.getType());
      if (!type || type.getNumElements() != 0)
        return failure();
    }
    for (Value result : op->getResults())
      constants.push_back(makeConstant(
          rewriter, op->getLoc(), DenseElementsAttr::get(tensorOf(result), ArrayRef<Attribute>())));
    rewriter.replaceOp(op, constants);
    return success();
  }
};

} // namespace

void addConstantPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldElementwise, FoldMove<ir::TransposeOp>, FoldMove<ir::BroadcastOp>,
               FoldMove<ir::SliceOp>, FoldMove<ir::ReverseOp>, FoldPad, FoldConcat,
               FoldReduce<ir::ReduceSumOp>, FoldReduce<ir::ReduceProdOp>,
               FoldReduce<ir::ReduceMaxOp>, FoldReduce<ir::ReduceMinOp>,
               FoldReduce<ir::ReduceAndOp>, FoldReduce<ir::ReduceOrOp>, FoldEmptyResults>(
      patterns.getContext());
}

} // namespace descent::simplify
