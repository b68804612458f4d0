// Nests that share their outermost loops: for each index of these a team of threads runs them one
// after the other, and what flows between them is in registers or in shared memory.
//
// The team is a thread where rows are short, a warp or a part of one, or a block where they are
// long. What is added up over shared loops each team has for itself; a block adds up that of its
// teams, in their order.
#include "compiler/gpu/Tree.h"

#include "compiler/gpu/Sizes.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

constexpr int64_t kLongRow = 1024;
/// Iterations that a team runs before its block gives its part away, at least.
constexpr int64_t kIterationsOfTeam = 8;
constexpr int64_t kSomeBlocks = 256, kManyBlocks = 1024;
constexpr int64_t kMostPartBytes = 16 << 20;

} // namespace

/// What an iteration keeps of the locals, if it is of fewer shared loops than the plan says.
void KernelEmitter::Tree::findLocals() {
  locals.assign(k.step.locals.begin(), k.step.locals.end());
  if (int(k.shared) == k.step.shared)
    return;
  for (kernel::Local &local : locals) {
    mlir::Operation *root = local.value.getDefiningOp();
    ArrayRef<int64_t> shape = tensorType(local.value).getShape();
    local.dims.clear();
    local.elements = 1;
    for (int dim = 0; dim < int(shape.size()); ++dim) {
      int loop = kernel::isReduction(root) ? kernel::keptDims(root)[size_t(dim)] : dim;
      if (loop >= 0 && loop < int(k.shared))
        continue;
      local.dims.push_back(dim);
      local.elements *= shape[size_t(dim)];
    }
  }
}

void KernelEmitter::Tree::findAccumulators() {
  for (auto [i, nest] : llvm::enumerate(k.nests))
    for (Group &group : k.groupsOf(nest, k.shared))
      for (Reduction *reduction : group.reductions)
        if (k.crosses(*reduction)) {
          Accumulators each;
          each.reduction = reduction;
          each.nest = i;
          each.inner = group;
          accumulators.push_back(std::move(each));
        }
}

/// Lays out a team's memory.
int64_t KernelEmitter::Tree::bytesOfTeam() {
  int64_t bytes = 0;
  localOffsets.clear();
  for (const kernel::Local &local : locals) {
    localOffsets.push_back(bytes);
    if (local.elements > 1)
      bytes += int64_t(llvm::alignTo(
          uint64_t(local.elements * kernel::elementBytes(tensorType(local.value).getElementType())),
          16));
  }
  for (Accumulators &each : accumulators) {
    each.offset = bytes;
    if (each.inner.keptCount > 1)
      bytes += int64_t(
          llvm::alignTo(uint64_t(each.inner.keptCount * k.bytesOfPart(*each.reduction)), 16));
  }
  return bytes;
}

int64_t KernelEmitter::Tree::innerSize(const NestCode &nest) const {
  return product(ArrayRef(nest.sizes).drop_front(k.shared));
}

void KernelEmitter::Tree::chooseTeam() {
  if (!chooseRows())
    chooseTeamOfOne();
  teams = p.grid.threads / team.size;
  team.rank = team.size == 1                ? f.number(0)
              : team.size == p.grid.threads ? p.grid.thread
                                            : b.CreateAnd(p.grid.thread, f.number(team.size - 1));
  teamNumber =
      teams == 1 ? f.number(0)
      : team.size == 1
          ? p.grid.thread
          : b.CreateLShr(p.grid.thread, f.number(int64_t(llvm::Log2_64(uint64_t(team.size)))));
}

/// A team for one iteration at a time.
void KernelEmitter::Tree::chooseTeamOfOne() {
  int64_t longest = 1, elements = 0;
  for (const NestCode &nest : k.nests)
    longest = std::max(longest, innerSize(nest));
  for (const kernel::Local &local : locals)
    elements += local.elements;
  for (const Accumulators &each : accumulators)
    elements += each.inner.keptCount;
  teamBytes = bytesOfTeam();
  int64_t warps = p.grid.threads / Grid::warpSize;
  int64_t room = kMostShared - sharedFrom();
  if (longest <= kShortRow && elements <= kMostOfThread)
    team.size = 1;
  else if (longest <= kLongRow && warps * teamBytes <= room)
    team.size = Grid::warpSize;
  else
    team.size = p.grid.threads;
  inSharedMemory = team.size == p.grid.threads ? teamBytes <= room : true;
}

/// Memory of this thread's team.
void KernelEmitter::Tree::place() {
  if (together)
    return placeRows();
  if (team.size > 1 && teamBytes) {
    if (inSharedMemory) {
      p.grid.needShared(sharedFrom() + teams * teamBytes);
      Value *offset = b.CreateMul(teamNumber, f.number(teamBytes), "", true, true);
      memory = b.CreateInBoundsGEP(b.getInt8Ty(), p.grid.shared(sharedFrom()), offset);
    } else {
      memory = p.memoryOfBlock(teamBytes);
    }
  }
  auto at = [&](int64_t offset) {
    return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), memory, uint64_t(offset));
  };
  for (auto [local, offset] : llvm::zip(locals, localOffsets)) {
    llvm::Type *type = cpu::memoryType(f.context(), tensorType(local.value).getElementType());
    cpu::RowPlace &row = rows[local.value];
    row.dims = local.dims;
    row.place = f.placeOf(local.value);
    bool ofThread = team.size == 1 || local.elements == 1;
    row.base =
        ofThread ? f.variable(llvm::ArrayType::get(type, uint64_t(local.elements))) : at(offset);
  }
  placeBridges(rows);
  for (Accumulators &each : accumulators) {
    llvm::Type *value = cpu::registerType(f.context(), each.reduction->sourceType());
    if (each.inner.keptCount == 1) {
      each.value = f.variable(value);
      if (each.reduction->isPosition())
        each.position = f.variable(b.getInt32Ty());
    } else if (team.size == 1) {
      int64_t bytes = each.inner.keptCount * k.bytesOfPart(*each.reduction);
      auto *array = f.variable(llvm::ArrayType::get(b.getInt8Ty(), uint64_t(bytes)));
      array->setAlignment(llvm::Align(16));
      each.array = array;
    } else {
      each.array = at(each.offset);
    }
  }
}

void KernelEmitter::Tree::placeBridges(cpu::Rows &into) {
  // Later nests read few elements where some threads have written them, too.
  for (auto [value, area] : k.bridges) {
    cpu::RowPlace &row = into[value];
    for (int dim = 0; dim < int(tensorType(value).getRank()); ++dim)
      row.dims.push_back(dim);
    row.place = f.placeOf(value);
    row.base = area;
    row.isWhole = true;
  }
}

KernelEmitter::Accumulators *KernelEmitter::Tree::find(Reduction &reduction) {
  for (Accumulators &each : accumulators)
    if (each.reduction == &reduction)
      return &each;
  return nullptr;
}

Value *KernelEmitter::Tree::elementOf(Accumulators &each, Value *base, Value *index) {
  Value *offset = b.CreateMul(index, f.number(k.bytesOfPart(*each.reduction)), "", true, true);
  return b.CreateInBoundsGEP(b.getInt8Ty(), base, offset);
}

/// Whether some reductions keep a shared loop that others are over.
bool KernelEmitter::mixes() {
  for (size_t dim = 0; dim < shared; ++dim) {
    bool keeps = false, reduces = false;
    for (NestCode &nest : nests)
      for (Reduction &reduction : nest.reductions)
        if (crosses(reduction) && nest.sizes[dim] != 1)
          (reduction.keeps(int(dim)) ? keeps : reduces) = true;
    if (keeps && reduces)
      return true;
  }
  return false;
}

Counters KernelEmitter::Tree::countersOf(const Group &loops, Value *kept, Value *term) {
  Counters all = k.countersAt({}, k.nests.front(), loops, kept, term);
  all.resize(k.shared);
  return all;
}

/// Runs all iterations, of loops that nothing is added up over.
void KernelEmitter::Tree::shareOut(const Group &loops) {
  int64_t count = loops.keptCount, ofBlock = together ? batch() : teams;
  p.usefulBlocks = std::max(p.usefulBlocks, ceilDiv(count, ofBlock));
  place();
  p.grid.wait(p.grid.ofBlock());
  auto countersAt = [&](Value *kept) { return countersOf(loops, kept, nullptr); };
  if (!together) {
    Value *number = b.CreateAdd(b.CreateMul(p.grid.block, f.number(teams), "", true, true),
                                teamNumber, "", true, true);
    Value *all = b.CreateMul(p.grid.blocks, f.number(teams), "", true, true);
    return p.grid.loop(number, f.number(count), all,
                       [&](Value *kept) { iteration(countersAt(kept)); });
  }
  int64_t whole = count / ofBlock;
  p.grid.loop(
      p.grid.block, f.number(whole), p.grid.blocks,
      [&](Value *number) {
        iterations(b.CreateMul(number, f.number(ofBlock), "", true, true), nullptr, countersAt);
      },
      /*isWhole=*/true);
  if (count % ofBlock == 0)
    return;
  Value *last = b.CreateURem(f.number(whole), p.grid.blocks);
  p.grid.onlyIf(b.CreateICmpEQ(p.grid.block, last),
                [&] { iterations(f.number(whole * ofBlock), f.number(count), countersAt); });
}

/// Runs all iterations, chunk after chunk, each of which leaves parts of what is added up.
void KernelEmitter::Tree::addUp(const Group &loops) {
  int64_t bytes = 0, ofBlock = together ? batch() : teams;
  for (Accumulators &each : accumulators)
    bytes += loops.keptCount * each.inner.keptCount * k.bytesOfPart(*each.reduction);
  // As many blocks as a card has, if there is something to do for them.
  int64_t most = std::max(ceilDiv(loops.termCount, teams * kIterationsOfTeam),
                          std::min(ceilDiv(loops.termCount, ofBlock), kSomeBlocks));
  int64_t chunks = std::min(
      {most, ceilDiv(kManyBlocks, loops.keptCount), std::max<int64_t>(1, kMostPartBytes / bytes)});
  chunks = k.isAlone ? 1 : k.chunksForEachBlock(chunks, bytes);
  int64_t chunk =
      int64_t(llvm::alignTo(uint64_t(ceilDiv(loops.termCount, chunks)), uint64_t(ofBlock)));
  chunks = ceilDiv(loops.termCount, chunk);
  for (Accumulators &each : accumulators) {
    // The result's index: first the shared loops that are kept, then those inside.
    Group all = each.inner;
    all.kept.insert(all.kept.begin(), loops.kept.begin(), loops.kept.end());
    all.keptSizes.insert(all.keptSizes.begin(), loops.keptSizes.begin(), loops.keptSizes.end());
    all.keptCount *= loops.keptCount;
    each.part = int(k.parts.size());
    k.newParts(*each.reduction, all, chunks);
  }
  p.usefulBlocks = std::max(p.usefulBlocks, loops.keptCount * chunks);
  place();
  p.grid.wait(p.grid.ofBlock());
  p.grid.loop(p.grid.block, f.number(loops.keptCount * chunks), p.grid.blocks, [&](Value *number) {
    Value *kept =
        loops.keptCount == 1 ? f.number(0) : b.CreateURem(number, f.number(loops.keptCount));
    Value *part = loops.keptCount == 1 ? number : b.CreateUDiv(number, f.number(loops.keptCount));
    Value *from = b.CreateMul(part, f.number(chunk), "", true, true);
    Value *end = b.CreateAdd(from, f.number(chunk), "", true, true);
    Value *to = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, end, f.number(loops.termCount));
    auto countersAt = [&](Value *term) { return countersOf(loops, kept, term); };
    auto keptAt = [&](Accumulators &each, Value *index) {
      Value *before = b.CreateMul(kept, f.number(each.inner.keptCount), "", true, true);
      return b.CreateAdd(before, index, "", true, true);
    };
    if (!together) {
      clear();
      p.grid.loop(b.CreateAdd(from, teamNumber, "", true, true), to, f.number(teams),
                  [&](Value *term) { iteration(countersAt(term)); });
      return giveParts(part, keptAt);
    }
    clearRows();
    Value *rest = b.CreateURem(b.CreateSub(to, from, "", true, true), f.number(ofBlock));
    Value *whole = b.CreateSub(to, rest, "", true, true);
    p.grid.loop(
        from, whole, f.number(ofBlock),
        [&](Value *first) { iterations(first, nullptr, countersAt); }, /*isWhole=*/true);
    if (loops.termCount % ofBlock)
      p.grid.onlyIf(b.CreateICmpSLT(whole, to), [&] { iterations(whole, to, countersAt); });
    givePartsOfRows(part, keptAt);
  });
}

bool KernelEmitter::tree(bool onlyRows) {
  // A team then runs more in an iteration. What is added up over the only shared loop keeps none.
  while (mixes())
    --shared;
  Tree tree(*this);
  tree.findLocals();
  tree.findAccumulators();
  tree.chooseTeam();
  if (onlyRows && !tree.together)
    return false;
  // Loops that nothing is added up over, and the others.
  Group loops;
  for (size_t dim = 0; dim < shared; ++dim) {
    int64_t size = tree.sizes[dim];
    if (size == 1)
      continue;
    bool isTerm = llvm::any_of(tree.accumulators,
                               [&](auto &each) { return !each.reduction->keeps(int(dim)); });
    (isTerm ? loops.terms : loops.kept).push_back(int(dim));
    (isTerm ? loops.termSizes : loops.keptSizes).push_back(size);
    (isTerm ? loops.termCount : loops.keptCount) *= size;
  }
  if (tree.accumulators.empty())
    tree.shareOut(loops);
  else
    tree.addUp(loops);
  return true;
}

} // namespace descent::gpu
