// Moves computations out of the loops in which they do not change, and out of the functions that
// are differentiated where they do not depend on their arguments.
//
// What is cheap for its size is left where it is: a repeated scalar or a sum of two long arrays is
// computed anew in the loop that uses it faster than it is read from memory.
#include "compiler/simplify/Constants.h"
#include "compiler/simplify/Patterns.h"

#include <llvm/ADT/MapVector.h>
#include <llvm/ADT/SetVector.h>
#include <mlir/Interfaces/SideEffectInterfaces.h>

using namespace mlir;

namespace descent::simplify {

namespace {

/// From here on, reading an array costs more than simple arithmetic.
constexpr int64_t largeArray = 1024;

/// Whether a result is as easily computed again as kept.
bool isCheap(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions() > 0)
    return false;
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || type.getRank() == 0)
    return false;
  if (isa<ir::BroadcastOp, ir::IotaOp>(op))
    return true;
  bool simple =
      isa<ir::NegOp, ir::AbsOp, ir::SignOp, ir::AddOp, ir::SubOp, ir::MulOp, ir::DivOp, ir::MaxOp,
          ir::MinOp, ir::NotOp, ir::AndOp, ir::OrOp, ir::XorOp, ir::ShlOp, ir::ShrOp, ir::CompareOp,
          ir::SelectOp, ir::ConvertOp, ir::BitcastOp, ir::FloorOp, ir::CeilOp, ir::RoundOp,
          ir::StopGradientOp, ir::ReshapeOp, ir::SliceOp, ir::ReverseOp, ir::PadOp, ir::ConcatOp>(
          op);
  return simple && type.getNumElements() > largeArray;
}

/// Whether an operation may be computed earlier, and even if the place where it stands is never
/// reached. A `while` might then not end.
bool isMovable(Operation *op) {
  if (op->hasTrait<OpTrait::IsTerminator>() || !isMemoryEffectFree(op))
    return false;
  for (Type type : op->getResultTypes())
    if (isa<ir::TapeType>(type))
      return false;
  return !op->walk([](ir::WhileOp) { return WalkResult::interrupt(); }).wasInterrupted();
}

/// Whether everything an operation uses, also inside its regions, is known before `around`, or is
/// in `moved`.
bool isInvariant(Operation *op, Operation *around, const SetVector<Operation *> &moved) {
  return !op->walk([&](Operation *inner) {
              for (Value operand : inner->getOperands()) {
                Operation *definer = operand.getDefiningOp();
                if (definer && (moved.contains(definer) || op->isAncestor(definer)))
                  continue;
                Operation *owner = operand.getParentBlock()->getParentOp();
                if (around->isAncestor(owner) && !op->isAncestor(owner))
                  return WalkResult::interrupt();
              }
              return WalkResult::advance();
            }).wasInterrupted();
}

bool hoistFrom(Operation *around) {
  SetVector<Operation *> invariant;
  for (Region &region : around->getRegions())
    for (Operation &op : region.front())
      if (isMovable(&op) && isInvariant(&op, around, invariant))
        invariant.insert(&op);

  // Cheap operations go only with those that need them; of constants there is one copy in any case.
  llvm::DenseSet<Operation *> worth;
  SmallVector<Operation *> pending;
  for (Operation *op : invariant)
    if (!isCheap(op) && !op->hasTrait<OpTrait::ConstantLike>())
      pending.push_back(op);
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val();
    if (!worth.insert(op).second)
      continue;
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *definer = operand.getDefiningOp(); definer && invariant.contains(definer))
          pending.push_back(definer);
    });
  }
  for (Operation *op : invariant)
    if (worth.contains(op))
      op->moveBefore(around);
  return !worth.empty();
}

/// The innermost block of a loop that an operation is in, directly or inside branches; null outside
/// of loops.
Block *loopBlockOf(Operation *op) {
  for (; op && !isa<func::FuncOp>(op); op = op->getParentOp())
    if (isa<ir::ForOp, ir::WhileOp>(op->getParentOp()))
      return op->getBlock();
  return nullptr;
}

} // namespace

bool hoistInvariants(func::FuncOp function) {
  // Innermost first, so that what leaves an inner loop can leave the outer one too.
  SmallVector<Operation *> loops;
  function.walk<WalkOrder::PostOrder>([&](Operation *op) {
    if (isa<ir::ForOp, ir::WhileOp, ir::JvpOp, ir::VjpOp>(op))
      loops.push_back(op);
  });
  bool changed = false;
  for (Operation *loop : loops)
    changed |= hoistFrom(loop);
  return changed;
}

void sinkRepetitions(func::FuncOp function) {
  SmallVector<Operation *> repetitions;
  function.walk([&](Operation *op) {
    if (isa<ir::BroadcastOp, ir::IotaOp>(op))
      repetitions.push_back(op);
  });
  // Last first: the operand of a broadcast may be a repetition itself, used by the copy.
  for (Operation *op : llvm::reverse(repetitions)) {
    llvm::MapVector<Block *, SmallVector<OpOperand *>> uses;
    for (OpOperand &use : op->getUses())
      if (Block *block = loopBlockOf(use.getOwner()); block && block != loopBlockOf(op))
        uses[block].push_back(&use);
    for (auto &[block, operands] : uses) {
      Operation *copy = op->clone();
      OpBuilder::atBlockBegin(block).insert(copy);
      for (OpOperand *operand : operands)
        operand->set(copy->getResult(0));
    }
    if (op->use_empty())
      op->erase();
  }
}

} // namespace descent::simplify
