// Running sums, products and maxima by all threads.
//
// Rows are cut into chunks, as few as keep a card busy, whose number depends on shapes alone. Every
// block folds a chunk of some rows; all wait; then every block adds up what the chunks before its
// own came to, and goes through its chunk once more (reduce-then-scan in the words of D. Merrill,
// M. Garland, "Single-pass parallel prefix scan with decoupled look-back", 2016; the single pass
// that they prefer has sums whose order depends on who comes first).
#include "compiler/gpu/Scan.h"
#include "compiler/gpu/Sizes.h"
#include "compiler/gpu/Steps.h"
#include "compiler/gpu/Workspace.h"

#include "compiler/cpu/Element.h"
#include "compiler/cpu/Steps.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Elements that a thread takes, at least, before a row is cut.
constexpr int64_t kElementsOfThread = 16;
constexpr int64_t kManyBlocks = 1024;
constexpr int64_t kMostTotalBytes = 16 << 20;

class ScanEmitter {
public:
  ScanEmitter(ProgramEmission &p, ArrayRef<mlir::Operation *> ops, size_t dim, bool fromEnd)
      : p(p), f(p.f), b(p.b), ops(ops), shape(tensorType(ops.front()->getResult(0)).getShape()),
        dim(dim), fromEnd(fromEnd), rows(product(without(shape, dim))), size(shape[dim]),
        others(without(shape, dim)), block(p.grid.ofBlock()),
        team(p, block, ops, rows, size, product(shape.drop_front(dim + 1)) > 1) {
    const Sharing &sharing = team.sharing;
    tiles = ceilDiv(rows, sharing.kept);
    int64_t step = sharing.terms * TeamScan::inRow, bytes = rows * 8 * int64_t(ops.size());
    chunks = std::min({ceilDiv(size, sharing.terms * kElementsOfThread),
                       ceilDiv(kManyBlocks, tiles), std::max<int64_t>(1, kMostTotalBytes / bytes)});
    chunk = int64_t(llvm::alignTo(uint64_t(ceilDiv(size, chunks)), uint64_t(step)));
    chunks = ceilDiv(size, chunk);
  }

  void emit();

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  ArrayRef<mlir::Operation *> ops;
  ArrayRef<int64_t> shape;
  size_t dim;
  bool fromEnd;
  int64_t rows, size;
  SmallVector<int64_t, 4> others; ///< sizes of the other dimensions
  Team block;
  TeamScan team;
  int64_t tiles, chunk, chunks;
  SmallVector<Value *, 2> totals; ///< of each scan: [chunks, rows]
  Value *part = nullptr;          ///< the chunk of this block

  static SmallVector<int64_t, 4> without(ArrayRef<int64_t> shape, size_t dim) {
    SmallVector<int64_t, 4> rest(shape);
    rest.erase(rest.begin() + long(dim));
    return rest;
  }
  Value *plus(Value *x, Value *y) { return b.CreateAdd(x, y, "", true, true); }
  Value *times(Value *x, int64_t y) { return b.CreateMul(x, f.number(y), "", true, true); }
  Value *least(Value *x, int64_t y) {
    return b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, x, f.number(y));
  }
  SmallVector<Value *, 4> dimsAt(Value *row, Value *at);
  SmallVector<Value *, 2> elementsAt(Value *row, Value *at);
  Value *totalAddress(size_t scan, Value *chunk, Value *row);
  void findRanges(Value *number);
  void foldChunks();
  void bringCarry(Value *row);
};

SmallVector<Value *, 4> ScanEmitter::dimsAt(Value *row, Value *at) {
  auto dims = cpu::dimsOfLinear(f, row, others);
  if (fromEnd)
    at = b.CreateSub(f.number(size - 1), at, "", true, true);
  dims.insert(dims.begin() + long(dim), at);
  return dims;
}

/// What each scan reads there.
SmallVector<Value *, 2> ScanEmitter::elementsAt(Value *row, Value *at) {
  cpu::Index index;
  index.dims = dimsAt(row, at);
  cpu::Elements elements(f, index);
  SmallVector<Value *, 2> all;
  for (mlir::Operation *op : ops)
    all.push_back(elements.at(op->getOperand(0)));
  return all;
}

Value *ScanEmitter::totalAddress(size_t scan, Value *chunk, Value *row) {
  return b.CreateInBoundsGEP(team.scans[scan].wide, totals[scan], plus(times(chunk, rows), row));
}

/// The rows and the elements of a block's piece of work.
void ScanEmitter::findRanges(Value *number) {
  FoldSpace &space = team.space;
  Value *tile = tiles == 1 ? f.number(0) : b.CreateURem(number, f.number(tiles));
  part = tiles == 1 ? number : b.CreateUDiv(number, f.number(tiles));
  space.keptFrom = times(tile, team.sharing.kept);
  space.keptTo = least(plus(space.keptFrom, f.number(team.sharing.kept)), rows);
  space.termsFrom = times(part, chunk);
  space.termsTo = least(plus(space.termsFrom, f.number(chunk)), size);
}

/// What each chunk comes to, but for the last ones.
void ScanEmitter::foldChunks() {
  SmallVector<Folded, 2> folded;
  for (const TeamScan::Scan &scan : team.scans) {
    totals.push_back(p.exchangeArea((chunks - 1) * rows * 8));
    Folded &each = folded.emplace_back();
    each.type = scan.wide;
    each.neutral = scan.neutral;
    each.combine = [this, &scan](Candidate x, Candidate y) {
      return Candidate{team.combined(scan, x.value, y.value), nullptr};
    };
  }
  overTiles(p, tiles * (chunks - 1), [&](Value *number) {
    findRanges(number);
    fold(
        p, block, folded, team.space,
        [&](Value *row, Value *at) {
          Candidates all;
          for (auto [scan, value] : llvm::zip(team.scans, elementsAt(row, at)))
            all.push_back(
                {scan.wide == scan.type ? value : b.CreateFPExt(value, scan.wide), nullptr});
          return all;
        },
        [&](Value *row, ArrayRef<Candidate> found) {
          auto store = [&] {
            for (auto [i, total] : llvm::enumerate(found))
              b.CreateStore(total.value, totalAddress(i, part, row));
          };
          // Where there is one row all threads get here.
          if (rows == 1)
            p.grid.onlyIf(b.CreateICmpEQ(block.rank, f.number(0)), store);
          else
            store();
        });
  });
  p.grid.waitForAll();
}

/// What the chunks before this one come to.
void ScanEmitter::bringCarry(Value *row) {
  team.clear();
  if (chunks == 1)
    return;
  // A thread beyond the last row reads what another one has.
  Value *known = least(row, rows - 1);
  p.grid.loop(team.along, part, f.number(team.sharing.terms), [&](Value *earlier) {
    for (auto [i, scan] : llvm::enumerate(team.scans)) {
      Value *total = b.CreateLoad(scan.wide, totalAddress(i, earlier, known));
      b.CreateStore(team.combined(scan, b.CreateLoad(scan.wide, scan.carry), total), scan.carry);
    }
  });
  team.combineCarries();
}

void ScanEmitter::emit() {
  f.scopes.reset();
  Delivery delivery(p, ops);
  SmallVector<Value *, 2> to;
  for (mlir::Operation *op : ops)
    to.push_back(delivery.to(op->getResult(0)));
  // Others may still be reading what shared memory held before.
  p.grid.wait(block);
  if (chunks > 1)
    foldChunks();
  overTiles(p, tiles * chunks, [&](Value *number) {
    findRanges(number);
    Value *row = plus(team.space.keptFrom, team.ofRow);
    Value *isThere = rows % team.sharing.kept ? b.CreateICmpSLT(row, f.number(rows)) : nullptr;
    bringCarry(row);
    team.through(
        team.space.termsFrom, team.space.termsTo, isThere,
        [&](Value *at) { return elementsAt(row, at); },
        [&](ArrayRef<Value *> values, Value *at) {
          Value *place = cpu::linearIndex(f, dimsAt(row, at), shape);
          for (auto [scan, value, base] : llvm::zip(team.scans, values, to))
            cpu::storeElement(b, scan.element, value, f.address(scan.element, base, place));
        });
  });
  delivery.finish();
}

} // namespace

void emitScan(ProgramEmission &p, const kernel::Step &step) {
  mlir::Operation *op = step.roots.front();
  mlir::Value x = op->getOperand(0);
  if (kernel::isRegister(op->getResult(0)))
    return p.f.setRegister(op->getResult(0), p.f.registerOf(x));
  if (kernel::numElements(x) == 0)
    return;
  auto dim = size_t(op->getAttrOfType<mlir::IntegerAttr>("dim").getInt());
  ScanEmitter(p, step.roots, dim, op->hasAttr("reverse")).emit();
}

} // namespace descent::gpu
