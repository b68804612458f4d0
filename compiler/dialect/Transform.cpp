// Derivative and batching operations: verification of how region and operands fit.
#include "compiler/dialect/Families.h"

#include <mlir/IR/TypeUtilities.h>

#define GET_OP_CLASSES
#include "compiler/dialect/Transform.cpp.inc"

using namespace mlir;

namespace descent::ir {

void registerTransformOps(DescentDialect &dialect) {
  addFamily<
#define GET_OP_LIST
#include "compiler/dialect/Transform.cpp.inc"
      >(dialect);
}

namespace {

bool isFloat(Type type) {
  return isa<FloatType>(getElementTypeOrSelf(type));
}

YieldOp yieldOf(Region &region) {
  return cast<YieldOp>(region.front().getTerminator());
}

LogicalResult expectTypes(Operation *op, TypeRange actual, TypeRange expected, StringRef what) {
  if (llvm::equal(actual, expected))
    return success();
  return op->emitOpError() << what << ": expected (" << expected << "), got (" << actual << ")";
}

} // namespace

LogicalResult JvpOp::verify() {
  if (failed(expectTypes(*this, getBody().getArgumentTypes(), getPrimals().getTypes(),
                         "needs region arguments like its primals")) ||
      failed(expectTypes(*this, getTangents().getTypes(), getPrimals().getTypes(),
                         "needs a tangent for each primal")))
    return failure();
  SmallVector<Type> expected(yieldOf(getBody()).getValues().getTypes());
  for (Type type : yieldOf(getBody()).getValues().getTypes())
    if (isFloat(type))
      expected.push_back(type);
  return expectTypes(*this, getResultTypes(), expected, "gives values, then tangents of floats");
}

LogicalResult VjpOp::verify() {
  if (failed(expectTypes(*this, getBody().getArgumentTypes(), getPrimals().getTypes(),
                         "needs region arguments like its primals")))
    return failure();
  SmallVector<Type> yielded(yieldOf(getBody()).getValues().getTypes());
  if (getCotangents().size() > yielded.size())
    return emitOpError("has more cotangents than yielded values");
  if (failed(expectTypes(*this, getCotangents().getTypes(),
                         ArrayRef<Type>(yielded).take_front(getCotangents().size()),
                         "needs cotangents of the first yielded values")))
    return failure();
  llvm::append_range(yielded, getPrimals().getTypes());
  return expectTypes(*this, getResultTypes(), yielded, "gives values, then a cotangent per primal");
}

LogicalResult VmapOp::verify() {
  int64_t size = getSize();
  auto isTensor = [](Type type) { return isa<RankedTensorType>(type); };
  if (!llvm::all_of(getBody().getArgumentTypes(), isTensor) ||
      !llvm::all_of(yieldOf(getBody()).getValues().getTypes(), isTensor))
    return emitOpError("takes and gives arrays, not tapes");
  auto batched = [&](Type type) -> Type {
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape{size};
    llvm::append_range(shape, tensor.getShape());
    return tensor.clone(shape);
  };
  SmallVector<Type> inputs, results;
  for (Type type : getBody().getArgumentTypes())
    inputs.push_back(batched(type));
  for (Type type : yieldOf(getBody()).getValues().getTypes())
    results.push_back(batched(type));
  if (failed(
          expectTypes(*this, getInputs().getTypes(), inputs, "needs one more leading dimension")))
    return failure();
  return expectTypes(*this, getResultTypes(), results, "gives one more leading dimension");
}

YieldOp CheckpointOp::getYield() {
  return yieldOf(getBody());
}

LogicalResult CheckpointOp::verify() {
  if (failed(expectTypes(*this, getBody().getArgumentTypes(), getInputs().getTypes(),
                         "needs region arguments like its inputs")))
    return failure();
  return expectTypes(*this, getResultTypes(), getYield().getValues().getTypes(),
                     "gives what its region yields");
}

} // namespace descent::ir
