#include "compiler/cpu/Reduction.h"

#include "compiler/cpu/Nest.h"

namespace descent::cpu {

using llvm::ArrayRef;
using llvm::Value;

Reduction::Reduction(FunctionEmission &f, mlir::Operation *op, ArrayRef<int64_t> sizes, bool linear)
    : f(f), b(f.b), op(op), result(op->getResult(0)),
      element(kernel::tensorType(result).getElementType()), source(element), how(combinerOf(op)),
      kept(kernel::keptDims(op)) {
  if (kernel::classOf(op) == kernel::OpClass::ArgReduce) {
    dim = int(op->getAttrOfType<mlir::IntegerAttr>("dim").getInt());
    source = kernel::tensorType(op->getOperand(0)).getElementType();
    how = mlir::isa<ir::ArgMaxOp>(op) ? Combiner::Max : Combiner::Min;
  }
  if (linear) {
    // All dimensions are reduced in one loop.
    kept.assign(kept.size(), -1);
    dim = std::min(dim, 0);
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

// ---- Cells --------------------------------------------------------------------------------------

Reduction::Cell Reduction::newCell(int64_t lanes) {
  auto variable = [&](llvm::Type *type) -> Value * {
    if (!lanes)
      return f.variable(type);
    llvm::AllocaInst *array = f.variable(llvm::ArrayType::get(type, uint64_t(lanes)));
    // A vector across two lines of the cache would be loaded late after it was stored.
    array->setAlignment(llvm::Align(64));
    return array;
  };
  return {variable(valueType()), isPosition() ? variable(b.getInt32Ty()) : nullptr};
}

Reduction::Cell Reduction::laneOf(const Cell &array, Value *lane) {
  return {b.CreateInBoundsGEP(valueType(), array.value, lane),
          array.position ? b.CreateInBoundsGEP(b.getInt32Ty(), array.position, lane) : nullptr};
}

Candidate Reduction::load(const Cell &cell) {
  return {b.CreateLoad(valueType(), cell.value),
          cell.position ? b.CreateLoad(b.getInt32Ty(), cell.position) : nullptr};
}

void Reduction::put(const Cell &cell, Candidate candidate) {
  b.CreateStore(candidate.value, cell.value);
  if (cell.position)
    b.CreateStore(candidate.position, cell.position);
}

/// Nothing is better than this but what is better than all: so the first of elements that are all
/// as bad is at 0, too.
void Reduction::clear(const Cell &cell) {
  put(cell, {neutral(), b.getInt32(0)});
}

Candidate Reduction::candidate(Value *value, ArrayRef<Value *> counters) {
  if (!isPosition())
    return {value, nullptr};
  return {value, b.CreateTrunc(counters[size_t(dim)], b.getInt32Ty())};
}

/// Whether a candidate is better than another one, wherever they are.
Value *Reduction::isBetter(Value *value, Value *than) {
  bool largest = how == Combiner::Max;
  if (value->getType()->isFloatingPointTy()) {
    // Unordered: a nan is better than all numbers. Nothing is better than a nan.
    Value *better = largest ? b.CreateFCmpUGT(value, than) : b.CreateFCmpULT(value, than);
    return b.CreateAnd(better, b.CreateFCmpORD(than, than));
  }
  if (isUnsigned(source))
    return largest ? b.CreateICmpUGT(value, than) : b.CreateICmpULT(value, than);
  return largest ? b.CreateICmpSGT(value, than) : b.CreateICmpSLT(value, than);
}

Candidate Reduction::after(Candidate known, Candidate later) {
  if (!isPosition())
    return {combined(known.value, later.value), nullptr};
  Value *better = isBetter(later.value, known.value);
  return {b.CreateSelect(better, later.value, known.value),
          b.CreateSelect(better, later.position, known.position)};
}

Candidate Reduction::chosen(Candidate x, Candidate y) {
  if (!isPosition())
    return {combined(x.value, y.value), nullptr};
  // The better one; of two that are not better than each other the first.
  Value *earlier =
      b.CreateAnd(b.CreateNot(isBetter(x.value, y.value)), b.CreateICmpULT(y.position, x.position));
  Value *takesY = b.CreateOr(isBetter(y.value, x.value), earlier);
  return {b.CreateSelect(takesY, y.value, x.value), b.CreateSelect(takesY, y.position, x.position)};
}

// ---- In registers -------------------------------------------------------------------------------

void Reduction::begin(size_t lanes, bool inDouble) {
  registers.clear();
  partials.clear();
  for (size_t lane = 0; lane < lanes; ++lane) {
    if (inDouble) {
      registers.push_back({f.variable(b.getDoubleTy()), nullptr});
      b.CreateStore(llvm::ConstantFP::get(b.getDoubleTy(), 0.0), registers.back().value);
    } else {
      registers.push_back(newCell(0));
      clear(registers.back());
    }
  }
}

void Reduction::beginAcross(int64_t lanes, int copies) {
  arrays.clear();
  arrayLanes = lanes;
  for (int copy = 0; copy < copies; ++copy) {
    arrays.push_back(newCell(lanes));
    forEach(f, {lanes}, [&](ArrayRef<Value *> lane) { clear(laneOf(arrays.back(), lane[0])); });
  }
}

void Reduction::addAcross(Value *lane, int copy, Candidate candidate) {
  Cell cell = laneOf(arrays[size_t(copy)], lane);
  put(cell, after(load(cell), candidate));
}

Value *Reduction::totalAcross(Value *lane) {
  Candidate total = load(laneOf(arrays.front(), lane));
  for (const Cell &copy : ArrayRef(arrays).drop_front())
    total = chosen(total, load(laneOf(copy, lane)));
  return isPosition() ? total.position : total.value;
}

void Reduction::foldLanes() {
  for (int64_t half = arrayLanes / 2; half; half /= 2)
    forEach(f, {half}, [&](ArrayRef<Value *> lane) {
      Cell cell = laneOf(arrays.front(), lane[0]);
      Value *other = b.CreateAdd(lane[0], f.number(half), "", true, true);
      put(cell, chosen(load(cell), load(laneOf(arrays.front(), other))));
    });
  put(registers.front(), load(laneOf(arrays.front(), f.number(0))));
  arrays.clear();
}

void Reduction::beginLanes(int64_t lanes) {
  arrayLanes = lanes;
  arrays.assign(1, newCell(lanes * kernel::numElements(result)));
  forEach(f, {kernel::numElements(result) * lanes},
          [&](ArrayRef<Value *> at) { clear(laneOf(arrays.front(), at[0])); });
}

void Reduction::addToLane(Value *lane, ArrayRef<Value *> counters, Value *value) {
  Value *row =
      b.CreateMul(linearIndex(f, resultDims(counters), kernel::tensorType(result).getShape()),
                  f.number(arrayLanes), "", true, true);
  Cell cell = laneOf(arrays.front(), b.CreateAdd(row, lane, "", true, true));
  put(cell, {combined(load(cell).value, value), nullptr});
}

void Reduction::finishLanes() {
  llvm::AllocaInst *total = f.variable(valueType());
  forEach(f, {kernel::numElements(result)}, [&](ArrayRef<Value *> at) {
    b.CreateStore(neutral(), total);
    Value *row = b.CreateMul(at[0], f.number(arrayLanes), "", true, true);
    forEach(f, {arrayLanes}, [&](ArrayRef<Value *> lane) {
      Value *part = load(laneOf(arrays.front(), b.CreateAdd(row, lane[0], "", true, true))).value;
      b.CreateStore(combined(b.CreateLoad(valueType(), total), part), total);
    });
    Value *sum = b.CreateLoad(valueType(), total);
    if (inRegister)
      put(registers.front(), {sum, nullptr});
    else
      addAt(f.address(element, base, at[0]), place, sum);
  });
  arrays.clear();
}

void Reduction::beginPartial() {
  partials.clear();
  for (size_t lane = 0; lane < registers.size(); ++lane) {
    partials.push_back(f.variable(valueType()));
    b.CreateStore(neutral(), partials.back());
  }
}

/// Partial sums are few: they are added up in f64.
void Reduction::finishPartial() {
  for (auto [into, partial] : llvm::zip(registers, partials)) {
    Value *sum = b.CreateLoad(b.getDoubleTy(), into.value);
    Value *part = b.CreateLoad(partial->getAllocatedType(), partial);
    b.CreateStore(b.CreateFAdd(sum, b.CreateFPExt(part, b.getDoubleTy())), into.value);
  }
}

Value *Reduction::total(size_t lane) {
  if (isPosition())
    return load(registers[lane]).position;
  auto *cell = llvm::cast<llvm::AllocaInst>(registers[lane].value);
  Value *value = b.CreateLoad(cell->getAllocatedType(), cell);
  return value->getType() == valueType() ? value : b.CreateFPTrunc(value, valueType());
}

Value *Reduction::combined(Value *x, Value *y) {
  return combine(f, how, source, x, y, /*reorder=*/true);
}

void Reduction::add(size_t lane, Candidate candidate) {
  if (partials.empty())
    return put(registers[lane], after(load(registers[lane]), candidate));
  llvm::AllocaInst *into = partials[lane];
  b.CreateStore(combined(b.CreateLoad(into->getAllocatedType(), into), candidate.value), into);
}

// ---- In memory ----------------------------------------------------------------------------------

void Reduction::storeSlot(Value *slot) {
  if (!isPosition())
    return store(slot, place, total(0));
  Candidate best = load(registers.front());
  f.scopes.tag(storeElement(b, source, best.value, slot), place);
  f.scopes.tag(b.CreateStore(best.position, b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), slot, 8)),
               place);
}

Candidate Reduction::loadSlot(Value *slot) {
  Value *value = loadElement(b, source, slot);
  if (!isPosition())
    return {value, nullptr};
  return {value,
          b.CreateLoad(b.getInt32Ty(), b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), slot, 8))};
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

Candidate contribution(FunctionEmission &f, Elements &elements, Reduction &reduction,
                       ArrayRef<Value *> counters) {
  llvm::IRBuilder<> &b = f.b;
  mlir::Operation *op = reduction.operation();
  auto dot = mlir::dyn_cast<ir::DotOp>(op);
  if (!dot)
    return reduction.candidate(elements.at(op->getOperand(0)), counters);
  unsigned matrix = unsigned(kernel::dotShape(dot).matrix), other = 1 - matrix;
  Value *x = elements.at(op->getOperand(matrix));
  Index index;
  if (!kernel::isRegister(op->getOperand(other)))
    for (int64_t dim : kernel::pairedDims(dot, other))
      index.dims.push_back(dim < 0 ? f.number(0) : counters[size_t(dim)]);
  Value *y = elements.operandAt(op, other, kernel::IndexMaps::identity, index);
  if (!x->getType()->isFloatingPointTy())
    return {b.CreateMul(x, y), nullptr};
  llvm::IRBuilder<>::FastMathFlagGuard guard(b);
  llvm::FastMathFlags flags;
  flags.setAllowContract();
  b.setFastMathFlags(flags);
  return {b.CreateFMul(x, y), nullptr};
}

} // namespace descent::cpu
