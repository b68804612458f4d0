// Updates of elements that are found by indices, of which several may meet.
//
// All updates that may meet at one element are added in an order that shapes alone determine. Which
// way depends on shapes, too:
//  - all side by side, where no two go to the same place, as is known of orders and counters;
//  - by one thread, in the order of the indices: where few updates may meet, or where there is
//    enough else to do (elements of different rows never meet);
//  - where there are few elements to meet at: each of many threads adds a chunk of the updates to
//    elements of its own, and these are then added up;
//  - else the updates are sorted by where they go, and cut into pieces. A thread adds up a piece:
//    what it has of the first and of the last element it leaves to whoever goes on with these
//    sums, in pieces in turn; all others are complete. (The reduction by key of G. E. Blelloch,
//    "Prefix sums and their applications", 1990, with sums in a fixed order.)
// Where updates overwrite each other, each first says that it wants an element: the last one gets
// it, by an atomic maximum of numbers.
#include "compiler/gpu/Distinct.h"
#include "compiler/gpu/Fold.h"
#include "compiler/gpu/Sizes.h"
#include "compiler/gpu/Sort.h"
#include "compiler/gpu/Steps.h"
#include "compiler/gpu/Workspace.h"

#include "compiler/cpu/Element.h"
#include "compiler/cpu/Scalar.h"
#include "compiler/cpu/Steps.h"
#include "compiler/kernel/Forming.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// By the threads of a block: rows that are enough work for a card, and updates that one thread may
/// make one after the other.
constexpr int64_t kManyRows = 128, kFewUpdates = 4;
/// Updates of a chunk, at least and at most, and chunks that are added up by a warp.
constexpr int64_t kLeastOfChunk = 8, kMostOfChunk = 256, kMostChunks = 32;
constexpr int64_t kMostChunkBytes = 16 << 20;
/// Updates of a piece.
constexpr int64_t kPiece = 32;

class ScatterEmitter {
public:
  ScatterEmitter(ProgramEmission &p, ir::ScatterOp op);
  void emit();

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  ir::ScatterOp op;
  mlir::RankedTensorType type;
  mlir::Type element;
  size_t axis, batch;
  /// Of the updates: the dimensions before those of the indices, these, and those after. What
  /// differs in one of the first or last never meets: it is a row.
  SmallVector<int64_t, 4> before, ordered, after, rowSizes;
  int64_t rows, updates, places, batches, rowsOfBatch;
  Delivery delivery;
  Value *base; ///< of the result

  Value *plus(Value *x, Value *y) { return b.CreateAdd(x, y, "", true, true); }
  Value *times(Value *x, int64_t y) { return b.CreateMul(x, f.number(y), "", true, true); }
  Value *least(Value *x, int64_t y) {
    return b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, x, f.number(y));
  }
  bool adds() { return op.getKind() == ir::ScatterKind::add; }

  SmallVector<Value *, 4> indicesOf(ArrayRef<Value *> row, Value *update);
  Value *placeOf(ArrayRef<Value *> dims);
  Value *placeOf(Value *batchNumber, Value *update);
  Value *added(Value *x, Value *y);
  Value *addressOf(ArrayRef<Value *> row, Value *place);
  bool isInPlace();
  void bringBase();

  bool neverMeet();
  void update(ArrayRef<Value *> row, Value *number);
  void sideBySide();
  void oneByOne();
  void byChunks(int64_t chunks);
  void byPieces();
  void bySayingSo();

  // Sums by pieces.
  struct Level {
    int64_t count = 0, pieces = 0;
    Value *values = nullptr; ///< [count, rows]; null: those of the updates
  };
  Value *sortedPlaces = nullptr, *sortedUpdates = nullptr; ///< [batches, updates]
  llvm::Type *placeType = nullptr, *sumType = nullptr;
  Value *batchOf(Value *row) {
    return batches == 1 ? f.number(0) : b.CreateUDiv(row, f.number(rowsOfBatch));
  }
  Value *endOfPiece(const Level &level, Value *piece) {
    return least(times(plus(piece, f.number(1)), kPiece), level.count);
  }
  Value *firstUpdate(ArrayRef<Level> below, Value *at);
  void addPieces(ArrayRef<Level> below, const Level &level, const Level *above);
};

ScatterEmitter::ScatterEmitter(ProgramEmission &p, ir::ScatterOp op)
    : p(p), f(p.f), b(p.b), op(op), type(tensorType(op.getResult())),
      element(type.getElementType()), axis(op.getAxis()), batch(op.getBatchDims()),
      delivery(p, {op}), base(delivery.to(op.getResult())) {
  size_t indexDims = size_t(tensorType(op.getIndices()).getRank()) - batch;
  ArrayRef<int64_t> shape = tensorType(op.getUpdates()).getShape();
  before.assign(shape.begin(), shape.begin() + long(axis));
  ordered.assign(shape.begin() + long(axis), shape.begin() + long(axis + indexDims));
  after.assign(shape.begin() + long(axis + indexDims), shape.end());
  rowSizes = before;
  rowSizes.append(after);
  rows = product(rowSizes);
  updates = product(ordered);
  places = type.getDimSize(int64_t(axis));
  batches = product(ArrayRef(before).take_front(batch));
  rowsOfBatch = batches ? rows / batches : 0;
}

/// The index in the array of updates.
SmallVector<Value *, 4> ScatterEmitter::indicesOf(ArrayRef<Value *> row, Value *update) {
  SmallVector<Value *, 4> dims(row.take_front(axis));
  dims.append(cpu::dimsOfLinear(f, update, ordered));
  dims.append(row.begin() + long(axis), row.end());
  return dims;
}

/// Where along the axis an update goes.
Value *ScatterEmitter::placeOf(ArrayRef<Value *> dims) {
  cpu::Index where, whole;
  whole.dims.assign(dims.begin(), dims.end());
  where.dims.append(dims.begin(), dims.begin() + long(batch));
  where.dims.append(dims.begin() + long(axis), dims.begin() + long(axis + ordered.size()));
  cpu::Elements elements(f, whole);
  return cpu::clampedIndex(f, elements.operandAt(op, 1, kernel::IndexMaps::identity, where),
                           places - 1);
}

Value *ScatterEmitter::placeOf(Value *batchNumber, Value *update) {
  SmallVector<Value *, 4> row(rowSizes.size(), f.number(0));
  auto first = cpu::dimsOfLinear(f, batchNumber, ArrayRef(before).take_front(batch));
  llvm::copy(first, row.begin());
  return placeOf(indicesOf(row, update));
}

Value *ScatterEmitter::added(Value *x, Value *y) {
  return cpu::combine(f, cpu::Combiner::Sum, element, x, y, /*reorder=*/false);
}

Value *ScatterEmitter::addressOf(ArrayRef<Value *> row, Value *place) {
  SmallVector<Value *, 4> dims(row.take_front(axis));
  dims.push_back(place);
  dims.append(row.begin() + long(axis), row.end());
  return f.address(element, base, cpu::linearIndex(f, dims, type.getShape()));
}

bool ScatterEmitter::isInPlace() {
  if (delivery.isNeeded())
    return false;
  kernel::Place x = f.placeOf(op.getX()), y = f.placeOf(op.getResult());
  return x.kind == y.kind && x.offset == y.offset && x.index == y.index;
}

/// Who touches it next has to wait.
void ScatterEmitter::bringBase() {
  if (!isInPlace())
    emitCopy(p, base, /*toFrame=*/false, op.getX());
}

void ScatterEmitter::update(ArrayRef<Value *> row, Value *number) {
  cpu::Index index;
  index.dims = indicesOf(row, number);
  Value *place = placeOf(index.dims);
  Value *value = cpu::Elements(f, index).at(op.getUpdates());
  Value *to = addressOf(row, place);
  if (adds())
    value = added(cpu::loadElement(b, element, to), value);
  cpu::storeElement(b, element, value, to);
}

void ScatterEmitter::oneByOne() {
  bringBase();
  if (!isInPlace())
    p.grid.waitForAll();
  p.shareOut(rows, [&](Value *number) {
    auto row = cpu::dimsOfLinear(f, number, rowSizes);
    p.grid.loop(f.number(0), f.number(updates), f.number(1),
                [&](Value *each) { update(row, each); });
  });
}

/// Whether all updates of a row go to places of their own.
bool ScatterEmitter::neverMeet() {
  std::optional<IntegerRange> range =
      distinctAlong(op.getIndices(), int64_t(batch), int64_t(ordered.size()));
  return range && range->least >= 0 && range->greatest < places;
}

void ScatterEmitter::sideBySide() {
  bringBase();
  if (!isInPlace())
    p.grid.waitForAll();
  p.shareOut(updates * rows, [&](Value *number) {
    update(cpu::dimsOfLinear(f, b.CreateURem(number, f.number(rows)), rowSizes),
           b.CreateUDiv(number, f.number(rows)));
  });
}

// ---- By chunks ----------------------------------------------------------------------------------

void ScatterEmitter::byChunks(int64_t chunks) {
  int64_t chunk = ceilDiv(updates, chunks);
  chunks = ceilDiv(updates, chunk);
  Value *parts = workspace(p, places * chunks * rows * kernel::elementBytes(element));
  auto partAt = [&](Value *place, Value *number) { // number: chunk, row
    return f.address(element, parts, plus(times(place, chunks * rows), number));
  };
  p.shareOut(chunks * rows, [&](Value *number) {
    Value *part = b.CreateUDiv(number, f.number(rows));
    auto row = cpu::dimsOfLinear(f, b.CreateURem(number, f.number(rows)), rowSizes);
    p.grid.loop(f.number(0), f.number(places), f.number(1), [&](Value *place) {
      cpu::storeElement(b, element, cpu::zeroOf(f.context(), element), partAt(place, number));
    });
    Value *from = times(part, chunk);
    p.grid.loop(from, least(plus(from, f.number(chunk)), updates), f.number(1), [&](Value *update) {
      cpu::Index index;
      index.dims = indicesOf(row, update);
      Value *to = partAt(placeOf(index.dims), number);
      Value *value = cpu::Elements(f, index).at(op.getUpdates());
      cpu::storeElement(b, element, added(cpu::loadElement(b, element, to), value), to);
    });
  });
  p.grid.waitForAll();
  Folded folded;
  folded.type = cpu::registerType(f.context(), element);
  if (folded.type->isFloatTy())
    folded.type = b.getDoubleTy();
  folded.neutral = llvm::Constant::getNullValue(folded.type);
  folded.combine = [&](Candidate x, Candidate y) {
    return Candidate{added(x.value, y.value), nullptr};
  };
  auto widened = [&](Value *x) {
    return x->getType() == folded.type ? x : b.CreateFPExt(x, folded.type);
  };
  int64_t kept = places * rows;
  FoldSpace space{kept, chunks, rows == 1, nullptr, nullptr, f.number(0), f.number(chunks)};
  int64_t tile = Sharing::of(space, p.grid.threads).kept;
  Team block = p.grid.ofBlock();
  p.grid.wait(block);
  overTiles(p, ceilDiv(kept, tile), [&](Value *number) {
    space.keptFrom = times(number, tile);
    space.keptTo = least(plus(space.keptFrom, f.number(tile)), kept);
    fold(
        p, block, {folded}, space,
        [&](Value *at, Value *part) -> Candidates {
          Value *place = b.CreateUDiv(at, f.number(rows)), *row = b.CreateURem(at, f.number(rows));
          Value *from = partAt(place, plus(times(part, rows), row));
          return {Candidate{widened(cpu::loadElement(b, element, from)), nullptr}};
        },
        [&](Value *at, ArrayRef<Candidate> totals) {
          auto store = [&] {
            Value *place = b.CreateUDiv(at, f.number(rows));
            auto row = cpu::dimsOfLinear(f, b.CreateURem(at, f.number(rows)), rowSizes);
            cpu::Index index;
            index.dims.append(row.begin(), row.begin() + long(axis));
            index.dims.push_back(place);
            index.dims.append(row.begin() + long(axis), row.end());
            Value *known = cpu::Elements(f, index).at(op.getX());
            Value *sum = added(widened(known), totals.front().value);
            if (sum->getType() != known->getType())
              sum = b.CreateFPTrunc(sum, known->getType());
            cpu::storeElement(b, element, sum, addressOf(row, place));
          };
          // Where one element is kept all threads get here.
          if (kept == 1)
            p.grid.onlyIf(b.CreateICmpEQ(block.rank, f.number(0)), store);
          else
            store();
        });
  });
}

// ---- By pieces ----------------------------------------------------------------------------------

/// The update, by its number in their order, that the value `at` of the level above `below` begins
/// or ends with: one of those that go to the same place.
Value *ScatterEmitter::firstUpdate(ArrayRef<Level> below, Value *at) {
  for (const Level &level : llvm::reverse(below)) {
    Value *piece = b.CreateLShr(at, 1);
    Value *isLast = b.CreateTrunc(at, b.getInt1Ty());
    Value *last = b.CreateSub(endOfPiece(level, piece), f.number(1), "", true, true);
    at = b.CreateSelect(isLast, last, times(piece, kPiece));
  }
  return at;
}

/// Adds up the values of a level, each piece by one thread. What may go on before or after a piece
/// is left to the level above, two values for each piece; where there is none the piece is all.
void ScatterEmitter::addPieces(ArrayRef<Level> below, const Level &level, const Level *above) {
  llvm::Type *type = cpu::registerType(f.context(), element);
  p.shareOut(level.pieces * rows, [&](Value *number) {
    Value *piece = b.CreateUDiv(number, f.number(rows)),
          *row = b.CreateURem(number, f.number(rows));
    auto dims = cpu::dimsOfLinear(f, row, rowSizes);
    Value *ofBatch = times(batchOf(row), updates);
    auto finish = [&](Value *place, Value *sum) {
      Value *to = addressOf(dims, b.CreateZExt(place, b.getInt64Ty()));
      Value *known = cpu::loadElement(b, element, to);
      if (sumType != type) {
        Value *total = added(b.CreateFPExt(known, sumType), sum);
        return (void)cpu::storeElement(b, element, b.CreateFPTrunc(total, type), to);
      }
      cpu::storeElement(b, element, added(known, sum), to);
    };
    auto leave = [&](int64_t which, Value *sum) {
      Value *at = plus(times(plus(times(piece, 2), f.number(which)), rows), row);
      b.CreateStore(sum, b.CreateInBoundsGEP(sumType, above->values, at));
    };
    auto valueAt = [&](Value *at) -> Value * {
      if (level.values)
        return b.CreateLoad(sumType,
                            b.CreateInBoundsGEP(sumType, level.values, plus(times(at, rows), row)));
      Value *update = b.CreateZExt(
          b.CreateLoad(b.getInt32Ty(),
                       b.CreateInBoundsGEP(b.getInt32Ty(), sortedUpdates, plus(ofBatch, at))),
          b.getInt64Ty());
      cpu::Index index;
      index.dims = indicesOf(dims, update);
      Value *value = cpu::Elements(f, index).at(op.getUpdates());
      return sumType == type ? value : b.CreateFPExt(value, sumType);
    };
    auto placeAt = [&](Value *at) {
      return b.CreateLoad(placeType, b.CreateInBoundsGEP(placeType, sortedPlaces,
                                                         plus(ofBatch, firstUpdate(below, at))));
    };
    Value *from = times(piece, kPiece), *to = endOfPiece(level, piece);
    llvm::AllocaInst *sum = f.variable(sumType), *place = f.variable(placeType),
                     *isFirst = f.variable(b.getInt1Ty());
    b.CreateStore(valueAt(from), sum);
    b.CreateStore(placeAt(from), place);
    b.CreateStore(b.getTrue(), isFirst);
    auto complete = [&] { finish(b.CreateLoad(placeType, place), b.CreateLoad(sumType, sum)); };
    p.grid.loop(plus(from, f.number(1)), to, f.number(1), [&](Value *at) {
      Value *value = valueAt(at), *next = placeAt(at);
      Value *changes = b.CreateICmpNE(next, b.CreateLoad(placeType, place));
      p.grid.onlyIf(changes, [&] {
        if (!above)
          return complete();
        Value *first = b.CreateLoad(b.getInt1Ty(), isFirst);
        p.grid.onlyIf(first, [&] { leave(0, b.CreateLoad(sumType, sum)); });
        p.grid.onlyIf(b.CreateNot(first), complete);
      });
      Value *known = b.CreateLoad(sumType, sum);
      b.CreateStore(b.CreateSelect(changes, value, added(known, value)), sum);
      b.CreateStore(next, place);
      b.CreateStore(b.CreateAnd(b.CreateLoad(b.getInt1Ty(), isFirst), b.CreateNot(changes)),
                    isFirst);
    });
    if (!above)
      return complete();
    // A piece of one sum leaves it as its first one, and nothing as its last.
    Value *first = b.CreateLoad(b.getInt1Ty(), isFirst);
    p.grid.onlyIf(first, [&] { leave(0, b.CreateLoad(sumType, sum)); });
    leave(1,
          b.CreateSelect(first, llvm::Constant::getNullValue(sumType), b.CreateLoad(sumType, sum)));
  });
}

void ScatterEmitter::byPieces() {
  bringBase();
  SortSpace space;
  space.rows = batches;
  space.size = updates;
  space.keyBits = llvm::isUIntN(32, uint64_t(places)) ? 32 : 64;
  placeType = b.getIntNTy(space.keyBits);
  int64_t count = batches * updates;
  sortedPlaces = workspace(p, count * (int64_t(space.keyBits / 8) + 4));
  sortedUpdates = b.CreateInBoundsGEP(placeType, sortedPlaces, f.number(count));
  sortRows(
      p, space,
      [&](Value *row, Value *update) { return b.CreateTrunc(placeOf(row, update), placeType); },
      [&](Value *row, Value *position, Value *place, Value *update) {
        Value *at = plus(times(row, updates), position);
        b.CreateStore(place, b.CreateInBoundsGEP(placeType, sortedPlaces, at));
        b.CreateStore(update, b.CreateInBoundsGEP(b.getInt32Ty(), sortedUpdates, at));
      });
  sumType = cpu::registerType(f.context(), element);
  if (sumType->isFloatTy())
    sumType = b.getDoubleTy();
  SmallVector<Level, 6> levels;
  for (int64_t left = updates; levels.empty() || levels.back().pieces > 1;) {
    Level &level = levels.emplace_back();
    level.count = left;
    level.pieces = ceilDiv(left, kPiece);
    if (levels.size() > 1)
      level.values = workspace(p, left * rows * 8);
    left = 2 * level.pieces;
  }
  for (size_t i = 0; i < levels.size(); ++i) {
    p.grid.waitForAll();
    addPieces(ArrayRef(levels).take_front(i), levels[i],
              i + 1 < levels.size() ? &levels[i + 1] : nullptr);
  }
}

// ---- Overwriting --------------------------------------------------------------------------------

void ScatterEmitter::bySayingSo() {
  bringBase();
  Value *last = workspace(p, batches * places * 4);
  auto scope = f.context().getOrInsertSyncScopeID("device");
  auto lastAt = [&](Value *batchNumber, Value *place) {
    return b.CreateInBoundsGEP(b.getInt32Ty(), last, plus(times(batchNumber, places), place));
  };
  auto overUpdates = [&](llvm::function_ref<void(Value *, Value *)> body) {
    p.shareOut(batches * updates, [&](Value *number) {
      Value *ofBatch = batches == 1 ? f.number(0) : b.CreateUDiv(number, f.number(updates));
      Value *update = batches == 1 ? number : b.CreateURem(number, f.number(updates));
      body(lastAt(ofBatch, placeOf(ofBatch, update)), update);
    });
    p.grid.waitForAll();
  };
  overUpdates([&](Value *at, Value *) {
    auto *store = b.CreateAlignedStore(b.getInt32(0), at, llvm::Align(4));
    store->setAtomic(llvm::AtomicOrdering::Monotonic, scope);
  });
  overUpdates([&](Value *at, Value *update) {
    b.CreateAtomicRMW(llvm::AtomicRMWInst::Max, at, b.CreateTrunc(update, b.getInt32Ty()),
                      llvm::Align(4), llvm::AtomicOrdering::Monotonic, scope);
  });
  p.shareOut(updates * rows, [&](Value *number) {
    Value *update = b.CreateUDiv(number, f.number(rows)),
          *row = b.CreateURem(number, f.number(rows));
    auto dims = cpu::dimsOfLinear(f, row, rowSizes);
    cpu::Index index;
    index.dims = indicesOf(dims, update);
    Value *place = placeOf(index.dims);
    Value *found = b.CreateLoad(b.getInt32Ty(), lastAt(batchOf(row), place));
    Value *isLast = b.CreateICmpEQ(found, b.CreateTrunc(update, b.getInt32Ty()));
    p.grid.onlyIf(isLast, [&] {
      Value *value = cpu::Elements(f, index).at(op.getUpdates());
      cpu::storeElement(b, element, value, addressOf(dims, place));
    });
  });
}

void ScatterEmitter::emit() {
  if (type.getNumElements() == 0)
    return;
  f.scopes.reset();
  int64_t threads = p.grid.threads, many = kManyRows * threads;
  if (rows * updates == 0 || rows >= many || updates * kFewUpdates <= threads)
    oneByOne();
  else if (neverMeet())
    sideBySide();
  else if (!adds())
    bySayingSo();
  else {
    int64_t bytes = places * rows * kernel::elementBytes(element);
    int64_t chunks = std::min({many / rows, updates / kLeastOfChunk, kMostChunks * threads,
                               4 * updates / places, kMostChunkBytes / bytes});
    if (chunks > 1 && ceilDiv(updates, chunks) <= kMostOfChunk)
      byChunks(chunks);
    else
      byPieces();
  }
  delivery.finish();
}

} // namespace

/// Where each update goes is computed more than once: so are the indices, if they are not in
/// memory.
void emitScatter(ProgramEmission &p, const kernel::Step &step) {
  ScatterEmitter(p, mlir::cast<ir::ScatterOp>(step.roots.front())).emit();
}

} // namespace descent::gpu
