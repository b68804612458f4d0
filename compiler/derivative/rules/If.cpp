// The derivative of `if`.
//
// Forward mode: an `if` that yields the tangents too. Reverse mode: a second `if` on the same
// condition, whose branches run the branch again for the values in need and pull the cotangents
// back. It yields the cotangents of what the branches capture; a branch that does not touch one of
// them passes it on.
#include "compiler/derivative/rules/Structured.h"

using namespace mlir;

namespace descent::derivative {

namespace {

ir::YieldOp yieldOf(Region &region) {
  return cast<ir::YieldOp>(region.front().getTerminator());
}

} // namespace

LogicalResult pushForward(ir::IfOp op, Forward &forward) {
  Emitter &emit = forward.emit;
  OperationState state(op.getLoc(), op->getName());
  state.addOperands(forward.primal(op.getCond()));
  state.addTypes(op.getResultTypes());
  state.addAttributes(op->getDiscardableAttrDictionary().getValue());
  SmallVector<unsigned> active;
  for (OpResult result : op.getResults()) {
    if (!forward.activity.isActive(result))
      continue;
    active.push_back(result.getResultNumber());
    state.addTypes(result.getType());
  }
  for (Region &region : op->getRegions()) {
    OpBuilder::InsertionGuard guard(emit);
    emit.setInsertionPointToEnd(&state.addRegion()->emplaceBlock());
    if (failed(forward.run(region.front())))
      return failure();
    emit.setLoc(op.getLoc());
    ValueRange yielded = yieldOf(region).getValues();
    SmallVector<Value> values = forward.primal(yielded);
    for (unsigned i : active)
      values.push_back(forward.tangentOrZero(yielded[i]));
    ir::YieldOp::create(emit, values);
  }
  Operation *emitted = emit.create(state);
  forward.primals.map(op.getResults(), emitted->getResults().take_front(op.getNumResults()));
  for (auto [i, tangent] : llvm::zip(active, emitted->getResults().take_back(active.size())))
    forward.setTangent(op->getResult(i), tangent);
  return success();
}

LogicalResult pullBack(ir::IfOp op, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  const Activity &activity = reverse.activity;
  SmallVector<Cotangent> incoming;
  for (OpResult result : op.getResults())
    incoming.push_back(reverse.take(result));
  auto found = reverse.activeCaptures(op);
  if (failed(found))
    return failure();
  SmallVector<Value> &captured = *found;
  SmallVector<Cotangent> before;
  for (Value value : captured)
    before.push_back(reverse.cotangent(value));

  OperationState state(op.getLoc(), op->getName());
  state.addOperands(reverse.primal(op.getCond()));
  SmallVector<SmallVector<Cotangent>, 2> after;
  for (Region &region : op->getRegions()) {
    OpBuilder::InsertionGuard guard(emit);
    emit.setInsertionPointToEnd(&state.addRegion()->emplaceBlock());
    if (failed(reverse.runAgain(region.front())))
      return failure();
    emit.setLoc(op.getLoc());
    for (auto [yielded, cotangent] : llvm::zip(yieldOf(region).getValues(), incoming))
      reverse.add(yielded, cotangent);
    if (failed(reverse.runBackward(region.front())))
      return failure();
    auto &found = after.emplace_back();
    for (auto [value, cotangent] : llvm::zip(captured, before)) {
      found.push_back(reverse.take(value));
      reverse.setCotangent(value, cotangent);
    }
  }

  emit.setLoc(op.getLoc());
  SmallVector<unsigned> changed;
  for (unsigned i = 0; i < captured.size(); ++i)
    if (after[0][i] != before[i] || after[1][i] != before[i])
      changed.push_back(i);
  for (auto [region, cotangents] : llvm::zip(state.regions, after)) {
    OpBuilder::InsertionGuard guard(emit);
    emit.setInsertionPointToEnd(&region->front());
    SmallVector<Value> yields;
    for (unsigned i : changed)
      reverse.append(yields, cotangents[i], captured[i].getType(),
                     activity.isSelectedOnly(captured[i]));
    ir::YieldOp::create(emit, yields);
    if (state.types.empty())
      state.addTypes(ValueRange(yields).getTypes());
  }
  Operation *emitted = emit.create(state);
  unsigned position = 0;
  for (unsigned i : changed) {
    Cotangent result{emitted->getResult(position++), nullptr};
    if (activity.isSelectedOnly(captured[i]))
      result.mask = emitted->getResult(position++);
    reverse.setCotangent(captured[i], result);
  }
  return success();
}

} // namespace descent::derivative
