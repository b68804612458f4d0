// How the values of a loop over arrays depend on the points.
//
// A loop over `n` points may run for each of them by itself if the elements of its arrays depend on
// elements at the same index, on single numbers, and on what is in memory before the loop. What is
// summed up over the points may leave the loop, but not return: then the loop is cut in two, one
// over points that leaves a sum for each iteration, and one that goes on from these.
#include "compiler/kernel/PointClasses.h"

#include <mlir/IR/Visitors.h>

using namespace mlir;

namespace descent::kernel {

bool PointClasses::isLaneTape(Type type) const {
  auto tape = dyn_cast<ir::TapeType>(type);
  if (!tape)
    return false;
  int64_t size = tape.getElement().getNumElements();
  return size == count || (size == 1 && numbersOnTapes);
}

PointClass PointClasses::of(Value value) const {
  auto found = known.find(value);
  if (found != known.end())
    return found->second;
  if (isTape(value))
    return value.getDefiningOp<ir::TapeCreateOp>() && isLaneTape(value.getType())
               ? PointClass::Tape
               : PointClass::Other;
  return isRegister(value) ? PointClass::Uniform : PointClass::Free;
}

size_t PointClasses::lanes() const {
  return llvm::count_if(known, [](auto &each) { return each.second == PointClass::Lane; });
}

Value PointClasses::originOf(Value tape) const {
  auto found = origins.find(tape);
  return found == origins.end() ? tape : found->second;
}

void PointClasses::forget(Operation *op) {
  auto drop = [&](Value value) {
    known.erase(value);
    origins.erase(value);
    popped.erase(value);
    records.erase(value);
  };
  op->walk([&](Operation *inner) {
    recording.erase(inner);
    for (Value result : inner->getResults())
      drop(result);
    for (Region &region : inner->getRegions())
      for (Value argument : region.getArguments())
        drop(argument);
  });
}

bool PointClasses::isRecordOf(Value value) const {
  auto loop = value.getDefiningOp<ir::ForOp>();
  return loop && records.contains(loop.getCarried()[cast<OpResult>(value).getResultNumber()]);
}

/// Whether an operation, or anything in it, needs values of single points.
bool PointClasses::usesPoints(Operation *op) const {
  return op
      ->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (PointClass kind = of(operand); kind == PointClass::Lane || kind == PointClass::Tape)
            return WalkResult::interrupt();
        return WalkResult::advance();
      })
      .wasInterrupted();
}

bool PointClasses::makeOther(Operation *op, OtherWork &other) {
  for (Value result : op->getResults())
    known[result] = PointClass::Other;
  other.operations.insert(op);
  return true;
}

bool PointClasses::classifyElements(Operation *op, OtherWork &other) {
  Value result = op->getResult(0);
  bool anyOther = false, anyLane = false, anyPopped = false, anyForeign = false;
  for (Value operand : op->getOperands()) {
    PointClass kind = of(operand);
    anyOther |= kind == PointClass::Other;
    anyLane |= kind == PointClass::Lane;
    anyForeign |= kind == PointClass::Other && operand.getDefiningOp<ir::TapePopOp>();
    anyPopped |= popped.contains(operand);
  }
  if (anyOther && anyLane)
    return refuse(anyForeign ? "its tapes come from elsewhere"
                             : "it reads back what it adds up over the points");
  if (anyOther)
    return makeOther(op, other);
  if (anyPopped)
    popped.insert(result);
  if (isRegister(result)) {
    if (anyLane)
      return refuse("it reads single elements of its arrays");
    known[result] = PointClass::Uniform;
    return true;
  }
  if (!anyLane) {
    known[result] = PointClass::Free;
    return true;
  }
  if (classOf(op) != OpClass::Elementwise && !isa<ir::ReshapeOp>(op)) {
    auto gather = dyn_cast<ir::GatherOp>(op);
    bool looksUp = gather && of(gather.getX()) != PointClass::Lane &&
                   gather.getX().getType().getRank() == 1 && gather.getBatchDims() == 0;
    if (!looksUp)
      return refuse("an element depends on others than that at its own index");
  }
  known[result] = PointClass::Lane;
  return true;
}

bool PointClasses::classifyTape(Operation *op, OtherWork &other) {
  if (isa<ir::TapeCreateOp>(op)) {
    if (!isLaneTape(op->getResult(0).getType()))
      return makeOther(op, other);
    known[op->getResult(0)] = PointClass::Tape;
    return true;
  }
  Value tape = op->getOperand(0);
  bool isOurs = of(tape) == PointClass::Tape;
  if (auto push = dyn_cast<ir::TapePushOp>(op)) {
    PointClass value = of(push.getValue());
    if (!isOurs && value == PointClass::Lane)
      return refuse("its tapes hold more than points");
    if (!isOurs || value == PointClass::Other)
      return makeOther(op, other);
    known[push] = PointClass::Tape;
    origins[push] = originOf(tape);
    return true;
  }
  if (!isOurs)
    return makeOther(op, other);
  auto pop = cast<ir::TapePopOp>(op);
  known[pop.getRest()] = PointClass::Tape;
  origins[pop.getRest()] = originOf(tape);
  known[pop.getValue()] = isRegister(pop.getValue()) ? PointClass::Uniform : PointClass::Lane;
  popped.insert(pop.getValue());
  return true;
}

bool PointClasses::classifyRegions(Operation *op, OtherWork &other) {
  auto loop = dyn_cast<ir::ForOp>(op);
  if (!usesPoints(op))
    return makeOther(op, other);
  if (!loop)
    return refuse("there is a branch or an inner loop with a condition in it");
  OtherWork inner;
  if (!classifyLoop(loop, inner))
    return false;
  if (inner.any())
    other.mixed.push_back(loop);
  for (auto [carried, result] : llvm::zip(loop.getCarried(), loop.getResults()))
    if (records.contains(carried)) {
      known[result] = PointClass::Other;
      other.sums.push_back(result);
    }
  return true;
}

bool PointClasses::classify(Operation *op, OtherWork &other) {
  if (recording.contains(op)) {
    for (Value result : op->getResults())
      known[result] = PointClass::Record;
    return true;
  }
  OpClass kind = classOf(op);
  switch (kind) {
  case OpClass::Constant:
  case OpClass::Input:
    return true;
  case OpClass::Elementwise:
  case OpClass::View:
  case OpClass::Element:
    return classifyElements(op, other);
  case OpClass::Reduce:
    if (of(op->getOperand(0)) == PointClass::Lane) {
      if (!isRegister(op->getResult(0)))
        return refuse("it adds up some of the points");
      other.sums.push_back(op->getResult(0));
    }
    return makeOther(op, other);
  case OpClass::TapeCreate:
  case OpClass::TapePush:
  case OpClass::TapePop:
    return classifyTape(op, other);
  case OpClass::For:
  case OpClass::While:
  case OpClass::If:
    return classifyRegions(op, other);
  case OpClass::Effect:
  case OpClass::Check:
  case OpClass::Poll:
  case OpClass::Clock:
    return refuse("something in it is seen from outside");
  case OpClass::Yield:
    return true;
  default:
    return usesPoints(op) ? refuse("an element depends on others than that at its own index")
                          : makeOther(op, other);
  }
}

bool PointClasses::classifyLoop(ir::ForOp loop, OtherWork &other) {
  if (of(loop.getLower()) != PointClass::Uniform || of(loop.getUpper()) != PointClass::Uniform)
    return refuse("its bounds depend on what is added up over the points");
  Block &body = loop.getBody().front();
  // What is written or read piece by piece is not an array of points, whatever its size.
  auto isTakenApart = [](Value carried) {
    return llvm::any_of(carried.getUsers(), [](Operation *user) {
      return isa<ir::UpdateOp, ir::ScatterOp, ir::DynamicSliceOp>(user);
    });
  };
  SmallVector<PointClass> guess;
  for (auto [init, carried] : llvm::zip(loop.getInits(), loop.getCarried())) {
    PointClass kind = of(init);
    if (records.contains(carried))
      kind = PointClass::Record;
    else if (kind == PointClass::Free || kind == PointClass::Lane)
      kind = isArray(carried) && numElements(carried) == count && !isTakenApart(carried)
                 ? PointClass::Lane
                 : PointClass::Other;
    guess.push_back(kind);
  }
  for (bool changed = true; changed;) {
    changed = false;
    other = {};
    known[loop.getCounter()] = PointClass::Uniform;
    for (auto [i, carried] : llvm::enumerate(loop.getCarried())) {
      known[carried] = guess[i];
      if (guess[i] == PointClass::Tape)
        origins[carried] = originOf(loop.getInits()[i]);
    }
    for (Operation &op : body)
      if (!classify(&op, other))
        return false;
    for (auto [i, yielded] : llvm::enumerate(loop.getYield().getValues())) {
      PointClass kind = of(yielded);
      bool fits = true;
      switch (guess[i]) {
      case PointClass::Uniform:
        fits = kind == PointClass::Uniform;
        break;
      case PointClass::Lane:
        fits = kind == PointClass::Lane || kind == PointClass::Free;
        break;
      case PointClass::Tape:
        fits = kind == PointClass::Tape && originOf(yielded) == originOf(loop.getInits()[i]);
        break;
      case PointClass::Record:
        break;
      default:
        if (kind == PointClass::Lane || kind == PointClass::Tape)
          return refuse("it carries points and something else by turns");
      }
      if (fits) {
        if (popped.contains(yielded) && guess[i] == PointClass::Uniform)
          changed |= popped.insert(loop.getCarried()[i]).second;
        continue;
      }
      guess[i] = PointClass::Other;
      changed = true;
    }
  }
  for (auto [i, result] : llvm::enumerate(loop.getResults())) {
    known[result] = guess[i];
    other.carried.push_back(guess[i] == PointClass::Other);
    if (guess[i] == PointClass::Tape)
      origins[result] = originOf(loop.getInits()[i]);
    if (popped.contains(loop.getCarried()[i]))
      popped.insert(result);
  }
  return true;
}

} // namespace descent::kernel
