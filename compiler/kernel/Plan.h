// What the code generator is told: the steps of each block in order, and where each value lives.
#pragma once

#include "compiler/kernel/Classify.h"
#include "compiler/kernel/IndexMaps.h"

#include <deque>
#include <vector>

namespace descent::kernel {

/// A value in memory that a step reads.
struct Read {
  mlir::Value value;
  /// Only the element at the loop's own index is read, before that element of the outputs is written.
  bool pointwise = false;
};

/// One loop nest over `space`, row-major. Elements of the outputs and of reductions' operands are
/// computed at each index; what they need of operations that are not in memory is computed there too.
struct Loop {
  llvm::SmallVector<int64_t, 4> space;
  /// All that is read is read at the loop's own index, so the nest can be one loop over all elements.
  bool linear = true;
  /// Operations in the body, and elements of memory read and written by one run of it.
  int operations = 0;
};

/// A unit of execution: a kernel (one loop with several outputs), one operation that has loops of its
/// own, a computation on registers, or a piece of control flow.
struct Step {
  /// The operations whose results it makes, in program order. All but kernels have one.
  llvm::SmallVector<mlir::Operation *, 2> roots;
  llvm::SmallVector<Loop, 1> loops;
  llvm::SmallVector<Read, 4> reads;
  /// Positions of this step's begin and end in the order of execution of the function.
  int begin = 0, end = 0;
  bool isKernel = false;
  /// Working memory, and where it is in the arena.
  int64_t scratchBytes = 0, scratchOffset = 0;
};

struct BlockPlan {
  std::vector<Step> steps;
  int begin = 0, end = 0;
};

/// Where an array is.
struct Place {
  enum class Kind : uint8_t {
    Inline, ///< nowhere: computed where it is used
    Arena,  ///< `offset` bytes into the arena
    Input,  ///< the caller's input `index`
    Argument,
    Result, ///< the caller's memory for result `index`
    Table,  ///< a constant in the code
  };
  Kind kind = Kind::Inline;
  int64_t offset = 0;
  int index = 0;
};

/// One assignment at the beginning of a loop, at the end of its body or at the end of a branch: to the
/// array that is the loop's or branch's result.
struct Copy {
  mlir::Value to, from;
  bool toParking = false;   ///< saves `from` for a later copy
  bool fromParking = false; ///< takes what was saved
};

struct FunctionPlan {
  mlir::Operation *function = nullptr;
  llvm::DenseMap<mlir::Block *, BlockPlan> blocks;
  /// Of every array that lives in memory. A value not in it is computed where it is used.
  llvm::DenseMap<mlir::Value, Place> places;
  /// By where they happen: a loop (its initial values) or a terminator. One after the other.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Copy, 2>> copies;
  /// The offset at which copies of that place park an array.
  llvm::DenseMap<mlir::Operation *, int64_t> parking;
  /// Results of the function that are to be copied from somewhere else at the end.
  llvm::SmallVector<std::pair<int, mlir::Value>> results;
  IndexMaps maps;
  int64_t arenaBytes = 0;

  const Place *placeOf(mlir::Value value) const {
    auto found = places.find(value);
    return found == places.end() ? nullptr : &found->second;
  }
};

struct PlanOptions {
  /// Groups operations into kernels; off, every operation is a kernel of its own.
  bool fuse = true;
};

/// Plans a `func.func` of the dialect. Throws descent::Error for what cannot be compiled.
FunctionPlan planFunction(mlir::Operation *function, const PlanOptions &options);

/// The plan as text: one line for each step, with what it reads and writes.
void printPlan(const FunctionPlan &plan, llvm::raw_ostream &os);

} // namespace descent::kernel
