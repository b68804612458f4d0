// Which values of a vmap differ from lane to lane.
#pragma once

#include "compiler/dialect/Dialect.h"

#include <llvm/ADT/DenseSet.h>

namespace descent::batch {

/// The values inside a vmap's region that depend on the lane: what follows from its arguments,
/// through loops to a fixed point. All others are the same for every lane and stay as they are.
class BatchedValues {
public:
  explicit BatchedValues(ir::VmapOp vmap);

  bool contains(mlir::Value value) const { return values.contains(value); }
  bool containsAny(mlir::ValueRange range) const {
    return llvm::any_of(range, [&](mlir::Value value) { return contains(value); });
  }
  /// Whether an operation, or one inside it, uses a value that depends on the lane.
  bool isUsedIn(mlir::Operation *op) const;

private:
  llvm::DenseSet<mlir::Value> values;
  bool changed = false;

  void add(mlir::Value value);
  void add(mlir::ValueRange range);
  void addIf(bool condition, mlir::Value value);

  void visit(mlir::Operation *op);
  void visitFor(ir::ForOp op);
  void visitWhile(ir::WhileOp op);
  void visitIf(ir::IfOp op);
  void visitJvp(ir::JvpOp op);
  void visitVjp(ir::VjpOp op);
  void visitCheckpoint(ir::CheckpointOp op);
};

} // namespace descent::batch
