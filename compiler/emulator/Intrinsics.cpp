// The special registers, barriers and warp operations.
#include "compiler/emulator/Rewriter.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/IntrinsicsNVPTX.h>

namespace descent::emulator {

using namespace llvm;

Value *Rewriter::fence(Instruction &at, bool acquires, bool releases, bool blockScope) {
  IRBuilder<> builder(&at);
  Access &access = record(at, "a fence");
  access.acquires = acquires;
  access.releases = releases;
  access.blockScope = blockScope;
  call(builder, "descent_emulator_fence", {pointer(&access)});
  // For the host, which is a thread of its own.
  return builder.CreateFence(AtomicOrdering::SequentiallyConsistent);
}

bool Rewriter::replaceBarrier(IntrinsicInst &intrinsic) {
  // Of "aligned" nothing is left to say: a barrier for all must be the same one for all threads.
  bool count = false, arrives = false;
  BarrierResult result = BarrierResult::None;
  switch (intrinsic.getIntrinsicID()) {
  case Intrinsic::nvvm_barrier_cta_sync_aligned_all:
  case Intrinsic::nvvm_barrier_cta_sync_all:
    break;
  case Intrinsic::nvvm_barrier_cta_sync_aligned_count:
  case Intrinsic::nvvm_barrier_cta_sync_count:
    count = true;
    break;
  case Intrinsic::nvvm_barrier_cta_arrive_aligned_count:
  case Intrinsic::nvvm_barrier_cta_arrive_count:
    count = arrives = true;
    break;
  case Intrinsic::nvvm_barrier_cta_red_popc_aligned_all:
    result = BarrierResult::Count;
    break;
  case Intrinsic::nvvm_barrier_cta_red_and_aligned_all:
    result = BarrierResult::And;
    break;
  case Intrinsic::nvvm_barrier_cta_red_or_aligned_all:
    result = BarrierResult::Or;
    break;
  default:
    return false;
  }
  IRBuilder<> builder(&intrinsic);
  Access &access = record(intrinsic, "the barrier");
  access.barrierResult = result;
  Value *id = intrinsic.getArgOperand(0);
  Value *threads = count ? intrinsic.getArgOperand(1) : builder.getInt32(0);
  if (arrives) {
    call(builder, "descent_emulator_arrive", {id, threads, pointer(&access)});
    return true;
  }
  Value *condition = result == BarrierResult::None
                         ? builder.getInt32(0)
                         : builder.CreateZExt(intrinsic.getArgOperand(1), builder.getInt32Ty());
  Value *value =
      call(builder, "descent_emulator_barrier", {id, threads, condition, pointer(&access)});
  if (result != BarrierResult::None)
    intrinsic.replaceAllUsesWith(builder.CreateTrunc(value, intrinsic.getType()));
  return true;
}

namespace {

struct WarpIntrinsic {
  Intrinsic::ID id;
  WarpOp op;
  const char *what;
};

#define SHUFFLE(name, op)                                                                          \
  {Intrinsic::nvvm_shfl_sync_##name##_i32, WarpOp::op, "a shuffle"},                               \
      {Intrinsic::nvvm_shfl_sync_##name##_f32, WarpOp::op, "a shuffle"},                           \
      {Intrinsic::nvvm_shfl_sync_##name##_i32p, WarpOp::op, "a shuffle"},                          \
      {Intrinsic::nvvm_shfl_sync_##name##_f32p, WarpOp::op, "a shuffle"}
#define REDUCTION(name, op) {Intrinsic::nvvm_redux_sync_##name, WarpOp::op, "a warp reduction"}

const WarpIntrinsic warpIntrinsics[] = {
    {Intrinsic::nvvm_bar_warp_sync, WarpOp::Sync, "a warp barrier"},
    SHUFFLE(up, ShuffleUp),
    SHUFFLE(down, ShuffleDown),
    SHUFFLE(bfly, ShuffleButterfly),
    SHUFFLE(idx, ShuffleIndex),
    {Intrinsic::nvvm_vote_all_sync, WarpOp::VoteAll, "a vote"},
    {Intrinsic::nvvm_vote_any_sync, WarpOp::VoteAny, "a vote"},
    {Intrinsic::nvvm_vote_uni_sync, WarpOp::VoteUniform, "a vote"},
    {Intrinsic::nvvm_vote_ballot_sync, WarpOp::Ballot, "a vote"},
    {Intrinsic::nvvm_match_any_sync_i32, WarpOp::MatchAny, "a match"},
    {Intrinsic::nvvm_match_any_sync_i64, WarpOp::MatchAny, "a match"},
    {Intrinsic::nvvm_match_all_sync_i32p, WarpOp::MatchAll, "a match"},
    {Intrinsic::nvvm_match_all_sync_i64p, WarpOp::MatchAll, "a match"},
    REDUCTION(add, Add),
    REDUCTION(umin, UnsignedMin),
    REDUCTION(umax, UnsignedMax),
    REDUCTION(min, Min),
    REDUCTION(max, Max),
    REDUCTION(and, And),
    REDUCTION(or, Or),
    REDUCTION(xor, Xor),
};

#undef SHUFFLE
#undef REDUCTION

} // namespace

bool Rewriter::replaceWarpOp(IntrinsicInst &intrinsic) {
  const WarpIntrinsic *found = nullptr;
  for (const WarpIntrinsic &candidate : warpIntrinsics)
    if (candidate.id == intrinsic.getIntrinsicID())
      found = &candidate;
  if (!found)
    return false;
  IRBuilder<> builder(&intrinsic);
  Access &access = record(intrinsic, found->what);
  access.warpOp = found->op;
  Value *mask = intrinsic.getArgOperand(0), *value = builder.getInt64(0);
  Value *operand = builder.getInt32(0), *clamp = builder.getInt32(0);
  bool reduces = found->op >= WarpOp::Add;
  if (reduces)
    std::swap(mask, value), mask = intrinsic.getArgOperand(1), value = intrinsic.getArgOperand(0);
  else if (found->op != WarpOp::Sync)
    value = intrinsic.getArgOperand(1);
  if (intrinsic.arg_size() == 4) {
    operand = intrinsic.getArgOperand(2);
    clamp = intrinsic.getArgOperand(3);
  }
  if (value->getType()->isFloatTy())
    value = builder.CreateBitCast(value, builder.getInt32Ty());
  value = builder.CreateZExt(value, builder.getInt64Ty());
  Value *result =
      call(builder, "descent_emulator_warp", {mask, value, operand, clamp, pointer(&access)});
  Type *type = intrinsic.getType();
  if (type->isVoidTy())
    return true;
  auto converted = [&](Type *to) -> Value * {
    if (to->isFloatTy())
      return builder.CreateBitCast(builder.CreateTrunc(result, builder.getInt32Ty()), to);
    return builder.CreateTrunc(result, to);
  };
  if (auto *both = dyn_cast<StructType>(type)) {
    Value *flag = builder.CreateTrunc(builder.CreateLShr(result, 32), builder.getInt1Ty());
    Value *pair =
        builder.CreateInsertValue(PoisonValue::get(type), converted(both->getElementType(0)), 0);
    intrinsic.replaceAllUsesWith(builder.CreateInsertValue(pair, flag, 1));
  } else {
    intrinsic.replaceAllUsesWith(converted(type));
  }
  return true;
}

namespace {

/// None where it is not a product of matrices by a warp.
std::optional<WarpOp> productOf(const IntrinsicInst &intrinsic) {
  switch (intrinsic.getIntrinsicID()) {
  case Intrinsic::nvvm_mma_m16n8k8_row_col_tf32:
    return WarpOp::ProductTf32;
  case Intrinsic::nvvm_mma_m16n8k16_row_col_bf16:
    return WarpOp::ProductBf16;
  case Intrinsic::nvvm_mma_m8n8k4_row_col_f64:
    return WarpOp::ProductF64;
  case Intrinsic::nvvm_mma_m16n8k8_row_col_f64:
    return WarpOp::ProductF64Large;
  default:
    return std::nullopt;
  }
}

/// To the nearest tf32, ties to even or away from zero: integer operations on the bits, but for
/// NaN.
Value *roundedToTf32(IRBuilder<> &builder, Value *value, bool toEven) {
  Type *word = builder.getInt32Ty();
  Value *bits = builder.CreateBitCast(value, word), *half = ConstantInt::get(word, 0x1000);
  if (toEven)
    half = builder.CreateAdd(ConstantInt::get(word, 0xfff),
                             builder.CreateAnd(builder.CreateLShr(bits, 13), 1));
  Value *rounded =
      builder.CreateAnd(builder.CreateAdd(bits, half), ConstantInt::get(word, ~0x1fffu));
  return builder.CreateSelect(builder.CreateFCmpUNO(value, value),
                              ConstantInt::get(word, 0x7fff'ffff), rounded);
}

} // namespace

/// The operands go through memory of the lane's stack, where the sums come back.
void Rewriter::replaceProduct(IntrinsicInst &intrinsic, AllocaInst *area) {
  IRBuilder<> builder(&intrinsic);
  Type *words = intrinsic.getArgOperand(0)->getType();
  auto word = [&](unsigned i) { return builder.CreateConstInBoundsGEP1_32(words, area, i); };
  for (unsigned i = 0; i < intrinsic.arg_size(); ++i)
    builder.CreateStore(intrinsic.getArgOperand(i), word(i));
  Access &access = record(intrinsic, "a product of a warp");
  access.warpOp = *productOf(intrinsic);
  call(builder, "descent_emulator_warp",
       {builder.getInt32(~0u), builder.CreatePtrToInt(area, builder.getInt64Ty()),
        builder.getInt32(0), builder.getInt32(0), pointer(&access)});
  auto *type = cast<StructType>(intrinsic.getType());
  Value *sums = PoisonValue::get(type);
  unsigned first = intrinsic.arg_size() - type->getNumElements();
  for (unsigned i = 0; i < type->getNumElements(); ++i)
    sums = builder.CreateInsertValue(
        sums, builder.CreateLoad(type->getElementType(i), word(first + i)), i);
  intrinsic.replaceAllUsesWith(sums);
  intrinsic.eraseFromParent();
}

void Rewriter::replaceProducts() {
  for (llvm::Function &function : module) {
    SmallVector<IntrinsicInst *> products;
    for (Instruction &instruction : instructions(function))
      if (auto *intrinsic = dyn_cast<IntrinsicInst>(&instruction);
          intrinsic && productOf(*intrinsic))
        products.push_back(intrinsic);
    if (products.empty())
      continue;
    BasicBlock &entry = function.getEntryBlock();
    IRBuilder<> builder(&entry, entry.begin());
    AllocaInst *area = builder.CreateAlloca(ArrayType::get(builder.getInt8Ty(), productBytes));
    area->setAlignment(Align(16));
    for (IntrinsicInst *product : products)
      replaceProduct(*product, area);
  }
}

bool Rewriter::replace(IntrinsicInst &intrinsic) {
  IRBuilder<> builder(&intrinsic);
  auto with = [&](Value *value) {
    intrinsic.replaceAllUsesWith(value);
    return true;
  };
  auto lane = [&] {
    return builder.CreateAnd(call(builder, "descent_emulator_thread", {}), warpSize - 1);
  };
  auto standard = [&](Intrinsic::ID id) {
    return with(
        builder.CreateIntrinsic(id, {intrinsic.getType()}, SmallVector<Value *>(intrinsic.args())));
  };
  switch (intrinsic.getIntrinsicID()) {
  case Intrinsic::nvvm_read_ptx_sreg_tid_x:
    return with(call(builder, "descent_emulator_thread", {}));
  case Intrinsic::nvvm_read_ptx_sreg_ctaid_x:
    return with(call(builder, "descent_emulator_block", {}));
  case Intrinsic::nvvm_read_ptx_sreg_ntid_x:
    return with(call(builder, "descent_emulator_threads", {}));
  case Intrinsic::nvvm_read_ptx_sreg_nctaid_x:
    return with(call(builder, "descent_emulator_blocks", {}));
  // Launches are of one dimension.
  case Intrinsic::nvvm_read_ptx_sreg_tid_y:
  case Intrinsic::nvvm_read_ptx_sreg_tid_z:
  case Intrinsic::nvvm_read_ptx_sreg_ctaid_y:
  case Intrinsic::nvvm_read_ptx_sreg_ctaid_z:
    return with(builder.getInt32(0));
  case Intrinsic::nvvm_read_ptx_sreg_ntid_y:
  case Intrinsic::nvvm_read_ptx_sreg_ntid_z:
  case Intrinsic::nvvm_read_ptx_sreg_nctaid_y:
  case Intrinsic::nvvm_read_ptx_sreg_nctaid_z:
    return with(builder.getInt32(1));
  case Intrinsic::nvvm_read_ptx_sreg_laneid:
    return with(lane());
  case Intrinsic::nvvm_read_ptx_sreg_lanemask_eq:
    return with(builder.CreateShl(builder.getInt32(1), lane()));
  case Intrinsic::nvvm_read_ptx_sreg_lanemask_lt:
    return with(
        builder.CreateSub(builder.CreateShl(builder.getInt32(1), lane()), builder.getInt32(1)));
  case Intrinsic::nvvm_read_ptx_sreg_warpsize:
    return with(builder.getInt32(warpSize));
  case Intrinsic::nvvm_read_ptx_sreg_clock64:
  case Intrinsic::nvvm_read_ptx_sreg_globaltimer:
    return with(call(builder, "descent_emulator_clock", {}));
  case Intrinsic::nvvm_read_ptx_sreg_clock:
  case Intrinsic::nvvm_read_ptx_sreg_globaltimer_lo:
    return with(
        builder.CreateTrunc(call(builder, "descent_emulator_clock", {}), builder.getInt32Ty()));
  case Intrinsic::nvvm_membar_cta:
    fence(intrinsic, true, true, true);
    return true;
  case Intrinsic::nvvm_membar_gl:
  case Intrinsic::nvvm_membar_sys:
  case Intrinsic::nvvm_fence_sc_cluster:
    fence(intrinsic, true, true, false);
    return true;
  case Intrinsic::nvvm_nanosleep:
    call(builder, "descent_emulator_nanosleep", {});
    return true;
  case Intrinsic::nvvm_exit:
    call(builder, "descent_emulator_exit", {});
    return true;
  case Intrinsic::trap:
  case Intrinsic::debugtrap:
  case Intrinsic::ubsantrap:
    call(builder, "descent_emulator_fault", {pointer(&record(intrinsic, "a trap"))});
    return true;
  case Intrinsic::nvvm_fma_rn_f:
  case Intrinsic::nvvm_fma_rn_d:
    return standard(Intrinsic::fma);
  case Intrinsic::nvvm_sqrt_rn_f:
  case Intrinsic::nvvm_sqrt_rn_d:
    return standard(Intrinsic::sqrt);
  case Intrinsic::nvvm_f2tf32_rna:
  case Intrinsic::nvvm_f2tf32_rn:
    return with(roundedToTf32(builder, intrinsic.getArgOperand(0),
                              intrinsic.getIntrinsicID() == Intrinsic::nvvm_f2tf32_rn));
  case Intrinsic::prefetch:
  case Intrinsic::donothing:
  case Intrinsic::sideeffect:
  case Intrinsic::experimental_noalias_scope_decl:
    return true;
  default:
    return replaceBarrier(intrinsic) || replaceWarpOp(intrinsic);
  }
}

void Rewriter::replaceIntrinsics() {
  for (llvm::Function &function : module) {
    SmallVector<IntrinsicInst *> intrinsics;
    for (Instruction &instruction : instructions(function))
      if (auto *intrinsic = dyn_cast<IntrinsicInst>(&instruction))
        intrinsics.push_back(intrinsic);
    for (IntrinsicInst *intrinsic : intrinsics) {
      if (productOf(*intrinsic))
        continue;
      if (replace(*intrinsic)) {
        intrinsic->eraseFromParent();
        continue;
      }
      StringRef name = intrinsic->getCalledFunction()->getName();
      bool known = intrinsic->doesNotAccessMemory() || isa<MemIntrinsic>(intrinsic) ||
                   isa<DbgInfoIntrinsic>(intrinsic);
      if (name.starts_with("llvm.nvvm.") || !known)
        refuse("a call of " + name + " in the function " + function.getName());
    }
  }
}

} // namespace descent::emulator
