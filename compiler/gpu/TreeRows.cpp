// Several iterations of the shared loops at a time: what all of them read of memory is asked for
// before any of it is used, and their sums go through the lanes of a warp side by side.
//
//   for 8 rows at a time, one warp                 x: [rows, 100], f32
//     x[8][4] = …                                  16 bytes of each row, 128 bytes of a thread
//     p[8] = sum(x * w)                            five exchanges of lanes, 8 side by side
//     r[8] = p - y
//     g[4] += r[8] * x[8][4]                       in registers until the chunk is done
//
// Nests are written out: there are no loops inside, so what two of them read alike stays in
// registers in between. Where a row is shorter than 32 threads take, a team is a part of a warp.
// Threads without an element take one that another has, and instead of rows behind the last one
// another one of the warp is taken; what comes of them does not count. So there are no branches but
// around what is stored.
#include "compiler/gpu/Tree.h"

#include "compiler/gpu/Sizes.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

void KernelEmitter::Tree::iterations(Value *first, Value *to,
                                     llvm::function_ref<Counters(Value *)> countersOf) {
  // Neighbouring teams have neighbouring rows.
  first = b.CreateAdd(first, teamNumber, "", true, true);
  auto run = [&] {
    batchNow.clear();
    Value *instead = nullptr;
    if (to) {
      Value *last = b.CreateSub(to, f.number(1), "", true, true);
      instead = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, first, last);
    }
    ofOwnRow.clear();
    for (size_t i = 0; i < rowsOf.size(); ++i) {
      Iteration &row = batchNow.emplace_back();
      Value *number = int64_t(i) < together ? f.number(int64_t(i)) : ownRow;
      Value *index =
          b.CreateAdd(first, b.CreateMul(number, f.number(teams), "", true, true), "", true, true);
      if (to) {
        row.isThere = b.CreateICmpSLT(index, to);
        index = b.CreateSelect(row.isThere, index, instead);
      }
      row.at = countersOf(index);
    }
    for (auto [each, slots] : llvm::zip(k.nests, slotsOf)) {
      if (slots.elements == 1)
        atOneIndexOfRows(each);
      else
        nestOfRows(each, slots);
      wait();
    }
  };
  if (!to)
    return run();
  // What is there instead has to be a row of the same warp, which alone may be reading and writing
  // it: a warp without any has nothing to do. All of its lanes are needed elsewhere.
  int64_t others = team.size == 1 ? 1 : std::max<int64_t>(1, Grid::warpSize / team.size);
  Value *ofWarp = b.CreateSub(first, b.CreateAnd(teamNumber, f.number(others - 1)), "", true, true);
  p.grid.onlyIf(b.CreateICmpSLT(ofWarp, to), run);
}

/// For what a thread of a team leaves in memory that others read: of the team, and of the warp where
/// rows are not there.
void KernelEmitter::Tree::wait() {
  // A single thread without a row has its own first one instead.
  if (waits && team.size > 1)
    p.grid.wait(team.size < Grid::warpSize ? p.grid.ofWarp() : team);
}

/// Whether this thread has an element there; null: it has.
Value *KernelEmitter::Tree::hasElement(const RowSlots &slots, int64_t slot) {
  if ((slot + 1) * team.size * slots.lanes <= slots.elements)
    return nullptr;
  return b.CreateICmpSLT(elementAt(slots, slot), f.number(slots.elements));
}

/// The first of this thread's neighbours, there or not.
Value *KernelEmitter::Tree::elementAt(const RowSlots &slots, int64_t slot) {
  Value *chunk = b.CreateAdd(team.rank, f.number(slot * team.size), "", true, true);
  return b.CreateMul(chunk, f.number(slots.lanes), "", true, true);
}

namespace {

/// A candidate where it counts, one that changes nothing elsewhere.
Candidate where(llvm::IRBuilder<> &b, Value *counts, Candidate candidate, Reduction &reduction) {
  if (counts)
    candidate.value = b.CreateSelect(counts, candidate.value, reduction.neutral());
  return candidate;
}

} // namespace

/// Null stands for what always holds.
Value *KernelEmitter::Tree::both(Value *one, Value *other) {
  return !one ? other : !other ? one : b.CreateAnd(one, other);
}

void KernelEmitter::Tree::onlyWhere(Value *condition, llvm::function_ref<void()> body) {
  if (condition)
    p.grid.onlyIf(condition, body);
  else
    body();
}

void KernelEmitter::Tree::nestOfRows(NestCode &nest, const RowSlots &slots) {
  Group all; // loops that this thread's elements are of
  for (size_t dim = k.shared; dim < nest.sizes.size(); ++dim)
    if (nest.sizes[dim] != 1) {
      all.kept.push_back(int(dim));
      all.keptSizes.push_back(nest.sizes[dim]);
    }
  struct Element {
    Counters at;
    SmallVector<Value *, 2> stored;
    Candidates added; ///< of all reductions
  };
  tell(nest);
  auto count = size_t(together);
  std::vector<Element> elements; // [row, slot, lane]
  for (auto [row, iteration] : llvm::enumerate(ArrayRef(batchNow).take_front(count)))
    for (int64_t slot = 0; slot < slots.slots; ++slot) {
      Value *first = elementAt(slots, slot);
      if (hasElement(slots, slot))
        first = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, first,
                                        f.number(slots.elements - slots.lanes));
      SmallVector<Counters> neighbours;
      addNeighbours(b, neighbours, slots.lanes,
                    k.countersAt(iteration.at, nest, all, first, nullptr), size_t(all.kept.back()));
      for (Counters &at : neighbours) {
        cpu::Index index;
        if (nest.loop->linear)
          index.linear = at[0];
        else
          index.dims = at;
        cpu::Elements values(f, index, nest.stores, &rowsOf[row]);
        Element &element = elements.emplace_back();
        for (mlir::Operation *op : nest.stores)
          element.stored.push_back(values.at(op->getResult(0)));
        for (Reduction &reduction : nest.reductions)
          element.added.push_back(cpu::contribution(f, values, reduction, at));
        element.at = std::move(at);
      }
    }
  // Every row has its own place for locals, also where the row counts for nothing.
  auto forEach = [&](mlir::Value result, llvm::function_ref<void(size_t row, Element &)> body) {
    for (size_t row = 0; row < count; ++row)
      for (int64_t slot = 0; slot < slots.slots; ++slot) {
        Value *rowIsThere = isLocal(result) ? nullptr : batchNow[row].isThere;
        onlyWhere(both(rowIsThere, hasElement(slots, slot)), [&] {
          for (int64_t lane = 0; lane < slots.lanes; ++lane)
            body(row, elements[size_t((int64_t(row) * slots.slots + slot) * slots.lanes + lane)]);
        });
      }
  };
  // A thread without an element has read another one's, which that one may now update in place.
  wait();
  for (auto [i, op] : llvm::enumerate(nest.stores))
    forEach(op->getResult(0), [&, op = op, i = i](size_t row, Element &element) {
      k.store(nest, op->getResult(0), element.at, element.stored[i], &rowsOf[row]);
    });
  SmallVector<RowTotal, 8> totals;
  for (auto [i, reduction] : llvm::enumerate(nest.reductions)) {
    SmallVector<Candidate> added;
    for (Element &element : elements)
      added.push_back(element.added[i]);
    if (Accumulators *sums = find(reduction)) {
      addToSums(*sums, slots, added);
      continue;
    }
    if (llvm::all_of(all.kept, [&](int dim) { return reduction.keeps(dim); })) {
      forEach(reduction.value(), [&, i = i, &reduction = reduction](size_t row, Element &element) {
        k.storeResult(reduction, element.at, element.added[i], &rowsOf[row]);
      });
      continue;
    }
    SmallVector<RowTotal, 8> ofRows;
    for (size_t row = 0; row < count; ++row)
      ofRows.push_back({&reduction, row, ofRow(reduction, slots, row, added)});
    if (sharesRows())
      totals.push_back(combineForOwn(ofRows));
    else
      totals.append(ofRows);
  }
  if (!sharesRows())
    combine(totals);
  storeTotals(nest, totals);
}

void KernelEmitter::Tree::storeTotals(NestCode &nest, ArrayRef<RowTotal> totals) {
  for (const RowTotal &each : totals) {
    mlir::Value value = each.reduction->value();
    Counters at = k.countersAt(batchNow[each.row].at, nest, Group(), nullptr, nullptr);
    auto store = [&] { k.storeResult(*each.reduction, at, each.total, &rowsOf[each.row]); };
    if (!isLocal(value)) {
      onlyWhere(both(batchNow[each.row].isThere, isOwn(each.row)), store);
      continue;
    }
    store();
    if (sharesRows())
      ofOwnRow.insert(value);
  }
}

/// Whether this is the thread of its team that leaves what several have of a row; null: it is.
Value *KernelEmitter::Tree::isOwn(size_t row) {
  if (team.size == 1)
    return nullptr;
  // The first lanes have a row each.
  return b.CreateICmpSLT(team.rank, f.number(int64_t(row) < together ? 1 : together));
}

/// What single lanes know of their own rows, and a nest reads, gets to all.
void KernelEmitter::Tree::tell(NestCode &nest) {
  if (ofOwnRow.empty())
    return;
  for (mlir::Value value : readBy(nest)) {
    if (!ofOwnRow.erase(value))
      continue;
    mlir::Type element = tensorType(value).getElementType();
    Value *own = cpu::loadElement(b, element, rowsOf.back().find(value)->second.base);
    for (int64_t row = 0; row < together; ++row) {
      Value *lane = b.CreateAnd(p.grid.thread, f.number(Grid::warpSize - team.size));
      lane = b.CreateOr(lane, f.number(row));
      cpu::storeElement(b, element, p.grid.ofLane(own, lane),
                        rowsOf[size_t(row)].find(value)->second.base);
    }
  }
}

/// What the elements of a nest are made of, as far as it is somewhere, in an order that is always
/// the same.
SmallVector<mlir::Value> KernelEmitter::Tree::readBy(NestCode &nest) {
  llvm::SmallSetVector<mlir::Value, 16> seen;
  SmallVector<mlir::Operation *> left(nest.stores.begin(), nest.stores.end());
  for (Reduction &reduction : nest.reductions)
    left.push_back(reduction.operation());
  while (!left.empty())
    for (mlir::Value operand : left.pop_back_val()->getOperands()) {
      mlir::Operation *op = operand.getDefiningOp();
      if (seen.insert(operand) && op && f.placeOf(operand).kind == kernel::Place::Kind::Inline)
        left.push_back(op);
    }
  return seen.takeVector();
}

/// What this thread's elements of a row come to.
Candidate KernelEmitter::Tree::ofRow(Reduction &reduction, const RowSlots &slots, size_t row,
                                     ArrayRef<Candidate> added) {
  // One sum after the other where there are rows enough to have some at a time.
  int64_t count = slots.count(), sums = std::clamp<int64_t>(4 / together, 1, count);
  SmallVector<Candidate, 4> partial;
  for (int64_t i = 0; i < count; ++i) {
    Candidate each = where(b, hasElement(slots, i / slots.lanes),
                           added[row * size_t(count) + size_t(i)], reduction);
    if (i < sums)
      partial.push_back(each);
    else
      partial[size_t(i % sums)] = reduction.chosen(partial[size_t(i % sums)], each);
  }
  for (; partial.size() > 1; partial.pop_back())
    partial[partial.size() - 2] = reduction.chosen(partial[partial.size() - 2], partial.back());
  return partial.front();
}

/// Adds to what this thread has of a reduction over shared loops.
void KernelEmitter::Tree::addToSums(Accumulators &sums, const RowSlots &slots,
                                    ArrayRef<Candidate> added) {
  auto count = size_t(slots.count());
  if (sums.inner.keptCount > 1) {
    // Threads without an element have sums that nobody reads.
    for (size_t i = 0; i < count; ++i)
      for (size_t row = 0; row < size_t(together); ++row)
        addTo(sums, i, where(b, batchNow[row].isThere, added[row * count + i], *sums.reduction));
    return;
  }
  Candidate all;
  for (size_t row = 0; row < size_t(together); ++row) {
    Candidate each =
        where(b, batchNow[row].isThere, ofRow(*sums.reduction, slots, row, added), *sums.reduction);
    all = row ? sums.reduction->chosen(all, each) : each;
  }
  addTo(sums, 0, all);
}

/// A nest without loops of its own; see atOneIndex. What is dear is done for several rows at once
/// where each has lanes of its own.
void KernelEmitter::Tree::atOneIndexOfRows(NestCode &nest) {
  struct Row {
    size_t number;
    Counters at;
    SmallVector<Value *, 4> stored;
    Candidates added;
  };
  SmallVector<Row, 8> all;
  for (size_t number : rowsAtOneIndex()) {
    Row &row = all.emplace_back();
    row.number = number;
    row.at = k.countersAt(batchNow[number].at, nest, Group(), nullptr, nullptr);
    cpu::Index index;
    if (nest.loop->linear)
      index.linear = row.at[0];
    else
      index.dims = row.at;
    cpu::Elements elements(f, index, nest.stores, &rowsOf[number]);
    for (mlir::Operation *op : nest.stores)
      row.stored.push_back(elements.at(op->getResult(0)));
    for (Reduction &reduction : nest.reductions)
      row.added.push_back(cpu::contribution(f, elements, reduction, row.at));
  }
  for (auto [i, reduction] : llvm::enumerate(nest.reductions))
    if (Accumulators *sums = find(reduction)) {
      Candidate total;
      for (Row &row : all) {
        Candidate each = where(b, batchNow[row.number].isThere, row.added[i], reduction);
        total = total.value ? reduction.chosen(total, each) : each;
      }
      addTo(*sums, 0, where(b, isOwn(all.front().number), total, reduction));
    }
  auto store = [&](bool ofLocals) {
    bool some = false;
    for (mlir::Operation *op : nest.stores)
      some |= isLocal(op->getResult(0)) == ofLocals;
    for (Reduction &reduction : nest.reductions)
      some |= isLocal(reduction.value()) == ofLocals && !find(reduction);
    if (!some)
      return;
    if (!ofLocals)
      wait(); // all have read what one of them updates in place
    for (Row &row : all)
      onlyWhere(ofLocals ? nullptr : both(batchNow[row.number].isThere, isOwn(row.number)), [&] {
        cpu::Rows &rows = rowsOf[row.number];
        for (auto [op, value] : llvm::zip(nest.stores, row.stored))
          if (isLocal(op->getResult(0)) == ofLocals)
            k.store(nest, op->getResult(0), row.at, value, &rows);
        for (auto [reduction, candidate] : llvm::zip(nest.reductions, row.added))
          if (isLocal(reduction.value()) == ofLocals && !find(reduction))
            k.storeResult(reduction, row.at, candidate, &rows);
      });
  };
  store(/*ofLocals=*/true);
  store(/*ofLocals=*/false);
  if (!sharesRows())
    return;
  auto tellLater = [&](mlir::Value value) {
    if (isLocal(value))
      ofOwnRow.insert(value);
  };
  for (mlir::Operation *op : nest.stores)
    tellLater(op->getResult(0));
  for (Reduction &reduction : nest.reductions)
    tellLater(reduction.value());
}

} // namespace descent::gpu
