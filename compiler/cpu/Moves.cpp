// Arrays that are written piece by piece, and tapes.
#include "compiler/cpu/Element.h"
#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Scalar.h"
#include "compiler/cpu/Steps.h"
#include "compiler/kernel/Forming.h"
#include "compiler/kernel/Small.h"

#include <llvm/IR/MDBuilder.h>

namespace descent::cpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

bool samePlace(FunctionEmission &f, mlir::Value a, mlir::Value b) {
  kernel::Place x = f.placeOf(a), y = f.placeOf(b);
  return x.kind == y.kind && x.offset == y.offset && x.index == y.index;
}

void copyBytes(FunctionEmission &f, Value *to, Value *from, mlir::Value value) {
  llvm::MaybeAlign align(uint64_t(kernel::elementBytes(tensorType(value).getElementType())));
  f.b.CreateMemCpy(to, align, from, align, uint64_t(kernel::byteSize(value)));
}

/// Runs `body` at each index of a step's loop, with the elements there and the row-major position.
void overLoop(FunctionEmission &f, const kernel::Loop &loop,
              llvm::function_ref<void(Elements &, ArrayRef<Value *>)> body) {
  forEach(f, loop.space, [&](ArrayRef<Value *> counters) {
    Index index;
    index.dims.assign(counters.begin(), counters.end());
    Elements elements(f, index);
    body(elements, counters);
  });
}

/// What an update or scatter starts from: the array itself where it is updated in place.
void bringBase(FunctionEmission &f, mlir::Value base, mlir::Value result) {
  if (!samePlace(f, base, result))
    emitCopy(f, f.pointerTo(result), base);
}

} // namespace

SmallVector<Value *, 16> elementsOf(FunctionEmission &f, mlir::Value value) {
  SmallVector<Value *, 16> all;
  f.scopes.reset();
  bool before = std::exchange(f.writesOut, true);
  forEach(f, tensorType(value).getShape(), [&](ArrayRef<Value *> counters) {
    Index index;
    index.dims.assign(counters.begin(), counters.end());
    all.push_back(Elements(f, index).at(value));
  });
  f.writesOut = before;
  return all;
}

void storeElements(FunctionEmission &f, Value *to, mlir::Value like, ArrayRef<Value *> elements) {
  mlir::Type element = tensorType(like).getElementType();
  for (auto [i, value] : llvm::enumerate(elements))
    storeElement(f.b, element, value, f.address(element, to, f.number(int64_t(i))));
}

void emitCopy(FunctionEmission &f, Value *to, mlir::Value value) {
  if (kernel::byteSize(value) == 0)
    return;
  if (f.plan.keepsFewInFrame && kernel::isFew(kernel::numElements(value)))
    return storeElements(f, to, value, elementsOf(f, value));
  if (f.isInMemory(value))
    return copyBytes(f, to, f.pointerTo(value), value);
  if (mlir::Attribute splat = kernel::splatOf(value))
    if (constantOf(f.context(), tensorType(value).getElementType(), splat)->isNullValue()) {
      f.b.CreateMemSet(to, f.b.getInt8(0), uint64_t(kernel::byteSize(value)), llvm::MaybeAlign());
      return;
    }
  mlir::Type element = tensorType(value).getElementType();
  ArrayRef<int64_t> shape = tensorType(value).getShape();
  forEach(f, shape, [&](ArrayRef<Value *> counters) {
    Index index;
    index.dims.assign(counters.begin(), counters.end());
    Value *made = Elements(f, index).at(value);
    storeElement(f.b, element, made, f.address(element, to, linearIndex(f, counters, shape)));
  });
}

void emitConcat(FunctionEmission &f, const kernel::Step &step) {
  auto op = mlir::cast<ir::ConcatOp>(step.roots.front());
  ArrayRef<int64_t> shape = op.getType().getShape();
  mlir::Type element = op.getType().getElementType();
  Value *base = f.pointerTo(op);
  int64_t begin = 0, inner = 1;
  for (int64_t size : shape.drop_front(op.getDim() + 1))
    inner *= size;
  bool isWhole =
      llvm::all_of(shape.take_front(op.getDim()), [](int64_t size) { return size == 1; });
  f.scopes.reset();
  for (auto [piece, loop] : llvm::zip(op.getInputs(), step.loops)) {
    int64_t first = begin;
    begin += tensorType(piece).getDimSize(int64_t(op.getDim()));
    // Pieces that follow each other in memory need no loops: there may be many of them.
    mlir::Value source = kernel::aliasRoot(piece);
    if (isWhole && kernel::isArray(source) && f.isInMemory(source)) {
      if (kernel::byteSize(piece))
        copyBytes(f, f.address(element, base, f.number(first * inner)), f.pointerTo(source), piece);
      continue;
    }
    overLoop(f, loop, [&](Elements &elements, ArrayRef<Value *> counters) {
      Value *value = elements.at(piece);
      SmallVector<Value *, 4> dims(counters);
      Value *&dim = dims[op.getDim()];
      dim = f.b.CreateAdd(dim, f.number(first), "", true, true);
      f.scopes.tag(
          storeElement(f.b, element, value, f.address(element, base, linearIndex(f, dims, shape))),
          f.placeOf(op));
    });
  }
  f.scopes.apply();
}

void emitUpdate(FunctionEmission &f, const kernel::Step &step) {
  auto op = mlir::cast<ir::UpdateOp>(step.roots.front());
  auto type = tensorType(op.getResult());
  mlir::Value update = op.getUpdate();
  if (kernel::isRegister(op.getResult())) {
    bool replaced = kernel::numElements(update) == 1;
    f.setRegister(op.getResult(), f.registerOf(replaced ? update : op.getX()));
    return;
  }
  bringBase(f, op.getX(), op.getResult());
  mlir::Type element = type.getElementType();
  Value *base = f.pointerTo(op.getResult());
  SmallVector<Value *, 4> starts;
  for (auto [i, start] : llvm::enumerate(op.getStarts()))
    starts.push_back(
        clampedIndex(f, f.registerOf(start),
                     type.getDimSize(int64_t(i)) - tensorType(update).getDimSize(int64_t(i))));
  f.scopes.reset();
  overLoop(f, step.loops.front(), [&](Elements &elements, ArrayRef<Value *> counters) {
    Value *value = elements.at(update);
    SmallVector<Value *, 4> dims;
    for (auto [start, counter] : llvm::zip(starts, counters))
      dims.push_back(f.b.CreateAdd(start, counter, "", true, true));
    f.scopes.tag(storeElement(f.b, element, value,
                              f.address(element, base, linearIndex(f, dims, type.getShape()))),
                 f.placeOf(op.getResult()));
  });
  f.scopes.apply();
}

void emitScatter(FunctionEmission &f, const kernel::Step &step) {
  auto op = mlir::cast<ir::ScatterOp>(step.roots.front());
  auto type = tensorType(op.getResult());
  mlir::Type element = type.getElementType();
  bool inRegister = kernel::isRegister(op.getResult());
  if (type.getNumElements() == 0)
    return;
  Value *base;
  if (inRegister) {
    base = f.variable(memoryType(f.context(), element));
    storeElement(f.b, element, f.registerOf(op.getX()), base);
  } else {
    bringBase(f, op.getX(), op.getResult());
    base = f.pointerTo(op.getResult());
  }
  size_t axis = op.getAxis(), batch = op.getBatchDims();
  size_t indexDims = size_t(tensorType(op.getIndices()).getRank()) - batch;
  f.scopes.reset();
  overLoop(f, step.loops.front(), [&](Elements &elements, ArrayRef<Value *> counters) {
    Index where;
    where.dims.append(counters.begin(), counters.begin() + batch);
    where.dims.append(counters.begin() + axis, counters.begin() + axis + indexDims);
    Value *found = clampedIndex(f, elements.operandAt(op, 1, kernel::IndexMaps::identity, where),
                                type.getDimSize(int64_t(axis)) - 1);
    Value *value = elements.at(op.getUpdates());
    SmallVector<Value *, 4> dims;
    dims.append(counters.begin(), counters.begin() + axis);
    dims.push_back(found);
    dims.append(counters.begin() + axis + indexDims, counters.end());
    Value *at = f.address(element, base, linearIndex(f, dims, type.getShape()));
    auto tag = [&](llvm::Instruction *access) {
      if (!inRegister)
        f.scopes.tag(access, f.placeOf(op.getResult()));
    };
    if (op.getKind() == ir::ScatterKind::add) {
      auto *before = f.b.CreateLoad(memoryType(f.context(), element), at);
      tag(before);
      if (element.isInteger(1))
        value = f.b.CreateOr(f.b.CreateTrunc(before, f.b.getInt1Ty()), value);
      else
        value = combine(f, Combiner::Sum, element, before, value, /*reorder=*/false);
    }
    tag(storeElement(f.b, element, value, at));
  });
  f.scopes.apply();
  if (inRegister)
    f.setRegister(op.getResult(), loadElement(f.b, element, base));
}

// ---- Tapes --------------------------------------------------------------------------------------

void emitTapeCreate(FunctionEmission &f, const kernel::Step &step) {
  auto op = mlir::cast<ir::TapeCreateOp>(step.roots.front());
  auto type = mlir::cast<ir::TapeType>(op.getType()).getElement();
  int64_t bytes = type.getNumElements() * kernel::elementBytes(type.getElementType());
  f.setRegister(op, f.b.CreateCall(f.module.runtimeFunction("tape_create"),
                                   {f.runContext(),
                                    f.b.getInt32(uint32_t(f.module.nextTapeSite(op.getLoc()))),
                                    f.number(bytes)}));
}

void emitTapePush(FunctionEmission &f, const kernel::Step &step) {
  auto op = mlir::cast<ir::TapePushOp>(step.roots.front());
  Value *tape = f.registerOf(op.getTape());
  Value *top = f.b.CreateCall(f.module.runtimeFunction("tape_push"), {f.runContext(), tape});
  llvm::BasicBlock *none = f.newBlock("none"), *some = f.newBlock("some");
  f.b.CreateCondBr(f.b.CreateIsNull(top), none, some,
                   llvm::MDBuilder(f.context()).createUnlikelyBranchWeights());
  f.b.SetInsertPoint(none);
  f.b.CreateRet(f.b.getInt32(1));
  f.b.SetInsertPoint(some);
  mlir::Type element = tensorType(op.getValue()).getElementType();
  ArrayRef<int64_t> shape = tensorType(op.getValue()).getShape();
  overLoop(f, step.loops.front(), [&](Elements &elements, ArrayRef<Value *> counters) {
    storeElement(f.b, element, elements.at(op.getValue()),
                 f.address(element, top, linearIndex(f, counters, shape)));
  });
  f.setRegister(op, tape);
}

void emitTapePop(FunctionEmission &f, const kernel::Step &step) {
  auto op = mlir::cast<ir::TapePopOp>(step.roots.front());
  Value *tape = f.registerOf(op.getTape());
  f.setRegister(op.getRest(), tape);
  Value *top = f.b.CreateCall(f.module.runtimeFunction("tape_pop"), {f.runContext(), tape});
  mlir::Value value = op.getValue();
  mlir::Type element = tensorType(value).getElementType();
  Value *isEmpty = f.b.CreateIsNull(top);
  llvm::BasicBlock *some = f.newBlock(), *none = f.newBlock(), *after = f.newBlock();
  f.b.CreateCondBr(isEmpty, none, some);
  bool inRegister = kernel::isRegister(value);
  f.b.SetInsertPoint(none);
  if (!inRegister)
    f.b.CreateMemSet(f.pointerTo(value), f.b.getInt8(0), uint64_t(kernel::byteSize(value)),
                     llvm::MaybeAlign());
  f.b.CreateBr(after);
  f.b.SetInsertPoint(some);
  Value *loaded = nullptr;
  if (inRegister)
    loaded = loadElement(f.b, element, top);
  else
    copyBytes(f, f.pointerTo(value), top, value);
  f.b.CreateBr(after);
  f.b.SetInsertPoint(after);
  if (!inRegister)
    return;
  llvm::PHINode *phi = f.b.CreatePHI(loaded->getType(), 2);
  phi->addIncoming(zeroOf(f.context(), element), none);
  phi->addIncoming(loaded, some);
  f.setRegister(value, phi);
}

} // namespace descent::cpu
