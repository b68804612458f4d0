#include "compiler/cpu/matmul/Layout.h"

namespace descent::cpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;

namespace {

struct View {
  mlir::Value array;
  int64_t offset = 0;
  SmallVector<int64_t, 4> strides;
};

/// The strides of a reshaped view, if it has any: groups of dimensions with as many elements on
/// both sides are matched, and each group of the source must be one run.
std::optional<SmallVector<int64_t, 4>> reshaped(ArrayRef<int64_t> from, ArrayRef<int64_t> strides,
                                                ArrayRef<int64_t> to) {
  SmallVector<int64_t, 4> sizes, steps, result(to.size(), 0);
  for (auto [size, stride] : llvm::zip(from, strides))
    if (size != 1) {
      sizes.push_back(size);
      steps.push_back(stride);
    }
  size_t source = 0, target = 0;
  while (source < sizes.size()) {
    size_t sourceEnd = source + 1, targetEnd = target;
    int64_t sourceSize = sizes[source], targetSize = 1;
    while (targetSize != sourceSize || targetSize == 1) {
      if (targetSize < sourceSize) {
        if (targetEnd == to.size())
          return std::nullopt;
        targetSize *= to[targetEnd++];
      } else {
        if (sourceEnd == sizes.size())
          return std::nullopt;
        sourceSize *= sizes[sourceEnd++];
      }
    }
    for (size_t i = source; i + 1 < sourceEnd; ++i)
      if (steps[i] != steps[i + 1] * sizes[i + 1])
        return std::nullopt;
    int64_t stride = steps[sourceEnd - 1];
    for (size_t i = targetEnd; i-- > target;) {
      result[i] = stride;
      stride *= to[i];
    }
    source = sourceEnd;
    target = targetEnd;
  }
  return result;
}

std::optional<View> viewOf(const FunctionEmission &f, mlir::Value value) {
  if (kernel::isRegister(value))
    return std::nullopt;
  ArrayRef<int64_t> shape = tensorType(value).getShape();
  View view;
  if (f.isInMemory(value)) {
    view.array = value;
    view.strides.assign(shape.size(), 1);
    for (size_t i = shape.size(); i-- > 1;)
      view.strides[i - 1] = view.strides[i] * shape[i];
    return view;
  }
  mlir::Operation *op = value.getDefiningOp();
  if (!mlir::isa<ir::TransposeOp, ir::BroadcastOp, ir::SliceOp, ir::ReverseOp, ir::ReshapeOp,
                 ir::StopGradientOp>(op))
    return std::nullopt;
  std::optional<View> inner = viewOf(f, op->getOperand(0));
  if (!inner)
    return std::nullopt;
  ArrayRef<int64_t> from = tensorType(op->getOperand(0)).getShape();
  view = *inner;
  if (auto transpose = mlir::dyn_cast<ir::TransposeOp>(op)) {
    for (auto [i, dim] : llvm::enumerate(transpose.getPermutation()))
      view.strides[i] = inner->strides[size_t(dim)];
  } else if (auto broadcast = mlir::dyn_cast<ir::BroadcastOp>(op)) {
    view.strides.assign(shape.size(), 0);
    for (auto [i, dim] : llvm::enumerate(broadcast.getDims()))
      view.strides[size_t(dim)] = inner->strides[i];
  } else if (auto slice = mlir::dyn_cast<ir::SliceOp>(op)) {
    for (size_t i = 0; i < shape.size(); ++i) {
      view.offset += slice.getStarts()[i] * inner->strides[i];
      view.strides[i] *= slice.getStrides()[i];
    }
  } else if (auto reverse = mlir::dyn_cast<ir::ReverseOp>(op)) {
    for (int64_t dim : reverse.getDims()) {
      view.offset += (shape[size_t(dim)] - 1) * inner->strides[size_t(dim)];
      view.strides[size_t(dim)] *= -1;
    }
  } else if (mlir::isa<ir::ReshapeOp>(op)) {
    auto strides = reshaped(from, inner->strides, shape);
    if (!strides)
      return std::nullopt;
    view.strides = *strides;
  }
  return view;
}

/// Joins neighbours that are one run in all arrays; drops loops of one iteration.
SmallVector<Extent, 4> collapsed(ArrayRef<Extent> all) {
  SmallVector<Extent, 4> result;
  for (const Extent &each : all) {
    if (each.size == 1)
      continue;
    if (!result.empty()) {
      Extent &last = result.back();
      if (last.lhs == each.lhs * each.size && last.rhs == each.rhs * each.size &&
          last.result == each.result * each.size) {
        last = {last.size * each.size, each.lhs, each.rhs, each.result};
        continue;
      }
    }
    result.push_back(each);
  }
  return result;
}

/// Takes the loop `which` out of a list and adds the others to `rest`.
Extent take(ArrayRef<Extent> from, size_t which, SmallVector<Extent, 4> &rest) {
  if (from.empty())
    return {};
  for (size_t i = 0; i < from.size(); ++i)
    if (i != which)
      rest.push_back(from[i]);
  return from[which];
}

size_t longest(ArrayRef<Extent> extents) {
  size_t best = 0;
  for (size_t i = 1; i < extents.size(); ++i)
    if (extents[i].size > extents[best].size)
      best = i;
  return best;
}

} // namespace

std::optional<ProductLayout> layoutOf(const FunctionEmission &f, ir::DotOp op, bool keepBatch) {
  std::optional<View> lhs = viewOf(f, op.getLhs()), rhs = viewOf(f, op.getRhs());
  if (!lhs || !rhs)
    return std::nullopt;
  kernel::DotShape shape = kernel::dotShape(op);
  SmallVector<Extent, 4> batch, rows, columns, sums;
  for (auto [left, right] : llvm::zip(op.getLhsBatch(), op.getRhsBatch()))
    batch.push_back({op.getLhs().getType().getDimSize(left), lhs->strides[size_t(left)],
                     rhs->strides[size_t(right)], 0});
  for (int64_t dim : shape.lhsFree)
    rows.push_back({op.getLhs().getType().getDimSize(dim), lhs->strides[size_t(dim)], 0, 0});
  for (int64_t dim : shape.rhsFree)
    columns.push_back({op.getRhs().getType().getDimSize(dim), 0, rhs->strides[size_t(dim)], 0});
  for (auto [left, right] : llvm::zip(op.getLhsContract(), op.getRhsContract()))
    sums.push_back({op.getLhs().getType().getDimSize(left), lhs->strides[size_t(left)],
                    rhs->strides[size_t(right)], 0});
  int64_t stride = 1;
  for (auto *list : {&columns, &rows, &batch})
    for (Extent &each : llvm::reverse(*list)) {
      each.result = stride;
      stride *= each.size;
    }
  // Sums may be taken in any order: the outermost in memory first.
  llvm::sort(sums, [](const Extent &a, const Extent &b) {
    return std::pair(a.lhs, a.rhs) > std::pair(b.lhs, b.rhs);
  });

  ProductLayout layout;
  layout.lhs = lhs->array;
  layout.rhs = rhs->array;
  layout.lhsOffset = lhs->offset;
  layout.rhsOffset = rhs->offset;
  // A batch for which one operand is repeated is more rows or columns of the other.
  SmallVector<Extent, 4> moreRows;
  if (keepBatch)
    layout.outer = batch;
  else
    for (const Extent &each : collapsed(batch))
      (each.rhs == 0 ? moreRows : layout.outer).push_back(each);
  rows.insert(rows.begin(), moreRows.begin(), moreRows.end());
  rows = collapsed(rows);
  columns = collapsed(columns);
  sums = collapsed(sums);
  layout.row = take(rows, longest(rows), layout.outer);
  layout.column = take(columns, columns.empty() ? 0 : columns.size() - 1, layout.outer);
  layout.sum = take(sums, longest(sums), layout.outerSums);
  if (layout.column.size == 1)
    layout.column.result = 1;
  return layout;
}

} // namespace descent::cpu
