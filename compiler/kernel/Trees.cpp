// What follows from the nests that a kernel has in the end: which arrays shrink to what one
// iteration of the shared loops needs, and how the outermost loop is divided.
#include "compiler/kernel/Former.h"

using namespace mlir;

namespace descent::kernel {

namespace {

constexpr int64_t alignment = 64;
/// Sums of floats are made of partial sums of at most so many iterations, so that the error does
/// not grow with the array: of one loop, which the vectoriser adds up in many lanes, or of rows.
constexpr int64_t longestSum = 4096, longestSumOfRows = 512;
/// Scratch memory for what the chunks of a kernel leave.
constexpr int64_t mostPartialBytes = 2 << 20;
/// Squares of iterations, and from what size on an array that is read across its rows wants them.
constexpr int64_t tileSize = 64, leastTiledBytes = cachedBytes;
/// Simple operations for asking a guard.
constexpr int64_t costOfGuard = 2;
constexpr int64_t mostChunks = 1 << 16;
/// Iterations that run together, and what their rows may take of the first and the second cache.
constexpr int fewTogether = 4, manyTogether = 16;
constexpr int64_t mostTogetherBytes = 16 << 10, mostAcrossBytes = 256 << 10;
/// Loops that do not fill vectors, and the bytes of a vector (on smaller machines: of two or four).
constexpr int64_t shortLoop = 24, vectorBytes = 64;
/// Rows of running sums that are taken across: longer ones are far apart in memory.
constexpr int64_t longestRowAcross = 64;
/// Rows that are turned over. (Two neighbours that are used one by one are not vectorised well.)
constexpr int64_t shortestTurned = 2, longestTurned = 64;
/// Bytes of rows that are stored past the caches: shorter ones have too few whole lines.
constexpr int64_t leastStreamedRow = 1 << 10;
/// Simple operations of a kernel on vectors, for each vector that it reads or stores, up to which
/// memory is what it waits for. With more, what such stores spare is hidden behind the work.
constexpr int64_t mostStreamedWork = 4;

int64_t product(ArrayRef<int64_t> sizes) {
  int64_t all = 1;
  for (int64_t size : sizes)
    all *= size;
  return all;
}

/// The dimension of a nest's space that is its outermost loop, or -1 where one loop runs over all.
int outermost(const Step &step) {
  const Loop &loop = step.loops.front();
  if (step.loops.size() == 1 && loop.linear)
    return -1;
  for (int i = 0, last = int(loop.space.size()); i < last; ++i)
    if (loop.space[i] != 1)
      return i;
  return -1;
}

/// The loops of a nest outside of those over which something is reduced.
int outside(Operation *root, const Loop &loop) {
  SmallVector<int, 4> kept = keptDims(root);
  int dim = 0, rank = int(loop.space.size());
  while (dim < rank && (loop.space[dim] == 1 || llvm::is_contained(kept, dim)))
    ++dim;
  return dim;
}

/// How the iterations of the innermost shared loop run. Together, nests without loops of their own
/// (there is one number for each iteration) vectorise along them, and rows to which all iterations
/// add are loaded and stored once for some.
void chooseManner(Step &step) {
  int64_t extent = step.loops.size() < 2 ? 1 : step.loops.front().space[step.shared - 1];
  if (extent < fewTogether)
    return;
  int last = step.shared - 1, single = 0;
  int64_t inner = 1, bytes = 0;
  unsigned widest = 1;
  bool adds = false, isShort = false;
  for (const Loop &loop : step.loops) {
    for (Operation *root : loop.roots)
      widest =
          std::max(widest, unsigned(elementBytes(tensorType(root->getResult(0)).getElementType())));
    if (loop.guard.condition)
      continue;
    ArrayRef<int64_t> own = ArrayRef(loop.space).drop_front(step.shared);
    int64_t row = product(own);
    inner = std::max(inner, row);
    if (row == 1)
      single += loop.cost;
    bool addsHere = false;
    for (Operation *root : loop.roots) {
      if (!isReduction(root))
        continue;
      SmallVector<int, 4> kept = keptDims(root);
      addsHere |= row > 1 && !llvm::is_contained(kept, last) &&
                  llvm::any_of(kept, [&](int dim) { return dim > last; });
    }
    adds |= addsHere;
    isShort |= loop.scan >= 0 && row <= longestRowAcross;
    adds |= loop.scan >= 0;
    auto innermost = llvm::find_if(llvm::reverse(own), [](int64_t size) { return size > 1; });
    if (!addsHere && innermost != own.rend())
      isShort |= *innermost <= shortLoop;
  }
  for (const Local &local : step.locals)
    bytes += local.elements * elementBytes(tensorType(local.value).getElementType());
  int vector = int(vectorBytes / widest);
  if (isShort && extent >= 4 * vector && vector * bytes <= mostAcrossBytes) {
    step.together = vector;
    step.across = true;
  } else if (single * 8 > inner && extent >= manyTogether &&
             manyTogether * bytes <= mostTogetherBytes) {
    step.together = manyTogether;
  } else if (adds && fewTogether * bytes <= mostAcrossBytes) {
    step.together = fewTogether;
  }
}

/// Finds the arrays whose rows lanes are to read from a copy that is turned over.
void chooseTurned(Step &step) {
  if (!step.across)
    return;
  int64_t bytes = 0;
  for (const Read &read : step.reads) {
    const Loop &loop = step.loops[size_t(read.nest)];
    auto type = tensorType(read.value);
    int64_t elements = product(ArrayRef(loop.space).drop_front(step.shared));
    unsigned size = unsigned(elementBytes(type.getElementType()));
    int64_t block = step.together * elements * size;
    if (!read.atIndex || loop.guard.condition || type.getShape() != ArrayRef(loop.space) ||
        elements < shortestTurned || elements > longestTurned || (size != 4 && size != 8) ||
        bytes + block > mostTogetherBytes || !llvm::isPowerOf2_64(uint64_t(step.together)) ||
        llvm::any_of(step.locals, [&](const Local &l) { return l.value == read.value; }) ||
        llvm::any_of(step.turned, [&](const Turned &t) { return t.value == read.value; }))
      continue;
    Turned turned{.value = read.value, .elements = elements};
    for (int dim = step.shared; dim < int(loop.space.size()); ++dim)
      turned.dims.push_back(dim);
    step.turned.push_back(std::move(turned));
    bytes += block;
  }
}

/// Simple operations of a kernel, on one element each.
int64_t operationsOf(const Step &step) {
  int64_t work = 0;
  for (const Loop &loop : step.loops)
    work += loop.guard.condition
                ? product(ArrayRef(loop.space).take_front(loop.guard.level)) * costOfGuard
                : product(loop.space) * std::max(1, loop.cost);
  for (const RowProduct &each : step.products)
    work += workOf(cast<ir::DotOp>(each.op));
  return work;
}

/// Bytes of the arrays that a kernel reads and stores, each once.
int64_t bytesMoved(const Step &step, const Materialised &materialised) {
  SmallVector<Value> seen;
  int64_t bytes = 0;
  auto add = [&](Value value) {
    if (llvm::is_contained(seen, value))
      return;
    seen.push_back(value);
    bytes += byteSize(value);
  };
  for (const Read &read : step.reads)
    add(read.value);
  for (Operation *root : step.roots)
    if (materialised.contains(root->getResult(0)))
      add(root->getResult(0));
  return bytes;
}

} // namespace

/// Finds what flows inside a tree alone.
void Former::findLocals(int at) {
  Step &step = steps[at];
  for (const Loop &loop : step.loops)
    for (Operation *root : loop.roots) {
      Value value = root->getResult(0);
      if (!isArray(value) || numElements(value) == 0)
        continue;
      auto found = uses.find(value);
      if (found == uses.end() || llvm::any_of(found->second, [&](const Use &how) {
            return how.step != at || how.kind != UseKind::Element;
          }))
        continue;
      SmallVector<int, 4> made;
      if (isReduction(root))
        made = keptDims(root);
      else
        for (int i = 0; i < int(loop.space.size()); ++i)
          made.push_back(i);
      Local local;
      local.value = value;
      for (auto [dim, from] : llvm::enumerate(made)) {
        if (from >= 0 && from < step.shared)
          continue;
        local.dims.push_back(int(dim));
        local.elements *= tensorType(value).getDimSize(int64_t(dim));
      }
      step.locals.push_back(std::move(local));
      materialised.erase(value);
    }
}

/// Lets the two innermost loops of a kernel of one nest run in squares where it reads a large array
/// across its rows.
void Former::chooseTile(Step &step) {
  Loop &loop = step.loops.front();
  if (step.loops.size() > 1 || loop.linear || loop.guard.condition || loop.scan >= 0 ||
      llvm::any_of(step.products, [](const RowProduct &each) { return !each.isAfter; }))
    return;
  SmallVector<int, 4> dims;
  for (int dim = 0; dim < int(loop.space.size()); ++dim)
    if (loop.space[dim] != 1)
      dims.push_back(dim);
  if (dims.size() < 2)
    return;
  int inner = dims.back(), outer = dims[dims.size() - 2];
  if (std::min(loop.space[inner], loop.space[outer]) < 2 * tileSize)
    return;
  for (Operation *root : loop.roots)
    if (isReduction(root) && outside(root, loop) > outer)
      return;
  auto strideOf = [&](const Read &read, int loopDim) {
    int64_t stride = 1;
    ArrayRef<int64_t> shape = tensorType(read.value).getShape();
    for (int dim = int(shape.size()); dim-- > 0; stride *= shape[dim])
      if (shape[dim] != 1 && maps.source(read.map, dim) == loopDim)
        return stride;
    return int64_t(0);
  };
  bool across = llvm::any_of(step.reads, [&](const Read &read) {
    return byteSize(read.value) >= leastTiledBytes && strideOf(read, inner) >= tileSize &&
           strideOf(read, outer) == 1;
  });
  loop.tile = across ? tileSize : 0;
}

/// Divides the outermost loop.
void Former::divide(Step &step) {
  int64_t work = operationsOf(step);
  if (work == 0)
    return;
  Division &division = step.division;
  int outer = outermost(step);
  division.extent = outer < 0 ? product(step.loops.front().space) : step.loops.front().space[outer];
  int64_t perIteration = std::max<int64_t>(1, work / division.extent);
  int64_t size = std::max<int64_t>(1, options.chunkOperations / perIteration);
  int64_t bytes = 0;
  bool sumsFloats = false;
  for (const Loop &loop : step.loops)
    for (Operation *root : loop.roots) {
      if (!isReduction(root) || (outer >= 0 && llvm::is_contained(keptDims(root), outer)))
        continue;
      Value result = root->getResult(0);
      Partial partial{
          .result = result,
          .bytes = int64_t(llvm::alignTo(byteSize(result), isArray(result) ? alignment : 8))};
      if (classOf(root) == OpClass::ArgReduce)
        partial.bytes = 16; // a value and its position
      bytes += partial.bytes;
      sumsFloats |= isa<FloatType>(tensorType(result).getElementType()) &&
                    !isa<ir::ReduceMaxOp, ir::ReduceMinOp>(root);
      division.partials.push_back(std::move(partial));
    }
  if (outer >= 0 && step.loops.front().scan == outer)
    size = division.extent;
  if (sumsFloats)
    size = std::min(size, outer < 0 ? longestSum : longestSumOfRows);
  // Some passes over the results of the chunks must not cost more than the chunks.
  int64_t count = std::min(mostChunks, int64_t(llvm::divideCeil(division.extent, size)));
  if (bytes)
    count = std::min({count, std::max<int64_t>(1, mostPartialBytes / bytes),
                      std::max<int64_t>(1, work / (4 * std::max<int64_t>(1, bytes / 4)))});
  size = int64_t(llvm::divideCeil(division.extent, count));
  // Whole groups of iterations side by side, and whole vectors.
  int64_t unit = outer < 0 ? 64 : std::max<int64_t>(step.together, step.loops.front().tile);
  size = int64_t(llvm::alignTo(size, unit));
  if (!step.products.empty())
    size = step.products.front().chunkRows;
  division.size = std::min(size, division.extent);
  division.count = int64_t(llvm::divideCeil(division.extent, division.size));
  division.operations = perIteration * division.size;
  if (division.count == 1)
    division.partials.clear();
}

/// Finds the arrays that may be stored past the caches: memory is what the kernel waits for,
/// nothing in it reads them again, and the innermost loop of their nest is long enough to fill
/// lines of memory, and is not emitted in another order. Nests that reduce along it have no blocks
/// of iterations: the order of a sum must not depend on the size of a cache.
void Former::findLarge(int at) {
  Step &step = steps[at];
  if (step.across)
    return;
  int64_t work = operationsOf(step), moved = bytesMoved(step, materialised);
  int64_t least = std::min(leastStreamedRow, options.streamedBytes);
  auto isWaiting = [&](int64_t elementBytes) { // for memory
    return work * elementBytes <= mostStreamedWork * moved || !options.streamedBytes;
  };
  for (const Loop &loop : step.loops) {
    if (loop.guard.condition || loop.scan >= 0 || loop.tile || loop.space.empty() ||
        llvm::any_of(loop.roots, isReduction))
      continue;
    int64_t row = loop.linear ? product(loop.space) : loop.space.back();
    for (Operation *root : loop.roots) {
      Value value = root->getResult(0);
      int64_t bytes = elementBytes(tensorType(value).getElementType());
      bool isRead = llvm::any_of(uses[value], [&](const Use &how) { return how.step == at; }) ||
                    llvm::any_of(step.products, [&](const RowProduct &each) {
                      return llvm::is_contained(each.op->getOperands(), value);
                    });
      if (!isRead && bytes >= 4 && row * bytes >= least && isWaiting(bytes) &&
          byteSize(value) >= options.streamedBytes)
        step.large.push_back(value);
    }
  }
}

void Former::finishKernels() {
  if (options.forProcessor)
    takeProducts();
  for (int i = 0, count = int(steps.size()); i < count; ++i) {
    Step &step = steps[i];
    if (!step.isKernel)
      continue;
    int nests = int(step.loops.size());
    if (nests > 1) {
      findLocals(i);
      std::reverse(step.loops.begin(), step.loops.end());
      for (Loop &loop : step.loops)
        loop.linear = false;
    }
    for (Loop &loop : step.loops)
      if (loop.guard.condition && !llvm::all_of(loop.roots, [&](Operation *root) {
            return isReduction(root) && outside(root, loop) < std::max(step.shared, 1);
          }))
        loop.guard = {};
    for (Read &read : step.reads)
      read.nest = nests - 1 - read.nest;
    // An element may be overwritten only after all nests have read it.
    if (nests > 1)
      for (Read &read : step.reads)
        for (int nest = 0; nest < nests; ++nest)
          for (Operation *root : step.loops[nest].roots)
            if (!isReduction(root) && materialised.contains(root->getResult(0)))
              read.pointwise &=
                  nest >= read.nest && step.loops[nest].space == step.loops[read.nest].space;
    chooseManner(step);
    chooseTile(step);
    chooseTurned(step);
    divide(step);
    for (const RowProduct &each : step.products) {
      Value value = each.isAfter ? each.op->getOperand(0) : each.op->getResult(0);
      bool isLocal = each.isAfter ? !materialised.contains(value) : each.isLocal;
      if (isLocal &&
          llvm::none_of(step.locals, [&](const Local &local) { return local.value == value; })) {
        ArrayRef<int64_t> shape = tensorType(value).getShape();
        Local local{.value = value, .elements = each.chunkRows, .ofChunk = true};
        for (int dim = 0; dim < int(shape.size()); ++dim)
          local.dims.push_back(dim);
        local.elements *= product(shape.drop_front());
        step.locals.push_back(std::move(local));
      }
    }
    int64_t bytes = 0;
    for (Local &local : step.locals) {
      local.offset = bytes;
      if (local.elements > 1)
        bytes += int64_t(llvm::alignTo((local.ofChunk ? 1 : step.together) * local.elements *
                                           elementBytes(tensorType(local.value).getElementType()),
                                       alignment));
    }
    for (Turned &turned : step.turned) {
      turned.offset = bytes;
      bytes += int64_t(llvm::alignTo(step.together * turned.elements *
                                         elementBytes(tensorType(turned.value).getElementType()),
                                     alignment));
    }
    auto placePacked = [&](bool batch) {
      for (RowProduct &each : step.products)
        if (each.isBatch == batch) {
          each.packedOffset = bytes;
          bytes += int64_t(llvm::alignTo(each.packedBytes, alignment));
        }
    };
    placePacked(true);
    step.division.laneBytes = bytes;
    for (Partial &partial : step.division.partials) {
      partial.offset = bytes;
      bytes += int64_t(llvm::alignTo(partial.bytes * step.division.count, alignment));
      if (!isArray(partial.result) || !tensorType(partial.result).getElementType().isF32())
        continue;
      partial.totalOffset = bytes;
      bytes += int64_t(llvm::alignTo(8 * numElements(partial.result), alignment));
    }
    placePacked(false);
    step.scratchBytes = bytes;
    findLarge(i);
  }
}

bool isStreamed(const FunctionPlan &plan, const Step &step, Value value) {
  const Place *to = plan.placeOf(value);
  if (!llvm::is_contained(step.large, value) || !to ||
      (to->kind != Place::Kind::Arena && to->kind != Place::Kind::Result))
    return false;
  return llvm::none_of(step.reads, [&](const Read &read) {
    const Place *from = plan.placeOf(read.value);
    if (!from || from->kind != to->kind)
      return false;
    return to->kind == Place::Kind::Result ? from->index == to->index
                                           : from->offset < to->offset + byteSize(value) &&
                                                 to->offset < from->offset + byteSize(read.value);
  });
}

} // namespace descent::kernel
