// The derivative of `checkpoint`.
//
// Forward mode: a checkpoint that yields the tangents too.
//
// Reverse mode: nothing that the checkpoint computed is used. A second checkpoint takes the same
// inputs and the cotangents of the results, runs the region again and pulls the cotangents back
// through it. It also takes the cotangents that its inputs have so far and adds to them inside, so
// that the sums have the order they would have without a checkpoint, and the same bits.
//
//   y = checkpoint(x) { yield f(x) }
//   becomes
//   y  = checkpoint(x) { yield f(x) }
//   dx = checkpoint again(x, dy, dx0) { yield dx0 + f'(x) dy }
#include "compiler/derivative/rules/Structured.h"

using namespace mlir;

namespace descent::derivative {

LogicalResult pushForward(ir::CheckpointOp op, Forward &forward) {
  Emitter &emit = forward.emit;
  Location location = op.getLoc();
  OperationState state(location, op->getName());
  state.addOperands(forward.primal(op.getInputs()));
  Block &block = state.addRegion()->emplaceBlock();
  auto arguments = op.getBody().getArguments();
  for (BlockArgument argument : arguments)
    forward.primals.map(argument, block.addArgument(argument.getType(), location));
  for (auto [argument, input] : llvm::zip_equal(arguments, op.getInputs()))
    if (Value tangent = forward.tangent(input); tangent && forward.activity.isActive(argument)) {
      state.addOperands(tangent);
      forward.setTangent(argument, block.addArgument(tangent.getType(), location));
    }

  SmallVector<std::pair<Value, unsigned>> tangents;
  {
    OpBuilder::InsertionGuard guard(emit);
    emit.setInsertionPointToEnd(&block);
    if (failed(forward.run(op.getBody().front())))
      return failure();
    emit.setLoc(location);
    SmallVector<Value> values = forward.primal(op.getYield().getValues());
    for (auto [result, yielded] : llvm::zip_equal(op.getResults(), op.getYield().getValues()))
      if (Value tangent = forward.tangent(yielded); tangent && forward.activity.isActive(result)) {
        tangents.push_back({result, unsigned(values.size())});
        values.push_back(tangent);
      }
    ir::YieldOp::create(emit, values);
    state.addTypes(ValueRange(values).getTypes());
  }
  auto emitted = cast<ir::CheckpointOp>(emit.create(state));
  emitted.setAgain(op.getAgain());
  forward.primals.map(op.getResults(), emitted->getResults().take_front(op.getNumResults()));
  for (auto [result, position] : tangents)
    forward.setTangent(result, emitted->getResult(position));
  return success();
}

namespace {

/// An input whose cotangent the second checkpoint adds to.
struct Target {
  Value input, argument;
  Cotangent before; ///< inside
  Cotangent after;
};

/// The second checkpoint under construction.
class Repetition {
public:
  Repetition(ir::CheckpointOp op, Reverse &reverse)
      : op(op), reverse(reverse), state(op.getLoc(), op->getName()),
        block(state.addRegion()->emplaceBlock()) {}

  LogicalResult emit() {
    auto unrepeatable = findUnrepeatable(op.getBody().front());
    if (failed(unrepeatable))
      return failure();
    if (!unrepeatable->ops.empty())
      return op.emitError("not supported yet: the derivative of 'descent.checkpoint' around what "
                          "differs when it runs again");
    state.addOperands(reverse.primal(op.getInputs()));
    for (BlockArgument argument : op.getBody().getArguments())
      reverse.primals.map(argument, block.addArgument(argument.getType(), op.getLoc()));
    SmallVector<Cotangent> incoming;
    for (Value result : op.getResults())
      incoming.push_back(takeInside(reverse.take(result)));
    findTargets();
    if (failed(emitBody(incoming)))
      return failure();
    place();
    return success();
  }

private:
  ir::CheckpointOp op;
  Reverse &reverse;
  OperationState state;
  Block &block;
  SmallVector<Target> targets;

  Value takeInside(Value value) {
    if (!value)
      return nullptr;
    state.addOperands(value);
    return block.addArgument(value.getType(), op.getLoc());
  }
  Cotangent takeInside(Cotangent cotangent) {
    return {takeInside(cotangent.value), takeInside(cotangent.mask)};
  }

  void findTargets() {
    llvm::DenseSet<Value> seen;
    for (auto [input, argument] : llvm::zip_equal(op.getInputs(), op.getBody().getArguments())) {
      if (!reverse.activity.isActive(argument))
        continue;
      Target target{input, argument, {}, {}};
      if (seen.insert(input).second)
        target.before = takeInside(reverse.cotangent(input));
      targets.push_back(target);
    }
  }

  LogicalResult emitBody(ArrayRef<Cotangent> incoming) {
    Emitter &emit = reverse.emit;
    OpBuilder::InsertionGuard guard(emit);
    emit.setInsertionPointToEnd(&block);
    Block &body = op.getBody().front();
    for (Target &target : targets)
      reverse.setCotangent(target.argument, target.before);
    if (failed(reverse.runAgain(body)))
      return failure();
    emit.setLoc(op.getLoc());
    for (auto [yielded, cotangent] : llvm::zip_equal(op.getYield().getValues(), incoming))
      reverse.add(yielded, cotangent);
    if (failed(reverse.runBackward(body)))
      return failure();
    emit.setLoc(op.getLoc());
    SmallVector<Value> yields;
    for (Target &target : targets) {
      target.after = reverse.take(target.argument);
      if (target.after != target.before)
        reverse.append(yields, target.after, target.argument.getType(), bool(target.after.mask));
    }
    ir::YieldOp::create(emit, yields);
    state.addTypes(ValueRange(yields).getTypes());
    return success();
  }

  void place() {
    auto emitted = cast<ir::CheckpointOp>(reverse.emit.create(state));
    emitted.setAgain(true);
    unsigned position = 0;
    llvm::DenseSet<Value> seen;
    for (Target &target : targets) {
      bool isFirst = seen.insert(target.input).second;
      if (target.after == target.before)
        continue;
      Cotangent result{emitted.getResult(position++), nullptr};
      if (target.after.mask)
        result.mask = emitted.getResult(position++);
      // What came in is a part of it.
      if (isFirst)
        reverse.setCotangent(target.input, {});
      reverse.add(target.input, result);
    }
  }
};

} // namespace

LogicalResult pullBack(ir::CheckpointOp op, Reverse &reverse) {
  return Repetition(op, reverse).emit();
}

} // namespace descent::derivative
