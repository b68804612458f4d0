#include "compiler/cpu/Nest.h"

namespace descent::cpu {

llvm::Value *Nest::open(int64_t from, int64_t to) {
  if (to - from == 1) {
    loops.push_back({});
    return f.number(from);
  }
  return open(f.number(from), f.number(to));
}

llvm::Value *Nest::open(llvm::Value *from, llvm::Value *to) {
  llvm::BasicBlock *before = f.b.GetInsertBlock();
  llvm::BasicBlock *body = f.newBlock("loop");
  f.b.CreateBr(body);
  f.b.SetInsertPoint(body);
  llvm::PHINode *counter = f.b.CreatePHI(f.b.getInt64Ty(), 2);
  counter->addIncoming(from, before);
  loops.push_back({body, counter, to});
  return counter;
}

llvm::SmallVector<llvm::Value *, 4> Nest::openAll(llvm::ArrayRef<int64_t> sizes) {
  llvm::SmallVector<llvm::Value *, 4> counters;
  for (int64_t size : sizes)
    counters.push_back(open(size));
  return counters;
}

void Nest::close() {
  Open loop = loops.pop_back_val();
  if (!loop.body)
    return;
  llvm::Value *next = f.b.CreateAdd(loop.counter, f.number(1), "", true, true);
  loop.counter->addIncoming(next, f.b.GetInsertBlock());
  llvm::BasicBlock *after = f.newBlock();
  f.b.CreateCondBr(f.b.CreateICmpULT(next, loop.to), loop.body, after);
  f.b.SetInsertPoint(after);
}

void Nest::closeAll() {
  while (!loops.empty())
    close();
}

void forRange(FunctionEmission &f, llvm::Value *from, llvm::Value *to,
              llvm::function_ref<void(llvm::Value *)> body) {
  auto *first = llvm::dyn_cast<llvm::ConstantInt>(from);
  auto *end = llvm::dyn_cast<llvm::ConstantInt>(to);
  bool known = first && end;
  if (known && first->getSExtValue() >= end->getSExtValue())
    return;
  if (known && f.writesOut) {
    for (int64_t i = first->getSExtValue(); i < end->getSExtValue(); ++i)
      body(f.number(i));
    return;
  }
  llvm::BasicBlock *some = nullptr, *after = nullptr;
  if (!known) {
    some = f.newBlock();
    after = f.newBlock();
    f.b.CreateCondBr(f.b.CreateICmpULT(from, to), some, after);
    f.b.SetInsertPoint(some);
  }
  Nest nest(f);
  body(known ? nest.open(first->getSExtValue(), end->getSExtValue()) : nest.open(from, to));
  nest.close();
  if (known)
    return;
  f.b.CreateBr(after);
  f.b.SetInsertPoint(after);
}

void forEach(FunctionEmission &f, llvm::ArrayRef<int64_t> shape,
             llvm::function_ref<void(llvm::ArrayRef<llvm::Value *>)> body) {
  if (llvm::is_contained(shape, 0))
    return;
  if (f.writesOut) {
    int64_t elements = 1;
    for (int64_t size : shape)
      elements *= size;
    for (int64_t i = 0; i < elements; ++i) {
      llvm::SmallVector<llvm::Value *, 4> counters(shape.size());
      int64_t rest = i;
      for (size_t dim = shape.size(); dim-- > 0; rest /= shape[dim])
        counters[dim] = f.number(rest % shape[dim]);
      body(counters);
    }
    return;
  }
  Nest nest(f);
  auto counters = nest.openAll(shape);
  body(counters);
  nest.closeAll();
}

} // namespace descent::cpu
