// One iteration of the shared loops at a time, nest after nest, by one team.
#include "compiler/gpu/Scan.h"
#include "compiler/gpu/Sizes.h"
#include "compiler/gpu/Tree.h"

#include "compiler/cpu/Scalar.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

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
              array = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), p.grid.shared(sharedFrom()),
                                                   uint64_t(other * teamBytes + each.offset));
            Candidate part = loadFrom(elementOf(each, array, index));
            total = other ? folded.combine(total, part) : part;
          }
          k.storePart(parts, chunk, keptAt(each, index), total);
        });
  }
  p.grid.wait(block);
}

} // namespace descent::gpu
