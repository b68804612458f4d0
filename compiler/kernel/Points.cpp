// Which loops of a block run over points, and what goes along with them.
//
//   t = …                                    points [n], blocks of 32
//   y = for i iter(y) { f(y, t, x[i]) }        t = …;  for i { y = f(y, t, x[i]) }
//   r = sub y, z                        ─▶     r = y - z;  loss += r * r
//   loss = reduce_sum (mul r, r)               for i { g[i] += … }
//   g = for i … { … reduce_sum … }
//
// A group grows from a loop forwards: elementwise operations, reductions over all points and
// further loops that use what it makes, as long as nothing they need waits for the whole group;
// then backwards: elementwise operations that nobody else needs.
#include "compiler/kernel/Points.h"

#include "compiler/kernel/Former.h"
#include "compiler/kernel/PointLayout.h"
#include "compiler/kernel/PointLoops.h"

#include <mlir/IR/IRMapping.h>

using namespace mlir;

namespace descent::kernel {

namespace {

constexpr int mostMembers = 400; ///< operations, also those inside loops

void forOperands(Operation *op, llvm::function_ref<void(OpOperand &)> visit) {
  op->walk([&](Operation *inner) {
    for (OpOperand &operand : inner->getOpOperands())
      visit(operand);
  });
}

/// Whether a user of an array with an element for each point needs only that of the point.
bool isUsedByPoint(OpOperand &use) {
  Operation *op = use.getOwner();
  switch (classOf(op)) {
  case OpClass::Elementwise:
  case OpClass::Reduce:
  case OpClass::TapePush:
  case OpClass::For:
  case OpClass::Yield:
    return true;
  default:
    if (auto gather = dyn_cast<ir::GatherOp>(op))
      return use.getOperandNumber() == 1 && gather.getX().getType().getRank() == 1;
    return isa<ir::ReshapeOp>(op);
  }
}

/// Whether an operation computes a number or an array of one number.
bool isNumber(Operation *op) {
  if (auto broadcast = dyn_cast<ir::BroadcastOp>(op))
    return isRegister(broadcast.getX());
  return classOf(op) == OpClass::Elementwise && isRegister(op->getResult(0));
}

struct LoopMember {
  OtherWork other;
};

/// A group as it would be, found without changing anything.
class Group {
public:
  /// `taken`: members of other groups.
  Group(Block &block, int64_t count, bool numbersOnTapes, const PointLimits &limits,
        const DenseMap<Operation *, const Points *> &taken)
      : block(block), count(count), limits(limits), classes(count, numbersOnTapes), taken(taken) {}

  bool grow(ir::ForOp seed);
  const char *refusal = nullptr;
  /// How far it came before it was refused, to be compared.
  std::pair<bool, size_t> reached() const { return {!members.empty(), classes.lanes()}; }
  /// Why loops that use what the group makes did not join it.
  DenseMap<Operation *, const char *> refusedLater;

  SmallVector<Operation *> cutLoops() const {
    SmallVector<Operation *> cut;
    for (auto &[loop, member] : loops)
      if (member.other.any())
        cut.push_back(loop);
    return cut;
  }
  std::shared_ptr<Points> commit();
  /// What `commit` would give, as far as tapes go.
  Points trial() const;

private:
  Block &block;
  int64_t count;
  const PointLimits limits;
  PointClasses classes;
  const DenseMap<Operation *, const Points *> &taken;
  DenseSet<Operation *> members, late, absorbed;
  DenseMap<Operation *, LoopMember> loops;
  SmallVector<Operation *> sums;
  DenseSet<Value> complete; ///< known only when the whole group has run
  int operations = 0;

  void finish(ValueRange values);
  bool waits(Operation *op);
  bool uses(Operation *op);
  bool addLoop(ir::ForOp loop, bool isSeed);
  bool canCut(const OtherWork &other);
  bool addOperation(Operation *op);
  void growBackwards();
  void dropLastNumbers();
  bool tapesStayInside();
  bool countTapes();
  void take(Operation *op);
  ir::ForOp cutAll(ir::ForOp loop, Points &points);
  void dropUnneeded(SmallVectorImpl<Operation *> &order, ArrayRef<Operation *> after);
  void bringViews(SmallVectorImpl<Operation *> &order);
};

void Group::finish(ValueRange values) {
  for (Value value : values) {
    complete.insert(value);
    classes.set(value, PointClass::Other);
  }
}

bool Group::waits(Operation *op) {
  bool found = false;
  forOperands(op, [&](OpOperand &operand) { found |= complete.contains(operand.get()); });
  return found;
}

bool Group::uses(Operation *op) {
  bool found = false;
  forOperands(op, [&](OpOperand &operand) {
    Operation *source = operand.get().getDefiningOp();
    found |= source && members.contains(source);
  });
  return found;
}

void Group::take(Operation *op) {
  members.insert(op);
  op->walk([&](Operation *) { ++operations; });
}

bool Group::addLoop(ir::ForOp loop, bool isSeed) {
  LoopMember member;
  if (loop.getTripCount() == 0)
    return false;
  if (!classes.classifyLoop(loop, member.other)) {
    refusal = classes.refusal;
    return false;
  }
  // A loop that only hands on what the group makes goes along, but is no reason for one.
  bool hasPoints = !isSeed && llvm::any_of(loop.getResults(), [&](Value result) {
    return classes.of(result) == PointClass::Lane;
  });
  loop.getBody().walk([&](Operation *op) {
    for (Value result : op->getResults())
      hasPoints |= classes.of(result) == PointClass::Lane;
  });
  if (!hasPoints) {
    refusal = "there are no elementwise operations in it";
    return false;
  }
  CutPlan cut;
  if (!planCut(loop, classes, member.other, cut, refusal) || !canCut(member.other))
    return false;
  for (auto [i, result] : llvm::enumerate(loop.getResults()))
    if (member.other.carried[i])
      finish(result);
  loops[loop] = std::move(member);
  take(loop);
  return true;
}

/// Whether the loops inside can be cut, too.
bool Group::canCut(const OtherWork &other) {
  for (ir::ForOp inner : other.mixed) {
    OtherWork rest;
    CutPlan plan;
    if (!classes.classifyLoop(inner, rest) || !planCut(inner, classes, rest, plan, refusal) ||
        !canCut(rest))
      return false;
  }
  return true;
}

/// An elementwise operation on points, or a reduction over all of them.
bool Group::addOperation(Operation *op) {
  OpClass kind = classOf(op);
  if (!isElemental(kind) && kind != OpClass::Reduce)
    return false;
  OtherWork other;
  if (!classes.classify(op, other))
    return false;
  if (!other.sums.empty()) {
    sums.push_back(op);
    finish(op->getResults());
  } else if (Value result = op->getResult(0); isNumber(op)) {
    if (isArray(result) && numElements(result) != count)
      return false;
    if (isArray(result))
      classes.set(result, PointClass::Lane);
  } else if (classes.of(result) != PointClass::Lane) {
    return false;
  }
  take(op);
  return true;
}

bool Group::grow(ir::ForOp seed) {
  bool started = false, hostWaits = false;
  for (Operation &op : block.without_terminator()) {
    if (!started && &op != seed)
      continue;
    bool isFirst = !std::exchange(started, true);
    bool isHost = hasHostOps(&op);
    // What waits may be for the part of a loop that is cut off.
    bool must = (isHost && hostWaits) || (waits(&op) && !(isa<ir::ForOp>(op) && uses(&op)));
    // The members of another group stay together.
    if (const Points *other = taken.lookup(&op);
        other && op.getPrevNode() && taken.lookup(op.getPrevNode()) == other)
      must |= late.contains(op.getPrevNode());
    else if (other)
      must |= llvm::any_of(other->members, [&](Operation *of) { return uses(of) || waits(of); });
    if (!must && !taken.contains(&op) && (isFirst || uses(&op))) {
      auto loop = dyn_cast<ir::ForOp>(op);
      if (loop ? addLoop(loop, isFirst) : addOperation(&op))
        continue;
      if (isFirst)
        return false;
      if (loop)
        refusedLater[loop] = refusal;
      must = true;
    }
    if (!must)
      continue;
    hostWaits |= isHost;
    late.insert(&op);
    finish(op.getResults());
  }
  dropLastNumbers();
  growBackwards();
  if (operations > mostMembers) {
    refusal = "there is too much in it";
    return false;
  }
  return tapesStayInside() && countTapes();
}

/// Numbers computed from those of loops are in the group only for the members that need them.
void Group::dropLastNumbers() {
  for (Operation &op : llvm::reverse(block)) {
    if (!members.contains(&op) || !isNumber(&op))
      continue;
    if (llvm::any_of(op.getUsers(), [&](Operation *user) {
          Operation *around = ancestorIn(block, user);
          return around && members.contains(around);
        }))
      continue;
    members.erase(&op);
    late.insert(&op);
    --operations;
  }
}

/// Takes what only members use and what can be computed for each point.
void Group::growBackwards() {
  SmallVector<Operation *> work(members.begin(), members.end());
  while (!work.empty()) {
    Operation *member = work.pop_back_val();
    forOperands(member, [&](OpOperand &operand) {
      Value value = operand.get();
      Operation *op = value.getDefiningOp();
      if (!op || op->getBlock() != &block || members.contains(op) || taken.contains(op))
        return;
      bool isView = false;
      if (isa<ir::TapeCreateOp>(op)) {
        if (classes.of(value) != PointClass::Tape)
          return;
      } else {
        OpClass kind = classOf(op);
        if (!isElemental(kind) || !isArray(value))
          return;
        isView = kind != OpClass::Elementwise;
        if (!isView && numElements(value) != count)
          return;
      }
      for (OpOperand &use : value.getUses()) {
        Operation *user = ancestorIn(block, use.getOwner());
        if (!user || !members.contains(user) || (!isView && !isTape(value) && !isUsedByPoint(use)))
          return;
      }
      take(op);
      absorbed.insert(op);
      work.push_back(op);
    });
  }
}

/// Tapes are not seen from outside.
bool Group::tapesStayInside() {
  auto isInside = [&](Value tape) {
    return llvm::all_of(tape.getUsers(), [&](Operation *user) {
      Operation *around = ancestorIn(block, user);
      return around && members.contains(around);
    });
  };
  for (Operation *op : members) {
    for (Value result : op->getResults())
      if (isTape(result) && classes.of(result) == PointClass::Tape && !isInside(result)) {
        refusal = "its tapes are read by something that is not done point by point";
        return false;
      }
    auto loop = dyn_cast<ir::ForOp>(op);
    if (!loop)
      continue;
    for (Value init : loop.getInits()) {
      if (!isTape(init) || classes.of(init) != PointClass::Tape)
        continue;
      Operation *source = init.getDefiningOp();
      if (!source || !members.contains(source)) {
        refusal = "its tapes come from elsewhere";
        return false;
      }
    }
  }
  return true;
}

/// Tapes have a known number of rows, which is not too large.
bool Group::countTapes() {
  bool known = true;
  int64_t bytes = 0;
  for (auto &[op, member] : loops)
    op->walk([&](ir::TapePushOp push) {
      if (classes.of(push) != PointClass::Tape)
        return;
      for (Operation *around = push->getParentOp(); known; around = around->getParentOp()) {
        auto loop = dyn_cast<ir::ForOp>(around);
        known = loop && loop.getTripCount();
        if (around->getBlock() == &block)
          break;
      }
      Type element = tensorType(push.getValue()).getElementType();
      bytes = std::min(mostTrips, bytes + tripsOf(push, block) * elementBytes(element));
    });
  if (!known)
    refusal = "its tapes grow in a number of iterations that is not known";
  else if (bytes > limits.mostTapeBytes)
    refusal = "the tapes of a point are too long";
  return known && bytes <= limits.mostTapeBytes;
}

/// Repetitions, slices and the like of what is in memory are computed inside.
void Group::bringViews(SmallVectorImpl<Operation *> &order) {
  DenseMap<Operation *, Operation *> copies;
  for (size_t i = 0; i < order.size(); ++i)
    forOperands(order[i], [&](OpOperand &operand) {
      Value value = operand.get();
      Operation *op = value.getDefiningOp();
      if (!op || classOf(op) != OpClass::View || !isArray(value) || isFill(value) ||
          !isCheapEverywhere(value) || order[i]->isProperAncestor(op) ||
          (op->getBlock() == &block && members.contains(op)))
        return;
      Operation *&copy = copies[op];
      if (!copy) {
        copy = op->clone();
        order.push_back(copy);
        members.insert(copy);
      }
      operand.set(copy->getResult(0));
    });
}

/// Cuts a loop in two, and before it the loops inside.
ir::ForOp Group::cutAll(ir::ForOp loop, Points &points) {
  while (true) {
    OtherWork other;
    if (!classes.classifyLoop(loop, other))
      return nullptr;
    if (!other.mixed.empty()) {
      if (!cutAll(other.mixed.front(), points))
        return nullptr;
      continue;
    }
    CutPlan plan;
    if (!planCut(loop, classes, other, plan, refusal))
      return nullptr;
    return cutLoop(loop, other, plan, points, classes);
  }
}

/// What only the rest of a cut loop needs is no part of the group, unless it is an array of points.
void Group::dropUnneeded(SmallVectorImpl<Operation *> &order, ArrayRef<Operation *> after) {
  DenseSet<Operation *> later(after.begin(), after.end());
  for (Operation *op : llvm::reverse(order)) {
    if (!absorbed.contains(op))
      continue;
    Value value = op->getResult(0);
    bool isOfPoints = !isTape(value) && numElements(value) == count;
    bool used = false, fits = true;
    for (Operation *user : value.getUsers()) {
      Operation *around = ancestorIn(block, user);
      bool inside = around && members.contains(around);
      used |= inside;
      fits &= inside || (isOfPoints && (!around || later.contains(around)));
    }
    if (!used || !fits)
      members.erase(op);
  }
  llvm::erase_if(order, [&](Operation *op) { return !members.contains(op); });
}

/// Cuts the loops, moves the members together, and says how they run.
std::shared_ptr<Points> Group::commit() {
  auto points = std::make_shared<Points>();
  points->count = count;
  SmallVector<Operation *> order, after;
  for (Operation &op : llvm::make_early_inc_range(block.without_terminator())) {
    if (late.contains(&op)) {
      after.push_back(&op);
      continue;
    }
    if (!members.contains(&op))
      continue;
    auto found = loops.find(&op);
    if (found == loops.end() || !found->second.other.any()) {
      order.push_back(&op);
      continue;
    }
    members.erase(&op);
    Operation *next = op.getNextNode();
    ir::ForOp loop = cutAll(cast<ir::ForOp>(op), *points);
    if (!loop)
      return nullptr;
    // Later loops use its results.
    if (OtherWork none; !classes.classifyLoop(loop, none))
      return nullptr;
    members.insert(loop);
    order.push_back(loop);
    for (Operation *rest = loop->getNextNode(); rest != next; rest = rest->getNextNode()) {
      finish(rest->getResults());
      after.push_back(rest);
    }
  }
  dropUnneeded(order, after);
  SmallVector<Operation *> all(order);
  bringViews(all);
  Operation *end = block.getTerminator();
  auto bring = [&](auto &again, Operation *op) -> void {
    if (op->getBlock())
      return;
    for (Value operand : op->getOperands())
      if (Operation *source = operand.getDefiningOp())
        again(again, source);
    block.getOperations().insert(end->getIterator(), op);
    points->members.push_back(op);
  };
  for (Operation *op : ArrayRef(all).drop_front(order.size()))
    bring(bring, op);
  for (Operation *op : order)
    op->moveBefore(end);
  for (Operation *op : after)
    op->moveBefore(end);
  points->members.insert(points->members.end(), order.begin(), order.end());
  for (Operation *sum : sums) {
    PointSum made;
    made.reduction = sum;
    made.result = sum->getResult(0);
    points->sums.push_back(made);
  }
  return points;
}

Points Group::trial() const {
  Points points;
  points.count = count;
  for (Operation &op : block)
    if (members.contains(&op))
      points.members.push_back(&op);
  layOutBlocks(points, block);
  return points;
}

/// The sizes that the points of a loop may have, largest first.
SmallVector<int64_t> candidatesOf(ir::ForOp loop, const PointLimits &limits) {
  SmallVector<int64_t> sizes;
  for (Value init : loop.getInits()) {
    int64_t size = 1;
    if (auto tape = dyn_cast<ir::TapeType>(init.getType()))
      size = tape.getElement().getNumElements();
    else
      size = numElements(init);
    if (size >= limits.leastPoints && !llvm::is_contained(sizes, size))
      sizes.push_back(size);
  }
  llvm::sort(sizes, std::greater<>());
  return sizes;
}

bool carriesArrays(ir::ForOp loop) {
  return llvm::any_of(loop.getInits(), [](Value init) {
    auto tape = dyn_cast<ir::TapeType>(init.getType());
    return tape ? tape.getElement().getNumElements() > 1 : isArray(init);
  });
}

} // namespace

std::vector<std::shared_ptr<Points>>
findPoints(Block &block, DenseMap<Operation *, const char *> &refused, const PointLimits &limits) {
  std::vector<std::shared_ptr<Points>> found;
  DenseSet<Operation *> done;
  DenseMap<Operation *, const Points *> taken;
  DenseMap<Operation *, const char *> refusedLater;
  // What is left of a loop that is cut may be cut again, but not for ever.
  size_t mostGroups = 8;
  block.walk([&](ir::ForOp) { mostGroups += 2; });
  while (found.size() < mostGroups) {
    ir::ForOp seed;
    for (Operation &op : block)
      if (auto loop = dyn_cast<ir::ForOp>(op); loop && !done.contains(&op)) {
        seed = loop;
        break;
      }
    if (!seed)
      return found;
    done.insert(seed);
    if (!carriesArrays(seed))
      continue;
    std::shared_ptr<Points> points;
    bool changed = false;
    std::pair<bool, size_t> furthest;
    for (int64_t count : candidatesOf(seed, limits))
      for (bool numbersOnTapes : {true, false}) {
        if (changed)
          break;
        Group group(block, count, numbersOnTapes, limits, taken);
        changed = group.grow(seed);
        if (changed) {
          // Cut loops are other operations afterwards.
          for (Operation *loop : group.cutLoops()) {
            done.erase(loop);
            refused.erase(loop);
            refusedLater.erase(loop);
          }
          points = group.commit();
        } else if (!refused.contains(seed) || furthest < group.reached()) {
          refused[seed] = group.refusal;
          furthest = group.reached();
        }
        if (!changed)
          for (auto [loop, why] : group.refusedLater)
            refusedLater[loop] = why;
      }
    if (!changed && refusedLater.contains(seed))
      refused[seed] = refusedLater[seed];
    // Loops that could not be cut after all are left as they are.
    if (changed && !points)
      return found;
    if (!points)
      continue;
    layOutBlocks(*points, block);
    for (Operation *member : points->members) {
      done.insert(member);
      taken[member] = points.get();
    }
    found.push_back(std::move(points));
  }
  return found;
}

std::optional<int64_t> pointTapeBytes(ir::ForOp loop) {
  DenseMap<Operation *, const Points *> none;
  std::optional<int64_t> found;
  for (Operation *op = loop; op && op->getBlock(); op = op->getParentOp()) {
    auto seed = dyn_cast<ir::ForOp>(op);
    if (!seed)
      continue;
    for (int64_t count : candidatesOf(seed, {}))
      for (bool numbersOnTapes : {true, false}) {
        Group group(*op->getBlock(), count, numbersOnTapes, {}, none);
        if (!group.grow(seed))
          continue;
        int64_t bytes = 0;
        for (const PointTape &tape : group.trial().tapes)
          bytes += tape.rows * tape.rowBytes;
        found = bytes;
      }
  }
  return found;
}

} // namespace descent::kernel
