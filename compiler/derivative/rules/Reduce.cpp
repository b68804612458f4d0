// The derivative of reductions to the largest or smallest element and to the product.
#include "compiler/derivative/rules/Products.h"
#include "compiler/derivative/rules/Structured.h"

#include <cmath>

using namespace mlir;

namespace descent::derivative {

namespace {

// ---- reduce_max, reduce_min: equal shares to all elements that attain the extremum
// ---------------

struct Extremum {
  /// Where the operand is not beside the extremum: equals it, or is of a row that has a nan. So is
  /// every element of that: none is known to be without influence.
  Value attained;
  Value count;    ///< how many do
  Value isNumber; ///< whether the extremum is one
};

template <typename Op, typename Mode> Extremum findExtremum(Op op, Mode &mode) {
  Emitter &emit = mode.emit;
  Value x = mode.primal(op.getX()), r = mode.primal(op.getResult());
  Value spread = emit.broadcast(r, shapeOf(x), otherDims(tensorOf(x).getRank(), op.getDims()));
  auto worse = std::is_same_v<Op, ir::ReduceMaxOp> ? ir::Predicate::lt : ir::Predicate::gt;
  Value attained = ir::NotOp::create(emit, emit.compare(worse, x, spread));
  Value ones = ir::ConvertOp::create(emit, x.getType(), attained);
  return {attained, emit.sumOver(ones, op.getDims()), emit.compare(ir::Predicate::eq, r, r)};
}

template <typename Op> LogicalResult pushForwardExtremum(Op op, Forward &forward) {
  Emitter &emit = forward.emit;
  Value tangent = forward.tangent(op.getX());
  if (!tangent || tensorOf(tangent).getNumElements() == 0)
    return success();
  auto [attained, count, isNumber] = findExtremum(op, forward);
  Value sum = emit.sumOver(emit.where(attained, tangent), op.getDims());
  Value share = emit.over(sum, count);
  forward.setTangent(op.getResult(),
                     emit.choose(isNumber, share, emit.number(share.getType(), NAN)));
  return success();
}

template <typename Op> LogicalResult pullBackExtremum(Op op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  auto [attained, count, isNumber] = findExtremum(op, reverse);
  Value ofOne = emit.over(ct.value, count);
  ofOne = emit.choose(isNumber, ofOne, emit.number(ofOne.getType(), NAN));
  auto spread = [&](Value value) {
    return emit.broadcast(value, shapeOf(op.getX()),
                          otherDims(tensorOf(op.getX()).getRank(), op.getDims()));
  };
  // The mask says that nothing depends on all other elements: most often one of a row is left, and
  // the work for the others is skipped.
  Value share = emit.where(attained, spread(ofOne));
  Value mask = ct.mask ? Value(ir::AndOp::create(emit, attained, spread(ct.mask))) : attained;
  reverse.add(op.getX(), {share, mask});
  return success();
}

// ---- reduce_prod ------------------------------------------------------------------------------

/// Moves the reduced dimensions together: an array of [what is kept, what is reduced].
struct Rows {
  explicit Rows(ir::ReduceProdOp op) : type(tensorOf(op.getX())) {
    permutation = otherDims(type.getRank(), op.getDims());
    kept = permutation.size();
    llvm::append_range(permutation, op.getDims());
    shape = {1, 1};
    for (auto [i, dim] : llvm::enumerate(permutation)) {
      permuted.push_back(type.getDimSize(dim));
      shape[i < kept ? 0 : 1] *= type.getDimSize(dim);
    }
  }
  Value gather(Emitter &emit, Value x) const {
    return emit.reshape(emit.transpose(x, permutation), shape);
  }
  Value scatter(Emitter &emit, Value rows) const {
    return emit.transpose(emit.reshape(rows, permuted), inversePermutation(permutation));
  }

  RankedTensorType type;
  size_t kept;
  SmallVector<int64_t> permutation, permuted, shape;
};

} // namespace

LogicalResult pushForward(ir::ReduceMaxOp op, Forward &f) {
  return pushForwardExtremum(op, f);
}
LogicalResult pushForward(ir::ReduceMinOp op, Forward &f) {
  return pushForwardExtremum(op, f);
}
LogicalResult pullBack(ir::ReduceMaxOp op, Reverse &r) {
  return pullBackExtremum(op, r);
}
LogicalResult pullBack(ir::ReduceMinOp op, Reverse &r) {
  return pullBackExtremum(op, r);
}

LogicalResult pushForward(ir::ReduceProdOp op, Forward &forward) {
  Emitter &emit = forward.emit;
  Value tangent = forward.tangent(op.getX());
  Rows rows(op);
  if (!tangent || rows.shape[1] == 0)
    return success();
  PairwiseProduct product(emit, rows.gather(emit, forward.primal(op.getX())));
  forward.setTangent(op.getResult(), emit.reshape(product.pushForward(rows.gather(emit, tangent)),
                                                  shapeOf(op.getResult())));
  return success();
}

LogicalResult pullBack(ir::ReduceProdOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  Rows rows(op);
  if (rows.shape[1] == 0)
    return success();
  PairwiseProduct product(emit, rows.gather(emit, reverse.primal(op.getX())));
  Value back = rows.scatter(emit, product.pullBack(emit.reshape(ct.value, {rows.shape[0], 1})));
  Value mask;
  if (ct.mask) {
    mask = emit.broadcast(ct.mask, shapeOf(op.getX()),
                          otherDims(tensorOf(op.getX()).getRank(), op.getDims()));
    back = emit.where(mask, back);
  }
  reverse.add(op.getX(), {back, mask});
  return success();
}

} // namespace descent::derivative
