// Slices, pads, concatenations and reversals of each other.
#include "compiler/simplify/Constants.h"
#include "compiler/simplify/Patterns.h"

using namespace mlir;

namespace descent::simplify {

namespace {

bool allZero(ArrayRef<int64_t> numbers) {
  return llvm::all_of(numbers, [](int64_t number) { return number == 0; });
}

/// A slice of `x` with sizes along each dimension instead of limits.
Value sliceOf(OpBuilder &builder, Location loc, Value x, ArrayRef<int64_t> starts,
              ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  SmallVector<int64_t> limits;
  for (auto [start, size, stride] : llvm::zip_equal(starts, sizes, strides))
    limits.push_back(size == 0 ? start : start + (size - 1) * stride + 1);
  return ir::SliceOp::create(builder, loc, x, starts, limits, strides);
}

// slice(slice(x)) is one slice.
struct ChainOfSlices : OpRewritePattern<ir::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::SliceOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ir::SliceOp>();
    if (!inner || tensorOf(op).getNumElements() == 0)
      return failure();
    SmallVector<int64_t> starts, strides;
    for (size_t i = 0; i < op.getStarts().size(); ++i) {
      starts.push_back(inner.getStarts()[i] + op.getStarts()[i] * inner.getStrides()[i]);
      strides.push_back(inner.getStrides()[i] * op.getStrides()[i]);
    }
    rewriter.replaceOp(
        op, sliceOf(rewriter, op.getLoc(), inner.getX(), starts, tensorOf(op).getShape(), strides));
    return success();
  }
};

// A slice of a pad that takes elements of the padded array only is a slice of that; one that takes
// none is the pad's value.
struct SliceOfPad : OpRewritePattern<ir::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::SliceOp op, PatternRewriter &rewriter) const override {
    auto pad = op.getX().getDefiningOp<ir::PadOp>();
    if (!pad || tensorOf(op).getNumElements() == 0)
      return failure();
    auto inside = tensorOf(pad.getX());
    bool within = true;
    SmallVector<int64_t> starts, strides;
    for (int64_t i = 0; i < inside.getRank(); ++i) {
      int64_t spread = pad.getInterior()[i] + 1, size = inside.getDimSize(i);
      int64_t first = op.getStarts()[i] - pad.getLow()[i];
      int64_t last = first + (tensorOf(op).getDimSize(i) - 1) * op.getStrides()[i];
      int64_t end = size == 0 ? 0 : (size - 1) * spread + 1;
      if (last < 0 || first >= end) {
        rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, op.getType(), pad.getValue(),
                                                     ArrayRef<int64_t>());
        return success();
      }
      bool single = first == last;
      within &= first >= 0 && last < end && first % spread == 0 &&
                (single || op.getStrides()[i] % spread == 0);
      starts.push_back(first / spread);
      strides.push_back(single ? 1 : op.getStrides()[i] / spread);
    }
    if (!within)
      return failure();
    rewriter.replaceOp(
        op, sliceOf(rewriter, op.getLoc(), pad.getX(), starts, tensorOf(op).getShape(), strides));
    return success();
  }
};

// A slice that lies in one of the arrays of a concat.
struct SliceOfConcat : OpRewritePattern<ir::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::SliceOp op, PatternRewriter &rewriter) const override {
    auto concat = op.getX().getDefiningOp<ir::ConcatOp>();
    if (!concat || tensorOf(op).getNumElements() == 0)
      return failure();
    int64_t dim = concat.getDim(), before = 0;
    int64_t first = op.getStarts()[dim];
    int64_t last = first + (tensorOf(op).getDimSize(dim) - 1) * op.getStrides()[dim];
    for (Value input : concat.getInputs()) {
      int64_t size = tensorOf(input).getDimSize(dim);
      if (first >= before && last < before + size) {
        SmallVector<int64_t> starts(op.getStarts());
        starts[dim] -= before;
        rewriter.replaceOp(op, sliceOf(rewriter, op.getLoc(), input, starts,
                                       tensorOf(op).getShape(), op.getStrides()));
        return success();
      }
      before += size;
    }
    return failure();
  }
};

// A slice of repetitions: a slice of what is repeated, repeated.
struct SliceOfBroadcast : OpRewritePattern<ir::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::SliceOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getX().getDefiningOp<ir::BroadcastOp>();
    if (!broadcast)
      return failure();
    SmallVector<int64_t> starts, sizes, strides;
    for (int64_t dim : broadcast.getDims()) {
      starts.push_back(op.getStarts()[dim]);
      sizes.push_back(tensorOf(op).getDimSize(dim));
      strides.push_back(op.getStrides()[dim]);
    }
    Value x = sliceOf(rewriter, op.getLoc(), broadcast.getX(), starts, sizes, strides);
    rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, op.getType(), x, broadcast.getDims());
    return success();
  }
};

// A pad by nothing; a pad of a pad with the same value.
struct SimplifyPad : OpRewritePattern<ir::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::PadOp op, PatternRewriter &rewriter) const override {
    if (op.getX().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    auto inner = op.getX().getDefiningOp<ir::PadOp>();
    if (!inner || inner.getValue() != op.getValue() || !allZero(op.getInterior()))
      return failure();
    SmallVector<int64_t> low, high;
    for (size_t i = 0; i < op.getLow().size(); ++i) {
      low.push_back(inner.getLow()[i] + op.getLow()[i]);
      high.push_back(inner.getHigh()[i] + op.getHigh()[i]);
    }
    rewriter.replaceOpWithNewOp<ir::PadOp>(op, inner.getX(), op.getValue(), low, high,
                                           inner.getInterior());
    return success();
  }
};

// A concat of one array; of arrays without elements; of concats; of neighbouring slices of one
// array.
struct SimplifyConcat : OpRewritePattern<ir::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ConcatOp op, PatternRewriter &rewriter) const override {
    int64_t dim = op.getDim();
    if (op.getInputs().size() == 1) {
      rewriter.replaceOp(op, op.getInputs().front());
      return success();
    }
    SmallVector<Value> inputs;
    bool changed = false;
    for (Value input : op.getInputs()) {
      auto inner = input.getDefiningOp<ir::ConcatOp>();
      if (tensorOf(input).getDimSize(dim) == 0) {
        changed = true;
      } else if (inner && int64_t(inner.getDim()) == dim && inner->hasOneUse()) {
        llvm::append_range(inputs, inner.getInputs());
        changed = true;
      } else if (Value joined =
                     inputs.empty() ? Value() : join(inputs.back(), input, dim, rewriter)) {
        inputs.back() = joined;
        changed = true;
      } else {
        inputs.push_back(input);
      }
    }
    // An array without elements altogether is left to constants.
    if (!changed || inputs.empty())
      return failure();
    rewriter.replaceOpWithNewOp<ir::ConcatOp>(op, dim, inputs);
    return success();
  }

private:
  /// One slice for two that follow each other along `dim` in the same array.
  static Value join(Value left, Value right, int64_t dim, PatternRewriter &rewriter) {
    auto a = left.getDefiningOp<ir::SliceOp>(), b = right.getDefiningOp<ir::SliceOp>();
    if (!a || !b || a.getX() != b.getX() || a.getStrides() != b.getStrides())
      return nullptr;
    for (int64_t i = 0; i < tensorOf(left).getRank(); ++i) {
      int64_t offset = i == dim ? tensorOf(left).getDimSize(i) * a.getStrides()[i] : 0;
      if (b.getStarts()[i] != a.getStarts()[i] + offset)
        return nullptr;
    }
    SmallVector<int64_t> sizes(tensorOf(left).getShape());
    sizes[dim] += tensorOf(right).getDimSize(dim);
    return sliceOf(rewriter, right.getLoc(), a.getX(), a.getStarts(), sizes, a.getStrides());
  }
};

// Dimensions whose reversal does nothing: of size 1, or along which the array repeats itself;
// twice.
struct SimplifyReverse : OpRewritePattern<ir::ReverseOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ReverseOp op, PatternRewriter &rewriter) const override {
    auto broadcast = op.getX().getDefiningOp<ir::BroadcastOp>();
    auto inner = op.getX().getDefiningOp<ir::ReverseOp>();
    Value x = inner ? inner.getX() : op.getX();
    SmallVector<int64_t> dims;
    for (int64_t dim = 0; dim < tensorOf(op).getRank(); ++dim) {
      bool turns = llvm::is_contained(op.getDims(), dim);
      if (inner)
        turns ^= llvm::is_contained(inner.getDims(), dim);
      if (tensorOf(op).getDimSize(dim) == 1 ||
          (broadcast && !llvm::is_contained(broadcast.getDims(), dim)))
        turns = false;
      if (turns)
        dims.push_back(dim);
    }
    if (dims.empty()) {
      rewriter.replaceOp(op, x);
      return success();
    }
    if (!inner && dims.size() == op.getDims().size())
      return failure();
    rewriter.replaceOpWithNewOp<ir::ReverseOp>(op, op.getType(), x, dims);
    return success();
  }
};

} // namespace

void addBoxPatterns(RewritePatternSet &patterns) {
  patterns.add<ChainOfSlices, SliceOfPad, SliceOfConcat, SliceOfBroadcast, SimplifyPad,
               SimplifyConcat, SimplifyReverse>(patterns.getContext());
}

} // namespace descent::simplify
