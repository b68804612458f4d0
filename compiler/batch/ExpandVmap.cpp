// The pass that expands every vmap of a function.
//
//   %y = descent.vmap 10 (%x) : (tensor<10x3xf32>) {
//   ^bb0(%a: tensor<3xf32>):
//     %b = descent.reduce_sum %a [0] : tensor<3xf32> to tensor<f32>
//     descent.yield %b : tensor<f32>
//   } to (tensor<10xf32>)
// becomes
//   %y = descent.reduce_sum %x [1] : tensor<10x3xf32> to tensor<10xf32>
#include "compiler/batch/Batch.h"

#include "compiler/batch/Batcher.h"

#include <mlir/Dialect/Func/IR/FuncOps.h>

using namespace mlir;

namespace descent::batch {

namespace {

LogicalResult expandVmap(ir::VmapOp vmap) {
  auto effects = vmap.walk([](ir::EffectOp effect) -> WalkResult {
    return effect.emitError("an effect cannot happen inside a vmap");
  });
  if (effects.wasInterrupted())
    return failure();
  OpBuilder builder(vmap);
  int64_t size = vmap.getSize();
  SmallVector<Value> results;
  if (size == 0) {
    // Nothing runs, and nothing is what there is of each result.
    for (Type type : vmap.getResultTypes())
      results.push_back(ir::ConstantOp::create(
          builder, vmap.getLoc(),
          DenseElementsAttr::get(cast<ShapedType>(type), ArrayRef<Attribute>())));
  } else {
    BatchedValues batched(vmap);
    Batcher batcher(builder, size, batched);
    batcher.set(vmap.getBody().getArguments(), vmap.getInputs());
    if (failed(batcher.run(vmap.getBody().front())))
      return failure();
    batcher.location = vmap.getLoc();
    for (Value value : vmap.getBody().front().getTerminator()->getOperands())
      results.push_back(batcher.lanes(value));
  }
  vmap.replaceAllUsesWith(results);
  vmap.erase();
  return success();
}

struct ExpandVmapPass : PassWrapper<ExpandVmapPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandVmapPass)

  StringRef getArgument() const final { return "expand-vmap"; }
  StringRef getDescription() const final {
    return "Replace descent.vmap by operations with one more dimension";
  }

  // Innermost first: the others then see plain operations only.
  void runOnOperation() final {
    SmallVector<ir::VmapOp> vmaps;
    getOperation().walk<WalkOrder::PostOrder>([&](ir::VmapOp vmap) { vmaps.push_back(vmap); });
    for (ir::VmapOp vmap : vmaps)
      if (failed(expandVmap(vmap)))
        return signalPassFailure();
  }
};

} // namespace

std::unique_ptr<Pass> createExpandVmapPass() {
  return std::make_unique<ExpandVmapPass>();
}

} // namespace descent::batch
