#include "compiler/cpu/Control.h"

namespace descent::cpu {

using kernel::tensorType;
using llvm::SmallVector;
using llvm::Value;

namespace {

void addIncoming(llvm::ArrayRef<llvm::PHINode *> phis, llvm::ArrayRef<Value *> values,
                 llvm::BasicBlock *from) {
  for (auto [phi, value] : llvm::zip(phis, values))
    phi->addIncoming(value, from);
}

} // namespace

void ControlFlow::block(mlir::Block &block) {
  for (const kernel::Step &each : f.plan.blocks.find(&block)->second.steps)
    step(each);
}

bool ControlFlow::control(mlir::Operation *op) {
  if (auto loop = mlir::dyn_cast<ir::ForOp>(op))
    forLoop(loop);
  else if (auto loop = mlir::dyn_cast<ir::WhileOp>(op))
    whileLoop(loop);
  else if (auto choice = mlir::dyn_cast<ir::IfOp>(op))
    branch(choice);
  else
    return false;
  return true;
}

SmallVector<Value *> ControlFlow::registersOf(mlir::ValueRange values) {
  SmallVector<Value *> all;
  for (mlir::Value value : values)
    if (!kernel::isArray(value))
      all.push_back(f.registerOf(value));
  return all;
}

/// A phi for each of the values that is in a register.
SmallVector<llvm::PHINode *> ControlFlow::phis(mlir::ValueRange values) {
  SmallVector<llvm::PHINode *> all;
  for (mlir::Value value : values) {
    if (kernel::isArray(value))
      continue;
    llvm::Type *type = kernel::isTape(value)
                           ? typeOfTapes
                           : registerType(f.context(), tensorType(value).getElementType());
    all.push_back(b.CreatePHI(type, 2));
    f.setRegister(value, all.back());
  }
  return all;
}

/// Tests before the first iteration and after each, so that what does not change can leave the
/// loop.

void ControlFlow::forLoop(ir::ForOp op) {
  copies(op);
  Value *lower = f.registerOf(op.getLower()), *upper = f.registerOf(op.getUpper());
  SmallVector<Value *> inits = registersOf(op.getInits());
  llvm::BasicBlock *before = b.GetInsertBlock();
  llvm::BasicBlock *body = f.newBlock("for"), *after = f.newBlock("done");
  b.CreateCondBr(b.CreateICmpSLT(lower, upper), body, after);

  b.SetInsertPoint(body);
  llvm::PHINode *counter = b.CreatePHI(lower->getType(), 2);
  counter->addIncoming(lower, before);
  f.setRegister(op.getCounter(), counter);
  auto carried = phis(op.getCarried());
  addIncoming(carried, inits, before);
  beginLoop();
  block(op.getBody().front());
  SmallVector<Value *> yielded = registersOf(op.getYield().getValues());
  copies(op.getYield());
  endIteration();
  Value *next =
      b.CreateAdd(counter, llvm::ConstantInt::get(counter->getType(), 1), "", false, true);
  llvm::BasicBlock *latch = b.GetInsertBlock();
  counter->addIncoming(next, latch);
  addIncoming(carried, yielded, latch);
  b.CreateCondBr(b.CreateICmpSLT(next, upper), body, after);

  b.SetInsertPoint(after);
  endLoop();
  auto results = phis(op.getResults());
  addIncoming(results, inits, before);
  addIncoming(results, yielded, latch);
}

void ControlFlow::whileLoop(ir::WhileOp op) {
  copies(op);
  SmallVector<Value *> inits = registersOf(op.getInits());
  llvm::BasicBlock *before = b.GetInsertBlock();
  llvm::BasicBlock *head = f.newBlock("while"), *body = f.newBlock("do"),
                   *after = f.newBlock("done");
  b.CreateBr(head);

  b.SetInsertPoint(head);
  beginLoop();
  mlir::Block &condition = op.getCondition().front();
  auto carried = phis(condition.getArguments());
  addIncoming(carried, inits, before);
  size_t next = 0;
  for (auto [argument, result] : llvm::zip(op.getBody().front().getArguments(), op.getResults()))
    if (!kernel::isArray(argument)) {
      f.setRegister(argument, carried[next]);
      f.setRegister(result, carried[next++]);
    }
  block(condition);
  mayLeave();
  b.CreateCondBr(f.registerOf(op.getConditionYield().getValues().front()), body, after);

  b.SetInsertPoint(body);
  block(op.getBody().front());
  SmallVector<Value *> yielded = registersOf(op.getYield().getValues());
  copies(op.getYield());
  endIteration();
  addIncoming(carried, yielded, b.GetInsertBlock());
  b.CreateBr(head);
  b.SetInsertPoint(after);
  endLoop();
}

void ControlFlow::branch(ir::IfOp op) {
  llvm::BasicBlock *yes = f.newBlock("then"), *no = f.newBlock("else"),
                   *after = f.newBlock("endif");
  b.CreateCondBr(f.registerOf(op.getCond()), yes, no);
  struct End {
    SmallVector<Value *> values;
    llvm::BasicBlock *block;
  };
  auto emit = [&](llvm::BasicBlock *start, mlir::Region &region) {
    b.SetInsertPoint(start);
    block(region.front());
    mlir::Operation *yield = region.front().getTerminator();
    End end{registersOf(yield->getOperands()), nullptr};
    copies(yield);
    end.block = b.GetInsertBlock();
    b.CreateBr(after);
    return end;
  };
  beginBranch();
  End first = emit(yes, op.getThenRegion());
  otherBranch();
  End second = emit(no, op.getElseRegion());
  endBranch();
  b.SetInsertPoint(after);
  auto results = phis(op.getResults());
  addIncoming(results, first.values, first.block);
  addIncoming(results, second.values, second.block);
}

} // namespace descent::cpu
