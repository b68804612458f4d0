// A kernel with marks becomes one that begins with a jump to where it left off:
//
//   entry:    ids; switch (state.place) { 0: begin, 1: restore1, … }
//   …
//   mark1:    if first thread { state.place = 1; state.values = live ones }; ret
//   restore1: live ones = state.values; goto behind1
//   behind1:  …
//
// What is live behind a mark is found by going back from the uses of each value; SSAUpdater then
// puts it together with what is restored.
#include "compiler/gpu/Resume.h"

#include <llvm/ADT/SetVector.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>
#include <llvm/Transforms/Utils/SSAUpdater.h>

namespace descent::gpu {

using namespace llvm;

namespace {

constexpr const char *kMark = "descent_suspend";
constexpr uint64_t kAlignment = 16;

class Resumer {
public:
  Resumer(llvm::Function &kernel, Value *state, int64_t offset, Value *isFirst)
      : kernel(kernel), layout(kernel.getParent()->getDataLayout()), state(state), offset(offset),
        isFirst(isFirst) {}

  int64_t run();

private:
  struct Place {
    BasicBlock *leaving = nullptr, *restoring = nullptr, *behind = nullptr;
    BasicBlock *keeping = nullptr; ///< by the first thread
    uint64_t bytes = 8;            ///< of what is kept, with the word that says where
  };

  llvm::Function &kernel;
  const DataLayout &layout;
  Value *state;
  int64_t offset;
  Value *isFirst;
  SmallVector<AllocaInst *> memory;
  std::vector<Place> places;

  void promote();
  void split();
  void jump();
  void keepMemory(Place &place);
  void keepValue(Instruction &value);
  bool isLiveBehind(Instruction &value, const Place &place);
  Value *slot(IRBuilder<> &b, uint64_t at) {
    return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), state, uint64_t(offset) + at);
  }
  uint64_t take(Place &place, uint64_t bytes) {
    uint64_t at = alignTo(place.bytes, kAlignment);
    place.bytes = at + bytes;
    return at;
  }
};

/// Variables of one element become values; arrays stay.
void Resumer::promote() {
  DominatorTree dominators(kernel);
  SmallVector<AllocaInst *> promotable;
  for (Instruction &instruction : kernel.getEntryBlock())
    if (auto *alloca = dyn_cast<AllocaInst>(&instruction))
      (isAllocaPromotable(alloca) ? promotable : memory).push_back(alloca);
  PromoteMemToReg(promotable, dominators);
}

void Resumer::split() {
  SmallVector<CallInst *> marks;
  for (Instruction &instruction : instructions(kernel))
    if (auto *call = dyn_cast<CallInst>(&instruction))
      if (Function *callee = call->getCalledFunction(); callee && callee->getName() == kMark)
        marks.push_back(call);
  LLVMContext &context = kernel.getContext();
  for (CallInst *mark : marks) {
    Place &place = places.emplace_back();
    place.leaving = mark->getParent();
    place.behind = SplitBlock(place.leaving, mark->getNextNode());
    place.behind->setName("behind");
    place.keeping = BasicBlock::Create(context, "keep", &kernel, place.behind);
    auto *left = BasicBlock::Create(context, "left", &kernel, place.behind);
    place.restoring = BasicBlock::Create(context, "restore", &kernel, place.behind);
    Instruction *end = place.leaving->getTerminator();
    BranchInst::Create(place.keeping, left, isFirst, end->getIterator());
    end->eraseFromParent();
    IRBuilder<> keeping(place.keeping);
    keeping.CreateStore(keeping.getInt64(places.size()), slot(keeping, 0));
    keeping.CreateBr(left);
    ReturnInst::Create(context, left);
    BranchInst::Create(place.behind, place.restoring);
    mark->eraseFromParent();
  }
}

void Resumer::jump() {
  BasicBlock &entry = kernel.getEntryBlock();
  Instruction *end = entry.getTerminator();
  BasicBlock *begin = cast<BranchInst>(end)->getSuccessor(0);
  auto *dispatch = BasicBlock::Create(kernel.getContext(), "dispatch", &kernel, begin);
  begin->replacePhiUsesWith(&entry, dispatch);
  end->setSuccessor(0, dispatch);
  IRBuilder<> b(dispatch);
  Value *where = b.CreateLoad(b.getInt64Ty(), slot(b, 0));
  SwitchInst *jump = b.CreateSwitch(where, begin, unsigned(places.size()));
  for (auto [i, place] : enumerate(places))
    jump->addCase(b.getInt64(i + 1), place.restoring);
}

void Resumer::keepMemory(Place &place) {
  for (AllocaInst *variable : memory) {
    uint64_t bytes = *variable->getAllocationSize(layout);
    uint64_t at = take(place, bytes);
    IRBuilder<> keeping(place.keeping->getTerminator());
    keeping.CreateMemCpy(slot(keeping, at), Align(kAlignment), variable, variable->getAlign(),
                         bytes);
    IRBuilder<> restoring(place.restoring->getTerminator());
    restoring.CreateMemCpy(variable, variable->getAlign(), slot(restoring, at), Align(kAlignment),
                           bytes);
  }
}

/// Whether a use of the value can be reached from behind the place without making it again.
bool Resumer::isLiveBehind(Instruction &value, const Place &place) {
  BasicBlock *home = value.getParent();
  SmallSetVector<BasicBlock *, 32> liveIn;
  for (Use &use : value.uses()) {
    auto *user = cast<Instruction>(use.getUser());
    BasicBlock *at = user->getParent();
    if (auto *phi = dyn_cast<PHINode>(user))
      at = phi->getIncomingBlock(use);
    if (at != home)
      liveIn.insert(at);
  }
  for (size_t i = 0; i < liveIn.size(); ++i) {
    BasicBlock *block = liveIn[i];
    if (block == place.behind)
      return true;
    // The way through a mark is the one that the program took before.
    auto mark = find_if(places, [&](const Place &each) { return each.behind == block; });
    if (mark != places.end()) {
      if (mark->leaving != home)
        liveIn.insert(mark->leaving);
      continue;
    }
    for (BasicBlock *before : predecessors(block))
      if (before != home)
        liveIn.insert(before);
  }
  return false;
}

void Resumer::keepValue(Instruction &value) {
  SmallVector<Place *> where;
  for (Place &place : places)
    if (isLiveBehind(value, place))
      where.push_back(&place);
  if (where.empty())
    return;
  SmallVector<StoreInst *> kept;
  SmallVector<Use *> uses;
  for (Use &use : value.uses())
    uses.push_back(&use);
  SSAUpdater updater;
  updater.Initialize(value.getType(), value.getName());
  updater.AddAvailableValue(value.getParent(), &value);
  for (Place *place : where) {
    uint64_t at = take(*place, layout.getTypeAllocSize(value.getType()));
    IRBuilder<> keeping(place->keeping->getTerminator());
    kept.push_back(keeping.CreateStore(&value, slot(keeping, at)));
    IRBuilder<> restoring(place->restoring->getTerminator());
    updater.AddAvailableValue(place->restoring,
                              restoring.CreateLoad(value.getType(), slot(restoring, at)));
  }
  for (Use *use : uses) {
    auto *user = cast<Instruction>(use->getUser());
    if (user->getParent() != value.getParent() || isa<PHINode>(user))
      updater.RewriteUse(*use);
  }
  // What is kept may be what was restored at another mark.
  for (StoreInst *store : kept)
    updater.RewriteUse(store->getOperandUse(0));
}

int64_t Resumer::run() {
  if (!kernel.getParent()->getFunction(kMark))
    return 0;
  // While all is reached: what is behind a mark is not, until there is the jump.
  promote();
  split();
  // The values of the entry block are made again.
  SmallVector<Instruction *> values;
  for (BasicBlock &block : kernel)
    if (&block != &kernel.getEntryBlock())
      for (Instruction &instruction : block)
        if (!instruction.use_empty())
          values.push_back(&instruction);
  jump();
  for (Place &place : places)
    keepMemory(place);
  for (Instruction *value : values)
    keepValue(*value);
  uint64_t bytes = 0;
  for (const Place &place : places)
    bytes = std::max(bytes, place.bytes);
  return int64_t(alignTo(bytes, kAlignment));
}

} // namespace

void markSuspension(IRBuilder<> &b) {
  Module &module = *b.GetInsertBlock()->getModule();
  FunctionCallee mark =
      module.getOrInsertFunction(kMark, llvm::FunctionType::get(b.getVoidTy(), false));
  cast<llvm::Function>(mark.getCallee())->setDoesNotThrow();
  b.CreateCall(mark);
}

int64_t resumeAtMarks(llvm::Function &kernel, Value *state, int64_t offset, Value *isFirst) {
  return Resumer(kernel, state, offset, isFirst).run();
}

} // namespace descent::gpu
