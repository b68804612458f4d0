// Cutting a loop over points in two.
//
//   y, g = for i iter(y, g) {            y, s = for i iter(y, s) {
//     a = f(y); r = sum(a)          ─▶     a = f(y); s[i] = sum(a); yield a, s }
//     yield a, g + r * x[i] }            g    = for i iter(g) { yield g + s[i] * x[i] }
#include "compiler/kernel/PointLoops.h"

#include <mlir/IR/IRMapping.h>
#include <mlir/Interfaces/SideEffectInterfaces.h>

using namespace mlir;

namespace descent::kernel {

bool planCut(ir::ForOp loop, const PointClasses &classes, const OtherWork &other, CutPlan &plan,
             const char *&refusal) {
  plan.carried = other.carried;
  if (!other.sums.empty() && !loop.getTripCount()) {
    refusal = "it adds up points in a number of iterations that is not known";
    return false;
  }
  Block &body = loop.getBody().front();
  SmallVector<Value> needed;
  auto need = [&](Operation *op) {
    if (!plan.operations.insert(op))
      return;
    op->walk([&](Operation *inner) { llvm::append_range(needed, inner->getOperands()); });
  };
  for (Operation *op : other.operations)
    if (!llvm::is_contained(other.sums, op))
      need(op);
  auto yielded = loop.getYield().getValues();
  for (auto [i, isOther] : llvm::enumerate(other.carried))
    if (isOther)
      needed.push_back(yielded[i]);
  while (!needed.empty()) {
    Value value = needed.pop_back_val();
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() != &body || argument.getArgNumber() == 0)
        continue;
      size_t i = argument.getArgNumber() - 1;
      if (plan.carried[i])
        continue;
      plan.carried[i] = true;
      needed.push_back(yielded[i]);
    }
    Operation *op = value.getDefiningOp();
    if (op && (op->getBlock() != &body || llvm::is_contained(other.sums, op)))
      continue;
    if (classes.popped.contains(value)) {
      refusal = "what is popped from a tape is needed for points and for sums over them";
      return false;
    }
    if (op)
      need(op);
  }
  return true;
}

namespace {

/// What is not needed after all.
void removeUnused(Block &body) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

ir::ForOp emptyLoop(OpBuilder &builder, ir::ForOp like, ArrayRef<Value> inits) {
  auto loop = ir::ForOp::create(builder, like.getLoc(), ValueRange(inits).getTypes(),
                                like.getLower(), like.getUpper(), inits);
  Block *body = new Block;
  loop.getBody().push_back(body);
  body->addArgument(like.getCounter().getType(), like.getLoc());
  for (Value init : inits)
    body->addArgument(init.getType(), like.getLoc());
  return loop;
}

Value reshaped(OpBuilder &builder, Location loc, Value value, RankedTensorType type) {
  return value.getType() == type ? value : Value(ir::ReshapeOp::create(builder, loc, type, value));
}

} // namespace

ir::ForOp cutLoop(ir::ForOp loop, const OtherWork &other, const CutPlan &plan, Points &points) {
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  Block &body = loop.getBody().front();
  auto yielded = loop.getYield().getValues();
  int64_t trips = loop.getTripCount().value_or(0);

  // Over points.
  SmallVector<Value> inits;
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    if (!other.carried[i])
      inits.push_back(init);
  size_t ownCarried = inits.size();
  SmallVector<RankedTensorType> sumTypes;
  for (Operation *sum : other.sums) {
    Type element = tensorType(sum->getResult(0)).getElementType();
    auto type = RankedTensorType::get({trips}, element);
    sumTypes.push_back(type);
    inits.push_back(ir::ConstantOp::create(
        builder, loc, SplatElementsAttr::get(type, builder.getZeroAttr(element))));
  }
  ir::ForOp first = emptyLoop(builder, loop, inits);
  IRMapping inFirst;
  inFirst.map(loop.getCounter(), first.getCounter());
  size_t next = 0;
  for (auto [i, carried] : llvm::enumerate(loop.getCarried()))
    if (!other.carried[i])
      inFirst.map(carried, first.getCarried()[next++]);
  builder.setInsertionPointToStart(&first.getBody().front());
  auto positionIn = [&](ir::ForOp in) -> Value {
    return ir::SubOp::create(builder, loc, in.getCounter(), in.getLower());
  };
  Value position = other.sums.empty() ? Value() : positionIn(first);
  SmallVector<Value> records(first.getCarried().drop_front(ownCarried));
  for (Operation &op : body.without_terminator()) {
    auto sum = llvm::find(other.sums, &op);
    if (sum == other.sums.end()) {
      if (!other.operations.contains(&op))
        builder.clone(op, inFirst);
      continue;
    }
    Operation *copy = builder.clone(op, inFirst);
    size_t number = size_t(sum - other.sums.begin());
    Type element = sumTypes[number].getElementType();
    Value one = reshaped(builder, loc, copy->getResult(0), RankedTensorType::get({1}, element));
    Value &record = records[number];
    points.records.insert(record);
    record = ir::UpdateOp::create(builder, loc, record.getType(), record, one, position);
    points.skipped.insert(record.getDefiningOp());
    if (one.getDefiningOp() != copy)
      points.skipped.insert(one.getDefiningOp());
    PointSum made;
    made.reduction = copy;
    made.position = position;
    made.entries = trips;
    made.result = first.getResults()[ownCarried + number];
    points.records.insert(made.result);
    points.sums.push_back(made);
  }
  SmallVector<Value> results;
  for (auto [i, value] : llvm::enumerate(yielded))
    if (!other.carried[i])
      results.push_back(inFirst.lookupOrDefault(value));
  results.append(records);
  ir::YieldOp::create(builder, loc, results);
  removeUnused(first.getBody().front());

  // The rest.
  builder.setInsertionPointAfter(loop);
  inits.clear();
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    if (plan.carried[i])
      inits.push_back(init);
  ir::ForOp second = emptyLoop(builder, loop, inits);
  IRMapping inSecond;
  inSecond.map(loop.getCounter(), second.getCounter());
  next = 0;
  for (auto [i, carried] : llvm::enumerate(loop.getCarried()))
    if (plan.carried[i])
      inSecond.map(carried, second.getCarried()[next++]);
  builder.setInsertionPointToStart(&second.getBody().front());
  position = other.sums.empty() ? Value() : positionIn(second);
  for (auto [number, sum] : llvm::enumerate(other.sums)) {
    Value one = ir::DynamicSliceOp::create(
        builder, loc, RankedTensorType::get({1}, sumTypes[number].getElementType()),
        first.getResults()[ownCarried + number], ValueRange(position),
        builder.getDenseI64ArrayAttr({1}));
    inSecond.map(sum->getResult(0), reshaped(builder, loc, one, tensorType(sum->getResult(0))));
  }
  for (Operation &op : body.without_terminator())
    if (plan.operations.contains(&op))
      builder.clone(op, inSecond);
  results.clear();
  for (auto [i, value] : llvm::enumerate(yielded))
    if (plan.carried[i])
      results.push_back(inSecond.lookupOrDefault(value));
  ir::YieldOp::create(builder, loc, results);
  removeUnused(second.getBody().front());

  size_t inThis[2] = {0, 0};
  for (auto [i, result] : llvm::enumerate(loop.getResults())) {
    size_t at[2] = {other.carried[i] ? 0 : inThis[0]++, plan.carried[i] ? inThis[1]++ : 0};
    result.replaceAllUsesWith(other.carried[i] ? second.getResults()[at[1]]
                                               : first.getResults()[at[0]]);
  }
  loop.erase();
  return first;
}

} // namespace descent::kernel
