// Products whose rows are made by the kernel that reads them.
//
//   %z = dot %x, %w                     kernel [n], chunks of 112 rows
//   %h = relu(%z + bias)         =>       rows of %z: 112 x k @ k x m
//   %s = sum of %h over rows              loop [m]: %h = …, %s += …
//
// A chunk of the kernel first makes its own rows of the product, by the same code as that of a
// product alone, and then runs its nests on them while they are in the cache. If nothing else reads
// the product, it is never stored: there are only the rows of running chunks.
#include "compiler/kernel/Former.h"

using namespace mlir;

namespace descent::kernel {

namespace {

/// A multiple of the tiles' usual rows, and of the iterations that run together in a kernel.
constexpr int64_t rowUnit = 112, mostRows = 4 * rowUnit;
/// What a chunk makes should leave room in the second cache.
constexpr int64_t usualRowsBytes = 128 << 10, mostRowsBytes = 512 << 10;
/// Smaller products are still in the cache when they are complete.
constexpr int64_t leastBytes = 1 << 20;
constexpr int64_t mostPartialBytes = 2 << 20;
/// Shorter rows are better gone through as one loop over all elements.
constexpr int64_t shortestColumns = 16;

/// Whether a value will be memory seen through strides.
bool isStrided(Value value, const Materialised &materialised) {
  while (isArray(value)) {
    Operation *op = value.getDefiningOp();
    if (!op || isa<ir::InputOp>(op) || isTable(value) || materialised.contains(value))
      return true;
    if (!isa<ir::TransposeOp, ir::SliceOp, ir::ReverseOp, ir::BroadcastOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return false;
}

} // namespace

int64_t workOf(ir::DotOp op) {
  DotShape shape = dotShape(op);
  return shape.batch * shape.m * shape.n * shape.k /
         (16 / elementBytes(op.getType().getElementType()));
}

int64_t partsOfTerms(ir::DotOp op) {
  constexpr int64_t leastTerms = 1024, mostParts = 64, workOfPart = 1 << 20;
  constexpr int64_t mostElementBytes = 128 << 10, mostRowBytes = 1024;
  DotShape shape = dotShape(op);
  int64_t bytes = elementBytes(op.getType().getElementType());
  if (!isa<FloatType>(op.getType().getElementType()) || shape.batch != 1 ||
      op.getLhsContract().size() != 1 || shape.m * shape.n * bytes > mostElementBytes ||
      shape.n * bytes > mostRowBytes)
    return 1;
  int64_t parts = std::min({mostParts, shape.k / leastTerms, workOf(op) / workOfPart});
  return parts < 4 ? 1 : parts;
}

/// Whether all that a kernel reads of a product is of the row that is the index of its outermost
/// loop.
bool Former::readsByRows(int at, Value product) {
  const Step &step = steps[at];
  int64_t rows = tensorType(product).getDimSize(0);
  for (const Loop &loop : step.loops)
    if (loop.space.empty() || loop.space.front() != rows || llvm::is_contained(loop.space, 0))
      return false;
  return llvm::all_of(uses[product], [&](const Use &how) {
    return how.step != at || (how.kind == UseKind::Element && maps.source(how.map, 0) == 0);
  });
}

/// Finds the kernel that can make the rows of a product, or says why there is none where there
/// might be.
const char *Former::findKernelForRows(int product, int &kernel) {
  auto op = cast<ir::DotOp>(steps[product].roots.front());
  Value value = op.getResult();
  DotShape shape = dotShape(op);
  if (!isa<FloatType>(tensorType(value).getElementType()) || !op.getLhsBatch().empty() ||
      shape.lhsFree.size() != 1 || shape.rhsFree.size() != 1 || op.getLhsContract().size() != 1)
    return nullptr;
  int64_t row = shape.n * elementBytes(tensorType(value).getElementType());
  if (byteSize(value) < leastBytes || shape.m < 2 * rowUnit)
    return nullptr;
  if (rowUnit * row > mostRowsBytes)
    return "its rows are long";
  if (shape.k * int64_t(llvm::alignTo(uint64_t(row), 64)) > options.productScratchBytes)
    return "its right operand is large";
  if (!isStrided(op.getLhs(), materialised) || !isStrided(op.getRhs(), materialised))
    return "an operand is not in memory as it is";
  const char *refusal = "no kernel reads it";
  for (const Use &how : uses[value]) {
    if (how.step < 0 || how.kind != UseKind::Element || !steps[how.step].isKernel ||
        steps[how.step].points)
      continue;
    const Step &step = steps[how.step];
    refusal = "who reads it does so at other rows";
    if (!readsByRows(how.step, value))
      continue;
    refusal = "who reads it has short rows";
    if (step.loops.size() == 1 && step.loops.front().linear && shape.n < shortestColumns)
      continue;
    refusal = "something needs it before";
    if (llvm::any_of(uses[value], [&](const Use &other) {
          return other.step >= 0 && other.step != how.step && reaches(other.step, how.step);
        }))
      continue;
    refusal = "what chunks leave would be large";
    int64_t partials = 0;
    for (const Loop &loop : step.loops)
      for (Operation *root : loop.roots)
        if (classOf(root) == OpClass::Reduce || classOf(root) == OpClass::Dot ||
            classOf(root) == OpClass::ArgReduce)
          if (!llvm::is_contained(keptDims(root), 0))
            partials += byteSize(root->getResult(0));
    if (partials * int64_t(llvm::divideCeil(shape.m, rowUnit)) > mostPartialBytes)
      continue;
    kernel = how.step;
    return nullptr;
  }
  return refusal;
}

void Former::takeProducts() {
  if (!options.fuse)
    return;
  for (int at = 0, count = int(steps.size()); at < count; ++at) {
    Step &own = steps[at];
    if (own.isKernel || own.points || own.roots.size() != 1 || !isa<ir::DotOp>(own.roots.front()))
      continue;
    int to = -1;
    own.apart = findKernelForRows(at, to);
    if (to < 0)
      continue;
    Operation *op = own.roots.front();
    Value value = op->getResult(0);
    Step &kernel = steps[to];
    RowProduct rows{.op = op, .packedBytes = own.scratchBytes};
    int64_t fitting = usualRowsBytes / (byteSize(value) / tensorType(value).getDimSize(0));
    rows.chunkRows = std::clamp(fitting / rowUnit * rowUnit, rowUnit, mostRows);
    for (const RowProduct &other : kernel.products)
      rows.chunkRows = std::min(rows.chunkRows, other.chunkRows);
    rows.isLocal = llvm::all_of(uses[value], [&](const Use &how) { return how.step == to; });
    kernel.products.push_back(rows);
    for (RowProduct &each : kernel.products)
      each.chunkRows = rows.chunkRows;
    for (Loop &loop : kernel.loops)
      loop.linear = false;
    kernel.roots.push_back(op);
    // The kernel reads what the product does. The product's step stays in the order, as nothing:
    // all that has to run before it still does, and who else reads the product waits for the
    // kernel.
    if (rows.isLocal) {
      materialised.erase(value);
      llvm::erase_if(kernel.reads, [&](const Read &read) { return read.value == value; });
    }
    for (Read &read : kernel.reads)
      if (read.value == value)
        read.pointwise = read.atIndex = false;
    for (const Read &read : own.reads) {
      kernel.reads.push_back({.value = read.value});
      llvm::replace(leafUsers[read.value], at, to);
    }
    for (int user : successors[at])
      if (user != to && !llvm::is_contained(successors[to], user))
        successors[to].push_back(user);
    taken.insert(at);
  }
}

} // namespace descent::kernel
