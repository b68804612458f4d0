// The derivative of `select`.
//
// The side not taken gets a true zero: its cotangent is zero and carries a mask that says so. Every
// product with a partial derivative on the way back asks the mask, not the number, so that an
// infinite or nan partial makes no nan of it, in derivatives of any order. Forward mode needs none
// of this: the tangent of the side not taken is not chosen.
#include "compiler/derivative/rules/Structured.h"

using namespace mlir;

namespace descent::derivative {

LogicalResult pushForward(ir::SelectOp op, Forward &forward) {
  Value onTrue = forward.tangent(op.getOnTrue()), onFalse = forward.tangent(op.getOnFalse());
  if (!onTrue && !onFalse)
    return success();
  Value condition = forward.primal(op.getCondition());
  forward.setTangent(op.getResult(),
                     forward.emit.choose(condition, forward.tangentOrZero(op.getOnTrue()),
                                         forward.tangentOrZero(op.getOnFalse())));
  return success();
}

LogicalResult pullBack(ir::SelectOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  Value condition = reverse.primal(op.getCondition());
  auto both = [&](Value a, Value b) { return b ? Value(ir::AndOp::create(emit, a, b)) : a; };
  if (reverse.activity.isActive(op.getOnTrue()))
    reverse.add(op.getOnTrue(), {emit.where(condition, ct.value), both(condition, ct.mask)});
  if (reverse.activity.isActive(op.getOnFalse())) {
    Value zero = emit.zeros(ct.value.getType());
    Value otherwise = ir::NotOp::create(emit, condition);
    reverse.add(op.getOnFalse(),
                {emit.choose(condition, zero, ct.value), both(otherwise, ct.mask)});
  }
  return success();
}

} // namespace descent::derivative
