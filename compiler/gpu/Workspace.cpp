#include "compiler/gpu/Workspace.h"

#include "compiler/cpu/Steps.h"

namespace descent::gpu {

using kernel::tensorType;
using llvm::SmallVector;
using llvm::Value;

Value *workspace(ProgramEmission &p, int64_t bytes) {
  int64_t offset = p.addMemory(bytes);
  p.pending.add({}, {{kernel::Place::Kind::Arena, 0, offset, offset + bytes}});
  return p.f.pointerAt(offset);
}

Delivery::Delivery(ProgramEmission &p, llvm::ArrayRef<mlir::Operation *> roots) : p(p) {
  int64_t bytes = 0;
  for (mlir::Operation *root : roots)
    for (mlir::Value result : root->getResults())
      if (kernel::isRegister(result) || (kernel::isArray(result) && p.isInFrame(result))) {
        results.push_back(result);
        offsets.push_back(bytes);
        bytes += int64_t(llvm::alignTo(uint64_t(kernel::byteSize(result)), 16));
      }
  if (isNeeded())
    area = p.exchangeArea(bytes);
}

Value *Delivery::to(mlir::Value result) {
  auto found = llvm::find(results, result);
  if (found == results.end())
    return p.f.pointerTo(result);
  uint64_t offset = uint64_t(offsets[size_t(found - results.begin())]);
  return p.b.CreateConstInBoundsGEP1_64(p.b.getInt8Ty(), area, offset);
}

void Delivery::finish() {
  if (!isNeeded())
    return;
  cpu::FunctionEmission &f = p.f;
  p.grid.waitForAll();
  for (mlir::Value result : results) {
    mlir::Type element = tensorType(result).getElementType();
    Value *from = to(result);
    if (kernel::isRegister(result)) {
      f.setRegister(result, cpu::loadElement(p.b, element, from));
      continue;
    }
    SmallVector<Value *, 16> elements;
    for (int64_t n = 0; n < kernel::numElements(result); ++n)
      elements.push_back(cpu::loadElement(p.b, element, f.address(element, from, f.number(n))));
    cpu::storeElements(f, f.pointerTo(result), result, elements);
  }
}

Value *valueWhere(ProgramEmission &p, Value *condition, Value *otherwise,
                  llvm::function_ref<Value *()> yes) {
  llvm::IRBuilder<> &b = p.b;
  llvm::BasicBlock *before = b.GetInsertBlock(), *some = p.f.newBlock(), *after = p.f.newBlock();
  b.CreateCondBr(condition, some, after);
  b.SetInsertPoint(some);
  Value *made = yes();
  llvm::BasicBlock *end = b.GetInsertBlock();
  b.CreateBr(after);
  b.SetInsertPoint(after);
  llvm::PHINode *value = b.CreatePHI(made->getType(), 2);
  value->addIncoming(otherwise, before);
  value->addIncoming(made, end);
  return value;
}

Value *firstNotBefore(ProgramEmission &p, Value *low, Value *high,
                      llvm::function_ref<Value *(Value *)> isBefore) {
  llvm::IRBuilder<> &b = p.b;
  llvm::BasicBlock *before = b.GetInsertBlock(), *head = p.f.newBlock("search"),
                   *body = p.f.newBlock(), *after = p.f.newBlock();
  b.CreateBr(head);
  b.SetInsertPoint(head);
  llvm::PHINode *from = b.CreatePHI(b.getInt64Ty(), 2), *to = b.CreatePHI(b.getInt64Ty(), 2);
  from->addIncoming(low, before);
  to->addIncoming(high, before);
  b.CreateCondBr(b.CreateICmpSLT(from, to), body, after);
  b.SetInsertPoint(body);
  Value *middle = b.CreateLShr(b.CreateAdd(from, to, "", true, true), 1);
  Value *isLater = isBefore(middle);
  Value *next = b.CreateAdd(middle, p.f.number(1), "", true, true);
  from->addIncoming(b.CreateSelect(isLater, next, from), b.GetInsertBlock());
  to->addIncoming(b.CreateSelect(isLater, to, middle), b.GetInsertBlock());
  b.CreateBr(head);
  b.SetInsertPoint(after);
  return from;
}

void overTiles(ProgramEmission &p, int64_t tiles, llvm::function_ref<void(Value *)> body) {
  p.usefulBlocks = std::max(p.usefulBlocks, tiles);
  p.grid.loop(p.grid.block, p.f.number(tiles), p.grid.blocks, body);
}

} // namespace descent::gpu
