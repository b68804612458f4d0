#include "compiler/batch/BatchedValues.h"

using namespace mlir;

namespace descent::batch {

BatchedValues::BatchedValues(ir::VmapOp vmap) {
  add(vmap.getBody().getArguments());
  do {
    changed = false;
    vmap.getBody().walk([&](Operation *op) { visit(op); });
  } while (changed);
}

bool BatchedValues::isUsedIn(Operation *op) const {
  return op
      ->walk([&](Operation *inner) {
        return containsAny(inner->getOperands()) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

void BatchedValues::add(Value value) {
  changed |= values.insert(value).second;
}

void BatchedValues::add(ValueRange range) {
  for (Value value : range)
    add(value);
}

void BatchedValues::addIf(bool condition, Value value) {
  if (condition)
    add(value);
}

void BatchedValues::visit(Operation *op) {
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](ir::ForOp op) { visitFor(op); })
      .Case([&](ir::WhileOp op) { visitWhile(op); })
      .Case([&](ir::IfOp op) { visitIf(op); })
      .Case([&](ir::JvpOp op) { visitJvp(op); })
      .Case([&](ir::VjpOp op) { visitVjp(op); })
      .Case([&](ir::CheckpointOp op) { visitCheckpoint(op); })
      .Default([&](Operation *op) {
        if (containsAny(op->getOperands()))
          add(op->getResults());
      });
}

void BatchedValues::visitFor(ir::ForOp op) {
  bool boundsDiffer = contains(op.getLower()) || contains(op.getUpper());
  addIf(contains(op.getLower()), op.getCounter());
  for (auto [init, carried, yielded, result] :
       llvm::zip_equal(op.getInits(), op.getCarried(), op.getYield().getValues(), op.getResults()))
    if (boundsDiffer || contains(init) || contains(yielded)) {
      add(carried);
      add(result);
    }
}

void BatchedValues::visitWhile(ir::WhileOp op) {
  bool endsDiffer = contains(op.getConditionYield().getValues().front());
  for (auto [init, tested, carried, yielded, result] :
       llvm::zip_equal(op.getInits(), op.getCondition().getArguments(), op.getBody().getArguments(),
                       op.getYield().getValues(), op.getResults()))
    if (endsDiffer || contains(init) || contains(yielded)) {
      add(tested);
      add(carried);
      add(result);
    }
}

void BatchedValues::visitIf(ir::IfOp op) {
  for (auto [onTrue, onFalse, result] : llvm::zip_equal(
           op.getThenYield().getValues(), op.getElseYield().getValues(), op.getResults()))
    addIf(contains(op.getCond()) || contains(onTrue) || contains(onFalse), result);
}

void BatchedValues::visitCheckpoint(ir::CheckpointOp op) {
  for (auto [argument, input] : llvm::zip_equal(op.getBody().getArguments(), op.getInputs()))
    addIf(contains(input), argument);
  for (auto [value, result] : llvm::zip_equal(op.getYield().getValues(), op.getResults()))
    addIf(contains(value), result);
}

// Forward: each lane has the tangents of its own point; what no lane differs in needs no copies.
void BatchedValues::visitJvp(ir::JvpOp op) {
  for (auto [argument, primal, tangent] :
       llvm::zip_equal(op.getBody().getArguments(), op.getPrimals(), op.getTangents()))
    addIf(contains(primal) || contains(tangent), argument);
  auto yielded = cast<ir::YieldOp>(op.getBody().front().getTerminator()).getValues();
  size_t next = yielded.size();
  for (auto [i, value] : llvm::enumerate(yielded)) {
    addIf(contains(value), op.getResult(i));
    if (isa<FloatType>(cast<RankedTensorType>(value.getType()).getElementType()))
      addIf(contains(value), op.getResult(next++));
  }
}

// Reverse: a primal shared by the lanes would receive the sum of their cotangents, and each lane
// must have its own. So as soon as anything differs, all primals are copied.
void BatchedValues::visitVjp(ir::VjpOp op) {
  if (!isUsedIn(op))
    return;
  add(op.getBody().getArguments());
  auto yielded = cast<ir::YieldOp>(op.getBody().front().getTerminator()).getValues();
  for (auto [i, value] : llvm::enumerate(yielded))
    addIf(i < op.getCotangents().size() || contains(value), op.getResult(i));
  add(op.getResults().drop_front(yielded.size()));
}

} // namespace descent::batch
