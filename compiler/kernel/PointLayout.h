// How wide blocks of points are, and what memory they need.
#pragma once

#include "compiler/kernel/Points.h"

namespace descent::kernel {

/// More iterations than anything that is counted has.
constexpr int64_t mostTrips = int64_t(1) << 40;

/// The operation of `block` that is `op` or around it; null where there is none.
mlir::Operation *ancestorIn(mlir::Block &block, mlir::Operation *op);

/// Iterations of an operation for one run of `block`.
int64_t tripsOf(mlir::Operation *op, mlir::Block &block);

/// Decides about the width, the tapes and the results of points whose members and sums are known.
void layOutBlocks(Points &points, mlir::Block &block);

} // namespace descent::kernel
