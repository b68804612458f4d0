// The derivative of the running product and the running maximum.
#include "compiler/derivative/rules/Products.h"
#include "compiler/derivative/rules/Structured.h"

using namespace mlir;

namespace descent::derivative {

namespace {

template <typename Op> Value forwards(Op op, Emitter &emit, Value x) {
  return op.getReverse() ? emit.reverse(x, {int64_t(op.getDim())}) : x;
}

/// The dimension of a running maximum last, running forwards.
struct LastDim {
  LastDim(ir::CumMaxOp op, Emitter &emit) : op(op), emit(emit) {
    permutation = otherDims(tensorOf(op.getX()).getRank(), {int64_t(op.getDim())});
    permutation.push_back(op.getDim());
    batch = permutation.size() - 1;
  }
  Value apply(Value x) { return emit.transpose(forwards(op, emit, x), permutation); }
  Value undo(Value x) {
    return forwards(op, emit, emit.transpose(x, inversePermutation(permutation)));
  }
  /// For each element the index of the latest element that is its maximum.
  Value indices(Value x, Value r) {
    Value rows = apply(x);
    Value attained = emit.compare(ir::Predicate::eq, rows, apply(r));
    Value position = emit.iota(shapeOf(rows), batch);
    return ir::CumMaxOp::create(emit, emit.where(attained, position), batch);
  }

  ir::CumMaxOp op;
  Emitter &emit;
  SmallVector<int64_t> permutation;
  int64_t batch;
};

} // namespace

LogicalResult pushForward(ir::CumProdOp op, Forward &forward) {
  Emitter &emit = forward.emit;
  Value tangent = forward.tangent(op.getX());
  if (!tangent)
    return success();
  RunningProduct product(emit, forwards(op, emit, forward.primal(op.getX())), op.getDim());
  tangent = product.pushForward(forwards(op, emit, tangent));
  forward.setTangent(op.getResult(), forwards(op, emit, tangent));
  return success();
}

LogicalResult pullBack(ir::CumProdOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  RunningProduct product(emit, forwards(op, emit, reverse.primal(op.getX())), op.getDim());
  Value back = forwards(op, emit, product.pullBack(forwards(op, emit, ct.value)));
  Value mask = ct.mask ? emit.cumsum(ct.mask, op.getDim(), !op.getReverse()) : nullptr;
  reverse.add(op.getX(), {reverse.guarded(back, mask), mask});
  return success();
}

LogicalResult pushForward(ir::CumMaxOp op, Forward &forward) {
  Value tangent = forward.tangent(op.getX());
  if (!tangent)
    return success();
  LastDim last(op, forward.emit);
  Value indices = last.indices(forward.primal(op.getX()), forward.primal(op.getResult()));
  Value picked = forward.emit.gather(last.apply(tangent), indices, last.batch, last.batch);
  forward.setTangent(op.getResult(), last.undo(picked));
  return success();
}

LogicalResult pullBack(ir::CumMaxOp op, Reverse &reverse) {
  Cotangent ct = reverse.take(op.getResult());
  LastDim last(op, reverse.emit);
  Value indices = last.indices(reverse.primal(op.getX()), reverse.primal(op.getResult()));
  reverse.addPart(op.getX(), ct, [&](Value value) {
    Value rows = last.apply(value);
    Value none = reverse.emit.zeros(rows.getType());
    return last.undo(reverse.emit.scatterAdd(none, indices, rows, last.batch, last.batch));
  });
  return success();
}

} // namespace descent::derivative
