// Batching of branches, derivatives and checks.
#include "compiler/batch/Rules.h"

#include <numeric>

using namespace mlir;

namespace descent::batch {

namespace {

Value negated(Batcher &batcher, Value truths) {
  return ir::NotOp::create(batcher.builder, batcher.location, truths);
}

/// Builds a branch in place, for the lanes that take it; gives its values, all with lanes.
FailureOr<SmallVector<Value>> buildBranch(Region &branch, Value takers, Batcher &batcher) {
  Value outer = batcher.mask;
  batcher.mask = batcher.masked(takers);
  LogicalResult built = batcher.run(branch.front());
  SmallVector<Value> values;
  if (succeeded(built))
    for (Value value : branch.front().getTerminator()->getOperands())
      values.push_back(batcher.lanes(value));
  batcher.mask = outer;
  if (failed(built))
    return failure();
  return values;
}

/// A branch that all lanes take together.
LogicalResult expandCommonIf(ir::IfOp op, Batcher &batcher) {
  OpBuilder &builder = batcher.builder;
  SmallVector<Type> types;
  for (Value result : op.getResults())
    types.push_back(batcher.typeOf(result));
  auto made = ir::IfOp::create(builder, op.getLoc(), types, batcher.get(op.getCond()));
  OpBuilder::InsertionGuard guard(builder);
  for (auto [from, to] : {std::pair(&op.getThenRegion(), &made.getThenRegion()),
                          std::pair(&op.getElseRegion(), &made.getElseRegion())}) {
    builder.createBlock(to);
    if (failed(batcher.run(from->front())))
      return failure();
    SmallVector<Value> values;
    for (auto [value, result] :
         llvm::zip_equal(from->front().getTerminator()->getOperands(), op.getResults()))
      values.push_back(batcher.getAs(batcher.isBatched(result), value));
    ir::YieldOp::create(builder, op.getLoc(), values);
  }
  batcher.set(op.getResults(), made.getResults());
  return success();
}

} // namespace

// Lanes that differ in their branch: both sides are computed for all and the results chosen by
// lane.
LogicalResult expandIf(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::IfOp>(operation);
  if (!batcher.isBatched(op.getCond()))
    return expandCommonIf(op, batcher);
  Value condition = batcher.get(op.getCond());
  auto onTrue = buildBranch(op.getThenRegion(), condition, batcher);
  if (failed(onTrue))
    return failure();
  batcher.location = op.getLoc();
  auto onFalse = buildBranch(op.getElseRegion(), negated(batcher, condition), batcher);
  if (failed(onFalse))
    return failure();
  batcher.location = op.getLoc();
  for (auto [result, a, b] : llvm::zip_equal(op.getResults(), *onTrue, *onFalse))
    batcher.set(result, batcher.selectLanes(condition, a, b));
  return success();
}

LogicalResult expandJvp(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::JvpOp>(operation);
  SmallVector<Value> primals, tangents;
  for (auto [argument, primal, tangent] :
       llvm::zip_equal(op.getBody().getArguments(), op.getPrimals(), op.getTangents())) {
    primals.push_back(batcher.getAs(batcher.isBatched(argument), primal));
    tangents.push_back(batcher.getAs(batcher.isBatched(argument), tangent));
  }
  SmallVector<Type> types;
  for (Value result : op.getResults())
    types.push_back(batcher.typeOf(result));
  auto made = ir::JvpOp::create(batcher.builder, op.getLoc(), types, primals, tangents);
  OpBuilder::InsertionGuard guard(batcher.builder);
  batcher.openBlock(made.getBody(), op.getBody().getArguments());
  if (failed(batcher.run(op.getBody().front())))
    return failure();
  Operation *yield = op.getBody().front().getTerminator();
  ir::YieldOp::create(batcher.builder, yield->getLoc(), batcher.get(yield->getOperands()));
  batcher.set(op.getResults(), made.getResults());
  return success();
}

LogicalResult expandVjp(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::VjpOp>(operation);
  SmallVector<Value> primals, cotangents;
  for (auto [argument, primal] : llvm::zip_equal(op.getBody().getArguments(), op.getPrimals()))
    primals.push_back(batcher.getAs(batcher.isBatched(argument), primal));
  // Values that are pulled back have lanes as soon as anything has.
  auto yielded = cast<ir::YieldOp>(op.getBody().front().getTerminator()).getValues();
  for (auto [i, cotangent] : llvm::enumerate(op.getCotangents()))
    cotangents.push_back(batcher.getAs(batcher.isBatched(op.getResult(i)), cotangent));
  SmallVector<Type> types;
  for (Value result : op.getResults())
    types.push_back(batcher.typeOf(result));
  auto made = ir::VjpOp::create(batcher.builder, op.getLoc(), types, primals, cotangents);
  OpBuilder::InsertionGuard guard(batcher.builder);
  batcher.openBlock(made.getBody(), op.getBody().getArguments());
  if (failed(batcher.run(op.getBody().front())))
    return failure();
  SmallVector<Value> values;
  for (auto [i, value] : llvm::enumerate(yielded))
    values.push_back(batcher.getAs(batcher.isBatched(op.getResult(i)), value));
  ir::YieldOp::create(batcher.builder, op.getLoc(), values);
  batcher.set(op.getResults(), made.getResults());
  return success();
}

// The region captures nothing: what all lanes share goes in without lanes, and which lanes are at work
// goes in too.
LogicalResult expandCheckpoint(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::CheckpointOp>(operation);
  SmallVector<Value> inputs;
  for (auto [argument, input] : llvm::zip_equal(op.getBody().getArguments(), op.getInputs()))
    inputs.push_back(batcher.getAs(batcher.isBatched(argument), input));
  Value outer = batcher.mask;
  if (outer)
    inputs.push_back(outer);
  SmallVector<Type> types;
  for (Value result : op.getResults())
    types.push_back(batcher.typeOf(result));
  auto made =
      ir::CheckpointOp::create(batcher.builder, op.getLoc(), types, inputs, op.getAgain());
  OpBuilder::InsertionGuard guard(batcher.builder);
  Block *block = batcher.openBlock(made.getBody(), op.getBody().getArguments());
  if (outer)
    batcher.mask = block->addArgument(outer.getType(), op.getLoc());
  LogicalResult built = batcher.run(op.getBody().front());
  batcher.mask = outer;
  if (failed(built))
    return failure();
  SmallVector<Value> values;
  for (auto [value, result] : llvm::zip_equal(op.getYield().getValues(), op.getResults()))
    values.push_back(batcher.getAs(batcher.isBatched(result), value));
  ir::YieldOp::create(batcher.builder, op.getLoc(), values);
  batcher.set(op.getResults(), made.getResults());
  return success();
}

// The check holds if it does in every lane at work. Its message has the values of the first in
// which it does not.
LogicalResult expandCheck(Operation *operation, Batcher &batcher) {
  auto op = cast<ir::CheckOp>(operation);
  OpBuilder &builder = batcher.builder;
  Location loc = op.getLoc();
  Value holds = batcher.get(op.getCondition());
  auto scalar = RankedTensorType::get({}, builder.getI32Type());
  Value lane = batcher.integer(0, scalar);
  if (batcher.mask || batcher.isBatched(op.getCondition())) {
    holds = batcher.lanes(op.getCondition());
    SmallVector<int64_t> inner(cast<RankedTensorType>(op.getCondition().getType()).getRank());
    std::iota(inner.begin(), inner.end(), 1);
    if (!inner.empty())
      holds = ir::ReduceAndOp::create(builder, loc, holds, inner);
    if (batcher.mask)
      holds = ir::OrOp::create(builder, loc, holds, negated(batcher, batcher.mask));
    if (batcher.batched.containsAny(op.getValues())) {
      auto numbers = RankedTensorType::get({batcher.size}, builder.getI32Type());
      lane = ir::ArgMinOp::create(builder, loc, ir::ConvertOp::create(builder, loc, numbers, holds),
                                  0);
    }
  }
  SmallVector<Value> values;
  for (Value original : op.getValues()) {
    Value value = batcher.get(original);
    if (batcher.isBatched(original)) {
      auto type = cast<RankedTensorType>(original.getType());
      SmallVector<int64_t> sizes{1};
      llvm::append_range(sizes, type.getShape());
      SmallVector<Value> starts(sizes.size(), batcher.integer(0, scalar));
      starts.front() = lane;
      value = ir::DynamicSliceOp::create(builder, loc, value, starts, sizes);
      value = ir::ReshapeOp::create(builder, loc, type, value);
    }
    values.push_back(value);
  }
  ir::CheckOp::create(builder, loc, op.getIndex(), holds, values);
  return success();
}

} // namespace descent::batch
