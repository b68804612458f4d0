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
#include "compiler/kernel/PointLoops.h"

#include <mlir/IR/IRMapping.h>

using namespace mlir;

namespace descent::kernel {

namespace {

constexpr int64_t vectorBytes = 64;
/// Tapes of a block are to stay in the first cache, if that leaves a vector; they must not take
/// more than the limit in any case.
constexpr int64_t cachedTapeBytes = 32 << 10, mostTapeBytes = 4 << 20;
constexpr int64_t leastLanes = 8;
/// Vectors that a block has, where the operations of one point are few: enough independent work to
/// hide how long an operation takes.
constexpr int mostVectors = 4, fewOperations = 48, someOperations = 160;
constexpr int mostMembers = 400; ///< operations, also those inside loops
constexpr int64_t unknownTrips = 16;
constexpr int64_t mostTrips = int64_t(1) << 40;

/// The operation of `block` that is `op` or around it; null where there is none.
Operation *ancestorIn(Block &block, Operation *op) {
  while (op && op->getBlock() != &block)
    op = op->getParentOp();
  return op;
}

void forOperands(Operation *op, llvm::function_ref<void(OpOperand &)> visit) {
  op->walk([&](Operation *inner) {
    for (OpOperand &operand : inner->getOpOperands())
      visit(operand);
  });
}

/// Iterations of an operation for one run of `block`.
int64_t tripsOf(Operation *op, Block &block) {
  int64_t trips = 1;
  while (op->getBlock() != &block) {
    op = op->getParentOp();
    if (auto loop = dyn_cast<ir::ForOp>(op))
      trips = std::min(mostTrips, trips * loop.getTripCount().value_or(unknownTrips));
  }
  return trips;
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

struct LoopMember {
  OtherWork other;
};

/// A group as it would be, found without changing anything.
class Group {
public:
  /// `taken`: members of other groups.
  Group(Block &block, int64_t count, bool numbersOnTapes,
        const DenseMap<Operation *, const Points *> &taken)
      : block(block), count(count), classes(count, numbersOnTapes), taken(taken) {}

  bool grow(ir::ForOp seed);
  const char *refusal = nullptr;

  SmallVector<Operation *> cutLoops() const {
    SmallVector<Operation *> cut;
    for (auto &[loop, member] : loops)
      if (member.other.any())
        cut.push_back(loop);
    return cut;
  }
  std::shared_ptr<Points> commit();

private:
  Block &block;
  int64_t count;
  PointClasses classes;
  const DenseMap<Operation *, const Points *> &taken;
  DenseSet<Operation *> members, late, absorbed;
  DenseMap<Operation *, LoopMember> loops;
  SmallVector<Operation *> sums;
  DenseSet<Value> complete; ///< known only when the whole group has run
  int operations = 0;

  bool waits(Operation *op);
  bool uses(Operation *op);
  bool addLoop(ir::ForOp loop);
  bool canCut(const OtherWork &other);
  bool addOperation(Operation *op);
  void growBackwards();
  bool tapesStayInside();
  bool countTapes();
  void take(Operation *op);
  ir::ForOp cutAll(ir::ForOp loop, Points &points);
  void dropUnneeded(SmallVectorImpl<Operation *> &order, ArrayRef<Operation *> after);
  void bringViews(SmallVectorImpl<Operation *> &order);
};

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

bool Group::addLoop(ir::ForOp loop) {
  LoopMember member;
  if (loop.getTripCount() == 0)
    return false;
  if (!classes.classifyLoop(loop, member.other)) {
    refusal = classes.refusal;
    return false;
  }
  bool hasPoints = false;
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
      complete.insert(result);
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
    complete.insert(op->getResult(0));
  } else if (classes.of(op->getResult(0)) != PointClass::Lane) {
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
    bool must = waits(&op) || (isHost && hostWaits);
    // The members of another group stay together.
    if (const Points *other = taken.lookup(&op);
        other && op.getPrevNode() && taken.lookup(op.getPrevNode()) == other)
      must |= late.contains(op.getPrevNode());
    else if (other)
      must |= llvm::any_of(other->members, [&](Operation *of) { return uses(of) || waits(of); });
    if (!must && !taken.contains(&op) && (isFirst || uses(&op))) {
      auto loop = dyn_cast<ir::ForOp>(op);
      if (loop ? addLoop(loop) : addOperation(&op))
        continue;
      if (isFirst)
        return false;
      must = true;
    }
    if (!must)
      continue;
    hostWaits |= isHost;
    late.insert(&op);
    for (Value result : op.getResults())
      complete.insert(result);
  }
  growBackwards();
  if (operations > mostMembers) {
    refusal = "there is too much in it";
    return false;
  }
  return tapesStayInside() && countTapes();
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
  else if (bytes * leastLanes > mostTapeBytes)
    refusal = "the tapes of a few points are too long";
  return known && bytes * leastLanes <= mostTapeBytes;
}

/// Where a tape was made.
Value originOf(Value tape) {
  while (true) {
    if (auto argument = dyn_cast<BlockArgument>(tape)) {
      auto loop = cast<ir::ForOp>(argument.getOwner()->getParentOp());
      tape = loop.getInits()[argument.getArgNumber() - 1];
      continue;
    }
    Operation *op = tape.getDefiningOp();
    if (auto loop = dyn_cast<ir::ForOp>(op))
      tape = loop.getInits()[cast<OpResult>(tape).getResultNumber()];
    else if (isa<ir::TapePushOp, ir::TapePopOp>(op))
      tape = op->getOperand(0);
    else
      return tape;
  }
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
    members.insert(loop);
    order.push_back(loop);
    for (Operation *rest = loop->getNextNode(); rest != next; rest = rest->getNextNode())
      after.push_back(rest);
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

/// The sizes that the points of a loop may have, largest first.
SmallVector<int64_t> candidatesOf(ir::ForOp loop) {
  SmallVector<int64_t> sizes;
  for (Value init : loop.getInits()) {
    int64_t size = 1;
    if (auto tape = dyn_cast<ir::TapeType>(init.getType()))
      size = tape.getElement().getNumElements();
    else
      size = numElements(init);
    if (size > 1 && !llvm::is_contained(sizes, size))
      sizes.push_back(size);
  }
  llvm::sort(sizes, std::greater<>());
  return sizes;
}

} // namespace

bool Points::contains(Operation *op) const {
  return llvm::is_contained(members, op);
}

const PointSum *Points::sumOf(Operation *reduction) const {
  for (const PointSum &sum : sums)
    if (sum.reduction && sum.reduction == reduction)
      return &sum;
  return nullptr;
}

const PointTape *Points::tapeOf(Value tape) const {
  Value made = originOf(tape);
  for (const PointTape &each : tapes)
    if (each.made == made)
      return &each;
  return nullptr;
}

namespace {

/// Whether a tape might be popped when it is empty: not where whole loops fill it and other ones,
/// of no more iterations in all, take from it.
bool mayBeEmpty(Value tape, const Points &points) {
  Block &block = *tape.getParentBlock();
  if (&block != points.members.front()->getBlock())
    return true;
  int64_t rows = 0;
  for (Operation *member : points.members) {
    int64_t pushed = 0, popped = 0;
    bool known = true;
    member->walk([&](Operation *op) {
      if (!isa<ir::TapePushOp, ir::TapePopOp>(op) || originOf(op->getOperand(0)) != tape)
        return;
      (isa<ir::TapePushOp>(op) ? pushed : popped) += tripsOf(op, block);
      for (Operation *around = op->getParentOp(); around->getBlock();
           around = around->getParentOp()) {
        if (auto loop = dyn_cast<ir::ForOp>(around))
          known &= loop.getTripCount().has_value();
        if (around->getBlock() == &block)
          break;
      }
    });
    if (!known || (pushed && popped) || popped > rows)
      return true;
    rows += pushed - popped;
  }
  return false;
}

/// How wide blocks are, and what memory they need.
void layOut(Points &points, Block &block) {
  int64_t widest = 1, carriedMost = 0;
  SmallVector<std::pair<Value, int64_t>> tapes;
  for (Operation *member : points.members)
    member->walk([&](Operation *op) {
      ++points.operations;
      int64_t trips = tripsOf(op, block);
      points.work += trips * std::max(0, costOf(op));
      if (auto loop = dyn_cast<ir::ForOp>(op)) {
        int64_t carried = 0;
        for (Value init : loop.getInits())
          carried += isArray(init) && numElements(init) == points.count;
        carriedMost = std::max(carriedMost, carried);
      }
      for (Value result : op->getResults()) {
        if (isTape(result) || !isArray(result) || numElements(result) != points.count)
          continue;
        if (points.shape.empty())
          points.shape.assign(tensorType(result).getShape().begin(),
                              tensorType(result).getShape().end());
        widest = std::max(widest, elementBytes(tensorType(result).getElementType()));
      }
      if (isa<ir::TapeCreateOp>(op))
        tapes.push_back({op->getResult(0), 0});
    });
  for (Operation *member : points.members)
    member->walk([&](ir::TapePushOp push) {
      Value made = originOf(push);
      for (auto &[tape, rows] : tapes)
        if (tape == made)
          rows += tripsOf(push, *made.getParentBlock());
    });
  points.work = std::max<int64_t>(1, points.work);
  points.lanes = vectorBytes / widest;
  auto bytesOf = [](Value tape) {
    auto type = cast<ir::TapeType>(tape.getType()).getElement();
    return std::pair(type.getNumElements(), elementBytes(type.getElementType()));
  };
  int64_t tapeBytes = 0; // of one point
  for (auto [tape, rows] : tapes)
    if (auto [elements, bytes] = bytesOf(tape); elements > 1)
      tapeBytes += rows * bytes;
  int64_t vectors = points.operations <= fewOperations    ? mostVectors
                    : points.operations <= someOperations ? 2
                                                          : 1;
  vectors = std::max<int64_t>(1, std::min(vectors, 20 / std::max<int64_t>(1, carriedMost)));
  while (vectors > 1 && vectors * points.lanes * tapeBytes > cachedTapeBytes)
    --vectors;
  points.width = std::min(points.count, vectors * points.lanes);
  for (auto [tape, rows] : tapes) {
    auto [elements, bytes] = bytesOf(tape);
    PointTape made;
    made.made = tape;
    made.rows = rows;
    made.mayBeEmpty = mayBeEmpty(tape, points);
    made.rowBytes =
        elements > 1 ? int64_t(llvm::alignTo(points.width * bytes, vectorBytes)) : bytes;
    points.tapes.push_back(made);
  }
  // What is used outside.
  for (Operation *member : points.members)
    for (Value result : member->getResults()) {
      if (isTape(result) || points.records.contains(result) || points.sumOf(member))
        continue;
      if (llvm::all_of(result.getUsers(), [&](Operation *user) {
            Operation *around = ancestorIn(block, user);
            return around && points.contains(around);
          }))
        continue;
      if (isArray(result)) {
        points.results.push_back(result);
        continue;
      }
      PointSum number;
      number.number = number.result = result;
      points.sums.push_back(number);
    }
}

bool carriesArrays(ir::ForOp loop) {
  return llvm::any_of(loop.getInits(), [](Value init) {
    auto tape = dyn_cast<ir::TapeType>(init.getType());
    return tape ? tape.getElement().getNumElements() > 1 : isArray(init);
  });
}

} // namespace

std::vector<std::shared_ptr<Points>> findPoints(Block &block,
                                                DenseMap<Operation *, const char *> &refused) {
  std::vector<std::shared_ptr<Points>> found;
  DenseSet<Operation *> done;
  DenseMap<Operation *, const Points *> taken;
  while (true) {
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
    for (int64_t count : candidatesOf(seed))
      for (bool numbersOnTapes : {true, false}) {
        if (changed)
          break;
        Group group(block, count, numbersOnTapes, taken);
        changed = group.grow(seed);
        if (changed) {
          // Cut loops are other operations afterwards.
          for (Operation *loop : group.cutLoops()) {
            done.erase(loop);
            refused.erase(loop);
          }
          points = group.commit();
        } else if (!refused.contains(seed))
          refused[seed] = group.refusal;
      }
    // Loops that could not be cut after all are left as they are.
    if (changed && !points)
      return found;
    if (!points)
      continue;
    layOut(*points, block);
    for (Operation *member : points->members) {
      done.insert(member);
      taken[member] = points.get();
    }
    found.push_back(std::move(points));
  }
}

} // namespace descent::kernel
