// A kernel becomes a tree of loops.
//
//   sum over [1] of [n, d], and a stored [n, d]:
//
//     for i in 0..n
//       acc = 0
//       for j in 0..d
//         v = …; out[i, j] = v; acc += v
//       sum[i] = acc
//
// Nests that share loops run one after the other inside these. Some iterations of the innermost
// shared loop may run side by side (lanes): each instruction is emitted for all of them, so that
// what they have in common is loaded and stored once.
//
// The outermost loop runs in chunks (kernel::Division). What a chunk adds to a reduction over it
// goes to a place of the chunk's own; afterwards these are combined in order.
#include "compiler/cpu/KernelEmitter.h"

namespace descent::cpu {

using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Lanes that add to a row side by side: more would not fit the registers.
constexpr int64_t kSideBySide = 4;

/// Arrays that are prefetched, in rows of some lines of the cache.
constexpr int64_t kPrefetchedBytes = 1 << 20, kLongestPrefetchedRow = 4096, kLine = 64;

} // namespace

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
        nest.scans.push_back({root});
      else
        nest.stores.push_back(root);
    }
    llvm::copy_if(nest.stores, std::back_inserter(nest.streamed), [&](mlir::Operation *op) {
      return kernel::isStreamed(f.plan, step, op->getResult(0));
    });
  }
  ArrayRef<int64_t> sizes = nests.front().sizes;
  while (outermost + 1 < sizes.size() && sizes[outermost] == 1)
    ++outermost;
  return !llvm::is_contained(sizes, 0);
}

/// A loop over nothing: reductions are what combining nothing gives.
void KernelEmitter::emitEmpty() {
  for (NestCode &nest : nests)
    for (Reduction &reduction : nest.reductions) {
      if (kernel::isRegister(reduction.value())) {
        f.setRegister(reduction.value(),
                      reduction.isPosition() ? b.getInt32(0) : reduction.neutral());
        continue;
      }
      reduction.base = f.pointerTo(reduction.value());
      reduction.fillWithNeutral();
    }
}

const kernel::Partial *KernelEmitter::partialOf(const Reduction &reduction) const {
  for (const kernel::Partial &partial : division.partials)
    if (partial.result == reduction.value())
      return &partial;
  return nullptr;
}

/// Where a chunk leaves what it adds to a reduction.
Value *KernelEmitter::slot(const kernel::Partial &partial, Value *chunk) {
  Value *first = f.pointerAt(step.scratchOffset + partial.offset);
  Value *offset = b.CreateMul(chunk, f.number(partial.bytes), "", true, true);
  return b.CreateInBoundsGEP(b.getInt8Ty(), first, offset);
}

/// Memory for the locals of all lanes.
void KernelEmitter::placeLocals() {
  for (const kernel::Local &local : step.locals) {
    llvm::Type *type = memoryType(f.context(), kernel::tensorType(local.value).getElementType());
    locals.push_back(
        local.elements == 1
            ? f.variable(llvm::ArrayType::get(type, uint64_t(step.together)))
            : b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), scratch, uint64_t(local.offset)));
  }
}

/// The rows of the lanes that are emitted.
void KernelEmitter::placeRows(ArrayRef<Value *> numbers) {
  rows.assign(numbers.size(), Rows());
  for (auto [local, base] : llvm::zip(step.locals, locals)) {
    mlir::Type element = kernel::tensorType(local.value).getElementType();
    for (auto [lane, number] : llvm::enumerate(numbers)) {
      RowPlace &row = rows[lane][local.value];
      row.dims = local.dims;
      row.place = f.placeOf(local.value);
      if (local.ofChunk) {
        row.base = base;
        row.origin = range.from;
        continue;
      }
      bool lanesInnermost = step.across && local.elements > 1;
      row.step = lanesInnermost ? step.together : 1;
      Value *before =
          b.CreateMul(number, f.number(lanesInnermost ? 1 : local.elements), "", true, true);
      row.base = f.address(element, base, before);
    }
  }
  if (!areTurned)
    return;
  for (const kernel::Turned &each : step.turned)
    for (auto [lane, number] : llvm::enumerate(numbers)) {
      RowPlace &row = rows[lane][each.value];
      row.dims = each.dims;
      row.step = step.together;
      row.place.kind = kernel::Place::Kind::Row;
      row.place.offset = each.offset;
      Value *first = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), scratch, uint64_t(each.offset));
      row.base = f.address(kernel::tensorType(each.value).getElementType(), first, number);
    }
}

/// How a nest runs for several indices of the innermost shared loop.
KernelEmitter::Manner KernelEmitter::mannerOf(const NestCode &nest) const {
  if (nest.loop->guard.condition && shared)
    return Manner::Guarded;
  if (!nest.scans.empty() && !step.across)
    return Manner::SideBySide;
  for (const Reduction &reduction : nest.reductions)
    if (!reduction.isInRegister() && !sumsInLanes(nest, reduction) &&
        !llvm::is_contained(kernel::keptDims(reduction.operation()), int(shared) - 1))
      return Manner::SideBySide;
  for (size_t dim = shared; dim < nest.sizes.size(); ++dim)
    if (nest.sizes[dim] != 1)
      return Manner::Rows;
  return Manner::Numbers;
}

/// Asks for what the nests read of arrays larger than the cache when this many indices further on:
/// the processor's own prefetching loses track where rows are read by turns with other work.
void KernelEmitter::prefetchRows(size_t firstNest, size_t endNest, Value *index, int64_t ahead) {
  for (const kernel::Read &read : step.reads) {
    if (!read.atIndex || size_t(read.nest) < firstNest || size_t(read.nest) >= endNest ||
        kernel::byteSize(read.value) < kPrefetchedBytes || shared != 1)
      continue;
    mlir::Type element = kernel::tensorType(read.value).getElementType();
    int64_t row = kernel::byteSize(read.value) / nests.front().sizes[0];
    if (row < kLine || row > kLongestPrefetchedRow)
      continue;
    Value *at = b.CreateMul(b.CreateAdd(index, f.number(ahead)),
                            f.number(row / kernel::elementBytes(element)));
    Value *address = b.CreateGEP(memoryType(f.context(), element), f.pointerTo(read.value), at);
    forRange(f, f.number(0), f.number((row + kLine - 1) / kLine), [&](Value *line) {
      Value *bytes = b.CreateMul(line, f.number(kLine), "", true, true);
      b.CreateIntrinsic(llvm::Intrinsic::prefetch, {b.getPtrTy()},
                        {b.CreateGEP(b.getInt8Ty(), address, bytes), b.getInt32(0), b.getInt32(3),
                         b.getInt32(1)});
    });
  }
}

/// Runs the nests for `count` indices of the innermost shared loop.
void KernelEmitter::runNests(Value *first, int64_t count) {
  lane = f.number(0);
  areTurned = step.across && count > 1;
  if (areTurned)
    turnRows(first);
  Counters outer = lanes.front();
  auto counterAt = [&](Value *lane) {
    return shared ? b.CreateAdd(first, lane, "", true, true) : lane;
  };
  auto lanesAt = [&](ArrayRef<Value *> numbers) {
    lanes.assign(numbers.size(), outer);
    if (shared)
      for (auto [counters, number] : llvm::zip(lanes, numbers))
        counters.push_back(counterAt(number));
    placeRows(numbers);
  };
  for (size_t i = 0, end; i < nests.size(); i = end) {
    Manner manner = mannerOf(nests[i]);
    end = i + 1;
    if (manner == Manner::Guarded) {
      runGuarded(nests[i], first, count);
      continue;
    }
    if (count > 1 && manner == Manner::Rows && runsAcross(nests[i])) {
      runAcross(nests[i], first);
      continue;
    }
    while (end < nests.size() && mannerOf(nests[end]) != Manner::Guarded &&
           (count == 1 || (mannerOf(nests[end]) == manner &&
                           !(manner == Manner::Rows && runsAcross(nests[end])))))
      ++end;
    if (count > 1 && manner == Manner::SideBySide) {
      forRange(f, f.number(0), f.number(count / kSideBySide), [&](Value *group) {
        SmallVector<Value *, 4> numbers;
        Value *begin = b.CreateMul(group, f.number(kSideBySide), "", true, true);
        for (int64_t lane = 0; lane < kSideBySide; ++lane)
          numbers.push_back(b.CreateAdd(begin, f.number(lane), "", true, true));
        lanesAt(numbers);
        for (size_t nest = i; nest < end; ++nest)
          runNest(nests[nest]);
      });
    } else {
      forRange(f, f.number(0), f.number(count), [&](Value *lane) {
        this->lane = lane;
        lanesAt({lane});
        if (count > 1 && manner == Manner::Rows)
          prefetchRows(i, end, counterAt(lane), count);
        for (size_t nest = i; nest < end; ++nest)
          runNest(nests[nest]);
      });
    }
    lanes.assign(1, outer);
  }
  rows.clear();
}

void KernelEmitter::sharedLoops(size_t level) {
  if (level == shared)
    return runNests(nullptr, 1);
  for (NestCode &nest : nests)
    beginAt(nest, level);
  bool divided = level == outermost;
  Value *from = divided ? range.from : f.number(0);
  Value *to = divided ? range.to : f.number(nests.front().sizes[level]);
  if (level + 1 < shared) {
    forRange(f, from, to, [&](Value *counter) {
      lanes.front().push_back(counter);
      sharedLoops(level + 1);
      lanes.front().pop_back();
    });
  } else {
    int64_t together = step.together;
    Value *groups = b.CreateUDiv(b.CreateSub(to, from, "", true, true), f.number(together));
    auto at = [&](Value *group) {
      Value *before = b.CreateMul(group, f.number(together), "", true, true);
      return b.CreateAdd(from, before, "", true, true);
    };
    forRange(f, f.number(0), groups, [&](Value *group) { runNests(at(group), together); });
    if (nests.front().sizes[level] % together)
      forRange(f, at(groups), to, [&](Value *counter) { runNests(counter, 1); });
  }
  for (NestCode &nest : nests)
    finishAt(nest, level);
}

void KernelEmitter::chunk(Value *number, Range bounds) {
  current = number;
  range = bounds;
  for (NestCode &nest : nests)
    for (Reduction &reduction : nest.reductions)
      if (const kernel::Partial *partial = partialOf(reduction);
          partial && !reduction.isInRegister()) {
        reduction.base = slot(*partial, number);
        reduction.fillWithNeutral();
      }
  auto rowsInLanes = [&](llvm::function_ref<void(Reduction &)> what) {
    for (NestCode &nest : nests)
      for (Reduction &reduction : nest.reductions)
        if (!reduction.isInRegister() && sumsInLanes(nest, reduction))
          what(reduction);
  };
  rowsInLanes([&](Reduction &reduction) { reduction.beginLanes(step.together); });
  sharedLoops(0);
  rowsInLanes([](Reduction &reduction) { reduction.finishLanes(); });
}

/// Adds up what the chunks left, in their order.
void KernelEmitter::combineChunks(Reduction &reduction, const kernel::Partial &partial) {
  mlir::Value value = reduction.value();
  mlir::Type element = reduction.type();
  bool inDouble = reduction.sumsFloats() && element.isF32();
  auto widened = [&](Value *x) { return inDouble ? b.CreateFPExt(x, b.getDoubleTy()) : x; };
  auto combined = [&](Value *x, Value *y) {
    return inDouble ? b.CreateFAdd(x, y) : reduction.combined(x, y);
  };
  Value *zero = f.number(0), *count = f.number(division.count);
  if (reduction.isPosition()) {
    reduction.begin(1, false);
    forRange(f, zero, count,
             [&](Value *chunk) { reduction.add(0, reduction.loadSlot(slot(partial, chunk))); });
    return f.setRegister(value, reduction.total(0));
  }
  if (kernel::isRegister(value)) {
    llvm::AllocaInst *total =
        f.variable(inDouble ? b.getDoubleTy() : registerType(f.context(), element));
    b.CreateStore(widened(loadElement(b, element, slot(partial, zero))), total);
    forRange(f, f.number(1), count, [&](Value *chunk) {
      Value *part = widened(loadElement(b, element, slot(partial, chunk)));
      b.CreateStore(combined(b.CreateLoad(total->getAllocatedType(), total), part), total);
    });
    Value *sum = b.CreateLoad(total->getAllocatedType(), total);
    return f.setRegister(value, inDouble ? b.CreateFPTrunc(sum, b.getFloatTy()) : sum);
  }
  int64_t elements = kernel::numElements(value);
  Value *result = f.pointerTo(value);
  Value *totals = inDouble ? f.pointerAt(step.scratchOffset + partial.totalOffset) : result;
  llvm::Type *type = inDouble ? b.getDoubleTy() : memoryType(f.context(), element);
  kernel::Place from = reduction.place, to = f.placeOf(value);
  auto part = [&](Value *chunk, Value *at) {
    Value *loaded = loadElement(b, element, f.address(element, slot(partial, chunk), at));
    if (auto *load = llvm::dyn_cast<llvm::LoadInst>(loaded))
      f.scopes.tag(load, from);
    return widened(loaded);
  };
  auto total = [&](Value *at) { return b.CreateInBoundsGEP(type, totals, at); };
  auto put = [&](Value *x, Value *at) {
    f.scopes.tag(inDouble ? b.CreateStore(x, total(at)) : storeElement(b, element, x, total(at)),
                 to);
  };
  forEach(f, {elements}, [&](ArrayRef<Value *> at) { put(part(zero, at[0]), at[0]); });
  forRange(f, f.number(1), count, [&](Value *chunk) {
    forEach(f, {elements}, [&](ArrayRef<Value *> at) {
      auto *before = b.CreateLoad(type, total(at[0]));
      f.scopes.tag(before, to);
      Value *sum =
          !inDouble && element.isInteger(1) ? b.CreateTrunc(before, b.getInt1Ty()) : before;
      put(combined(sum, part(chunk, at[0])), at[0]);
    });
  });
  if (inDouble)
    forEach(f, {elements}, [&](ArrayRef<Value *> at) {
      Value *sum = b.CreateFPTrunc(b.CreateLoad(type, total(at[0])), b.getFloatTy());
      storeElement(b, element, sum, f.address(element, result, at[0]));
    });
}

void KernelEmitter::emit() {
  if (!describe())
    return emitEmpty();
  f.scopes.reset();
  for (NestCode &nest : nests)
    for (Reduction &reduction : nest.reductions) {
      reduction.place = f.placeOf(reduction.value());
      if (const kernel::Partial *partial = partialOf(reduction)) {
        reduction.place.kind = kernel::Place::Kind::Row;
        reduction.place.offset = step.scratchOffset + partial->offset;
        reduction.place.index = 0;
      } else if (!reduction.isInRegister() && !restarts(reduction)) {
        reduction.base = f.pointerTo(reduction.value());
        reduction.fillWithNeutral();
      }
    }
  prepareRows();
  emitChunks(f, division, step.scratchOffset, [&](const Chunk &each) {
    scratch = each.lane;
    placeLocals();
    makeRows(each, false);
    chunk(each.number, {each.begin, each.end});
    makeRows(each, true);
    finishStreams();
  });
  for (NestCode &nest : nests)
    for (Reduction &reduction : nest.reductions)
      if (const kernel::Partial *partial = partialOf(reduction))
        combineChunks(reduction, *partial);
  f.scopes.apply();
}

/// Gets ready to make rows of products.
void KernelEmitter::prepareRows() {
  for (const kernel::RowProduct &each : step.products)
    products.push_back(std::make_unique<ProductRows>(f, step, each));
}

/// Makes a chunk's rows of the products that its nests read, or of those of what its nests made.
void KernelEmitter::makeRows(const Chunk &chunk, bool after) {
  auto localOf = [&](mlir::Value value) {
    for (auto [local, base] : llvm::zip(step.locals, locals))
      if (local.value == value)
        return base;
    return static_cast<Value *>(nullptr);
  };
  for (auto [each, rows] : llvm::zip(step.products, products))
    if (each.isAfter == after)
      rows->emit(chunk.begin, chunk.end, after ? localOf(each.op->getOperand(0)) : nullptr,
                 after ? nullptr : localOf(each.op->getResult(0)), chunk.lane);
}

void emitKernel(FunctionEmission &f, const kernel::Step &step) {
  KernelEmitter(f, step).emit();
}

void emitRegister(FunctionEmission &f, const kernel::Step &step) {
  mlir::Operation *op = step.roots.front();
  f.scopes.reset();
  Elements elements(f, Index());
  f.setRegister(op->getResult(0), elements.compute(op));
}

} // namespace descent::cpu
