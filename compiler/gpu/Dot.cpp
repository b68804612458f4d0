// The product of two arrays with free dimensions on both sides.
//
// A block makes a tile of the result: for a slice of the terms after the other it brings a piece of
// each operand into shared memory, from wherever it is, and each thread adds up a small square of
// the tile in registers.
#include "compiler/cpu/Element.h"
#include "compiler/cpu/Scalar.h"
#include "compiler/gpu/Steps.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Rows and columns of a thread's square, and terms of a slice.
constexpr int64_t kSquare = 4, kSlice = 16;

int64_t ceilDiv(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

class DotEmitter {
public:
  DotEmitter(ProgramEmission &p, ir::DotOp op)
      : p(p), f(p.f), b(p.b), op(op), shape(kernel::dotShape(op)), result(op.getResult()),
        element(tensorType(result).getElementType()) {
    auto sizes = [](mlir::Value value, ArrayRef<int64_t> dims) {
      SmallVector<int64_t, 4> all;
      for (int64_t dim : dims)
        all.push_back(tensorType(value).getDimSize(dim));
      return all;
    };
    batchSizes = sizes(op.getLhs(), op.getLhsBatch());
    rowSizes = sizes(op.getLhs(), shape.lhsFree);
    columnSizes = sizes(op.getRhs(), shape.rhsFree);
    termSizes = sizes(op.getLhs(), op.getLhsContract());
    threadsAcross = int64_t(1) << (llvm::Log2_64(uint64_t(p.grid.threads)) / 2);
    threadsDown = p.grid.threads / threadsAcross;
  }

  void emit();

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  ir::DotOp op;
  kernel::DotShape shape;
  mlir::Value result;
  mlir::Type element;
  SmallVector<int64_t, 4> batchSizes, rowSizes, columnSizes, termSizes;
  int64_t threadsAcross, threadsDown;

  int64_t tileRows() const { return threadsDown * kSquare; }
  int64_t tileColumns() const { return threadsAcross * kSquare; }

  Value *operand(unsigned which, Value *batch, Value *free, Value *term);
  void bring(unsigned which, Value *batch, Value *first, int64_t count, int64_t limit, Value *term,
             Value *to);
  Value *product(Value *x, Value *y);
  void tile(Value *batch, Value *row, Value *column);
};

Value *DotEmitter::operand(unsigned which, Value *batch, Value *free, Value *term) {
  mlir::Value value = op->getOperand(which);
  cpu::Index index;
  index.dims.assign(size_t(tensorType(value).getRank()), nullptr);
  auto put = [&](ArrayRef<int64_t> dims, ArrayRef<int64_t> sizes, Value *flat) {
    auto at = cpu::dimsOfLinear(f, flat, sizes);
    for (auto [dim, counter] : llvm::zip(dims, at))
      index.dims[size_t(dim)] = counter;
  };
  put(which ? op.getRhsBatch() : op.getLhsBatch(), batchSizes, batch);
  put(which ? op.getRhsContract() : op.getLhsContract(), termSizes, term);
  put(which ? shape.rhsFree : shape.lhsFree, which ? columnSizes : rowSizes, free);
  return cpu::Elements(f, cpu::Index()).operandAt(op, which, kernel::IndexMaps::identity, index);
}

/// Brings `count` rows (or columns) from `first` on, of a slice of terms, to shared memory: [term,
/// row]. Zeros beyond the edges.
void DotEmitter::bring(unsigned which, Value *batch, Value *first, int64_t count, int64_t limit,
                       Value *term, Value *to) {
  llvm::Type *type = cpu::memoryType(f.context(), element);
  p.grid.loop(p.grid.thread, f.number(count * kSlice), f.number(p.grid.threads), [&](Value *at) {
    // Neighbouring threads read neighbouring terms of a left operand, columns of a right one.
    Value *slice, *free;
    if (which) {
      slice = b.CreateUDiv(at, f.number(count));
      free = b.CreateURem(at, f.number(count));
    } else {
      free = b.CreateUDiv(at, f.number(kSlice));
      slice = b.CreateURem(at, f.number(kSlice));
    }
    Value *row = b.CreateAdd(first, free, "", true, true);
    Value *k = b.CreateAdd(term, slice, "", true, true);
    Value *inside =
        b.CreateAnd(b.CreateICmpSLT(row, f.number(limit)), b.CreateICmpSLT(k, f.number(shape.k)));
    llvm::BasicBlock *before = b.GetInsertBlock(), *yes = f.newBlock(), *after = f.newBlock();
    b.CreateCondBr(inside, yes, after);
    b.SetInsertPoint(yes);
    Value *loaded = operand(which, batch, row, k);
    llvm::BasicBlock *end = b.GetInsertBlock();
    b.CreateBr(after);
    b.SetInsertPoint(after);
    llvm::PHINode *value = b.CreatePHI(loaded->getType(), 2);
    value->addIncoming(cpu::zeroOf(f.context(), element), before);
    value->addIncoming(loaded, end);
    Value *place =
        b.CreateAdd(b.CreateMul(slice, f.number(count), "", true, true), free, "", true, true);
    cpu::storeElement(b, element, value, b.CreateInBoundsGEP(type, to, place));
  });
}

Value *DotEmitter::product(Value *x, Value *y) {
  if (!x->getType()->isFloatingPointTy())
    return b.CreateMul(x, y);
  llvm::IRBuilder<>::FastMathFlagGuard guard(b);
  llvm::FastMathFlags flags;
  flags.setAllowContract();
  b.setFastMathFlags(flags);
  return b.CreateFMul(x, y);
}

void DotEmitter::tile(Value *batch, Value *row, Value *column) {
  llvm::Type *type = cpu::registerType(f.context(), element);
  llvm::Type *stored = cpu::memoryType(f.context(), element);
  int64_t bytes = kernel::elementBytes(element);
  int64_t lhsBytes = tileRows() * kSlice * bytes, rhsBytes = tileColumns() * kSlice * bytes;
  p.grid.needShared(lhsBytes + rhsBytes);
  Value *lhs = p.grid.shared(0), *rhs = p.grid.shared(lhsBytes);
  Value *across = b.CreateURem(p.grid.thread, f.number(threadsAcross));
  Value *down = b.CreateUDiv(p.grid.thread, f.number(threadsAcross));
  SmallVector<llvm::AllocaInst *> sums;
  for (int64_t i = 0; i < kSquare * kSquare; ++i) {
    sums.push_back(f.variable(type));
    b.CreateStore(cpu::zeroOf(f.context(), element), sums.back());
  }
  Team block = p.grid.ofBlock();
  p.grid.loop(f.number(0), f.number(shape.k), f.number(kSlice), [&](Value *term) {
    bring(0, batch, row, tileRows(), shape.m, term, lhs);
    bring(1, batch, column, tileColumns(), shape.n, term, rhs);
    p.grid.wait(block);
    p.grid.loop(f.number(0), f.number(kSlice), f.number(1), [&](Value *slice) {
      // A thread's rows and columns lie apart, so that neighbours read neighbours.
      auto piece = [&](Value *from, int64_t count, int64_t apart, Value *own) {
        SmallVector<Value *, 4> all;
        Value *first =
            b.CreateAdd(b.CreateMul(slice, f.number(count), "", true, true), own, "", true, true);
        for (int64_t i = 0; i < kSquare; ++i)
          all.push_back(cpu::loadElement(
              b, element,
              b.CreateInBoundsGEP(stored, from,
                                  b.CreateAdd(first, f.number(i * apart), "", true, true))));
        return all;
      };
      auto rows = piece(lhs, tileRows(), threadsDown, down);
      auto columns = piece(rhs, tileColumns(), threadsAcross, across);
      for (int64_t i = 0; i < kSquare; ++i)
        for (int64_t j = 0; j < kSquare; ++j) {
          llvm::AllocaInst *sum = sums[size_t(i * kSquare + j)];
          Value *total =
              cpu::combine(f, cpu::Combiner::Sum, element, b.CreateLoad(type, sum),
                           product(rows[size_t(i)], columns[size_t(j)]), /*reorder=*/true);
          b.CreateStore(total, sum);
        }
    });
    p.grid.wait(block);
  });
  for (int64_t i = 0; i < kSquare; ++i)
    for (int64_t j = 0; j < kSquare; ++j) {
      Value *m = b.CreateAdd(b.CreateAdd(row, down, "", true, true), f.number(i * threadsDown), "",
                             true, true);
      Value *n = b.CreateAdd(b.CreateAdd(column, across, "", true, true),
                             f.number(j * threadsAcross), "", true, true);
      Value *inside =
          b.CreateAnd(b.CreateICmpSLT(m, f.number(shape.m)), b.CreateICmpSLT(n, f.number(shape.n)));
      p.grid.onlyIf(inside, [&] {
        Value *at =
            b.CreateAdd(b.CreateMul(batch, f.number(shape.m), "", true, true), m, "", true, true);
        at = b.CreateAdd(b.CreateMul(at, f.number(shape.n), "", true, true), n, "", true, true);
        cpu::storeElement(b, element, b.CreateLoad(type, sums[size_t(i * kSquare + j)]),
                          f.address(element, f.pointerTo(result), at));
      });
    }
}

void DotEmitter::emit() {
  int64_t down = ceilDiv(shape.m, tileRows()), across = ceilDiv(shape.n, tileColumns());
  int64_t tiles = shape.batch * down * across;
  if (tiles == 0)
    return;
  p.usefulBlocks = std::max(p.usefulBlocks, tiles);
  f.scopes.reset();
  p.grid.wait(p.grid.ofBlock());
  p.grid.loop(p.grid.block, f.number(tiles), p.grid.blocks, [&](Value *number) {
    Value *column = b.CreateURem(number, f.number(across));
    Value *rest = b.CreateUDiv(number, f.number(across));
    Value *row = b.CreateURem(rest, f.number(down)), *batch = b.CreateUDiv(rest, f.number(down));
    tile(batch, b.CreateMul(row, f.number(tileRows()), "", true, true),
         b.CreateMul(column, f.number(tileColumns()), "", true, true));
  });
}

} // namespace

void emitDot(ProgramEmission &p, const kernel::Step &step) {
  DotEmitter(p, mlir::cast<ir::DotOp>(step.roots.front())).emit();
}

} // namespace descent::gpu
