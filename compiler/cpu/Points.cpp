// Loops over arrays, for each block of points by itself.
//
//   for block in points / 32
//     t[32] = …                              slots: small arrays in the frame, which LLVM turns into
//     y[32] = 0                              vectors in registers
//     for i in 0..m                          the program's loop
//       c = x[i]                             what is the same for all points: once
//       for lane in 0..32                    a segment: vectorised and written out
//         tape[i][lane] = y[lane]
//         y[lane] = y[lane] * t[lane] + c
//     for i in 0..m
//       for lane in 0..32
//         part[lane] = r[lane] * tape[m-1-i][lane]
//       for l in 0..8                        as many as a vector has
//         sums[i][l] += part[l] + part[l+8] + part[l+16] + part[l+24]
//
// Blocks run in chunks (kernel::Division); each chunk leaves its sums in a
// place of its own, and these are added up in order.
#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Parallel.h"
#include "compiler/cpu/PointsCode.h"
#include "compiler/cpu/Steps.h"

namespace descent::cpu {

using llvm::Value;

namespace {

class PointsEmitter : public PointsCode {
public:
  PointsEmitter(FunctionEmission &f, const kernel::Step &step)
      : PointsCode(f, *step.points), step(step), division(step.division) {}

  void emit();

private:
  const kernel::Step &step;
  const kernel::Division &division;
  Value *scratch = nullptr; ///< of the running chunk

  Value *inScratch(int64_t offset) {
    return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), scratch, uint64_t(offset));
  }
  kernel::Place placeInScratch(int64_t offset) {
    kernel::Place place;
    place.kind = kernel::Place::Kind::Row;
    place.offset = step.scratchOffset + offset;
    return place;
  }
  void tag(Value *access, const kernel::Place &place) {
    if (auto *instruction = llvm::dyn_cast<llvm::Instruction>(access))
      f.scopes.tag(instruction, place);
  }

  Value *tapeRow(const kernel::PointTape &tape, Value *number) override;
  void inTape(llvm::StoreInst *store, const kernel::PointTape &tape) override {
    tag(store, placeInScratch(tape.offset));
  }
  void storeResult(mlir::Value result, Value *point, Value *value) override;
  void addUp(const kernel::PointSum &sum, Value *entry, Value *parts) override;
  void leave(const kernel::PointSum &sum, Value *entry) override;

  Value *totals(const kernel::PointSum &sum) { return inScratch(sum.offset); }
  Value *totalOf(const kernel::PointSum &sum, Value *entry);
  void beginSums();
  void leaveSums(Value *chunk);
  void combineSums(const kernel::PointSum &sum);
};

Value *PointsEmitter::tapeRow(const kernel::PointTape &tape, Value *number) {
  Value *offset = b.CreateMul(number, f.number(tape.rowBytes), "", true, true);
  return b.CreateInBoundsGEP(b.getInt8Ty(), inScratch(tape.offset), offset);
}

void PointsEmitter::storeResult(mlir::Value result, Value *point, Value *value) {
  mlir::Type element = elementOf(result);
  tag(storeElement(b, element, value, f.address(element, f.pointerTo(result), point)),
      f.placeOf(result));
}

/// Where a sum, or what a loop leaves of a number, is added up.
Value *PointsEmitter::totalOf(const kernel::PointSum &sum, Value *entry) {
  Value *base = totals(sum);
  if (!entry)
    return base;
  int64_t lanes = sum.reduction ? points.lanes : 1;
  return f.address(elementOf(sum.summand()), base,
                   b.CreateMul(entry, f.number(lanes), "", true, true));
}

/// Adds the numbers of a block to the running totals of a sum.
void PointsEmitter::addUp(const kernel::PointSum &sum, Value *entry, Value *parts) {
  mlir::Type element = elementOf(sum.summand());
  Combiner how = combinerOf(sum.reduction);
  kernel::Place place = placeInScratch(sum.offset);
  Value *to = totalOf(sum, entry);
  auto add = [&](int64_t count, int64_t from, int64_t end) {
    Nest nest(f);
    Value *lane = nest.open(count);
    Value *address = f.address(element, to, lane);
    Value *total = loadElement(b, element, address);
    tag(llvm::isa<llvm::LoadInst>(total) ? total
                                         : llvm::cast<llvm::Instruction>(total)->getOperand(0),
        place);
    for (int64_t at = from; at < end; at += points.lanes) {
      Value *number = b.CreateAdd(lane, f.number(at), "", true, true);
      Value *part = loadElement(b, element, f.address(element, parts, number));
      total = combine(f, how, element, total, part, /*reorder=*/true);
    }
    tag(storeElement(b, element, total, address), place);
    nest.closeAll();
  };
  int64_t whole = width / points.lanes * points.lanes;
  if (whole)
    add(points.lanes, 0, whole);
  if (whole < width)
    add(width - whole, whole, whole + 1);
}

/// Keeps a number that is the same for all points.
void PointsEmitter::leave(const kernel::PointSum &sum, Value *entry) {
  tag(storeElement(b, elementOf(sum.number), f.registerOf(sum.number), totalOf(sum, entry)),
      placeInScratch(sum.offset));
}

void PointsEmitter::beginSums() {
  for (const kernel::PointSum &sum : points.sums) {
    if (!sum.reduction)
      continue;
    mlir::Type element = elementOf(sum.summand());
    forRange(f, f.number(0), f.number(sum.entries * points.lanes), [&](Value *at) {
      storeElement(b, element, neutralOf(f.context(), combinerOf(sum.reduction), element),
                   f.address(element, totals(sum), at));
    });
  }
  for (const kernel::PointTape &tape : points.tapes)
    if (tape.mayBeEmpty)
      b.CreateMemSet(inScratch(tape.offset + tape.rows * tape.rowBytes), b.getInt8(0),
                     uint64_t(tape.rowBytes), llvm::MaybeAlign());
}

/// Puts what the chunk has added up where it is the chunk's own.
void PointsEmitter::leaveSums(Value *chunk) {
  for (const kernel::PointSum &sum : points.sums) {
    mlir::Type element = elementOf(sum.summand());
    Value *offset = b.CreateMul(chunk, f.number(sum.partialBytes), "", true, true);
    Value *to = b.CreateInBoundsGEP(b.getInt8Ty(),
                                    f.pointerAt(step.scratchOffset + sum.partialOffset), offset);
    if (!sum.reduction) {
      b.CreateMemCpy(to, llvm::MaybeAlign(), totals(sum), llvm::MaybeAlign(),
                     uint64_t(sum.entries * kernel::elementBytes(element)));
      continue;
    }
    Combiner how = combinerOf(sum.reduction);
    forRange(f, f.number(0), f.number(sum.entries), [&](Value *entry) {
      llvm::AllocaInst *total = f.variable(registerType(f.context(), element));
      b.CreateStore(neutralOf(f.context(), how, element), total);
      Value *begin = b.CreateMul(entry, f.number(points.lanes), "", true, true);
      forRange(f, f.number(0), f.number(points.lanes), [&](Value *lane) {
        Value *at = b.CreateAdd(begin, lane, "", true, true);
        Value *number = loadElement(b, element, f.address(element, totals(sum), at));
        b.CreateStore(combine(f, how, element, b.CreateLoad(total->getAllocatedType(), total),
                              number, /*reorder=*/true),
                      total);
      });
      storeElement(b, element, b.CreateLoad(total->getAllocatedType(), total),
                   f.address(element, to, entry));
    });
  }
}

/// Adds up what the chunks left, in their order; sums of f32 in f64.
void PointsEmitter::combineSums(const kernel::PointSum &sum) {
  mlir::Type element = elementOf(sum.summand());
  Combiner how = sum.reduction ? combinerOf(sum.reduction) : Combiner::Sum;
  bool inDouble = sum.reduction && how == Combiner::Sum && element.isF32();
  llvm::Type *type = inDouble ? b.getDoubleTy() : memoryType(f.context(), element);
  Value *total = f.pointerAt(step.scratchOffset + sum.totalOffset);
  Value *parts = f.pointerAt(step.scratchOffset + sum.partialOffset);
  kernel::Place from = placeInScratch(sum.partialOffset), to = placeInScratch(sum.totalOffset);
  auto partAt = [&](Value *chunk, Value *entry) {
    Value *offset = b.CreateMul(chunk, f.number(sum.partialBytes), "", true, true);
    Value *base = b.CreateInBoundsGEP(b.getInt8Ty(), parts, offset);
    llvm::LoadInst *load =
        b.CreateLoad(memoryType(f.context(), element), f.address(element, base, entry));
    f.scopes.tag(load, from);
    return inDouble ? b.CreateFPExt(load, type) : static_cast<Value *>(load);
  };
  auto totalAt = [&](Value *entry) { return b.CreateInBoundsGEP(type, total, entry); };
  Value *zero = f.number(0), *entries = f.number(sum.entries);
  forRange(f, zero, entries, [&](Value *entry) {
    f.scopes.tag(b.CreateStore(partAt(zero, entry), totalAt(entry)), to);
  });
  // A number is the same in all of them.
  forRange(f, f.number(1), f.number(sum.reduction ? division.count : 1), [&](Value *chunk) {
    forRange(f, zero, entries, [&](Value *entry) {
      llvm::LoadInst *before = b.CreateLoad(type, totalAt(entry));
      f.scopes.tag(before, to);
      Value *part = partAt(chunk, entry);
      Value *both = inDouble ? b.CreateFAdd(before, part)
                             : combine(f, how, element, before, part, /*reorder=*/false);
      f.scopes.tag(b.CreateStore(both, totalAt(entry)), to);
    });
  });
  auto result = [&](Value *entry) -> Value * {
    Value *sum = b.CreateLoad(type, totalAt(entry));
    if (inDouble)
      return b.CreateFPTrunc(sum, b.getFloatTy());
    return element.isInteger(1) ? b.CreateTrunc(sum, b.getInt1Ty()) : sum;
  };
  if (kernel::isRegister(sum.result))
    return f.setRegister(sum.result, result(zero));
  Value *at = f.pointerTo(sum.result);
  forRange(f, zero, entries, [&](Value *entry) {
    storeElement(b, element, result(entry), f.address(element, at, entry));
  });
}

void PointsEmitter::emit() {
  f.scopes.reset();
  int64_t whole = points.count / points.width, left = points.count % points.width;
  emitChunks(f, division, step.scratchOffset, [&](const Chunk &each) {
    scratch = each.lane;
    beginSums();
    if (whole)
      forRange(f, each.begin, each.end, [&](Value *number) {
        block(b.CreateMul(number, f.number(points.width), "", true, true), points.width);
      });
    if (left) {
      llvm::BasicBlock *rest = f.newBlock("rest"), *after = f.newBlock();
      b.CreateCondBr(b.CreateICmpEQ(each.number, f.number(division.count - 1)), rest, after);
      b.SetInsertPoint(rest);
      block(f.number(whole * points.width), left);
      b.CreateBr(after);
      b.SetInsertPoint(after);
    }
    leaveSums(each.number);
  });
  for (const kernel::PointSum &sum : points.sums)
    combineSums(sum);
  f.scopes.apply();
}

} // namespace

void emitPoints(FunctionEmission &f, const kernel::Step &step) {
  PointsEmitter(f, step).emit();
}

} // namespace descent::cpu
