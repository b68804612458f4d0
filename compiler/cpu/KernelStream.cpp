// Arrays larger than the caches, stored past them: a line that is written as a whole need not be
// read before, and nothing that is needed leaves the caches for it.
//
//   for j in lines that begin before the first whole block …      as elsewhere
//   for block of 128 bytes of out
//     for j in the block: piece[j] = …                            becomes vectors in registers
//     out[block] = piece                                          non-temporal stores of vectors
//   for j in what is left                                         as elsewhere
//
// The stores are written here because LLVM's vectoriser makes none: it does not know that they are
// aligned.
#include "compiler/cpu/KernelEmitter.h"

#include <llvm/IR/IntrinsicsX86.h>

namespace descent::cpu {

using llvm::Value;

namespace {

/// Of a line of the cache, and of the widest array's part of a block: short enough for LLVM to
/// write out the loop over it, whatever the processor's vectors.
constexpr int64_t kLine = 64, kBlock = 128;

int64_t bytesOf(mlir::Operation *op) {
  return kernel::elementBytes(kernel::tensorType(op->getResult(0)).getElementType());
}

} // namespace

bool KernelEmitter::isStreamed(const NestCode &nest, size_t level) const {
  return !nest.streamed.empty() && level + 1 == nest.sizes.size() && lanes.size() == 1;
}

/// Whether each run of the innermost loop begins at a line, of so many elements.
bool KernelEmitter::beginsAtLine(const NestCode &nest, int64_t line) const {
  if (shared || nest.sizes.size() - 1 != outermost)
    return nest.sizes.back() % line == 0;
  return division.count == 1 || division.size % line == 0;
}

/// The first index of the innermost loop at which lines begin; `to` where there is none.
Value *KernelEmitter::firstWholeLine(const NestCode &nest, Value *from, Value *to, int64_t line) {
  Value *begin = from;
  if (!beginsAtLine(nest, line)) {
    Counters at = lanes.front();
    at.push_back(from);
    Value *position = nest.loop->linear ? from : linearIndex(f, at, nest.loop->space);
    Value *before = b.CreateAnd(b.CreateNeg(position), f.number(line - 1));
    begin = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin,
                                    b.CreateAdd(from, before, "", true, true), to);
  }
  // Memory that the caller gave may begin anywhere.
  Value *bits = nullptr;
  for (mlir::Operation *op : nest.streamed)
    if (f.placeOf(op->getResult(0)).kind == kernel::Place::Kind::Result) {
      Value *address = b.CreatePtrToInt(f.pointerTo(op->getResult(0)), b.getInt64Ty());
      bits = bits ? b.CreateOr(bits, address) : address;
    }
  if (!bits)
    return begin;
  Value *offset = b.CreateAnd(bits, f.number(kLine - 1));
  return b.CreateSelect(b.CreateICmpEQ(offset, f.number(0)), begin, to);
}

/// The innermost loop of a nest.
void KernelEmitter::streamLoop(NestCode &nest, Value *from, Value *to,
                               llvm::function_ref<void(Value *)> inside) {
  int64_t widest = 1, narrowest = kLine;
  for (mlir::Operation *op : nest.streamed) {
    widest = std::max(widest, bytesOf(op));
    narrowest = std::min(narrowest, bytesOf(op));
  }
  int64_t count = kBlock / widest;
  for (mlir::Operation *op : nest.streamed) {
    mlir::Type element = kernel::tensorType(op->getResult(0)).getElementType();
    blocks[op] =
        f.variable(llvm::ArrayType::get(memoryType(f.context(), element), uint64_t(count)));
    blocks[op]->setAlignment(llvm::Align(kLine));
  }
  auto plus = [&](Value *x, Value *y) { return b.CreateAdd(x, y, "", true, true); };
  auto times = [&](Value *x, int64_t y) { return b.CreateMul(x, f.number(y), "", true, true); };
  Value *begin = firstWholeLine(nest, from, to, kLine / narrowest);
  Value *whole = b.CreateUDiv(b.CreateSub(to, begin, "", true, true), f.number(count));
  Value *end = plus(begin, times(whole, count));
  forRange(f, f.number(0), whole, [&](Value *number) {
    Value *first = plus(begin, times(number, count));
    forRange(f, f.number(0), f.number(count), [&](Value *lane) {
      inBlock = lane;
      inside(plus(first, lane));
      inBlock = nullptr;
    });
    writeLines(nest, first, count);
  });
  bool divided = !shared && nest.sizes.size() - 1 == outermost;
  if (divided && begin == from && division.extent % count == 0 && division.size % count == 0)
    return;
  if (begin == from)
    return forRange(f, end, to, inside);
  forRange(f, f.number(0), f.number(2), [&](Value *part) {
    Value *before = b.CreateICmpEQ(part, f.number(0));
    forRange(f, b.CreateSelect(before, from, end), b.CreateSelect(before, begin, to), inside);
  });
}

/// Stores a block whose first index is that.
void KernelEmitter::writeLines(NestCode &nest, Value *first, int64_t count) {
  // AArch64 stores pairs of registers so.
  int64_t bytes = f.module.module.getTargetTriple().isAArch64() ? 32 : f.module.host.vectorBytes;
  Counters at = lanes.front();
  at.push_back(first);
  Value *position = nest.loop->linear ? first : linearIndex(f, at, nest.loop->space);
  llvm::MDNode *one = llvm::MDNode::get(f.context(), llvm::ConstantAsMetadata::get(b.getInt32(1)));
  for (mlir::Operation *op : nest.streamed) {
    mlir::Value result = op->getResult(0);
    mlir::Type element = kernel::tensorType(result).getElementType();
    auto *vector =
        llvm::FixedVectorType::get(memoryType(f.context(), element), unsigned(bytes / bytesOf(op)));
    Value *to = f.address(element, f.pointerTo(result), position);
    for (int64_t byte = 0; byte < count * bytesOf(op); byte += bytes) {
      auto piece = [&](Value *base) {
        return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), base, uint64_t(byte));
      };
      Value *part = b.CreateAlignedLoad(vector, piece(blocks[op]), llvm::Align(uint64_t(bytes)));
      auto *store = b.CreateAlignedStore(part, piece(to), llvm::Align(uint64_t(bytes)));
      store->setMetadata(llvm::LLVMContext::MD_nontemporal, one);
      f.scopes.tag(store, f.placeOf(result));
    }
  }
}

/// At the end of a chunk: who waits for it sees what it stored. (Other processors than x86 order
/// such stores like all others.)
void KernelEmitter::finishStreams() {
  if (f.module.module.getTargetTriple().isX86() &&
      llvm::any_of(nests, [](const NestCode &nest) { return !nest.streamed.empty(); }))
    b.CreateIntrinsic(llvm::Intrinsic::x86_sse_sfence, {});
}

} // namespace descent::cpu
