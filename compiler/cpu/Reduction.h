// The accumulators of a kernel's reductions.
#pragma once

#include "compiler/cpu/Element.h"
#include "compiler/cpu/Scalar.h"

namespace descent::cpu {

/// A loop counter for each dimension of a nest's space.
using Counters = llvm::SmallVector<llvm::Value *, 4>;

/// What one index gives to a reduction: a value and, where the position of the extremum is wanted,
/// the index along the reduced dimension.
struct Candidate {
  llvm::Value *value = nullptr, *position = nullptr;
};

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
  /// Of what is combined.
  mlir::Type sourceType() const { return source; }
  Combiner combiner() const { return how; }
  bool isInRegister() const { return inRegister; }
  /// Whether the position of an extremum is wanted. Then a position is carried beside each value;
  /// of equal ones the first counts, and of nans.
  bool isPosition() const { return dim >= 0; }
  Candidate candidate(llvm::Value *value, llvm::ArrayRef<llvm::Value *> counters);
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
  /// array, which ends up in registers. `lane` is then a value. Of each lane there are `copies`, so
  /// that one need not wait for the other.
  void beginAcross(int64_t lanes, int copies);
  void addAcross(llvm::Value *lane, int copy, Candidate candidate);
  llvm::Value *totalAcross(llvm::Value *lane);
  /// Begins an accumulation for each lane of its own, over all shared loops: for each element of
  /// the result a row of lanes, which vectorises.
  void beginLanes(int64_t lanes);
  void addToLane(llvm::Value *lane, llvm::ArrayRef<llvm::Value *> counters, llvm::Value *value);
  /// Adds up the lanes: into the register of lane 0, or to the result in memory.
  void finishLanes();
  /// Combines all lanes, a power of two, of the one copy: the register of lane 0 then holds it.
  void foldLanes();
  /// Begins a partial sum in each register, and adds it up.
  void beginPartial();
  void finishPartial();
  /// What the register of a lane holds.
  llvm::Value *total(size_t lane);
  /// Adds to the register of a lane.
  void add(size_t lane, Candidate candidate);
  /// Stores what the register of lane 0 holds as a part of the result, and loads such a part.
  void storeSlot(llvm::Value *slot);
  Candidate loadSlot(llvm::Value *slot);
  /// Adds to an element in memory.
  void addAt(llvm::Value *address, const kernel::Place &where, llvm::Value *value);
  /// Stores an element.
  void store(llvm::Value *address, const kernel::Place &where, llvm::Value *value);

  llvm::Value *combined(llvm::Value *a, llvm::Value *b);
  /// Adds a later candidate: of equal ones the known one stays.
  Candidate after(Candidate known, Candidate later);
  /// Of two candidates, in any order.
  Candidate chosen(Candidate a, Candidate b);
  llvm::Constant *neutral() { return neutralOf(f.context(), how, source); }
  bool keeps(int dim) const { return llvm::is_contained(kept, dim); }
  /// The index in the result at which an index of the loops accumulates.
  Counters resultDims(llvm::ArrayRef<llvm::Value *> counters);
  void fillWithNeutral();

private:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  mlir::Operation *op;
  mlir::Value result;
  mlir::Type element; ///< of the result
  mlir::Type source;  ///< of what is combined
  Combiner how;
  int dim = -1;                   ///< along which a position is wanted
  llvm::SmallVector<int, 4> kept; ///< for each dimension of the result: that of the loops, or -1
  bool inRegister = true;
  size_t outside = 0;
  /// A place for a value and one for its position.
  struct Cell {
    llvm::Value *value = nullptr, *position = nullptr;
  };
  llvm::SmallVector<Cell, 4> registers;
  llvm::SmallVector<llvm::AllocaInst *, 4> partials;
  llvm::SmallVector<Cell, 4> arrays; ///< of all lanes, for each copy
  int64_t arrayLanes = 0;

  llvm::Type *valueType() { return registerType(f.context(), source); }
  Cell newCell(int64_t lanes);
  Cell laneOf(const Cell &array, llvm::Value *lane);
  Candidate load(const Cell &cell);
  void put(const Cell &cell, Candidate candidate);
  void clear(const Cell &cell);
  llvm::Value *isBetter(llvm::Value *value, llvm::Value *than);
};

/// What the index `counters` of the loops adds to a reduction.
Candidate contribution(FunctionEmission &f, Elements &elements, Reduction &reduction,
                       llvm::ArrayRef<llvm::Value *> counters);

} // namespace descent::cpu
