// Loops over arrays, for each block of points by itself.
//
//   for block in points / 32
//     t[32] = …                              slots: small arrays in the frame, which LLVM turns
//     into y[32] = 0                              vectors in registers for i in 0..m the program's
//     loop
//       c = x[i]                             what is the same for all points: once
//       for lane in 0..32                    a segment: vectorised and written out
//         tape[i][lane] = y[lane]
//         y[lane] = y[lane] * t[lane] + c
//     for i in 0..m
//       for lane in 0..32
//         part[lane] = r[lane] * tape[m-1-i][lane]
//       for l in 0..8                        as many as a vector has
//         sums[i][l] += part[l] + part[l+8] + part[l+16] + part[l+24]
//
// A segment is a run of operations between the begins and ends of loops. Values go from one segment
// to the next in slots. Blocks run in chunks (kernel::Division); each chunk leaves its sums in a
// place of its own, and these are added up in order.
#include "compiler/cpu/Element.h"
#include "compiler/cpu/Nest.h"
#include "compiler/cpu/Parallel.h"
#include "compiler/cpu/Scalar.h"
#include "compiler/cpu/Steps.h"

namespace descent::cpu {

using kernel::OpClass;
using kernel::tensorType;
using llvm::SmallVector;
using llvm::Value;

namespace {

class PointsEmitter {
public:
  PointsEmitter(FunctionEmission &f, const kernel::Step &step)
      : f(f), b(f.b), step(step), points(*step.points), division(step.division) {}

  void emit();

private:
  /// What a segment does with the element of a value.
  struct Action {
    mlir::Value value;
    /// A slot to find it in from now on, or one that something else is found in.
    enum class Kind : uint8_t { Slot, Copy, Row, Array, Sum } kind;
    Value *to = nullptr;                     ///< a slot or row, or the running totals of a sum
    const kernel::PointSum *sum = nullptr;   ///< of Sum
    const kernel::PointTape *tape = nullptr; ///< of Row
  };

  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const kernel::Step &step;
  const kernel::Points &points;
  const kernel::Division &division;

  Value *scratch = nullptr; ///< of the running chunk
  Value *first = nullptr;   ///< point of the block
  int64_t width = 0;        ///< of the block
  PointSlots slots;
  SmallVector<mlir::Operation *> segment; ///< operations not yet emitted
  llvm::DenseSet<mlir::Operation *> handled;
  SmallVector<mlir::Value> popped; ///< in this segment
  SmallVector<Action> actions;

  mlir::Type elementOf(mlir::Value value) { return tensorType(value).getElementType(); }
  Value *inScratch(int64_t offset) {
    return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), scratch, uint64_t(offset));
  }
  kernel::Place placeInScratch(int64_t offset) {
    kernel::Place place;
    place.kind = kernel::Place::Kind::Row;
    place.offset = step.scratchOffset + offset;
    return place;
  }
  void tag(Value *access, const kernel::Place &place) {
    if (auto *instruction = llvm::dyn_cast<llvm::Instruction>(access))
      f.scopes.tag(instruction, place);
  }
  Value *newSlot(mlir::Type element, int64_t size);
  bool needsSlot(mlir::Value value);
  bool isOutside(mlir::Operation *op);
  bool isStored(mlir::Value value) { return llvm::is_contained(points.results, value); }

  void block(Value *number, int64_t size);
  void operation(mlir::Operation *op);
  void push(ir::TapePushOp op);
  void pop(ir::TapePopOp op);
  void loop(ir::ForOp op);
  Value *totalOf(const kernel::PointSum &sum);
  void sum(const kernel::PointSum &sum);
  void leave(const kernel::PointSum &sum);
  void flush();
  void addUp(const Action &action, Value *parts);

  Value *totals(const kernel::PointSum &sum) { return inScratch(sum.offset); }
  void beginSums();
  void leaveSums(Value *chunk);
  void combineSums(const kernel::PointSum &sum);
};

Value *PointsEmitter::newSlot(mlir::Type element, int64_t size) {
  auto *slot = f.variable(llvm::ArrayType::get(memoryType(f.context(), element), uint64_t(size)));
  slot->setAlignment(llvm::Align(64));
  return slot;
}

/// Whether an operation is no part of what runs over points.
bool PointsEmitter::isOutside(mlir::Operation *op) {
  mlir::Block *block = points.members.front()->getBlock();
  while (op && op->getBlock() != block)
    op = op->getParentOp();
  return !op || !points.contains(op);
}

/// Whether something beyond the current segment needs an array that it makes.
bool PointsEmitter::needsSlot(mlir::Value value) {
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
void PointsEmitter::flush() {
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
        tag(storeElement(b, element, value, f.address(element, action.to, slots.lane)),
            placeInScratch(action.tape->offset));
        break;
      case Action::Kind::Array:
        tag(storeElement(b, element, value, f.address(element, f.pointerTo(action.value), point)),
            f.placeOf(action.value));
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
      addUp(action, part);
  }
  actions.clear();
  segment.clear();
  handled.clear();
  popped.clear();
}

/// Adds the numbers of a block to the running totals of a sum.
void PointsEmitter::addUp(const Action &action, Value *parts) {
  mlir::Operation *op = action.sum->reduction;
  mlir::Type element = elementOf(action.value);
  Combiner how = combinerOf(op);
  kernel::Place place = placeInScratch(action.sum->offset);
  auto add = [&](int64_t count, int64_t from, int64_t to) {
    Nest nest(f);
    Value *lane = nest.open(count);
    Value *address = f.address(element, action.to, lane);
    Value *total = loadElement(b, element, address);
    tag(llvm::isa<llvm::LoadInst>(total) ? total
                                         : llvm::cast<llvm::Instruction>(total)->getOperand(0),
        place);
    for (int64_t at = from; at < to; at += points.lanes) {
      Value *number = b.CreateAdd(lane, f.number(at), "", true, true);
      Value *part = loadElement(b, element, f.address(element, parts, number));
      total = combine(f, how, element, total, part, /*reorder=*/true);
    }
    tag(storeElement(b, element, total, address), place);
    nest.closeAll();
  };
  int64_t whole = width / points.lanes * points.lanes;
  if (whole)
    add(points.lanes, 0, whole);
  if (whole < width)
    add(width - whole, whole, whole + 1);
}

void PointsEmitter::push(ir::TapePushOp op) {
  const kernel::PointTape &tape = *points.tapeOf(op);
  Value *count = f.registerOf(op.getTape());
  Value *offset = b.CreateMul(count, f.number(tape.rowBytes), "", true, true);
  Value *row = b.CreateInBoundsGEP(b.getInt8Ty(), inScratch(tape.offset), offset);
  mlir::Value value = op.getValue();
  if (kernel::isRegister(value)) {
    tag(storeElement(b, elementOf(value), f.registerOf(value), row), placeInScratch(tape.offset));
  } else {
    Action action{value, Action::Kind::Row, row};
    action.tape = &tape;
    actions.push_back(action);
    handled.insert(op);
  }
  f.setRegister(op, b.CreateAdd(count, f.number(1), "", true, true));
}

/// An empty tape gives zeros: its last row.
void PointsEmitter::pop(ir::TapePopOp op) {
  const kernel::PointTape &tape = *points.tapeOf(op.getRest());
  Value *count = f.registerOf(op.getTape());
  Value *less = b.CreateSub(count, f.number(1)), *number = less;
  if (tape.mayBeEmpty) {
    Value *isEmpty = b.CreateICmpEQ(count, f.number(0));
    number = b.CreateSelect(isEmpty, f.number(tape.rows), less);
    less = b.CreateSelect(isEmpty, f.number(0), less);
  }
  f.setRegister(op.getRest(), less);
  Value *offset = b.CreateMul(number, f.number(tape.rowBytes), "", true, true);
  Value *row = b.CreateInBoundsGEP(b.getInt8Ty(), inScratch(tape.offset), offset);
  mlir::Value value = op.getValue();
  if (kernel::isRegister(value)) {
    Value *loaded = loadElement(b, elementOf(value), row);
    return f.setRegister(value, loaded);
  }
  slots.slots[value] = row;
  popped.push_back(value);
}

/// Where a sum, or what a loop leaves of a number, is added up in this iteration.
Value *PointsEmitter::totalOf(const kernel::PointSum &sum) {
  Value *entry = nullptr;
  for (auto [position, size] : sum.positions) {
    Value *number = b.CreateSExt(f.registerOf(position), b.getInt64Ty());
    entry = entry ? b.CreateAdd(b.CreateMul(entry, f.number(size), "", true, true), number, "",
                                true, true)
                  : number;
  }
  Value *base = totals(sum);
  if (!entry)
    return base;
  int64_t lanes = sum.reduction ? points.lanes : 1;
  return f.address(elementOf(sum.summand()), base,
                   b.CreateMul(entry, f.number(lanes), "", true, true));
}

void PointsEmitter::sum(const kernel::PointSum &sum) {
  Action action{sum.summand(), Action::Kind::Sum, totalOf(sum)};
  action.sum = &sum;
  actions.push_back(action);
  handled.insert(sum.reduction);
}

/// Keeps a number that is the same for all points.
void PointsEmitter::leave(const kernel::PointSum &sum) {
  tag(storeElement(b, elementOf(sum.number), f.registerOf(sum.number), totalOf(sum)),
      placeInScratch(sum.offset));
}

void PointsEmitter::operation(mlir::Operation *op) {
  if (auto number = points.putting.find(op); number != points.putting.end()) {
    leave(points.sums[number->second]);
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

void PointsEmitter::loop(ir::ForOp op) {
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

void PointsEmitter::block(Value *begin, int64_t size) {
  first = begin;
  width = size;
  slots.slots.clear();
  for (mlir::Operation *op : points.members)
    operation(op);
  flush();
  for (const kernel::PointSum &sum : points.sums)
    if (!sum.reduction && sum.positions.empty())
      leave(sum);
}

void PointsEmitter::beginSums() {
  for (const kernel::PointSum &sum : points.sums) {
    if (!sum.reduction)
      continue;
    mlir::Type element = elementOf(sum.summand());
    forRange(f, f.number(0), f.number(sum.entries * points.lanes), [&](Value *at) {
      storeElement(b, element, neutralOf(f.context(), combinerOf(sum.reduction), element),
                   f.address(element, totals(sum), at));
    });
  }
  for (const kernel::PointTape &tape : points.tapes)
    if (tape.mayBeEmpty)
      b.CreateMemSet(inScratch(tape.offset + tape.rows * tape.rowBytes), b.getInt8(0),
                     uint64_t(tape.rowBytes), llvm::MaybeAlign());
}

/// Puts what the chunk has added up where it is the chunk's own.
void PointsEmitter::leaveSums(Value *chunk) {
  for (const kernel::PointSum &sum : points.sums) {
    mlir::Type element = elementOf(sum.summand());
    Value *offset = b.CreateMul(chunk, f.number(sum.partialBytes), "", true, true);
    Value *to = b.CreateInBoundsGEP(b.getInt8Ty(),
                                    f.pointerAt(step.scratchOffset + sum.partialOffset), offset);
    if (!sum.reduction) {
      b.CreateMemCpy(to, llvm::MaybeAlign(), totals(sum), llvm::MaybeAlign(),
                     uint64_t(sum.entries * kernel::elementBytes(element)));
      continue;
    }
    Combiner how = combinerOf(sum.reduction);
    forRange(f, f.number(0), f.number(sum.entries), [&](Value *entry) {
      llvm::AllocaInst *total = f.variable(registerType(f.context(), element));
      b.CreateStore(neutralOf(f.context(), how, element), total);
      Value *begin = b.CreateMul(entry, f.number(points.lanes), "", true, true);
      forRange(f, f.number(0), f.number(points.lanes), [&](Value *lane) {
        Value *at = b.CreateAdd(begin, lane, "", true, true);
        Value *number = loadElement(b, element, f.address(element, totals(sum), at));
        b.CreateStore(combine(f, how, element, b.CreateLoad(total->getAllocatedType(), total),
                              number, /*reorder=*/true),
                      total);
      });
      storeElement(b, element, b.CreateLoad(total->getAllocatedType(), total),
                   f.address(element, to, entry));
    });
  }
}

/// Adds up what the chunks left, in their order; sums of f32 in f64.
void PointsEmitter::combineSums(const kernel::PointSum &sum) {
  mlir::Type element = elementOf(sum.summand());
  Combiner how = sum.reduction ? combinerOf(sum.reduction) : Combiner::Sum;
  bool inDouble = sum.reduction && how == Combiner::Sum && element.isF32();
  llvm::Type *type = inDouble ? b.getDoubleTy() : memoryType(f.context(), element);
  Value *total = f.pointerAt(step.scratchOffset + sum.totalOffset);
  Value *parts = f.pointerAt(step.scratchOffset + sum.partialOffset);
  kernel::Place from = placeInScratch(sum.partialOffset), to = placeInScratch(sum.totalOffset);
  auto partAt = [&](Value *chunk, Value *entry) {
    Value *offset = b.CreateMul(chunk, f.number(sum.partialBytes), "", true, true);
    Value *base = b.CreateInBoundsGEP(b.getInt8Ty(), parts, offset);
    llvm::LoadInst *load =
        b.CreateLoad(memoryType(f.context(), element), f.address(element, base, entry));
    f.scopes.tag(load, from);
    return inDouble ? b.CreateFPExt(load, type) : static_cast<Value *>(load);
  };
  auto totalAt = [&](Value *entry) { return b.CreateInBoundsGEP(type, total, entry); };
  Value *zero = f.number(0), *entries = f.number(sum.entries);
  forRange(f, zero, entries, [&](Value *entry) {
    f.scopes.tag(b.CreateStore(partAt(zero, entry), totalAt(entry)), to);
  });
  // A number is the same in all of them.
  forRange(f, f.number(1), f.number(sum.reduction ? division.count : 1), [&](Value *chunk) {
    forRange(f, zero, entries, [&](Value *entry) {
      llvm::LoadInst *before = b.CreateLoad(type, totalAt(entry));
      f.scopes.tag(before, to);
      Value *part = partAt(chunk, entry);
      Value *both = inDouble ? b.CreateFAdd(before, part)
                             : combine(f, how, element, before, part, /*reorder=*/false);
      f.scopes.tag(b.CreateStore(both, totalAt(entry)), to);
    });
  });
  auto result = [&](Value *entry) -> Value * {
    Value *sum = b.CreateLoad(type, totalAt(entry));
    if (inDouble)
      return b.CreateFPTrunc(sum, b.getFloatTy());
    return element.isInteger(1) ? b.CreateTrunc(sum, b.getInt1Ty()) : sum;
  };
  if (kernel::isRegister(sum.result))
    return f.setRegister(sum.result, result(zero));
  Value *at = f.pointerTo(sum.result);
  forRange(f, zero, entries, [&](Value *entry) {
    storeElement(b, element, result(entry), f.address(element, at, entry));
  });
}

void PointsEmitter::emit() {
  f.scopes.reset();
  int64_t whole = points.count / points.width, left = points.count % points.width;
  emitChunks(f, division, step.scratchOffset, [&](const Chunk &each) {
    scratch = each.lane;
    beginSums();
    if (whole)
      forRange(f, each.begin, each.end, [&](Value *number) {
        block(b.CreateMul(number, f.number(points.width), "", true, true), points.width);
      });
    if (left) {
      llvm::BasicBlock *rest = f.newBlock("rest"), *after = f.newBlock();
      b.CreateCondBr(b.CreateICmpEQ(each.number, f.number(division.count - 1)), rest, after);
      b.SetInsertPoint(rest);
      block(f.number(whole * points.width), left);
      b.CreateBr(after);
      b.SetInsertPoint(after);
    }
    leaveSums(each.number);
  });
  for (const kernel::PointSum &sum : points.sums)
    combineSums(sum);
  f.scopes.apply();
}

} // namespace

void emitPoints(FunctionEmission &f, const kernel::Step &step) {
  PointsEmitter(f, step).emit();
}

} // namespace descent::cpu
