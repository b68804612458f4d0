// The derivative of operations on tapes, which are there when a derivative is differentiated.
//
// Forward mode: a tape of tangents beside the tape. Reverse mode: a tape of cotangents, used the
// other way round: where the program pushed, the reverse run pops. A tape that is not there stands
// for zeros, and so does an empty one, since popping it gives zeros.
#include "compiler/derivative/rules/Structured.h"

using namespace mlir;

namespace descent::derivative {

LogicalResult pushForward(ir::TapePushOp op, Forward &forward) {
  Value tape = forward.tangentOrZero(op.getTape());
  forward.setTangent(op.getResult(), forward.emit.push(tape, forward.tangentOrZero(op.getValue())));
  return success();
}

LogicalResult pushForward(ir::TapePopOp op, Forward &forward) {
  if (Value tape = forward.tangent(op.getTape())) {
    auto [rest, value] = forward.emit.pop(tape);
    forward.setTangent(op.getRest(), rest);
    forward.setTangent(op.getValue(), value);
  }
  return success();
}

LogicalResult pullBack(ir::TapePushOp op, Reverse &reverse) {
  Cotangent tapes = reverse.take(op.getResult()), rest, value;
  std::tie(rest.value, value.value) = reverse.emit.pop(tapes.value);
  if (tapes.mask)
    std::tie(rest.mask, value.mask) = reverse.emit.pop(tapes.mask);
  reverse.add(op.getValue(), value);
  if (reverse.activity.isActive(op.getTape()))
    reverse.setCotangent(op.getTape(), rest);
  return success();
}

LogicalResult pullBack(ir::TapePopOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent rest = reverse.take(op.getRest()), value = reverse.take(op.getValue());
  bool masked = reverse.activity.isSelectedOnly(op.getTape());
  Type type = op.getTape().getType();
  if (!rest) {
    rest.value = emit.zeros(type);
    if (masked)
      rest.mask = emit.zeros(maskTypeOf(type));
  }
  if (!value) {
    value.value = emit.zeros(op.getValue().getType());
    value.mask = rest.mask ? emit.zeros(maskTypeOf(value.value.getType())) : nullptr;
  }
  Cotangent tapes{emit.push(rest.value, value.value), nullptr};
  if (rest.mask)
    tapes.mask = emit.push(rest.mask, reverse.maskOrTrues(value));
  if (reverse.activity.isActive(op.getTape()))
    reverse.setCotangent(op.getTape(), tapes);
  return success();
}

} // namespace descent::derivative
