#include "compiler/derivative/Activity.h"

#include "compiler/derivative/Rules.h"

using namespace mlir;

namespace descent::derivative {

namespace {

bool blocksDerivative(Operation *op) {
  const Rule *rule = ruleOf(op);
  return rule && rule->zero;
}

/// Visits the carried argument and the result of one slot of a loop.
template <typename Visit> void visitSlot(Operation *loop, unsigned slot, Visit visit) {
  if (auto op = dyn_cast<ir::ForOp>(loop))
    visit(op.getCarried()[slot]);
  else
    visit(cast<ir::WhileOp>(loop).getBody().front().getArgument(slot));
  visit(loop->getResult(slot));
}

/// Visits the initial and the yielded value of one slot of a loop.
template <typename Visit> void visitSources(Operation *loop, unsigned slot, Visit visit) {
  if (auto op = dyn_cast<ir::ForOp>(loop)) {
    visit(op.getInits()[slot]);
    visit(op.getYield().getValues()[slot]);
  } else {
    auto whileOp = cast<ir::WhileOp>(loop);
    visit(whileOp.getInits()[slot]);
    visit(whileOp.getYield().getValues()[slot]);
  }
}

/// Collects what is reachable from some values.
template <typename Expand>
void close(llvm::DenseSet<Value> &set, ArrayRef<Value> seeds, Expand expand) {
  SmallVector<Value> list;
  auto reach = [&](Value value) {
    if (set.insert(value).second)
      list.push_back(value);
  };
  llvm::for_each(seeds, reach);
  while (!list.empty())
    expand(list.pop_back_val(), reach);
}

} // namespace

void Activity::forEachDependent(Value value, Visit visit) const {
  auto visitIfFloat = [&](Value dependent) {
    if (isDifferentiable(dependent.getType()))
      visit(dependent);
  };
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    Operation *parent = user->getParentOp();
    unsigned index = use.getOperandNumber();
    if (auto loop = dyn_cast<ir::ForOp>(user)) {
      visitSlot(user, index - 2, visitIfFloat);
    } else if (isa<ir::WhileOp>(user)) {
      visitSlot(user, index, visitIfFloat);
    } else if (auto checkpoint = dyn_cast<ir::CheckpointOp>(user)) {
      visitIfFloat(checkpoint.getBody().getArgument(index));
    } else if (isa<ir::YieldOp>(user)) {
      if (isa<ir::IfOp, ir::CheckpointOp>(parent))
        visitIfFloat(parent->getResult(index));
      else if (auto loop = dyn_cast<ir::WhileOp>(parent);
               isa<ir::ForOp>(parent) || (loop && user == loop.getYield()))
        visitSlot(parent, index, visitIfFloat);
    } else if (!blocksDerivative(user)) {
      llvm::for_each(user->getResults(), visitIfFloat);
    }
  }
}

void Activity::forEachDependency(Value value, Visit visit) const {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *parent = argument.getOwner()->getParentOp();
    if (isa<ir::ForOp>(parent))
      visitSources(parent, argument.getArgNumber() - 1, visit);
    else if (isa<ir::WhileOp>(parent))
      visitSources(parent, argument.getArgNumber(), visit);
    else if (isa<ir::CheckpointOp>(parent))
      visit(parent->getOperand(argument.getArgNumber()));
    return;
  }
  Operation *op = value.getDefiningOp();
  unsigned index = cast<OpResult>(value).getResultNumber();
  if (isa<ir::ForOp, ir::WhileOp>(op)) {
    visitSources(op, index, visit);
  } else if (auto branch = dyn_cast<ir::IfOp>(op)) {
    visit(branch.getThenYield().getValues()[index]);
    visit(branch.getElseYield().getValues()[index]);
  } else if (auto checkpoint = dyn_cast<ir::CheckpointOp>(op)) {
    visit(checkpoint.getYield().getValues()[index]);
  } else {
    llvm::for_each(op->getOperands(), visit);
  }
}

bool Activity::mayLeadPastSelect(Value value) const {
  Operation *op = value.getDefiningOp();
  if (!op)
    return true;
  if (isa<ir::SelectOp>(op))
    return false;
  const Rule *rule = ruleOf(op);
  bool part = isa<ir::GatherOp, ir::DynamicSliceOp>(op) || (rule && rule->part);
  return !(part && reachesSelect(op->getOperand(0)));
}

Activity::Activity(ValueRange inputs, ValueRange outputs) {
  SmallVector<Value> from;
  llvm::copy_if(inputs, std::back_inserter(from),
                [](Value v) { return isDifferentiable(v.getType()); });
  close(varied, from, [&](Value value, auto reach) { forEachDependent(value, reach); });

  auto reachVaried = [&](auto reach) {
    return [this, reach](Value value) {
      if (varied.contains(value))
        reach(value);
    };
  };
  SmallVector<Value> to, branches;
  llvm::copy_if(outputs, std::back_inserter(to), [&](Value v) { return varied.contains(v); });
  close(active, to, [&](Value value, auto reach) {
    auto visit = reachVaried(reach);
    if (Operation *op = value.getDefiningOp(); op && isa<ir::SelectOp>(op))
      branches.append({op->getOperand(1), op->getOperand(2)});
    forEachDependency(value, visit);
    // Both values of a slot of a loop are active if one is: they share its derivative.
    if (Operation *op = value.getDefiningOp(); op && isa<ir::ForOp, ir::WhileOp>(op))
      visitSlot(op, cast<OpResult>(value).getResultNumber(), visit);
    else if (auto argument = dyn_cast<BlockArgument>(value)) {
      Operation *parent = argument.getOwner()->getParentOp();
      if (isa<ir::ForOp, ir::WhileOp>(parent))
        visitSlot(parent, argument.getArgNumber() - isa<ir::ForOp>(parent), visit);
    }
  });

  if (branches.empty())
    return;
  auto reachActive = [&](auto reach) {
    return [this, reach](Value value) {
      if (isActive(value))
        reach(value);
    };
  };
  llvm::erase_if(branches, [&](Value branch) { return !isActive(branch); });
  close(selected, branches,
        [&](Value value, auto reach) { forEachDependency(value, reachActive(reach)); });
  close(unselected, to, [&](Value value, auto reach) {
    if (mayLeadPastSelect(value))
      forEachDependency(value, reachActive(reach));
  });
}

} // namespace descent::derivative
