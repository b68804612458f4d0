// How wide blocks of points are, and what memory they need.
#include "compiler/kernel/PointLayout.h"

#include "compiler/kernel/Classify.h"
#include "compiler/kernel/Forming.h"

using namespace mlir;

namespace descent::kernel {

namespace {

constexpr int64_t vectorBytes = 64;
/// Tapes of a block are to stay in the first cache, if that leaves a vector.
constexpr int64_t cachedTapeBytes = 32 << 10;
/// Vectors that a block has, where the operations of one point are few: enough independent work to
/// hide how long an operation takes.
constexpr int mostVectors = 4, fewOperations = 48, someOperations = 160;
constexpr int64_t unknownTrips = 16;

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

} // namespace

Operation *ancestorIn(Block &block, Operation *op) {
  while (op && op->getBlock() != &block)
    op = op->getParentOp();
  return op;
}

int64_t tripsOf(Operation *op, Block &block) {
  int64_t trips = 1;
  while (op->getBlock() != &block) {
    op = op->getParentOp();
    if (auto loop = dyn_cast<ir::ForOp>(op))
      trips = std::min(mostTrips, trips * loop.getTripCount().value_or(unknownTrips));
  }
  return trips;
}

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

} // namespace

void layOutBlocks(Points &points, Block &block) {
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
        // Of the same elements in another shape there is one array.
        Value array = aliasRoot(result);
        if (array.getDefiningOp() && points.contains(array.getDefiningOp()) &&
            !llvm::is_contained(points.results, array))
          points.results.push_back(array);
        continue;
      }
      PointSum number;
      number.number = number.result = result;
      points.sums.push_back(number);
    }
}

} // namespace descent::kernel
