// The derivative of `for` and `while`.
//
// Forward mode: a loop that carries the tangents of its active values beside them.
//
// Reverse mode: the forward run has saved the carried values of each iteration on tapes (Reverse.cpp).
// The reverse run is a `for` over as many iterations, last first. It carries the cotangents of the
// loop's carried values and of what the body captures, pops the saved values, runs the body again for
// what lies between, and pulls the cotangents back through it. What of this is not needed is pruned.
//
//   y = for i = 0 to n iter(x) { yield f(a, x) }
//   becomes
//   y, t = for i = 0 to n iter(x, tape) { yield f(a, x), push tape, x }
//   dx, da, _ = for k = 0 to n iter(dy, 0, t) { rest, x = pop t; yield f'x(a, x) dy, da + f'a(a, x) dy, rest }
#include "compiler/derivative/rules/Structured.h"

#include <mlir/Transforms/RegionUtils.h>

using namespace mlir;

namespace descent::derivative {

namespace {

Region &bodyOf(Operation *loop) { return loop->getRegions().back(); }
ir::YieldOp yieldOf(Region &region) { return cast<ir::YieldOp>(region.front().getTerminator()); }

/// The arguments of a region of a loop that are its carried values.
Block::BlockArgListType carriedIn(Operation *loop, Region &region) {
  return region.getArguments().take_back(loop->getNumResults());
}

ValueRange initsOf(Operation *loop) {
  return ValueRange(loop->getOperands()).take_back(loop->getNumResults());
}

LogicalResult pushForwardLoop(Operation *loop, Forward &forward) {
  Emitter &emit = forward.emit;
  SmallVector<unsigned> active;
  for (unsigned slot = 0; slot < loop->getNumResults(); ++slot)
    if (forward.activity.isActive(loop->getResult(slot)))
      active.push_back(slot);

  OperationState state(loop->getLoc(), loop->getName());
  state.addOperands(forward.primal(loop->getOperands()));
  state.addTypes(loop->getResultTypes());
  state.addAttributes(loop->getDiscardableAttrDictionary().getValue());
  for (unsigned slot : active) {
    state.addOperands(forward.tangentOrZero(initsOf(loop)[slot]));
    state.addTypes(loop->getResult(slot).getType());
  }

  for (Region &region : loop->getRegions()) {
    OpBuilder::InsertionGuard guard(emit);
    Region *copy = state.addRegion();
    if (&region != &bodyOf(loop)) {
      region.cloneInto(copy, forward.primals);
      for (unsigned slot : active)
        copy->front().addArgument(loop->getResult(slot).getType(), loop->getLoc());
      continue;
    }
    Block &block = copy->emplaceBlock();
    for (BlockArgument argument : region.getArguments())
      forward.primals.map(argument, block.addArgument(argument.getType(), argument.getLoc()));
    for (unsigned slot : active) {
      BlockArgument carried = carriedIn(loop, region)[slot];
      forward.setTangent(carried, block.addArgument(carried.getType(), carried.getLoc()));
    }
    emit.setInsertionPointToEnd(&block);
    if (failed(forward.run(region.front())))
      return failure();
    emit.setLoc(loop->getLoc());
    ValueRange yielded = yieldOf(region).getValues();
    SmallVector<Value> values = forward.primal(yielded);
    for (unsigned slot : active)
      values.push_back(forward.tangentOrZero(yielded[slot]));
    ir::YieldOp::create(emit, values);
  }

  Operation *emitted = emit.create(state);
  forward.primals.map(loop->getResults(), emitted->getResults().take_front(loop->getNumResults()));
  for (auto [slot, tangent] : llvm::zip(active, emitted->getResults().take_back(active.size())))
    forward.setTangent(loop->getResult(slot), tangent);
  return success();
}

/// A value whose cotangent the reverse loop carries.
struct Flow {
  Value inside;       ///< a carried argument of the body, or what the body captures
  Value init;         ///< of a carried argument
  Value yielded;      ///< of a carried argument
  Cotangent atEnd;    ///< when the reverse loop starts
  bool masked;        ///< whether its mask is carried too
  Cotangent argument; ///< in the reverse body
};

SmallVector<Flow> findFlows(Operation *loop, Reverse &reverse) {
  const Activity &activity = reverse.activity;
  SmallVector<Flow> flows;
  Region &body = bodyOf(loop);
  for (auto [slot, carried] : llvm::enumerate(carriedIn(loop, body))) {
    Value result = loop->getResult(slot);
    if (activity.isActive(result))
      flows.push_back({carried, initsOf(loop)[slot], yieldOf(body).getValues()[slot],
                       reverse.take(result),
                       activity.isSelectedOnly(result) || activity.isSelectedOnly(carried),
                       {}});
  }
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(body, body, captured);
  for (Value value : captured)
    if (activity.isActive(value))
      flows.push_back({value, nullptr, nullptr, reverse.cotangent(value),
                       activity.isSelectedOnly(value), {}});
  return flows;
}

/// Emits the body of the reverse loop into an empty block and drops the flows that turn out to be none.
/// The block's arguments become the counter, cotangents and masks, then tapes; it yields likewise.
LogicalResult emitReverseBody(Operation *loop, const Reverse::LoopRecord &record, Value last,
                              Block &block, SmallVector<Flow> &flows, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Location location = loop->getLoc();
  Region &body = bodyOf(loop);
  OpBuilder::InsertionGuard guard(emit);
  emit.setInsertionPointToEnd(&block);

  Value count = block.addArgument(last.getType(), location);
  if (isa<ir::ForOp>(loop))
    reverse.primals.map(body.getArgument(0), Value(ir::SubOp::create(emit, last, count)));
  for (Flow &flow : flows) {
    Type type = flow.inside.getType();
    flow.argument.value = block.addArgument(type, location);
    if (flow.masked)
      flow.argument.mask = block.addArgument(maskTypeOf(type), location);
    if (!flow.yielded)
      reverse.setCotangent(flow.inside, flow.argument);
  }
  SmallVector<Value> rests;
  for (auto [saved, tape] : llvm::zip(record.saved, record.tapes)) {
    auto [rest, value] = emit.pop(block.addArgument(tape.getType(), location));
    rests.push_back(rest);
    reverse.primals.map(saved, value);
  }

  if (failed(reverse.runAgain(body.front())))
    return failure();
  emit.setLoc(location);
  for (Flow &flow : flows)
    if (flow.yielded)
      reverse.add(flow.yielded, flow.argument);
  if (failed(reverse.runBackward(body.front())))
    return failure();

  emit.setLoc(location);
  llvm::erase_if(flows, [&](Flow &flow) {
    Value value = flow.argument.value, mask = flow.argument.mask;
    if (flow.yielded || reverse.cotangent(flow.inside) != flow.argument || !value.use_empty() ||
        (mask && !mask.use_empty()))
      return false;
    if (mask)
      block.eraseArgument(cast<BlockArgument>(mask).getArgNumber());
    block.eraseArgument(cast<BlockArgument>(value).getArgNumber());
    reverse.setCotangent(flow.inside, flow.atEnd);
    return true;
  });
  SmallVector<Value> yields;
  for (Flow &flow : flows) {
    Type type = flow.inside.getType();
    Cotangent next = reverse.take(flow.inside);
    yields.push_back(next ? next.value : emit.zeros(type));
    if (flow.masked)
      yields.push_back(next ? reverse.maskOrTrues(next) : emit.zeros(maskTypeOf(type)));
  }
  llvm::append_range(yields, rests);
  ir::YieldOp::create(emit, yields);
  return success();
}

LogicalResult pullBackLoop(Operation *loop, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Reverse::LoopRecord record = reverse.recordOf(loop);
  SmallVector<Flow> flows = findFlows(loop, reverse);

  Value lower, upper;
  if (auto op = dyn_cast<ir::ForOp>(loop)) {
    lower = reverse.primal(op.getLower());
    upper = reverse.primal(op.getUpper());
  } else {
    upper = record.count;
    lower = emit.zeros(upper.getType());
  }
  // The counter of the body is the last one less the steps gone back, and these start at `lower`.
  Value last = ir::SubOp::create(emit, emit.plus(lower, upper), emit.number(upper.getType(), 1));

  OperationState state(loop->getLoc(), ir::ForOp::getOperationName());
  Block &block = state.addRegion()->emplaceBlock();
  if (failed(emitReverseBody(loop, record, last, block, flows, reverse)))
    return failure();

  state.addOperands({lower, upper});
  for (Flow &flow : flows) {
    Type type = flow.inside.getType();
    state.addOperands(flow.atEnd ? flow.atEnd.value : emit.zeros(type));
    if (flow.masked)
      state.addOperands(flow.atEnd ? reverse.maskOrTrues(flow.atEnd) : emit.zeros(maskTypeOf(type)));
  }
  state.addOperands(record.tapes);
  state.addTypes(ValueRange(state.operands).drop_front(2).getTypes());
  Operation *emitted = emit.create(state);

  unsigned position = 0;
  SmallVector<Cotangent> results;
  for (Flow &flow : flows) {
    Cotangent &result = results.emplace_back();
    result.value = emitted->getResult(position++);
    if (flow.masked)
      result.mask = emitted->getResult(position++);
  }
  for (auto [flow, result] : llvm::zip(flows, results))
    if (!flow.init)
      reverse.setCotangent(flow.inside, result);
  for (auto [flow, result] : llvm::zip(flows, results))
    if (flow.init)
      reverse.add(flow.init, result);
  return success();
}

} // namespace

LogicalResult pushForward(ir::ForOp op, Forward &forward) { return pushForwardLoop(op, forward); }
LogicalResult pushForward(ir::WhileOp op, Forward &forward) { return pushForwardLoop(op, forward); }
LogicalResult pullBack(ir::ForOp op, Reverse &reverse) { return pullBackLoop(op, reverse); }
LogicalResult pullBack(ir::WhileOp op, Reverse &reverse) { return pullBackLoop(op, reverse); }

} // namespace descent::derivative
