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
  Block &body = loop.getBody().front();
  SmallVector<Value> needed;
  auto need = [&](Operation *op) {
    if (!plan.operations.insert(op))
      return;
    op->walk([&](Operation *inner) { llvm::append_range(needed, inner->getOperands()); });
  };
  for (Operation *op : other.operations)
    if (op->getNumResults() != 1 || !llvm::is_contained(other.sums, op->getResult(0)))
      need(op);
  auto yielded = loop.getYield().getValues();
  for (auto [i, isOther] : llvm::enumerate(other.carried))
    if (isOther)
      needed.push_back(yielded[i]);
  while (!needed.empty()) {
    Value value = needed.pop_back_val();
    auto argument = dyn_cast<BlockArgument>(value);
    Operation *op = value.getDefiningOp();
    bool inBody = argument ? argument.getOwner() == &body && argument.getArgNumber() > 0
                           : op->getBlock() == &body;
    if (!inBody || llvm::is_contained(other.sums, value))
      continue;
    if (classes.popped.contains(value) && classes.of(value) == PointClass::Uniform) {
      plan.numbers.insert(value);
      continue;
    }
    if (!argument) {
      // Loops that are still to be cut are looked at by themselves.
      if (!llvm::is_contained(other.mixed, dyn_cast<ir::ForOp>(op)))
        need(op);
      continue;
    }
    size_t i = argument.getArgNumber() - 1;
    if (plan.carried[i])
      continue;
    plan.carried[i] = true;
    needed.push_back(yielded[i]);
  }
  for (Operation *op : plan.operations)
    for (Value result : op->getResults())
      if (isTape(result) && classes.of(result) == PointClass::Tape) {
        refusal = "what it adds up depends on points in another way";
        return false;
      }
  bool leaves = !other.sums.empty() || !plan.numbers.empty();
  for (ir::ForOp inner : other.mixed) {
    leaves = true;
    if (!inner.getTripCount()) {
      refusal = "it adds up points in a number of iterations that is not known";
      return false;
    }
  }
  if (leaves && !loop.getTripCount()) {
    refusal = "it adds up points in a number of iterations that is not known";
    return false;
  }
  return true;
}

namespace {

/// What is not needed after all.
void removeUnused(Block &body, PointClasses &classes) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op)) {
      classes.forget(&op);
      op.erase();
    }
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

ir::ForOp cutLoop(ir::ForOp loop, const OtherWork &other, const CutPlan &plan, Points &points,
                  PointClasses &classes) {
  OpBuilder builder(loop);
  Location loc = loop.getLoc();
  Block &body = loop.getBody().front();
  auto yielded = loop.getYield().getValues();
  int64_t trips = loop.getTripCount().value_or(0);
  SmallVector<Value> left(other.sums);
  left.append(plan.numbers.begin(), plan.numbers.end());

  // Over points.
  SmallVector<Value> inits;
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    if (!other.carried[i])
      inits.push_back(init);
  size_t ownCarried = inits.size();
  SmallVector<RankedTensorType> types;
  for (Value value : left) {
    SmallVector<int64_t> shape{trips};
    if (classes.isRecordOf(value))
      llvm::append_range(shape, tensorType(value).getShape());
    Type element = tensorType(value).getElementType();
    types.push_back(RankedTensorType::get(shape, element));
    inits.push_back(ir::ConstantOp::create(
        builder, loc, SplatElementsAttr::get(types.back(), builder.getZeroAttr(element))));
  }
  ir::ForOp first = emptyLoop(builder, loop, inits);
  Block &firstBody = first.getBody().front();

  // The rest, from copies.
  builder.setInsertionPointAfter(loop);
  inits.clear();
  for (auto [i, init] : llvm::enumerate(loop.getInits()))
    if (plan.carried[i])
      inits.push_back(init);
  ir::ForOp second = emptyLoop(builder, loop, inits);
  IRMapping inSecond;
  inSecond.map(loop.getCounter(), second.getCounter());
  size_t next = 0;
  for (auto [i, carried] : llvm::enumerate(loop.getCarried()))
    if (plan.carried[i])
      inSecond.map(carried, second.getCarried()[next++]);
  builder.setInsertionPointToStart(&second.getBody().front());
  auto positionIn = [&](ir::ForOp in) -> Value {
    return ir::SubOp::create(builder, loc, in.getCounter(), in.getLower());
  };
  Value position = positionIn(second);
  auto zeros = [&](RankedTensorType type) {
    SmallVector<Value> starts{position};
    for (int64_t i = 1; i < type.getRank(); ++i)
      starts.push_back(ir::ConstantOp::create(
          builder, loc,
          SplatElementsAttr::get(tensorType(position),
                                 builder.getZeroAttr(tensorType(position).getElementType()))));
    return starts;
  };
  auto boxOf = [](RankedTensorType type) {
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = 1;
    return type.clone(shape);
  };
  for (auto [number, value] : llvm::enumerate(left)) {
    RankedTensorType box = boxOf(types[number]);
    Value one = ir::DynamicSliceOp::create(
        builder, loc, box, first.getResults()[ownCarried + number], zeros(types[number]),
        builder.getDenseI64ArrayAttr(box.getShape()));
    inSecond.map(value, reshaped(builder, loc, one, tensorType(value)));
  }
  for (Operation &op : body.without_terminator())
    if (plan.operations.contains(&op))
      builder.clone(op, inSecond);
  SmallVector<Value> results;
  for (auto [i, value] : llvm::enumerate(yielded))
    if (plan.carried[i])
      results.push_back(inSecond.lookupOrDefault(value));
  ir::YieldOp::create(builder, loc, results);
  removeUnused(second.getBody().front(), classes);

  // Over points: the operations themselves.
  loop.getCounter().replaceAllUsesWith(first.getCounter());
  next = 0;
  for (auto [i, carried] : llvm::enumerate(loop.getCarried()))
    if (!other.carried[i]) {
      Value now = first.getCarried()[next++];
      if (classes.popped.contains(carried))
        classes.popped.insert(now);
      if (classes.records.contains(carried)) {
        classes.records.insert(now);
        points.records.insert(now);
      }
      carried.replaceAllUsesWith(now);
      if (llvm::is_contained(left, carried))
        *llvm::find(left, carried) = now;
    }
  for (Operation &op : llvm::make_early_inc_range(body.without_terminator())) {
    bool isSum = op.getNumResults() == 1 && llvm::is_contained(other.sums, op.getResult(0));
    if (isSum || !other.operations.contains(&op))
      op.moveBefore(&firstBody, firstBody.end());
  }
  builder.setInsertionPointToStart(&firstBody);
  position = positionIn(first);
  builder.setInsertionPointToEnd(&firstBody);
  results.clear();
  for (auto [i, value] : llvm::enumerate(yielded))
    if (!other.carried[i])
      results.push_back(value);
  auto skip = [&](Operation *op) {
    points.skipped.insert(op);
    classes.recording.insert(op);
  };
  for (auto [number, value] : llvm::enumerate(left)) {
    Value record = first.getCarried()[ownCarried + number];
    points.records.insert(record);
    classes.records.insert(record);
    SmallVector<Value> starts = zeros(types[number]);
    Value one = reshaped(builder, loc, value, boxOf(types[number]));
    auto put = ir::UpdateOp::create(builder, loc, record.getType(), record, one, starts);
    if (one != value)
      skip(one.getDefiningOp());
    skip(put);
    results.push_back(put);
    Value result = first.getResults()[ownCarried + number];
    points.records.insert(result);
    if (classes.isRecordOf(value)) {
      // One more loop around a sum.
      for (PointSum &sum : points.sums)
        if (sum.result == value) {
          sum.positions.insert(sum.positions.begin(), {position, trips});
          sum.entries *= trips;
          sum.result = result;
        }
      continue;
    }
    PointSum made;
    if (number < other.sums.size()) {
      made.reduction = value.getDefiningOp();
      classes.recording.insert(made.reduction);
    } else {
      made.number = value;
      points.putting[put] = points.sums.size();
    }
    made.positions.push_back({position, trips});
    made.entries = trips;
    made.result = result;
    points.sums.push_back(made);
  }
  ir::YieldOp::create(builder, loc, results);

  size_t inFirst = 0, inRest = 0;
  for (auto [i, result] : llvm::enumerate(loop.getResults())) {
    Value byFirst = other.carried[i] ? Value() : first.getResults()[inFirst++];
    Value byRest = plan.carried[i] ? second.getResults()[inRest++] : Value();
    result.replaceAllUsesWith(byFirst ? byFirst : byRest);
  }
  classes.forget(loop);
  loop.erase();
  removeUnused(firstBody, classes);
  return first;
}

} // namespace descent::kernel
