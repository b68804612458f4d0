// Products whose rows are made by a kernel: by the one that reads them, or by the one that makes
// the rows of their left operand.
//
//   %z = dot %x, %w                     kernel [n], chunks of 112 rows
//   %h = relu(%z + bias)         =>       rows of %z: 112 x k @ k x m
//   %s = sum of %h over rows              loop [m]: %h = …, %s += …
//
// A chunk of the kernel first makes its own rows of the product, by the same code as that of a
// product alone, and then runs its nests on them while they are in the cache. If nothing else reads
// the product, it is never stored: there are only the rows of running chunks.
//
//   %c = (x - mean) * scale            kernel [n], chunks of 112 rows
//   %z = dot %c, %w             =>       loop [k]: %c = …
//                                        rows of %z: 112 x k @ k x m
//
// Likewise a chunk that makes rows of a left operand makes the product of these rows afterwards.
#include "compiler/kernel/Former.h"

using namespace mlir;

namespace descent::kernel {

namespace {

/// A multiple of the tiles' usual rows, and of the iterations that run together in a kernel.
constexpr int64_t rowUnit = 112, mostRows = 4 * rowUnit;
/// Where rows are long, or there are few of them, chunks have fewer.
constexpr int64_t fewRows = 32, rowStep = 16;
constexpr int64_t fewChunks = 8, evenChunks = 16;
/// What a chunk makes should leave room in the second cache.
constexpr int64_t usualRowsBytes = 128 << 10, mostRowsBytes = 512 << 10;
/// Smaller products are made as fast as others are woken up to help.
constexpr int64_t leastBytes = 64 << 10, leastRows = 2 * fewRows;
/// All of a right operand, in the order in which it is read.
constexpr int64_t mostPackedBytes = 4 << 20;
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

/// Rows of a chunk: as many as suit the caches, and where that makes few chunks, so many that
/// threads get the same.
int64_t rowsOfChunk(int64_t rows, int64_t rowBytes) {
  int64_t most = rowUnit * rowBytes <= mostRowsBytes
                     ? std::clamp(usualRowsBytes / rowBytes / rowUnit * rowUnit, rowUnit, mostRows)
                     : mostRowsBytes / rowBytes / rowStep * rowStep;
  int64_t chunks = int64_t(llvm::divideCeil(rows, most));
  if (chunks >= evenChunks)
    return most;
  chunks = std::max(fewChunks, int64_t(llvm::PowerOf2Ceil(uint64_t(chunks))));
  return std::max(fewRows, int64_t(llvm::alignTo(llvm::divideCeil(rows, chunks), rowStep)));
}

/// What a chunk makes of a batch: of products whose scores, say, are larger, it is in no cache.
constexpr int64_t mostBatchBytes = 4 << 20, leastBatch = 8;

/// Indices of a batch for a chunk.
int64_t batchOfChunk(int64_t batch, int64_t bytes) {
  return std::clamp(usualRowsBytes / std::max<int64_t>(bytes, 1), int64_t(1), batch / leastBatch);
}

/// Bytes of a product's right operand, packed.
int64_t packedBytes(ir::DotOp op) {
  DotShape shape = dotShape(op);
  int64_t row = shape.n * elementBytes(op.getType().getElementType());
  return shape.k * int64_t(llvm::alignTo(uint64_t(row), 64));
}

/// Whether a product is of one matrix with another, or a batch of these: then a chunk makes whole
/// products.
bool isOfMatrices(ir::DotOp op) {
  DotShape shape = dotShape(op);
  return isa<FloatType>(op.getType().getElementType()) && shape.lhsFree.size() == 1 &&
         shape.rhsFree.size() == 1 && op.getLhsContract().size() == 1;
}

bool isBatch(ir::DotOp op) {
  return !op.getLhsBatch().empty();
}

/// Rows, or indices of a batch, that a chunk makes, of so many with so many bytes each.
int64_t sizeOfChunk(ir::DotOp op, int64_t rows, int64_t bytes) {
  return isBatch(op) ? batchOfChunk(rows, bytes) : rowsOfChunk(rows, bytes);
}

int64_t chunksOf(ir::DotOp op, int64_t rows, int64_t bytes) {
  return int64_t(llvm::divideCeil(rows, sizeOfChunk(op, rows, bytes)));
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

/// Whether a step is a product that a kernel makes.
bool Former::isTakenBy(int product, int kernel) const {
  return taken.contains(product) &&
         llvm::is_contained(steps[kernel].roots, steps[product].roots.front());
}

/// Whether the outermost loop of all nests of a kernel goes over so many rows.
bool Former::goesByRows(int at, int64_t rows) const {
  return llvm::all_of(steps[at].loops, [&](const Loop &loop) {
    return !loop.space.empty() && loop.space.front() == rows && !llvm::is_contained(loop.space, 0);
  });
}

/// What a chunk of rows leaves of the reductions over them.
int64_t Former::partialBytes(const Step &step) const {
  int64_t bytes = 0;
  for (const Loop &loop : step.loops)
    for (Operation *root : loop.roots)
      if (isReduction(root) && !llvm::is_contained(keptDims(root), 0))
        bytes += byteSize(root->getResult(0));
  return bytes;
}

/// Whether all that a kernel reads of a product is of the row that is the index of its outermost
/// loop.
bool Former::readsByRows(int at, Value product) {
  return goesByRows(at, tensorType(product).getDimSize(0)) &&
         llvm::all_of(uses[product], [&](const Use &how) {
           return how.step != at || (how.kind == UseKind::Element && maps.source(how.map, 0) == 0);
         });
}

/// Finds the kernel that can make the rows of a product, or says why there is none where there
/// might be.
const char *Former::findKernelForRows(int product, int &kernel) {
  auto op = cast<ir::DotOp>(steps[product].roots.front());
  Value value = op.getResult();
  DotShape shape = dotShape(op);
  int64_t rows = tensorType(value).getRank() ? tensorType(value).getDimSize(0) : 0;
  if (!isOfMatrices(op) || byteSize(value) < leastBytes ||
      rows < (isBatch(op) ? leastBatch : leastRows) || shape.k == 0)
    return nullptr;
  int64_t row = byteSize(value) / rows;
  if (isBatch(op) ? row > mostBatchBytes : fewRows * row > mostRowsBytes)
    return isBatch(op) ? "its matrices are large" : "its rows are long";
  if (packedBytes(op) > mostPackedBytes)
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
          return other.step >= 0 && other.step != how.step &&
                 (isTakenBy(other.step, how.step) || reaches(other.step, how.step));
        }))
      continue;
    refusal = "what chunks leave would be large";
    if (partialBytes(step) * chunksOf(op, rows, row) > mostPartialBytes)
      continue;
    kernel = how.step;
    return nullptr;
  }
  return refusal;
}

/// Finds the kernel that makes the left operand of a product and can make the product's rows
/// afterwards, or says why there is none where there might be.
const char *Former::findMakerOfRows(int product, int &kernel) {
  const Step &own = steps[product];
  auto op = cast<ir::DotOp>(own.roots.front());
  Value operand = op.getLhs();
  auto found = makers.find(operand.getDefiningOp());
  DotShape shape = dotShape(op);
  if (found == makers.end() || !isOfMatrices(op) || byteSize(operand) < leastBytes || shape.n == 0)
    return nullptr;
  int64_t rows = tensorType(operand).getDimSize(0), row = byteSize(operand) / rows;
  auto [at, nest] = found->second;
  const Step &step = steps[at];
  if (isBatch(op)) {
    if (rows < leastBatch || op.getLhsBatch().front() != 0)
      return nullptr;
    if (row > mostBatchBytes)
      return "its matrices are large";
  } else {
    if (op.getLhsContract().front() != 1)
      return "its columns are needed";
    if (rows < leastRows)
      return "it has few rows";
    if (fewRows * row > mostRowsBytes)
      return "its rows are long";
  }
  if (packedBytes(op) > mostPackedBytes)
    return "the right operand is large";
  if (!isStrided(op.getRhs(), materialised))
    return "the right operand is not in memory as it is";
  if (!goesByRows(at, rows) ||
      ArrayRef(step.loops[size_t(nest)].space) != tensorType(operand).getShape())
    return "its kernel goes over other rows";
  if (step.loops.size() == 1 && step.loops.front().linear && shape.k < shortestColumns)
    return "its rows are short";
  if (llvm::count_if(own.reads, [&](const Read &read) {
        return llvm::is_contained(step.roots, aliasRoot(read.value).getDefiningOp());
      }) != 1)
    return "its kernel makes the right operand too";
  for (int other = 0, count = int(steps.size()); other < count; ++other)
    if (other != at && llvm::is_contained(successors[other], product) && reaches(at, other))
      return "the right operand is made later";
  if (partialBytes(step) * chunksOf(op, rows, row) > mostPartialBytes)
    return "what chunks leave would be large";
  kernel = at;
  return nullptr;
}

/// Adds a product to a kernel, whose chunks are then of as many rows as suit all its products. The
/// kernel reads what the product does. The product's step stays in the order, as nothing: all that
/// has to run before it still does, and who else reads the product waits for the kernel.
void Former::takeProduct(int at, int to, RowProduct rows, int64_t rowBytes) {
  Step &own = steps[at], &kernel = steps[to];
  auto op = cast<ir::DotOp>(own.roots.front());
  int64_t count = op.getType().getDimSize(0);
  rows.op = op;
  rows.packedBytes = packedBytes(op);
  rows.operandApart = own.operandApart;
  rows.isBatch = isBatch(op);
  rows.chunkRows = sizeOfChunk(op, count, rowBytes);
  for (const RowProduct &other : kernel.products)
    rows.chunkRows = std::min(rows.chunkRows, other.chunkRows);
  kernel.products.push_back(rows);
  for (RowProduct &each : kernel.products)
    each.chunkRows = rows.chunkRows;
  for (Loop &loop : kernel.loops)
    loop.linear = false;
  kernel.roots.push_back(rows.op);
  for (const Read &read : own.reads) {
    if (!rows.isAfter || read.value != rows.op->getOperand(0))
      kernel.reads.push_back({.value = read.value});
    llvm::replace(leafUsers[read.value], at, to);
  }
  taken.insert(at);
}

void Former::takeIntoReader(int at, int to) {
  Value value = steps[at].roots.front()->getResult(0);
  Step &kernel = steps[to];
  RowProduct rows;
  rows.isLocal = llvm::all_of(uses[value], [&](const Use &how) { return how.step == to; });
  if (rows.isLocal) {
    materialised.erase(value);
    llvm::erase_if(kernel.reads, [&](const Read &read) { return read.value == value; });
  }
  for (Read &read : kernel.reads)
    if (read.value == value)
      read.pointwise = read.atIndex = false;
  takeProduct(at, to, rows, byteSize(value) / tensorType(value).getDimSize(0));
  for (int user : successors[at])
    if (user != to && !llvm::is_contained(successors[to], user))
      successors[to].push_back(user);
}

void Former::takeIntoMaker(int at, int to) {
  Value operand = steps[at].roots.front()->getOperand(0);
  takeProduct(at, to, {.isAfter = true}, byteSize(operand) / tensorType(operand).getDimSize(0));
  for (int other = 0, count = int(steps.size()); other < count; ++other)
    if (other != to && llvm::is_contained(successors[other], at) &&
        !llvm::is_contained(successors[other], to))
      successors[other].push_back(to);
}

/// Left operands that only the products after a kernel's nests read, and these nests themselves,
/// are not stored.
void Former::findLocalOperands() {
  for (int at = 0, count = int(steps.size()); at < count; ++at)
    for (const RowProduct &each : steps[at].products) {
      Value operand = each.op->getOperand(0);
      if (!each.isAfter || !llvm::all_of(uses[operand], [&](const Use &how) {
            return how.kind == UseKind::Element && (how.step == at || isTakenBy(how.step, at));
          }))
        continue;
      materialised.erase(operand);
    }
}

void Former::takeProducts() {
  if (!options.fuse)
    return;
  auto isProduct = [](const Step &step) {
    return !step.isKernel && !step.points && step.roots.size() == 1 &&
           isa<ir::DotOp>(step.roots.front());
  };
  for (int at = 0, count = int(steps.size()); at < count; ++at)
    if (steps[at].isKernel && !steps[at].points)
      for (auto [nest, loop] : llvm::enumerate(steps[at].loops))
        for (Operation *root : loop.roots)
          if (!isReduction(root))
            makers[root] = {at, int(nest)};
  for (int at = 0, count = int(steps.size()); at < count; ++at) {
    Step &own = steps[at];
    if (!isProduct(own))
      continue;
    int reader = -1, maker = -1;
    own.apart = findKernelForRows(at, reader);
    own.operandApart = findMakerOfRows(at, maker);
    Operation *op = own.roots.front();
    // What is larger had better not be stored.
    if (maker >= 0 && (reader < 0 || byteSize(op->getOperand(0)) > byteSize(op->getResult(0)))) {
      takeIntoMaker(at, maker);
    } else if (reader >= 0) {
      if (maker >= 0)
        own.operandApart = "the product is in a kernel that reads it";
      takeIntoReader(at, reader);
    }
  }
  findLocalOperands();
}

} // namespace descent::kernel
