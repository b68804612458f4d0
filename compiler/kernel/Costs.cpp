// What is computed where it is used, and what is kept in memory.
#include "compiler/kernel/Former.h"

using namespace mlir;

namespace descent::kernel {

void Former::estimateCosts() {
  int position = 0;
  for (Operation &op : block) {
    positions[&op] = position++;
    if (op.getNumResults() != 1 || !isElemental(classOf(&op)))
      continue;
    int cost = costOf(&op);
    for (Value operand : op.getOperands())
      if (Operation *source = operand.getDefiningOp())
        if (isArray(operand))
          cost += coneCost.lookup(source);
    coneCost[&op] = std::min(cost, 1000);
  }
}

bool Former::shouldStore(Operation *op, ArrayRef<Use> at) {
  Value value = op->getResult(0);
  OpClass kind = classOf(op);
  bool isSplat = bool(splatOf(value));
  SmallVector<std::pair<int, int>, 4> places;
  int64_t evaluations = 0;
  for (const Use &how : at) {
    if (how.kind == UseKind::Whole || how.kind == UseKind::Must)
      return true;
    if (how.kind == UseKind::Copy) {
      if (!isFill(value) || (!options.fuse && !isSplat))
        return true;
      continue;
    }
    if (how.kind == UseKind::Captured)
      continue;
    if (how.viewOnly && kind != OpClass::View && !isSplat)
      return true;
    const LoopState &state = loops[how.loop];
    const Loop &loop = steps[state.step].loops[state.index];
    if (how.depth >= mostDepth || loop.operations >= mostOperations)
      return !isSplat;
    std::pair<int, int> place(how.loop, how.map);
    if (llvm::is_contained(places, place))
      continue;
    places.push_back(place);
    int64_t size = 1;
    for (int64_t dim : loop.space)
      size *= dim;
    evaluations += size;
  }
  if (isSplat)
    return false;
  if (!options.fuse)
    return true;
  int times = int(places.size());
  if (kind == OpClass::View || isa<ir::IotaOp>(op))
    return times > mostViewRepetitions;
  int cost = coneCost.lookup(op);
  if (auto concat = dyn_cast<ir::ConcatOp>(op); concat && concat.getInputs().size() > 4)
    return true;
  if (times <= 1 && evaluations <= numElements(value))
    return false;
  return cost > cheapCost || times > mostRepetitions;
}

} // namespace descent::kernel
