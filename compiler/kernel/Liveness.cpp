#include "compiler/kernel/Liveness.h"

#include "compiler/kernel/Forming.h"

using namespace mlir;

namespace descent::kernel {

bool overlap(ArrayRef<Interval> a, ArrayRef<Interval> b) {
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].to < b[j].from)
      ++i;
    else if (b[j].to < a[i].from)
      ++j;
    else
      return true;
  }
  return false;
}

Intervals merged(ArrayRef<Interval> a, ArrayRef<Interval> b) {
  Intervals all;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    bool first = j == b.size() || (i < a.size() && a[i].from <= b[j].from);
    Interval next = first ? a[i++] : b[j++];
    if (!all.empty() && next.from <= all.back().to + 1)
      all.back().to = std::max(all.back().to, next.to);
    else
      all.push_back(next);
  }
  return all;
}

Liveness::Liveness(FunctionPlan &plan) : plan(plan) {
  Block &body = plan.function->getRegion(0).front();
  number(body);
  collect(body);
  for (Value value : order) {
    auto [block, from] = defined[value];
    Intervals raw;
    cover(block, from, uses[value], raw);
    llvm::sort(raw, [](Interval a, Interval b) { return a.from < b.from; });
    intervals[value] = merged(merged(intervals[value], raw), {});
  }
}

void Liveness::number(Block &block) {
  BlockPlan &plan = this->plan.blocks[&block];
  plan.begin = counter++;
  for (Step &step : plan.steps) {
    step.begin = counter++;
    Operation *op = step.roots.front();
    if (op->getNumRegions() && !step.points) {
      steps[op] = &step;
      for (Region &region : op->getRegions())
        number(region.front());
      step.end = counter++;
    } else {
      step.end = step.begin;
    }
  }
  plan.end = counter++;
}

void Liveness::define(Value value, Block *block, int time) {
  const Place *place = plan.placeOf(value);
  if (!isArray(value) || (place && place->kind == Place::Kind::Row))
    return;
  auto [entry, isNew] = defined.try_emplace(value, block, time);
  if (isNew)
    order.push_back(value);
}

void Liveness::use(Value value, Block *block, int time) {
  if (isArray(value))
    uses[aliasRoot(value)].push_back({block, time});
}

void Liveness::collect(Block &block) {
  BlockPlan &blockPlan = plan.blocks[&block];
  for (Step &step : blockPlan.steps) {
    int read = 2 * step.begin, write = read + 1;
    Operation *op = step.roots.front();
    // What is read at the loop's own index may be overwritten there, but only by elements that are
    // not wider: those would reach into what is still to be read.
    auto width = [](Value value) { return elementBytes(tensorType(value).getElementType()); };
    int64_t widest = 0;
    for (Operation *root : step.roots)
      for (Value result : root->getResults())
        if (isArray(result))
          widest = std::max(widest, width(result));
    for (const Read &by : step.reads)
      use(by.value, &block, by.pointwise && width(by.value) >= widest ? read : write);
    if (step.points) {
      // Blocks of points are written while others are still to be read.
      for (Value result : step.points->results)
        define(result, &block, read);
      for (const PointSum &sum : step.points->sums)
        define(sum.result, &block, read);
      continue;
    }
    switch (classOf(op)) {
    case OpClass::For:
    case OpClass::While:
    case OpClass::If: {
      bool loops = !isa<ir::IfOp>(op);
      unsigned skip = isa<ir::ForOp>(op) ? 2 : 0;
      if (loops)
        for (Value init : op->getOperands().drop_front(skip))
          use(init, &block, read);
      for (Region &region : op->getRegions()) {
        Block &inner = region.front();
        const BlockPlan &innerPlan = plan.blocks[&inner];
        bool condition = isa<ir::WhileOp>(op) && region.getRegionNumber() == 0;
        for (Value argument : inner.getArguments()) {
          define(argument, &inner, write);
          // What the condition sees goes on to the body.
          if (condition)
            use(argument, &inner, 2 * innerPlan.end + 1);
        }
        collect(inner);
        if (!condition)
          for (Value yielded : inner.getTerminator()->getOperands())
            use(yielded, &inner, 2 * innerPlan.end);
      }
      for (Value result : op->getResults()) {
        define(result, &block, 2 * step.end + 1);
        if (!loops && isArray(result))
          // Each branch may write it at its end.
          for (Region &region : op->getRegions()) {
            int end = 2 * plan.blocks[&region.front()].end + 1;
            intervals[result].push_back({end, end});
          }
      }
      break;
    }
    case OpClass::Update:
    case OpClass::Scatter:
      use(op->getOperand(0), &block, read);
      define(op->getResult(0), &block, write);
      break;
    default:
      for (Operation *root : step.roots)
        for (Value result : root->getResults())
          // Only elements stored at the loop's own index wait for what is read there.
          define(result, &block, step.isKernel && !isReduction(root) ? write : read);
    }
  }
  if (isa<ir::YieldOp>(block.getTerminator()))
    return;
  for (Value result : block.getTerminator()->getOperands())
    use(result, &block, 2 * blockPlan.end);
}

void Liveness::cover(Block *block, int from, ArrayRef<UseAt> uses, Intervals &out) {
  int last = from;
  Operation *lastIf = nullptr;
  SmallVector<std::pair<Operation *, UseAt>> inIfs;
  for (const UseAt &use : uses) {
    if (use.block == block) {
      last = std::max(last, use.time);
      continue;
    }
    Operation *inner = use.block->getParentOp();
    while (inner->getBlock() != block)
      inner = inner->getParentOp();
    const Step &step = stepOf(inner);
    if (!isa<ir::IfOp>(inner)) {
      // The next iteration needs it again.
      last = std::max(last, 2 * step.end + 1);
      continue;
    }
    inIfs.push_back({inner, use});
    if (!lastIf || stepOf(lastIf).begin < step.begin)
      lastIf = inner;
  }
  if (!lastIf || last > 2 * stepOf(lastIf).begin + 1) {
    // A use after the branches keeps it alive throughout them.
    if (lastIf)
      last = std::max(last, 2 * stepOf(lastIf).end + 1);
    out.push_back({from, last});
    return;
  }
  out.push_back({from, 2 * stepOf(lastIf).begin + 1});
  for (Region &region : lastIf->getRegions()) {
    SmallVector<UseAt> here;
    for (auto &[op, use] : inIfs)
      if (op == lastIf && region.isAncestor(use.block->getParent()))
        here.push_back(use);
    if (!here.empty())
      cover(&region.front(), 2 * plan.blocks[&region.front()].begin, here, out);
  }
}

} // namespace descent::kernel
