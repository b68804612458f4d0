// Reductions, running reductions, sorting order and the general product: inference, verification.
#include "compiler/dialect/Families.h"

#define GET_OP_CLASSES
#include "compiler/dialect/Reduce.cpp.inc"

using namespace mlir;

namespace descent::ir {

void registerReduceOps(DescentDialect &dialect) {
  addFamily<
#define GET_OP_LIST
#include "compiler/dialect/Reduce.cpp.inc"
      >(dialect);
}

namespace {

RankedTensorType tensorOf(Value value) { return cast<RankedTensorType>(value.getType()); }

template <typename Adaptor>
LogicalResult inferReduction(std::optional<Location> location, Adaptor adaptor,
                             SmallVectorImpl<Type> &types) {
  auto type = tensorOf(adaptor.getX());
  int64_t last = -1;
  for (int64_t dim : adaptor.getDims()) {
    if (dim <= last || dim >= type.getRank())
      return emitOptionalError(location, "a reduction needs increasing dimensions of its operand");
    last = dim;
  }
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (!llvm::is_contained(adaptor.getDims(), i))
      shape.push_back(type.getDimSize(i));
  types.push_back(type.clone(shape));
  return success();
}

template <typename Adaptor>
LogicalResult inferArgReduction(MLIRContext *context, std::optional<Location> location,
                                Adaptor adaptor, bool keepDim, SmallVectorImpl<Type> &types) {
  auto type = tensorOf(adaptor.getX());
  int64_t dim = adaptor.getDim();
  if (dim >= type.getRank())
    return emitOptionalError(location, "needs a dimension of the operand");
  if (!keepDim && type.getDimSize(dim) == 0)
    return emitOptionalError(location, "needs at least one element along the dimension");
  SmallVector<int64_t> shape(type.getShape());
  if (!keepDim)
    shape.erase(shape.begin() + dim);
  types.push_back(RankedTensorType::get(shape, IntegerType::get(context, 32)));
  return success();
}

template <typename Op> LogicalResult verifyCumulative(Op op) {
  int64_t dim = op.getDim();
  if (dim >= tensorOf(op.getX()).getRank())
    return op.emitOpError("needs a dimension of its operand");
  return success();
}

} // namespace

#define DESCENT_REDUCTION(OP)                                                                      \
  LogicalResult OP::inferReturnTypes(MLIRContext *, std::optional<Location> location,              \
                                     Adaptor adaptor, SmallVectorImpl<Type> &types) {              \
    return inferReduction(location, adaptor, types);                                               \
  }
DESCENT_REDUCTION(ReduceSumOp)
DESCENT_REDUCTION(ReduceProdOp)
DESCENT_REDUCTION(ReduceMaxOp)
DESCENT_REDUCTION(ReduceMinOp)
DESCENT_REDUCTION(ReduceAndOp)
DESCENT_REDUCTION(ReduceOrOp)
#undef DESCENT_REDUCTION

LogicalResult ArgMaxOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  return inferArgReduction(context, location, adaptor, /*keepDim=*/false, types);
}

LogicalResult ArgMinOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  return inferArgReduction(context, location, adaptor, /*keepDim=*/false, types);
}

LogicalResult ArgSortOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  return inferArgReduction(context, location, adaptor, /*keepDim=*/true, types);
}

LogicalResult CumSumOp::verify() { return verifyCumulative(*this); }
LogicalResult CumProdOp::verify() { return verifyCumulative(*this); }
LogicalResult CumMaxOp::verify() { return verifyCumulative(*this); }

LogicalResult DotOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                      Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto lhs = tensorOf(adaptor.getLhs()), rhs = tensorOf(adaptor.getRhs());
  if (lhs.getElementType() != rhs.getElementType())
    return emitOptionalError(location, "dot needs operands of one element type");
  auto check = [&](ArrayRef<int64_t> left, ArrayRef<int64_t> right) {
    if (left.size() != right.size())
      return false;
    for (auto [l, r] : llvm::zip(left, right))
      if (l < 0 || l >= lhs.getRank() || r < 0 || r >= rhs.getRank() ||
          lhs.getDimSize(l) != rhs.getDimSize(r))
        return false;
    return true;
  };
  auto distinct = [](ArrayRef<int64_t> batch, ArrayRef<int64_t> contract) {
    SmallVector<int64_t> all(batch);
    llvm::append_range(all, contract);
    llvm::sort(all);
    return std::adjacent_find(all.begin(), all.end()) == all.end();
  };
  if (!check(adaptor.getLhsBatch(), adaptor.getRhsBatch()) ||
      !check(adaptor.getLhsContract(), adaptor.getRhsContract()) ||
      !distinct(adaptor.getLhsBatch(), adaptor.getLhsContract()) ||
      !distinct(adaptor.getRhsBatch(), adaptor.getRhsContract()))
    return emitOptionalError(location,
                             "dot needs paired dimensions of equal size, each named once");
  SmallVector<int64_t> shape;
  for (int64_t dim : adaptor.getLhsBatch())
    shape.push_back(lhs.getDimSize(dim));
  for (int64_t i = 0; i < lhs.getRank(); ++i)
    if (!llvm::is_contained(adaptor.getLhsBatch(), i) &&
        !llvm::is_contained(adaptor.getLhsContract(), i))
      shape.push_back(lhs.getDimSize(i));
  for (int64_t i = 0; i < rhs.getRank(); ++i)
    if (!llvm::is_contained(adaptor.getRhsBatch(), i) &&
        !llvm::is_contained(adaptor.getRhsContract(), i))
      shape.push_back(rhs.getDimSize(i));
  types.push_back(lhs.clone(shape));
  return success();
}

} // namespace descent::ir
