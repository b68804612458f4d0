#include "compiler/gpu/Distinct.h"

#include "compiler/kernel/Classify.h"

#include <llvm/ADT/TypeSwitch.h>

namespace descent::gpu {

using kernel::tensorType;

namespace {

std::optional<int64_t> constantOf(mlir::Value value) {
  auto constant = mlir::dyn_cast_or_null<mlir::IntegerAttr>(kernel::splatOf(value));
  if (!constant)
    return std::nullopt;
  return constant.getValue().getSExtValue();
}

/// The range, if integers of the value's type have all of it.
std::optional<IntegerRange> within(__int128 least, __int128 greatest, mlir::Value value) {
  auto type = mlir::dyn_cast<mlir::IntegerType>(tensorType(value).getElementType());
  // Unsigned ones and those of fewer bits are no indices.
  if (!type || type.isUnsigned() || type.getWidth() < 32 || type.getWidth() > 64)
    return std::nullopt;
  __int128 limit = __int128{1} << (type.getWidth() - 1);
  if (least < -limit || greatest >= limit)
    return std::nullopt;
  return IntegerRange{static_cast<int64_t>(least), static_cast<int64_t>(greatest)};
}

/// A dimension that counts from 0 on, or has an order: the only one of some that is longer than 1.
std::optional<IntegerRange> alongOne(mlir::Value value, int64_t dim, int64_t first, int64_t count) {
  llvm::ArrayRef<int64_t> shape = tensorType(value).getShape();
  for (int64_t each = first; each < first + count; ++each)
    if (each != dim && shape[size_t(each)] != 1)
      return std::nullopt;
  if (dim < first || dim >= first + count)
    return std::nullopt;
  return within(0, shape[size_t(dim)] - 1, value);
}

/// A sum, a difference or a product with a constant.
std::optional<IntegerRange> linear(mlir::Operation *op, int64_t first, int64_t count) {
  std::optional<int64_t> by = constantOf(op->getOperand(1));
  bool isFirst = !by;
  if (isFirst)
    by = constantOf(op->getOperand(0));
  std::optional<IntegerRange> of =
      by ? distinctAlong(op->getOperand(isFirst ? 1 : 0), first, count) : std::nullopt;
  if (!of)
    return std::nullopt;
  auto at = [&](__int128 x) -> __int128 {
    if (mlir::isa<ir::MulOp>(op))
      return x * *by;
    if (mlir::isa<ir::AddOp>(op))
      return x + *by;
    return isFirst ? *by - x : x - *by;
  };
  if (mlir::isa<ir::MulOp>(op) && *by == 0)
    return std::nullopt;
  __int128 one = at(of->least), other = at(of->greatest);
  return within(std::min(one, other), std::max(one, other), op->getResult(0));
}

/// What counts from the end where it is negative, and is not.
std::optional<IntegerRange> fromEnd(ir::SelectOp op, int64_t first, int64_t count) {
  auto compare = op.getCondition().getDefiningOp<ir::CompareOp>();
  mlir::Value x = op.getOnFalse();
  if (!compare || compare.getPredicate() != ir::Predicate::lt || compare.getLhs() != x ||
      constantOf(compare.getRhs()) != 0)
    return std::nullopt;
  std::optional<IntegerRange> of = distinctAlong(x, first, count);
  return of && of->least >= 0 ? of : std::nullopt;
}

/// Elements of a row that differ, at places in it that do.
std::optional<IntegerRange> gathered(ir::GatherOp op, int64_t first, int64_t count) {
  mlir::Value x = op.getX();
  if (tensorType(x).getRank() != 1)
    return std::nullopt;
  std::optional<IntegerRange> of = distinctAlong(x, 0, 1),
                              places = distinctAlong(op.getIndices(), first, count);
  return places && places->least >= 0 && places->greatest < tensorType(x).getDimSize(0)
             ? of
             : std::nullopt;
}

std::optional<IntegerRange> transposed(ir::TransposeOp op, int64_t first, int64_t count) {
  if (count != 1)
    return std::nullopt;
  return distinctAlong(op.getX(), op.getPermutation()[size_t(first)], 1);
}

/// Where all elements differ, in whatever shape.
std::optional<IntegerRange> reshaped(ir::ReshapeOp op, int64_t first, int64_t count) {
  for (auto [dim, size] : llvm::enumerate(tensorType(op).getShape()))
    if (size != 1 && (int64_t(dim) < first || int64_t(dim) >= first + count))
      return std::nullopt;
  return distinctAlong(op.getX(), 0, tensorType(op.getX()).getRank());
}

} // namespace

std::optional<IntegerRange> distinctAlong(mlir::Value value, int64_t first, int64_t count) {
  using Range = std::optional<IntegerRange>;
  mlir::Operation *op = value.getDefiningOp();
  if (!op || !kernel::isArray(value))
    return std::nullopt;
  return llvm::TypeSwitch<mlir::Operation *, Range>(op)
      .Case<ir::IotaOp, ir::ArgSortOp>(
          [&](auto o) { return alongOne(value, int64_t(o.getDim()), first, count); })
      .Case<ir::SliceOp, ir::DynamicSliceOp, ir::ReverseOp>(
          [&](auto o) { return distinctAlong(o.getX(), first, count); })
      .Case<ir::ConvertOp>([&](auto o) -> Range {
        Range of = distinctAlong(o.getX(), first, count);
        return of ? within(of->least, of->greatest, value) : std::nullopt;
      })
      .Case<ir::AddOp, ir::SubOp, ir::MulOp>(
          [&](mlir::Operation *o) { return linear(o, first, count); })
      .Case<ir::SelectOp>([&](auto o) { return fromEnd(o, first, count); })
      .Case<ir::GatherOp>([&](auto o) { return gathered(o, first, count); })
      .Case<ir::TransposeOp>([&](auto o) { return transposed(o, first, count); })
      .Case<ir::ReshapeOp>([&](auto o) { return reshaped(o, first, count); })
      .Default([](mlir::Operation *) { return Range(); });
}

} // namespace descent::gpu
