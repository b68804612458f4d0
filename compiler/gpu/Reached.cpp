#include "compiler/gpu/Reached.h"

#include "runtime/device/Messages.h"

#include <llvm/IR/CFG.h>

namespace descent::gpu {

void Reached::step(mlir::Location location) {
  mlir::FileLineColRange where = placeOf(location);
  if (!where || where == last)
    return;
  last = where;
  p.steps.push_back({where, !first.empty()});
  llvm::IRBuilder<> &b = p.b;
  // A program that leaves the device and comes back knows only what is the same for all threads:
  // so which thread this is, is added here and not carried by loops.
  llvm::Value *isToTell =
      first.empty() ? p.isFirstThread() : b.CreateAnd(p.isFirstThread(), first.back());
  p.grid.onlyIf(isToTell, [&] {
    llvm::Value *word =
        b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), p.mailbox, device::mailbox::reached);
    b.CreateStore(p.f.number(int64_t(p.steps.size())), word, /*isVolatile=*/true);
  });
}

void Reached::beginLoop() {
  llvm::BasicBlock *block = p.b.GetInsertBlock();
  llvm::Value *outer = p.b.getTrue();
  if (!first.empty())
    outer = first.back();
  llvm::IRBuilder<> at(block, block->begin());
  llvm::PHINode *isFirst = at.CreatePHI(at.getInt1Ty(), 2, "first");
  isFirst->addIncoming(outer, block->getSinglePredecessor());
  first.push_back(isFirst);
  otherWay();
}

void Reached::endIteration() {
  first.back()->addIncoming(p.b.getFalse(), p.b.GetInsertBlock());
}

void Reached::endLoop() {
  first.pop_back();
  otherWay();
}

} // namespace descent::gpu
