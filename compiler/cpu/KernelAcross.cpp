// Nests whose innermost loop is over iterations of the shared loops, so that numbers of different
// iterations fill the vectors:
//
//   for j in 0..m
//     for l in 0..8: s[j][l] = (p[i+l, 0] - c[j, 0])^2 + … + (p[i+l, 7] - c[j, 7])^2
#include "compiler/cpu/KernelEmitter.h"
#include "compiler/cpu/Turn.h"

namespace descent::cpu {

using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Iterations of a short loop that are written out inside the lanes.
constexpr int64_t kWrittenOut = 16;
/// Accumulators of each lane where little else is done at an index: an addition need not wait for
/// the one before.
constexpr int kCopies = 4, kMostCostOfCopies = 12;
/// Elements of a row that is not turned over, of which one load for all lanes makes as many
/// vectors.
constexpr int64_t kNarrow = 4;
/// Elements of a result that each lane has for itself.
constexpr int64_t kLongestLaneSum = 64;

} // namespace

/// A short innermost loop that everything in the nest sums over is written out.
bool KernelEmitter::isWrittenOut(const NestCode &nest) const {
  int last = int(nest.sizes.size()) - 1;
  return last >= int(shared) && nest.sizes.back() <= kWrittenOut && nest.stores.empty() &&
         nest.scans.empty() && llvm::all_of(nest.reductions, [&](const Reduction &reduction) {
           return reduction.isInRegister() && !reduction.keeps(last);
         });
}

/// Whether all lanes add to the few elements of a row: each lane to all of them, so that what is
/// between the elements of a column is not loaded in vain.
bool KernelEmitter::isNarrowSum(const NestCode &nest) const {
  return nest.sizes.size() == shared + 1 && nest.sizes.back() <= kNarrow && !isWrittenOut(nest) &&
         nest.stores.empty() && nest.scans.empty() && step.turned.empty() &&
         llvm::all_of(nest.reductions,
                      [&](const Reduction &reduction) { return sumsInLanes(nest, reduction); });
}

/// Whether a nest with loops of its own can run with the lanes as its innermost loop.
bool KernelEmitter::runsAcross(const NestCode &nest) const {
  return step.across && llvm::all_of(nest.reductions, [&](const Reduction &reduction) {
           return reduction.level() >= shared || sumsInLanes(nest, reduction);
         });
}

/// Whether each lane adds up what its iterations of the shared loops give: short rows or numbers,
/// to which otherwise one lane after the other would add.
bool KernelEmitter::sumsInLanes(const NestCode &nest, const Reduction &reduction) const {
  if (!step.across || reduction.isPosition() || nest.loop->guard.condition ||
      kernel::numElements(reduction.value()) > kLongestLaneSum)
    return false;
  for (size_t dim = 0; dim < shared; ++dim)
    if (reduction.keeps(int(dim)))
      return false;
  return true;
}

/// Turns over what the lanes read of arrays in memory.
void KernelEmitter::turnRows(Value *first) {
  for (const kernel::Turned &each : step.turned) {
    mlir::RankedTensorType type = kernel::tensorType(each.value);
    mlir::Type element = type.getElementType();
    // The value has the dimensions of the loops: the outer shared ones count as well.
    Counters begin = lanes.front();
    begin.push_back(first);
    begin.resize(size_t(type.getRank()), f.number(0));
    turnBlock(f, memoryType(f.context(), element),
              f.address(element, f.pointerTo(each.value), linearIndex(f, begin, type.getShape())),
              b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), scratch, uint64_t(each.offset)),
              step.together, each.elements);
  }
}

/// Whether each lane of a nest accumulates in several registers by turns.
bool KernelEmitter::isInCopies(const NestCode &nest, size_t loops) const {
  return loops > shared && nest.sizes[loops - 1] >= 4 * kCopies &&
         nest.loop->cost <= kMostCostOfCopies && nest.stores.empty() && nest.scans.empty() &&
         llvm::all_of(nest.reductions, [&](const Reduction &reduction) {
           return reduction.isInRegister() && reduction.level() < loops;
         });
}

/// Runs `body` with the counters and rows of each lane: the innermost loop.
void KernelEmitter::forLanes(Value *first, llvm::function_ref<void(Value *lane)> body) {
  Counters before = lanes.front();
  forRange(f, f.number(0), f.number(step.together), [&](Value *lane) {
    lanes.front()[shared - 1] = b.CreateAdd(first, lane, "", true, true);
    placeRows({lane});
    body(lane);
  });
  lanes.front() = before;
}

void KernelEmitter::acrossLoops(NestCode &nest, Value *first, size_t level, int copy) {
  bool writtenOut = isWrittenOut(nest);
  size_t loops = nest.sizes.size() - (writtenOut ? 1 : 0);
  auto accumulates = [&](const Reduction &reduction) {
    return reduction.isInRegister() && reduction.level() == level && level < loops;
  };
  bool inCopies = isInCopies(nest, loops);
  for (Reduction &reduction : nest.reductions)
    if (accumulates(reduction))
      reduction.beginAcross(step.together, inCopies ? kCopies : 1);
  beginScans(nest, level, step.together);
  if (level == loops && !nest.scans.empty())
    return forLanes(first, [&](Value *lane) { advanceScans(nest, 0, lane); });
  if (level == loops) {
    forLanes(first, [&](Value *lane) { bodyAcross(nest, lane, copy, writtenOut); });
    return;
  }
  if (isNarrowSum(nest))
    return forLanes(first, [&](Value *lane) {
      for (int64_t at = 0; at < nest.sizes.back(); ++at) {
        lanes.front().push_back(f.number(at));
        bodyAcross(nest, lane, copy, false);
        lanes.front().pop_back();
      }
    });
  auto inside = [&](Value *counter, int copy) {
    lanes.front().push_back(scanned(nest, level, counter));
    acrossLoops(nest, first, level + 1, copy);
    lanes.front().pop_back();
  };
  int64_t size = nest.sizes[level], whole = 0;
  if (inCopies && level + 1 == loops) {
    whole = size / kCopies * kCopies;
    forRange(f, f.number(0), f.number(size / kCopies), [&](Value *group) {
      Value *begin = b.CreateMul(group, f.number(kCopies), "", true, true);
      for (int copy = 0; copy < kCopies; ++copy)
        inside(b.CreateAdd(begin, f.number(copy), "", true, true), copy);
    });
  }
  forRange(f, f.number(whole), f.number(size), [&](Value *counter) { inside(counter, 0); });
  if (llvm::any_of(nest.reductions, accumulates))
    forLanes(first, [&](Value *lane) {
      for (Reduction &reduction : nest.reductions)
        if (accumulates(reduction))
          storeResult(reduction, reduction.totalAcross(lane));
    });
}

void KernelEmitter::storeResult(Reduction &reduction, Value *value) {
  kernel::Place place;
  Value *at = elementOfResult(reduction, 0, place);
  reduction.store(at, place, value);
}

/// At one index of one lane.
void KernelEmitter::bodyAcross(NestCode &nest, Value *lane, int copy, bool writtenOut) {
  int64_t count = writtenOut ? nest.sizes.back() : 1;
  SmallVector<Value *, 4> stored;
  SmallVector<Candidate, 4> added(nest.reductions.size());
  for (int64_t i = 0; i < count; ++i) {
    Index index;
    index.dims = lanes.front();
    if (writtenOut)
      index.dims.push_back(f.number(i));
    Counters counters = index.dims;
    Elements elements(f, index, nest.stores, &rows.front());
    for (mlir::Operation *op : nest.stores)
      stored.push_back(elements.at(op->getResult(0)));
    for (auto [sum, reduction] : llvm::zip(added, nest.reductions)) {
      Candidate given = contribution(f, elements, reduction, counters);
      sum = sum.value ? reduction.after(sum, given) : given;
    }
  }
  for (auto [op, value] : llvm::zip(nest.stores, stored))
    storeAtIndex(nest, op, 0, value);
  size_t loops = nest.sizes.size() - (writtenOut ? 1 : 0);
  for (auto [reduction, given] : llvm::zip(nest.reductions, added)) {
    if (sumsInLanes(nest, reduction)) {
      reduction.addToLane(lane, lanes.front(), given.value);
    } else if (!reduction.isInRegister()) {
      kernel::Place place;
      Value *at = elementOfResult(reduction, 0, place);
      reduction.addAt(at, place, given.value);
    } else if (reduction.level() >= loops) {
      storeResult(reduction, reduction.isPosition() ? given.position : given.value);
    } else {
      reduction.addAcross(lane, copy, given);
    }
  }
}

/// Fills the rows of all lanes.
void KernelEmitter::runAcross(NestCode &nest, Value *first) {
  lanes.front().push_back(first);
  for (Reduction &reduction : nest.reductions)
    if (restarts(reduction))
      forLanes(first, [&](Value *) { restartRow(nest.sizes, reduction); });
  acrossLoops(nest, first, shared, 0);
  lanes.front().pop_back();
}

} // namespace descent::cpu
