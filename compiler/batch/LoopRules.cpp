// Batching of loops.
#include "compiler/batch/Rules.h"

using namespace mlir;

namespace descent::batch {

namespace {

/// Sets the mask while in scope, and builds on after what is under construction at its end.
struct Scope {
  Batcher &batcher;
  Value outerMask;
  OpBuilder::InsertionGuard guard;
  Scope(Batcher &batcher, Value mask)
      : batcher(batcher), outerMask(batcher.mask), guard(batcher.builder) {
    batcher.mask = mask;
  }
  ~Scope() { batcher.mask = outerMask; }
};

/// What the loop carries first: with lanes where the carried value has.
SmallVector<Value> initsFor(Batcher &batcher, ValueRange inits, ValueRange carried) {
  SmallVector<Value> result;
  for (auto [init, value] : llvm::zip_equal(inits, carried))
    result.push_back(batcher.getAs(batcher.isBatched(value), init));
  return result;
}

Value anyLane(Batcher &batcher, Value lanes) {
  return ir::ReduceOrOp::create(batcher.builder, batcher.location, lanes, ArrayRef<int64_t>{0});
}

/// Ends a block with the values that `yield` ended the original with, as the carried values are.
void yieldAs(Batcher &batcher, ir::YieldOp yield, ValueRange carried) {
  ir::YieldOp::create(batcher.builder, yield.getLoc(),
                      initsFor(batcher, yield.getValues(), carried));
}

/// All lanes run as often: carried values that differ have a dimension of lanes.
LogicalResult expandCommonFor(ir::ForOp op, Batcher &batcher) {
  SmallVector<Value> inits = initsFor(batcher, op.getInits(), op.getCarried());
  auto loop = ir::ForOp::create(batcher.builder, op.getLoc(), ValueRange(inits).getTypes(),
                                batcher.get(op.getLower()), batcher.get(op.getUpper()), inits);
  Scope scope(batcher, batcher.mask);
  batcher.openBlock(loop.getBody(), op.getBody().getArguments());
  if (failed(batcher.run(op.getBody().front())))
    return failure();
  yieldAs(batcher, op.getYield(), op.getCarried());
  batcher.set(op.getResults(), loop.getResults());
  return success();
}

} // namespace

// Bounds that differ: the loop runs from the first to the last integer of any lane, and only lanes
// whose range the counter is in go on.
LogicalResult expandFor(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::ForOp>(operation);
  if (!batcher.isBatched(op.getLower()) && !batcher.isBatched(op.getUpper()))
    return expandCommonFor(op, batcher);
  OpBuilder &builder = batcher.builder;
  Location loc = op.getLoc();

  // Lanes count alike if they begin alike; else the loop counts from 0 and each adds its own lower
  // bound.
  bool beginAlike = !batcher.isBatched(op.getLower());
  Value lower = batcher.lanes(op.getLower()), upper = batcher.lanes(op.getUpper());
  if (batcher.mask)
    upper = ir::SelectOp::create(builder, loc, upper.getType(), batcher.mask, upper, lower);
  Value from = batcher.get(op.getLower());
  if (!beginAlike) {
    from = batcher.integer(0, op.getLower().getType());
    upper = ir::MaxOp::create(builder, loc, upper, lower);
    upper = ir::SubOp::create(builder, loc, upper, lower);
  }
  Value to = ir::ReduceMaxOp::create(builder, loc, upper, ArrayRef<int64_t>{0});

  SmallVector<Value> inits = initsFor(batcher, op.getInits(), op.getCarried());
  auto loop = ir::ForOp::create(builder, loc, ValueRange(inits).getTypes(), from, to, inits);
  Scope scope(batcher, batcher.mask);
  Block *block = builder.createBlock(&loop.getBody());
  Value counter = block->addArgument(from.getType(), op.getCounter().getLoc());
  for (Value carried : op.getCarried())
    batcher.set(carried, block->addArgument(batcher.typeOf(carried), carried.getLoc()));
  Value counters = batcher.repeat(counter);
  batcher.mask = ir::CompareOp::create(builder, loc, ir::Predicate::lt, counters, upper);
  Value active = batcher.mask;
  batcher.set(op.getCounter(),
              beginAlike ? counter : ir::AddOp::create(builder, loc, counters, lower).getResult());
  if (failed(batcher.run(op.getBody().front())))
    return failure();
  SmallVector<Value> next;
  for (auto [carried, yielded] : llvm::zip_equal(op.getCarried(), op.getYield().getValues()))
    next.push_back(batcher.selectLanes(active, batcher.lanes(yielded), batcher.get(carried)));
  ir::YieldOp::create(builder, loc, next);
  batcher.set(op.getResults(), loop.getResults());
  return success();
}

namespace {

/// A condition that no lane differs in: it stays the loop's condition, if any lane is at work at
/// all.
LogicalResult expandCommonWhile(ir::WhileOp op, Batcher &batcher) {
  OpBuilder &builder = batcher.builder;
  Value atWork = batcher.mask ? anyLane(batcher, batcher.mask) : Value();
  SmallVector<Value> inits = initsFor(batcher, op.getInits(), op.getBody().getArguments());
  auto loop = ir::WhileOp::create(builder, op.getLoc(), ValueRange(inits).getTypes(), inits);
  Scope scope(batcher, batcher.mask);
  batcher.openBlock(loop.getCondition(), op.getCondition().getArguments());
  if (failed(batcher.run(op.getCondition().front())))
    return failure();
  Value goOn = batcher.get(op.getConditionYield().getValues().front());
  if (atWork)
    goOn = ir::AndOp::create(builder, op.getLoc(), goOn, atWork);
  ir::YieldOp::create(builder, op.getLoc(), goOn);
  batcher.openBlock(loop.getBody(), op.getBody().getArguments());
  if (failed(batcher.run(op.getBody().front())))
    return failure();
  yieldAs(batcher, op.getYield(), op.getBody().getArguments());
  batcher.set(op.getResults(), loop.getResults());
  return success();
}

/// Builds the condition on carried values: which of the lanes at work go on.
FailureOr<Value> buildCondition(ir::WhileOp op, ValueRange carried, Batcher &batcher) {
  batcher.set(op.getCondition().getArguments(), carried);
  if (failed(batcher.run(op.getCondition().front())))
    return failure();
  batcher.location = op.getLoc();
  return batcher.masked(batcher.lanes(op.getConditionYield().getValues().front()));
}

} // namespace

// A condition that differs: the loop also carries which lanes go on, computed before it and again
// at the end of each run.
LogicalResult expandWhile(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::WhileOp>(operation);
  if (!batcher.isBatched(op.getConditionYield().getValues().front()))
    return expandCommonWhile(op, batcher);
  OpBuilder &builder = batcher.builder;
  Location loc = op.getLoc();
  SmallVector<Value> inits = initsFor(batcher, op.getInits(), op.getBody().getArguments());
  FailureOr<Value> first = buildCondition(op, inits, batcher);
  if (failed(first))
    return failure();
  inits.push_back(*first);
  auto loop = ir::WhileOp::create(builder, loc, ValueRange(inits).getTypes(), inits);
  Scope scope(batcher, batcher.mask);

  Block *condition = builder.createBlock(&loop.getCondition());
  for (Value init : inits)
    condition->addArgument(init.getType(), loc);
  ir::YieldOp::create(builder, loc, anyLane(batcher, condition->getArguments().back()));

  Block *body = batcher.openBlock(loop.getBody(), op.getBody().getArguments());
  Value active = body->addArgument(inits.back().getType(), loc);
  batcher.mask = active;
  if (failed(batcher.run(op.getBody().front())))
    return failure();
  batcher.location = loc;
  SmallVector<Value> next;
  for (auto [carried, yielded] :
       llvm::zip_equal(op.getBody().getArguments(), op.getYield().getValues()))
    next.push_back(batcher.selectLanes(active, batcher.lanes(yielded), batcher.get(carried)));
  FailureOr<Value> goOn = buildCondition(op, next, batcher);
  if (failed(goOn))
    return failure();
  next.push_back(*goOn);
  ir::YieldOp::create(builder, loc, next);
  batcher.set(op.getResults(), loop.getResults().drop_back());
  return success();
}

} // namespace descent::batch
