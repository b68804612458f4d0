// Which kernel an operation becomes part of.
//
// It may become one more output of a nest over the same space, or a nest of its own in front of
// those of a tree, with which it then shares the outermost loops. For that, every value that flows
// from it to them has to be read at the index of the shared loops at which it is made.
#include "compiler/kernel/Former.h"

using namespace mlir;

namespace descent::kernel {

int Former::newStep(Operation *op) {
  steps.emplace_back();
  successors.emplace_back();
  minPosition.push_back(positions[op]);
  visited.push_back(0);
  return int(steps.size()) - 1;
}

int Former::newLoop(int step, ArrayRef<int64_t> space) {
  loops.push_back({step, int(steps[step].loops.size())});
  steps[step].loops.emplace_back().space.assign(space.begin(), space.end());
  return int(loops.size()) - 1;
}

/// Makes `op` a result of a step: whoever uses it comes after the step.
void Former::addRoot(int step, Operation *op) {
  steps[step].roots.insert(steps[step].roots.begin(), op);
  minPosition[step] = std::min(minPosition[step], positions[op]);
  for (Value result : op->getResults())
    addResult(step, result);
}

void Former::addResult(int step, Value result) {
  bool array = isArray(result);
  if (array)
    materialised.insert(result);
  auto found = uses.find(result);
  if (found == uses.end())
    return;
  SmallVector<Use, 2> at = found->second;
  for (const Use &how : at) {
    if (how.step < 0 || how.step == step)
      continue;
    if (!llvm::is_contained(successors[step], how.step))
      successors[step].push_back(how.step);
    if (array)
      readLeaf(result, how);
  }
}

/// Whether `to` has to wait for `from`. Positions in the program say nothing about it: a step that
/// has several roots may wait because of a late one and be waited for because of an early one. A
/// search that gets long answers yes, which is always safe.
bool Former::reaches(int from, int to) {
  ++visit;
  SmallVector<int> stack{from};
  for (int seen = 0; !stack.empty();) {
    int at = stack.pop_back_val();
    if (at == to)
      return true;
    if (visited[at] == visit)
      continue;
    if (++seen > mostSearched)
      return true;
    visited[at] = visit;
    stack.append(successors[at].begin(), successors[at].end());
  }
  return false;
}

/// How many of the outermost loops of a kernel a nest over `made.space` in front of its nests may
/// share with them, as far as what it makes and its uses in the kernel go.
int Former::sharableDepth(int step, const Made &made, ArrayRef<Use> at) {
  const Step &kernel = steps[step];
  int depth = kernel.loops.size() > 1 ? kernel.shared : int(made.space.size());
  if (made.scan >= 0)
    depth = std::min(depth, made.scan);
  for (const Loop &loop : kernel.loops) {
    int same = 0, most = std::min({depth, int(loop.space.size()), int(made.space.size())});
    if (loop.scan >= 0)
      most = std::min(most, loop.scan);
    while (same < most && loop.space[same] == made.space[same])
      ++same;
    depth = same;
  }
  bool isInOrder =
      made.scan >= 0 || llvm::any_of(kernel.loops, [](const Loop &loop) { return loop.scan >= 0; });
  refusal = isInOrder ? "one of them takes the elements one after the other"
                      : "their outermost loops differ";
  for (const Use &how : at) {
    if (how.step != step)
      continue;
    if (how.kind != UseKind::Element) {
      refusal = "what it makes is needed as a whole";
      return 0;
    }
    for (int shared = 0; shared < depth; ++shared) {
      if (made.space[shared] == 1)
        continue;
      auto dim = llvm::find(made.dims, shared);
      if (dim != made.dims.end() && maps.source(how.map, dim - made.dims.begin()) == shared)
        continue;
      depth = shared;
      refusal = dim == made.dims.end() ? "what it makes is complete after its outermost loop only"
                                       : "what it makes is read at other indices";
    }
  }
  return depth;
}

/// Whether a result can be made in the loop: nothing that uses it may have to run before the
/// kernel, the loop itself may use it at the index alone at which it is made, and nests that share
/// loops with it have to come after it.
bool Former::mayJoin(int loop, const Made &made, ArrayRef<Use> at) {
  auto [step, index] = loops[loop];
  const Step &kernel = steps[step];
  if (kernel.loops[index].roots.size() >= mostOutputs ||
      kernel.loops[index].operations >= mostOperations || kernel.loops[index].guard != made.guard)
    return false;
  // Running sums have nests of their own: nothing else would be vectorised there.
  if (kernel.loops[index].scan != made.scan || kernel.loops[index].fromEnd != made.fromEnd)
    return false;
  bool flows = false;
  for (const Use &how : at) {
    if (how.step < 0)
      continue;
    if (how.step != step) {
      if (reaches(how.step, step))
        return false;
    } else if (how.kind != UseKind::Element) {
      return false; // the kernel needs all of it before it runs
    } else if (loops[how.loop].index == index) {
      if (!made.stores || made.scan >= 0 || how.map != IndexMaps::identity)
        return false;
    } else if (loops[how.loop].index > index) {
      return false; // it runs before
    } else {
      flows = true;
    }
  }
  return !flows || sharableDepth(step, made, at) >= kernel.shared;
}

namespace {

int64_t product(ArrayRef<int64_t> sizes) {
  int64_t all = 1;
  for (int64_t size : sizes)
    all *= size;
  return all;
}

int64_t outermostExtent(ArrayRef<int64_t> space) {
  for (int64_t size : space)
    if (size != 1)
      return size;
  return 1;
}

} // namespace

/// Whether what `op` computes needs something large that a kernel needs too.
bool Former::readsAlike(int step, Operation *op, int64_t least) {
  SmallVector<Value> stack(op->operand_begin(), op->operand_end());
  for (int seen = 0; !stack.empty() && seen < mostConeSearched; ++seen) {
    Value value = stack.pop_back_val();
    if (!isArray(value) || splatOf(value))
      continue;
    if (numElements(value) >= least) {
      if (auto leaf = leafUsers.find(value);
          leaf != leafUsers.end() && llvm::is_contained(leaf->second, step))
        return true;
      if (auto found = uses.find(value); found != uses.end())
        for (const Use &how : found->second)
          if (how.step == step)
            return true;
    }
    Operation *source = value.getDefiningOp();
    if (source && source->getBlock() == &block && isElemental(classOf(source)))
      stack.append(source->operand_begin(), source->operand_end());
  }
  return false;
}

/// The number of loops that a nest for `op` had better share with a kernel's; 0 for none.
int Former::depthToShare(int step, Operation *op, const Made &made, ArrayRef<Use> at) {
  const Step &kernel = steps[step];
  refusal = "one of them is no kernel, is full, or has nothing to do";
  if (!kernel.isKernel || kernel.loops.size() >= mostNests || llvm::is_contained(made.space, 0))
    return 0;
  for (const Loop &loop : kernel.loops)
    if (llvm::is_contained(loop.space, 0))
      return 0;
  int depth = sharableDepth(step, made, at);
  if (!depth)
    return 0;
  bool flows = false;
  for (const Use &how : at) {
    flows |= how.step == step;
    if (how.step >= 0 && how.step != step && reaches(how.step, step)) {
      refusal = "something has to run in between";
      return 0;
    }
  }
  auto outerAt = [&](int depth) { return product(ArrayRef(made.space).take_front(depth)); };
  auto innerAt = [&](int depth) {
    int64_t inner = product(ArrayRef(made.space).drop_front(depth));
    for (const Loop &loop : kernel.loops)
      inner = std::max(inner, product(ArrayRef(loop.space).drop_front(depth)));
    return inner;
  };
  // Fewer loops than possible are shared where that leaves something to do inside.
  int deepest = depth;
  while (depth && innerAt(depth) < shortestRow)
    --depth;
  if (!depth || outerAt(depth) < 2)
    depth = outerAt(deepest) >= manyRows && innerAt(deepest) > 1 ? deepest : 0;
  int64_t row = 1;
  for (int dim : made.dims)
    if (dim >= depth)
      row *= made.space[dim];
  refusal =
      depth ? "a row is too long for the cache" : "rows and loops are too short to gain by it";
  if (!depth || 8 * row > mostRowBytes)
    return 0;
  refusal = "they read nothing in common";
  return flows || readsAlike(step, op, outerAt(depth)) ? depth : 0;
}

void Former::joinOrStartKernel(Operation *op, ArrayRef<int64_t> space, bool storesAtIndex) {
  Made made;
  made.space.assign(space.begin(), space.end());
  made.stores = storesAtIndex;
  if (storesAtIndex)
    for (int i = 0; i < int(space.size()); ++i)
      made.dims.push_back(i);
  else
    made.dims = keptDims(op);
  if (options.forProcessor)
    made.guard = guardOf(op, space);
  if (classOf(op) == OpClass::Scan) {
    made.scan = int(op->getAttrOfType<IntegerAttr>("dim").getInt());
    made.fromEnd = op->hasAttr("reverse");
  }
  ArrayRef<Use> at = uses[op->getResult(0)];
  SmallVector<int, 4> &siblings = kernelLoops[made.space];
  int step = -1;
  Operation *neighbour = nullptr;
  const char *apart = nullptr;
  if (options.fuse && !splatOf(op->getResult(0))) {
    auto joinLoops = [&](ArrayRef<int> candidates) {
      for (int loop : candidates)
        if (mayJoin(loop, made, at)) {
          formKernelRoot(op, loops[loop].step, loop);
          return true;
        }
      return false;
    };
    auto joinTrees = [&](ArrayRef<int> candidates) {
      for (int candidate : candidates)
        if (int depth = depthToShare(candidate, op, made, at)) {
          steps[candidate].shared = depth;
          step = candidate;
          return true;
        } else if (!neighbour && steps[candidate].isKernel &&
                   outermostExtent(steps[candidate].loops.front().space) ==
                       outermostExtent(made.space)) {
          neighbour = steps[candidate].roots.front();
          apart = refusal;
        }
      return false;
    };
    SmallVector<int, 8> users, readers;
    for (const Use &how : at) {
      if (how.kind != UseKind::Element || how.step < 0 || !steps[how.step].isKernel)
        continue;
      if (how.map == IndexMaps::identity &&
          steps[how.step].loops[loops[how.loop].index].space == made.space)
        users.push_back(how.loop);
      if (readers.size() < mostCandidates && !llvm::is_contained(readers, how.step))
        readers.push_back(how.step);
    }
    SmallVector<int, 8> others(siblings.rbegin(), siblings.rend());
    if (joinLoops(users))
      return;
    if (!joinTrees(readers)) {
      if (joinLoops(others))
        return;
      joinTrees(recentKernels);
    }
  }
  if (step < 0) {
    step = newStep(op);
    steps[step].isKernel = true;
    steps[step].neighbour = neighbour;
    steps[step].apart = apart;
    recentKernels.insert(recentKernels.begin(), step);
    if (recentKernels.size() > mostCandidates)
      recentKernels.pop_back();
  }
  int loop = newLoop(step, space);
  if (siblings.size() == 4)
    siblings.erase(siblings.begin());
  siblings.push_back(loop);
  steps[step].loops.back().guard = made.guard;
  steps[step].loops.back().scan = made.scan;
  steps[step].loops.back().fromEnd = made.fromEnd;
  formKernelRoot(op, step, loop);
}

void Former::formKernelRoot(Operation *op, int step, int loop) {
  addRoot(step, op);
  Loop &made = steps[step].loops[loops[loop].index];
  made.roots.insert(made.roots.begin(), op);
  Use how{.kind = UseKind::Element, .step = step, .loop = loop};
  switch (classOf(op)) {
  case OpClass::Scan:
    made.linear = false;
    ++made.operations;
    ++made.cost;
    use(op->getOperand(0), how);
    return;
  case OpClass::ArgReduce:
  case OpClass::Reduce: {
    made.linear &= numElements(op->getResult(0)) == 1;
    ++made.operations;
    ++made.cost;
    use(op->getOperand(0), how);
    return;
  }
  case OpClass::Dot: {
    int matrix = dotShape(cast<ir::DotOp>(op)).matrix;
    Use paired = how;
    paired.map = maps.through(how.map, op, 1 - matrix);
    made.linear &= numElements(op->getResult(0)) == 1;
    made.operations += 2;
    made.cost += 2;
    use(op->getOperand(matrix), how);
    use(op->getOperand(1 - matrix), paired);
    return;
  }
  default:
    inlineAt(op, how);
  }
}

} // namespace descent::kernel
