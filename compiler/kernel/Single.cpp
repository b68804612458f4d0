// Steps that are not kernels: operations with loops of their own, control flow, the runtime.
#include "compiler/kernel/Former.h"

#include <mlir/IR/Visitors.h>

using namespace mlir;

namespace descent::kernel {

namespace {

/// Whether computing `value` element by element may read `base` elsewhere than where `update` then
/// writes: the value has to be in memory before.
bool coneReads(Value value, Value base, Operation *update) {
  SmallVector<std::pair<Value, bool>> stack{{value, true}};
  for (int seen = 0; !stack.empty(); ++seen) {
    auto [at, sameIndex] = stack.pop_back_val();
    if (!isArray(at))
      continue;
    if (seen == 200 || aliasRoot(at) == base)
      return true;
    Operation *op = at.getDefiningOp();
    if (!op || !isElemental(classOf(op)))
      continue;
    if (sameIndex && takesUpdatedBox(op, update))
      continue;
    for (Value operand : op->getOperands())
      stack.push_back({operand, sameIndex && classOf(op) == OpClass::Elementwise});
  }
  return false;
}

} // namespace

bool hasHostOps(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        switch (classOf(inner)) {
        case OpClass::Effect:
        case OpClass::Check:
        case OpClass::Poll:
        case OpClass::Clock:
          return WalkResult::interrupt();
        default:
          return WalkResult::advance();
        }
      })
      .wasInterrupted();
}

bool takesUpdatedBox(Operation *op, Operation *into) {
  auto slice = dyn_cast<ir::DynamicSliceOp>(op);
  auto update = dyn_cast<ir::UpdateOp>(into);
  return slice && update && aliasRoot(slice.getX()) == aliasRoot(update.getX()) &&
         llvm::equal(slice.getStarts(), update.getStarts()) &&
         slice.getType().getShape() == tensorType(update.getUpdate()).getShape();
}

/// Everything that does not share a loop with others.
void Former::formOwnStep(Operation *op) {
  int step = newStep(op);
  addRoot(step, op);
  OpClass kind = classOf(op);
  auto elementOf = [&](unsigned operand, int loop, bool mapped) {
    Use how{.kind = UseKind::Element, .step = step, .loop = loop};
    if (mapped)
      how.map = maps.through(IndexMaps::identity, op, operand);
    use(op->getOperand(operand), how);
  };
  switch (kind) {
  case OpClass::For:
  case OpClass::While:
  case OpClass::If:
    useOperands(op, step);
    useCaptured(op, step);
    if (hasHostOps(op))
      orderHost(step);
    return;
  case OpClass::Effect:
  case OpClass::Poll:
  case OpClass::Clock:
    orderHost(step);
    break;
  case OpClass::Check: {
    orderHost(step);
    int loop = newLoop(step, tensorType(op->getOperand(0)).getShape());
    elementOf(0, loop, false);
    for (Value value : op->getOperands().drop_front())
      use(value, {.kind = UseKind::Whole, .step = step});
    return;
  }
  case OpClass::ArgSort: {
    // Two rows of numbers (of up to eight bytes), and two of positions.
    auto dim = int64_t(cast<ir::ArgSortOp>(op).getDim());
    if (options.forProcessor)
      steps[step].scratchBytes = 24 * tensorType(op->getOperand(0)).getDimSize(dim);
    [[fallthrough]];
  }
  case OpClass::ArgReduce:
  case OpClass::Scan:
    elementOf(0, newLoop(step, tensorType(op->getOperand(0)).getShape()), false);
    return;
  case OpClass::TapePush:
    use(op->getOperand(0), {.kind = UseKind::Whole, .step = step});
    elementOf(1, newLoop(step, tensorType(op->getOperand(1)).getShape()), false);
    return;
  case OpClass::Update: {
    int loop = newLoop(step, tensorType(op->getOperand(1)).getShape());
    if (coneReads(op->getOperand(1), aliasRoot(op->getOperand(0)), op))
      use(op->getOperand(1), {.kind = UseKind::Whole, .step = step});
    elementOf(1, loop, false);
    for (unsigned i = 2; i < op->getNumOperands(); ++i)
      use(op->getOperand(i), {.kind = UseKind::Whole, .step = step});
    use(op->getOperand(0), {.kind = UseKind::Must, .step = step});
    return;
  }
  case OpClass::Scatter: {
    int loop = newLoop(step, tensorType(op->getOperand(2)).getShape());
    for (unsigned i : {1, 2})
      if (coneReads(op->getOperand(i), aliasRoot(op->getOperand(0)), op))
        use(op->getOperand(i), {.kind = UseKind::Whole, .step = step});
    elementOf(1, loop, true);
    elementOf(2, loop, false);
    use(op->getOperand(0), {.kind = UseKind::Must, .step = step});
    return;
  }
  case OpClass::Fetch: {
    int loop = newLoop(step, tensorType(op->getResult(0)).getShape());
    for (unsigned i = 0; i < 2; ++i)
      use(op->getOperand(i), {.kind = UseKind::Element,
                              .viewOnly = i == 0,
                              .step = step,
                              .loop = loop,
                              .map = maps.through(IndexMaps::identity, op, i)});
    return;
  }
  case OpClass::Dot: {
    // The right operand, or a block of it, with rows of whole vectors.
    DotShape shape = dotShape(cast<ir::DotOp>(op));
    int64_t bytes = elementBytes(tensorType(op->getResult(0)).getElementType());
    int64_t row = int64_t(llvm::alignTo(uint64_t(shape.n * bytes), 64));
    steps[step].scratchBytes = std::min(shape.k * row, options.productScratchBytes);
    if (int64_t parts = partsOfTerms(cast<ir::DotOp>(op)); parts > 1)
      steps[step].scratchBytes += parts * int64_t(llvm::alignTo(byteSize(op->getResult(0)), 64));
    SmallVector<int64_t> space;
    int loop = newLoop(step, space);
    for (unsigned i = 0; i < 2; ++i)
      use(op->getOperand(i), {.kind = UseKind::Element,
                              .viewOnly = true,
                              .step = step,
                              .loop = loop,
                              .map = maps.through(IndexMaps::identity, op, i)});
    return;
  }
  case OpClass::Elementwise:
  case OpClass::View:
  case OpClass::Element:
    if (isArray(op->getResult(0))) { // a concat: one loop for each piece
      SmallVector<int> pieces;
      for (Value piece : op->getOperands())
        pieces.push_back(newLoop(step, tensorType(piece).getShape()));
      for (auto [i, loop] : llvm::enumerate(pieces))
        elementOf(unsigned(i), loop, false);
    } else {
      newLoop(step, {});
      inlineAt(op, Use{.kind = UseKind::Element, .step = step, .loop = int(loops.size()) - 1});
    }
    return;
  default:
    break;
  }
  useOperands(op, step);
}

} // namespace descent::kernel
