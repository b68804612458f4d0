// The derivative of operations that put arrays together or take and replace boxes of them.
#include "compiler/derivative/rules/Structured.h"

using namespace mlir;

namespace descent::derivative {

namespace {

/// The part of a padded array that is the operand.
Value unpad(Emitter &emit, ir::PadOp op, Value padded) {
  SmallVector<int64_t> limits, strides;
  for (auto [i, size] : llvm::enumerate(shapeOf(op.getX()))) {
    int64_t stride = op.getInterior()[i] + 1;
    strides.push_back(stride);
    limits.push_back(op.getLow()[i] + (size > 0 ? (size - 1) * stride + 1 : 0));
  }
  return emit.slice(padded, op.getLow(), limits, strides);
}

} // namespace

// ---- pad --------------------------------------------------------------------------------------

LogicalResult pushForward(ir::PadOp op, Forward &forward) {
  if (!forward.tangent(op.getX()) && !forward.tangent(op.getValue()))
    return success();
  Value x = forward.tangentOrZero(op.getX()), value = forward.tangentOrZero(op.getValue());
  forward.setTangent(op.getResult(), ir::PadOp::create(forward.emit, x, value, op.getLow(),
                                                       op.getHigh(), op.getInterior()));
  return success();
}

LogicalResult pullBack(ir::PadOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  reverse.addMapped(op.getX(), ct, [&](Value value) { return unpad(emit, op, value); });
  if (reverse.activity.isActive(op.getValue())) {
    Value inside = emit.pad(emit.trues(maskTypeOf(op.getX().getType())), op.getLow(), op.getHigh(),
                            op.getInterior());
    Value around = ir::NotOp::create(emit, inside);
    reverse.addMapped(op.getValue(), ct, [&](Value value) {
      return emit.sumOver(emit.where(around, value), otherDims(tensorOf(value).getRank(), {}));
    });
  }
  return success();
}

// ---- concat -----------------------------------------------------------------------------------

LogicalResult pushForward(ir::ConcatOp op, Forward &forward) {
  if (llvm::none_of(op.getInputs(), [&](Value input) { return bool(forward.tangent(input)); }))
    return success();
  SmallVector<Value> tangents;
  for (Value input : op.getInputs())
    tangents.push_back(forward.tangentOrZero(input));
  forward.setTangent(op.getResult(), ir::ConcatOp::create(forward.emit, op.getDim(), tangents));
  return success();
}

LogicalResult pullBack(ir::ConcatOp op, Reverse &reverse) {
  Cotangent ct = reverse.take(op.getResult());
  int64_t start = 0, dim = op.getDim();
  for (Value input : op.getInputs()) {
    int64_t limit = start + shapeOf(input)[dim];
    reverse.addMapped(
        input, ct, [&](Value value) { return reverse.emit.sliceAlong(value, dim, start, limit); });
    start = limit;
  }
  return success();
}

// ---- dynamic_slice, update --------------------------------------------------------------------

LogicalResult pushForward(ir::DynamicSliceOp op, Forward &forward) {
  if (Value tangent = forward.tangent(op.getX()))
    forward.setTangent(op.getResult(), forward.emit.dynamicSlice(
                                           tangent, forward.primal(op.getStarts()), op.getSizes()));
  return success();
}

LogicalResult pullBack(ir::DynamicSliceOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  SmallVector<Value> starts = reverse.primal(op.getStarts());
  // Added to the box of what is there already: a loop over slices need not touch the rest.
  Cotangent sum = reverse.cotangent(op.getX());
  if (sum && !sum.mask) {
    Value box = emit.dynamicSlice(sum.value, starts, op.getSizes());
    sum.value = emit.update(sum.value, emit.plus(box, ct.value), starts);
    reverse.setCotangent(op.getX(), sum);
    return success();
  }
  reverse.addPart(op.getX(), ct, [&](Value value) {
    return emit.update(emit.zeros(tensorOf(op.getX()).clone(tensorOf(value).getElementType())),
                       value, starts);
  });
  return success();
}

LogicalResult pushForward(ir::UpdateOp op, Forward &forward) {
  if (!forward.tangent(op.getX()) && !forward.tangent(op.getUpdate()))
    return success();
  Value x = forward.tangentOrZero(op.getX()), update = forward.tangentOrZero(op.getUpdate());
  forward.setTangent(op.getResult(),
                     forward.emit.update(x, update, forward.primal(op.getStarts())));
  return success();
}

LogicalResult pullBack(ir::UpdateOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  SmallVector<Value> starts = reverse.primal(op.getStarts());
  ArrayRef<int64_t> sizes = shapeOf(op.getUpdate());
  reverse.addMapped(op.getUpdate(), ct,
                    [&](Value value) { return emit.dynamicSlice(value, starts, sizes); });
  reverse.addMapped(op.getX(), ct, [&](Value value) {
    return emit.update(value, emit.zeros(tensorOf(value).clone(sizes)), starts);
  });
  return success();
}

} // namespace descent::derivative
