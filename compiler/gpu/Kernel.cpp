// A kernel that all threads run together.
//
// Loops that nothing is added up in are shared out among all threads, neighbours to neighbours. The
// terms of reductions are cut into chunks whose number depends on shapes alone; a block folds a
// chunk and leaves its part in memory; when all have come, the parts are folded in turn. So no
// result depends on how many blocks there are.
#include "compiler/gpu/Kernel.h"

#include "compiler/cpu/Scalar.h"
#include "compiler/gpu/OwnArrays.h"
#include "compiler/gpu/Sizes.h"

namespace descent::gpu {

using cpu::Elements;
using cpu::Index;
using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::SmallVectorImpl;
using llvm::Value;

namespace {

/// Terms that each thread folds before a block gives its part away, at least.
constexpr int64_t kTermsOfThread = 4;
/// Blocks to keep a card busy; more are not needed.
constexpr int64_t kManyBlocks = 1024;
constexpr int64_t kMostPartBytes = 16 << 20;

/// Threads that keep a card busy, in blocks: more elements are taken several at a time.
constexpr int64_t kManyThreads = 256;
/// Bytes that a thread reads or writes at once; elements and simple instructions that it is given
/// at a time.
constexpr int64_t kWideBytes = 16, kMostElements = 16, kMostAtOnce = 64;
/// Bytes that a thread should have under way, at the price of so many instructions: with 512
/// threads on a multiprocessor these are 32 KiB.
constexpr int64_t kBytesUnderWay = 64, kMostForReads = 512;
/// Rows enough that one team for each of them, or for some, keeps a card busy.
constexpr int64_t kManyRows = 512;

} // namespace

void addNeighbours(llvm::IRBuilder<> &b, SmallVectorImpl<Counters> &all, int64_t lanes,
                   Counters first, size_t along) {
  for (int64_t i = 0; i < lanes; ++i) {
    Counters &next = all.emplace_back(first);
    if (i)
      next[along] = b.CreateAdd(first[along], b.getInt64(uint64_t(i)), "", true, true);
  }
}

int64_t KernelEmitter::widestElement(const NestCode &nest) const {
  int64_t bytes = 4;
  auto consider = [&](mlir::Value value) {
    if (kernel::isArray(value))
      bytes = std::max(bytes, kernel::elementBytes(tensorType(value).getElementType()));
  };
  for (const kernel::Read &read : step.reads)
    if (read.nest == int(nest.loop - step.loops.data()))
      consider(read.value);
  for (mlir::Operation *op : nest.stores)
    consider(op->getResult(0));
  return bytes;
}

/// How many elements a thread takes at a time: neighbours as long as `threads` have something to
/// do, more of them as long as `many` have. Of the `count` elements, rows of `neighbours` lie side
/// by side.
Strides KernelEmitter::stridesOf(const NestCode &nest, int64_t neighbours, int64_t count,
                                 int64_t threads, int64_t many) const {
  int64_t bytes = widestElement(nest);
  int64_t cost = std::max(nest.loop->cost, 1);
  Strides strides;
  strides.lanes = kWideBytes / bytes;
  if ((neighbours % strides.lanes && neighbours < count) || count < strides.lanes * threads ||
      cost * strides.lanes > 2 * kMostAtOnce)
    strides.lanes = 1;
  int64_t read = 0; // for each element
  for (const kernel::Read &each : step.reads)
    if (each.nest == int(nest.loop - step.loops.data()) &&
        kernel::numElements(each.value) * 2 > count)
      read += kernel::elementBytes(tensorType(each.value).getElementType());
  auto isWorthMore = [&](int64_t elements) {
    bool isCheap = cost * elements * 2 <= kMostAtOnce;
    bool isLittle = read * elements < kBytesUnderWay && cost * elements * 2 <= kMostForReads;
    return isCheap || isLittle;
  };
  while (strides.lanes * strides.times < kMostElements &&
         isWorthMore(strides.lanes * strides.times) &&
         count >= strides.lanes * strides.times * 2 * many)
    strides.times *= 2;
  return strides;
}

// ---- What there is to do ------------------------------------------------------------------------

bool KernelEmitter::describe() {
  for (const kernel::Loop &loop : step.loops) {
    NestCode &nest = nests.emplace_back();
    nest.loop = &loop;
    if (loop.linear) {
      int64_t size = 1;
      for (int64_t dim : loop.space)
        size *= dim;
      nest.sizes.push_back(size);
    } else {
      nest.sizes.assign(loop.space.begin(), loop.space.end());
    }
    for (mlir::Operation *root : loop.roots) {
      if (kernel::isReduction(root))
        nest.reductions.emplace_back(f, root, nest.sizes, loop.linear);
      else if (kernel::classOf(root) == kernel::OpClass::Scan)
        nest.scans.push_back(root);
      else
        nest.stores.push_back(root);
    }
  }
  return !llvm::is_contained(nests.front().sizes, 0);
}

/// A loop over nothing: reductions are what combining nothing gives.
void KernelEmitter::emitEmpty() {
  for (NestCode &nest : nests)
    for (Reduction &reduction : nest.reductions) {
      mlir::Value value = reduction.value();
      if (kernel::isRegister(value)) {
        f.setRegister(value, reduction.isPosition() ? b.getInt32(0) : reduction.neutral());
        continue;
      }
      Value *to = f.pointerTo(value);
      auto fill = [&](Value *at) {
        cpu::storeElement(b, reduction.type(), reduction.neutral(),
                          f.address(reduction.type(), to, at));
      };
      std::optional<Alone> alone;
      if (p.isOfBlock(value))
        alone.emplace(p);
      if (p.isInFrame(value))
        p.grid.loop(f.number(0), f.number(kernel::numElements(value)), f.number(1), fill);
      else
        p.shareOut(kernel::numElements(value), fill);
    }
}

/// Reductions that keep the same loops, of those from `firstDim` on.
std::vector<Group> KernelEmitter::groupsOf(NestCode &nest, size_t firstDim) {
  std::vector<Group> groups;
  for (Reduction &reduction : nest.reductions) {
    Group group;
    for (size_t dim = firstDim; dim < nest.sizes.size(); ++dim) {
      int64_t size = nest.sizes[dim];
      if (size == 1)
        continue;
      bool kept = !nest.loop->linear && reduction.keeps(int(dim));
      (kept ? group.kept : group.terms).push_back(int(dim));
      (kept ? group.keptSizes : group.termSizes).push_back(size);
      (kept ? group.keptCount : group.termCount) *= size;
    }
    auto same = llvm::find_if(groups, [&](const Group &other) {
      return other.kept == group.kept && crosses(*other.reductions.front()) == crosses(reduction);
    });
    if (same == groups.end()) {
      groups.push_back(std::move(group));
      same = std::prev(groups.end());
    }
    same->reductions.push_back(&reduction);
  }
  return groups;
}

// ---- Elements -----------------------------------------------------------------------------------

Value *KernelEmitter::memoryOf(mlir::Value value) {
  auto bridge = bridges.find(value);
  return bridge == bridges.end() ? f.pointerTo(value) : bridge->second;
}

Counters KernelEmitter::countersAt(const Counters &outer, const NestCode &nest, const Group &group,
                                   Value *kept, Value *term) {
  Counters counters(outer);
  counters.resize(nest.sizes.size(), nullptr);
  for (Value *&counter : counters)
    if (!counter)
      counter = f.number(0);
  auto put = [&](ArrayRef<int> dims, ArrayRef<int64_t> sizes, Value *flat) {
    auto at = cpu::dimsOfLinear(f, flat, sizes);
    for (auto [dim, index] : llvm::zip(dims, at))
      counters[size_t(dim)] = index;
  };
  if (kept && !group.kept.empty())
    put(group.kept, group.keptSizes, kept);
  if (term && !group.terms.empty())
    put(group.terms, group.termSizes, term);
  return counters;
}

/// At one index. Gives what it adds to reductions.
Candidates KernelEmitter::evaluate(NestCode &nest, const Counters &counters,
                                   ArrayRef<Reduction *> reductions, bool stores,
                                   const cpu::Rows *rows) {
  return evaluateAll(nest, counters, reductions, stores, rows).front();
}

/// All is read and computed before anything is written.
SmallVector<Candidates> KernelEmitter::evaluateAll(NestCode &nest, ArrayRef<Counters> all,
                                                   ArrayRef<Reduction *> reductions, bool stores,
                                                   const cpu::Rows *rows) {
  SmallVector<Candidates> added;
  SmallVector<SmallVector<Value *, 4>> stored;
  for (const Counters &counters : all) {
    Index index;
    if (nest.loop->linear)
      index.linear = counters[0];
    else
      index.dims = counters;
    Elements elements(f, index, nest.stores, rows);
    stored.emplace_back();
    if (stores)
      for (mlir::Operation *op : nest.stores)
        stored.back().push_back(elements.at(op->getResult(0)));
    added.emplace_back();
    for (Reduction *reduction : reductions)
      added.back().push_back(cpu::contribution(f, elements, *reduction, counters));
  }
  if (!stores)
    return added;
  for (auto [i, op] : llvm::enumerate(nest.stores))
    for (auto [counters, values] : llvm::zip(all, stored))
      store(nest, op->getResult(0), counters, values[i], rows);
  return added;
}

/// Stores an element of a result at an index of the nest.
void KernelEmitter::store(const NestCode &nest, mlir::Value result, const Counters &counters,
                          Value *value, const cpu::Rows *rows) {
  mlir::Type element = tensorType(result).getElementType();
  if (rows)
    if (auto row = rows->find(result); row != rows->end()) {
      Value *at = cpu::rowAddress(f, result, row->second, counters);
      f.scopes.tag(cpu::storeElement(b, element, value, at), row->second.place);
      return;
    }
  Value *position =
      nest.loop->linear ? counters[0] : cpu::linearIndex(f, counters, nest.loop->space);
  auto *stored =
      cpu::storeElement(b, element, value, f.address(element, memoryOf(result), position));
  if (!bridges.contains(result))
    f.scopes.tag(stored, f.placeOf(result));
}

/// Stores a total where it belongs, for an index of the nest.
void KernelEmitter::storeResult(Reduction &reduction, const Counters &counters, Candidate total,
                                const cpu::Rows *rows) {
  mlir::Value value = reduction.value();
  Value *stored = reduction.isPosition() ? total.position : total.value;
  Counters dims = reduction.resultDims(counters);
  if (rows)
    if (auto row = rows->find(value); row != rows->end()) {
      cpu::storeElement(b, reduction.type(), stored, cpu::rowAddress(f, value, row->second, dims));
      return;
    }
  Value *at = cpu::linearIndex(f, dims, tensorType(value).getShape());
  cpu::storeElement(b, reduction.type(), stored, f.address(reduction.type(), memoryOf(value), at));
}

// ---- Nests that share no loops ------------------------------------------------------------------

void KernelEmitter::topLevel(NestCode &nest) {
  std::vector<Group> groups = groupsOf(nest, 0);
  if (groups.empty()) {
    int64_t count = 1;
    for (int64_t size : nest.sizes)
      count *= size;
    int64_t many = isAlone ? p.grid.threads : kManyThreads * p.grid.threads;
    Strides strides = stridesOf(nest, nest.sizes.back(), count, many, many);
    return p.shareOut(count, strides, [&](ArrayRef<Value *> firsts, int64_t lanes) {
      SmallVector<Counters> all;
      for (Value *first : firsts)
        addNeighbours(b, all, lanes,
                      nest.loop->linear ? Counters{first} : cpu::dimsOfLinear(f, first, nest.sizes),
                      nest.sizes.size() - 1);
      evaluateAll(nest, all, {}, /*stores=*/true, nullptr);
    });
  }
  for (auto [i, group] : llvm::enumerate(groups)) {
    bool last = i + 1 == groups.size();
    // What is updated in place is read by the others before.
    if (last && i && !nest.stores.empty()) {
      if (isAlone)
        p.grid.wait(p.grid.ofBlock());
      else
        p.grid.waitForAll();
    }
    topLevelGroup(nest, group, /*stores=*/last);
  }
}

/// How many terms a thread takes at a time, where `threads` share those of a sum.
/// `isPart`: the rows are parts of those in memory, one for each iteration of outer loops.
Strides KernelEmitter::stridesOf(const NestCode &nest, const Group &group, int64_t threads,
                                 bool isPart) const {
  if (group.terms.empty())
    return {};
  // Neighbours along the innermost loop, if they are terms.
  int64_t neighbours = group.termsInner() ? group.termSizes.back() : 1;
  int64_t many = isPart ? threads : threads * std::max<int64_t>(1, kManyThreads / group.keptCount);
  Strides strides = stridesOf(nest, neighbours, group.termCount, threads, many);
  // Each row begins where as much is read at once as fits.
  if ((isPart || group.keptCount > 1) && neighbours % strides.lanes)
    strides.lanes = 1;
  return strides;
}

/// What rows of `lanes` neighbouring terms add, each row from one of `firsts` on.
SmallVector<Candidates> KernelEmitter::evaluateTerms(NestCode &nest, const Counters &outer,
                                                     const Group &group, Value *kept,
                                                     ArrayRef<Value *> firsts, int64_t lanes,
                                                     bool stores, const cpu::Rows *rows) {
  SmallVector<Counters> all;
  for (Value *first : firsts)
    addNeighbours(b, all, lanes, countersAt(outer, nest, group, kept, first),
                  group.terms.empty() ? 0 : size_t(group.terms.back()));
  return evaluateAll(nest, all, group.reductions, stores, rows);
}

void KernelEmitter::topLevelGroup(NestCode &nest, const Group &group, bool stores) {
  SmallVector<Folded, 4> folded;
  for (Reduction *reduction : group.reductions)
    folded.push_back(Folded::of(f, *reduction));
  FoldSpace space{group.keptCount, group.termCount, group.termsInner(), nullptr, nullptr,
                  nullptr,         nullptr};
  Sharing sharing = Sharing::of(space, p.grid.threads);
  int64_t kept = group.keptCount, terms = group.termCount;
  space.strides = stridesOf(nest, group, sharing.terms, /*isPart=*/false);
  int64_t tiles = ceilDiv(kept, sharing.kept);
  int64_t bytes = 0;
  for (Reduction *reduction : group.reductions)
    bytes += kept * bytesOfPart(*reduction);
  int64_t chunks =
      std::min({ceilDiv(terms, sharing.terms * kTermsOfThread), ceilDiv(kManyBlocks, tiles),
                std::max<int64_t>(1, kMostPartBytes / bytes)});
  int64_t chunk =
      int64_t(llvm::alignTo(uint64_t(ceilDiv(terms, chunks)),
                            uint64_t(sharing.terms * space.strides.lanes * space.strides.times)));
  chunks = ceilDiv(terms, chunk);
  SmallVector<int, 4> partOf;
  for (Reduction *reduction : group.reductions) {
    bool parted = chunks > 1 || needsParts(*reduction);
    partOf.push_back(parted ? int(parts.size()) : -1);
    if (parted)
      newParts(*reduction, group, chunks);
  }
  p.usefulBlocks = std::max(p.usefulBlocks, tiles * chunks);
  Team team = p.grid.ofBlock();
  p.grid.loop(p.grid.block, f.number(tiles * chunks), p.grid.blocks, [&](Value *number) {
    Value *tile = tiles == 1 ? f.number(0) : b.CreateURem(number, f.number(tiles));
    Value *part = tiles == 1 ? number : b.CreateUDiv(number, f.number(tiles));
    auto range = [&](Value *index, int64_t size, int64_t all, Value *&from, Value *&to) {
      from = b.CreateMul(index, f.number(size), "", true, true);
      to = b.CreateAdd(from, f.number(size), "", true, true);
      to = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, to, f.number(all));
    };
    range(tile, sharing.kept, kept, space.keptFrom, space.keptTo);
    range(part, chunk, terms, space.termsFrom, space.termsTo);
    if (kept == 1) {
      space.keptFrom = f.number(0);
      space.keptTo = f.number(1);
    }
    fold(
        p, team, folded, space,
        [&](Value *at, ArrayRef<Value *> firsts, int64_t lanes) {
          return evaluateTerms(nest, {}, group, at, firsts, lanes, stores, nullptr);
        },
        [&](Value *at, ArrayRef<Candidate> totals) {
          auto store = [&] {
            for (auto [reduction, total, index] : llvm::zip(group.reductions, totals, partOf)) {
              if (index >= 0)
                storePart(parts[size_t(index)], part, at, total);
              else
                storeResult(*reduction, countersAt({}, nest, group, at, nullptr), total, nullptr);
            }
          };
          if (kept == 1)
            p.grid.onlyIf(b.CreateICmpEQ(team.rank, f.number(0)), store);
          else
            store();
        });
  });
}

// ---- The kernel ---------------------------------------------------------------------------------

bool KernelEmitter::crosses(const Reduction &reduction) const {
  if (!shared)
    return false;
  if (kernel::isRegister(reduction.value()))
    return true;
  for (size_t dim = 0; dim < shared; ++dim)
    if (nests.front().sizes[dim] != 1 && !reduction.keeps(int(dim)))
      return true;
  return false;
}

/// The outer loops of a nest that reduces rows, or adds up many: each reduction keeps all loops
/// inside of these or none. It is then like a tree of one nest. 0: there are none, or few rows.
size_t KernelEmitter::loopsOverRows() const {
  const NestCode &nest = nests.front();
  if (nests.size() > 1 || nest.loop->linear || nest.reductions.empty())
    return 0;
  size_t last = nest.sizes.size() - 1;
  while (last > 0 && nest.sizes[last] == 1)
    --last;
  auto isInside = [&](size_t dim) {
    return nest.sizes[dim] == 1 || llvm::all_of(nest.reductions, [&](const Reduction &reduction) {
             return reduction.keeps(int(dim)) == reduction.keeps(int(last));
           });
  };
  size_t outer = last;
  while (outer > 0 && isInside(outer - 1))
    --outer;
  return product(ArrayRef(nest.sizes).take_front(outer)) >= kManyRows ? outer : 0;
}

/// Whether it is little work, of which every block or thread wants to know all that comes out.
bool KernelEmitter::canBeAlone() const {
  for (mlir::Operation *root : step.roots)
    for (mlir::Value result : root->getResults())
      if (kernel::isArray(result) && !p.isInFrame(result) && !p.isOfBlock(result) &&
          f.placeOf(result).kind != kernel::Place::Kind::Row)
        return false;
  return isLittle(step);
}

void KernelEmitter::emitNests() {
  makeBridges();
  bool isTree = shared != 0;
  if (!isTree)
    shared = loopsOverRows();
  if (!shared || !tree(/*onlyRows=*/!isTree)) {
    shared = 0;
    for (NestCode &nest : nests)
      topLevel(nest);
  }
  finishParts();
}

void KernelEmitter::emit() {
  if (!describe())
    return emitEmpty();
  f.scopes.reset();
  isAlone = canBeAlone();
  if (isAlone) {
    Alone alone(p);
    // Shared memory may still be somebody else's.
    if (llvm::any_of(nests, [](const NestCode &nest) { return !nest.reductions.empty(); }))
      p.grid.wait(p.grid.ofBlock());
    emitNests();
  } else {
    emitNests();
  }
  f.scopes.apply();
}

} // namespace descent::gpu
