// Removes what nothing depends on. A value is alive if an effect or a returned value needs it; a
// loop may carry a value round and round that only its own next value needs, which the uses alone
// do not show.
//
//   %r:2 = descent.for … iter(%x, %y) { ^bb0(%i, %a, %b): … descent.yield %f(%a), %g(%a, %b) }   //
//   only %r#0 is used
// becomes
//   %r = descent.for … iter(%x) { ^bb0(%i, %a): … descent.yield %f(%a) }
#include "compiler/simplify/Patterns.h"

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseSet.h>

using namespace mlir;

namespace descent::simplify {

namespace {

/// The values and operations of a function that something depends on.
class Liveness {
public:
  explicit Liveness(func::FuncOp function) {
    function.walk([&](Operation *op) {
      if (op != function && isRoot(op))
        require(op);
    });
    while (!pending.empty())
      propagate(pending.pop_back_val());
  }

  bool isLive(Value value) const { return values.contains(value); }
  bool isLive(Operation *op) const { return operations.contains(op); }

private:
  llvm::DenseSet<Value> values;
  llvm::DenseSet<Operation *> operations;
  SmallVector<Value> pending;

  static bool isRoot(Operation *op) {
    if (isa<func::ReturnOp>(op))
      return true;
    // Regions are looked into; what a terminator ends with is needed if the operation around needs
    // it.
    return op->getNumRegions() == 0 && !op->hasTrait<OpTrait::IsTerminator>() &&
           !isMemoryEffectFree(op) && !isa<ir::TapeCreateOp, ir::ClockOp>(op);
  }

  void require(Value value) {
    if (values.insert(value).second)
      pending.push_back(value);
  }
  void require(ValueRange range) {
    for (Value value : range)
      require(value);
  }

  /// An operation that must stay, and what it needs to run at all.
  void require(Operation *op) {
    if (!operations.insert(op).second)
      return;
    llvm::TypeSwitch<Operation *>(op)
        .Case([&](ir::ForOp loop) {
          require({loop.getLower(), loop.getUpper()});
        })
        .Case([&](ir::WhileOp loop) { require(loop.getConditionYield().getValues()); })
        .Case([&](ir::IfOp branch) { require(branch.getCond()); })
        .Case([&](ir::CheckpointOp) {})
        .Case<ir::JvpOp, ir::VjpOp, ir::VmapOp>([&](Operation *transform) {
          require(transform->getOperands());
          require(transform->getRegion(0).front().getTerminator()->getOperands());
        })
        .Default([&](Operation *plain) { require(plain->getOperands()); });
    Operation *parent = op->getParentOp();
    if (!isa<func::FuncOp>(parent))
      require(parent);
  }

  void propagate(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      Operation *parent = argument.getOwner()->getParentOp();
      unsigned number = argument.getArgNumber();
      if (auto loop = dyn_cast<ir::ForOp>(parent)) {
        if (number > 0)
          requireCarried(loop, number - 1);
      } else if (auto loop = dyn_cast<ir::WhileOp>(parent)) {
        requireCarried(loop, number);
      } else if (isa<ir::CheckpointOp>(parent)) {
        require(parent->getOperand(number));
      }
      return;
    }
    auto result = cast<OpResult>(value);
    Operation *op = result.getOwner();
    require(op);
    if (auto loop = dyn_cast<ir::ForOp>(op))
      requireCarried(loop, result.getResultNumber());
    else if (auto loop = dyn_cast<ir::WhileOp>(op))
      requireCarried(loop, result.getResultNumber());
    else if (auto branch = dyn_cast<ir::IfOp>(op))
      require({branch.getThenYield().getValues()[result.getResultNumber()],
               branch.getElseYield().getValues()[result.getResultNumber()]});
    else if (auto checkpoint = dyn_cast<ir::CheckpointOp>(op))
      require(checkpoint.getYield().getValues()[result.getResultNumber()]);
  }

  void requireCarried(ir::ForOp loop, unsigned i) {
    require({loop.getInits()[i], loop.getCarried()[i], loop.getYield().getValues()[i],
             loop.getResult(i)});
  }
  void requireCarried(ir::WhileOp loop, unsigned i) {
    require({loop.getInits()[i], loop.getCondition().getArgument(i), loop.getBody().getArgument(i),
             loop.getYield().getValues()[i], loop.getResult(i)});
  }
};

SmallVector<Value> kept(ValueRange range, const llvm::BitVector &dead) {
  SmallVector<Value> result;
  for (auto [i, value] : llvm::enumerate(range))
    if (!dead[i])
      result.push_back(value);
  return result;
}

/// Replaces an operation by one with fewer results. The dead ones may still start dead carried
/// values of a loop further down, which loses them next.
void replaceResults(Operation *op, Operation *made, const llvm::BitVector &dead) {
  unsigned next = 0;
  for (OpResult result : op->getResults())
    if (dead[result.getResultNumber()])
      result.dropAllUses();
    else
      result.replaceAllUsesWith(made->getResult(next++));
  op->erase();
}

void shrinkYield(Region &region, const llvm::BitVector &dead) {
  region.front().getTerminator()->eraseOperands(dead);
}

/// The arguments of a region's block that are carried values, to be removed where dead.
void shrinkArguments(Region &region, const llvm::BitVector &dead, unsigned before) {
  llvm::BitVector arguments(before);
  for (unsigned i = 0; i < dead.size(); ++i)
    arguments.push_back(dead[i]);
  region.front().eraseArguments(arguments);
}

/// Erases what is not alive in a block, last first, so that nothing erased is used.
bool eraseDead(Block &block, const Liveness &live) {
  bool changed = false;
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (op.hasTrait<OpTrait::IsTerminator>())
      continue;
    if (!live.isLive(&op)) {
      op.dropAllUses();
      op.erase();
      changed = true;
      continue;
    }
    for (Region &region : op.getRegions())
      changed |= eraseDead(region.front(), live);
  }
  return changed;
}

/// Removes the dead inputs and results of a checkpoint.
bool shrinkCheckpoint(ir::CheckpointOp op, const llvm::BitVector &dead, const Liveness &live) {
  Block &block = op.getBody().front();
  llvm::BitVector deadInputs(block.getNumArguments());
  for (BlockArgument argument : block.getArguments())
    if (!live.isLive(argument))
      deadInputs.set(argument.getArgNumber());
  if (dead.none() && deadInputs.none())
    return false;
  shrinkYield(op.getBody(), dead);
  block.eraseArguments(deadInputs);
  SmallVector<Value> inputs = kept(op.getInputs(), deadInputs), results = kept(op.getResults(), dead);
  OpBuilder builder(op);
  auto made = ir::CheckpointOp::create(builder, op.getLoc(), ValueRange(results).getTypes(), inputs,
                                       op.getAgain());
  made.getBody().takeBody(op.getBody());
  replaceResults(op, made, dead);
  return true;
}

/// Removes dead carried values and results of one operation.
bool shrink(Operation *op, const Liveness &live) {
  llvm::BitVector dead(op->getNumResults());
  for (OpResult result : op->getResults())
    if (!live.isLive(result))
      dead.set(result.getResultNumber());
  if (auto checkpoint = dyn_cast<ir::CheckpointOp>(op))
    return shrinkCheckpoint(checkpoint, dead, live);
  if (dead.none())
    return false;
  OpBuilder builder(op);
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case([&](ir::ForOp loop) {
        SmallVector<Value> inits = kept(loop.getInits(), dead);
        shrinkYield(loop.getBody(), dead);
        shrinkArguments(loop.getBody(), dead, 1);
        auto made = ir::ForOp::create(builder, loop.getLoc(), ValueRange(inits).getTypes(),
                                      loop.getLower(), loop.getUpper(), inits);
        made.getBody().takeBody(loop.getBody());
        replaceResults(loop, made, dead);
        return true;
      })
      .Case([&](ir::WhileOp loop) {
        SmallVector<Value> inits = kept(loop.getInits(), dead);
        shrinkYield(loop.getBody(), dead);
        shrinkArguments(loop.getCondition(), dead, 0);
        shrinkArguments(loop.getBody(), dead, 0);
        auto made =
            ir::WhileOp::create(builder, loop.getLoc(), ValueRange(inits).getTypes(), inits);
        made.getCondition().takeBody(loop.getCondition());
        made.getBody().takeBody(loop.getBody());
        replaceResults(loop, made, dead);
        return true;
      })
      .Case([&](ir::IfOp branch) {
        SmallVector<Value> results = kept(branch.getResults(), dead);
        shrinkYield(branch.getThenRegion(), dead);
        shrinkYield(branch.getElseRegion(), dead);
        auto made = ir::IfOp::create(builder, branch.getLoc(), ValueRange(results).getTypes(),
                                     branch.getCond());
        made.getThenRegion().takeBody(branch.getThenRegion());
        made.getElseRegion().takeBody(branch.getElseRegion());
        replaceResults(branch, made, dead);
        return true;
      })
      .Default([](Operation *) { return false; });
}

} // namespace

bool removeDeadValues(func::FuncOp function) {
  Liveness live(function);
  bool changed = eraseDead(function.getBody().front(), live);
  // Innermost first: an operation is replaced after those in its regions.
  SmallVector<Operation *> control;
  function.walk<WalkOrder::PostOrder>([&](Operation *op) {
    if (isa<ir::ForOp, ir::WhileOp, ir::IfOp, ir::CheckpointOp>(op))
      control.push_back(op);
  });
  for (Operation *op : control)
    changed |= shrink(op, live);
  return changed;
}

} // namespace descent::simplify
