// Calls before each access to memory, and around whatever else could take the process with it.
#include "compiler/emulator/Rewriter.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

namespace descent::emulator {

using namespace llvm;

void Rewriter::touch(Instruction &at, Value *address, Value *bytes, const Access &access) {
  IRBuilder<> builder(&at);
  bool meets = access.atomic;
  if (!checks) {
    if (meets)
      call(builder, "descent_emulator_pass", {pointer(&access)});
    return;
  }
  if (address->getType()->getPointerAddressSpace())
    address = builder.CreateAddrSpaceCast(address, builder.getPtrTy());
  call(builder, meets ? "descent_emulator_atomic" : "descent_emulator_touch",
       {address, builder.CreateZExtOrTrunc(bytes, builder.getInt64Ty()), pointer(&access)});
}

void Rewriter::guard(Value *wrong, Instruction &before, const Access &access) {
  Instruction *end = SplitBlockAndInsertIfThen(wrong, &before, /*Unreachable=*/true);
  IRBuilder<> builder(end);
  call(builder, "descent_emulator_fault", {pointer(&access)});
}

/// On a card the result is anything; here the process would end.
void Rewriter::instrumentDivision(BinaryOperator &division) {
  Value *dividend = division.getOperand(0), *divisor = division.getOperand(1);
  bool isSigned =
      division.getOpcode() == Instruction::SDiv || division.getOpcode() == Instruction::SRem;
  const APInt *constant;
  if (PatternMatch::match(divisor, PatternMatch::m_APInt(constant)) && !constant->isZero() &&
      (!isSigned || !constant->isAllOnes()))
    return;
  IRBuilder<> builder(&division);
  Type *type = division.getType();
  Value *wrong = builder.CreateICmpEQ(divisor, Constant::getNullValue(type));
  if (isSigned) {
    unsigned bits = type->getScalarSizeInBits();
    Value *least = ConstantInt::get(type, APInt::getSignedMinValue(bits));
    wrong = builder.CreateOr(
        wrong, builder.CreateAnd(builder.CreateICmpEQ(dividend, least),
                                 builder.CreateICmpEQ(divisor, Constant::getAllOnesValue(type))));
  }
  if (type->isVectorTy())
    wrong = builder.CreateOrReduce(wrong);
  guard(wrong, division,
        record(division, "a division by zero, or of the least number by minus one"));
}

namespace {

bool acquires(AtomicOrdering ordering) {
  return isAcquireOrStronger(ordering);
}
bool releases(AtomicOrdering ordering) {
  return isReleaseOrStronger(ordering);
}

} // namespace

void Rewriter::instrument(Instruction &instruction) {
  const DataLayout &layout = module.getDataLayout();
  LLVMContext &context = module.getContext();
  SyncScope::ID block = context.getOrInsertSyncScopeID("block");
  auto number = [&](uint64_t value) { return ConstantInt::get(Type::getInt64Ty(context), value); };
  auto size = [&](Type *type) { return number(layout.getTypeStoreSize(type).getFixedValue()); };
  auto order = [&](Access &access, AtomicOrdering ordering, SyncScope::ID scope) {
    access.atomic = true;
    access.acquires = access.reads && acquires(ordering);
    access.releases = access.writes && releases(ordering);
    access.blockScope = scope == block;
  };

  if (auto *load = dyn_cast<LoadInst>(&instruction)) {
    Access &access = record(instruction, "a read");
    access.reads = true;
    access.alignment = static_cast<uint8_t>(std::min<uint64_t>(load->getAlign().value(), 128));
    if (load->isAtomic() || load->isVolatile()) {
      order(access, load->getOrdering(), load->getSyncScopeID());
      access.isPoll = true;
      load->setSyncScopeID(SyncScope::System);
    }
    touch(instruction, load->getPointerOperand(), size(load->getType()), access);
  } else if (auto *store = dyn_cast<StoreInst>(&instruction)) {
    Access &access = record(instruction, "a write");
    access.writes = true;
    access.alignment = static_cast<uint8_t>(std::min<uint64_t>(store->getAlign().value(), 128));
    if (store->isAtomic() || store->isVolatile()) {
      order(access, store->getOrdering(), store->getSyncScopeID());
      store->setSyncScopeID(SyncScope::System);
    }
    touch(instruction, store->getPointerOperand(), size(store->getValueOperand()->getType()),
          access);
  } else if (auto *change = dyn_cast<AtomicRMWInst>(&instruction)) {
    Access &access = record(instruction, "an atomic");
    access.reads = access.writes = true;
    access.alignment = static_cast<uint8_t>(std::min<uint64_t>(change->getAlign().value(), 128));
    order(access, change->getOrdering(), change->getSyncScopeID());
    // Another way to write an atomic read.
    access.isPoll = PatternMatch::match(change->getValOperand(), PatternMatch::m_Zero()) &&
                    (change->getOperation() == AtomicRMWInst::Add ||
                     change->getOperation() == AtomicRMWInst::Or);
    change->setSyncScopeID(SyncScope::System);
    touch(instruction, change->getPointerOperand(), size(change->getType()), access);
  } else if (auto *swap = dyn_cast<AtomicCmpXchgInst>(&instruction)) {
    Access &access = record(instruction, "an atomic");
    access.reads = access.writes = access.isPoll = true;
    access.alignment = static_cast<uint8_t>(std::min<uint64_t>(swap->getAlign().value(), 128));
    order(access, swap->getMergedOrdering(), swap->getSyncScopeID());
    swap->setSyncScopeID(SyncScope::System);
    touch(instruction, swap->getPointerOperand(), size(swap->getCompareOperand()->getType()),
          access);
  } else if (auto *barrier = dyn_cast<FenceInst>(&instruction)) {
    AtomicOrdering ordering = barrier->getOrdering();
    auto *made = dyn_cast_if_present<CallInst>(barrier->getPrevNode());
    if (made && made->getCalledFunction() &&
        made->getCalledFunction()->getName() == "descent_emulator_fence")
      return;
    fence(instruction, acquires(ordering), releases(ordering), barrier->getSyncScopeID() == block);
    barrier->eraseFromParent();
  } else if (auto *memory = dyn_cast<MemIntrinsic>(&instruction)) {
    if (auto *transfer = dyn_cast<MemTransferInst>(memory)) {
      Access &from = record(instruction, "a copy");
      from.reads = true;
      from.alignment = static_cast<uint8_t>(
          std::min<uint64_t>(transfer->getSourceAlign().valueOrOne().value(), 128));
      touch(instruction, transfer->getRawSource(), transfer->getLength(), from);
    }
    Access &to = record(instruction, "a copy");
    to.writes = true;
    to.alignment =
        static_cast<uint8_t>(std::min<uint64_t>(memory->getDestAlign().valueOrOne().value(), 128));
    touch(instruction, memory->getRawDest(), memory->getLength(), to);
  } else if (auto *division = dyn_cast<BinaryOperator>(&instruction)) {
    if (division->isIntDivRem())
      instrumentDivision(*division);
  } else if (isa<UnreachableInst>(instruction)) {
    IRBuilder<> builder(&instruction);
    call(builder, "descent_emulator_fault",
         {pointer(&record(instruction, "code that must not be reached"))});
  } else if (auto *callee = dyn_cast<CallInst>(&instruction);
             callee && callee->getCalledFunction()->getName() == "descent_grid_barrier") {
    IRBuilder<> builder(&instruction);
    Value *access = pointer(&record(instruction, "the barrier of the grid"));
    call(builder, "descent_emulator_grid_arrive", {access});
    builder.SetInsertPoint(instruction.getNextNode());
    call(builder, "descent_emulator_grid_leave", {access});
  }
}

/// A loop without any access could keep the emulator for ever.
void Rewriter::addTicks(llvm::Function &function) {
  DominatorTree dominators(function);
  LoopInfo loops(dominators);
  for (Loop *loop : loops.getLoopsInPreorder()) {
    bool calls = any_of(loop->blocks(), [](BasicBlock *block) {
      return any_of(*block, [](Instruction &instruction) {
        auto *made = dyn_cast<CallInst>(&instruction);
        return made && made->getCalledFunction()->getName().starts_with("descent_emulator_") &&
               !made->doesNotAccessMemory();
      });
    });
    if (calls)
      continue;
    IRBuilder<> builder(&*loop->getHeader()->getFirstInsertionPt());
    call(builder, "descent_emulator_tick", {});
  }
}

void Rewriter::instrument() {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    SmallVector<Instruction *> all;
    for (Instruction &instruction : instructions(function))
      all.push_back(&instruction);
    for (Instruction *instruction : all)
      instrument(*instruction);
    addTicks(function);
  }
}

} // namespace descent::emulator
