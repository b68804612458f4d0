// The pass: every derivative operation, innermost first, becomes what Forward or Reverse make of
// its region.
#include "compiler/derivative/Derivative.h"

#include "compiler/derivative/Blocks.h"
#include "compiler/derivative/Checkpoints.h"
#include "compiler/derivative/Forward.h"
#include "compiler/derivative/Prune.h"
#include "compiler/derivative/Reverse.h"
#include "compiler/derivative/Tapes.h"

#include <mlir/Pass/Pass.h>

using namespace mlir;

namespace descent {

namespace derivative {

namespace {

ir::YieldOp yieldOf(Operation *op) {
  return cast<ir::YieldOp>(op->getRegion(0).front().getTerminator());
}

/// Emits the values and tangents of a `jvp`, in the order of its results.
FailureOr<SmallVector<Value>> emitForward(ir::JvpOp op, Emitter &emit) {
  Block &body = op.getBody().front();
  ValueRange yielded = yieldOf(op).getValues();
  Activity activity(body.getArguments(), yielded);
  Forward forward(emit, activity);
  forward.primals.map(body.getArguments(), op.getPrimals());
  for (auto [argument, tangent] : llvm::zip(body.getArguments(), op.getTangents()))
    forward.setTangent(argument, tangent);
  if (failed(forward.run(body)))
    return failure();

  emit.setLoc(op.getLoc());
  SmallVector<Value> values = forward.primal(yielded);
  for (Value value : yielded)
    if (isDifferentiable(value.getType()))
      values.push_back(forward.tangentOrZero(value));
  return values;
}

/// Emits the values and cotangents of a `vjp`, in the order of its results.
FailureOr<SmallVector<Value>> emitReverse(ir::VjpOp op, Emitter &emit) {
  Block &body = op.getBody().front();
  ValueRange yielded = yieldOf(op).getValues();
  ValueRange differentiated = yielded.take_front(op.getCotangents().size());
  Activity activity(body.getArguments(), differentiated);
  Reverse reverse(emit, activity);
  reverse.primals.map(body.getArguments(), op.getPrimals());
  if (failed(reverse.runForward(body)))
    return failure();
  emit.setLoc(op.getLoc());
  for (auto [value, cotangent] : llvm::zip(differentiated, op.getCotangents()))
    reverse.add(value, {cotangent, nullptr});
  if (failed(reverse.runBackward(body)))
    return failure();

  emit.setLoc(op.getLoc());
  SmallVector<Value> values = reverse.primal(yielded);
  for (Value argument : body.getArguments()) {
    Cotangent cotangent = reverse.cotangent(argument);
    values.push_back(cotangent ? cotangent.value : emit.zeros(argument.getType()));
  }
  return values;
}

/// Emits a derivative operation into an empty block, which ends with the results that are used.
LogicalResult emitInto(Block &block, Operation *op) {
  Emitter emit(op->getLoc(), op->getContext());
  emit.setInsertionPointToEnd(&block);
  auto jvp = dyn_cast<ir::JvpOp>(op);
  auto values = jvp ? emitForward(jvp, emit) : emitReverse(cast<ir::VjpOp>(op), emit);
  if (failed(values))
    return failure();
  SmallVector<Value> used;
  for (auto [result, value] : llvm::zip(op->getResults(), *values))
    if (!result.use_empty())
      used.push_back(value);
  ir::YieldOp::create(emit, used);
  prune(block);
  lessenTapes(block);
  prune(block);
  return success();
}

/// Replaces a derivative operation. What is emitted stands in a block of its own until it is
/// pruned.
LogicalResult expand(Operation *op, int64_t tapeLimit) {
  Region region;
  {
    LoopSplitter splitter(op, tapeLimit);
    do {
      region.getBlocks().clear();
      if (failed(emitInto(region.emplaceBlock(), op)))
        return failure();
    } while (isa<ir::VjpOp>(op) && splitter.split(region.front()));
  }
  Block &block = region.front();
  LoopSplitter::unmark(block);

  Operation *yield = block.getTerminator();
  unsigned position = 0;
  for (Value result : op->getResults())
    if (!result.use_empty())
      result.replaceAllUsesWith(yield->getOperand(position++));
  yield->erase();
  op->getBlock()->getOperations().splice(op->getIterator(), block.getOperations());
  op->erase();
  return success();
}

} // namespace

} // namespace derivative

namespace {

struct ExpandDerivatives : PassWrapper<ExpandDerivatives, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandDerivatives)

  ExpandDerivatives() = default;
  explicit ExpandDerivatives(int64_t limit) { tapeLimit = limit; }
  ExpandDerivatives(const ExpandDerivatives &) : PassWrapper() {}

  Option<int64_t> tapeLimit{*this, "tape-limit",
                            llvm::cl::desc("the most bytes that the tapes of a loop should take"),
                            llvm::cl::init(std::numeric_limits<int64_t>::max())};

  StringRef getArgument() const final { return "expand-derivatives"; }
  StringRef getDescription() const final {
    return "Replace derivative operations by the operations that compute them";
  }
  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<ir::DescentDialect>();
  }

  void runOnOperation() final {
    SmallVector<Operation *> transforms;
    getOperation()->walk([&](Operation *op) {
      if (isa<ir::JvpOp, ir::VjpOp>(op))
        transforms.push_back(op);
    });
    for (Operation *op : transforms)
      if (failed(derivative::expand(op, tapeLimit)))
        return signalPassFailure();
    derivative::inlineCheckpoints(getOperation());
  }
};

} // namespace

std::unique_ptr<Pass> createExpandDerivativesPass() {
  return std::make_unique<ExpandDerivatives>();
}

std::unique_ptr<Pass> createExpandDerivativesPass(int64_t tapeLimit) {
  return std::make_unique<ExpandDerivatives>(tapeLimit);
}

} // namespace descent
