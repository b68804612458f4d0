#include "compiler/derivative/Forward.h"

#include "compiler/derivative/Rules.h"

using namespace mlir;

namespace descent::derivative {

SmallVector<Value> Forward::primal(ValueRange originals) {
  return llvm::map_to_vector(originals, [&](Value original) { return primal(original); });
}

Value Forward::tangentOrZero(Value original) {
  Value found = tangent(original);
  return found ? found : emit.zeros(original.getType());
}

void Forward::setTangent(Value original, Value tangent) {
  if (tangent && activity.isActive(original))
    tangents[original] = tangent;
}

namespace {

/// The tangent of an elementwise operation: the sum of partials times tangents.
Value elementwiseTangent(const Rule &rule, Operation *op, Forward &forward) {
  Emitter &emit = forward.emit;
  SmallVector<Value> operands = forward.primal(op->getOperands());
  Value sum;
  for (unsigned i = 0; i < rule.partials.size(); ++i) {
    Value tangent = forward.tangent(op->getOperand(i));
    if (!tangent)
      continue;
    Factor partial = partialOf(rule, op, i, emit, operands, forward.primal(op->getResult(0)));
    if (sum && partial.isNumber(-1)) {
      sum = ir::SubOp::create(emit, sum, tangent);
      continue;
    }
    Value term = partial.applyTo(emit, tangent);
    sum = sum && term ? emit.plus(sum, term) : sum ? sum : term;
  }
  return sum;
}

/// The tangent of a linear operation: the same operation on the tangent.
Value linearTangent(Operation *op, Forward &forward) {
  Value tangent = forward.tangent(op->getOperand(0));
  if (!tangent)
    return nullptr;
  Operation *copy = op->cloneWithoutRegions();
  copy->setOperand(0, tangent);
  return forward.emit.insert(copy)->getResult(0);
}

} // namespace

LogicalResult Forward::run(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(runOne(&op)))
      return failure();
  return success();
}

LogicalResult Forward::runOne(Operation *op) {
  if (!activity.isActive(op)) {
    emit.clone(*op, primals);
    return success();
  }
  const Rule *rule = ruleOf(op);
  if (!rule)
    return op->emitError("not supported yet: the derivative of '") << op->getName() << "'";
  emit.setLoc(op->getLoc());
  if (!rule->hasRegions)
    emit.clone(*op, primals);
  if (rule->pushForward)
    return rule->pushForward(op, *this);
  setTangent(op->getResult(0),
             rule->transpose ? linearTangent(op, *this) : elementwiseTangent(*rule, op, *this));
  return success();
}

} // namespace descent::derivative
