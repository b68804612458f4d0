#include "compiler/derivative/Prune.h"

#include "compiler/derivative/Emitter.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseSet.h>

using namespace mlir;

namespace descent::derivative {

namespace {

bool isLoop(Operation *op) {
  return isa<ir::ForOp, ir::WhileOp>(op);
}
bool hasSlots(Operation *op) {
  return isa<ir::ForOp, ir::WhileOp, ir::IfOp, ir::CheckpointOp>(op);
}

/// Values are live if an effect or the block's terminator depends on them. A loop's slot (what it
/// carries in one place), a branch's result and a checkpoint's inputs and results are live or dead by
/// themselves.
class Pruner {
public:
  explicit Pruner(Block &block) : top(block) {}

  void run() {
    needOperands(top.getTerminator());
    top.walk([&](Operation *op) {
      if (op->getNumRegions() == 0 && !op->hasTrait<OpTrait::IsTerminator>() &&
          !isMemoryEffectFree(op) && !isa<ir::TapeCreateOp>(op))
        needOperation(op);
    });
    while (!pending.empty())
      visit(pending.pop_back_val());
    sweep(top);
  }

private:
  void need(Value value) {
    if (live.insert(value).second)
      pending.push_back(value);
  }
  void needOperands(Operation *op) {
    llvm::for_each(op->getOperands(), [&](Value v) { need(v); });
  }

  /// The operation runs: so do those around it.
  void needOperation(Operation *op) {
    if (op->getBlock() != &top) {
      Operation *parent = op->getParentOp();
      if (!running.contains(parent))
        needOperation(parent);
    }
    if (!running.insert(op).second)
      return;
    if (auto loop = dyn_cast<ir::ForOp>(op)) {
      need(loop.getLower());
      need(loop.getUpper());
    } else if (auto loop = dyn_cast<ir::WhileOp>(op)) {
      need(loop.getConditionYield().getValues().front());
    } else if (auto branch = dyn_cast<ir::IfOp>(op)) {
      need(branch.getCond());
    } else if (isa<ir::CheckpointOp>(op)) {
      return;
    } else {
      needOperands(op);
      // Regions of other operations are taken as they are.
      op->walk([&](Operation *inner) { needOperands(inner); });
    }
  }

  void needSlot(Operation *op, unsigned slot) {
    if (isLoop(op))
      need(op->getOperand(op->getNumOperands() - op->getNumResults() + slot));
    for (Region &region : op->getRegions()) {
      auto yield = cast<ir::YieldOp>(region.front().getTerminator());
      if (yield.getValues().size() == op->getNumResults() && !isCondition(region))
        need(yield.getValues()[slot]);
    }
  }

  void visit(Value value) {
    Operation *owner = value.getDefiningOp();
    unsigned slot;
    if (owner) {
      slot = cast<OpResult>(value).getResultNumber();
    } else {
      auto argument = cast<BlockArgument>(value);
      if (argument.getOwner() == &top)
        return;
      owner = argument.getOwner()->getParentOp();
      if (!owner)
        return;
      slot = argument.getArgNumber();
      if (isa<ir::ForOp>(owner)) {
        if (slot == 0)
          return void(needIfInside(owner));
        --slot;
      }
    }
    if (!needIfInside(owner))
      return;
    if (isa<ir::CheckpointOp>(owner) && !value.getDefiningOp())
      need(owner->getOperand(slot));
    else if (hasSlots(owner))
      needSlot(owner, slot);
  }

  /// Whether the operation belongs to what is pruned; if so it runs.
  bool needIfInside(Operation *op) {
    if (!top.findAncestorOpInBlock(*op))
      return false;
    needOperation(op);
    return true;
  }

  static bool isCondition(Region &region) {
    auto loop = dyn_cast_or_null<ir::WhileOp>(region.getParentOp());
    return loop && &region == &loop.getCondition();
  }

  bool isSlotLive(Operation *op, unsigned slot) {
    if (live.contains(op->getResult(slot)))
      return true;
    return isLoop(op) && llvm::any_of(op->getRegions(), [&](Region &region) {
             return live.contains(region.getArguments().take_back(op->getNumResults())[slot]);
           });
  }

  void sweep(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
      if (op.hasTrait<OpTrait::IsTerminator>())
        continue;
      if (!running.contains(&op)) {
        op.dropAllUses();
        op.erase();
      } else if (hasSlots(&op)) {
        sweepSlots(&op);
      }
    }
  }

  /// Removes the dead slots of an operation and what is dead in its regions.
  void sweepSlots(Operation *op) {
    unsigned count = op->getNumResults();
    BitVector dead(count);
    for (unsigned slot = 0; slot < count; ++slot)
      dead[slot] = !isSlotLive(op, slot);
    for (Region &region : op->getRegions()) {
      if (!isCondition(region))
        region.front().getTerminator()->eraseOperands(dead);
      sweep(region.front());
      if (isa<ir::CheckpointOp>(op))
        eraseDeadInputs(op);
      if (!isLoop(op) || dead.none())
        continue;
      unsigned first = region.getNumArguments() - count;
      BitVector deadArguments(first, false);
      for (unsigned slot = 0; slot < count; ++slot)
        deadArguments.push_back(dead[slot]);
      region.front().eraseArguments(deadArguments);
    }
    if (dead.any())
      dropResults(op, dead);
  }

  void eraseDeadInputs(Operation *checkpoint) {
    Block &block = checkpoint->getRegion(0).front();
    BitVector dead(block.getNumArguments());
    for (BlockArgument argument : block.getArguments())
      dead[argument.getArgNumber()] = !live.contains(argument);
    block.eraseArguments(dead);
    checkpoint->eraseOperands(dead);
  }

  void dropResults(Operation *op, const BitVector &dead) {
    OperationState state(op->getLoc(), op->getName());
    unsigned first = op->getNumOperands() - (isLoop(op) ? op->getNumResults() : 0);
    state.addOperands(op->getOperands().take_front(first));
    state.addAttributes(op->getAttrDictionary().getValue());
    for (auto [slot, result] : llvm::enumerate(op->getResults())) {
      if (dead[slot])
        continue;
      state.addTypes(result.getType());
      if (isLoop(op))
        state.addOperands(op->getOperand(first + slot));
    }
    for (Region &region : op->getRegions())
      state.addRegion()->takeBody(region);
    OpBuilder builder(op);
    Operation *smaller = builder.create(state);
    unsigned position = 0;
    for (auto [slot, result] : llvm::enumerate(op->getResults()))
      if (!dead[slot])
        result.replaceAllUsesWith(smaller->getResult(position++));
    op->erase();
  }

  Block &top;
  llvm::DenseSet<Value> live;
  llvm::DenseSet<Operation *> running;
  SmallVector<Value> pending;
};

} // namespace

void prune(Block &block) {
  Pruner(block).run();
}

} // namespace descent::derivative
