// The two innermost loops of a nest that reads a large array across its rows, in squares:
//
//   for i in blocks of 64, j in blocks of 64            out[i, j] = a[j, i] + b[i, j]
//     for i in the block
//       prefetch row i of the next square of b and out, and row j of the next square of a
//       for j in the block: out[i, j] = a[j, i] + b[i, j]
//
// The processor's own prefetching follows neither the columns nor such short pieces of rows:
// without asking for the next square, squares are slower than whole rows.
#include "compiler/cpu/KernelEmitter.h"

namespace descent::cpu {

using llvm::Value;

namespace {

constexpr int64_t kLine = 64;

} // namespace

/// The outer one of the two loops: but for one all loops inside are of one iteration.
size_t KernelEmitter::tiledLevel(const NestCode &nest) const {
  size_t level = nest.sizes.size(), found = 0;
  while (found < 2)
    found += nest.sizes[--level] != 1;
  return level;
}

/// Asks for the lines of an array from an index on, `count` elements of its rows. What is not at an
/// index of the loops alone is left to the processor.
void KernelEmitter::prefetchLines(mlir::Value value, int map, llvm::ArrayRef<Value *> counters,
                                  int64_t count) {
  mlir::Type element = kernel::tensorType(value).getElementType();
  Value *at = f.number(0);
  int64_t stride = 1;
  llvm::ArrayRef<int64_t> shape = kernel::tensorType(value).getShape();
  for (int64_t dim = int64_t(shape.size()); dim-- > 0; stride *= shape[size_t(dim)]) {
    if (shape[size_t(dim)] == 1)
      continue;
    int from = f.plan.maps.source(map, dim);
    if (from < 0)
      return;
    at = b.CreateAdd(at, b.CreateMul(counters[size_t(from)], f.number(stride)));
  }
  Value *first = b.CreateGEP(memoryType(f.context(), element), f.pointerTo(value), at);
  for (int64_t byte = 0; byte < count * kernel::elementBytes(element); byte += kLine)
    b.CreateIntrinsic(llvm::Intrinsic::prefetch, {b.getPtrTy()},
                      {b.CreateGEP(b.getInt8Ty(), first, f.number(byte)), b.getInt32(0),
                       b.getInt32(3), b.getInt32(1)});
}

void KernelEmitter::squares(NestCode &nest, size_t level, Value *from, Value *to) {
  int64_t edge = nest.loop->tile;
  Counters outer = lanes.front();
  size_t inner = level + 1;
  while (nest.sizes[inner] == 1)
    ++inner;
  auto at = [&](Value *row, Value *column) {
    Counters counters = outer;
    counters.push_back(row);
    for (size_t dim = level + 1; dim < nest.sizes.size(); ++dim)
      counters.push_back(dim == inner ? column : f.number(0));
    return counters;
  };
  auto plus = [&](Value *x, Value *y) { return b.CreateAdd(x, y, "", true, true); };
  auto columns = [&](Value *begin, Value *end, Value *first, int64_t count) {
    forRange(f, begin, end, [&](Value *row) {
      Value *next = plus(first, f.number(edge));
      Counters along = at(row, next);
      Counters across = at(begin, plus(next, b.CreateSub(row, begin, "", true, true)));
      for (const kernel::Read &read : step.reads) {
        if (read.map == kernel::IndexMaps::identity && !read.atIndex)
          continue; // by a product
        int rank = int(kernel::tensorType(read.value).getRank());
        int last = rank ? f.plan.maps.source(read.map, rank - 1) : -1;
        if (last == int(inner) || last == int(level))
          prefetchLines(read.value, read.map, last == int(inner) ? along : across, edge);
      }
      for (mlir::Operation *op : nest.stores)
        if (rows.empty() || !rows.front().contains(op->getResult(0)))
          prefetchLines(op->getResult(0), kernel::IndexMaps::identity, along, edge);
      forRange(f, f.number(0), f.number(count), [&](Value *column) {
        lanes.front() = at(row, plus(first, column));
        body(nest);
      });
    });
  };
  int64_t size = nest.sizes[inner], whole = size / edge;
  Value *rows = b.CreateSub(to, from, "", true, true);
  Value *blocks = b.CreateUDiv(plus(rows, f.number(edge - 1)), f.number(edge));
  forRange(f, f.number(0), blocks, [&](Value *block) {
    Value *begin = plus(from, b.CreateMul(block, f.number(edge), "", true, true));
    Value *end = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, plus(begin, f.number(edge)), to);
    forRange(f, f.number(0), f.number(whole), [&](Value *square) {
      columns(begin, end, b.CreateMul(square, f.number(edge), "", true, true), edge);
    });
    if (size % edge)
      columns(begin, end, f.number(whole * edge), size % edge);
  });
  lanes.front() = outer;
}

} // namespace descent::cpu
