// The order of the steps of a block.
#include "compiler/kernel/Former.h"

#include "descent/Error.h"

#include <queue>

using namespace mlir;

namespace descent::kernel {

void Former::orderHost(int step) {
  if (nextHost >= 0)
    successors[step].push_back(nextHost);
  nextHost = step;
}

/// Lets whoever else reads an array come before the step that updates it, so that it can be updated
/// in place.
void Former::preferInPlace() {
  DenseMap<Value, SmallVector<int, 4>> readers;
  for (auto &[value, by] : leafUsers)
    readers[aliasRoot(value)].append(by.begin(), by.end());
  for (int step = 0, count = int(steps.size()); step < count; ++step) {
    if (steps[step].roots.empty() || steps[step].points)
      continue;
    Operation *op = steps[step].roots.front();
    OpClass kind = classOf(op);
    SmallVector<Value> bases;
    if (kind == OpClass::Update || kind == OpClass::Scatter)
      bases.push_back(op->getOperand(0));
    else if (auto loop = dyn_cast<ir::ForOp>(op))
      llvm::append_range(bases, loop.getInits());
    else if (auto loop = dyn_cast<ir::WhileOp>(op))
      llvm::append_range(bases, loop.getInits());
    for (Value base : bases) {
      if (!isArray(base))
        continue;
      auto found = readers.find(aliasRoot(base));
      if (found == readers.end() || found->second.size() > 64)
        continue;
      for (int reader : found->second)
        if (reader != step && !reaches(step, reader) &&
            !llvm::is_contained(successors[reader], step))
          successors[reader].push_back(step);
    }
  }
}

BlockPlan Former::inOrder() {
  int count = int(steps.size());
  std::vector<int> waiting(count, 0);
  for (auto &targets : successors)
    for (int target : targets)
      ++waiting[target];
  using Entry = std::pair<int, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  for (int i = 0; i < count; ++i)
    if (!waiting[i])
      ready.push({minPosition[i], i});
  BlockPlan plan;
  plan.steps.reserve(count);
  while (!ready.empty()) {
    int at = ready.top().second;
    ready.pop();
    for (int target : successors[at])
      if (--waiting[target] == 0)
        ready.push({minPosition[target], target});
    llvm::sort(steps[at].roots,
               [&](Operation *a, Operation *b) { return positions[a] < positions[b]; });
    if (!taken.contains(at))
      plan.steps.push_back(std::move(steps[at]));
  }
  if (plan.steps.size() + taken.size() != size_t(count))
    throw Error("internal: the kernels of a block depend on each other in a circle");
  return plan;
}

} // namespace descent::kernel
