// A kernel becomes one loop nest.
//
//   sum over [1] of [n, d], and a stored [n, d]:
//
//     for i in 0..n
//       acc = 0
//       for j in 0..d
//         v = …; out[i, j] = v; acc += v
//       sum[i] = acc
//
// A reduction whose dimensions are the innermost loops accumulates in a register, in the order that
// LLVM's vectoriser chooses (`reassoc`). Any other accumulates in its result's memory, one row of it
// at a time, which vectorises along the dimensions that are kept.
#include "compiler/cpu/Element.h"
#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Scalar.h"
#include "compiler/cpu/Steps.h"

namespace descent::cpu {

using kernel::OpClass;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Long sums are made of partial sums of so many elements: the error then grows with the number of
/// elements of a block, not of the array.
constexpr int64_t kSumBlock = 4096;

struct Reduction {
  mlir::Operation *op = nullptr;
  mlir::Value result;
  mlir::Type element;
  Combiner how = Combiner::Sum;
  SmallVector<int, 4> kept;   ///< for each dimension of the result: that of the space, -1: of size 1
  bool inRegister = false;
  size_t level = 0;           ///< loops outside the reduced ones
  llvm::AllocaInst *variable = nullptr;
  llvm::AllocaInst *partial = nullptr; ///< of the block; null: what is added goes to `variable`
};

class KernelEmitter {
public:
  KernelEmitter(FunctionEmission &f, const kernel::Step &step)
      : f(f), b(f.b), step(step), loop(step.loops.front()) {}

  void emit();

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const kernel::Step &step;
  const kernel::Loop &loop;
  SmallVector<int64_t, 4> sizes;
  SmallVector<mlir::Operation *, 4> stores;
  SmallVector<Reduction, 4> reductions;
  SmallVector<Value *, 4> counters;

  void findOutputs();
  Reduction describe(mlir::Operation *op);
  void begin(Reduction &reduction);
  void finish(Reduction &reduction);
  void fillWithNeutral(const Reduction &reduction);
  Value *resultAddress(const Reduction &reduction);
  Value *contribution(Elements &elements, mlir::Operation *op);
  bool isBlocked(const Reduction &reduction) const;
  void beginBlock();
  void finishBlock();
  void body();
};

/// Which dimension of the space each dimension of a reduction's result is.
SmallVector<int, 4> keptDims(mlir::Operation *op) {
  SmallVector<int, 4> kept;
  if (auto dot = mlir::dyn_cast<ir::DotOp>(op)) {
    kernel::DotShape shape = kernel::dotShape(dot);
    bool left = shape.matrix == 0;
    for (int64_t dim : left ? dot.getLhsBatch() : dot.getRhsBatch())
      kept.push_back(int(dim));
    for (int64_t dim : shape.lhsFree)
      kept.push_back(left ? int(dim) : -1);
    for (int64_t dim : shape.rhsFree)
      kept.push_back(left ? -1 : int(dim));
    return kept;
  }
  auto dims = op->getAttrOfType<mlir::DenseI64ArrayAttr>("dims").asArrayRef();
  for (int i = 0, rank = int(kernel::tensorType(op->getOperand(0)).getRank()); i < rank; ++i)
    if (!llvm::is_contained(dims, i))
      kept.push_back(i);
  return kept;
}

Reduction KernelEmitter::describe(mlir::Operation *op) {
  Reduction reduction;
  reduction.op = op;
  reduction.result = op->getResult(0);
  reduction.element = kernel::tensorType(op->getResult(0)).getElementType();
  reduction.how = combinerOf(op);
  reduction.kept = keptDims(op);
  if (loop.linear) {
    // All dimensions are reduced in one loop.
    reduction.kept.assign(reduction.kept.size(), -1);
    reduction.inRegister = true;
    return reduction;
  }
  // In a register if no kept dimension is inside a reduced one.
  size_t firstReduced = sizes.size();
  bool keptInside = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 1)
      continue;
    bool kept = llvm::is_contained(reduction.kept, int(i));
    if (!kept)
      firstReduced = std::min(firstReduced, i);
    else if (firstReduced < i)
      keptInside = true;
  }
  reduction.inRegister = !keptInside;
  reduction.level = firstReduced;
  return reduction;
}

void KernelEmitter::findOutputs() {
  if (loop.linear) {
    int64_t size = 1;
    for (int64_t dim : loop.space)
      size *= dim;
    sizes.push_back(size);
  } else {
    sizes.assign(loop.space.begin(), loop.space.end());
  }
  for (mlir::Operation *root : step.roots) {
    OpClass kind = kernel::classOf(root);
    if (kind == OpClass::Reduce || kind == OpClass::Dot)
      reductions.push_back(describe(root));
    else
      stores.push_back(root);
  }
}

Value *KernelEmitter::resultAddress(const Reduction &reduction) {
  SmallVector<Value *, 4> dims;
  for (int dim : reduction.kept)
    dims.push_back(dim < 0 ? f.number(0) : counters[size_t(dim)]);
  Value *at = linearIndex(f, dims, kernel::tensorType(reduction.result).getShape());
  return f.address(reduction.element, f.pointerTo(reduction.result), at);
}

void KernelEmitter::fillWithNeutral(const Reduction &reduction) {
  Value *base = f.pointerTo(reduction.result);
  llvm::Constant *neutral = neutralOf(f.context(), reduction.how, reduction.element);
  forEach(f, {kernel::numElements(reduction.result)}, [&](auto index) {
    storeElement(b, reduction.element, neutral, f.address(reduction.element, base, index[0]));
  });
}

/// Whether the innermost loop sums enough floats for this reduction to be made of partial sums.
bool KernelEmitter::isBlocked(const Reduction &reduction) const {
  return !sizes.empty() && sizes.back() > kSumBlock && reduction.inRegister &&
         reduction.level < sizes.size() && reduction.how == Combiner::Sum &&
         mlir::isa<mlir::FloatType>(reduction.element);
}

void KernelEmitter::begin(Reduction &reduction) {
  if (isBlocked(reduction)) {
    // Partial sums are few: they are added up in f64.
    reduction.variable = f.variable(b.getDoubleTy());
    b.CreateStore(llvm::ConstantFP::get(b.getDoubleTy(), 0.0), reduction.variable);
    return;
  }
  reduction.variable = f.variable(registerType(f.context(), reduction.element));
  b.CreateStore(neutralOf(f.context(), reduction.how, reduction.element), reduction.variable);
}

void KernelEmitter::beginBlock() {
  for (Reduction &reduction : reductions)
    if (isBlocked(reduction)) {
      reduction.partial = f.variable(registerType(f.context(), reduction.element));
      b.CreateStore(neutralOf(f.context(), reduction.how, reduction.element), reduction.partial);
    }
}

void KernelEmitter::finishBlock() {
  for (Reduction &reduction : reductions)
    if (isBlocked(reduction)) {
      Value *sum = b.CreateLoad(b.getDoubleTy(), reduction.variable);
      Value *part = b.CreateLoad(reduction.partial->getAllocatedType(), reduction.partial);
      b.CreateStore(b.CreateFAdd(sum, b.CreateFPExt(part, b.getDoubleTy())), reduction.variable);
    }
}

void KernelEmitter::finish(Reduction &reduction) {
  Value *value = b.CreateLoad(reduction.variable->getAllocatedType(), reduction.variable);
  if (isBlocked(reduction))
    value = b.CreateFPTrunc(value, registerType(f.context(), reduction.element));
  if (kernel::isRegister(reduction.result))
    return f.setRegister(reduction.result, value);
  f.scopes.tag(storeElement(b, reduction.element, value, resultAddress(reduction)),
               f.placeOf(reduction.result));
}

/// What one index adds to a reduction.
Value *KernelEmitter::contribution(Elements &elements, mlir::Operation *op) {
  auto dot = mlir::dyn_cast<ir::DotOp>(op);
  if (!dot)
    return elements.at(op->getOperand(0));
  unsigned matrix = unsigned(kernel::dotShape(dot).matrix), other = 1 - matrix;
  Value *x = elements.at(op->getOperand(matrix));
  Index index;
  if (!kernel::isRegister(op->getOperand(other)))
    for (int64_t dim : kernel::pairedDims(dot, other))
      index.dims.push_back(dim < 0 ? f.number(0) : counters[size_t(dim)]);
  Value *y = elements.operandAt(op, other, kernel::IndexMaps::identity, index);
  if (!x->getType()->isFloatingPointTy())
    return b.CreateMul(x, y);
  llvm::IRBuilder<>::FastMathFlagGuard guard(b);
  llvm::FastMathFlags flags;
  flags.setAllowContract();
  b.setFastMathFlags(flags);
  return b.CreateFMul(x, y);
}

/// At one index: everything is read and computed before anything is written.
void KernelEmitter::body() {
  Index index;
  if (loop.linear)
    index.linear = counters[0];
  else
    index.dims = counters;
  Elements elements(f, index, stores);
  SmallVector<Value *, 4> stored, added;
  for (mlir::Operation *op : stores)
    stored.push_back(elements.at(op->getResult(0)));
  for (Reduction &reduction : reductions)
    added.push_back(contribution(elements, reduction.op));
  Value *position = loop.linear ? counters[0] : nullptr;
  for (auto [op, value] : llvm::zip(stores, stored)) {
    mlir::Value result = op->getResult(0);
    mlir::Type element = kernel::tensorType(result).getElementType();
    if (!position)
      position = linearIndex(f, counters, loop.space);
    f.scopes.tag(
        storeElement(b, element, value, f.address(element, f.pointerTo(result), position)),
        f.placeOf(result));
  }
  for (auto [reduction, value] : llvm::zip(reductions, added)) {
    if (reduction.inRegister) {
      llvm::AllocaInst *into = reduction.partial ? reduction.partial : reduction.variable;
      Value *sum = b.CreateLoad(into->getAllocatedType(), into);
      sum = combine(f, reduction.how, reduction.element, sum, value, /*reorder=*/true);
      b.CreateStore(sum, into);
      continue;
    }
    Value *at = resultAddress(reduction);
    auto *sum = b.CreateLoad(memoryType(f.context(), reduction.element), at);
    f.scopes.tag(sum, f.placeOf(reduction.result));
    Value *before = reduction.element.isInteger(1) ? b.CreateTrunc(sum, b.getInt1Ty()) : sum;
    Value *after = combine(f, reduction.how, reduction.element, before, value, /*reorder=*/true);
    f.scopes.tag(storeElement(b, reduction.element, after, at), f.placeOf(reduction.result));
  }
}

void KernelEmitter::emit() {
  findOutputs();
  bool empty = llvm::is_contained(sizes, 0);
  for (Reduction &reduction : reductions)
    if (!reduction.inRegister || empty) {
      if (!kernel::isRegister(reduction.result))
        fillWithNeutral(reduction);
      else
        f.setRegister(reduction.result, neutralOf(f.context(), reduction.how, reduction.element));
    }
  if (empty)
    return;
  f.scopes.reset();
  Nest nest(f);
  auto beginAt = [&](size_t level) {
    for (Reduction &reduction : reductions)
      if (reduction.inRegister && reduction.level == level)
        begin(reduction);
  };
  bool blocked = llvm::any_of(reductions, [&](Reduction &r) { return isBlocked(r); });
  for (size_t i = 0; i < sizes.size(); ++i) {
    beginAt(i);
    if (!blocked || i + 1 < sizes.size()) {
      counters.push_back(nest.open(sizes[i]));
      continue;
    }
    Value *block = nest.open((sizes[i] + kSumBlock - 1) / kSumBlock);
    beginBlock();
    Value *from = b.CreateMul(block, f.number(kSumBlock), "", true, true);
    Value *end = b.CreateAdd(from, f.number(kSumBlock), "", true, true);
    Value *to = b.CreateBinaryIntrinsic(llvm::Intrinsic::umin, end, f.number(sizes[i]));
    counters.push_back(nest.open(from, to));
  }
  beginAt(sizes.size());
  body();
  auto finishAt = [&](size_t level) {
    for (Reduction &reduction : reductions)
      if (reduction.inRegister && reduction.level == level)
        finish(reduction);
  };
  finishAt(sizes.size());
  if (blocked) {
    nest.close();
    finishBlock();
  }
  for (size_t i = sizes.size(); i-- > 0;) {
    nest.close();
    finishAt(i);
  }
  f.scopes.apply();
}

} // namespace

void emitKernel(FunctionEmission &f, const kernel::Step &step) { KernelEmitter(f, step).emit(); }

void emitRegister(FunctionEmission &f, const kernel::Step &step) {
  mlir::Operation *op = step.roots.front();
  f.scopes.reset();
  Elements elements(f, Index());
  f.setRegister(op->getResult(0), elements.compute(op));
}

} // namespace descent::cpu
