#include "compiler/kernel/IndexMaps.h"

#include "compiler/kernel/Classify.h"

using namespace mlir;

namespace descent::kernel {

int IndexMaps::through(int map, Operation *op, unsigned operand) {
  if (classOf(op) == OpClass::Elementwise)
    return map;
  // Operations that move elements alike share a map; all others have one for each operand.
  const void *kind = op->getName().getTypeID().getAsOpaquePointer();
  const void *how = nullptr;
  if (auto broadcast = dyn_cast<ir::BroadcastOp>(op))
    how = broadcast.getDimsAttr().getAsOpaquePointer();
  else if (auto transpose = dyn_cast<ir::TransposeOp>(op))
    how = transpose.getPermutationAttr().getAsOpaquePointer();
  else if (auto reverse = dyn_cast<ir::ReverseOp>(op))
    how = reverse.getDimsAttr().getAsOpaquePointer();
  else if (auto reshape = dyn_cast<ir::ReshapeOp>(op))
    how = reshape.getType().getAsOpaquePointer();
  else if (isa<ir::SliceOp>(op))
    kind = op->getAttrDictionary().getAsOpaquePointer();
  else
    kind = op;
  const void *from = kind == op ? reinterpret_cast<const void *>(uintptr_t(operand) + 1)
                                : op->getOperand(operand).getType().getAsOpaquePointer();
  auto [entry, isNew] = numbers.try_emplace(Key(map, kind, how, from), last + 1);
  if (isNew)
    ++last;
  return entry->second;
}

} // namespace descent::kernel
