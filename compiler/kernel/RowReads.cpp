#include "compiler/kernel/RowReads.h"

#include "compiler/kernel/Classify.h"

namespace descent::kernel {

namespace {

bool isInLoop(mlir::Operation *op) {
  for (mlir::Operation *at = op->getParentOp(); at; at = at->getParentOp())
    if (mlir::isa<ir::ForOp, ir::WhileOp>(at))
      return true;
  return false;
}

bool isReadByRows(mlir::Value array) {
  return llvm::all_of(array.getUses(), [](mlir::OpOperand &use) {
    mlir::Operation *user = use.getOwner();
    // A part of it, or the same in another shape, is no read.
    if (isAlias(user) || mlir::isa<ir::SliceOp>(user))
      return isReadByRows(user->getResult(0));
    return !isInLoop(user) || takesRows(user, use.get());
  });
}

} // namespace

bool takesRows(mlir::Operation *op, mlir::Value array) {
  if (auto gather = mlir::dyn_cast<ir::GatherOp>(op))
    return gather.getAxis() == 0 && gather.getBatchDims() == 0 && gather.getX() == array &&
           gather.getIndices() != array && byteSize(gather) < byteSize(array);
  if (auto fetch = mlir::dyn_cast<ir::FetchOp>(op))
    return fetch.getX() == array && fetch.getIndices() != array;
  if (auto slice = mlir::dyn_cast<ir::DynamicSliceOp>(op))
    return slice.getX() == array && slice.getSizes().front() < tensorType(array).getDimSize(0);
  return false;
}

std::vector<bool> fetchedAhead(mlir::Operation *function) {
  std::vector<bool> ahead(readByRows(function).size());
  function->walk([&](ir::FetchOp fetch) {
    mlir::Operation *from = fetch.getX().getDefiningOp();
    while (!mlir::isa<ir::InputOp>(from))
      from = from->getOperand(0).getDefiningOp();
    ahead[mlir::cast<ir::InputOp>(from).getIndex()] = true;
  });
  return ahead;
}

std::vector<bool> readByRows(mlir::Operation *function) {
  std::vector<bool> byRows;
  function->walk([&](ir::InputOp input) {
    auto index = size_t(input.getIndex());
    if (byRows.size() <= index)
      byRows.resize(index + 1, true);
    // A scalar is read at once.
    byRows[index] = byRows[index] && isArray(input) && isReadByRows(input);
  });
  return byRows;
}

} // namespace descent::kernel
