// How values are used: in which loop, under which index map.
#include "compiler/kernel/Former.h"

#include <mlir/IR/Visitors.h>

using namespace mlir;

namespace descent::kernel {

void Former::readLeaf(Value value, const Use &how) {
  if (how.step < 0)
    return;
  leafUsers[value].push_back(how.step);
  if (how.kind == UseKind::Element) {
    Step &step = steps[how.step];
    bool pointwise = (step.isKernel && how.map == IndexMaps::identity) ||
                     inPlaceReads.contains({how.step, how.map});
    step.reads.push_back({.value = value,
                          .pointwise = pointwise,
                          .nest = loops[how.loop].index,
                          .atIndex = how.map == IndexMaps::identity,
                          .map = how.map});
  } else if (how.kind == UseKind::Whole) {
    steps[how.step].reads.push_back({value, false});
  }
}

void Former::use(Value value, Use how) {
  Operation *op = value.getDefiningOp();
  bool here = op && op->getBlock() == &block;
  if (!isArray(value)) {
    if (here)
      uses[value].push_back(how);
    return;
  }
  if (how.kind == UseKind::Element && how.map != IndexMaps::identity)
    steps[loops[how.loop].step].loops[loops[how.loop].index].linear = false;
  if (op && (classOf(op) == OpClass::Input || isTable(value)))
    return readLeaf(value, how);
  if (here) {
    uses[value].push_back(how);
    return;
  }
  if (materialised.contains(value))
    return readLeaf(value, how);
  // A value of an outer block that is not in memory is cheap to compute here.
  if (how.kind == UseKind::Element)
    inlineAt(op, how);
}

void Former::useOperands(Operation *op, int step) {
  for (OpOperand &operand : op->getOpOperands()) {
    Taking taking = takingOf(operand);
    use(operand.get(),
        {.kind = taking == Taking::Copy ? UseKind::Copy : UseKind::Whole, .step = step});
  }
}

void Former::useCaptured(Operation *op, int step) {
  llvm::SmallDenseMap<Value, bool> inMemory;
  SmallVector<Value> order;
  op->walk([&](Operation *inner) {
    if (inner == op)
      return;
    for (OpOperand &operand : inner->getOpOperands()) {
      Value value = operand.get();
      if (op->isAncestor(value.getParentRegion()->getParentOp()))
        continue;
      auto [entry, isNew] = inMemory.try_emplace(value, false);
      if (isNew)
        order.push_back(value);
      if (!isArray(value))
        continue;
      Taking taking = takingOf(operand);
      bool elsewhere = taking == Taking::Element || taking == Taking::View;
      if (!(options.fuse && elsewhere && isCheapEverywhere(value)) &&
          !((elsewhere || taking == Taking::Copy) && splatOf(value)) &&
          !(options.fuse && taking == Taking::Copy && isFill(value)))
        entry->second = true;
    }
  });
  for (Value value : order)
    use(value, {.kind = inMemory[value] ? UseKind::Must : UseKind::Captured, .step = step});
}

void Former::inlineAt(Operation *op, ArrayRef<Use> uses) {
  // Several uses at one index are one evaluation; the deepest counts.
  SmallVector<Use, 4> at;
  for (const Use &how : uses) {
    auto same = llvm::find_if(at, [&](const Use &other) {
      return other.kind == how.kind && other.viewOnly == how.viewOnly && other.step == how.step &&
             other.loop == how.loop && other.map == how.map;
    });
    if (same == at.end())
      at.push_back(how);
    else
      same->depth = std::max(same->depth, how.depth);
  }
  for (const Use &how : at) {
    for (OpOperand &operand : op->getOpOperands()) {
      Use inner = how;
      if (how.kind == UseKind::Element) {
        inner.map = maps.through(how.map, op, operand.getOperandNumber());
        inner.depth = how.depth + 1;
        if (how.map == IndexMaps::identity && !steps[how.step].roots.empty() &&
            takesUpdatedBox(op, steps[how.step].roots.front()))
          inPlaceReads.insert({how.step, inner.map});
      } else if (isArray(operand.get())) {
        inner.kind = isCheapEverywhere(operand.get()) ? UseKind::Captured : UseKind::Must;
      }
      use(operand.get(), inner);
    }
    if (how.kind == UseKind::Element) {
      Loop &loop = steps[loops[how.loop].step].loops[loops[how.loop].index];
      ++loop.operations;
      loop.cost += costOf(op);
      // These need more of the index than the position in memory.
      if (isa<ir::IotaOp>(op) && tensorType(op->getResult(0)).getRank() > 1)
        loop.linear = false;
      if (classOf(op) == OpClass::Element && !isa<ir::IotaOp>(op))
        loop.linear = false;
    }
  }
}

} // namespace descent::kernel
