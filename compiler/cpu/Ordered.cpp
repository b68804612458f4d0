// Operations along one dimension whose elements depend on each other's order.
#include "compiler/cpu/Element.h"
#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Scalar.h"
#include "compiler/cpu/Steps.h"

namespace descent::cpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

Index indexOf(ArrayRef<Value *> dims) {
  Index index;
  index.dims.assign(dims.begin(), dims.end());
  return index;
}

/// `array` without the entry at `dim`.
template <typename T> SmallVector<T, 4> without(ArrayRef<T> array, size_t dim) {
  SmallVector<T, 4> rest(array.begin(), array.end());
  rest.erase(rest.begin() + long(dim));
  return rest;
}

SmallVector<Value *, 4> with(ArrayRef<Value *> dims, size_t dim, Value *value) {
  SmallVector<Value *, 4> all(dims.begin(), dims.end());
  all.insert(all.begin() + long(dim), value);
  return all;
}

/// A running sum and its kin.
class ScanEmitter {
public:
  ScanEmitter(FunctionEmission &f, mlir::Operation *op)
      : f(f), b(f.b), x(op->getOperand(0)), result(op->getResult(0)),
        shape(tensorType(x).getShape()), element(tensorType(x).getElementType()),
        dim(size_t(op->getAttrOfType<mlir::IntegerAttr>("dim").getInt())),
        reverse(op->hasAttr("reverse")), how(combinerOf(op)) {}

  void emit() {
    int64_t inner = 1;
    for (int64_t size : shape.drop_front(dim + 1))
      inner *= size;
    if (inner == 1)
      alongRows();
    else
      rowByRow();
  }

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  mlir::Value x, result;
  ArrayRef<int64_t> shape;
  mlir::Type element;
  size_t dim;
  bool reverse;
  Combiner how;

  Value *place(ArrayRef<Value *> dims) {
    return f.address(element, f.pointerTo(result), linearIndex(f, dims, shape));
  }
  Value *turned(Value *position) {
    return reverse ? b.CreateSub(f.number(shape[dim] - 1), position, "", true, true) : position;
  }

  /// The dimension is the innermost: the running value stays in a register.
  void alongRows() {
    Value *running = f.variable(registerType(f.context(), element));
    llvm::Type *type = registerType(f.context(), element);
    forEach(f, without(shape, dim), [&](ArrayRef<Value *> outer) {
      b.CreateStore(neutralOf(f.context(), how, element), running);
      Nest nest(f);
      auto dims = with(outer, dim, turned(nest.open(shape[dim])));
      Value *value = Elements(f, indexOf(dims)).at(x);
      value = combine(f, how, element, b.CreateLoad(type, running), value, /*reorder=*/false);
      b.CreateStore(value, running);
      storeElement(b, element, value, place(dims));
      nest.closeAll();
    });
  }

  /// Other dimensions are inside: each row adds to the one before, which vectorises.
  void rowByRow() {
    ArrayRef<int64_t> outerSizes = shape.take_front(dim), innerSizes = shape.drop_front(dim + 1);
    forEach(f, outerSizes, [&](ArrayRef<Value *> outer) {
      auto row = [&](Value *at, Value *before) {
        forEach(f, innerSizes, [&](ArrayRef<Value *> inner) {
          SmallVector<Value *, 4> dims(outer);
          dims.push_back(at);
          dims.append(inner.begin(), inner.end());
          Value *value = Elements(f, indexOf(dims)).at(x);
          if (before) {
            SmallVector<Value *, 4> earlier(dims);
            earlier[dim] = before;
            value = combine(f, how, element, loadElement(b, element, place(earlier)), value,
                            /*reorder=*/false);
          }
          storeElement(b, element, value, place(dims));
        });
      };
      row(turned(f.number(0)), nullptr);
      if (shape[dim] == 1)
        return;
      Nest nest(f);
      Value *step = nest.open(1, shape[dim]);
      row(turned(step), turned(b.CreateSub(step, f.number(1), "", true, true)));
      nest.closeAll();
    });
  }
};

} // namespace

void emitScan(FunctionEmission &f, const kernel::Step &step) {
  mlir::Operation *op = step.roots.front();
  if (kernel::isRegister(op->getResult(0)))
    f.setRegister(op->getResult(0), f.registerOf(op->getOperand(0)));
  else if (kernel::numElements(op->getResult(0)))
    ScanEmitter(f, op).emit();
}

void emitArgReduce(FunctionEmission &f, const kernel::Step &step) {
  mlir::Operation *op = step.roots.front();
  llvm::IRBuilder<> &b = f.b;
  mlir::Value x = op->getOperand(0), result = op->getResult(0);
  auto type = tensorType(x);
  mlir::Type element = type.getElementType();
  auto dim = size_t(op->getAttrOfType<mlir::IntegerAttr>("dim").getInt());
  bool largest = mlir::isa<ir::ArgMaxOp>(op);
  bool isFloat = mlir::isa<mlir::FloatType>(element), isUnsigned = cpu::isUnsigned(element);
  llvm::Type *valueType = registerType(f.context(), element);
  Value *best = f.variable(valueType), *bestAt = f.variable(b.getInt32Ty());
  auto outerSizes = without(type.getShape(), dim);
  forEach(f, outerSizes, [&](ArrayRef<Value *> outer) {
    auto valueAt = [&](Value *position) {
      return Elements(f, indexOf(with(outer, dim, position))).at(x);
    };
    b.CreateStore(valueAt(f.number(0)), best);
    b.CreateStore(b.getInt32(0), bestAt);
    if (type.getDimSize(int64_t(dim)) > 1) {
      Nest nest(f);
      Value *position = nest.open(1, type.getDimSize(int64_t(dim)));
      Value *value = valueAt(position), *known = b.CreateLoad(valueType, best);
      Value *better;
      if (isFloat) {
        better = largest ? b.CreateFCmpOGT(value, known) : b.CreateFCmpOLT(value, known);
        // The first nan wins over all numbers.
        better = b.CreateOr(better, b.CreateAnd(b.CreateFCmpUNO(value, value),
                                                b.CreateFCmpORD(known, known)));
        better = b.CreateAnd(better, b.CreateFCmpORD(known, known));
      } else if (isUnsigned) {
        better = largest ? b.CreateICmpUGT(value, known) : b.CreateICmpULT(value, known);
      } else {
        better = largest ? b.CreateICmpSGT(value, known) : b.CreateICmpSLT(value, known);
      }
      b.CreateStore(b.CreateSelect(better, value, known), best);
      b.CreateStore(b.CreateSelect(better, b.CreateTrunc(position, b.getInt32Ty()),
                                   b.CreateLoad(b.getInt32Ty(), bestAt)),
                    bestAt);
      nest.closeAll();
    }
    Value *found = b.CreateLoad(b.getInt32Ty(), bestAt);
    if (kernel::isRegister(result))
      f.setRegister(result, found);
    else
      b.CreateStore(found,
                    b.CreateInBoundsGEP(b.getInt32Ty(), f.pointerTo(result),
                                        linearIndex(f, outer, tensorType(result).getShape())));
  });
}

void emitArgSort(FunctionEmission &f, const kernel::Step &step) {
  mlir::Operation *op = step.roots.front();
  llvm::IRBuilder<> &b = f.b;
  mlir::Value x = op->getOperand(0), result = op->getResult(0);
  if (kernel::isRegister(result))
    return f.setRegister(result, b.getInt32(0));
  auto type = tensorType(x);
  mlir::Type element = type.getElementType();
  auto dim = size_t(op->getAttrOfType<mlir::IntegerAttr>("dim").getInt());
  int64_t size = type.getDimSize(int64_t(dim));
  // Working memory: a row of numbers, the routine's own, and a row of their order.
  Value *keys = f.pointerAt(step.scratchOffset);
  Value *room = f.pointerAt(step.scratchOffset + 8 * size);
  Value *order = f.pointerAt(step.scratchOffset + 20 * size);
  auto *pointer = b.getPtrTy();
  auto *signature =
      llvm::FunctionType::get(b.getVoidTy(), {pointer, pointer, pointer, b.getInt64Ty()}, false);
  llvm::Function *sort =
      f.module.mathFunction("descent_argsort_" + std::string(suffixOf(element)), signature);
  if (size == 0)
    return;
  forEach(f, without(type.getShape(), dim), [&](ArrayRef<Value *> outer) {
    forEach(f, {size}, [&](ArrayRef<Value *> at) {
      Value *key = Elements(f, indexOf(with(outer, dim, at[0]))).at(x);
      storeElement(b, element, key, f.address(element, keys, at[0]));
    });
    b.CreateCall(sort, {keys, order, room, f.number(size)});
    forEach(f, {size}, [&](ArrayRef<Value *> at) {
      Value *from = b.CreateLoad(b.getInt32Ty(), b.CreateInBoundsGEP(b.getInt32Ty(), order, at[0]));
      Value *to = linearIndex(f, with(outer, dim, at[0]), type.getShape());
      b.CreateStore(from, b.CreateInBoundsGEP(b.getInt32Ty(), f.pointerTo(result), to));
    });
  });
}

} // namespace descent::cpu
