// What blocks leave of results, each of the terms that it has, and what is made of it when all have
// come.
#include "compiler/gpu/Kernel.h"

#include "compiler/gpu/OwnArrays.h"
#include "compiler/gpu/Sizes.h"

#include <map>

namespace descent::gpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Bytes of parts that each block reads, rather than that all wait for one. Two blocks of a
/// multiprocessor of an H100 take 1.6 microseconds for that (42 bytes in a nanosecond, of the 5.5
/// TB/s that all 132 have of the cache), a wait 1.3, and before it the parts have to be folded.
constexpr int64_t kMostForEachBlock = 32 << 10;
/// What fewer chunks may cost in time: a wait and one trip to the cache.
constexpr double kMostLostNs = 1900;
/// Of a multiprocessor that has a chunk to itself, in a nanosecond; multiprocessors.
constexpr double kBytesInNs = 64, kInstructionsInNs = 100;
constexpr int64_t kProcessors = 132, kFewestChunks = 16;
/// Parts that a thread asks for before it uses any.
constexpr int64_t kPartsAtOnce = 8;
/// Neighbouring elements whose parts are read together: 32 bytes of f32.
constexpr int64_t kNeighbours = 8;
constexpr int64_t kWideBytes = 16;

} // namespace

Value *KernelEmitter::area(int64_t bytes) {
  return isAlone ? areaOfBlock(bytes) : p.exchangeArea(bytes);
}

Value *KernelEmitter::areaOfBlock(int64_t bytes) {
  int64_t offset = foldBytes(p.grid) + blockBytes;
  blockBytes += int64_t(llvm::alignTo(uint64_t(bytes), 16));
  p.grid.needShared(foldBytes(p.grid) + blockBytes);
  return p.grid.shared(offset);
}

void KernelEmitter::waitForAll() {
  if (isAlone)
    return p.grid.wait(p.grid.ofBlock());
  p.waitForAll();
  p.pending.noteWait(Pending::Wait::OfAll);
}

int64_t KernelEmitter::bytesOfPart(const Reduction &reduction) const {
  return reduction.isPosition() ? 16 : kernel::elementBytes(reduction.sourceType());
}

/// Whether a total has to get to all threads or blocks, not only into memory.
bool KernelEmitter::needsParts(const Reduction &reduction) const {
  return kernel::isRegister(reduction.value()) || p.isInFrame(reduction.value()) ||
         (p.isOfBlock(reduction.value()) && !isAlone);
}

/// How many chunks a kernel's terms are best cut into, of as many as `chunks`, each of which leaves
/// `bytes` of parts: where every block wants all parts, a few chunks of more work may be quicker,
/// as nobody then has to fold them for all.
int64_t KernelEmitter::chunksForEachBlock(int64_t chunks, int64_t bytes) const {
  int64_t few = kMostForEachBlock / bytes;
  if (chunks <= few || few < kFewestChunks)
    return chunks;
  for (mlir::Operation *root : step.roots)
    for (mlir::Value result : root->getResults())
      if (kernel::isReduction(root) && f.placeOf(result).kind == kernel::Place::Kind::Arena)
        return chunks;
  double read = 0;
  for (const kernel::Read &each : step.reads)
    read += double(kernel::byteSize(each.value));
  double ns = std::max(read / kBytesInNs, double(workOf(step)) / kInstructionsInNs);
  double lost =
      ns / double(std::min(few, kProcessors)) - ns / double(std::min(chunks, kProcessors));
  return lost <= kMostLostNs ? few : chunks;
}

Parts &KernelEmitter::newParts(Reduction &reduction, const Group &group, int64_t chunks) {
  parts.push_back({&reduction, group, chunks, nullptr});
  parts.back().base = area(chunks * group.keptCount * bytesOfPart(reduction));
  return parts.back();
}

Value *KernelEmitter::partAddress(const Parts &parts, Value *chunk, Value *kept) {
  Value *number = b.CreateAdd(b.CreateMul(chunk, f.number(parts.group.keptCount), "", true, true),
                              kept, "", true, true);
  Value *offset = b.CreateMul(number, f.number(bytesOfPart(*parts.reduction)), "", true, true);
  return b.CreateInBoundsGEP(b.getInt8Ty(), parts.base, offset);
}

void KernelEmitter::storePart(const Parts &parts, Value *chunk, Value *kept, Candidate part) {
  Value *at = partAddress(parts, chunk, kept);
  cpu::storeElement(b, parts.reduction->sourceType(), part.value, at);
  if (part.position)
    b.CreateStore(part.position, behindValue(parts, at));
}

/// Where a part's position is. LLVM reads both at once, and what might be in between.
Value *KernelEmitter::behindValue(const Parts &parts, Value *at) {
  int64_t bytes = std::max<int64_t>(4, kernel::elementBytes(parts.reduction->sourceType()));
  return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), at, uint64_t(bytes));
}

Candidate KernelEmitter::loadPart(const Parts &parts, Value *chunk, Value *kept) {
  Value *at = partAddress(parts, chunk, kept);
  Candidate part{cpu::loadElement(b, parts.reduction->sourceType(), at), nullptr};
  if (parts.reduction->isPosition())
    part.position = b.CreateLoad(b.getInt32Ty(), behindValue(parts, at));
  return part;
}

/// Parts of f32 are added up in f64: the error does not grow with their number.
Folded KernelEmitter::foldedParts(Reduction &reduction) const {
  Folded folded = Folded::of(f, reduction);
  if (!reduction.sumsFloats() || !reduction.type().isF32())
    return folded;
  folded.type = b.getDoubleTy();
  folded.neutral = llvm::ConstantFP::get(folded.type, 0.0);
  folded.combine = [this](Candidate x, Candidate y) {
    return Candidate{b.CreateFAdd(x.value, y.value), nullptr};
  };
  return folded;
}

namespace {

/// A part as it is folded, and a total as it is wanted.
Candidate widened(llvm::IRBuilder<> &b, Candidate part, llvm::Type *type) {
  if (part.value->getType() != type)
    part.value = b.CreateFPExt(part.value, type);
  return part;
}

Candidate narrowed(llvm::IRBuilder<> &b, Candidate total, llvm::Type *type) {
  if (total.value->getType() != type)
    total.value = b.CreateFPTrunc(total.value, type);
  return total;
}

} // namespace

/// Numbers of as many parts are folded side by side: all are asked for at once.
void KernelEmitter::finishRegisters(ArrayRef<Parts *> all) {
  int64_t chunks = all.front()->chunks;
  SmallVector<Folded, 4> folded;
  for (Parts *each : all)
    folded.push_back(foldedParts(*each->reduction));
  FoldSpace space{1, chunks, true, f.number(0), f.number(1), f.number(0), f.number(chunks)};
  fold(
      p, p.grid.ofBlock(), folded, space,
      [&](Value *kept, Value *chunk) {
        Candidates parts;
        for (auto [each, how] : llvm::zip(all, folded))
          parts.push_back(widened(b, loadPart(*each, chunk, kept), how.type));
        return parts;
      },
      [&](Value *, ArrayRef<Candidate> totals) {
        for (auto [each, total] : llvm::zip(all, totals)) {
          llvm::Type *type = cpu::registerType(f.context(), each->reduction->sourceType());
          f.setRegister(each->reduction->value(), each->reduction->isPosition()
                                                      ? total.position
                                                      : narrowed(b, total, type).value);
        }
      });
}

/// Folds the parts of an array, each element by one team.
void KernelEmitter::finishMemory(Parts &each) {
  Folded folded = foldedParts(*each.reduction);
  llvm::Type *type = cpu::registerType(f.context(), each.reduction->sourceType());
  const NestCode &nest = *llvm::find_if(nests, [&](NestCode &nest) {
    return llvm::any_of(nest.reductions, [&](Reduction &r) { return &r == each.reduction; });
  });
  int64_t kept = each.group.keptCount;
  FoldSpace space{kept, each.chunks, false, nullptr, nullptr, f.number(0), f.number(each.chunks)};
  // Blocks enough that each thread has few parts, all of which it asks for before it uses any.
  int64_t side = int64_t(llvm::PowerOf2Ceil(uint64_t(ceilDiv(each.chunks, kPartsAtOnce))));
  space.mostKept = p.grid.threads / std::clamp<int64_t>(side, 1, p.grid.threads / kNeighbours);
  Sharing sharing = Sharing::of(space, p.grid.threads);
  while (space.strides.times < kPartsAtOnce &&
         sharing.terms * space.strides.times * 2 <= each.chunks)
    space.strides.times *= 2;
  int64_t tile = sharing.kept;
  int64_t tiles = ceilDiv(kept, tile);
  p.usefulBlocks = std::max(p.usefulBlocks, tiles);
  Team team = p.grid.ofBlock();
  p.grid.loop(p.grid.block, f.number(tiles), p.grid.blocks, [&](Value *number) {
    space.keptFrom = b.CreateMul(number, f.number(tile), "", true, true);
    Value *end = b.CreateAdd(space.keptFrom, f.number(tile), "", true, true);
    space.keptTo = b.CreateBinaryIntrinsic(llvm::Intrinsic::smin, end, f.number(kept));
    fold(
        p, team, {folded}, space,
        [&](Value *at, ArrayRef<Value *> chunks, int64_t) {
          SmallVector<Candidates> parts;
          for (Value *chunk : chunks)
            parts.push_back({widened(b, loadPart(each, chunk, at), folded.type)});
          return parts;
        },
        [&](Value *at, ArrayRef<Candidate> totals) {
          Candidate total = narrowed(b, totals.front(), type);
          auto store = [&] {
            storeResult(*each.reduction, countersAt({}, nest, each.group, at, nullptr), total,
                        nullptr);
          };
          // Where one element is kept all threads get here.
          if (kept == 1)
            p.grid.onlyIf(b.CreateICmpEQ(team.rank, f.number(0)), store);
          else
            store();
        });
  });
}

/// All parts have been left: every thread, or whoever has to, folds them.
void KernelEmitter::finishParts() {
  if (parts.empty() && bridges.empty())
    return;
  waitForAll();
  bool again = false;
  std::map<int64_t, SmallVector<Parts *, 4>> numbers; // by chunks
  for (Parts &each : parts) {
    mlir::Value value = each.reduction->value();
    if (kernel::isRegister(value)) {
      numbers[each.chunks].push_back(&each);
      continue;
    }
    int64_t bytes = each.chunks * each.group.keptCount * bytesOfPart(*each.reduction);
    auto bridge = bridges.find(value);
    if (bridge != bridges.end() && bytes <= kMostForEachBlock) {
      if (p.isOfBlock(value))
        bridges.erase(bridge);
      else
        bridge->second = areaOfBlock(kernel::byteSize(value));
      Alone alone(p);
      finishMemory(each);
      noteWritten(value);
      continue;
    }
    finishMemory(each);
    if (bridge != bridges.end()) {
      again = true;
      continue;
    }
    noteWritten(value);
  }
  for (auto &[chunks, all] : numbers)
    finishRegisters(all);
  if (again)
    waitForAll();
  else if (blockBytes)
    p.grid.wait(p.grid.ofBlock());
  crossBridges();
  // Shared memory is somebody else's then.
  if (blockBytes)
    p.grid.wait(p.grid.ofBlock());
}

void KernelEmitter::noteWritten(mlir::Value value) {
  Pending::Spans written;
  p.span(value, written);
  p.pending.add({}, written);
}

void KernelEmitter::makeBridges() {
  for (mlir::Operation *root : step.roots)
    for (mlir::Value result : root->getResults())
      if (kernel::isArray(result) && (p.isInFrame(result) || (p.isOfBlock(result) && !isAlone)))
        bridges[result] = area(kernel::byteSize(result));
}

/// Every thread takes what all have written into its own frame, every block into its own array.
void KernelEmitter::crossBridges() {
  for (auto &[value, from] : bridges) {
    mlir::Type element = tensorType(value).getElementType();
    Value *to = f.pointerTo(value);
    if (p.isOfBlock(value)) {
      Alone alone(p);
      Strides strides{kWideBytes / std::max<int64_t>(1, kernel::elementBytes(element)), 1};
      p.shareOut(kernel::numElements(value), strides,
                 [&, from = from](ArrayRef<Value *> firsts, int64_t lanes) {
                   SmallVector<Value *, 16> loaded, places;
                   for (int64_t lane = 0; lane < lanes; ++lane) {
                     places.push_back(b.CreateAdd(firsts.front(), f.number(lane), "", true, true));
                     loaded.push_back(
                         cpu::loadElement(b, element, f.address(element, from, places.back())));
                   }
                   for (auto [at, one] : llvm::zip(places, loaded))
                     cpu::storeElement(b, element, one, f.address(element, to, at));
                 });
      noteWritten(value);
      continue;
    }
    for (int64_t i = 0; i < kernel::numElements(value); ++i) {
      Value *loaded = cpu::loadElement(b, element, f.address(element, from, f.number(i)));
      // One by one in shared memory: LLVM would read 16 bytes, of which the last may be nobody's.
      Value *word = llvm::isa<llvm::TruncInst>(loaded)
                        ? llvm::cast<llvm::TruncInst>(loaded)->getOperand(0)
                        : loaded;
      if (blockBytes)
        llvm::cast<llvm::LoadInst>(word)->setVolatile(true);
      cpu::storeElement(b, element, loaded, f.address(element, to, f.number(i)));
    }
  }
}

} // namespace descent::gpu
