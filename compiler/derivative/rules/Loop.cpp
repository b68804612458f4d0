// The derivative of `for` and `while`.
//
// Forward mode: a loop that carries the tangents of its active values beside them.
//
// Reverse mode: the forward run has saved the carried values of each iteration on tapes
// (Reverse.cpp). The reverse run is a `for` over as many iterations, last first. It carries the
// cotangents of the loop's carried values and of what the body captures, pops the saved values,
// runs the body again for what lies between, and pulls the cotangents back through it. What of this
// is not needed is pruned.
//
//   y = for i = 0 to n iter(x) { yield f(a, x) }
//   becomes
//   y, t = for i = 0 to n iter(x, tape) { yield f(a, x), push tape, x }
//   dx, da, _ = for k = 0 to n iter(dy, 0, t) { rest, x = pop t; yield f'x(a, x) dy, da + f'a(a, x)
//   dy, rest }
#include "compiler/derivative/rules/Structured.h"

using namespace mlir;

namespace descent::derivative {

namespace {

Region &bodyOf(Operation *loop) {
  return loop->getRegions().back();
}
ir::YieldOp yieldOf(Region &region) {
  return cast<ir::YieldOp>(region.front().getTerminator());
}

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

FailureOr<SmallVector<Flow>> findFlows(Operation *loop, Reverse &reverse) {
  const Activity &activity = reverse.activity;
  SmallVector<Flow> flows;
  Region &body = bodyOf(loop);
  for (auto [slot, carried] : llvm::enumerate(carriedIn(loop, body))) {
    Value result = loop->getResult(slot);
    if (!activity.isActive(result))
      continue;
    Cotangent atEnd = reverse.take(result);
    // An empty tape of masks would mean false: a tape that came without goes on without.
    bool masked = isTape(result.getType()) && atEnd
                      ? bool(atEnd.mask)
                      : activity.isSelectedOnly(result) || activity.isSelectedOnly(carried);
    flows.push_back(
        {carried, initsOf(loop)[slot], yieldOf(body).getValues()[slot], atEnd, masked, {}});
  }
  auto captured = reverse.activeCaptures(loop);
  if (failed(captured))
    return failure();
  for (Value value : *captured)
    flows.push_back(
        {value, nullptr, nullptr, reverse.cotangent(value), activity.isSelectedOnly(value), {}});
  return flows;
}

/// Drops the flow of a captured value to whose cotangent the reverse body has added nothing.
bool dropIfUnchanged(Flow &flow, Block &block, Reverse &reverse) {
  Value value = flow.argument.value, mask = flow.argument.mask;
  if (flow.yielded || reverse.cotangent(flow.inside) != flow.argument || !value.use_empty() ||
      (mask && !mask.use_empty()))
    return false;
  if (mask)
    block.eraseArgument(cast<BlockArgument>(mask).getArgNumber());
  block.eraseArgument(cast<BlockArgument>(value).getArgNumber());
  reverse.setCotangent(flow.inside, flow.atEnd);
  return true;
}

/// Drops the mask of a flow that is true everywhere from the start and after each iteration. `next`
/// has the cotangents after an iteration.
void dropMaskIfTrue(Flow &flow, size_t position, SmallVector<Cotangent> &next, Block &block,
                    Emitter &emit) {
  if (!flow.masked || isTape(flow.inside.getType()) || !flow.atEnd || flow.atEnd.mask ||
      !next[position] || next[position].mask)
    return;
  Value mask = flow.argument.mask;
  OpBuilder::InsertionGuard guard(emit);
  emit.setInsertionPointToStart(&block);
  Value trues = emit.trues(mask.getType());
  mask.replaceAllUsesWith(trues);
  for (Cotangent &other : next)
    if (other.mask == mask)
      other.mask = trues;
  block.eraseArgument(cast<BlockArgument>(mask).getArgNumber());
  flow.masked = false;
}

/// Emits the body of the reverse loop into an empty block and drops the flows that turn out to be
/// none. The block's arguments become the counter, cotangents and masks, then tapes; it yields
/// likewise.
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
  llvm::erase_if(flows, [&](Flow &flow) { return dropIfUnchanged(flow, block, reverse); });
  auto next = llvm::map_to_vector(flows, [&](Flow &flow) { return reverse.take(flow.inside); });
  for (auto [i, flow] : llvm::enumerate(flows))
    dropMaskIfTrue(flow, i, next, block, emit);
  SmallVector<Value> yields;
  for (auto [flow, cotangent] : llvm::zip(flows, next))
    reverse.append(yields, cotangent, flow.inside.getType(), flow.masked);
  llvm::append_range(yields, rests);
  ir::YieldOp::create(emit, yields);
  return success();
}

LogicalResult pullBackLoop(Operation *loop, Reverse &reverse) {
  Emitter &emit = reverse.emit;
  Reverse::LoopRecord record = reverse.recordOf(loop);
  auto found = findFlows(loop, reverse);
  if (failed(found))
    return failure();
  SmallVector<Flow> &flows = *found;

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
  SmallVector<Value> inits;
  for (Flow &flow : flows)
    reverse.append(inits, flow.atEnd, flow.inside.getType(), flow.masked);
  state.addOperands(inits);
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

LogicalResult pushForward(ir::ForOp op, Forward &forward) {
  return pushForwardLoop(op, forward);
}
LogicalResult pushForward(ir::WhileOp op, Forward &forward) {
  return pushForwardLoop(op, forward);
}
LogicalResult pullBack(ir::ForOp op, Reverse &reverse) {
  return pullBackLoop(op, reverse);
}
LogicalResult pullBack(ir::WhileOp op, Reverse &reverse) {
  return pullBackLoop(op, reverse);
}

} // namespace descent::derivative
