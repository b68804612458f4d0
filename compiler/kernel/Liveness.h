// When each array in memory is alive.
#pragma once

#include "compiler/kernel/Plan.h"

namespace descent::kernel {

/// Moments of the execution of a function: a step at position p reads at 2p and writes at 2p + 1. A
/// loop's steps lie between the loop's begin and its end.
struct Interval {
  int from, to; ///< both alive
};
/// Sorted, disjoint.
using Intervals = llvm::SmallVector<Interval, 2>;

bool overlap(llvm::ArrayRef<Interval> a, llvm::ArrayRef<Interval> b);
Intervals merged(llvm::ArrayRef<Interval> a, llvm::ArrayRef<Interval> b);

/// Numbers the steps and blocks of a plan, and finds for each array that has memory of its own when
/// that holds something needed.
///
/// An array that is only needed in the branches of an `if` is not alive in a branch that does not
/// need it, nor in the other branch after its last use there.
class Liveness {
public:
  explicit Liveness(FunctionPlan &plan);

  /// In the order of their definitions.
  llvm::ArrayRef<mlir::Value> values() const { return order; }
  llvm::ArrayRef<Interval> of(mlir::Value value) const { return intervals.find(value)->second; }
  /// The step of an operation with regions.
  const Step &stepOf(mlir::Operation *op) const { return *steps.find(op)->second; }

private:
  struct UseAt {
    mlir::Block *block;
    int time;
  };

  FunctionPlan &plan;
  int counter = 0;
  std::vector<mlir::Value> order;
  llvm::DenseMap<mlir::Value, Intervals> intervals;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<UseAt, 2>> uses;
  llvm::DenseMap<mlir::Operation *, Step *> steps;
  llvm::DenseMap<mlir::Value, std::pair<mlir::Block *, int>> defined;

  void number(mlir::Block &block);
  void collect(mlir::Block &block);
  void define(mlir::Value value, mlir::Block *block, int time);
  void use(mlir::Value value, mlir::Block *block, int time);
  void cover(mlir::Block *block, int from, llvm::ArrayRef<UseAt> uses, Intervals &out);
};

} // namespace descent::kernel
