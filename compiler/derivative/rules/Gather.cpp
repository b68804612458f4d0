// The derivative of gather and scatter.
#include "compiler/derivative/rules/Structured.h"

using namespace mlir;

namespace descent::derivative {

namespace {

/// Where an update of a `scatter set` is the last one of its index, and so the one that stays.
Value lastUpdates(ir::ScatterOp op, Value indices, Emitter &emit) {
  int64_t batch = op.getBatchDims(), axis = op.getAxis();
  ArrayRef<int64_t> shape = shapeOf(indices);
  int64_t count = 1;
  for (int64_t size : shape.drop_front(batch))
    count *= size;
  // Numbers the updates from 1, writes the numbers, and sees which are still there.
  SmallVector<int64_t> flat(shape.take_front(batch));
  flat.push_back(count);
  Value first = emit.number(RankedTensorType::get(flat, emit.getI32Type()), 1);
  Value numbers = emit.reshape(emit.plus(emit.iota(flat, batch), first), shape);
  SmallVector<int64_t> places(shapeOf(op.getX()).take_front(batch));
  places.push_back(shapeOf(op.getX())[axis]);
  Value none = emit.zeros(RankedTensorType::get(places, emit.getI32Type()));
  Value written = emit.scatterSet(none, indices, numbers, batch, batch);
  Value stays =
      emit.compare(ir::Predicate::eq, emit.gather(written, indices, batch, batch), numbers);

  SmallVector<int64_t> dims;
  for (int64_t i = 0; i < int64_t(shape.size()); ++i)
    dims.push_back(i < batch ? i : axis + i - batch);
  return emit.broadcast(stays, shapeOf(op.getUpdates()), dims);
}

} // namespace

LogicalResult pushForward(ir::GatherOp op, Forward &forward) {
  if (Value tangent = forward.tangent(op.getX()))
    forward.setTangent(op.getResult(), forward.emit.gather(tangent, forward.primal(op.getIndices()),
                                                           op.getAxis(), op.getBatchDims()));
  return success();
}

LogicalResult pullBack(ir::GatherOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  Value indices = reverse.primal(op.getIndices());
  auto scatter = [&](Value to, Value value) {
    return emit.scatterAdd(to, indices, value, op.getAxis(), op.getBatchDims());
  };
  // Added to what is there already: a loop over rows need not touch the others.
  Cotangent sum = reverse.cotangent(op.getX());
  if (sum && !sum.mask) {
    sum.value = scatter(sum.value, ct.value);
    reverse.setCotangent(op.getX(), sum);
    return success();
  }
  reverse.addPart(op.getX(), ct, [&](Value value) {
    return scatter(emit.zeros(tensorOf(op.getX()).clone(tensorOf(value).getElementType())), value);
  });
  return success();
}

LogicalResult pushForward(ir::ScatterOp op, Forward &forward) {
  Value x = forward.tangent(op.getX()), updates = forward.tangent(op.getUpdates());
  if (!x && !updates)
    return success();
  if (!updates && op.getKind() == ir::ScatterKind::add) {
    forward.setTangent(op.getResult(), x);
    return success();
  }
  forward.setTangent(op.getResult(), ir::ScatterOp::create(forward.emit, op.getKind(),
                                                           forward.tangentOrZero(op.getX()),
                                                           forward.primal(op.getIndices()),
                                                           forward.tangentOrZero(op.getUpdates()),
                                                           op.getAxis(), op.getBatchDims()));
  return success();
}

LogicalResult pullBack(ir::ScatterOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Cotangent ct = reverse.take(op.getResult());
  Value indices = reverse.primal(op.getIndices());
  auto gather = [&](Value value) {
    return emit.gather(value, indices, op.getAxis(), op.getBatchDims());
  };
  if (op.getKind() == ir::ScatterKind::add) {
    reverse.addMapped(op.getUpdates(), ct, gather);
    reverse.add(op.getX(), ct);
    return success();
  }
  if (reverse.activity.isActive(op.getUpdates())) {
    Value stays = lastUpdates(op, indices, emit);
    reverse.addMapped(op.getUpdates(), ct,
                      [&](Value value) { return emit.where(stays, gather(value)); });
  }
  reverse.addMapped(op.getX(), ct, [&](Value value) {
    Type updates = tensorOf(op.getUpdates()).clone(tensorOf(value).getElementType());
    return emit.scatterSet(value, indices, emit.zeros(updates), op.getAxis(), op.getBatchDims());
  });
  return success();
}

} // namespace descent::derivative
