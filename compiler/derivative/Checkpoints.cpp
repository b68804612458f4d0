// Checkpoints after differentiation: the first run is plain code; a second run stays apart from it,
// or the two would be merged and what they compute be kept.
//
//   %r = descent.checkpoint again(%x) : (tensor<f32>) { ^bb0(%a: tensor<f32>): …  descent.yield %b
//   } becomes, before kernels are formed, %r = descent.if %true { … descent.yield %b } else {
//   descent.yield %zero }
#include "compiler/derivative/Checkpoints.h"

#include "compiler/derivative/Derivative.h"
#include "compiler/derivative/Emitter.h"

#include <mlir/Pass/Pass.h>

using namespace mlir;

namespace descent {

namespace derivative {

namespace {

SmallVector<ir::CheckpointOp> checkpointsIn(Operation *within) {
  SmallVector<ir::CheckpointOp> found;
  within->walk([&](ir::CheckpointOp op) { found.push_back(op); });
  return found;
}

/// The block of a checkpoint with its inputs in place of its arguments.
Block &openedBlock(ir::CheckpointOp op) {
  Block &block = op.getBody().front();
  for (auto [argument, input] : llvm::zip_equal(block.getArguments(), op.getInputs()))
    argument.replaceAllUsesWith(input);
  block.eraseArguments(0, block.getNumArguments());
  return block;
}

void inlineInto(ir::CheckpointOp op) {
  Block &block = openedBlock(op);
  Operation *yield = block.getTerminator();
  op->replaceAllUsesWith(yield->getOperands());
  yield->erase();
  op->getBlock()->getOperations().splice(op->getIterator(), block.getOperations());
  op->erase();
}

/// A branch that is always taken: its block is a list of steps of its own, and starts when what it
/// needs is there, among it the cotangents.
void makeBranch(ir::CheckpointOp op) {
  Emitter emit(op.getLoc(), op);
  auto branch = ir::IfOp::create(emit, op.getResultTypes(),
                                 emit.trues(RankedTensorType::get({}, emit.getI1Type())));
  openedBlock(op);
  branch.getThenRegion().takeBody(op.getBody());
  emit.createBlock(&branch.getElseRegion());
  SmallVector<Value> zeros;
  for (Type type : op.getResultTypes())
    zeros.push_back(emit.zeros(type));
  ir::YieldOp::create(emit, zeros);
  op->replaceAllUsesWith(branch.getResults());
  op->erase();
}

struct LowerCheckpoints : PassWrapper<LowerCheckpoints, OperationPass<>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerCheckpoints)

  StringRef getArgument() const final { return "lower-checkpoints"; }
  StringRef getDescription() const final {
    return "Replace checkpoints that run again by branches that are always taken";
  }

  void runOnOperation() final {
    for (ir::CheckpointOp op : checkpointsIn(getOperation()))
      makeBranch(op);
  }
};

} // namespace

void inlineCheckpoints(Operation *within) {
  for (ir::CheckpointOp op : checkpointsIn(within))
    if (!op.getAgain())
      inlineInto(op);
}

} // namespace derivative

std::unique_ptr<Pass> createLowerCheckpointsPass() {
  return std::make_unique<derivative::LowerCheckpoints>();
}

} // namespace descent
