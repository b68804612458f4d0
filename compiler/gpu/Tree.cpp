// Nests that share their outermost loops: for each index of these a team of threads runs them one
// after the other, and what flows between them is in registers or in shared memory.
//
// The team is a thread where rows are short, a warp, or a block where they are long. What is added
// up over shared loops each team has for itself; a block adds up that of its teams, in their order.
#include "compiler/gpu/Kernel.h"
#include "compiler/gpu/Scan.h"

#include "compiler/cpu/Scalar.h"
#include "compiler/gpu/Sizes.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

constexpr int64_t kShortRow = 16, kLongRow = 1024;
/// Iterations that a team runs before its block gives its part away, at least.
constexpr int64_t kIterationsOfTeam = 8;
constexpr int64_t kManyBlocks = 1024;
constexpr int64_t kMostPartBytes = 16 << 20;
/// Elements that a thread has for itself, in registers if all goes well.
constexpr int64_t kMostOfThread = 64;
constexpr int64_t kMostShared = 40 << 10;

} // namespace

/// Where a team adds up a reduction over the shared loops.
struct KernelEmitter::Accumulators {
  Reduction *reduction = nullptr;
  Group inner; ///< of the loops inside the shared ones
  int part = -1;
  /// One element: a number of each thread, all of which count. Several: an array of the team.
  llvm::AllocaInst *value = nullptr, *position = nullptr;
  int64_t offset = 0; ///< in the memory of a team
  Value *array = nullptr;
};

struct KernelEmitter::Tree {
  KernelEmitter &k;
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  ArrayRef<int64_t> sizes; ///< of the shared loops
  Team team;
  int64_t teams = 1; ///< of a block
  Value *teamNumber = nullptr;
  /// Memory of a team: of its locals and accumulators.
  int64_t teamBytes = 0;
  bool inSharedMemory = true;
  Value *memory = nullptr;
  std::vector<Accumulators> accumulators;
  SmallVector<kernel::Local, 4> locals;
  SmallVector<int64_t, 4> localOffsets;
  cpu::Rows rows;
  Counters counters;

  explicit Tree(KernelEmitter &k)
      : k(k), p(k.p), f(k.f), b(k.b), sizes(ArrayRef(k.nests.front().sizes).take_front(k.shared)) {}

  void findLocals();
  /// Whether it is as much of an array as an iteration needs, which nobody reads later.
  bool isLocal(mlir::Value value) const {
    return f.placeOf(value).kind == kernel::Place::Kind::Row;
  }
  void findAccumulators();
  int64_t bytesOfTeam(bool ofThread);
  void chooseTeam();
  void place();
  void placeLocals();
  Accumulators *find(Reduction &reduction);
  void clear();
  void iteration(const Counters &at);
  void nest(NestCode &nest);
  void atOneIndex(NestCode &nest);
  void foldInner(NestCode &nest, const Group &group, bool stores,
                 llvm::function_ref<void(Value *, ArrayRef<Candidate>)> finish);
  void complete(NestCode &nest, const Group &group, bool stores);
  void accumulate(NestCode &nest, const Group &group, bool stores);
  void scan(NestCode &nest);
  void addTo(Accumulators &each, Candidate added);
  void giveParts(Value *chunk, const std::function<Value *(Accumulators &, Value *)> &keptAt);
  Value *elementOf(Accumulators &each, Value *base, Value *index);
};

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
  for (NestCode &nest : k.nests)
    for (Group &group : k.groupsOf(nest, k.shared))
      for (Reduction *reduction : group.reductions)
        if (k.crosses(*reduction)) {
          Accumulators each;
          each.reduction = reduction;
          each.inner = group;
          accumulators.push_back(std::move(each));
        }
}

/// Lays out a team's memory.
int64_t KernelEmitter::Tree::bytesOfTeam(bool ofThread) {
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

void KernelEmitter::Tree::chooseTeam() {
  int64_t longest = 1, elements = 0;
  for (const NestCode &nest : k.nests)
    longest = std::max(longest, product(ArrayRef(nest.sizes).drop_front(k.shared)));
  for (const kernel::Local &local : locals)
    elements += local.elements;
  for (const Accumulators &each : accumulators)
    elements += each.inner.keptCount;
  teamBytes = bytesOfTeam(false);
  int64_t warps = p.grid.threads / Grid::warpSize;
  int64_t room = kMostShared - foldBytes(p.grid);
  if (longest <= kShortRow && elements <= kMostOfThread)
    team = p.grid.ofThread();
  else if (longest <= kLongRow && warps * teamBytes <= room)
    team = p.grid.ofWarp();
  else
    team = p.grid.ofBlock();
  teams = p.grid.threads / team.size;
  inSharedMemory = team.size == p.grid.threads ? teamBytes <= room : true;
  teamNumber =
      teams == 1 ? f.number(0)
      : team.size == 1
          ? p.grid.thread
          : b.CreateLShr(p.grid.thread, f.number(int64_t(llvm::Log2_64(uint64_t(team.size)))));
}

/// Memory of this thread's team.
void KernelEmitter::Tree::place() {
  if (team.size > 1 && teamBytes) {
    if (inSharedMemory) {
      p.grid.needShared(foldBytes(p.grid) + teams * teamBytes);
      Value *offset = b.CreateMul(teamNumber, f.number(teamBytes), "", true, true);
      memory = b.CreateInBoundsGEP(b.getInt8Ty(), p.grid.shared(foldBytes(p.grid)), offset);
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
  // Later nests read few elements where some threads have written them, too.
  for (auto [value, area] : k.bridges) {
    cpu::RowPlace &row = rows[value];
    for (int dim = 0; dim < int(tensorType(value).getRank()); ++dim)
      row.dims.push_back(dim);
    row.place = f.placeOf(value);
    row.base = area;
    row.isWhole = true;
  }
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

/// All begins anew.
void KernelEmitter::Tree::clear() {
  for (Accumulators &each : accumulators) {
    if (each.value) {
      b.CreateStore(each.reduction->neutral(), each.value);
      if (each.position)
        b.CreateStore(b.getInt32(0), each.position);
      continue;
    }
    p.grid.loop(team.rank, f.number(each.inner.keptCount), f.number(team.size), [&](Value *index) {
      Value *at = elementOf(each, each.array, index);
      cpu::storeElement(b, each.reduction->sourceType(), each.reduction->neutral(), at);
      if (each.reduction->isPosition())
        b.CreateStore(b.getInt32(0), b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), at, 8));
    });
  }
  p.grid.wait(team);
}

void KernelEmitter::Tree::addTo(Accumulators &each, Candidate added) {
  llvm::Type *type = cpu::registerType(f.context(), each.reduction->sourceType());
  Candidate known{b.CreateLoad(type, each.value),
                  each.position ? b.CreateLoad(b.getInt32Ty(), each.position) : nullptr};
  Candidate sum = each.reduction->chosen(known, added);
  b.CreateStore(sum.value, each.value);
  if (each.position)
    b.CreateStore(sum.position, each.position);
}

// ---- One iteration ------------------------------------------------------------------------------

void KernelEmitter::Tree::iteration(const Counters &at) {
  counters = at;
  for (NestCode &each : k.nests) {
    nest(each);
    // What it left in shared memory is read by other threads of the team.
    p.grid.wait(team);
  }
}

void KernelEmitter::Tree::nest(NestCode &nest) {
  if (!nest.scans.empty())
    return scan(nest);
  if (product(ArrayRef(nest.sizes).drop_front(k.shared)) == 1)
    return atOneIndex(nest);
  std::vector<Group> groups = k.groupsOf(nest, k.shared);
  if (groups.empty()) {
    Group all; // stores alone
    for (size_t dim = k.shared; dim < nest.sizes.size(); ++dim)
      if (nest.sizes[dim] != 1) {
        all.kept.push_back(int(dim));
        all.keptSizes.push_back(nest.sizes[dim]);
        all.keptCount *= nest.sizes[dim];
      }
    return p.grid.loop(team.rank, f.number(all.keptCount), f.number(team.size), [&](Value *index) {
      k.evaluate(nest, k.countersAt(counters, nest, all, index, nullptr), {}, true, &rows);
    });
  }
  for (auto [i, group] : llvm::enumerate(groups)) {
    bool stores = i + 1 == groups.size();
    if (stores && i && !nest.stores.empty())
      p.grid.wait(team);
    if (k.crosses(*group.reductions.front()))
      accumulate(nest, group, stores);
    else
      complete(nest, group, stores);
  }
}

/// A nest without loops of its own. Every thread of the team has what later nests read for itself;
/// one of them stores what is in memory, and adds to what is added up over shared loops.
void KernelEmitter::Tree::atOneIndex(NestCode &nest) {
  Counters at = k.countersAt(counters, nest, Group(), nullptr, nullptr);
  cpu::Index index;
  index.dims = at;
  cpu::Elements elements(f, index, nest.stores, &rows);
  SmallVector<Value *, 4> stored;
  for (mlir::Operation *op : nest.stores)
    stored.push_back(elements.at(op->getResult(0)));
  Candidates added;
  for (Reduction &reduction : nest.reductions)
    added.push_back(cpu::contribution(f, elements, reduction, at));
  auto store = [&](bool locals) {
    for (auto [op, value] : llvm::zip(nest.stores, stored))
      if (isLocal(op->getResult(0)) == locals)
        k.store(nest, op->getResult(0), at, value, &rows);
    for (auto [reduction, candidate] : llvm::zip(nest.reductions, added)) {
      if (isLocal(reduction.value()) != locals)
        continue;
      if (k.crosses(reduction))
        addTo(*find(reduction), candidate);
      else
        k.storeResult(reduction, at, candidate, &rows);
    }
  };
  store(/*locals=*/true);
  bool more =
      llvm::any_of(nest.stores, [&](mlir::Operation *op) { return !isLocal(op->getResult(0)); });
  for (Reduction &reduction : nest.reductions)
    more |= !isLocal(reduction.value());
  if (!more)
    return;
  // All have read what one of them updates in place.
  p.grid.wait(team);
  if (team.size == 1)
    return store(/*locals=*/false);
  p.grid.onlyIf(b.CreateICmpEQ(team.rank, f.number(0)), [&] { store(/*locals=*/false); });
}

/// Folds the inner loops of an iteration.
void KernelEmitter::Tree::foldInner(NestCode &nest, const Group &group, bool stores,
                                    llvm::function_ref<void(Value *, ArrayRef<Candidate>)> finish) {
  SmallVector<Folded, 4> folded;
  for (Reduction *reduction : group.reductions)
    folded.push_back(Folded::of(f, *reduction));
  FoldSpace space{group.keptCount,           group.termCount, group.termsInner(),       f.number(0),
                  f.number(group.keptCount), f.number(0),     f.number(group.termCount)};
  space.strides = k.stridesOf(nest, group, Sharing::of(space, team.size).terms, /*isPart=*/true);
  fold(
      p, team, folded, space,
      [&](Value *kept, ArrayRef<Value *> firsts, int64_t lanes) {
        return k.evaluateTerms(nest, counters, group, kept, firsts, lanes, stores, &rows);
      },
      finish);
}

/// Reductions that begin anew in each iteration.
void KernelEmitter::Tree::complete(NestCode &nest, const Group &group, bool stores) {
  foldInner(nest, group, stores, [&](Value *kept, ArrayRef<Candidate> totals) {
    Counters at = k.countersAt(counters, nest, group, kept, nullptr);
    for (auto [reduction, total] : llvm::zip(group.reductions, totals)) {
      bool ofThread = group.keptCount == 1 && isLocal(reduction->value());
      if (group.keptCount > 1 || ofThread || team.size == 1)
        k.storeResult(*reduction, at, total, &rows);
      else
        p.grid.onlyIf(b.CreateICmpEQ(team.rank, f.number(0)),
                      [&] { k.storeResult(*reduction, at, total, &rows); });
    }
  });
}

/// Reductions over shared loops.
void KernelEmitter::Tree::accumulate(NestCode &nest, const Group &group, bool stores) {
  if (group.keptCount == 1) {
    p.grid.loop(team.rank, f.number(group.termCount), f.number(team.size), [&](Value *term) {
      Candidates added = k.evaluate(nest, k.countersAt(counters, nest, group, nullptr, term),
                                    group.reductions, stores, &rows);
      for (auto [reduction, candidate] : llvm::zip(group.reductions, added))
        addTo(*find(*reduction), candidate);
    });
    return;
  }
  foldInner(nest, group, stores, [&](Value *kept, ArrayRef<Candidate> totals) {
    // The same thread each time.
    for (auto [reduction, total] : llvm::zip(group.reductions, totals)) {
      Accumulators &each = *find(*reduction);
      Value *at = elementOf(each, each.array, kept);
      Candidate known{cpu::loadElement(b, reduction->sourceType(), at), nullptr};
      Value *position = nullptr;
      if (reduction->isPosition()) {
        position = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), at, 8);
        known.position = b.CreateLoad(b.getInt32Ty(), position);
      }
      Candidate sum = reduction->chosen(known, total);
      cpu::storeElement(b, reduction->sourceType(), sum.value, at);
      if (position)
        b.CreateStore(sum.position, position);
    }
  });
}

/// Running sums: rows and their elements are shared among the threads of the team.
void KernelEmitter::Tree::scan(NestCode &nest) {
  auto dim = size_t(nest.loop->scan);
  SmallVector<int, 4> others;
  SmallVector<int64_t, 4> sizes;
  for (size_t i = k.shared; i < nest.sizes.size(); ++i)
    if (i != dim) {
      others.push_back(int(i));
      sizes.push_back(nest.sizes[i]);
    }
  int64_t count = product(sizes), size = nest.sizes[dim];
  TeamScan scan(p, team, nest.scans, count, size, /*rowsInner=*/false);
  p.grid.loop(f.number(0), f.number(count), f.number(scan.sharing.kept), [&](Value *first) {
    Value *row = b.CreateAdd(first, scan.ofRow, "", true, true);
    bool isWhole = count % scan.sharing.kept == 0;
    auto countersAt = [&](Value *step) {
      Counters at(counters);
      at.resize(nest.sizes.size(), f.number(0));
      auto indices = cpu::dimsOfLinear(f, row, sizes);
      for (auto [other, index] : llvm::zip(others, indices))
        at[size_t(other)] = index;
      at[dim] = nest.loop->fromEnd ? b.CreateSub(f.number(size - 1), step, "", true, true) : step;
      return at;
    };
    scan.clear();
    scan.through(
        f.number(0), f.number(size), isWhole ? nullptr : b.CreateICmpSLT(row, f.number(count)),
        [&](Value *step) {
          cpu::Index index;
          index.dims = countersAt(step);
          cpu::Elements elements(f, index, {}, &rows);
          SmallVector<Value *, 2> all;
          for (mlir::Operation *op : nest.scans)
            all.push_back(elements.at(op->getOperand(0)));
          return all;
        },
        [&](ArrayRef<Value *> values, Value *step) {
          Counters at = countersAt(step);
          for (auto [op, value] : llvm::zip(nest.scans, values)) {
            mlir::Value result = op->getResult(0);
            mlir::Type element = tensorType(result).getElementType();
            auto row = rows.find(result);
            Value *to = row != rows.end()
                            ? cpu::rowAddress(f, result, row->second, at)
                            : f.address(element, k.memoryOf(result),
                                        cpu::linearIndex(f, at, tensorType(result).getShape()));
            cpu::storeElement(b, element, value, to);
          }
        });
  });
}

// ---- Parts --------------------------------------------------------------------------------------

/// Adds up what the teams of this block have come to, and leaves it as the block's part.
void KernelEmitter::Tree::giveParts(Value *chunk,
                                    const std::function<Value *(Accumulators &, Value *)> &keptAt) {
  Team block = p.grid.ofBlock();
  p.grid.wait(block);
  for (Accumulators &each : accumulators) {
    const Parts &parts = k.parts[size_t(each.part)];
    mlir::Type element = each.reduction->sourceType();
    llvm::Type *type = cpu::registerType(f.context(), element);
    Folded folded = Folded::of(f, *each.reduction);
    auto loadFrom = [&](Value *at) {
      Candidate part{cpu::loadElement(b, element, at), nullptr};
      if (folded.hasPosition)
        part.position =
            b.CreateLoad(b.getInt32Ty(), b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), at, 8));
      return part;
    };
    if (each.value || team.size == 1) {
      // A number, or several, of each thread.
      p.grid.loop(f.number(0), f.number(each.inner.keptCount), f.number(1), [&](Value *index) {
        FoldSpace space{1,           p.grid.threads,          true, f.number(0), f.number(1),
                        f.number(0), f.number(p.grid.threads)};
        fold(
            p, block, {folded}, space,
            [&](Value *, Value *) -> Candidates {
              if (!each.value)
                return {loadFrom(elementOf(each, each.array, index))};
              return {
                  Candidate{b.CreateLoad(type, each.value),
                            each.position ? b.CreateLoad(b.getInt32Ty(), each.position) : nullptr}};
            },
            [&](Value *, ArrayRef<Candidate> totals) {
              p.grid.onlyIf(b.CreateICmpEQ(block.rank, f.number(0)), [&] {
                k.storePart(parts, chunk, keptAt(each, index), totals.front());
              });
            });
      });
      continue;
    }
    // An array of each team.
    p.grid.loop(
        p.grid.thread, f.number(each.inner.keptCount), f.number(p.grid.threads), [&](Value *index) {
          Candidate total;
          for (int64_t other = 0; other < teams; ++other) {
            Value *array = each.array;
            if (teams > 1)
              array = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), p.grid.shared(foldBytes(p.grid)),
                                                   uint64_t(other * teamBytes + each.offset));
            Candidate part = loadFrom(elementOf(each, array, index));
            total = other ? folded.combine(total, part) : part;
          }
          k.storePart(parts, chunk, keptAt(each, index), total);
        });
  }
  p.grid.wait(block);
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

void KernelEmitter::tree() {
  // A team then runs more in an iteration. What is added up over the only shared loop keeps none.
  while (mixes())
    --shared;
  Tree tree(*this);
  tree.findLocals();
  tree.findAccumulators();
  tree.chooseTeam();
  // Loops that nothing is added up over, and the others.
  Group loops;
  for (size_t dim = 0; dim < shared; ++dim) {
    int64_t size = tree.sizes[dim];
    if (size == 1)
      continue;
    bool isTerm = llvm::any_of(
        tree.accumulators, [&](Accumulators &each) { return !each.reduction->keeps(int(dim)); });
    (isTerm ? loops.terms : loops.kept).push_back(int(dim));
    (isTerm ? loops.termSizes : loops.keptSizes).push_back(size);
    (isTerm ? loops.termCount : loops.keptCount) *= size;
  }
  const NestCode &first = nests.front();
  auto countersOf = [&](Value *kept, Value *term) {
    Counters all = countersAt({}, first, loops, kept, term);
    all.resize(shared);
    return all;
  };
  if (tree.accumulators.empty()) {
    tree.place();
    Value *number = b.CreateAdd(b.CreateMul(p.grid.block, f.number(tree.teams), "", true, true),
                                tree.teamNumber, "", true, true);
    Value *all = b.CreateMul(p.grid.blocks, f.number(tree.teams), "", true, true);
    p.usefulBlocks = std::max(p.usefulBlocks, ceilDiv(loops.keptCount, tree.teams));
    p.grid.wait(p.grid.ofBlock());
    return p.grid.loop(number, f.number(loops.keptCount), all,
                       [&](Value *kept) { tree.iteration(countersOf(kept, nullptr)); });
  }
  int64_t bytes = 0;
  for (Accumulators &each : tree.accumulators)
    bytes += loops.keptCount * each.inner.keptCount * bytesOfPart(*each.reduction);
  int64_t chunks = std::min({ceilDiv(loops.termCount, tree.teams * kIterationsOfTeam),
                             ceilDiv(kManyBlocks, loops.keptCount),
                             std::max<int64_t>(1, kMostPartBytes / bytes)});
  int64_t chunk =
      int64_t(llvm::alignTo(uint64_t(ceilDiv(loops.termCount, chunks)), uint64_t(tree.teams)));
  chunks = ceilDiv(loops.termCount, chunk);
  for (Accumulators &each : tree.accumulators) {
    // The result's index: first the shared loops that are kept, then those inside.
    Group all = each.inner;
    all.kept.insert(all.kept.begin(), loops.kept.begin(), loops.kept.end());
    all.keptSizes.insert(all.keptSizes.begin(), loops.keptSizes.begin(), loops.keptSizes.end());
    all.keptCount *= loops.keptCount;
    each.part = int(parts.size());
    newParts(*each.reduction, all, chunks);
  }
  p.usefulBlocks = std::max(p.usefulBlocks, loops.keptCount * chunks);
  tree.place();
  p.grid.wait(p.grid.ofBlock());
  p.grid.loop(p.grid.block, f.number(loops.keptCount * chunks), p.grid.blocks, [&](Value *number) {
    Value *kept =
        loops.keptCount == 1 ? f.number(0) : b.CreateURem(number, f.number(loops.keptCount));
    Value *part = loops.keptCount == 1 ? number : b.CreateUDiv(number, f.number(loops.keptCount));
    Value *from = b.CreateMul(part, f.number(chunk), "", true, true);
    Value *end = b.CreateAdd(from, f.number(chunk), "", true, true);
    Value *to = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, end, f.number(loops.termCount));
    tree.clear();
    p.grid.loop(b.CreateAdd(from, tree.teamNumber, "", true, true), to, f.number(tree.teams),
                [&](Value *term) { tree.iteration(countersOf(kept, term)); });
    tree.giveParts(part, [&](Accumulators &each, Value *index) {
      Value *before = b.CreateMul(kept, f.number(each.inner.keptCount), "", true, true);
      return b.CreateAdd(before, index, "", true, true);
    });
  });
}

} // namespace descent::gpu
