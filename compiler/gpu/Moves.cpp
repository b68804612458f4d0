// Arrays that are written piece by piece.
#include "compiler/cpu/Element.h"
#include "compiler/cpu/Steps.h"
#include "compiler/gpu/Sizes.h"
#include "compiler/gpu/Steps.h"

namespace descent::gpu {

using cpu::Elements;
using cpu::Index;
using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Shares out the indices of a shape.
void overShape(ProgramEmission &p, ArrayRef<int64_t> shape,
               llvm::function_ref<void(Elements &, ArrayRef<Value *>)> body) {
  p.shareOut(product(shape), [&](Value *at) {
    Index index;
    index.dims = cpu::dimsOfLinear(p.f, at, shape);
    auto counters = index.dims;
    Elements elements(p.f, index);
    body(elements, counters);
  });
}

/// What an update starts from.
void bringBase(ProgramEmission &p, mlir::Value base, mlir::Value result) {
  emitCopy(p, p.f.pointerTo(result), /*toFrame=*/false, base);
  if (p.isOfBlock(result))
    p.grid.wait(p.grid.ofBlock());
  else
    p.grid.waitForAll();
}

} // namespace

void emitCopy(ProgramEmission &p, Value *to, bool toFrame, mlir::Value from) {
  cpu::FunctionEmission &f = p.f;
  mlir::Type element = tensorType(from).getElementType();
  ArrayRef<int64_t> shape = tensorType(from).getShape();
  if (toFrame)
    return cpu::storeElements(f, to, from, cpu::elementsOf(f, from));
  f.scopes.reset();
  overShape(p, shape, [&](Elements &elements, ArrayRef<Value *> counters) {
    Value *value = elements.at(from);
    cpu::storeElement(p.b, element, value,
                      f.address(element, to, cpu::linearIndex(f, counters, shape)));
  });
}

void emitConcat(ProgramEmission &p, const kernel::Step &step) {
  cpu::FunctionEmission &f = p.f;
  auto op = mlir::cast<ir::ConcatOp>(step.roots.front());
  ArrayRef<int64_t> shape = op.getType().getShape();
  mlir::Type element = op.getType().getElementType();
  Value *base = f.pointerTo(op);
  int64_t begin = 0;
  f.scopes.reset();
  for (mlir::Value piece : op.getInputs()) {
    int64_t first = begin;
    ArrayRef<int64_t> sizes = tensorType(piece).getShape();
    begin += sizes[op.getDim()];
    overShape(p, sizes, [&](Elements &elements, ArrayRef<Value *> counters) {
      Value *value = elements.at(piece);
      SmallVector<Value *, 4> dims(counters);
      dims[op.getDim()] = f.b.CreateAdd(dims[op.getDim()], f.number(first), "", true, true);
      cpu::storeElement(f.b, element, value,
                        f.address(element, base, cpu::linearIndex(f, dims, shape)));
    });
  }
}

void emitUpdate(ProgramEmission &p, const kernel::Step &step) {
  cpu::FunctionEmission &f = p.f;
  auto op = mlir::cast<ir::UpdateOp>(step.roots.front());
  auto type = tensorType(op.getResult());
  mlir::Value update = op.getUpdate();
  if (!p.isInPlace(op))
    bringBase(p, op.getX(), op.getResult());
  mlir::Type element = type.getElementType();
  Value *base = f.pointerTo(op.getResult());
  SmallVector<Value *, 4> starts;
  for (auto [i, start] : llvm::enumerate(op.getStarts()))
    starts.push_back(
        cpu::clampedIndex(f, f.registerOf(start),
                          type.getDimSize(int64_t(i)) - tensorType(update).getDimSize(int64_t(i))));
  f.scopes.reset();
  overShape(p, tensorType(update).getShape(), [&](Elements &elements, ArrayRef<Value *> counters) {
    Value *value = elements.at(update);
    SmallVector<Value *, 4> dims;
    for (auto [start, counter] : llvm::zip(starts, counters))
      dims.push_back(f.b.CreateAdd(start, counter, "", true, true));
    cpu::storeElement(f.b, element, value,
                      f.address(element, base, cpu::linearIndex(f, dims, type.getShape())));
  });
}

} // namespace descent::gpu
