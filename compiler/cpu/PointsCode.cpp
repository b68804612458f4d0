#include "compiler/cpu/PointsCode.h"

#include "compiler/cpu/Nest.h"

namespace descent::cpu {

using kernel::OpClass;
using kernel::tensorType;
using llvm::SmallVector;
using llvm::Value;

Value *PointsCode::newSlot(mlir::Type element, int64_t size) {
  auto *slot = f.variable(llvm::ArrayType::get(memoryType(f.context(), element), uint64_t(size)));
  slot->setAlignment(llvm::Align(64));
  return slot;
}

/// Whether an operation is no part of what runs over points.
bool PointsCode::isOutside(mlir::Operation *op) {
  mlir::Block *block = points.members.front()->getBlock();
  while (op && op->getBlock() != block)
    op = op->getParentOp();
  return !op || !points.contains(op);
}

/// Whether something beyond the current segment needs an array that it makes.
bool PointsCode::needsSlot(mlir::Value value) {
  if (kernel::numElements(value) != points.count || kernel::splatOf(value))
    return false;
  if (auto broadcast = value.getDefiningOp<ir::BroadcastOp>();
      broadcast && kernel::isRegister(broadcast.getX()))
    return false;
  mlir::Operation *op = value.getDefiningOp();
  bool beyond = false;
  for (mlir::OpOperand &use : value.getUses()) {
    mlir::Operation *user = use.getOwner();
    if (kernel::classOf(user) == OpClass::View && !mlir::isa<ir::ReshapeOp>(user))
      return false;
    if (auto gather = mlir::dyn_cast<ir::GatherOp>(user); gather && use.getOperandNumber() == 0)
      return false;
    if (user->getBlock() == op->getBlock() && handled.contains(user))
      continue;
    if (isOutside(user))
      continue;
    beyond = true;
  }
  return beyond;
}

/// Emits the operations since the last segment as one loop over the points of the block.
void PointsCode::flush() {
  auto keep = [&](mlir::Value value) {
    if (needsSlot(value))
      actions.push_back({value, Action::Kind::Slot, newSlot(elementOf(value), width)});
    if (isStored(value))
      actions.push_back({value, Action::Kind::Array});
  };
  for (mlir::Operation *op : segment)
    keep(op->getResult(0));
  for (mlir::Value value : popped)
    keep(value);
  SmallVector<Value *> parts;
  if (!actions.empty()) {
    for (Action &action : actions)
      parts.push_back(action.kind == Action::Kind::Sum ? newSlot(elementOf(action.value), width)
                                                       : nullptr);
    Nest nest(f);
    slots.lane = nest.open(width);
    Value *point = b.CreateAdd(first, slots.lane, "", true, true);
    // Arrays of different shapes have different indices.
    std::vector<std::pair<llvm::ArrayRef<int64_t>, Elements>> byShape;
    SmallVector<Value *> values;
    for (const Action &action : actions) {
      llvm::ArrayRef<int64_t> shape = tensorType(action.value).getShape();
      auto found = llvm::find_if(byShape, [&](auto &each) { return each.first == shape; });
      if (found == byShape.end()) {
        Index index;
        index.linear = point;
        byShape.emplace_back(shape, Elements(f, index, segment));
        byShape.back().second.useSlots(&slots);
        found = std::prev(byShape.end());
      }
      values.push_back(found->second.at(action.value));
    }
    for (auto [action, value, part] : llvm::zip(actions, values, parts)) {
      mlir::Type element = elementOf(action.value);
      switch (action.kind) {
      case Action::Kind::Slot:
      case Action::Kind::Copy:
        storeElement(b, element, value, f.address(element, action.to, slots.lane));
        break;
      case Action::Kind::Row:
        inTape(storeElement(b, element, value, f.address(element, action.to, slots.lane)),
               *action.tape);
        break;
      case Action::Kind::Array:
        storeResult(action.value, point, value);
        break;
      case Action::Kind::Sum:
        storeElement(b, element, value, f.address(element, part, slots.lane));
        break;
      }
    }
    nest.closeAll();
  }
  for (mlir::Value value : popped)
    slots.slots.erase(value);
  for (auto [action, part] : llvm::zip(actions, parts)) {
    if (action.kind == Action::Kind::Slot)
      slots.slots[action.value] = action.to;
    else if (action.kind == Action::Kind::Sum)
      addUp(*action.sum, action.to, part);
  }
  actions.clear();
  segment.clear();
  handled.clear();
  popped.clear();
}

void PointsCode::push(ir::TapePushOp op) {
  const kernel::PointTape &tape = *points.tapeOf(op);
  Value *count = f.registerOf(op.getTape());
  Value *row = tapeRow(tape, count);
  mlir::Value value = op.getValue();
  if (kernel::isRegister(value)) {
    inTape(storeElement(b, elementOf(value), f.registerOf(value), row), tape);
  } else {
    Action action{value, Action::Kind::Row, row};
    action.tape = &tape;
    actions.push_back(action);
    handled.insert(op);
  }
  f.setRegister(op, b.CreateAdd(count, f.number(1), "", true, true));
}

/// An empty tape gives zeros: its last row.
void PointsCode::pop(ir::TapePopOp op) {
  const kernel::PointTape &tape = *points.tapeOf(op.getRest());
  Value *count = f.registerOf(op.getTape());
  Value *less = b.CreateSub(count, f.number(1)), *number = less;
  if (tape.mayBeEmpty) {
    Value *isEmpty = b.CreateICmpEQ(count, f.number(0));
    number = b.CreateSelect(isEmpty, f.number(tape.rows), less);
    less = b.CreateSelect(isEmpty, f.number(0), less);
  }
  f.setRegister(op.getRest(), less);
  Value *row = tapeRow(tape, number);
  mlir::Value value = op.getValue();
  if (kernel::isRegister(value)) {
    Value *loaded = loadElement(b, elementOf(value), row);
    return f.setRegister(value, loaded);
  }
  slots.slots[value] = row;
  popped.push_back(value);
}

/// The entry of a sum that this iteration adds to: null where there is one only.
Value *PointsCode::entryOf(const kernel::PointSum &sum) {
  Value *entry = nullptr;
  for (auto [position, size] : sum.positions) {
    Value *number = b.CreateSExt(f.registerOf(position), b.getInt64Ty());
    entry = entry ? b.CreateAdd(b.CreateMul(entry, f.number(size), "", true, true), number, "",
                                true, true)
                  : number;
  }
  return entry;
}

void PointsCode::sum(const kernel::PointSum &sum) {
  Action action{sum.summand(), Action::Kind::Sum, entryOf(sum)};
  action.sum = &sum;
  actions.push_back(action);
  handled.insert(sum.reduction);
}

void PointsCode::operation(mlir::Operation *op) {
  if (auto number = points.putting.find(op); number != points.putting.end()) {
    const kernel::PointSum &sum = points.sums[number->second];
    leave(sum, entryOf(sum));
  }
  if (points.skipped.contains(op))
    return;
  switch (kernel::classOf(op)) {
  case OpClass::Constant:
  case OpClass::Input:
    return;
  case OpClass::Reduce:
    return sum(*points.sumOf(op));
  case OpClass::TapeCreate:
    return f.setRegister(op->getResult(0), f.number(0));
  case OpClass::TapePush:
    return push(mlir::cast<ir::TapePushOp>(op));
  case OpClass::TapePop:
    return pop(mlir::cast<ir::TapePopOp>(op));
  case OpClass::For:
    return loop(mlir::cast<ir::ForOp>(op));
  default:
    break;
  }
  if (kernel::isArray(op->getResult(0))) {
    segment.push_back(op);
    handled.insert(op);
    return;
  }
  // The same for all points. Elements of what the block makes are not read here.
  f.setRegister(op->getResult(0), Elements(f, Index()).compute(op));
}

void PointsCode::loop(ir::ForOp op) {
  auto isLane = [&](mlir::Value value) { return !kernel::isTape(value) && kernel::isArray(value); };
  SmallVector<Value *> inits;
  SmallVector<std::pair<mlir::Value, Value *>> lanes; // carried, slot
  SmallVector<mlir::Value> numbers, results;
  handled.insert(op);
  for (auto [carried, init, result] : llvm::zip(op.getCarried(), op.getInits(), op.getResults())) {
    if (points.records.contains(carried))
      continue;
    if (isLane(carried)) {
      Value *slot = newSlot(elementOf(carried), width);
      actions.push_back({init, Action::Kind::Copy, slot});
      lanes.push_back({carried, slot});
    } else {
      inits.push_back(f.registerOf(init));
      numbers.push_back(carried);
      results.push_back(result);
    }
  }
  flush();
  Value *lower = f.registerOf(op.getLower()), *upper = f.registerOf(op.getUpper());
  llvm::BasicBlock *before = b.GetInsertBlock();
  llvm::BasicBlock *body = f.newBlock("steps"), *after = f.newBlock("done");
  b.CreateCondBr(b.CreateICmpSLT(lower, upper), body, after);
  b.SetInsertPoint(body);
  llvm::PHINode *counter = b.CreatePHI(lower->getType(), 2);
  counter->addIncoming(lower, before);
  f.setRegister(op.getCounter(), counter);
  SmallVector<llvm::PHINode *> phis;
  for (auto [number, init] : llvm::zip(numbers, inits)) {
    phis.push_back(b.CreatePHI(init->getType(), 2));
    phis.back()->addIncoming(init, before);
    f.setRegister(number, phis.back());
  }
  for (auto [carried, slot] : lanes)
    slots.slots[carried] = slot;
  for (mlir::Operation &inner : op.getBody().front().without_terminator())
    operation(&inner);
  handled.insert(op.getYield());
  SmallVector<Value *> next;
  size_t lane = 0;
  for (auto [carried, yielded] : llvm::zip(op.getCarried(), op.getYield().getValues())) {
    if (points.records.contains(carried))
      continue;
    if (!isLane(carried)) {
      next.push_back(f.registerOf(yielded));
      continue;
    }
    Value *slot = lanes[lane++].second;
    if (yielded != carried)
      actions.push_back({yielded, Action::Kind::Copy, slot});
  }
  flush();
  Value *more =
      b.CreateAdd(counter, llvm::ConstantInt::get(counter->getType(), 1), "", false, true);
  llvm::BasicBlock *latch = b.GetInsertBlock();
  counter->addIncoming(more, latch);
  for (auto [phi, value] : llvm::zip(phis, next))
    phi->addIncoming(value, latch);
  b.CreateCondBr(b.CreateICmpSLT(more, upper), body, after);
  b.SetInsertPoint(after);
  for (auto [phi, init, value, result] : llvm::zip(phis, inits, next, results)) {
    llvm::PHINode *end = b.CreatePHI(init->getType(), 2);
    end->addIncoming(init, before);
    end->addIncoming(value, latch);
    f.setRegister(result, end);
  }
  lane = 0;
  for (auto [carried, result] : llvm::zip(op.getCarried(), op.getResults())) {
    if (points.records.contains(carried) || !isLane(carried))
      continue;
    slots.slots[result] = lanes[lane++].second;
    if (isStored(result))
      actions.push_back({result, Action::Kind::Array});
  }
}

void PointsCode::block(Value *begin, int64_t size) {
  first = begin;
  width = size;
  slots.slots.clear();
  for (mlir::Operation *op : points.members)
    operation(op);
  flush();
  for (const kernel::PointSum &sum : points.sums)
    if (!sum.reduction && sum.positions.empty())
      leave(sum, nullptr);
}

} // namespace descent::cpu
