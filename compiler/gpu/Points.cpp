// Loops over arrays, each thread with points of its own: no thread has to wait for others in them.
//
// A block runs a chunk of the points; how many a chunk has depends on their number alone. A sum
// over all points is a number of each thread, and one for each iteration of a loop an array of each
// warp, whose lanes are added up by shuffles. Blocks leave parts, as in kernels. Rows of tapes are
// in the block's memory, with the threads innermost.
#include "compiler/cpu/PointsCode.h"
#include "compiler/gpu/Fold.h"
#include "compiler/gpu/Sizes.h"
#include "compiler/gpu/Steps.h"

namespace descent::gpu {

using kernel::PointSum;
using kernel::PointTape;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Chunks to keep a card busy; more are not needed.
constexpr int64_t kManyChunks = 1024;
constexpr int64_t kAlignment = 256;

class PointsEmitter : public cpu::PointsCode {
public:
  PointsEmitter(ProgramEmission &p, const kernel::Step &step)
      : PointsCode(p.f, *step.points), p(p), threads(p.grid.threads) {}

  void emit();

private:
  ProgramEmission &p;
  int64_t threads, chunk = 0, chunks = 0;
  Value *memory = nullptr;  ///< of the block
  Value *isThere = nullptr; ///< whether there is a point for this thread
  Value *isFirst = nullptr; ///< whether it is the first one
  Team warp, whole;
  Value *warpNumber = nullptr;

  struct Sum {
    llvm::AllocaInst *value = nullptr; ///< of this thread
    int64_t offset = 0;                ///< otherwise: arrays of the warps, in the block's memory
    Value *parts = nullptr;            ///< [chunks, entries]
  };
  llvm::DenseMap<const PointSum *, Sum> sums;
  llvm::DenseMap<const PointTape *, int64_t> tapes; ///< in the block's memory

  void layOut();
  Value *inMemory(int64_t offset) {
    return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), memory, uint64_t(offset));
  }
  static mlir::Type elementOf(const PointTape &tape) {
    return mlir::cast<ir::TapeType>(tape.made.getType()).getElement().getElementType();
  }
  llvm::Constant *neutral(const PointSum &sum) {
    return cpu::neutralOf(f.context(), cpu::combinerOf(sum.reduction),
                          PointsCode::elementOf(sum.summand()));
  }
  Value *combine(const PointSum &sum, Value *x, Value *y) {
    return cpu::combine(f, cpu::combinerOf(sum.reduction), PointsCode::elementOf(sum.summand()), x,
                        y, /*reorder=*/false);
  }
  bool isArrayOfWarps(const PointSum &sum) const { return sum.reduction && sum.entries > 1; }
  Value *ofWarp(const PointSum &sum, Value *warp, Value *entry);
  Value *partAt(const PointSum &sum, Value *chunk, Value *entry);

  Value *tapeRow(const PointTape &tape, Value *number) override;
  void storeResult(mlir::Value result, Value *point, Value *value) override;
  void addUp(const PointSum &sum, Value *entry, Value *parts) override;
  void leave(const PointSum &sum, Value *entry) override;

  void begin();
  void giveParts(Value *number);
  void finish(const PointSum &sum);
};

void PointsEmitter::layOut() {
  // A warp for each block, as long as there are few points.
  chunk = int64_t(llvm::alignTo(uint64_t(ceilDiv(points.count, kManyChunks)), Grid::warpSize));
  if (chunk > threads)
    chunk = int64_t(llvm::alignTo(uint64_t(chunk), uint64_t(threads)));
  chunks = ceilDiv(points.count, chunk);
  p.usefulBlocks = std::max(p.usefulBlocks, chunks);
  int64_t bytes = 0;
  auto take = [&](int64_t size) {
    int64_t at = bytes;
    bytes = int64_t(llvm::alignTo(uint64_t(at + size), kAlignment));
    return at;
  };
  for (const PointTape &tape : points.tapes)
    tapes[&tape] = take((tape.rows + 1) * threads * kernel::elementBytes(elementOf(tape)));
  for (const PointSum &sum : points.sums) {
    mlir::Type element = PointsCode::elementOf(sum.summand());
    int64_t size = kernel::elementBytes(element);
    Sum &made = sums[&sum];
    if (isArrayOfWarps(sum))
      made.offset = take(threads / Grid::warpSize * sum.entries * size);
    else if (sum.reduction)
      made.value = f.variable(cpu::registerType(f.context(), element));
    made.parts = p.exchangeArea((sum.reduction ? chunks : 1) * sum.entries * size);
  }
  if (bytes)
    memory = p.memoryOfBlock(bytes);
  warp = p.grid.ofWarp();
  whole = p.grid.ofBlock();
  warpNumber = b.CreateUDiv(p.grid.thread, f.number(Grid::warpSize));
}

// ---- The code of a point ------------------------------------------------------------------------

Value *PointsEmitter::tapeRow(const PointTape &tape, Value *number) {
  Value *at = b.CreateAdd(b.CreateMul(number, f.number(threads), "", true, true), p.grid.thread, "",
                          true, true);
  return f.address(elementOf(tape), inMemory(tapes[&tape]), at);
}

void PointsEmitter::storeResult(mlir::Value result, Value *point, Value *value) {
  mlir::Type element = PointsCode::elementOf(result);
  p.grid.onlyIf(isThere, [&] {
    auto *store =
        cpu::storeElement(b, element, value, f.address(element, f.pointerTo(result), point));
    f.scopes.tag(store, f.placeOf(result));
  });
}

Value *PointsEmitter::ofWarp(const PointSum &sum, Value *warp, Value *entry) {
  Value *at =
      b.CreateAdd(b.CreateMul(warp, f.number(sum.entries), "", true, true), entry, "", true, true);
  return f.address(PointsCode::elementOf(sum.summand()), inMemory(sums[&sum].offset), at);
}

void PointsEmitter::addUp(const PointSum &sum, Value *entry, Value *parts) {
  mlir::Type element = PointsCode::elementOf(sum.summand());
  Value *part = b.CreateSelect(isThere, cpu::loadElement(b, element, parts), neutral(sum));
  if (!isArrayOfWarps(sum)) {
    llvm::AllocaInst *value = sums[&sum].value;
    b.CreateStore(combine(sum, b.CreateLoad(value->getAllocatedType(), value), part), value);
    return;
  }
  for (int bit = 1; bit < Grid::warpSize; bit *= 2)
    part = combine(sum, part, p.grid.exchange(part, bit));
  p.grid.onlyIf(b.CreateICmpEQ(warp.rank, f.number(0)), [&] {
    Value *at = ofWarp(sum, warpNumber, entry);
    cpu::storeElement(b, element, combine(sum, cpu::loadElement(b, element, at), part), at);
  });
}

void PointsEmitter::leave(const PointSum &sum, Value *entry) {
  p.grid.onlyIf(isFirst, [&] {
    cpu::storeElement(b, PointsCode::elementOf(sum.number), f.registerOf(sum.number),
                      partAt(sum, f.number(0), entry ? entry : f.number(0)));
  });
}

// ---- Chunks -------------------------------------------------------------------------------------

void PointsEmitter::begin() {
  for (const PointTape &tape : points.tapes)
    if (tape.mayBeEmpty) {
      mlir::Type element = elementOf(tape);
      llvm::Type *type = cpu::registerType(f.context(), element);
      cpu::storeElement(b, element, llvm::Constant::getNullValue(type),
                        tapeRow(tape, f.number(tape.rows)));
    }
  bool hasArrays = false;
  for (const PointSum &sum : points.sums) {
    if (isArrayOfWarps(sum)) {
      hasArrays = true;
      p.grid.loop(warp.rank, f.number(sum.entries), f.number(Grid::warpSize), [&](Value *entry) {
        cpu::storeElement(b, PointsCode::elementOf(sum.summand()), neutral(sum),
                          ofWarp(sum, warpNumber, entry));
      });
    } else if (sum.reduction) {
      b.CreateStore(neutral(sum), sums[&sum].value);
    }
  }
  if (hasArrays)
    p.grid.wait(warp);
}

Value *PointsEmitter::partAt(const PointSum &sum, Value *chunk, Value *entry) {
  Value *at =
      b.CreateAdd(b.CreateMul(chunk, f.number(sum.entries), "", true, true), entry, "", true, true);
  return f.address(PointsCode::elementOf(sum.summand()), sums[&sum].parts, at);
}

/// What the block's threads have added up.
void PointsEmitter::giveParts(Value *number) {
  auto arrays = llvm::make_filter_range(points.sums,
                                        [&](const PointSum &sum) { return isArrayOfWarps(sum); });
  if (!arrays.empty())
    p.grid.wait(whole);
  for (const PointSum &sum : arrays) {
    mlir::Type element = PointsCode::elementOf(sum.summand());
    p.grid.loop(p.grid.thread, f.number(sum.entries), f.number(threads), [&](Value *entry) {
      Value *total = nullptr;
      for (int64_t i = 0; i < threads / Grid::warpSize; ++i) {
        Value *part = cpu::loadElement(b, element, ofWarp(sum, f.number(i), entry));
        total = total ? combine(sum, total, part) : part;
      }
      cpu::storeElement(b, element, total, partAt(sum, number, entry));
    });
  }
  for (const PointSum &sum : points.sums) {
    if (!sum.reduction || isArrayOfWarps(sum))
      continue;
    mlir::Type element = PointsCode::elementOf(sum.summand());
    llvm::AllocaInst *value = sums[&sum].value;
    Folded folded{value->getAllocatedType(), neutral(sum), false, [&](Candidate x, Candidate y) {
                    return Candidate{combine(sum, x.value, y.value), nullptr};
                  }};
    FoldSpace space{1, threads, true, f.number(0), f.number(1), f.number(0), f.number(threads)};
    fold(
        p, whole, {folded}, space,
        [&](Value *, Value *) -> Candidates {
          return {Candidate{b.CreateLoad(value->getAllocatedType(), value), nullptr}};
        },
        [&](Value *, ArrayRef<Candidate> totals) {
          p.grid.onlyIf(b.CreateICmpEQ(whole.rank, f.number(0)), [&] {
            cpu::storeElement(b, element, totals.front().value, partAt(sum, number, f.number(0)));
          });
        });
  }
  if (!arrays.empty())
    p.grid.wait(whole);
}

/// Adds up the blocks' parts: those of f32 in f64. Every thread does where all of them need it.
void PointsEmitter::finish(const PointSum &sum) {
  mlir::Type element = PointsCode::elementOf(sum.summand());
  llvm::Type *type = cpu::registerType(f.context(), element);
  bool inDouble =
      sum.reduction && element.isF32() && cpu::combinerOf(sum.reduction) == cpu::Combiner::Sum;
  Folded folded;
  folded.type = inDouble ? b.getDoubleTy() : type;
  if (inDouble)
    folded.neutral = llvm::ConstantFP::get(folded.type, 0.0);
  else
    folded.neutral = sum.reduction ? neutral(sum) : llvm::Constant::getNullValue(type);
  folded.combine = [&, inDouble](Candidate x, Candidate y) {
    if (!sum.reduction) // there is one part
      return x;
    return Candidate{inDouble ? b.CreateFAdd(x.value, y.value) : combine(sum, x.value, y.value),
                     nullptr};
  };
  auto narrow = [&](Value *total) { return inDouble ? b.CreateFPTrunc(total, type) : total; };
  auto part = [&](Value *entry, Value *chunk) -> Candidates {
    Value *loaded = cpu::loadElement(b, element, partAt(sum, chunk, entry));
    return {Candidate{inDouble ? b.CreateFPExt(loaded, folded.type) : loaded, nullptr}};
  };
  auto foldEntry = [&](Value *entry, llvm::function_ref<void(Value *)> give) {
    // A number that is the same for all has been left once.
    if (!sum.reduction)
      return give(part(entry, f.number(0)).front().value);
    FoldSpace space{1, chunks, true, entry, nullptr, f.number(0), f.number(chunks)};
    fold(p, whole, {folded}, space, part,
         [&](Value *, ArrayRef<Candidate> totals) { give(narrow(totals.front().value)); });
  };
  if (kernel::isRegister(sum.result))
    return foldEntry(f.number(0), [&](Value *total) { f.setRegister(sum.result, total); });
  Value *to = f.pointerTo(sum.result);
  if (p.isInFrame(sum.result))
    return p.grid.loop(f.number(0), f.number(sum.entries), f.number(1), [&](Value *entry) {
      foldEntry(entry, [&](Value *total) {
        cpu::storeElement(b, element, total, f.address(element, to, entry));
      });
    });
  auto store = [&](Value *entry, Value *total) {
    cpu::storeElement(b, element, total, f.address(element, to, entry));
  };
  if (!sum.reduction) {
    p.shareOut(sum.entries, [&](Value *entry) {
      foldEntry(entry, [&](Value *number) { store(entry, number); });
    });
  } else {
    FoldSpace space{sum.entries, chunks, false, nullptr, nullptr, f.number(0), f.number(chunks)};
    int64_t tile = Sharing::of(space, threads).kept;
    int64_t tiles = ceilDiv(sum.entries, tile);
    p.usefulBlocks = std::max(p.usefulBlocks, tiles);
    p.grid.loop(p.grid.block, f.number(tiles), p.grid.blocks, [&](Value *number) {
      space.keptFrom = b.CreateMul(number, f.number(tile), "", true, true);
      Value *end = b.CreateAdd(space.keptFrom, f.number(tile), "", true, true);
      space.keptTo = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, end, f.number(sum.entries));
      fold(p, whole, {folded}, space, part, [&](Value *entry, ArrayRef<Candidate> totals) {
        store(entry, narrow(totals.front().value));
      });
    });
  }
  kernel::Place place = f.placeOf(sum.result);
  p.pending.add(
      {}, {{place.kind, place.index, place.offset, place.offset + kernel::byteSize(sum.result)}});
}

void PointsEmitter::emit() {
  f.scopes.reset();
  layOut();
  // Other steps used the block's memory.
  if (memory)
    p.grid.wait(whole);
  p.grid.loop(p.grid.block, f.number(chunks), p.grid.blocks, [&](Value *number) {
    begin();
    Value *before = b.CreateMul(number, f.number(chunk), "", true, true);
    // Warps have points together, or none, so that lanes can be added up.
    p.grid.loop(p.grid.thread, f.number(chunk), f.number(threads), [&](Value *at) {
      Value *point = b.CreateAdd(before, at, "", true, true);
      isThere = b.CreateICmpSLT(point, f.number(points.count));
      isFirst = b.CreateICmpEQ(point, f.number(0));
      Value *last = f.number(points.count - 1);
      block(b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, point, last), 1);
    });
    giveParts(number);
  });
  f.scopes.apply();
  if (points.sums.empty())
    return;
  p.waitForAll();
  for (const PointSum &sum : points.sums)
    finish(sum);
}

} // namespace

void emitPoints(ProgramEmission &p, const kernel::Step &step) {
  PointsEmitter(p, step).emit();
}

} // namespace descent::gpu
