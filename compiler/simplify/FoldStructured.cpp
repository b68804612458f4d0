// Running reductions, orders, products and gathers of constants. They are computed in double or in
// 64-bit integers and rounded or wrapped once.
#include "compiler/simplify/Elements.h"
#include "compiler/simplify/Patterns.h"

#include <cmath>

using namespace mlir;

namespace descent::simplify {

namespace {

/// The most multiplications of a product that is computed while compiling.
constexpr int64_t largestProduct = 16 * largestConstant;

/// Calls `visit` for each line of elements along a dimension, with the position of its first.
template <typename Visit> void forEachLine(RankedTensorType type, int64_t dim, Visit visit) {
  SmallVector<int64_t> ends(type.getShape()), steps = stepsOf(type.getShape());
  ends[dim] = 1;
  forEachIndex(ends, [&](int64_t, ArrayRef<int64_t> index) {
    int64_t first = 0;
    for (size_t d = 0; d < index.size(); ++d)
      first += index[d] * steps[d];
    visit(first, steps[dim]);
  });
}

template <typename Op> struct FoldCumulative : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto from = constantOf(op.getX());
    auto type = tensorOf(op);
    if (!from || !isSmall(op) || type.getNumElements() == 0)
      return failure();
    auto numbers = numbersOf(from);
    int64_t size = type.getDimSize(op.getDim());
    forEachLine(type, op.getDim(), [&](int64_t first, int64_t step) {
      if (op.getReverse()) {
        first += (size - 1) * step;
        step = -step;
      }
      for (int64_t i = 1; i < size; ++i) {
        Number &here = numbers[first + i * step];
        here = *combine(op, numbers[first + (i - 1) * step], here);
      }
    });
    rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(), constantFrom(type, numbers)));
    return success();
  }
};

struct FoldArgSort : OpRewritePattern<ir::ArgSortOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ArgSortOp op, PatternRewriter &rewriter) const override {
    auto from = constantOf(op.getX());
    auto source = tensorOf(op.getX());
    if (!from || !isSmall(op) || source.getNumElements() == 0)
      return failure();
    auto numbers = numbersOf(from);
    Type element = source.getElementType();
    auto isBefore = [&](const Number &a, const Number &b) {
      if (isa<FloatType>(element))
        return std::isnan(b.real) ? !std::isnan(a.real) : a.real < b.real;
      return element.isUnsignedInteger() ? a.bits < b.bits : int64_t(a.bits) < int64_t(b.bits);
    };
    std::vector<Number> result(numbers.size());
    int64_t size = source.getDimSize(op.getDim());
    forEachLine(source, op.getDim(), [&](int64_t first, int64_t step) {
      SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, size));
      llvm::stable_sort(order, [&](int64_t a, int64_t b) {
        return isBefore(numbers[first + a * step], numbers[first + b * step]);
      });
      for (int64_t i = 0; i < size; ++i)
        result[first + i * step] = {0, uint64_t(order[i])};
    });
    rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(), constantFrom(tensorOf(op), result)));
    return success();
  }
};

/// Where the elements of a product's operand lie: a step for each dimension of the result, and one
/// for each contracted dimension.
struct ProductSteps {
  SmallVector<int64_t> result, contracted;

  ProductSteps(Value operand, ArrayRef<int64_t> batch, ArrayRef<int64_t> contract, int64_t rank,
               int64_t firstFree) {
    auto steps = stepsOf(tensorOf(operand).getShape());
    result.assign(rank, 0);
    for (auto [i, dim] : llvm::enumerate(batch))
      result[i] = steps[dim];
    for (auto [dim, step] : llvm::enumerate(steps))
      if (!llvm::is_contained(batch, int64_t(dim)) && !llvm::is_contained(contract, int64_t(dim)))
        result[firstFree++] = step;
    for (int64_t dim : contract)
      contracted.push_back(steps[dim]);
  }

  static int64_t position(ArrayRef<int64_t> steps, ArrayRef<int64_t> index) {
    int64_t at = 0;
    for (auto [i, step] : llvm::zip(index, steps))
      at += i * step;
    return at;
  }
};

struct FoldDot : OpRewritePattern<ir::DotOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::DotOp op, PatternRewriter &rewriter) const override {
    auto left = constantOf(op.getLhs()), right = constantOf(op.getRhs());
    if (!left || !right || !isSmall(op) || !isSmall(op.getLhs()) || !isSmall(op.getRhs()))
      return failure();
    auto type = tensorOf(op);
    SmallVector<int64_t> contracted;
    for (int64_t dim : op.getLhsContract())
      contracted.push_back(tensorOf(op.getLhs()).getDimSize(dim));
    if (type.getNumElements() * ShapedType::getNumElements(contracted) > largestProduct)
      return failure();
    int64_t batch = op.getLhsBatch().size();
    int64_t leftFree = tensorOf(op.getLhs()).getRank() - batch - contracted.size();
    ProductSteps leftSteps(op.getLhs(), op.getLhsBatch(), op.getLhsContract(), type.getRank(),
                           batch);
    ProductSteps rightSteps(op.getRhs(), op.getRhsBatch(), op.getRhsContract(), type.getRank(),
                            batch + leftFree);
    auto a = numbersOf(left), b = numbersOf(right);
    std::vector<Number> result(type.getNumElements());
    forEachIndex(type.getShape(), [&](int64_t i, ArrayRef<int64_t> index) {
      int64_t fromLeft = ProductSteps::position(leftSteps.result, index);
      int64_t fromRight = ProductSteps::position(rightSteps.result, index);
      forEachIndex(contracted, [&](int64_t, ArrayRef<int64_t> inner) {
        const Number &x = a[fromLeft + ProductSteps::position(leftSteps.contracted, inner)];
        const Number &y = b[fromRight + ProductSteps::position(rightSteps.contracted, inner)];
        result[i].real += x.real * y.real;
        result[i].bits += x.bits * y.bits;
      });
    });
    rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(), constantFrom(type, result)));
    return success();
  }
};

struct FoldGather : OpRewritePattern<ir::GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::GatherOp op, PatternRewriter &rewriter) const override {
    auto from = constantOf(op.getX()), indices = constantOf(op.getIndices());
    auto type = tensorOf(op), source = tensorOf(op.getX());
    // What is taken of nothing is rare enough to be left to the program.
    if (!from || !indices || !isSmall(op) || !isSmall(op.getX()) || !isSmall(op.getIndices()) ||
        source.getNumElements() == 0)
      return failure();
    int64_t axis = op.getAxis(), batch = op.getBatchDims();
    auto indexSteps = stepsOf(tensorOf(op.getIndices()).getShape());
    auto steps = stepsOf(source.getShape());
    int64_t inner = int64_t(indexSteps.size()) - batch, last = source.getDimSize(axis) - 1;
    auto numbers = numbersOf(from), wanted = numbersOf(indices);
    std::vector<Number> result(type.getNumElements());
    forEachIndex(type.getShape(), [&](int64_t i, ArrayRef<int64_t> index) {
      // The result's dimensions: batch, those before the axis, those of the indices, the rest.
      int64_t which = 0, at = 0;
      for (int64_t d = 0; d < batch; ++d)
        which += index[d] * indexSteps[d];
      for (int64_t d = 0; d < inner; ++d)
        which += index[axis + d] * indexSteps[batch + d];
      for (int64_t d = 0; d < axis; ++d)
        at += index[d] * steps[d];
      for (int64_t d = axis + 1; d < source.getRank(); ++d)
        at += index[d - 1 + inner] * steps[d];
      at += std::clamp<int64_t>(int64_t(wanted[which].bits), 0, last) * steps[axis];
      result[i] = numbers[at];
    });
    rewriter.replaceOp(op, makeConstant(rewriter, op.getLoc(), constantFrom(type, result)));
    return success();
  }
};

} // namespace

void addStructuredConstantPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldCumulative<ir::CumSumOp>, FoldCumulative<ir::CumProdOp>,
               FoldCumulative<ir::CumMaxOp>, FoldArgSort, FoldDot, FoldGather>(
      patterns.getContext());
}

} // namespace descent::simplify
