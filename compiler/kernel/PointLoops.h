// Cutting a loop over points in two.
#pragma once

#include "compiler/kernel/PointClasses.h"
#include "compiler/kernel/Points.h"

namespace descent::kernel {

/// What a loop's other work needs of its body besides itself.
struct CutPlan {
  llvm::SetVector<mlir::Operation *> operations; ///< also the other work's own
  llvm::SmallVector<bool> carried;
};

/// Whether a loop can be cut in two: what its other work needs has to be computable without points.
bool planCut(ir::ForOp loop, const PointClasses &classes, const OtherWork &other, CutPlan &plan,
             const char *&refusal);

/// Replaces a loop by one over points, which it gives, followed by one that does the rest. The
/// sums of each iteration go from the one to the other as arrays; `points` learns of them.
ir::ForOp cutLoop(ir::ForOp loop, const OtherWork &other, const CutPlan &plan, Points &points);

} // namespace descent::kernel
