// Finds the work behind selects, and moves it behind branches.
#include "compiler/math/RareLanes.h"

#include <llvm/ADT/MapVector.h>
#include <llvm/ADT/PointerIntPair.h>
#include <llvm/ADT/SetVector.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/MDBuilder.h>

using namespace llvm;

namespace descent {
namespace {

/// Less work than this is not worth a branch, which may be mispredicted.
constexpr int leastCost = 40;

/// Vector selects with the same condition, seen from one of their two sides.
struct Side {
  Value *condition;
  bool whenTrue;
  SmallVector<SelectInst *> selects;

  Value *operand(SelectInst *select) const {
    return whenTrue ? select->getTrueValue() : select->getFalseValue();
  }
  Value *other(SelectInst *select) const {
    return whenTrue ? select->getFalseValue() : select->getTrueValue();
  }
};

/// What only one side needs, in the block's order, and what it would save to skip it.
struct Slice {
  SetVector<Instruction *> instructions;
  int cost = 0;
};

int costOf(const Instruction &instruction) {
  if (instruction.getOpcode() == Instruction::FDiv)
    return 8;
  if (auto *call = dyn_cast<IntrinsicInst>(&instruction))
    return call->getIntrinsicID() == Intrinsic::sqrt ? 8 : 1;
  if (isa<CallInst>(instruction)) // a function that is called because it is long
    return leastCost;
  return 1;
}

bool movable(const Instruction &instruction) {
  return !isa<PHINode>(instruction) && !instruction.isTerminator() &&
         !instruction.mayHaveSideEffects() && !instruction.mayReadFromMemory() &&
         !isa<AllocaInst>(instruction);
}

/// Whether every use of the instruction is in the slice, or a select's operand on this side.
bool exclusive(const Instruction &instruction, const Side &side, const Slice &slice) {
  return all_of(instruction.uses(), [&](const Use &use) {
    auto *user = cast<Instruction>(use.getUser());
    return slice.instructions.contains(user) ||
           (use.getOperandNo() == (side.whenTrue ? 1u : 2u) &&
            is_contained(side.selects, dyn_cast<SelectInst>(user)));
  });
}

/// All instructions of the block whose every use leads to the side's operands and nowhere else.
Slice sliceOf(const Side &side, BasicBlock &block) {
  Slice slice;
  // Most selects choose between values that are used elsewhere too; this finds out quickly.
  if (none_of(side.selects, [&](SelectInst *select) {
        auto *operand = dyn_cast<Instruction>(side.operand(select));
        return operand && operand->getParent() == &block && exclusive(*operand, side, slice);
      }))
    return slice;
  for (Instruction &instruction : reverse(block)) {
    if (!movable(instruction) || instruction.use_empty())
      continue;
    if (is_contained(side.selects, dyn_cast<SelectInst>(&instruction)))
      continue;
    if (!exclusive(instruction, side, slice))
      continue;
    slice.instructions.insert(&instruction);
    slice.cost += costOf(instruction);
  }
  return slice;
}

/// The first use of one of the selects' results by the slice or by another of the selects; null if
/// there is none. Such a use would have to come before the branch and behind it.
Instruction *firstDependent(const Side &side, const Slice &slice) {
  Instruction *first = nullptr;
  for (SelectInst *select : side.selects)
    for (User *user : select->users()) {
      auto *instruction = cast<Instruction>(user);
      if ((slice.instructions.contains(instruction) ||
           is_contained(side.selects, dyn_cast<SelectInst>(instruction))) &&
          (!first || instruction->comesBefore(first)))
        first = instruction;
    }
  return first;
}

/// The last instruction of the block that must come before the branch: whatever the slice and the
/// selects use from outside. Null if nothing does. False in `possible` if a use of one of the
/// selects' results comes before it.
Instruction *lastNeeded(const Side &side, const Slice &slice, BasicBlock &block, bool &possible) {
  Instruction *last = nullptr;
  auto need = [&](Value *value) {
    auto *instruction = dyn_cast<Instruction>(value);
    if (!instruction || instruction->getParent() != &block ||
        slice.instructions.contains(instruction))
      return;
    if (!last || last->comesBefore(instruction))
      last = instruction;
  };
  need(side.condition);
  for (Instruction *instruction : slice.instructions)
    for (Value *operand : instruction->operands())
      need(operand);
  for (SelectInst *select : side.selects)
    need(side.other(select));
  possible = true;
  for (SelectInst *select : side.selects) {
    if (last == select)
      possible = false;
    for (User *user : select->users()) {
      auto *instruction = cast<Instruction>(user);
      if (last && instruction->getParent() == &block && !isa<PHINode>(instruction) &&
          (instruction == last || instruction->comesBefore(last)))
        possible = false;
    }
  }
  return last;
}

/// Moves the slice and the selects behind a branch. Returns the new block and the rest of the old.
std::pair<BasicBlock *, BasicBlock *> split(const Side &side, const Slice &slice, BasicBlock &block,
                                            Instruction *last) {
  BasicBlock::iterator point =
      last && !isa<PHINode>(last) ? std::next(last->getIterator()) : block.getFirstInsertionPt();
  BasicBlock *rest = block.splitBasicBlock(point, block.getName() + ".rest");
  BasicBlock *then =
      BasicBlock::Create(block.getContext(), block.getName() + ".rare", block.getParent(), rest);
  Instruction *end = BranchInst::Create(rest, then);
  for (Instruction *instruction : reverse(slice.instructions))
    instruction->moveBefore(end->getIterator());

  block.getTerminator()->eraseFromParent();
  IRBuilder<> builder(&block);
  // A select passes on what is undefined, a branch on it would be wrong.
  Value *condition = builder.CreateFreeze(side.condition);
  Value *lanes = side.whenTrue ? builder.CreateOrReduce(condition)
                               : builder.CreateNot(builder.CreateAndReduce(condition));
  builder.CreateCondBr(lanes, then, rest);

  for (SelectInst *select : side.selects) {
    select->moveBefore(end->getIterator());
    PHINode *phi = PHINode::Create(select->getType(), 2, select->getName(), rest->begin());
    select->replaceAllUsesWith(phi);
    phi->addIncoming(select, then);
    phi->addIncoming(side.other(select), &block);
  }
  return {then, rest};
}

/// Moves the most expensive piece of work in the block that a branch may skip, if there is any.
/// `done`: selects that stand behind their branch already.
bool splitOnce(BasicBlock &block, SmallVectorImpl<BasicBlock *> &pending,
               SmallPtrSetImpl<SelectInst *> &done) {
  MapVector<PointerIntPair<Value *, 1, bool>, Side> sides;
  for (Instruction &instruction : block) {
    auto *select = dyn_cast<SelectInst>(&instruction);
    if (!select || !isa<FixedVectorType>(select->getCondition()->getType()) ||
        done.contains(select))
      continue;
    for (bool whenTrue : {true, false}) {
      Side &side = sides[PointerIntPair<Value *, 1, bool>(select->getCondition(), whenTrue)];
      side.condition = select->getCondition();
      side.whenTrue = whenTrue;
      side.selects.push_back(select);
    }
  }
  Side bestSide;
  Slice bestSlice;
  Instruction *bestLast = nullptr;
  for (auto &[key, side] : sides) {
    Slice slice = sliceOf(side, block);
    if (slice.cost < leastCost || slice.cost <= bestSlice.cost)
      continue;
    // Selects that depend on others get a branch of their own, in what is left of the block.
    if (Instruction *dependent = firstDependent(side, slice)) {
      erase_if(side.selects, [&](SelectInst *select) { return !select->comesBefore(dependent); });
      slice = sliceOf(side, block);
      if (slice.cost < leastCost || slice.cost <= bestSlice.cost)
        continue;
    }
    // Selects that need nothing of the slice stay where they are.
    Side used = side;
    erase_if(used.selects, [&](SelectInst *select) {
      auto *operand = dyn_cast<Instruction>(side.operand(select));
      return !operand || !slice.instructions.contains(operand);
    });
    bool possible = false;
    Instruction *last = lastNeeded(used, slice, block, possible);
    if (!possible)
      continue;
    bestSide = std::move(used);
    bestSlice = std::move(slice);
    bestLast = last;
  }
  if (!bestSlice.cost)
    return false;
  done.insert(bestSide.selects.begin(), bestSide.selects.end());
  auto [then, rest] = split(bestSide, bestSlice, block, bestLast);
  pending.append({&block, then, rest});
  return true;
}

} // namespace

PreservedAnalyses RareLanesPass::run(Function &function, FunctionAnalysisManager &analyses) {
  SmallVector<BasicBlock *> pending;
  for (BasicBlock &block : function)
    pending.push_back(&block);
  SmallPtrSet<SelectInst *, 16> done;
  bool changed = false;
  while (!pending.empty())
    changed |= splitOnce(*pending.pop_back_val(), pending, done);
  return changed ? PreservedAnalyses::none() : PreservedAnalyses::all();
}

} // namespace descent
