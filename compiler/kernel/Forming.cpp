// Groups operations into kernels.
//
// The operations of a block are visited last to first, so that an operation is met when all its uses
// are known. Every use of an array says in which loop and under which index map it happens. From that:
//
//   * an array that something needs from memory gets a loop that stores it, or joins the loop of a
//     step that reads it at the same index (vertical fusion), or any loop over the same space
//     (horizontal fusion), provided that nothing in between has to run between the two;
//   * any other array is computed where it is used, unless that would repeat too much work;
//   * a reduction joins a loop over the shape of its operand, or starts one.
//
//   %a = mul %x, %y      loop [n]:  load x, y, t;  a = x*y;  b = a-t
//   %b = sub %a, %t  =>             s += b*b;  g += b*x
//   %c = mul %b, %b
//   %s = reduce_sum %c
//   %d = mul %b, %x
//   %g = reduce_sum %d
#include "compiler/kernel/Forming.h"

#include "descent/Error.h"

#include <mlir/IR/Visitors.h>

#include <map>
#include <queue>

using namespace mlir;

namespace descent::kernel {

namespace {

constexpr int mostOperations = 300; ///< in one loop
constexpr int mostDepth = 48;       ///< of operations computed where they are used
constexpr int mostOutputs = 12;     ///< of one kernel
constexpr int cheapCost = 4;        ///< what may be computed twice instead of being stored
constexpr int mostRepetitions = 3;
constexpr int mostViewRepetitions = 8;
constexpr int mostSearched = 2000; ///< steps between two that might be in one kernel

enum class UseKind : uint8_t {
  Element,  ///< in a loop, under an index map
  Whole,    ///< read from memory by the step
  Copy,     ///< copied to another place, or filled in there
  Captured, ///< used by regions of the step that can compute it themselves
  Must,     ///< has to be in memory when the step runs
};

struct Use {
  UseKind kind = UseKind::Must;
  bool viewOnly = false; ///< Element: only moved elements may be computed there
  int step = -1;         ///< -1: the terminator
  int loop = -1;
  int map = IndexMaps::identity;
  int depth = 0;
};

struct LoopState {
  int step;
  int index; ///< in the step
};

class Former {
public:
  Former(Block &block, IndexMaps &maps, Materialised &materialised, const PlanOptions &options)
      : block(block), maps(maps), materialised(materialised), options(options) {}

  BlockPlan form();

private:
  Block &block;
  IndexMaps &maps;
  Materialised &materialised;
  const PlanOptions &options;

  std::deque<Step> steps;
  std::vector<SmallVector<int, 4>> successors;
  std::vector<int> minPosition;
  std::vector<LoopState> loops;
  DenseMap<Value, SmallVector<Use, 2>> uses;
  DenseMap<Value, SmallVector<int, 2>> leafUsers;
  DenseMap<Operation *, int> positions, coneCost;
  /// Steps that update in place, and the map under which they may read what they update.
  DenseSet<std::pair<int, int>> inPlaceReads;
  /// The latest loops of kernels over each shape.
  std::map<SmallVector<int64_t, 4>, SmallVector<int, 4>> kernelLoops;
  std::vector<unsigned> visited;
  unsigned visit = 0;
  int nextHost = -1;

  // Uses.
  void use(Value value, Use how);
  void useOperands(Operation *op, int step);
  void useCaptured(Operation *op, int step);
  void readLeaf(Value value, const Use &how);
  void inlineAt(Operation *op, ArrayRef<Use> at);

  // Decisions.
  void visitOp(Operation *op);
  void visitArray(Operation *op);
  void visitAlias(Operation *op);
  bool shouldStore(Operation *op, ArrayRef<Use> at);
  void estimateCosts();

  // Steps.
  int newStep(Operation *op);
  int newLoop(int step, ArrayRef<int64_t> space);
  void addRoot(int step, Operation *op);
  void joinOrStartKernel(Operation *op, ArrayRef<int64_t> space, bool storesAtIndex);
  bool mayJoin(int loop, ArrayRef<Use> at, bool storesAtIndex);
  bool reaches(int from, int to);
  void formKernelRoot(Operation *op, int step, int loop);
  void formOwnStep(Operation *op);
  void orderHost(int step);
  void preferInPlace();
  BlockPlan inOrder();
};

bool hasHostOps(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        switch (classOf(inner)) {
        case OpClass::Effect:
        case OpClass::Check:
        case OpClass::Poll:
        case OpClass::Clock:
          return WalkResult::interrupt();
        default:
          return WalkResult::advance();
        }
      })
      .wasInterrupted();
}

bool isInMemoryAnyway(Value value) {
  Operation *op = value.getDefiningOp();
  return !op || !isElemental(classOf(op));
}

/// Whether `op` takes from an array the very box that `into` will replace.
bool takesUpdatedBox(Operation *op, Operation *into) {
  auto slice = dyn_cast<ir::DynamicSliceOp>(op);
  auto update = dyn_cast<ir::UpdateOp>(into);
  return slice && update && aliasRoot(slice.getX()) == aliasRoot(update.getX()) &&
         llvm::equal(slice.getStarts(), update.getStarts()) &&
         slice.getType().getShape() == tensorType(update.getUpdate()).getShape();
}

// ---- Uses ---------------------------------------------------------------------------------------

void Former::readLeaf(Value value, const Use &how) {
  if (how.step < 0)
    return;
  leafUsers[value].push_back(how.step);
  if (how.kind == UseKind::Element) {
    Step &step = steps[how.step];
    bool pointwise = (step.isKernel && how.map == IndexMaps::identity) ||
                     inPlaceReads.contains({how.step, how.map});
    step.reads.push_back({value, pointwise});
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
    use(operand.get(), {.kind = taking == Taking::Copy ? UseKind::Copy : UseKind::Whole,
                        .step = step});
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
        inner.kind =
            isCheapEverywhere(operand.get()) ? UseKind::Captured : UseKind::Must;
      }
      use(operand.get(), inner);
    }
    if (how.kind == UseKind::Element) {
      Loop &loop = steps[loops[how.loop].step].loops[loops[how.loop].index];
      ++loop.operations;
      // These need more of the index than the position in memory.
      if (isa<ir::IotaOp>(op) && tensorType(op->getResult(0)).getRank() > 1)
        loop.linear = false;
      if (classOf(op) == OpClass::Element && !isa<ir::IotaOp>(op))
        loop.linear = false;
    }
  }
}

/// Whether computing `value` element by element may read `base` elsewhere than where `update` then
/// writes: the value has to be in memory before.
bool coneReads(Value value, Value base, Operation *update) {
  SmallVector<std::pair<Value, bool>> stack{{value, true}};
  for (int seen = 0; !stack.empty(); ++seen) {
    auto [at, sameIndex] = stack.pop_back_val();
    if (!isArray(at))
      continue;
    if (seen == 200 || aliasRoot(at) == base)
      return true;
    Operation *op = at.getDefiningOp();
    if (!op || !isElemental(classOf(op)))
      continue;
    if (sameIndex && takesUpdatedBox(op, update))
      continue;
    for (Value operand : op->getOperands())
      stack.push_back({operand, sameIndex && classOf(op) == OpClass::Elementwise});
  }
  return false;
}

// ---- Decisions ----------------------------------------------------------------------------------

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

void Former::visitAlias(Operation *op) {
  Value value = op->getResult(0), source = op->getOperand(0);
  SmallVector<Use, 2> at = std::move(uses[value]);
  bool inMemory = !options.fuse || isInMemoryAnyway(source) ||
                  source.getDefiningOp()->getBlock() != &block;
  for (const Use &how : at)
    inMemory |= how.kind == UseKind::Whole || how.kind == UseKind::Must ||
                how.kind == UseKind::Copy;
  if (!inMemory)
    return inlineAt(op, at);
  materialised.insert(value);
  for (const Use &how : at) {
    readLeaf(value, how);
    use(source, {.kind = UseKind::Must, .step = how.step});
  }
}

void Former::visitArray(Operation *op) {
  SmallVector<Use, 2> at = uses[op->getResult(0)];
  if (!shouldStore(op, at))
    return inlineAt(op, at);
  if (isa<ir::ConcatOp>(op)) {
    formOwnStep(op);
    return;
  }
  joinOrStartKernel(op, tensorType(op->getResult(0)).getShape(), /*storesAtIndex=*/true);
}

void Former::visitOp(Operation *op) {
  OpClass kind = classOf(op);
  bool used = kind == OpClass::Effect || kind == OpClass::Check || kind == OpClass::Poll ||
              kind == OpClass::Clock;
  for (Value result : op->getResults())
    used |= uses.contains(result);
  if (op->getNumRegions() && !used)
    used = hasHostOps(op);
  switch (kind) {
  case OpClass::Other:
    throw Error("the code generator does not know the operation '" +
                op->getName().getStringRef().str() + "'");
  case OpClass::Return:
  case OpClass::Yield:
    useOperands(op, -1);
    return;
  case OpClass::Input:
    return;
  case OpClass::Constant:
    if (used && isArray(op->getResult(0)) && !isTable(op->getResult(0)))
      visitArray(op);
    return;
  default:
    break;
  }
  if (!used)
    return;
  if (isElemental(kind) && isArray(op->getResult(0)))
    return isAlias(op) ? visitAlias(op) : visitArray(op);
  if (kind == OpClass::Reduce)
    return joinOrStartKernel(op, tensorType(op->getOperand(0)).getShape(), false);
  if (auto dot = dyn_cast<ir::DotOp>(op))
    if (int matrix = dotShape(dot).matrix; matrix >= 0)
      return joinOrStartKernel(op, tensorType(op->getOperand(matrix)).getShape(), false);
  formOwnStep(op);
}

// ---- Steps --------------------------------------------------------------------------------------

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
  for (Value result : op->getResults()) {
    bool array = isArray(result);
    if (array)
      materialised.insert(result);
    auto found = uses.find(result);
    if (found == uses.end())
      continue;
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

/// Whether a result with these uses can be made in the loop: nothing that uses it may have to run
/// before the loop, and the loop itself may use it at the index alone at which it is made.
bool Former::mayJoin(int loop, ArrayRef<Use> at, bool storesAtIndex) {
  int step = loops[loop].step;
  if (steps[step].roots.size() >= mostOutputs ||
      steps[step].loops[0].operations >= mostOperations)
    return false;
  for (const Use &how : at) {
    if (how.step < 0)
      continue;
    if (how.step == step) {
      if (!storesAtIndex || how.kind != UseKind::Element || how.map != IndexMaps::identity)
        return false;
    } else if (reaches(how.step, step)) {
      return false;
    }
  }
  return true;
}

void Former::joinOrStartKernel(Operation *op, ArrayRef<int64_t> space, bool storesAtIndex) {
  SmallVector<int64_t, 4> key(space.begin(), space.end());
  ArrayRef<Use> at = uses[op->getResult(0)];
  SmallVector<int, 4> &siblings = kernelLoops[key];
  if (options.fuse && !splatOf(op->getResult(0))) {
    SmallVector<int, 8> candidates;
    for (const Use &how : at)
      if (how.kind == UseKind::Element && how.map == IndexMaps::identity &&
          steps[how.step].isKernel &&
          ArrayRef(steps[how.step].loops[0].space) == ArrayRef(key))
        candidates.push_back(how.loop);
    candidates.append(siblings.rbegin(), siblings.rend());
    for (int loop : candidates)
      if (mayJoin(loop, at, storesAtIndex))
        return formKernelRoot(op, loops[loop].step, loop);
  }
  int step = newStep(op);
  steps[step].isKernel = true;
  int loop = newLoop(step, space);
  if (siblings.size() == 4)
    siblings.erase(siblings.begin());
  siblings.push_back(loop);
  formKernelRoot(op, step, loop);
}

void Former::formKernelRoot(Operation *op, int step, int loop) {
  addRoot(step, op);
  Loop &made = steps[step].loops[0];
  Use how{.kind = UseKind::Element, .step = step, .loop = loop};
  switch (classOf(op)) {
  case OpClass::Reduce: {
    made.linear &= numElements(op->getResult(0)) == 1;
    ++made.operations;
    use(op->getOperand(0), how);
    return;
  }
  case OpClass::Dot: {
    int matrix = dotShape(cast<ir::DotOp>(op)).matrix;
    Use paired = how;
    paired.map = maps.through(how.map, op, 1 - matrix);
    made.linear &= numElements(op->getResult(0)) == 1;
    made.operations += 2;
    use(op->getOperand(matrix), how);
    use(op->getOperand(1 - matrix), paired);
    return;
  }
  default:
    inlineAt(op, how);
  }
}

/// Everything that does not share a loop with others.
void Former::formOwnStep(Operation *op) {
  int step = newStep(op);
  addRoot(step, op);
  OpClass kind = classOf(op);
  auto elementOf = [&](unsigned operand, int loop, bool mapped) {
    Use how{.kind = UseKind::Element, .step = step, .loop = loop};
    if (mapped)
      how.map = maps.through(IndexMaps::identity, op, operand);
    use(op->getOperand(operand), how);
  };
  switch (kind) {
  case OpClass::For:
  case OpClass::While:
  case OpClass::If:
    useOperands(op, step);
    useCaptured(op, step);
    if (hasHostOps(op))
      orderHost(step);
    return;
  case OpClass::Effect:
  case OpClass::Poll:
  case OpClass::Clock:
    orderHost(step);
    break;
  case OpClass::Check: {
    orderHost(step);
    int loop = newLoop(step, tensorType(op->getOperand(0)).getShape());
    elementOf(0, loop, false);
    for (Value value : op->getOperands().drop_front())
      use(value, {.kind = UseKind::Whole, .step = step});
    return;
  }
  case OpClass::ArgSort: {
    // A row of numbers (of up to eight bytes), and two of positions.
    auto dim = int64_t(cast<ir::ArgSortOp>(op).getDim());
    steps[step].scratchBytes = 16 * tensorType(op->getOperand(0)).getDimSize(dim);
    [[fallthrough]];
  }
  case OpClass::ArgReduce:
  case OpClass::Scan:
    elementOf(0, newLoop(step, tensorType(op->getOperand(0)).getShape()), false);
    return;
  case OpClass::TapePush:
    use(op->getOperand(0), {.kind = UseKind::Whole, .step = step});
    elementOf(1, newLoop(step, tensorType(op->getOperand(1)).getShape()), false);
    return;
  case OpClass::Update: {
    int loop = newLoop(step, tensorType(op->getOperand(1)).getShape());
    if (coneReads(op->getOperand(1), aliasRoot(op->getOperand(0)), op))
      use(op->getOperand(1), {.kind = UseKind::Whole, .step = step});
    elementOf(1, loop, false);
    for (unsigned i = 2; i < op->getNumOperands(); ++i)
      use(op->getOperand(i), {.kind = UseKind::Whole, .step = step});
    use(op->getOperand(0), {.kind = UseKind::Must, .step = step});
    return;
  }
  case OpClass::Scatter: {
    int loop = newLoop(step, tensorType(op->getOperand(2)).getShape());
    for (unsigned i : {1, 2})
      if (coneReads(op->getOperand(i), aliasRoot(op->getOperand(0)), op))
        use(op->getOperand(i), {.kind = UseKind::Whole, .step = step});
    elementOf(1, loop, true);
    elementOf(2, loop, false);
    use(op->getOperand(0), {.kind = UseKind::Must, .step = step});
    return;
  }
  case OpClass::Dot: {
    // The right operand, or a block of it, with rows of whole vectors.
    DotShape shape = dotShape(cast<ir::DotOp>(op));
    int64_t bytes = elementBytes(tensorType(op->getResult(0)).getElementType());
    int64_t row = int64_t(llvm::alignTo(uint64_t(shape.n * bytes), 64));
    steps[step].scratchBytes = std::min(shape.k * row, options.productScratchBytes);
    SmallVector<int64_t> space;
    int loop = newLoop(step, space);
    for (unsigned i = 0; i < 2; ++i)
      use(op->getOperand(i),
          {.kind = UseKind::Element,
           .viewOnly = true,
           .step = step,
           .loop = loop,
           .map = maps.through(IndexMaps::identity, op, i)});
    return;
  }
  case OpClass::Elementwise:
  case OpClass::View:
  case OpClass::Element:
    if (isArray(op->getResult(0))) { // a concat: one loop for each piece
      SmallVector<int> pieces;
      for (Value piece : op->getOperands())
        pieces.push_back(newLoop(step, tensorType(piece).getShape()));
      for (auto [i, loop] : llvm::enumerate(pieces))
        elementOf(unsigned(i), loop, false);
    } else {
      newLoop(step, {});
      inlineAt(op, Use{.kind = UseKind::Element, .step = step, .loop = int(loops.size()) - 1});
    }
    return;
  default:
    break;
  }
  useOperands(op, step);
}

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
    if (steps[step].roots.empty())
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
    llvm::sort(steps[at].roots, [&](Operation *a, Operation *b) {
      return positions[a] < positions[b];
    });
    plan.steps.push_back(std::move(steps[at]));
  }
  if (int(plan.steps.size()) != count)
    throw Error("internal: the kernels of a block depend on each other in a circle");
  return plan;
}

BlockPlan Former::form() {
  for (Value argument : block.getArguments())
    if (isArray(argument))
      materialised.insert(argument);
  estimateCosts();
  for (Operation &op : llvm::reverse(block))
    visitOp(&op);
  preferInPlace();
  return inOrder();
}

} // namespace

Value aliasRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isAlias(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

BlockPlan formBlock(Block &block, IndexMaps &maps, Materialised &materialised,
                    const PlanOptions &options) {
  return Former(block, maps, materialised, options).form();
}

} // namespace descent::kernel
