// A kernel becomes a tree of loops.
//
//   sum over [1] of [n, d], and a stored [n, d]:
//
//     for i in 0..n
//       acc = 0
//       for j in 0..d
//         v = …; out[i, j] = v; acc += v
//       sum[i] = acc
//
// Nests that share loops run one after the other inside these. Some iterations of the innermost
// shared loop may run side by side (lanes): each instruction is emitted for all of them, so that
// what they have in common is loaded and stored once.
//
// The outermost loop runs in chunks (kernel::Division). What a chunk adds to a reduction over it
// goes to a place of the chunk's own; afterwards these are combined in order.
#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Parallel.h"
#include "compiler/cpu/Reduction.h"
#include "compiler/cpu/Steps.h"

#include <vector>

namespace descent::cpu {

using kernel::OpClass;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Long sums are made of partial sums of so many elements: the error then grows with the number of
/// elements of a block, not of the array.
constexpr int64_t kSumBlock = 4096;

/// Lanes that add to a row side by side: more would not fit the registers.
constexpr int64_t kSideBySide = 4;

/// Iterations of a short loop that are written out inside the lanes.
constexpr int64_t kWrittenOut = 16;

/// Arrays that are prefetched, in rows of some lines of the cache.
constexpr int64_t kPrefetchedBytes = 1 << 20, kLongestPrefetchedRow = 4096, kLine = 64;

/// One nest of the tree.
struct NestCode {
  const kernel::Loop *loop;
  SmallVector<int64_t, 4> sizes;
  SmallVector<mlir::Operation *, 4> stores;
  std::vector<Reduction> reductions;
};

/// The bounds of the outermost loop in a chunk.
struct Range {
  Value *from, *to;
};

class KernelEmitter {
public:
  KernelEmitter(FunctionEmission &f, const kernel::Step &step)
      : f(f), b(f.b), step(step), division(step.division), shared(size_t(step.shared)) {}

  void emit();

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const kernel::Step &step;
  const kernel::Division &division;
  size_t shared;
  std::vector<NestCode> nests;
  size_t outermost = 0; ///< the loop that is divided
  Range range{};
  /// Of each of the iterations side by side.
  SmallVector<Counters, 4> lanes{1};
  SmallVector<Rows, 4> rows;
  SmallVector<Value *, 4> locals; ///< where they begin

  bool describe();
  void emitEmpty();
  const kernel::Partial *partialOf(const Reduction &reduction) const;
  Value *slot(const kernel::Partial &partial, Value *chunk);
  bool restarts(const Reduction &reduction) const;
  bool isBlocked(const NestCode &nest, const Reduction &reduction) const;

  void chunk(Value *number, Range range);
  void sharedLoops(size_t level);
  void runNests(Value *first, int64_t count);
  void runNest(NestCode &nest);
  void innerLoops(NestCode &nest, size_t level);
  void body(NestCode &nest);
  void beginAt(NestCode &nest, size_t level);
  void finishAt(NestCode &nest, size_t level);
  void restartRow(ArrayRef<int64_t> sizes, Reduction &reduction);
  Value *elementOfResult(Reduction &reduction, size_t lane, kernel::Place &place);
  void storeAtIndex(NestCode &nest, mlir::Operation *op, size_t lane, Value *value);
  Value *contribution(Elements &elements, mlir::Operation *op, ArrayRef<Value *> counters);
  void combineChunks(Reduction &reduction, const kernel::Partial &partial);
  /// Nests that add to the same row, nests with loops of their own, and nests that compute one
  /// number for each index.
  enum class Manner : uint8_t { SideBySide, Rows, Numbers };
  Manner mannerOf(const NestCode &nest) const;
  bool isWrittenOut(const NestCode &nest) const;
  bool runsAcross(const NestCode &nest) const;
  void forLanes(Value *first, llvm::function_ref<void(Value *lane)> body);
  void acrossLoops(NestCode &nest, Value *first, size_t level);
  void storeResult(Reduction &reduction, Value *value);
  void bodyAcross(NestCode &nest, Value *lane, bool writtenOut);
  void runAcross(NestCode &nest, Value *first);
  void prefetchRows(size_t firstNest, size_t endNest, Value *index, int64_t ahead);
  void placeLocals();
  void placeRows(ArrayRef<Value *> numbers);
  Value *current = nullptr; ///< the chunk
  Value *scratch = nullptr; ///< of the thread that runs it
};

bool KernelEmitter::describe() {
  for (const kernel::Loop &loop : step.loops) {
    NestCode &nest = nests.emplace_back();
    nest.loop = &loop;
    if (loop.linear) {
      int64_t size = 1;
      for (int64_t dim : loop.space)
        size *= dim;
      nest.sizes.push_back(size);
    } else {
      nest.sizes.assign(loop.space.begin(), loop.space.end());
    }
    for (mlir::Operation *root : loop.roots) {
      OpClass kind = kernel::classOf(root);
      if (kind == OpClass::Reduce || kind == OpClass::Dot)
        nest.reductions.emplace_back(f, root, nest.sizes, loop.linear);
      else
        nest.stores.push_back(root);
    }
  }
  ArrayRef<int64_t> sizes = nests.front().sizes;
  while (outermost + 1 < sizes.size() && sizes[outermost] == 1)
    ++outermost;
  return !llvm::is_contained(sizes, 0);
}

/// A loop over nothing: reductions are what combining nothing gives.
void KernelEmitter::emitEmpty() {
  for (NestCode &nest : nests)
    for (Reduction &reduction : nest.reductions) {
      if (kernel::isRegister(reduction.value())) {
        f.setRegister(reduction.value(), reduction.neutral());
        continue;
      }
      reduction.base = f.pointerTo(reduction.value());
      reduction.fillWithNeutral();
    }
}

const kernel::Partial *KernelEmitter::partialOf(const Reduction &reduction) const {
  for (const kernel::Partial &partial : division.partials)
    if (partial.result == reduction.value())
      return &partial;
  return nullptr;
}

/// Where a chunk leaves what it adds to a reduction.
Value *KernelEmitter::slot(const kernel::Partial &partial, Value *chunk) {
  Value *first = f.pointerAt(step.scratchOffset + partial.offset);
  Value *offset = b.CreateMul(chunk, f.number(partial.bytes), "", true, true);
  return b.CreateInBoundsGEP(b.getInt8Ty(), first, offset);
}

/// Whether a reduction in memory starts anew in each iteration of the shared loops.
bool KernelEmitter::restarts(const Reduction &reduction) const {
  return !reduction.isInRegister() && shared && reduction.level() >= shared;
}

/// Whether the innermost loop sums enough floats for this reduction to be made of partial sums.
/// (Chunks of the outermost loop are partial sums by themselves.)
bool KernelEmitter::isBlocked(const NestCode &nest, const Reduction &reduction) const {
  size_t last = nest.sizes.size() - 1;
  return !nest.sizes.empty() && nest.sizes[last] > kSumBlock && reduction.isInRegister() &&
         reduction.level() <= last && reduction.sumsFloats() &&
         (last != outermost || division.count == 1) && reduction.level() >= shared;
}

/// Memory for the locals of all lanes.
void KernelEmitter::placeLocals() {
  for (const kernel::Local &local : step.locals) {
    llvm::Type *type = memoryType(f.context(), kernel::tensorType(local.value).getElementType());
    locals.push_back(
        local.elements == 1
            ? f.variable(llvm::ArrayType::get(type, uint64_t(step.together)))
            : b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), scratch, uint64_t(local.offset)));
  }
}

/// The rows of the lanes that are emitted.
void KernelEmitter::placeRows(ArrayRef<Value *> numbers) {
  rows.assign(numbers.size(), Rows());
  for (auto [local, base] : llvm::zip(step.locals, locals)) {
    mlir::Type element = kernel::tensorType(local.value).getElementType();
    for (auto [lane, number] : llvm::enumerate(numbers)) {
      RowPlace &row = rows[lane][local.value];
      row.dims = local.dims;
      bool lanesInnermost = step.across && local.elements > 1;
      row.step = lanesInnermost ? step.together : 1;
      Value *before =
          b.CreateMul(number, f.number(lanesInnermost ? 1 : local.elements), "", true, true);
      row.base = f.address(element, base, before);
    }
  }
}

// ---- Reductions ---------------------------------------------------------------------------------

void KernelEmitter::beginAt(NestCode &nest, size_t level) {
  for (Reduction &reduction : nest.reductions)
    if (reduction.isInRegister() && reduction.level() == level)
      reduction.begin(level < shared ? 1 : lanes.size(), isBlocked(nest, reduction));
}

void KernelEmitter::finishAt(NestCode &nest, size_t level) {
  for (Reduction &reduction : nest.reductions) {
    if (!reduction.isInRegister() || reduction.level() != level)
      continue;
    if (const kernel::Partial *partial = partialOf(reduction)) {
      reduction.store(slot(*partial, current), reduction.place, reduction.total(0));
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

/// Adds up what the chunks left, in their order.
void KernelEmitter::combineChunks(Reduction &reduction, const kernel::Partial &partial) {
  mlir::Value value = reduction.value();
  mlir::Type element = reduction.type();
  bool inDouble = reduction.sumsFloats() && element.isF32();
  auto widened = [&](Value *x) { return inDouble ? b.CreateFPExt(x, b.getDoubleTy()) : x; };
  auto combined = [&](Value *x, Value *y) {
    return inDouble ? b.CreateFAdd(x, y) : reduction.combined(x, y);
  };
  Value *zero = f.number(0), *count = f.number(division.count);
  if (kernel::isRegister(value)) {
    llvm::AllocaInst *total =
        f.variable(inDouble ? b.getDoubleTy() : registerType(f.context(), element));
    b.CreateStore(widened(loadElement(b, element, slot(partial, zero))), total);
    forRange(f, f.number(1), count, [&](Value *chunk) {
      Value *part = widened(loadElement(b, element, slot(partial, chunk)));
      b.CreateStore(combined(b.CreateLoad(total->getAllocatedType(), total), part), total);
    });
    Value *sum = b.CreateLoad(total->getAllocatedType(), total);
    return f.setRegister(value, inDouble ? b.CreateFPTrunc(sum, b.getFloatTy()) : sum);
  }
  int64_t elements = kernel::numElements(value);
  Value *result = f.pointerTo(value);
  Value *totals = inDouble ? f.pointerAt(step.scratchOffset + partial.totalOffset) : result;
  llvm::Type *type = inDouble ? b.getDoubleTy() : memoryType(f.context(), element);
  kernel::Place from = reduction.place, to = f.placeOf(value);
  auto part = [&](Value *chunk, Value *at) {
    Value *loaded = loadElement(b, element, f.address(element, slot(partial, chunk), at));
    if (auto *load = llvm::dyn_cast<llvm::LoadInst>(loaded))
      f.scopes.tag(load, from);
    return widened(loaded);
  };
  auto total = [&](Value *at) { return b.CreateInBoundsGEP(type, totals, at); };
  auto put = [&](Value *x, Value *at) {
    f.scopes.tag(inDouble ? b.CreateStore(x, total(at)) : storeElement(b, element, x, total(at)),
                 to);
  };
  forEach(f, {elements}, [&](ArrayRef<Value *> at) { put(part(zero, at[0]), at[0]); });
  forRange(f, f.number(1), count, [&](Value *chunk) {
    forEach(f, {elements}, [&](ArrayRef<Value *> at) {
      auto *before = b.CreateLoad(type, total(at[0]));
      f.scopes.tag(before, to);
      Value *sum =
          !inDouble && element.isInteger(1) ? b.CreateTrunc(before, b.getInt1Ty()) : before;
      put(combined(sum, part(chunk, at[0])), at[0]);
    });
  });
  if (inDouble)
    forEach(f, {elements}, [&](ArrayRef<Value *> at) {
      Value *sum = b.CreateFPTrunc(b.CreateLoad(type, total(at[0])), b.getFloatTy());
      storeElement(b, element, sum, f.address(element, result, at[0]));
    });
}

/// What one index adds to a reduction.
Value *KernelEmitter::contribution(Elements &elements, mlir::Operation *op,
                                   ArrayRef<Value *> counters) {
  auto dot = mlir::dyn_cast<ir::DotOp>(op);
  if (!dot)
    return elements.at(op->getOperand(0));
  unsigned matrix = unsigned(kernel::dotShape(dot).matrix), other = 1 - matrix;
  Value *x = elements.at(op->getOperand(matrix));
  Index index;
  if (!kernel::isRegister(op->getOperand(other)))
    for (int64_t dim : kernel::pairedDims(dot, other))
      index.dims.push_back(dim < 0 ? f.number(0) : counters[size_t(dim)]);
  Value *y = elements.operandAt(op, other, kernel::IndexMaps::identity, index);
  if (!x->getType()->isFloatingPointTy())
    return b.CreateMul(x, y);
  llvm::IRBuilder<>::FastMathFlagGuard guard(b);
  llvm::FastMathFlags flags;
  flags.setAllowContract();
  b.setFastMathFlags(flags);
  return b.CreateFMul(x, y);
}

// ---- Loops --------------------------------------------------------------------------------------

void KernelEmitter::storeAtIndex(NestCode &nest, mlir::Operation *op, size_t lane, Value *value) {
  mlir::Value result = op->getResult(0);
  mlir::Type element = kernel::tensorType(result).getElementType();
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
  SmallVector<SmallVector<Value *, 4>, 4> stored(lanes.size()), added(lanes.size());
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
      added[lane].push_back(contribution(elements, reduction.operation(), lanes[lane]));
  }
  for (size_t lane = 0; lane < lanes.size(); ++lane)
    for (auto [op, value] : llvm::zip(nest.stores, stored[lane]))
      storeAtIndex(nest, op, lane, value);
  for (auto [i, reduction] : llvm::enumerate(nest.reductions)) {
    // Lanes that add to one place do so together.
    bool together = shared && reduction.level() < shared;
    bool sameElement =
        together && !llvm::is_contained(kernel::keptDims(reduction.operation()), int(shared) - 1);
    for (size_t lane = 0; lane < lanes.size(); ++lane) {
      Value *value = added[lane][i];
      if (sameElement) {
        if (lane)
          break;
        for (size_t other = 1; other < lanes.size(); ++other)
          value = reduction.combined(value, added[other][i]);
      }
      if (reduction.isInRegister()) {
        reduction.add(together ? 0 : lane, value);
        continue;
      }
      kernel::Place place;
      Value *at = elementOfResult(reduction, lane, place);
      reduction.addAt(at, place, value);
    }
  }
}

void KernelEmitter::innerLoops(NestCode &nest, size_t level) {
  if (level >= shared)
    beginAt(nest, level);
  if (level == nest.sizes.size()) {
    body(nest);
  } else {
    auto inside = [&](Value *counter) {
      for (Counters &counters : lanes)
        counters.push_back(counter);
      innerLoops(nest, level + 1);
      for (Counters &counters : lanes)
        counters.pop_back();
    };
    int64_t size = nest.sizes[level];
    bool blocked = level + 1 == nest.sizes.size() &&
                   llvm::any_of(nest.reductions, [&](Reduction &r) { return isBlocked(nest, r); });
    if (!shared && level == outermost && !blocked) {
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

/// How a nest runs for several indices of the innermost shared loop.
KernelEmitter::Manner KernelEmitter::mannerOf(const NestCode &nest) const {
  for (const Reduction &reduction : nest.reductions)
    if (!reduction.isInRegister() &&
        !llvm::is_contained(kernel::keptDims(reduction.operation()), int(shared) - 1))
      return Manner::SideBySide;
  for (size_t dim = shared; dim < nest.sizes.size(); ++dim)
    if (nest.sizes[dim] != 1)
      return Manner::Rows;
  return Manner::Numbers;
}

/// Asks for what the nests read of arrays larger than the cache when this many indices further on:
/// the processor's own prefetching loses track where rows are read by turns with other work.
void KernelEmitter::prefetchRows(size_t firstNest, size_t endNest, Value *index, int64_t ahead) {
  for (const kernel::Read &read : step.reads) {
    if (!read.atIndex || size_t(read.nest) < firstNest || size_t(read.nest) >= endNest ||
        kernel::byteSize(read.value) < kPrefetchedBytes || shared != 1)
      continue;
    mlir::Type element = kernel::tensorType(read.value).getElementType();
    int64_t row = kernel::byteSize(read.value) / nests.front().sizes[0];
    if (row < kLine || row > kLongestPrefetchedRow)
      continue;
    Value *at = b.CreateMul(b.CreateAdd(index, f.number(ahead)),
                            f.number(row / kernel::elementBytes(element)));
    Value *address = b.CreateGEP(memoryType(f.context(), element), f.pointerTo(read.value), at);
    forRange(f, f.number(0), f.number((row + kLine - 1) / kLine), [&](Value *line) {
      Value *bytes = b.CreateMul(line, f.number(kLine), "", true, true);
      b.CreateIntrinsic(llvm::Intrinsic::prefetch, {b.getPtrTy()},
                        {b.CreateGEP(b.getInt8Ty(), address, bytes), b.getInt32(0), b.getInt32(3),
                         b.getInt32(1)});
    });
  }
}

/// A short innermost loop that everything in the nest sums over is written out.
bool KernelEmitter::isWrittenOut(const NestCode &nest) const {
  int last = int(nest.sizes.size()) - 1;
  return last >= int(shared) && nest.sizes.back() <= kWrittenOut && nest.stores.empty() &&
         llvm::all_of(nest.reductions, [&](const Reduction &reduction) {
           return reduction.isInRegister() && !reduction.keeps(last);
         });
}

/// Whether a nest with loops of its own can run with the lanes as its innermost loop.
bool KernelEmitter::runsAcross(const NestCode &nest) const {
  return step.across && llvm::all_of(nest.reductions, [&](const Reduction &reduction) {
           return reduction.level() >= shared;
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

void KernelEmitter::acrossLoops(NestCode &nest, Value *first, size_t level) {
  bool writtenOut = isWrittenOut(nest);
  size_t loops = nest.sizes.size() - (writtenOut ? 1 : 0);
  auto accumulates = [&](const Reduction &reduction) {
    return reduction.isInRegister() && reduction.level() == level && level < loops;
  };
  for (Reduction &reduction : nest.reductions)
    if (accumulates(reduction))
      reduction.beginAcross(step.together);
  if (level == loops) {
    forLanes(first, [&](Value *lane) { bodyAcross(nest, lane, writtenOut); });
    return;
  }
  forRange(f, f.number(0), f.number(nest.sizes[level]), [&](Value *counter) {
    lanes.front().push_back(counter);
    acrossLoops(nest, first, level + 1);
    lanes.front().pop_back();
  });
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
void KernelEmitter::bodyAcross(NestCode &nest, Value *lane, bool writtenOut) {
  int64_t count = writtenOut ? nest.sizes.back() : 1;
  SmallVector<Value *, 4> stored, added(nest.reductions.size());
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
      Value *value = contribution(elements, reduction.operation(), counters);
      sum = sum ? reduction.combined(sum, value) : value;
    }
  }
  for (auto [op, value] : llvm::zip(nest.stores, stored))
    storeAtIndex(nest, op, 0, value);
  size_t loops = nest.sizes.size() - (writtenOut ? 1 : 0);
  for (auto [reduction, value] : llvm::zip(nest.reductions, added)) {
    if (!reduction.isInRegister()) {
      kernel::Place place;
      Value *at = elementOfResult(reduction, 0, place);
      reduction.addAt(at, place, value);
    } else if (reduction.level() >= loops) {
      storeResult(reduction, value);
    } else {
      reduction.addAcross(lane, value);
    }
  }
}

/// Fills the rows of all lanes.
void KernelEmitter::runAcross(NestCode &nest, Value *first) {
  lanes.front().push_back(first);
  for (Reduction &reduction : nest.reductions)
    if (restarts(reduction))
      forLanes(first, [&](Value *) { restartRow(nest.sizes, reduction); });
  acrossLoops(nest, first, shared);
  lanes.front().pop_back();
}

/// Runs the nests for `count` indices of the innermost shared loop.
void KernelEmitter::runNests(Value *first, int64_t count) {
  Counters outer = lanes.front();
  auto counterAt = [&](Value *lane) {
    return shared ? b.CreateAdd(first, lane, "", true, true) : lane;
  };
  auto lanesAt = [&](ArrayRef<Value *> numbers) {
    lanes.assign(numbers.size(), outer);
    if (shared)
      for (auto [counters, number] : llvm::zip(lanes, numbers))
        counters.push_back(counterAt(number));
    placeRows(numbers);
  };
  for (size_t i = 0, end; i < nests.size(); i = end) {
    Manner manner = mannerOf(nests[i]);
    end = i + 1;
    if (count > 1 && manner == Manner::Rows && runsAcross(nests[i])) {
      runAcross(nests[i], first);
      continue;
    }
    while (end < nests.size() &&
           (count == 1 || (mannerOf(nests[end]) == manner &&
                           !(manner == Manner::Rows && runsAcross(nests[end])))))
      ++end;
    if (count > 1 && manner == Manner::SideBySide) {
      forRange(f, f.number(0), f.number(count / kSideBySide), [&](Value *group) {
        SmallVector<Value *, 4> numbers;
        Value *begin = b.CreateMul(group, f.number(kSideBySide), "", true, true);
        for (int64_t lane = 0; lane < kSideBySide; ++lane)
          numbers.push_back(b.CreateAdd(begin, f.number(lane), "", true, true));
        lanesAt(numbers);
        for (size_t nest = i; nest < end; ++nest)
          runNest(nests[nest]);
      });
    } else {
      forRange(f, f.number(0), f.number(count), [&](Value *lane) {
        lanesAt({lane});
        if (count > 1 && manner == Manner::Rows)
          prefetchRows(i, end, counterAt(lane), count);
        for (size_t nest = i; nest < end; ++nest)
          runNest(nests[nest]);
      });
    }
    lanes.assign(1, outer);
  }
  rows.clear();
}

void KernelEmitter::sharedLoops(size_t level) {
  if (level == shared)
    return runNests(nullptr, 1);
  for (NestCode &nest : nests)
    beginAt(nest, level);
  bool divided = level == outermost;
  Value *from = divided ? range.from : f.number(0);
  Value *to = divided ? range.to : f.number(nests.front().sizes[level]);
  if (level + 1 < shared) {
    forRange(f, from, to, [&](Value *counter) {
      lanes.front().push_back(counter);
      sharedLoops(level + 1);
      lanes.front().pop_back();
    });
  } else {
    int64_t together = step.together;
    Value *groups = b.CreateUDiv(b.CreateSub(to, from, "", true, true), f.number(together));
    auto at = [&](Value *group) {
      Value *before = b.CreateMul(group, f.number(together), "", true, true);
      return b.CreateAdd(from, before, "", true, true);
    };
    forRange(f, f.number(0), groups, [&](Value *group) { runNests(at(group), together); });
    if (nests.front().sizes[level] % together)
      forRange(f, at(groups), to, [&](Value *counter) { runNests(counter, 1); });
  }
  for (NestCode &nest : nests)
    finishAt(nest, level);
}

void KernelEmitter::chunk(Value *number, Range bounds) {
  current = number;
  range = bounds;
  for (NestCode &nest : nests)
    for (Reduction &reduction : nest.reductions)
      if (const kernel::Partial *partial = partialOf(reduction);
          partial && !reduction.isInRegister()) {
        reduction.base = slot(*partial, number);
        reduction.fillWithNeutral();
      }
  sharedLoops(0);
}

void KernelEmitter::emit() {
  if (!describe())
    return emitEmpty();
  f.scopes.reset();
  for (NestCode &nest : nests)
    for (Reduction &reduction : nest.reductions) {
      reduction.place = f.placeOf(reduction.value());
      if (const kernel::Partial *partial = partialOf(reduction)) {
        reduction.place.kind = kernel::Place::Kind::Row;
        reduction.place.offset = step.scratchOffset + partial->offset;
        reduction.place.index = 0;
      } else if (!reduction.isInRegister() && !restarts(reduction)) {
        reduction.base = f.pointerTo(reduction.value());
        reduction.fillWithNeutral();
      }
    }
  emitChunks(f, division, step.scratchOffset, [&](const Chunk &each) {
    scratch = each.lane;
    placeLocals();
    chunk(each.number, {each.begin, each.end});
  });
  for (NestCode &nest : nests)
    for (Reduction &reduction : nest.reductions)
      if (const kernel::Partial *partial = partialOf(reduction))
        combineChunks(reduction, *partial);
  f.scopes.apply();
}

} // namespace

void emitKernel(FunctionEmission &f, const kernel::Step &step) {
  KernelEmitter(f, step).emit();
}

void emitRegister(FunctionEmission &f, const kernel::Step &step) {
  mlir::Operation *op = step.roots.front();
  f.scopes.reset();
  Elements elements(f, Index());
  f.setRegister(op->getResult(0), elements.compute(op));
}

} // namespace descent::cpu
