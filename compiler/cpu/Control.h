// Blocks, loops and branches of a function.
#pragma once

#include "compiler/cpu/Emission.h"

namespace descent::cpu {

/// Emits the steps of a function in order, and its control flow: numbers and tapes are carried in
/// registers, arrays lie where the plan says. What else a step is, and how arrays are copied, is
/// for those who derive from this.
class ControlFlow {
public:
  ControlFlow(FunctionEmission &f, llvm::Type *typeOfTapes)
      : f(f), b(f.b), typeOfTapes(typeOfTapes) {}
  virtual ~ControlFlow() = default;

protected:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;

  void block(mlir::Block &block);
  /// A `for`, `while` or `if`; false for any other operation.
  bool control(mlir::Operation *op);

  virtual void step(const kernel::Step &step) = 0;
  /// What the plan wants copied at the begin of a loop or the end of a region.
  virtual void copies(mlir::Operation *at) = 0;

  // For those who have to know by which way a place is reached. A loop is left where it ends its
  // iterations, or before the first one: `mayLeave` is called where that is decided before an
  // iteration.
  virtual void beginLoop() {}
  virtual void mayLeave() {}
  virtual void endIteration() {}
  virtual void endLoop() {}
  virtual void beginBranch() {}
  virtual void otherBranch() {}
  virtual void endBranch() {}

private:
  llvm::Type *typeOfTapes;

  void forLoop(ir::ForOp op);
  void whileLoop(ir::WhileOp op);
  void branch(ir::IfOp op);
  llvm::SmallVector<llvm::PHINode *> phis(mlir::ValueRange values);
  llvm::SmallVector<llvm::Value *> registersOf(mlir::ValueRange values);
};

} // namespace descent::cpu
