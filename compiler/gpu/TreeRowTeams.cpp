// Several rows at a time (TreeRows.cpp): how many, by which team, where it has what, and what its
// threads have together.
#include "compiler/gpu/Sizes.h"
#include "compiler/gpu/Tree.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

constexpr int64_t kWideBytes = 16, kSlotBytes = 16;
constexpr int64_t kWarpBits = 5;
/// Words of registers of a thread: for what it has of rows at a time, for its sums over the shared
/// loops, and for both.
constexpr int64_t kWordsOfRows = 32, kWordsOfSums = 64, kMostWords = 80;
constexpr int64_t kMostTogether = 8;
/// Simple instructions that are written out for a thread's rows.
constexpr int64_t kMostAtOnce = 1024;
/// Rows that fewer threads can take are a thread's.
constexpr int64_t kLeastTeam = 4;
/// Batches of rows that keep a card busy.
constexpr int64_t kManyBatches = 256;

} // namespace

// ---- How many rows, and by whom -----------------------------------------------------------------

/// Which nests can be written out: their inner loops are all kept, or all reduced, by each of their
/// reductions.
bool KernelEmitter::Tree::canBeWrittenOut() {
  for (NestCode &nest : k.nests) {
    if (!nest.scans.empty())
      return false;
    for (const Group &group : k.groupsOf(nest, k.shared))
      if (!group.kept.empty() && !group.terms.empty())
        return false;
  }
  return true;
}

/// Neighbours that are 16 bytes, if rows can be cut so.
int64_t KernelEmitter::Tree::lanesOf(const NestCode &nest, int64_t widest) {
  int64_t along = 1;
  for (int64_t size : llvm::ArrayRef(nest.sizes).drop_front(k.shared))
    if (size != 1)
      along = size;
  int64_t lanes = kWideBytes / widest;
  while (along % lanes)
    lanes /= 2;
  return lanes;
}

/// Chooses the team, and how many rows it takes at a time; false where it takes one at a time.
bool KernelEmitter::Tree::chooseRows() {
  if (!canBeWrittenOut())
    return false;
  int64_t widest = 4, longest = 1, wide = 1;
  for (const NestCode &nest : k.nests)
    widest = std::max(widest, k.widestElement(nest));
  for (const NestCode &nest : k.nests) {
    longest = std::max(longest, innerSize(nest));
    wide = std::max(wide, innerSize(nest) / lanesOf(nest, widest));
  }
  int64_t ofThread = 0;
  for (const kernel::Local &local : locals)
    ofThread += local.elements;
  for (const Accumulators &each : accumulators)
    ofThread += each.inner.keptCount;
  SmallVector<int64_t, 3> sizes;
  if (longest <= kShortRow && ofThread <= kMostOfThread)
    sizes.push_back(1);
  if (longest > 1)
    sizes.push_back(std::clamp(int64_t(llvm::PowerOf2Ceil(uint64_t(wide))), kLeastTeam,
                               int64_t(Grid::warpSize)));
  if (longest > Grid::warpSize && p.grid.threads > Grid::warpSize)
    sizes.push_back(p.grid.threads);
  for (int64_t size : sizes)
    if (canHaveRows(size, widest))
      return true;
  together = 0;
  return false;
}

/// Tries a team of so many threads.
bool KernelEmitter::Tree::canHaveRows(int64_t threads, int64_t widest) {
  slotsOf.clear();
  int64_t most = 1, operations = 0, sums = 0, words = widest / 4;
  llvm::SmallDenseSet<mlir::Value> read;
  for (const NestCode &nest : k.nests) {
    RowSlots &slots = slotsOf.emplace_back();
    slots.elements = innerSize(nest);
    slots.lanes = threads == 1 ? 1 : lanesOf(nest, widest);
    slots.slots = ceilDiv(slots.elements, threads * slots.lanes);
    most = std::max(most, slots.count());
    operations += slots.count() * std::max(nest.loop->cost, 1);
    for (const kernel::Read &each : k.step.reads)
      if (each.nest == int(nest.loop - k.step.loops.data()) && slots.elements > 1 &&
          kernel::numElements(each.value) > slots.elements)
        read.insert(each.value);
  }
  for (const Accumulators &each : accumulators)
    if (each.inner.keptCount > 1)
      sums += slotsOf[each.nest].count() * words;
  if (most * words > kWordsOfRows || sums > kWordsOfSums || operations > kMostAtOnce)
    return false;
  team.size = threads;
  teams = p.grid.threads / threads;
  int64_t ofRow = most * words * std::max<int64_t>(1, int64_t(read.size()));
  int64_t rows = product(sizes);
  auto fits = [&] {
    return together * ofRow <= kWordsOfRows && together * ofRow + sums <= kMostWords &&
           together * operations <= kMostAtOnce && sharedOfRows() <= kMostShared &&
           (!accumulators.empty() || rows >= kManyBatches * batch());
  };
  for (together = kMostTogether; together > 1 && !fits();)
    together /= 2;
  return sharedOfRows() <= kMostShared;
}

/// Lays out what rows need of shared memory: their locals, and later what is added up over them.
int64_t KernelEmitter::Tree::sharedOfRows() {
  rowBytes = sumBytes = 0;
  localOffsets.clear();
  auto room = [](int64_t &bytes, int64_t more) {
    int64_t offset = bytes;
    bytes += int64_t(llvm::alignTo(uint64_t(more), kWideBytes));
    return offset;
  };
  for (const kernel::Local &local : locals) {
    int64_t bytes = local.elements * kernel::elementBytes(tensorType(local.value).getElementType());
    localOffsets.push_back(isOfThread(local) ? 0 : room(rowBytes, bytes));
  }
  for (Accumulators &each : accumulators)
    if (each.inner.keptCount > 1 && team.size > 1)
      each.offset = room(sumBytes, each.inner.keptCount * k.bytesOfPart(*each.reduction));
  int64_t warps = team.size > Grid::warpSize ? 1 : p.grid.threads / Grid::warpSize;
  return sharedFrom() + std::max(batch() * rowBytes, warps * sumBytes);
}

void KernelEmitter::Tree::placeRows() {
  p.grid.needShared(sharedOfRows());
  rowsOf.resize(size_t(together) + sharesRows());
  if (sharesRows())
    ownRow = b.CreateAnd(team.rank, f.number(together - 1));
  for (auto [number, rows] : llvm::enumerate(rowsOf)) {
    placeBridges(rows);
    for (auto [local, offset] : llvm::zip(locals, localOffsets)) {
      cpu::RowPlace &place = rows[local.value];
      place.dims = local.dims;
      place.place = f.placeOf(local.value);
      llvm::Type *type = cpu::memoryType(f.context(), tensorType(local.value).getElementType());
      if (isOfThread(local)) {
        place.base = f.variable(llvm::ArrayType::get(type, uint64_t(local.elements)));
        continue;
      }
      Value *row = int64_t(number) < together ? f.number(int64_t(number)) : ownRow;
      Value *at = b.CreateAdd(b.CreateMul(teamNumber, f.number(together), "", true, true), row, "",
                              true, true);
      Value *from = b.CreateAdd(b.CreateMul(at, f.number(rowBytes), "", true, true),
                                f.number(offset), "", true, true);
      place.base = b.CreateInBoundsGEP(b.getInt8Ty(), p.grid.shared(sharedFrom()), from);
    }
  }
  for (Accumulators &each : accumulators) {
    llvm::Type *type = cpu::registerType(f.context(), each.reduction->sourceType());
    int64_t count = each.inner.keptCount > 1 ? slotsOf[each.nest].count() : 1;
    for (int64_t i = 0; i < count; ++i)
      each.cells.push_back(
          {f.variable(type), each.reduction->isPosition() ? f.variable(b.getInt32Ty()) : nullptr});
  }
  // Whether something goes from thread to thread, in memory or not, or is updated in place.
  Pending::Spans read;
  for (const kernel::Read &each : k.step.reads)
    p.span(each.value, read);
  llvm::SmallDenseSet<mlir::Value> readByNests;
  for (NestCode &nest : k.nests)
    for (mlir::Value value : readBy(nest))
      readByNests.insert(value);
  auto isSeen = [&](mlir::Value value) {
    auto *local = llvm::find_if(locals, [&](auto &local) { return local.value == value; });
    if (local != locals.end())
      return !isOfThread(*local);
    Pending::Spans written;
    p.span(value, written);
    return readByNests.contains(value) || llvm::any_of(written, [&](const Pending::Span &one) {
             return llvm::any_of(read,
                                 [&](const Pending::Span &other) { return one.meets(other); });
           });
  };
  waits = false;
  for (NestCode &nest : k.nests) {
    for (mlir::Operation *op : nest.stores)
      waits |= isSeen(op->getResult(0));
    for (Reduction &reduction : nest.reductions)
      waits |= !find(reduction) && isSeen(reduction.value());
  }
}

// ---- Among threads ------------------------------------------------------------------------------

namespace {

/// A position is right behind its value: LLVM reads both at once, and what might be in between.
Value *behind(llvm::IRBuilder<> &b, Reduction &reduction, Value *at) {
  int64_t bytes = std::max<int64_t>(4, kernel::elementBytes(reduction.sourceType()));
  return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), at, uint64_t(bytes));
}

void storeCandidate(llvm::IRBuilder<> &b, Reduction &reduction, Candidate candidate, Value *at) {
  cpu::storeElement(b, reduction.sourceType(), candidate.value, at);
  if (candidate.position)
    b.CreateStore(candidate.position, behind(b, reduction, at));
}

Candidate loadCandidate(llvm::IRBuilder<> &b, Reduction &reduction, Value *at) {
  return {cpu::loadElement(b, reduction.sourceType(), at),
          reduction.isPosition() ? b.CreateLoad(b.getInt32Ty(), behind(b, reduction, at))
                                 : nullptr};
}

} // namespace

/// Combines what the threads of a team have; all of them get it.
void KernelEmitter::Tree::combine(llvm::MutableArrayRef<RowTotal> totals) {
  combineLanes(totals, 1, std::min(team.size, Grid::warpSize));
  int64_t warps = ceilDiv(team.size, Grid::warpSize), most = p.grid.threads / warps;
  if (warps == 1)
    return;
  p.grid.needShared(foldBytes(p.grid));
  while (!totals.empty()) {
    auto some = totals.take_front(size_t(most));
    totals = totals.drop_front(some.size());
    leaveOfWarps(some);
    p.grid.wait(p.grid.ofBlock());
    for (auto [i, each] : llvm::enumerate(some))
      each.total = totalOfWarps(*each.reduction, f.number(int64_t(i)));
    p.grid.wait(p.grid.ofBlock());
  }
}

/// Where each lane has a row of its own: what the team has of that row. With each step a lane gives
/// away half of the rows and takes what another one has of the other half.
KernelEmitter::Tree::RowTotal
KernelEmitter::Tree::combineForOwn(llvm::MutableArrayRef<RowTotal> ofRows) {
  Reduction &reduction = *ofRows.front().reduction;
  auto chosen = [&](Value *which, Candidate yes, Candidate no) {
    return Candidate{b.CreateSelect(which, yes.value, no.value),
                     yes.position ? b.CreateSelect(which, yes.position, no.position) : nullptr};
  };
  for (int64_t bit = 1; bit < together; bit *= 2) {
    Value *isOdd = b.CreateICmpNE(b.CreateAnd(team.rank, f.number(bit)), f.number(0));
    for (int64_t row = 0; row < together; row += 2 * bit) {
      Candidate &even = ofRows[size_t(row)].total, odd = ofRows[size_t(row + bit)].total;
      Candidate kept = chosen(isOdd, odd, even);
      even = reduction.chosen(kept, exchanged(chosen(isOdd, even, odd), bit));
    }
  }
  RowTotal own{&reduction, size_t(together), ofRows.front().total};
  combineLanes(own, together, team.size);
  return own;
}

/// Among lanes whose numbers differ in the bits from `low` to below `high`.
void KernelEmitter::Tree::combineLanes(llvm::MutableArrayRef<RowTotal> totals, int64_t low,
                                       int64_t high) {
  for (int64_t mask = low; mask < high; mask *= 2)
    for (RowTotal &each : totals)
      each.total = each.reduction->chosen(each.total, exchanged(each.total, mask));
}

/// What the lane has whose number differs in the bits of `mask`.
Candidate KernelEmitter::Tree::exchanged(Candidate mine, int64_t mask) {
  return {p.grid.exchange(mine.value, int(mask)),
          mine.position ? p.grid.exchange(mine.position, int(mask)) : nullptr};
}

Value *KernelEmitter::Tree::slotOfWarp(Value *number, Value *warp) {
  Value *of =
      b.CreateMul(number, f.number(ceilDiv(p.grid.threads, Grid::warpSize)), "", true, true);
  Value *offset =
      b.CreateMul(b.CreateAdd(of, warp, "", true, true), f.number(kSlotBytes), "", true, true);
  return b.CreateInBoundsGEP(b.getInt8Ty(), p.grid.shared(0), offset);
}

/// The first lane of each warp of the block leaves what the warp has.
void KernelEmitter::Tree::leaveOfWarps(ArrayRef<RowTotal> totals) {
  Value *lane = b.CreateAnd(p.grid.thread, f.number(Grid::warpSize - 1));
  Value *warp = b.CreateLShr(p.grid.thread, f.number(kWarpBits));
  p.grid.onlyIf(b.CreateICmpEQ(lane, f.number(0)), [&] {
    for (auto [i, each] : llvm::enumerate(totals))
      storeCandidate(b, *each.reduction, each.total, slotOfWarp(f.number(int64_t(i)), warp));
  });
}

Candidate KernelEmitter::Tree::totalOfWarps(Reduction &reduction, Value *number) {
  Candidate total;
  for (int64_t warp = 0; warp < ceilDiv(p.grid.threads, Grid::warpSize); ++warp) {
    Candidate each = loadCandidate(b, reduction, slotOfWarp(number, f.number(warp)));
    total = warp ? reduction.chosen(total, each) : each;
  }
  return total;
}

// ---- Parts --------------------------------------------------------------------------------------

void KernelEmitter::Tree::clearRows() {
  for (Accumulators &each : accumulators)
    for (const Accumulators::Cell &cell : each.cells) {
      b.CreateStore(each.reduction->neutral(), cell.value);
      if (cell.position)
        b.CreateStore(b.getInt32(0), cell.position);
    }
}

Candidate KernelEmitter::Tree::sumOf(Accumulators &sums, size_t i) {
  llvm::Type *type = cpu::registerType(f.context(), sums.reduction->sourceType());
  const Accumulators::Cell &cell = sums.cells[i];
  return {b.CreateLoad(type, cell.value),
          cell.position ? b.CreateLoad(b.getInt32Ty(), cell.position) : nullptr};
}

void KernelEmitter::Tree::addTo(Accumulators &sums, size_t i, Candidate added) {
  Candidate sum = sums.reduction->chosen(sumOf(sums, i), added);
  b.CreateStore(sum.value, sums.cells[i].value);
  if (sum.position)
    b.CreateStore(sum.position, sums.cells[i].position);
}

void KernelEmitter::Tree::givePartsOfRows(Value *chunk, const KeptAt &keptAt) {
  Team block = p.grid.ofBlock();
  // What all threads have of one element, then what each team has of several.
  struct OfThreads {
    Accumulators *sums;
    int64_t from, count; ///< elements
  };
  SmallVector<OfThreads, 4> ofThreads;
  int64_t most = p.grid.threads / ceilDiv(p.grid.threads, Grid::warpSize);
  for (Accumulators &each : accumulators)
    if (each.inner.keptCount == 1 || team.size == 1)
      for (int64_t from = 0; from < each.inner.keptCount; from += most)
        ofThreads.push_back({&each, from, std::min(most, each.inner.keptCount - from)});
  p.grid.needShared(foldBytes(p.grid));
  for (OfThreads &each : ofThreads) {
    SmallVector<RowTotal, 8> totals;
    for (int64_t i = 0; i < each.count; ++i)
      totals.push_back({each.sums->reduction, 0, sumOf(*each.sums, size_t(each.from + i))});
    combineLanes(totals, 1, Grid::warpSize);
    p.grid.wait(block);
    leaveOfWarps(totals);
    p.grid.wait(block);
    p.grid.onlyIf(b.CreateICmpSLT(p.grid.thread, f.number(each.count)), [&] {
      Candidate total = totalOfWarps(*each.sums->reduction, p.grid.thread);
      Value *index = b.CreateAdd(p.grid.thread, f.number(each.from), "", true, true);
      k.storePart(k.parts[size_t(each.sums->part)], chunk, keptAt(*each.sums, index), total);
    });
  }
  SmallVector<Accumulators *, 4> ofTeams;
  for (Accumulators &each : accumulators)
    if (each.inner.keptCount > 1 && team.size > 1)
      ofTeams.push_back(&each);
  if (ofTeams.empty())
    return p.grid.wait(block);
  int64_t warps = team.size > Grid::warpSize ? 1 : p.grid.threads / Grid::warpSize;
  Value *warp =
      team.size > Grid::warpSize ? f.number(0) : b.CreateLShr(p.grid.thread, f.number(kWarpBits));
  Value *base = p.grid.shared(sharedFrom());
  auto memoryOf = [&](Accumulators &each, Value *warp, Value *index) {
    Value *offset = b.CreateAdd(b.CreateMul(warp, f.number(sumBytes), "", true, true),
                                f.number(each.offset), "", true, true);
    return elementOf(each, b.CreateInBoundsGEP(b.getInt8Ty(), base, offset), index);
  };
  // Locals have been there.
  p.grid.wait(block);
  for (Accumulators *each : ofTeams) {
    const RowSlots &slots = slotsOf[each->nest];
    SmallVector<RowTotal, 8> totals;
    for (size_t i = 0; i < each->cells.size(); ++i)
      totals.push_back({each->reduction, 0, sumOf(*each, i)});
    combineLanes(totals, team.size, Grid::warpSize);
    Value *lane = b.CreateAnd(p.grid.thread, f.number(Grid::warpSize - 1));
    Value *leaves =
        team.size < Grid::warpSize ? b.CreateICmpSLT(lane, f.number(team.size)) : nullptr;
    for (int64_t slot = 0; slot < slots.slots; ++slot)
      onlyWhere(both(leaves, hasElement(slots, slot)), [&] {
        for (int64_t i = 0; i < slots.lanes; ++i) {
          Value *index = b.CreateAdd(elementAt(slots, slot), f.number(i), "", true, true);
          storeCandidate(b, *each->reduction, totals[size_t(slot * slots.lanes + i)].total,
                         memoryOf(*each, warp, index));
        }
      });
  }
  p.grid.wait(block);
  for (Accumulators *each : ofTeams)
    p.grid.loop(p.grid.thread, f.number(each->inner.keptCount), f.number(p.grid.threads),
                [&](Value *index) {
                  Candidate total;
                  for (int64_t other = 0; other < warps; ++other) {
                    Candidate part =
                        loadCandidate(b, *each->reduction, memoryOf(*each, f.number(other), index));
                    total = other ? each->reduction->chosen(total, part) : part;
                  }
                  k.storePart(k.parts[size_t(each->part)], chunk, keptAt(*each, index), total);
                });
  p.grid.wait(block);
}

} // namespace descent::gpu
