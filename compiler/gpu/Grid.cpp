#include "compiler/gpu/Grid.h"

#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/IR/MDBuilder.h>

namespace descent::gpu {

using llvm::Value;

namespace {

constexpr unsigned kSharedSpace = 3;
constexpr int kAllLanes = -1;
constexpr int64_t kMostBlocks = int64_t(1) << 31;
/// One of so many blocks fetches.
constexpr int64_t kBlocksForFetching = 16;

} // namespace

Grid::Grid(cpu::FunctionEmission &f, int64_t threads, Value *state, bool fetches)
    : threads(threads), f(f), b(f.b), state(state) {
  thread = special(llvm::Intrinsic::nvvm_read_ptx_sreg_tid_x, threads);
  block = special(llvm::Intrinsic::nvvm_read_ptx_sreg_ctaid_x, kMostBlocks);
  blocks = special(llvm::Intrinsic::nvvm_read_ptx_sreg_nctaid_x, kMostBlocks);
  if (fetches) {
    fetching = b.CreateUDiv(blocks, f.number(kBlocksForFetching));
    fetching = b.CreateBinaryIntrinsic(llvm::Intrinsic::umax, fetching, f.number(1));
    fetching = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, fetching, f.number(mostFetching));
    blocks = b.CreateSub(blocks, fetching, "", true, true);
  }
  Value *before = b.CreateMul(block, f.number(threads), "", true, true);
  number = b.CreateAdd(before, thread, "", true, true);
  count = b.CreateMul(blocks, f.number(threads), "", true, true);
  memory = new llvm::GlobalVariable(f.module.module, llvm::ArrayType::get(b.getInt8Ty(), 0),
                                    /*isConstant=*/false, llvm::GlobalValue::InternalLinkage,
                                    nullptr, "shared", nullptr, llvm::GlobalValue::NotThreadLocal,
                                    kSharedSpace, /*isExternallyInitialized=*/false);
  memory->setAlignment(llvm::Align(16));
}

Value *Grid::special(llvm::Intrinsic::ID id, int64_t below) {
  auto *call = b.CreateIntrinsic(id, llvm::ArrayRef<llvm::Type *>(), {});
  llvm::MDBuilder builder(f.context());
  call->setMetadata(llvm::LLVMContext::MD_range,
                    builder.createRange(llvm::APInt(32, 0), llvm::APInt(32, uint64_t(below))));
  return b.CreateZExt(call, b.getInt64Ty(), "", /*IsNonNeg=*/true);
}

Team Grid::ofThread() const {
  return {1, f.number(0)};
}

Team Grid::ofWarp() const {
  return {warpSize, b.CreateAnd(thread, f.number(warpSize - 1))};
}

Team Grid::ofBlock() const {
  return {threads, thread};
}

void Grid::wait(const Team &team) {
  if (team.size == 1)
    return;
  if (team.size == warpSize) {
    b.CreateIntrinsic(llvm::Intrinsic::nvvm_bar_warp_sync, {}, {b.getInt32(uint32_t(kAllLanes))});
    return;
  }
  b.CreateIntrinsic(llvm::Intrinsic::nvvm_barrier_cta_sync_aligned_all, {}, {b.getInt32(0)});
}

/// `void (ptr state, i64 blocks)`. Blocks count themselves in; the first one adds what is left to
/// 2^63, so that the highest bit changes when the last has come, and all others are 0 again.
///
/// LLVM 22 emits atomic operations for NVPTX as relaxed ones, whatever their ordering says, so the
/// fences are explicit.
llvm::Function *Grid::barrier() {
  // The emulator takes the word of the barrier of that name that it is one of all threads.
  const char *name = fetching ? "descent_barrier" : "descent_grid_barrier";
  if (llvm::Function *known = f.module.module.getFunction(name))
    return known;
  llvm::LLVMContext &context = f.context();
  auto *type = llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getInt64Ty()}, false);
  auto *function =
      llvm::Function::Create(type, llvm::Function::InternalLinkage, name, f.module.module);
  function->addFnAttr(llvm::Attribute::Convergent);
  function->addFnAttr(llvm::Attribute::NoInline);
  function->setDoesNotThrow();
  auto block = [&](const char *name) { return llvm::BasicBlock::Create(context, name, function); };
  auto *entry = block("entry"), *alone = block("alone"), *several = block("several"),
       *first = block("first"), *spin = block("spin"), *seen = block("seen"), *all = block("all");
  llvm::IRBuilder<> at(entry);
  auto syncBlock = [&] {
    at.CreateIntrinsic(llvm::Intrinsic::nvvm_barrier_cta_sync_aligned_all, {}, {at.getInt32(0)});
  };
  auto scope = context.getOrInsertSyncScopeID("device");
  auto fence = [&] { at.CreateFence(llvm::AtomicOrdering::AcquireRelease, scope); };
  auto read = [&](llvm::Intrinsic::ID id) {
    return at.CreateIntrinsic(id, llvm::ArrayRef<llvm::Type *>(), {});
  };
  Value *blocks = function->getArg(1);
  at.CreateCondBr(at.CreateICmpEQ(blocks, at.getInt64(1)), alone, several);

  at.SetInsertPoint(alone);
  syncBlock();
  at.CreateRetVoid();

  at.SetInsertPoint(several);
  syncBlock();
  Value *thread = read(llvm::Intrinsic::nvvm_read_ptx_sreg_tid_x);
  at.CreateCondBr(at.CreateICmpEQ(thread, at.getInt32(0)), first, all);

  at.SetInsertPoint(first);
  fence();
  Value *arrived = function->getArg(0);
  Value *isFirst =
      at.CreateICmpEQ(read(llvm::Intrinsic::nvvm_read_ptx_sreg_ctaid_x), at.getInt32(0));
  Value *rest = at.CreateSub(at.getInt64(uint64_t(1) << 63), at.CreateSub(blocks, at.getInt64(1)));
  Value *before = at.CreateAtomicRMW(llvm::AtomicRMWInst::Add, arrived,
                                     at.CreateSelect(isFirst, rest, at.getInt64(1)), llvm::Align(8),
                                     llvm::AtomicOrdering::Monotonic, scope);
  at.CreateBr(spin);

  at.SetInsertPoint(spin);
  llvm::LoadInst *now = at.CreateAlignedLoad(at.getInt64Ty(), arrived, llvm::Align(8));
  now->setAtomic(llvm::AtomicOrdering::Monotonic, scope);
  now->setVolatile(true);
  at.CreateCondBr(at.CreateICmpSGE(at.CreateXor(before, now), at.getInt64(0)), spin, seen);

  at.SetInsertPoint(seen);
  fence();
  at.CreateBr(all);

  at.SetInsertPoint(all);
  syncBlock();
  at.CreateRetVoid();
  return function;
}

void Grid::waitForAll() {
  b.CreateCall(barrier(), {state, blocks});
}

Value *Grid::shared(int64_t offset) {
  return offset ? b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), memory, uint64_t(offset)) : memory;
}

void Grid::finish() {
  auto *type = llvm::ArrayType::get(b.getInt8Ty(), uint64_t(std::max<int64_t>(sharedBytes, 1)));
  auto *whole = new llvm::GlobalVariable(f.module.module, type, /*isConstant=*/false,
                                         llvm::GlobalValue::InternalLinkage,
                                         llvm::UndefValue::get(type), "shared_memory", nullptr,
                                         llvm::GlobalValue::NotThreadLocal, kSharedSpace);
  whole->setAlignment(llvm::Align(16));
  memory->replaceAllUsesWith(whole);
  memory->eraseFromParent();
}

/// Shuffles move 32 bits.
Value *Grid::shuffle(Value *value, llvm::Intrinsic::ID id, Value *from) {
  llvm::Type *type = value->getType();
  unsigned bits = type->getPrimitiveSizeInBits();
  Value *whole = type->isFloatingPointTy() ? b.CreateBitCast(value, b.getIntNTy(bits)) : value;
  auto word = [&](Value *x) -> Value * {
    return b.CreateIntrinsic(
        id, {}, {b.getInt32(uint32_t(kAllLanes)), x, from, b.getInt32(uint32_t(warpSize - 1))});
  };
  Value *moved;
  if (bits <= 32) {
    moved = b.CreateTrunc(word(b.CreateZExt(whole, b.getInt32Ty())), whole->getType());
  } else {
    Value *low = word(b.CreateTrunc(whole, b.getInt32Ty()));
    Value *high = word(b.CreateTrunc(b.CreateLShr(whole, 32), b.getInt32Ty()));
    moved = b.CreateOr(b.CreateZExt(low, whole->getType()),
                       b.CreateShl(b.CreateZExt(high, whole->getType()), 32));
  }
  return type->isFloatingPointTy() ? b.CreateBitCast(moved, type) : moved;
}

Value *Grid::exchange(Value *value, int mask) {
  return shuffle(value, llvm::Intrinsic::nvvm_shfl_sync_bfly_i32, b.getInt32(uint32_t(mask)));
}

Value *Grid::ofLane(Value *value, Value *lane) {
  return shuffle(value, llvm::Intrinsic::nvvm_shfl_sync_idx_i32,
                 b.CreateTrunc(lane, b.getInt32Ty()));
}

void Grid::loop(Value *from, Value *to, Value *step, llvm::function_ref<void(Value *)> body,
                bool isWhole) {
  llvm::BasicBlock *before = b.GetInsertBlock();
  llvm::BasicBlock *some = f.newBlock("loop"), *after = f.newBlock();
  b.CreateCondBr(b.CreateICmpSLT(from, to), some, after);
  b.SetInsertPoint(some);
  llvm::PHINode *counter = b.CreatePHI(b.getInt64Ty(), 2);
  counter->addIncoming(from, before);
  body(counter);
  Value *next = b.CreateAdd(counter, step, "", true, true);
  counter->addIncoming(next, b.GetInsertBlock());
  llvm::Instruction *back = b.CreateCondBr(b.CreateICmpSLT(next, to), some, after);
  if (isWhole) {
    llvm::LLVMContext &context = f.context();
    auto *once =
        llvm::MDNode::get(context, llvm::MDString::get(context, "llvm.loop.unroll.disable"));
    auto *id = llvm::MDNode::getDistinct(context, {nullptr, once});
    id->replaceOperandWith(0, id);
    back->setMetadata(llvm::LLVMContext::MD_loop, id);
  }
  b.SetInsertPoint(after);
}

void Grid::onlyIf(Value *condition, llvm::function_ref<void()> body) {
  llvm::BasicBlock *yes = f.newBlock(), *after = f.newBlock();
  b.CreateCondBr(condition, yes, after);
  b.SetInsertPoint(yes);
  body();
  b.CreateBr(after);
  b.SetInsertPoint(after);
}

void Grid::byFirst(llvm::function_ref<void()> body) {
  onlyIf(b.CreateICmpEQ(number, f.number(0)), body);
}

} // namespace descent::gpu
