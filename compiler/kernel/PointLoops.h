// Cutting a loop over points in two.
#pragma once

#include "compiler/kernel/PointClasses.h"
#include "compiler/kernel/Points.h"

namespace descent::kernel {

/// What a loop's other work needs of its body.
struct CutPlan {
  llvm::SetVector<mlir::Operation *> operations; ///< done again, or the other work's own
  llvm::SmallVector<bool> carried;
  llvm::SetVector<mlir::Value> numbers; ///< left by the loop over points: they come from its tapes
};

/// Whether a loop can be cut in two: what its other work needs has to be computable without points.
bool planCut(ir::ForOp loop, const PointClasses &classes, const OtherWork &other, CutPlan &plan,
             const char *&refusal);

/// Replaces a loop by one over points, which it gives, followed by one that does the rest. The
/// sums of each iteration go from the one to the other as arrays; `points` and `classes` learn of
/// them. Loops inside have been cut before.
ir::ForOp cutLoop(ir::ForOp loop, const OtherWork &other, const CutPlan &plan, Points &points,
                  PointClasses &classes);

} // namespace descent::kernel
