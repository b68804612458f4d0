#include "compiler/gpu/Fetch.h"

#include "compiler/cpu/Element.h"
#include "compiler/cpu/Steps.h"
#include "compiler/gpu/Steps.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace descent::gpu {

using cpu::Elements;
using cpu::Index;
using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Counters that different blocks write have a line of the cache each.
constexpr int64_t kLineBytes = 128;
/// What a thread takes at a time, and how often before it writes any of it: a read over the bus
/// takes a microsecond or two.
constexpr int64_t kWordBytes = 16, kTimes = 4;

/// Words of the state that several blocks look at.
class Signals {
public:
  explicit Signals(ProgramEmission &p)
      : p(p), b(p.b), scope(p.f.context().getOrInsertSyncScopeID("device")) {}

  // All fetching blocks: whether they are to end, and how many have.
  Value *quit() { return line(0); }
  Value *left() { return line(1); }
  // Of a fetch.
  Value *posted(int fetch) { return line(2 + 2 * fetch); }
  Value *done(int fetch) { return line(3 + 2 * fetch); }

  Value *read(Value *word) {
    auto *load = b.CreateAlignedLoad(b.getInt64Ty(), word, llvm::Align(8), /*isVolatile=*/true);
    load->setAtomic(llvm::AtomicOrdering::Monotonic, scope);
    return load;
  }
  void write(Value *word, Value *value) {
    auto *store = b.CreateAlignedStore(value, word, llvm::Align(8), /*isVolatile=*/true);
    store->setAtomic(llvm::AtomicOrdering::Monotonic, scope);
  }
  void add(Value *word, int64_t value) {
    b.CreateAtomicRMW(llvm::AtomicRMWInst::Add, word, p.f.number(value), llvm::Align(8),
                      llvm::AtomicOrdering::Monotonic, scope);
  }
  void fence() { b.CreateFence(llvm::AtomicOrdering::AcquireRelease, scope); }

  /// By one thread: until a word has at least a value.
  void waitUntil(Value *word, Value *least) {
    llvm::BasicBlock *spin = p.f.newBlock("await"), *seen = p.f.newBlock("seen");
    b.CreateBr(spin);
    b.SetInsertPoint(spin);
    b.CreateCondBr(b.CreateICmpULT(read(word), least), spin, seen);
    b.SetInsertPoint(seen);
  }

private:
  ProgramEmission &p;
  llvm::IRBuilder<> &b;
  llvm::SyncScope::ID scope;

  Value *line(int64_t number) {
    return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), p.grid.memoryOfLaunch(),
                                        uint64_t(Grid::stateBytes + number * kLineBytes));
  }
};

/// What the fetching blocks do.
class Fetchers {
public:
  explicit Fetchers(ProgramEmission &p)
      : p(p), f(p.f), b(p.b), signals(p), isFirst(b.CreateICmpEQ(p.grid.thread, f.number(0))) {}

  void emit();

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  Signals signals;
  Value *isFirst;

  Value *nextTask(ArrayRef<llvm::AllocaInst *> seen);
  void bringRows(int fetch);
};

/// By the first thread of the block: waits for a fetch that was posted and that this block has not
/// seen yet, or for the end of the program: then as many as there are fetches.
Value *Fetchers::nextTask(ArrayRef<llvm::AllocaInst *> seen) {
  llvm::AllocaInst *task = f.variable(b.getInt64Ty());
  llvm::BasicBlock *look = f.newBlock("look"), *found = f.newBlock("task");
  b.CreateBr(look);
  b.SetInsertPoint(look);
  // Before the counters: what is posted is posted before the end.
  Value *ends = b.CreateICmpNE(signals.read(signals.quit()), f.number(0));
  p.grid.onlyIf(ends, [&] { signals.fence(); });
  for (auto [i, count] : llvm::enumerate(seen)) {
    llvm::BasicBlock *take = f.newBlock(), *next = f.newBlock();
    Value *before = b.CreateLoad(b.getInt64Ty(), count);
    b.CreateCondBr(b.CreateICmpUGT(signals.read(signals.posted(int(i))), before), take, next);
    b.SetInsertPoint(take);
    b.CreateStore(b.CreateAdd(before, f.number(1)), count);
    b.CreateStore(f.number(int64_t(i)), task);
    b.CreateBr(found);
    b.SetInsertPoint(next);
  }
  b.CreateStore(f.number(int64_t(seen.size())), task);
  b.CreateCondBr(ends, found, look);
  b.SetInsertPoint(found);
  signals.fence();
  return b.CreateLoad(b.getInt64Ty(), task);
}

void Fetchers::bringRows(int fetch) {
  ir::FetchOp op = p.fetches[size_t(fetch)].op;
  Value *request = f.pointerAt(p.fetches[size_t(fetch)].request);
  p.setPlace(op.getLoc());
  auto type = op.getType();
  mlir::Type element = type.getElementType();
  ArrayRef<int64_t> shape = type.getShape(), indexShape = op.getIndices().getType().getShape();
  int64_t lanes = std::max<int64_t>(1, kWordBytes / kernel::elementBytes(element));
  int64_t ofRow = indexShape.size() == shape.size() ? 1 : shape.back();
  if (ofRow % lanes)
    lanes = 1;
  Value *to = f.pointerTo(op);
  f.scopes.reset();
  p.shareOut(type.getNumElements(), Strides{lanes, kTimes},
             [&](ArrayRef<Value *> firsts, int64_t together) {
               SmallVector<std::pair<Value *, Value *>, 16> moved;
               for (Value *first : firsts) {
                 SmallVector<Value *, 4> dims = cpu::dimsOfLinear(f, first, shape);
                 ArrayRef<Value *> ofIndex = ArrayRef<Value *>(dims).take_front(indexShape.size());
                 Value *place = cpu::linearIndex(f, ofIndex, indexShape);
                 Value *row = b.CreateLoad(b.getInt64Ty(),
                                           b.CreateInBoundsGEP(b.getInt64Ty(), request, place));
                 for (int64_t lane = 0; lane < together; ++lane) {
                   Index from;
                   from.dims.push_back(row);
                   from.dims.append(dims.begin() + int64_t(indexShape.size()), dims.end());
                   if (lane)
                     from.dims.back() =
                         b.CreateAdd(from.dims.back(), f.number(lane), "", true, true);
                   Elements elements(f, from);
                   Value *at = lane ? b.CreateAdd(first, f.number(lane), "", true, true) : first;
                   moved.push_back({elements.operandAt(op, 0, kernel::IndexMaps::identity, from),
                                    f.address(element, to, at)});
                 }
               }
               for (auto [value, address] : moved)
                 cpu::storeElement(b, element, value, address);
             });
}

void Fetchers::emit() {
  auto count = int64_t(p.fetches.size());
  SmallVector<llvm::AllocaInst *> seen;
  for (int64_t i = 0; i < count; ++i) {
    seen.push_back(f.variable(b.getInt64Ty()));
    // This block has not been done with what it has not begun.
    b.CreateStore(b.CreateUDiv(signals.read(signals.done(int(i))), p.grid.fetching), seen.back());
  }
  p.grid.needShared(8);
  Value *message = p.grid.shared(0);
  llvm::BasicBlock *serve = f.newBlock("serve"), *end = f.newBlock("end");
  b.CreateBr(serve);
  b.SetInsertPoint(serve);
  p.grid.onlyIf(isFirst, [&] { b.CreateStore(nextTask(seen), message); });
  p.grid.wait(p.grid.ofBlock());
  Value *task = b.CreateLoad(b.getInt64Ty(), message);
  p.grid.wait(p.grid.ofBlock());
  llvm::SwitchInst *which = b.CreateSwitch(task, end, unsigned(count));
  for (int64_t i = 0; i < count; ++i) {
    llvm::BasicBlock *bring = f.newBlock("bring");
    which->addCase(b.getInt64(uint64_t(i)), bring);
    b.SetInsertPoint(bring);
    bringRows(int(i));
    p.grid.wait(p.grid.ofBlock());
    p.grid.onlyIf(isFirst, [&] {
      signals.fence();
      signals.add(signals.done(int(i)), 1);
    });
    b.CreateBr(serve);
  }
  b.SetInsertPoint(end);
  p.grid.onlyIf(isFirst, [&] { signals.add(signals.left(), 1); });
  b.CreateRetVoid();
}

/// At an end of the program: tells the fetching blocks, waits until they have seen it, and leaves
/// their words as they were, for the next launch.
void dismiss(ProgramEmission &p, llvm::ReturnInst *end) {
  llvm::IRBuilder<> &b = p.b;
  Signals signals(p);
  llvm::BasicBlock *before = end->getParent();
  llvm::BasicBlock *after = llvm::SplitBlock(before, end);
  before->getTerminator()->eraseFromParent();
  b.SetInsertPoint(before);
  p.grid.byFirst([&] {
    signals.fence();
    signals.write(signals.quit(), p.f.number(1));
    signals.waitUntil(signals.left(), p.grid.fetching);
    signals.write(signals.left(), p.f.number(0));
    signals.write(signals.quit(), p.f.number(0));
  });
  b.CreateBr(after);
}

} // namespace

int64_t fetchStateBytes(size_t count) {
  return count ? int64_t(2 + 2 * count) * kLineBytes : 0;
}

void emitFetch(ProgramEmission &p, const kernel::Step &step) {
  cpu::FunctionEmission &f = p.f;
  llvm::IRBuilder<> &b = p.b;
  auto op = mlir::cast<ir::FetchOp>(step.roots.front());
  ArrayRef<int64_t> shape = op.getIndices().getType().getShape();
  int64_t count = op.getIndices().getType().getNumElements();
  int64_t last = tensorType(op.getX()).getDimSize(0) - 1;
  int number = int(p.fetches.size());
  ProgramEmission::Fetch fetch{op, p.addMemory(8 * count), f.variable(b.getInt64Ty())};
  llvm::IRBuilder<>(fetch.posts->getNextNode()).CreateStore(b.getInt64(0), fetch.posts);
  p.fetches.push_back(fetch);

  Pending::Spans reads, writes;
  for (const kernel::Read &read : step.reads)
    p.span(read.value, reads);
  p.span(op.getResult(), writes);
  p.touch(reads, writes, /*keep=*/false);
  p.pending.add(reads, {});
  Value *posts = b.CreateAdd(b.CreateLoad(b.getInt64Ty(), fetch.posts), f.number(1));
  b.CreateStore(posts, fetch.posts);
  p.grid.onlyIf(b.CreateICmpEQ(p.grid.block, f.number(0)), [&] {
    Value *request = f.pointerAt(fetch.request);
    f.scopes.reset();
    p.grid.loop(p.grid.thread, f.number(count), f.number(p.grid.threads), [&](Value *at) {
      Index index;
      index.dims = cpu::dimsOfLinear(f, at, shape);
      Value *row = cpu::clampedIndex(f, Elements(f, index).at(op.getIndices()), last);
      b.CreateStore(row, b.CreateInBoundsGEP(b.getInt64Ty(), request, at));
    });
    p.grid.wait(p.grid.ofBlock());
    p.grid.byFirst([&] {
      Signals signals(p);
      signals.fence();
      signals.write(signals.posted(number), posts);
    });
  });
  p.pending.addFetch(number, writes);
}

void waitForFetch(ProgramEmission &p, int fetch) {
  llvm::IRBuilder<> &b = p.b;
  Signals signals(p);
  Value *posts = b.CreateLoad(b.getInt64Ty(), p.fetches[size_t(fetch)].posts);
  Value *least = b.CreateMul(posts, p.grid.fetching);
  p.grid.onlyIf(b.CreateICmpEQ(p.grid.thread, p.f.number(0)), [&] {
    signals.waitUntil(signals.done(fetch), least);
    signals.fence();
  });
  p.grid.wait(p.grid.ofBlock());
}

void emitFetchers(ProgramEmission &p) {
  cpu::FunctionEmission &f = p.f;
  llvm::IRBuilder<> &b = p.b;
  llvm::Function &kernel = *f.function;
  SmallVector<llvm::ReturnInst *> ends;
  for (llvm::Instruction &instruction : llvm::instructions(kernel))
    if (auto *end = llvm::dyn_cast<llvm::ReturnInst>(&instruction))
      ends.push_back(end);
  for (llvm::ReturnInst *end : ends)
    dismiss(p, end);

  auto *toProgram = llvm::cast<llvm::BranchInst>(kernel.getEntryBlock().getTerminator());
  llvm::BasicBlock *program = toProgram->getSuccessor(0), *fetchers = f.newBlock("fetchers");
  b.SetInsertPoint(toProgram);
  b.CreateCondBr(b.CreateICmpUGE(p.grid.block, p.grid.blocks), fetchers, program);
  toProgram->eraseFromParent();

  b.SetInsertPoint(fetchers);
  // What is shared out here is among these blocks.
  Grid &grid = p.grid;
  Value *number = grid.number, *count = grid.count;
  int64_t useful = p.usefulBlocks;
  Value *before = b.CreateMul(b.CreateSub(grid.block, grid.blocks, "", true, true),
                              f.number(grid.threads), "", true, true);
  grid.number = b.CreateAdd(before, grid.thread, "", true, true);
  grid.count = b.CreateMul(grid.fetching, f.number(grid.threads), "", true, true);
  Fetchers(p).emit();
  grid.number = number;
  grid.count = count;
  p.usefulBlocks = useful;
}

} // namespace descent::gpu
