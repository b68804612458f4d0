// The product of two arrays with free dimensions on both sides. (Products of a matrix and a vector are
// reductions and belong to kernels.)
//
// The order of the loops follows the operands' layout, so that the innermost one vectorises:
//
//   rows of the right operand are contiguous: for i: c[i, :] = 0; for k: c[i, :] += a[i, k] * b[k, :]
//   columns are:                              for i: for j: c[i, j] = sum over k of a[i, k] * b[j, k]
#include "compiler/cpu/Element.h"
#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Scalar.h"
#include "compiler/cpu/Steps.h"
#include "compiler/cpu/matmul/Product.h"

namespace descent::cpu {

using kernel::tensorType;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::Value;

namespace {

/// Rows of the right operand that are added in one pass over a row of the result.
constexpr int64_t rowsAtOnce = 4;

/// Elements of memory from one index along a dimension to the next; 0 for repetitions, -1 if unknown.
int64_t strideOf(mlir::Value value, int64_t dim, const FunctionEmission &f) {
  int64_t scale = 1;
  while (true) {
    if (kernel::isRegister(value))
      return 0;
    if (f.isInMemory(value)) {
      int64_t stride = scale;
      for (int64_t size : tensorType(value).getShape().drop_front(size_t(dim) + 1))
        stride *= size;
      return stride;
    }
    mlir::Operation *op = value.getDefiningOp();
    if (auto transpose = mlir::dyn_cast<ir::TransposeOp>(op)) {
      dim = transpose.getPermutation()[size_t(dim)];
    } else if (auto broadcast = mlir::dyn_cast<ir::BroadcastOp>(op)) {
      auto dims = broadcast.getDims();
      auto found = llvm::find(dims, dim);
      if (found == dims.end())
        return 0;
      dim = found - dims.begin();
    } else if (auto slice = mlir::dyn_cast<ir::SliceOp>(op)) {
      scale *= slice.getStrides()[size_t(dim)];
    } else {
      return -1;
    }
    value = op->getOperand(0);
  }
}

class DotEmitter {
public:
  DotEmitter(FunctionEmission &f, ir::DotOp op)
      : f(f), b(f.b), op(op), shape(kernel::dotShape(op)), result(op.getResult()),
        element(tensorType(result).getElementType()) {
    auto sizes = [](mlir::Value value, ArrayRef<int64_t> dims) {
      SmallVector<int64_t, 4> all;
      for (int64_t dim : dims)
        all.push_back(tensorType(value).getDimSize(dim));
      return all;
    };
    batchSizes = sizes(op.getLhs(), op.getLhsBatch());
    rowSizes = sizes(op.getLhs(), shape.lhsFree);
    columnSizes = sizes(op.getRhs(), shape.rhsFree);
    sumSizes = sizes(op.getLhs(), op.getLhsContract());
  }

  void emit() {
    if (shape.k == 0)
      return emitCopyOfZeros();
    int64_t alongColumns = strideOf(op.getRhs(), shape.rhsFree.back(), f);
    int64_t alongSum =
        op.getRhsContract().empty() ? -1 : strideOf(op.getRhs(), op.getRhsContract().back(), f);
    f.scopes.reset();
    if (alongColumns != 1 && alongSum == 1)
      columnsContiguous();
    else
      rowsContiguous();
    f.scopes.apply();
  }

private:
  using Counters = SmallVector<Value *, 4>;

  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  ir::DotOp op;
  kernel::DotShape shape;
  mlir::Value result;
  mlir::Type element;
  SmallVector<int64_t, 4> batchSizes, rowSizes, columnSizes, sumSizes;
  Counters batch, row, column;

  void emitCopyOfZeros() {
    b.CreateMemSet(f.pointerTo(result), b.getInt8(0), uint64_t(kernel::byteSize(result)),
                   llvm::MaybeAlign());
  }

  Value *operand(unsigned which, ArrayRef<Value *> free, ArrayRef<Value *> sum) {
    mlir::Value value = op->getOperand(which);
    Index index;
    index.dims.assign(size_t(tensorType(value).getRank()), nullptr);
    auto put = [&](ArrayRef<int64_t> dims, ArrayRef<Value *> at) {
      for (auto [dim, counter] : llvm::zip(dims, at))
        index.dims[size_t(dim)] = counter;
    };
    put(which ? op.getRhsBatch() : op.getLhsBatch(), batch);
    put(which ? op.getRhsContract() : op.getLhsContract(), sum);
    put(which ? shape.rhsFree : shape.lhsFree, free);
    return Elements(f, Index()).operandAt(op, which, kernel::IndexMaps::identity, index);
  }

  Value *resultAddress() {
    Counters all(batch);
    all.append(row);
    all.append(column);
    return f.address(element, f.pointerTo(result),
                     linearIndex(f, all, tensorType(result).getShape()));
  }

  Value *product(Value *x, Value *y) {
    if (!x->getType()->isFloatingPointTy())
      return b.CreateMul(x, y);
    llvm::IRBuilder<>::FastMathFlagGuard guard(b);
    llvm::FastMathFlags flags;
    flags.setAllowContract();
    b.setFastMathFlags(flags);
    return b.CreateFMul(x, y);
  }

  Value *sum(Value *x, Value *y) {
    return combine(f, Combiner::Sum, element, x, y, /*reorder=*/true);
  }

  void storeResult(Value *value) {
    f.scopes.tag(storeElement(b, element, value, resultAddress()), f.placeOf(result));
  }

  Value *loadResult() {
    auto *value = b.CreateLoad(memoryType(f.context(), element), resultAddress());
    f.scopes.tag(value, f.placeOf(result));
    return value;
  }

  /// Adds some rows of the right operand, each scaled, to the row of the result.
  void addRows(ArrayRef<Counters> sums) {
    SmallVector<Value *> scales;
    for (const Counters &at : sums)
      scales.push_back(operand(0, row, at));
    Nest nest(f);
    column = nest.openAll(columnSizes);
    Value *total = loadResult();
    for (auto [at, scale] : llvm::zip(sums, scales))
      total = sum(total, product(scale, operand(1, column, at)));
    storeResult(total);
    nest.closeAll();
  }

  void rowsContiguous() {
    Nest nest(f);
    batch = nest.openAll(batchSizes);
    row = nest.openAll(rowSizes);
    forEach(f, columnSizes, [&](ArrayRef<Value *> at) {
      column.assign(at.begin(), at.end());
      storeResult(zeroOf(f.context(), element));
    });
    Nest sums(f);
    int64_t last = sumSizes.empty() ? 1 : sumSizes.back();
    Counters outer = sums.openAll(ArrayRef(sumSizes).drop_back(sumSizes.empty() ? 0 : 1));
    auto position = [&](Value *at) {
      Counters all(outer);
      if (!sumSizes.empty())
        all.push_back(at);
      return all;
    };
    int64_t whole = last / rowsAtOnce;
    if (whole) {
      Nest blocks(f);
      Value *first = b.CreateMul(blocks.open(whole), f.number(rowsAtOnce), "", true, true);
      SmallVector<Counters> at;
      for (int64_t i = 0; i < rowsAtOnce; ++i)
        at.push_back(position(b.CreateAdd(first, f.number(i), "", true, true)));
      addRows(at);
      blocks.closeAll();
    }
    for (int64_t at = whole * rowsAtOnce; at < last; ++at)
      addRows({position(f.number(at))});
    sums.closeAll();
    nest.closeAll();
  }

  void columnsContiguous() {
    llvm::Type *type = registerType(f.context(), element);
    Value *total = f.variable(type);
    Nest nest(f);
    batch = nest.openAll(batchSizes);
    row = nest.openAll(rowSizes);
    column = nest.openAll(columnSizes);
    b.CreateStore(zeroOf(f.context(), element), total);
    Nest inner(f);
    Counters at = inner.openAll(sumSizes);
    Value *term = product(operand(0, row, at), operand(1, column, at));
    b.CreateStore(sum(b.CreateLoad(type, total), term), total);
    inner.closeAll();
    storeResult(b.CreateLoad(type, total));
    nest.closeAll();
  }
};

} // namespace

void emitDot(FunctionEmission &f, const kernel::Step &step) {
  auto op = mlir::cast<ir::DotOp>(step.roots.front());
  if (kernel::numElements(op.getResult()) && !emitProduct(f, step, op))
    DotEmitter(f, op).emit();
}

} // namespace descent::cpu
