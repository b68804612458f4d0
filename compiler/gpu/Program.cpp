#include "compiler/gpu/Program.h"

#include "compiler/gpu/Fetch.h"
#include "compiler/gpu/OwnArrays.h"
#include "compiler/gpu/Resume.h"

#include <llvm/IR/DebugInfoMetadata.h>

namespace descent::gpu {

using kernel::Place;
using llvm::Value;

namespace {

constexpr int64_t kAlignment = 256;
/// A block alone is as quick as so many that have to wait for each other.
constexpr int64_t kFewBlocks = 4;

} // namespace

// ---- What is pending ----------------------------------------------------------------------------

Pending::Wait Pending::needed(const Spans &read, const Spans &written) const {
  Wait wait = Wait::Nobody;
  auto meet = [&](const Spans &some, const Spans &others) {
    for (const Span &a : some)
      for (const Span &b : others)
        if (a.meets(b) && !(a.appends && b.appends))
          wait = std::max(wait, a.ofBlock ? Wait::OfBlock : Wait::OfAll);
  };
  meet(now.writes, read);
  meet(now.writes, written);
  meet(now.reads, written);
  return wait;
}

void Pending::add(const Spans &read, const Spans &written) {
  now.reads.append(read);
  now.writes.append(written);
  for (Log &log : logs) {
    auto addTo = [&](Spans &touched, const Spans &spans) {
      llvm::copy_if(spans, std::back_inserter(touched), [&](const Span &span) {
        return span.ofBlock ? !log.isOverOfBlock : !log.isOver;
      });
    };
    addTo(log.touched.reads, read);
    addTo(log.touched.writes, written);
  }
}

void Pending::clearOfBlock() {
  auto isOfBlock = [](const Span &span) { return span.ofBlock; };
  llvm::erase_if(now.reads, isOfBlock);
  llvm::erase_if(now.writes, isOfBlock);
}

llvm::SmallVector<int, 2> Pending::takeFetches(const Spans &read, const Spans &written) {
  llvm::SmallVector<int, 2> taken;
  for (auto &[fetch, rows] : now.fetched) {
    auto meets = [&rows = rows](const Span &span) { return span.meets(rows); };
    if (llvm::any_of(read, meets) || llvm::any_of(written, meets))
      taken.push_back(fetch);
  }
  llvm::erase_if(now.fetched,
                 [&](const auto &each) { return llvm::is_contained(taken, each.first); });
  return taken;
}

llvm::SmallVector<int, 2> Pending::takeFetchesSince(const State &before) {
  llvm::SmallVector<int, 2> taken;
  for (auto &[fetch, rows] : now.fetched)
    if (llvm::none_of(before.fetched,
                      [fetch = fetch](const auto &each) { return each.first == fetch; }))
      taken.push_back(fetch);
  llvm::erase_if(now.fetched,
                 [&](const auto &each) { return llvm::is_contained(taken, each.first); });
  return taken;
}

Pending::State Pending::endLog() {
  return logs.pop_back_val().touched;
}

void Pending::join(const State &other) {
  now.reads.append(other.reads);
  now.writes.append(other.writes);
  now.fetched.append(other.fetched);
}

// ---- The program --------------------------------------------------------------------------------

int64_t ProgramEmission::addMemory(int64_t bytes) {
  int64_t offset = int64_t(llvm::alignTo(uint64_t(arenaBytes), kAlignment));
  arenaBytes = offset + bytes;
  return offset;
}

Value *ProgramEmission::exchangeArea(int64_t bytes) {
  bytes = int64_t(llvm::alignTo(uint64_t(bytes), kAlignment));
  int64_t offset = addMemory(2 * bytes);
  llvm::AllocaInst *which = f.variable(b.getInt64Ty());
  llvm::IRBuilder<> at(which->getNextNode());
  at.CreateStore(at.getInt64(0), which);
  Value *now = b.CreateXor(b.CreateLoad(b.getInt64Ty(), which), f.number(1));
  b.CreateStore(now, which);
  return b.CreateInBoundsGEP(b.getInt8Ty(), f.pointerAt(offset), b.CreateMul(now, f.number(bytes)));
}

Value *ProgramEmission::memoryOfBlock(int64_t bytes) {
  bytes = int64_t(llvm::alignTo(uint64_t(bytes), kAlignment));
  bytesOfBlock = std::max(bytesOfBlock, ownBytes + bytes);
  return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), ofBlock, uint64_t(ownBytes));
}

/// The end of the arena is known when all is emitted: it is a parameter of the kernel.
void ProgramEmission::begin() {
  isFirst = b.CreateICmpEQ(grid.number, f.number(0));
  llvm::Function *function = f.function;
  Value *first = function->getArg(unsigned(function->arg_size()) - 3);
  Value *each = function->getArg(unsigned(function->arg_size()) - 2);
  // So that it can be seen that it is a multiple.
  constexpr uint64_t bits = llvm::ConstantLog2<uint64_t(kAlignment)>();
  Value *offset = b.CreateMul(grid.block, b.CreateLShr(each, bits, "", true), "", true, true);
  ofBlock = b.CreateInBoundsGEP(b.getInt8Ty(), first, b.CreateShl(offset, bits, "", true, true));
  giveBlocksTheirOwn(*this);
  bytesOfBlock = ownBytes;
  llvm::BasicBlock *program = f.newBlock("program");
  b.CreateBr(program);
  b.SetInsertPoint(program);
}

int64_t ProgramEmission::finish() {
  int64_t before = Grid::stateBytes + fetchStateBytes(fetches.size());
  int64_t bytes = before + resumeAtMarks(*f.function, state, before, isFirst);
  if (!fetches.empty())
    emitFetchers(*this);
  grid.finish();
  return bytes;
}

void ProgramEmission::waitForAll() {
  grid.waitForAll();
  pending.clear();
}

void ProgramEmission::waitForBlock() {
  grid.wait(grid.ofBlock());
  pending.clearOfBlock();
}

bool ProgramEmission::wait(Pending::Wait whose) {
  if (whose == Pending::Wait::OfAll)
    waitForAll();
  else if (whose == Pending::Wait::OfBlock)
    waitForBlock();
  return whose != Pending::Wait::Nobody;
}

void ProgramEmission::span(mlir::Value value, Pending::Spans &into) const {
  Place place = f.placeOf(value);
  if (place.kind == Place::Kind::Arena || place.kind == Place::Kind::Result)
    into.push_back({place.kind, place.index, place.offset, place.offset + kernel::byteSize(value)});
  else if (isOfBlock(value))
    into.push_back({.kind = place.kind,
                    .index = place.index,
                    .begin = 0,
                    .end = kernel::byteSize(value),
                    .ofBlock = true});
}

void ProgramEmission::touch(const Pending::Spans &reads, const Pending::Spans &writes, bool keep) {
  for (int fetch : pending.takeFetches(reads, writes))
    waitForFetch(*this, fetch);
  if (Pending::Wait whose = pending.needed(reads, writes); wait(whose))
    pending.noteWait(whose);
  if (keep)
    pending.add(reads, writes);
}

void ProgramEmission::spans(const kernel::Step &step, Pending::Spans &reads,
                            Pending::Spans &writes) const {
  for (const kernel::Read &read : step.reads)
    span(read.value, reads);
  for (mlir::Operation *root : step.roots)
    for (mlir::Value result : root->getResults())
      if (kernel::isArray(result))
        span(result, writes);
  // What an array starts from is copied, where it is not the array itself.
  mlir::Operation *first = step.roots.front();
  if (mlir::isa<ir::UpdateOp, ir::ScatterOp>(first) && !isInPlace(first))
    span(first->getOperand(0), reads);
  // A single element is put where it belongs by the first thread (Moves.cpp).
  if (auto update = mlir::dyn_cast<ir::UpdateOp>(step.roots.front());
      update && !step.points && kernel::isRegister(update.getUpdate()) && isInPlace(update) &&
      !writes.empty())
    writes.front().appends = true;
}

bool ProgramEmission::isInPlace(mlir::Operation *update) const {
  Place x = f.placeOf(update->getOperand(0)), y = f.placeOf(update->getResult(0));
  return x.kind == y.kind && x.offset == y.offset && x.index == y.index;
}

void ProgramEmission::beforeStep(const kernel::Step &step) {
  Pending::Spans reads, writes;
  spans(step, reads, writes);
  touch(reads, writes);
}

Alone::Alone(ProgramEmission &p)
    : p(p), block(p.grid.block), blocks(p.grid.blocks), number(p.grid.number), count(p.grid.count),
      usefulBlocks(p.usefulBlocks) {
  p.grid.block = p.f.number(0);
  p.grid.blocks = p.f.number(1);
  p.grid.number = p.grid.thread;
  p.grid.count = p.f.number(p.grid.threads);
}

Alone::~Alone() {
  p.grid.block = block;
  p.grid.blocks = blocks;
  p.grid.number = number;
  p.grid.count = count;
  p.usefulBlocks = usefulBlocks;
}

mlir::FileLineColRange placeOf(mlir::Location location) {
  mlir::FileLineColRange range;
  location->walk([&](mlir::Location part) {
    range = mlir::dyn_cast<mlir::FileLineColRange>(part);
    return range ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
  });
  return range;
}

void ProgramEmission::setPlace(mlir::Location location) {
  llvm::DISubprogram *whole = f.function->getSubprogram();
  mlir::FileLineColRange range = placeOf(location);
  if (!range) {
    b.SetCurrentDebugLocation(llvm::DILocation::get(f.context(), 0, 0, whole));
    return;
  }
  auto *file = llvm::DIFile::get(f.context(), range.getFilename().getValue(), "");
  auto *scope = llvm::DILexicalBlockFile::get(f.context(), whole, file, 0);
  b.SetCurrentDebugLocation(
      llvm::DILocation::get(f.context(), range.getStartLine(), range.getStartColumn(), scope));
}

/// Few elements are not worth another block: all would have to wait for each other.
void ProgramEmission::useBlocks(int64_t iterations) {
  int64_t blocks = (iterations + grid.threads - 1) / grid.threads;
  if (blocks > kFewBlocks)
    usefulBlocks = std::max(usefulBlocks, blocks);
}

void ProgramEmission::shareOut(int64_t count, llvm::function_ref<void(Value *)> body) {
  if (count == 0)
    return;
  useBlocks(count);
  grid.loop(grid.number, f.number(count), grid.count, body);
}

/// First as many rounds as all threads take part in with all of their rows, then single rows, then
/// single elements.
void ProgramEmission::shareOut(
    int64_t count, Strides strides,
    llvm::function_ref<void(llvm::ArrayRef<llvm::Value *>, int64_t)> body) {
  int64_t rows = count / strides.lanes;
  if (rows == 0 || (strides.lanes == 1 && strides.times == 1))
    return shareOut(count, [&](Value *at) { body(at, 1); });
  useBlocks(rows);
  auto first = [&](Value *row) {
    return b.CreateMul(row, f.number(strides.lanes), "", true, true);
  };
  Value *begin = f.number(0);
  if (strides.times > 1) {
    Value *round = b.CreateMul(grid.count, f.number(strides.times), "", true, true);
    begin = b.CreateSub(f.number(rows), b.CreateURem(f.number(rows), round), "", true, true);
    grid.loop(grid.number, begin, round, [&](Value *row) {
      llvm::SmallVector<Value *, 8> firsts{first(row)};
      for (int64_t i = 1; i < strides.times; ++i) {
        row = b.CreateAdd(row, grid.count, "", true, true);
        firsts.push_back(first(row));
      }
      body(firsts, strides.lanes);
    });
  }
  grid.loop(b.CreateAdd(begin, grid.number, "", true, true), f.number(rows), grid.count,
            [&](Value *row) { body(first(row), strides.lanes); });
  if (int64_t done = rows * strides.lanes; done < count)
    grid.loop(b.CreateAdd(grid.number, f.number(done), "", true, true), f.number(count), grid.count,
              [&](Value *at) { body(at, 1); });
}

} // namespace descent::gpu
