#include "compiler/cpu/Reduction.h"

#include "compiler/cpu/Nest.h"

namespace descent::cpu {

using llvm::ArrayRef;
using llvm::Value;

Reduction::Reduction(FunctionEmission &f, mlir::Operation *op, ArrayRef<int64_t> sizes, bool linear)
    : f(f), b(f.b), op(op), result(op->getResult(0)),
      element(kernel::tensorType(result).getElementType()), how(combinerOf(op)),
      kept(kernel::keptDims(op)) {
  if (linear) {
    // All dimensions are reduced in one loop.
    kept.assign(kept.size(), -1);
    return;
  }
  for (int &dim : kept)
    if (dim >= 0 && sizes[size_t(dim)] == 1)
      dim = -1;
  // In a register if no kept dimension is inside a reduced one.
  outside = sizes.size();
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 1)
      continue;
    if (!llvm::is_contained(kept, int(i)))
      outside = std::min(outside, i);
    else if (outside < i)
      inRegister = false;
  }
}

void Reduction::begin(size_t lanes, bool inDouble) {
  registers.clear();
  partials.clear();
  for (size_t lane = 0; lane < lanes; ++lane) {
    registers.push_back(
        f.variable(inDouble ? b.getDoubleTy() : registerType(f.context(), element)));
    b.CreateStore(inDouble ? llvm::ConstantFP::get(b.getDoubleTy(), 0.0) : neutral(),
                  registers.back());
  }
}

Value *Reduction::laneAddress(Value *lane) {
  return b.CreateInBoundsGEP(registerType(f.context(), element), array, lane);
}

void Reduction::beginAcross(int64_t lanes) {
  array = f.variable(llvm::ArrayType::get(registerType(f.context(), element), uint64_t(lanes)));
  forEach(f, {lanes},
          [&](ArrayRef<Value *> lane) { b.CreateStore(neutral(), laneAddress(lane[0])); });
}

void Reduction::addAcross(Value *lane, Value *value) {
  Value *at = laneAddress(lane);
  b.CreateStore(combined(b.CreateLoad(registerType(f.context(), element), at), value), at);
}

Value *Reduction::totalAcross(Value *lane) {
  return b.CreateLoad(registerType(f.context(), element), laneAddress(lane));
}

void Reduction::beginPartial() {
  partials.clear();
  for (size_t lane = 0; lane < registers.size(); ++lane) {
    partials.push_back(f.variable(registerType(f.context(), element)));
    b.CreateStore(neutral(), partials.back());
  }
}

/// Partial sums are few: they are added up in f64.
void Reduction::finishPartial() {
  for (auto [into, partial] : llvm::zip(registers, partials)) {
    Value *sum = b.CreateLoad(b.getDoubleTy(), into);
    Value *part = b.CreateLoad(partial->getAllocatedType(), partial);
    b.CreateStore(b.CreateFAdd(sum, b.CreateFPExt(part, b.getDoubleTy())), into);
  }
}

Value *Reduction::total(size_t lane) {
  Value *value = b.CreateLoad(registers[lane]->getAllocatedType(), registers[lane]);
  llvm::Type *type = registerType(f.context(), element);
  return value->getType() == type ? value : b.CreateFPTrunc(value, type);
}

Value *Reduction::combined(Value *x, Value *y) {
  return combine(f, how, element, x, y, /*reorder=*/true);
}

void Reduction::add(size_t lane, Value *value) {
  llvm::AllocaInst *into = (partials.empty() ? registers : partials)[lane];
  b.CreateStore(combined(b.CreateLoad(into->getAllocatedType(), into), value), into);
}

void Reduction::addAt(Value *address, const kernel::Place &where, Value *value) {
  auto *loaded = b.CreateLoad(memoryType(f.context(), element), address);
  f.scopes.tag(loaded, where);
  Value *before = element.isInteger(1) ? b.CreateTrunc(loaded, b.getInt1Ty()) : loaded;
  store(address, where, combined(before, value));
}

void Reduction::store(Value *address, const kernel::Place &where, Value *value) {
  f.scopes.tag(storeElement(b, element, value, address), where);
}

Counters Reduction::resultDims(ArrayRef<Value *> counters) {
  Counters dims;
  for (int dim : kept)
    dims.push_back(dim < 0 ? f.number(0) : counters[size_t(dim)]);
  return dims;
}

void Reduction::fillWithNeutral() {
  forEach(f, {kernel::numElements(result)},
          [&](ArrayRef<Value *> at) { store(f.address(element, base, at[0]), place, neutral()); });
}

} // namespace descent::cpu
