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

/// Bytes of the arrays in memory that computing all of `op` reads.
int64_t Former::leafBytes(Operation *op) {
  SmallVector<Value> stack(op->operand_begin(), op->operand_end());
  llvm::SmallDenseSet<Value> seen;
  int64_t bytes = 0;
  while (!stack.empty() && seen.size() < mostConeSearched) {
    Value value = stack.pop_back_val();
    if (!isArray(value) || splatOf(value) || !seen.insert(value).second)
      continue;
    Operation *source = value.getDefiningOp();
    if (source && source->getBlock() == &block && isElemental(classOf(source)))
      stack.append(source->operand_begin(), source->operand_end());
    else
      bytes += byteSize(value);
  }
  return bytes;
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
    // Behind a guard hardly anything is computed at all.
    if (loop.guard.condition)
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
  // A running sum takes one element after the other: what is dear is computed before, in vectors.
  if (cost > cheapCost && llvm::any_of(places, [&](auto &place) {
        const LoopState &state = loops[place.first];
        return steps[state.step].loops[state.index].scan >= 0;
      }))
    return true;
  if (auto concat = dyn_cast<ir::ConcatOp>(op); concat && concat.getInputs().size() > 4)
    return true;
  if (times <= 1 && evaluations <= numElements(value))
    return false;
  bool inOneKernel = llvm::all_of(places, [&](auto &place) {
    return loops[place.first].step == loops[places.front().first].step;
  });
  if (!inOneKernel && times <= mostRepetitions && evaluations == times * numElements(value) &&
      byteSize(value) > cachedBytes) {
    double keeping = operationsPerByte * double(byteSize(value)) * (2 + times);
    double repeating = (times - 1) * (double(cost) * double(numElements(value)) +
                                      operationsPerByte * double(leafBytes(op)));
    return keeping < repeating;
  }
  return cost > cheapCost || times > mostRepetitions;
}

} // namespace descent::kernel
