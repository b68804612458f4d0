// How each operation is batched.
#pragma once

#include "compiler/batch/Batcher.h"

namespace descent::batch {

/// Builds the batched form of an operation and tells the batcher what stands for its results. At
/// least one operand depends on the lane, or lanes are masked.
using Rule = mlir::LogicalResult (*)(mlir::Operation *op, Batcher &batcher);

/// Applies the rule of an operation: the table of Rules.cpp. Fails with an error where there is
/// none.
mlir::LogicalResult expand(mlir::Operation *op, Batcher &batcher);

// ShapeRules.cpp
mlir::LogicalResult expandReshape(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandTranspose(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandBroadcast(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandSlice(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandPad(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandConcat(mlir::Operation *op, Batcher &batcher);

// IndexRules.cpp
mlir::LogicalResult expandDynamicSlice(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandUpdate(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandGather(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandScatter(mlir::Operation *op, Batcher &batcher);

// DotRule.cpp
mlir::LogicalResult expandDot(mlir::Operation *op, Batcher &batcher);

// LoopRules.cpp
mlir::LogicalResult expandFor(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandWhile(mlir::Operation *op, Batcher &batcher);

// ControlRules.cpp
mlir::LogicalResult expandIf(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandJvp(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandVjp(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandCheckpoint(mlir::Operation *op, Batcher &batcher);
mlir::LogicalResult expandCheck(mlir::Operation *op, Batcher &batcher);

} // namespace descent::batch
