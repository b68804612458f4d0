// Sorting rows by merging.
//
// A block sorts a tile of keys in shared memory, many short rows at once, by the bitonic network
// in the form whose comparators all point the same way (K. E. Batcher, "Sorting networks and their
// applications", 1968): what is compared are pairs of a key and its index, so the order is that of
// a stable sort. Rows that are longer than a tile are then merged, runs of twice the length in each
// pass: the ends of the pieces of the two runs that make up a tile of the merged one are found by
// searching the diagonals of the merge (O. Green, R. McColl, D. A. Bader, "GPU merge path", 2012),
// and in the tile each element finds its place by searching the other piece.
#include "compiler/gpu/Sort.h"

#include "compiler/cpu/Element.h"
#include "compiler/cpu/Steps.h"
#include "compiler/gpu/Sizes.h"
#include "compiler/gpu/Steps.h"
#include "compiler/gpu/Workspace.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Keys of a tile for each thread of the block.
constexpr int64_t kKeysOfThread = 4;
/// Pairs that a warp compares lie in so many neighbouring elements.
constexpr int kBitsOfWarp = 6;

int log2Of(int64_t n) {
  return int(llvm::Log2_64(uint64_t(n)));
}

class RowSorter {
public:
  using Key = llvm::function_ref<Value *(Value *, Value *)>;
  using Put = llvm::function_ref<void(Value *, Value *, Value *, Value *)>;

  RowSorter(ProgramEmission &p, const SortSpace &space, Key key, Put put)
      : p(p), f(p.f), b(p.b), space(space), key(key), put(put), type(b.getIntNTy(space.keyBits)),
        block(p.grid.ofBlock()) {
    tile = std::min(kKeysOfThread * p.grid.threads, ceiling(space.size) * ceiling(space.rows));
    row = std::min(tile, ceiling(space.size));
    tilesOfRow = ceilDiv(space.size, row);
    rowsOfTile = tile / row;
    tiles = ceilDiv(space.rows, rowsOfTile) * tilesOfRow;
    p.grid.needShared(tile * (keyBytes() + 4));
  }

  void sort();

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const SortSpace &space;
  Key key;
  Put put;
  llvm::Type *type;
  Team block;
  int64_t tile, row, tilesOfRow, rowsOfTile, tiles; ///< `row`: its elements in a tile

  /// Keys and their indices.
  struct Run {
    Value *keys = nullptr, *indices = nullptr;
  };

  static int64_t ceiling(int64_t n) { return int64_t(llvm::PowerOf2Ceil(uint64_t(n))); }
  int64_t keyBytes() const { return space.keyBits / 8; }
  Value *plus(Value *x, Value *y) { return b.CreateAdd(x, y, "", true, true); }
  Value *minus(Value *x, Value *y) { return b.CreateNSWSub(x, y); }
  Value *times(Value *x, int64_t y) { return b.CreateMul(x, f.number(y), "", true, true); }
  Value *least(Value *x, Value *y) { return b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, x, y); }

  Value *keyAddress(const Run &run, Value *at) { return b.CreateInBoundsGEP(type, run.keys, at); }
  Value *indexAddress(const Run &run, Value *at) {
    return b.CreateInBoundsGEP(b.getInt32Ty(), run.indices, at);
  }
  Value *keyAt(const Run &run, Value *at) { return b.CreateLoad(type, keyAddress(run, at)); }
  Value *indexAt(const Run &run, Value *at) {
    return b.CreateLoad(b.getInt32Ty(), indexAddress(run, at));
  }
  void set(const Run &run, Value *at, Value *key, Value *index) {
    b.CreateStore(key, keyAddress(run, at));
    b.CreateStore(index, indexAddress(run, at));
  }
  Run tileMemory() { return {p.grid.shared(0), p.grid.shared(tile * keyBytes())}; }
  /// Memory for all rows.
  Run newRun() {
    int64_t count = space.rows * space.size;
    Value *memory = workspace(p, count * (keyBytes() + 4));
    return {memory,
            b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), memory, uint64_t(count * keyBytes()))};
  }
  Run offsetBy(const Run &run, Value *elements) {
    return {keyAddress(run, elements), indexAddress(run, elements)};
  }

  void overTile(Value *number, llvm::function_ref<void(Value *, Value *, Value *, Value *)> body);
  void sortTile(Value *number, Put out);
  void network();
  void mergePass(Value *width, const Run &from, Put out);
  Value *cut(const Run &left, Value *leftSize, const Run &right, Value *rightSize, Value *diagonal);
};

/// The elements of a tile: `body` gets the place in shared memory, the row, the index in it, and
/// whether there is such an element.
void RowSorter::overTile(Value *number,
                         llvm::function_ref<void(Value *, Value *, Value *, Value *)> body) {
  Value *first = tilesOfRow == 1 ? number : b.CreateUDiv(number, f.number(tilesOfRow));
  Value *before =
      tilesOfRow == 1 ? f.number(0) : times(b.CreateURem(number, f.number(tilesOfRow)), row);
  p.grid.loop(block.rank, f.number(tile), f.number(p.grid.threads), [&](Value *slot) {
    Value *ownRow, *at;
    if (space.rowsInner && rowsOfTile > 1) {
      ownRow = b.CreateAnd(slot, f.number(rowsOfTile - 1));
      at = b.CreateLShr(slot, f.number(log2Of(rowsOfTile)));
    } else {
      ownRow = b.CreateLShr(slot, f.number(log2Of(row)));
      at = b.CreateAnd(slot, f.number(row - 1));
    }
    Value *place = plus(times(ownRow, row), at);
    Value *rowNumber = plus(times(first, rowsOfTile), ownRow), *index = plus(before, at);
    Value *isThere = b.CreateAnd(b.CreateICmpSLT(rowNumber, f.number(space.rows)),
                                 b.CreateICmpSLT(index, f.number(space.size)));
    body(place, rowNumber, index, isThere);
  });
}

/// Places beyond the end hold the greatest key, and indices after all others.
void RowSorter::sortTile(Value *number, Put out) {
  Run memory = tileMemory();
  overTile(number, [&](Value *place, Value *ofRow, Value *index, Value *isThere) {
    Value *own = valueWhere(p, isThere, llvm::Constant::getAllOnesValue(type),
                            [&] { return key(ofRow, index); });
    set(memory, place, own, b.CreateTrunc(index, b.getInt32Ty()));
  });
  p.grid.wait(block);
  network();
  overTile(number, [&](Value *place, Value *ofRow, Value *position, Value *isThere) {
    p.grid.onlyIf(isThere,
                  [&] { out(ofRow, position, keyAt(memory, place), indexAt(memory, place)); });
  });
  p.grid.wait(block);
}

void RowSorter::network() {
  Run memory = tileMemory();
  Team warp = p.grid.ofWarp();
  Value *one = f.number(1);
  // Runs of 2^bits elements are sorted, by steps that compare across 2^step of them.
  p.grid.loop(one, f.number(log2Of(row) + 1), one, [&](Value *bits) {
    p.grid.loop(f.number(0), bits, one, [&](Value *done) {
      Value *step = minus(minus(bits, one), done);
      Value *isFirst = b.CreateICmpEQ(done, f.number(0));
      // The first step compares with what is as far from the other end.
      Value *mask =
          b.CreateSelect(isFirst, minus(b.CreateShl(one, bits), one), b.CreateShl(one, step));
      p.grid.loop(block.rank, f.number(tile / 2), f.number(p.grid.threads), [&](Value *pair) {
        Value *low = b.CreateAnd(pair, minus(b.CreateShl(one, step), one));
        Value *x = plus(b.CreateShl(minus(pair, low), 1), low), *y = b.CreateXor(x, mask);
        Value *keyX = keyAt(memory, x), *keyY = keyAt(memory, y);
        Value *indexX = indexAt(memory, x), *indexY = indexAt(memory, y);
        Value *isLater =
            b.CreateOr(b.CreateICmpUGT(keyX, keyY),
                       b.CreateAnd(b.CreateICmpEQ(keyX, keyY), b.CreateICmpUGT(indexX, indexY)));
        p.grid.onlyIf(isLater, [&] {
          set(memory, x, keyY, indexY);
          set(memory, y, keyX, indexX);
        });
      });
      // Steps across few elements stay with their warp.
      if (log2Of(row) <= kBitsOfWarp)
        return p.grid.wait(warp);
      Value *isLast = b.CreateICmpEQ(step, f.number(0));
      Value *reach = b.CreateSelect(isLast, bits, step);
      Value *leaves = b.CreateICmpSGE(reach, f.number(kBitsOfWarp));
      llvm::BasicBlock *far = f.newBlock(), *near = f.newBlock(), *after = f.newBlock();
      b.CreateCondBr(leaves, far, near);
      b.SetInsertPoint(far);
      p.grid.wait(block);
      b.CreateBr(after);
      b.SetInsertPoint(near);
      p.grid.wait(warp);
      b.CreateBr(after);
      b.SetInsertPoint(after);
    });
  });
  p.grid.wait(block);
}

/// How many elements of the left run are among the first `diagonal` of both; equal ones come from
/// the left first.
Value *RowSorter::cut(const Run &left, Value *leftSize, const Run &right, Value *rightSize,
                      Value *diagonal) {
  Value *low =
      b.CreateBinaryIntrinsic(llvm::Intrinsic::smax, minus(diagonal, rightSize), f.number(0));
  return firstNotBefore(p, low, least(diagonal, leftSize), [&](Value *at) {
    Value *other = minus(minus(diagonal, f.number(1)), at);
    return b.CreateICmpULE(keyAt(left, at), keyAt(right, other));
  });
}

/// Merges runs of `width` elements, in pairs.
void RowSorter::mergePass(Value *width, const Run &from, Put out) {
  overTiles(p, tiles, [&](Value *number) {
    Value *ofRow = b.CreateUDiv(number, f.number(tilesOfRow));
    Value *first = times(b.CreateURem(number, f.number(tilesOfRow)), tile);
    Run whole = offsetBy(from, times(ofRow, space.size));
    Value *pair = b.CreateShl(width, 1), *size = f.number(space.size);
    Value *begin = b.CreateAnd(first, b.CreateNeg(pair));
    Value *middle = least(plus(begin, width), size), *end = least(plus(begin, pair), size);
    Run left = offsetBy(whole, begin), right = offsetBy(whole, middle);
    Value *leftSize = minus(middle, begin), *rightSize = minus(end, middle);
    Value *from0 = minus(first, begin);
    Value *to0 = least(plus(from0, f.number(tile)), minus(end, begin));
    Value *leftFrom = cut(left, leftSize, right, rightSize, from0);
    Value *leftTo = cut(left, leftSize, right, rightSize, to0);
    Value *rightFrom = minus(from0, leftFrom);
    Value *ofLeft = minus(leftTo, leftFrom), *count = minus(to0, from0);
    Run memory = tileMemory(), pieceLeft = offsetBy(left, leftFrom),
        pieceRight = offsetBy(right, rightFrom);
    auto overElements = [&](llvm::function_ref<void(Value *, Value *, Value *)> body) {
      p.grid.loop(block.rank, count, f.number(p.grid.threads), [&](Value *at) {
        Value *isLeft = b.CreateICmpSLT(at, ofLeft);
        body(at, isLeft, b.CreateSelect(isLeft, at, minus(at, ofLeft)));
      });
    };
    overElements([&](Value *at, Value *isLeft, Value *own) {
      Value *keys = b.CreateSelect(isLeft, pieceLeft.keys, pieceRight.keys);
      Value *indices = b.CreateSelect(isLeft, pieceLeft.indices, pieceRight.indices);
      Run piece{keys, indices};
      set(memory, at, keyAt(piece, own), indexAt(piece, own));
    });
    p.grid.wait(block);
    overElements([&](Value *at, Value *isLeft, Value *own) {
      Value *mine = keyAt(memory, at);
      Value *low = b.CreateSelect(isLeft, ofLeft, f.number(0));
      Value *high = b.CreateSelect(isLeft, count, ofLeft);
      Value *found = firstNotBefore(p, low, high, [&](Value *other) {
        Value *theirs = keyAt(memory, other);
        return b.CreateSelect(isLeft, b.CreateICmpULT(theirs, mine), b.CreateICmpULE(theirs, mine));
      });
      Value *position = plus(first, plus(own, minus(found, low)));
      out(ofRow, position, mine, indexAt(memory, at));
    });
    p.grid.wait(block);
  });
}

void RowSorter::sort() {
  // Others may still be reading what shared memory held before.
  p.grid.wait(block);
  if (tilesOfRow == 1)
    return overTiles(p, tiles, [&](Value *number) { sortTile(number, put); });
  int64_t passes = int64_t(llvm::Log2_64_Ceil(uint64_t(tilesOfRow)));
  Run first = newRun(), second = passes > 1 ? newRun() : Run();
  auto into = [&](const Run &run) {
    return [this, run](Value *ofRow, Value *position, Value *key, Value *index) {
      set(run, plus(times(ofRow, space.size), position), key, index);
    };
  };
  overTiles(p, tiles, [&](Value *number) { sortTile(number, into(first)); });
  if (passes > 1)
    p.grid.loop(f.number(0), f.number(passes - 1), f.number(1), [&](Value *pass) {
      p.grid.waitForAll();
      Value *isEven = b.CreateICmpEQ(b.CreateAnd(pass, f.number(1)), f.number(0));
      auto either = [&](const Run &x, const Run &y) {
        return Run{b.CreateSelect(isEven, x.keys, y.keys),
                   b.CreateSelect(isEven, x.indices, y.indices)};
      };
      mergePass(b.CreateShl(f.number(tile), pass), either(first, second),
                into(either(second, first)));
    });
  p.grid.waitForAll();
  mergePass(f.number(tile << (passes - 1)), passes % 2 ? first : second, put);
}

/// An unsigned number in the order of sorting: nan after all numbers, the two zeros equal.
Value *sortingKey(ProgramEmission &p, mlir::Type element, Value *x) {
  llvm::IRBuilder<> &b = p.b;
  unsigned bits = x->getType()->getPrimitiveSizeInBits();
  llvm::Type *type = b.getIntNTy(bits);
  llvm::Constant *sign = llvm::ConstantInt::get(type, llvm::APInt::getSignMask(bits));
  if (!x->getType()->isFloatingPointTy())
    return cpu::isUnsigned(element) ? x : b.CreateXor(x, sign);
  Value *same = b.CreateBitCast(x, type);
  Value *isNegative = b.CreateICmpSLT(same, llvm::Constant::getNullValue(type));
  Value *key = b.CreateSelect(isNegative, b.CreateNot(same), b.CreateOr(same, sign));
  Value *isZero = b.CreateFCmpOEQ(x, llvm::Constant::getNullValue(x->getType()));
  key = b.CreateSelect(isZero, sign, key);
  return b.CreateSelect(b.CreateFCmpUNO(x, x), llvm::Constant::getAllOnesValue(type), key);
}

} // namespace

void sortRows(ProgramEmission &p, const SortSpace &space,
              llvm::function_ref<Value *(Value *, Value *)> key,
              llvm::function_ref<void(Value *, Value *, Value *, Value *)> put) {
  if (space.rows && space.size)
    RowSorter(p, space, key, put).sort();
}

void emitArgSort(ProgramEmission &p, const kernel::Step &step) {
  cpu::FunctionEmission &f = p.f;
  auto op = mlir::cast<ir::ArgSortOp>(step.roots.front());
  mlir::Value x = op.getX(), result = op.getResult();
  if (kernel::isRegister(result))
    return f.setRegister(result, f.b.getInt32(0));
  ArrayRef<int64_t> shape = tensorType(x).getShape();
  mlir::Type element = tensorType(x).getElementType();
  auto dim = size_t(op.getDim());
  SmallVector<int64_t, 4> others(shape);
  others.erase(others.begin() + long(dim));
  SortSpace space;
  for (int64_t size : others)
    space.rows *= size;
  space.size = shape[dim];
  space.keyBits = unsigned(8 * kernel::elementBytes(element));
  for (int64_t size : shape.drop_front(dim + 1))
    space.rowsInner |= size > 1;
  f.scopes.reset();
  Delivery delivery(p, {op});
  Value *to = delivery.to(result);
  auto dimsAt = [&](Value *row, Value *index) {
    auto dims = cpu::dimsOfLinear(f, row, others);
    dims.insert(dims.begin() + long(dim), index);
    return dims;
  };
  sortRows(
      p, space,
      [&](Value *row, Value *at) {
        cpu::Index index;
        index.dims = dimsAt(row, at);
        return sortingKey(p, element, cpu::Elements(f, index).at(x));
      },
      [&](Value *row, Value *position, Value *, Value *index) {
        Value *at = cpu::linearIndex(f, dimsAt(row, position), shape);
        f.b.CreateStore(index, f.b.CreateInBoundsGEP(f.b.getInt32Ty(), to, at));
      });
  delivery.finish();
}

} // namespace descent::gpu
