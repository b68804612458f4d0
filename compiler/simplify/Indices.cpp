// Positions that turn out to be known, or to be all positions in order; boxes that are read back.
#include "compiler/simplify/Constants.h"
#include "compiler/simplify/Patterns.h"

using namespace mlir;

namespace descent::simplify {

namespace {

/// The starts of a box as numbers, clamped so that it lies inside the array; nothing if one is not
/// known.
std::optional<SmallVector<int64_t>> knownStarts(ValueRange starts, ArrayRef<int64_t> shape,
                                                ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> known;
  for (auto [start, extent, size] : llvm::zip_equal(starts, shape, sizes)) {
    auto number = integerSplat(start);
    if (!number && size != extent)
      return std::nullopt;
    known.push_back(std::clamp<int64_t>(number.value_or(0), 0, extent - size));
  }
  return known;
}

// A position known at compile time.
struct KnownSlice : OpRewritePattern<ir::DynamicSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::DynamicSliceOp op, PatternRewriter &rewriter) const override {
    auto starts = knownStarts(op.getStarts(), tensorOf(op.getX()).getShape(), op.getSizes());
    if (!starts)
      return failure();
    SmallVector<int64_t> limits, strides(starts->size(), 1);
    for (auto [start, size] : llvm::zip_equal(*starts, op.getSizes()))
      limits.push_back(start + size);
    rewriter.replaceOpWithNewOp<ir::SliceOp>(op, op.getX(), *starts, limits, strides);
    return success();
  }
};

// What was just written, where it was written.
struct SliceOfUpdate : OpRewritePattern<ir::DynamicSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::DynamicSliceOp op, PatternRewriter &rewriter) const override {
    auto update = op.getX().getDefiningOp<ir::UpdateOp>();
    if (!update || update.getUpdate().getType() != op.getType() ||
        update.getStarts() != op.getStarts())
      return failure();
    rewriter.replaceOp(op, update.getUpdate());
    return success();
  }
};

// A box that is the whole array; one that is written as it was read; one that is overwritten.
struct SimplifyUpdate : OpRewritePattern<ir::UpdateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::UpdateOp op, PatternRewriter &rewriter) const override {
    if (op.getUpdate().getType() == op.getType()) {
      rewriter.replaceOp(op, op.getUpdate());
      return success();
    }
    if (tensorOf(op.getUpdate()).getNumElements() == 0) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    auto read = op.getUpdate().getDefiningOp<ir::DynamicSliceOp>();
    if (read && read.getX() == op.getX() && read.getStarts() == op.getStarts()) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    auto before = op.getX().getDefiningOp<ir::UpdateOp>();
    if (before && before.getUpdate().getType() == op.getUpdate().getType() &&
        before.getStarts() == op.getStarts()) {
      rewriter.replaceOpWithNewOp<ir::UpdateOp>(op, op.getType(), before.getX(), op.getUpdate(),
                                                op.getStarts());
      return success();
    }
    return failure();
  }
};

// A slice of an array where something was written at a known place elsewhere, or that contains it
// whole.
struct StaticSliceOfUpdate : OpRewritePattern<ir::SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::SliceOp op, PatternRewriter &rewriter) const override {
    auto update = op.getX().getDefiningOp<ir::UpdateOp>();
    if (!update || tensorOf(op).getNumElements() == 0)
      return failure();
    auto sizes = tensorOf(update.getUpdate()).getShape();
    auto starts = knownStarts(update.getStarts(), tensorOf(update).getShape(), sizes);
    if (!starts)
      return failure();
    bool apart = false, inside = true;
    SmallVector<int64_t> relative, limits;
    for (size_t i = 0; i < starts->size(); ++i) {
      int64_t from = (*starts)[i], to = from + sizes[i];
      int64_t last = op.getStarts()[i] + (tensorOf(op).getDimSize(i) - 1) * op.getStrides()[i];
      apart |= last < from || op.getStarts()[i] >= to;
      inside &= op.getStarts()[i] >= from && last < to;
      relative.push_back(op.getStarts()[i] - from);
      limits.push_back(last - from + 1);
    }
    if (apart)
      rewriter.replaceOpWithNewOp<ir::SliceOp>(op, update.getX(), op.getStarts(), op.getLimits(),
                                               op.getStrides());
    else if (inside)
      rewriter.replaceOpWithNewOp<ir::SliceOp>(op, update.getUpdate(), relative, limits,
                                               op.getStrides());
    return success(apart || inside);
  }
};

/// Whether a value is the indices 0 … n - 1 in order.
bool isAllInOrder(Value indices, int64_t n) {
  auto type = tensorOf(indices);
  if (type.getRank() != 1 || type.getDimSize(0) != n)
    return false;
  if (indices.getDefiningOp<ir::IotaOp>())
    return true;
  auto elements = constantOf(indices);
  return elements && llvm::equal(llvm::map_range(elements.getValues<APInt>(),
                                                 [](const APInt &x) { return x.getSExtValue(); }),
                                 llvm::seq<int64_t>(0, n));
}

// A gather of all slices in order; at one known index; and one from indices themselves.
struct SimplifyGather : OpRewritePattern<ir::GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::GatherOp op, PatternRewriter &rewriter) const override {
    auto type = tensorOf(op.getX());
    int64_t axis = op.getAxis(), size = type.getDimSize(axis);
    if (op.getBatchDims() != 0 || size == 0)
      return failure();
    if (isAllInOrder(op.getIndices(), size)) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    if (auto index = integerSplat(op.getIndices())) {
      // The slice there, as often as there are indices.
      SmallVector<int64_t> starts(type.getRank(), 0), limits(type.getShape()),
          strides(type.getRank(), 1), shape(type.getShape()), dims;
      starts[axis] = std::clamp<int64_t>(*index, 0, size - 1);
      limits[axis] = starts[axis] + 1;
      Value slice = ir::SliceOp::create(rewriter, op.getLoc(), op.getX(), starts, limits, strides);
      shape.erase(shape.begin() + axis);
      slice = ir::ReshapeOp::create(rewriter, op.getLoc(), type.clone(shape), slice);
      for (int64_t i = 0; i < type.getRank() - 1; ++i)
        dims.push_back(i < axis ? i : i + tensorOf(op.getIndices()).getRank());
      rewriter.replaceOpWithNewOp<ir::BroadcastOp>(op, op.getType(), slice, dims);
      return success();
    }
    auto iota = op.getX().getDefiningOp<ir::IotaOp>();
    auto indices = tensorOf(op.getIndices());
    if (!iota || type.getRank() != 1)
      return failure();
    // The element at an index is the index, clamped.
    Value clamped = op.getIndices();
    clamped = ir::MaxOp::create(rewriter, op.getLoc(), indices, clamped,
                                makeSplat(rewriter, op.getLoc(), indices, 0));
    clamped = ir::MinOp::create(rewriter, op.getLoc(), indices, clamped,
                                makeSplat(rewriter, op.getLoc(), indices, double(size - 1)));
    rewriter.replaceOpWithNewOp<ir::ConvertOp>(op, op.getType(), clamped);
    return success();
  }
};

// A scatter of nothing; of all slices in order, each written once.
struct SimplifyScatter : OpRewritePattern<ir::ScatterOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ir::ScatterOp op, PatternRewriter &rewriter) const override {
    if (tensorOf(op.getUpdates()).getNumElements() == 0) {
      rewriter.replaceOp(op, op.getX());
      return success();
    }
    int64_t size = tensorOf(op).getDimSize(op.getAxis());
    if (op.getBatchDims() != 0 || !isAllInOrder(op.getIndices(), size))
      return failure();
    if (op.getKind() == ir::ScatterKind::set)
      rewriter.replaceOp(op, op.getUpdates());
    else
      rewriter.replaceOpWithNewOp<ir::AddOp>(op, op.getType(), op.getX(), op.getUpdates());
    return success();
  }
};

} // namespace

void addIndexPatterns(RewritePatternSet &patterns) {
  patterns.add<KnownSlice, SliceOfUpdate, SimplifyUpdate, StaticSliceOfUpdate, SimplifyGather,
               SimplifyScatter>(patterns.getContext());
}

} // namespace descent::simplify
