// One nest of a kernel, for one index of the shared loops or for some side by side.
#include "compiler/cpu/KernelEmitter.h"

namespace descent::cpu {

using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Long sums are made of partial sums of so many elements: the error then grows with the number of
/// elements of a block, not of the array.
constexpr int64_t kSumBlock = 4096;

/// Lanes of a nest that accumulates in lanes: two vectors of 64 bytes.
int64_t lanesOf(const NestCode &nest) {
  int64_t bytes = 4;
  for (const Reduction &reduction : nest.reductions)
    bytes = std::max(bytes, kernel::elementBytes(reduction.sourceType()));
  return 128 / bytes;
}

} // namespace

/// Whether a nest accumulates in lanes of its own along its innermost loop. What LLVM's vectoriser
/// makes such for sums it does not for positions.
bool KernelEmitter::isWide(const NestCode &nest) const {
  int last = int(nest.sizes.size()) - 1;
  return lanes.size() == 1 && last >= int(shared) &&
         llvm::any_of(nest.reductions, [](const Reduction &r) { return r.isPosition(); }) &&
         llvm::all_of(nest.reductions, [&](const Reduction &reduction) {
           return reduction.isInRegister() && reduction.level() >= shared &&
                  reduction.level() <= size_t(last);
         });
}

/// The loop over lanes is the innermost one: some vectors of them.
void KernelEmitter::wideLoop(NestCode &nest, Value *from, Value *to,
                             llvm::function_ref<void(Value *)> inside) {
  Value *count = f.number(lanesOf(nest));
  Value *groups = b.CreateUDiv(b.CreateSub(to, from, "", true, true), count);
  Value *rest = b.CreateAdd(from, b.CreateMul(groups, count, "", true, true), "", true, true);
  auto at = [&](Value *begin, Value *lane) {
    wideLane = lane;
    inside(b.CreateAdd(begin, lane, "", true, true));
    wideLane = nullptr;
  };
  forRange(f, f.number(0), groups, [&](Value *group) {
    Value *begin = b.CreateAdd(from, b.CreateMul(group, count, "", true, true), "", true, true);
    forRange(f, f.number(0), count, [&](Value *lane) { at(begin, lane); });
  });
  forRange(f, f.number(0), b.CreateSub(to, rest, "", true, true),
           [&](Value *lane) { at(rest, lane); });
}

/// Whether a reduction in memory starts anew in each iteration of the shared loops.
bool KernelEmitter::restarts(const Reduction &reduction) const {
  return !reduction.isInRegister() && shared && reduction.level() >= shared;
}

/// Whether the innermost loop sums enough floats for this reduction to be made of partial sums.
/// (Chunks of the outermost loop are partial sums by themselves.)
bool KernelEmitter::isBlocked(const NestCode &nest, const Reduction &reduction) const {
  size_t last = nest.sizes.size() - 1;
  return !isWide(nest) && !nest.sizes.empty() && nest.sizes[last] > kSumBlock &&
         reduction.isInRegister() && reduction.level() <= last && reduction.sumsFloats() &&
         (last != outermost || division.count == 1) && reduction.level() >= shared;
}

void KernelEmitter::beginAt(NestCode &nest, size_t level) {
  for (Reduction &reduction : nest.reductions)
    if (reduction.isInRegister() && reduction.level() == level) {
      reduction.begin(level < shared ? 1 : lanes.size(), isBlocked(nest, reduction));
      if (sumsInLanes(nest, reduction))
        reduction.beginLanes(step.together);
      else if (level >= shared && isWide(nest))
        reduction.beginAcross(lanesOf(nest), 1);
    }
}

void KernelEmitter::finishAt(NestCode &nest, size_t level) {
  for (Reduction &reduction : nest.reductions) {
    if (!reduction.isInRegister() || reduction.level() != level)
      continue;
    if (sumsInLanes(nest, reduction))
      reduction.finishLanes();
    else if (level >= shared && isWide(nest))
      reduction.foldLanes();
    if (const kernel::Partial *partial = partialOf(reduction)) {
      reduction.storeSlot(slot(*partial, current));
      continue;
    }
    if (kernel::isRegister(reduction.value())) {
      f.setRegister(reduction.value(), reduction.total(0));
      continue;
    }
    for (size_t lane = 0; lane < (level < shared ? 1 : lanes.size()); ++lane) {
      kernel::Place place;
      Value *total = reduction.total(lane), *at = elementOfResult(reduction, lane, place);
      reduction.store(at, place, total);
    }
  }
}

/// The address of the element to which the current index belongs.
Value *KernelEmitter::elementOfResult(Reduction &reduction, size_t lane, kernel::Place &place) {
  mlir::Value value = reduction.value();
  Counters dims = reduction.resultDims(lanes[lane]);
  if (!rows.empty())
    if (auto row = rows[lane].find(value); row != rows[lane].end()) {
      place = f.placeOf(value);
      return rowAddress(f, value, row->second, dims);
    }
  place = reduction.place;
  Value *base = reduction.base ? reduction.base : f.pointerTo(value);
  Value *at = linearIndex(f, dims, kernel::tensorType(value).getShape());
  return f.address(reduction.type(), base, at);
}

/// Fills the part of a reduction's result that belongs to the current iteration of the shared
/// loops.
void KernelEmitter::restartRow(ArrayRef<int64_t> sizes, Reduction &reduction) {
  SmallVector<int, 4> kept = kernel::keptDims(reduction.operation());
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    Counters before = lanes[lane];
    Nest nest(f);
    for (size_t dim = shared; dim < sizes.size(); ++dim)
      lanes[lane].push_back(nest.open(llvm::is_contained(kept, int(dim)) ? sizes[dim] : 1));
    kernel::Place place;
    Value *at = elementOfResult(reduction, lane, place);
    reduction.store(at, place, reduction.neutral());
    nest.closeAll();
    lanes[lane] = before;
  }
}

void KernelEmitter::storeAtIndex(NestCode &nest, mlir::Operation *op, size_t lane, Value *value) {
  mlir::Value result = op->getResult(0);
  mlir::Type element = kernel::tensorType(result).getElementType();
  if (auto block = blocks.find(op); inBlock && block != blocks.end()) {
    storeElement(b, element, value, f.address(element, block->second, inBlock));
    return;
  }
  if (!rows.empty())
    if (auto row = rows[lane].find(result); row != rows[lane].end()) {
      Value *at = rowAddress(f, result, row->second, lanes[lane]);
      f.scopes.tag(storeElement(b, element, value, at), f.placeOf(result));
      return;
    }
  Value *position =
      nest.loop->linear ? lanes[lane][0] : linearIndex(f, lanes[lane], nest.loop->space);
  f.scopes.tag(storeElement(b, element, value, f.address(element, f.pointerTo(result), position)),
               f.placeOf(result));
}

/// At one index (of each lane): everything is read and computed before anything is written.
void KernelEmitter::body(NestCode &nest) {
  SmallVector<SmallVector<Value *, 4>, 4> stored(lanes.size());
  SmallVector<SmallVector<Candidate, 4>, 4> added(lanes.size());
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    Index index;
    if (nest.loop->linear)
      index.linear = lanes[lane][0];
    else
      index.dims = lanes[lane];
    Elements elements(f, index, nest.stores, rows.empty() ? nullptr : &rows[lane]);
    for (mlir::Operation *op : nest.stores)
      stored[lane].push_back(elements.at(op->getResult(0)));
    for (Reduction &reduction : nest.reductions)
      added[lane].push_back(contribution(f, elements, reduction, lanes[lane]));
  }
  for (size_t lane = 0; lane < lanes.size(); ++lane)
    for (auto [op, value] : llvm::zip(nest.stores, stored[lane]))
      storeAtIndex(nest, op, lane, value);
  for (auto [i, reduction] : llvm::enumerate(nest.reductions)) {
    // Lanes that add to one place do so together.
    bool together = shared && reduction.level() < shared;
    bool sameElement =
        together && !llvm::is_contained(kernel::keptDims(reduction.operation()), int(shared) - 1);
    if (sumsInLanes(nest, reduction)) {
      for (size_t side = 0; side < lanes.size(); ++side)
        reduction.addToLane(lane, lanes[side], added[side][i].value);
      continue;
    }
    for (size_t lane = 0; lane < lanes.size(); ++lane) {
      Candidate value = added[lane][i];
      if (sameElement) {
        if (lane)
          break;
        for (size_t other = 1; other < lanes.size(); ++other)
          value = reduction.after(value, added[other][i]);
      }
      if (reduction.isInRegister() && wideLane && reduction.level() >= shared) {
        reduction.addAcross(wideLane, 0, value);
        continue;
      }
      if (reduction.isInRegister()) {
        reduction.add(together ? 0 : lane, value);
        continue;
      }
      kernel::Place place;
      Value *at = elementOfResult(reduction, lane, place);
      reduction.addAt(at, place, value.value);
    }
  }
}

void KernelEmitter::innerLoops(NestCode &nest, size_t level) {
  if (level >= shared)
    beginAt(nest, level);
  if (level == nest.sizes.size() && !nest.scans.empty()) {
    for (size_t lane = 0; lane < lanes.size(); ++lane)
      advanceScans(nest, lane, f.number(int64_t(lane)));
  } else if (level == nest.sizes.size()) {
    body(nest);
  } else {
    beginScans(nest, level, int64_t(lanes.size()));
    auto inside = [&](Value *counter) {
      counter = scanned(nest, level, counter);
      for (Counters &counters : lanes)
        counters.push_back(counter);
      innerLoops(nest, level + 1);
      for (Counters &counters : lanes)
        counters.pop_back();
    };
    int64_t size = nest.sizes[level];
    bool blocked = level + 1 == nest.sizes.size() &&
                   llvm::any_of(nest.reductions, [&](Reduction &r) { return isBlocked(nest, r); });
    const kernel::Guard &guard = nest.loop->guard;
    if (nest.loop->tile && level == tiledLevel(nest)) {
      bool divided = level == outermost;
      squares(nest, level, divided ? range.from : f.number(0), divided ? range.to : f.number(size));
    } else if (isStreamed(nest, level)) {
      bool divided = !shared && level == outermost;
      streamLoop(nest, divided ? range.from : f.number(0), divided ? range.to : f.number(size),
                 inside);
    } else if (isWide(nest) && level + 1 == nest.sizes.size()) {
      bool divided = !shared && level == outermost;
      wideLoop(nest, divided ? range.from : f.number(0), divided ? range.to : f.number(size),
               inside);
    } else if (!shared && guard.condition && level == size_t(guard.level)) {
      onlyIf(guardAt(nest, 0), [&] { forRange(f, f.number(0), f.number(size), inside); });
    } else if (!shared && level == outermost && !blocked) {
      forRange(f, range.from, range.to, inside);
    } else if (!blocked) {
      forRange(f, f.number(0), f.number(size), inside);
    } else {
      int64_t blocks = (size + kSumBlock - 1) / kSumBlock;
      forRange(f, f.number(0), f.number(blocks), [&](Value *block) {
        for (Reduction &reduction : nest.reductions)
          if (isBlocked(nest, reduction))
            reduction.beginPartial();
        Value *from = b.CreateMul(block, f.number(kSumBlock), "", true, true);
        Value *end = b.CreateAdd(from, f.number(kSumBlock), "", true, true);
        Value *to = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, end, f.number(size));
        Nest inner(f);
        inside(inner.open(from, to));
        inner.close();
        for (Reduction &reduction : nest.reductions)
          if (isBlocked(nest, reduction))
            reduction.finishPartial();
      });
    }
  }
  if (level >= shared)
    finishAt(nest, level);
}

void KernelEmitter::runNest(NestCode &nest) {
  for (Reduction &reduction : nest.reductions)
    if (restarts(reduction))
      restartRow(nest.sizes, reduction);
  innerLoops(nest, shared);
}

} // namespace descent::cpu
