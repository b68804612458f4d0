// The accumulators of a kernel's reductions.
#pragma once

#include "compiler/cpu/Element.h"
#include "compiler/cpu/Scalar.h"

namespace descent::cpu {

/// A loop counter for each dimension of a nest's space.
using Counters = llvm::SmallVector<llvm::Value *, 4>;

/// A reduction by a nest. Where its dimensions are the innermost loops it accumulates in a
/// register, in the order that LLVM's vectoriser chooses (`reassoc`). Any other accumulates in
/// memory, one row of its result at a time, which vectorises along the dimensions that are kept.
class Reduction {
public:
  /// `sizes`: of the nest's loops; one for all where it is `linear`.
  Reduction(FunctionEmission &f, mlir::Operation *op, llvm::ArrayRef<int64_t> sizes, bool linear);

  mlir::Operation *operation() const { return op; }
  mlir::Value value() const { return result; }
  mlir::Type type() const { return element; }
  Combiner combiner() const { return how; }
  bool isInRegister() const { return inRegister; }
  /// Loops outside the reduced ones.
  size_t level() const { return outside; }

  /// Sums of floats along a long innermost loop are made of partial sums.
  bool sumsFloats() const { return how == Combiner::Sum && mlir::isa<mlir::FloatType>(element); }

  /// Where it accumulates in memory: the address of its result's first element, and the place for
  /// telling accesses apart. Set for each chunk that has a place of its own.
  llvm::Value *base = nullptr;
  kernel::Place place;

  /// Begins an accumulation in a register for each of some iterations side by side.
  void begin(size_t lanes, bool inDouble);
  /// Begins an accumulation for each of some iterations that are the innermost loop: in a small
  /// array, which ends up in registers. `lane` is then a value.
  void beginAcross(int64_t lanes);
  void addAcross(llvm::Value *lane, llvm::Value *value);
  llvm::Value *totalAcross(llvm::Value *lane);
  /// Begins a partial sum in each register, and adds it up.
  void beginPartial();
  void finishPartial();
  /// What the register of a lane holds.
  llvm::Value *total(size_t lane);
  /// Adds to the register of a lane.
  void add(size_t lane, llvm::Value *value);
  /// Adds to an element in memory.
  void addAt(llvm::Value *address, const kernel::Place &where, llvm::Value *value);
  /// Stores an element.
  void store(llvm::Value *address, const kernel::Place &where, llvm::Value *value);

  llvm::Value *combined(llvm::Value *a, llvm::Value *b);
  llvm::Constant *neutral() { return neutralOf(f.context(), how, element); }
  bool keeps(int dim) const { return llvm::is_contained(kept, dim); }
  /// The index in the result at which an index of the loops accumulates.
  Counters resultDims(llvm::ArrayRef<llvm::Value *> counters);
  void fillWithNeutral();

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  mlir::Operation *op;
  mlir::Value result;
  mlir::Type element;
  Combiner how;
  llvm::SmallVector<int, 4> kept; ///< for each dimension of the result: that of the loops, or -1
  bool inRegister = true;
  size_t outside = 0;
  llvm::SmallVector<llvm::AllocaInst *, 4> registers, partials;
  llvm::AllocaInst *array = nullptr;

  llvm::Value *laneAddress(llvm::Value *lane);
};

} // namespace descent::cpu
