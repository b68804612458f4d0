// What steps of several phases need: memory between two of them, and ways to all threads.
#pragma once

#include "compiler/gpu/Program.h"

namespace descent::gpu {

/// Memory of the arena that a step writes and reads as often as it likes, with waits between. Where
/// the step is run again, all have finished with it.
llvm::Value *workspace(ProgramEmission &p, int64_t bytes);

/// The results of a step, wherever they are. Those that every thread has for itself, in registers
/// or in its frame, are written to memory by some, and taken from there by all.
class Delivery {
public:
  Delivery(ProgramEmission &p, llvm::ArrayRef<mlir::Operation *> roots);

  bool isNeeded() const { return !results.empty(); }
  /// Where a result is to be written.
  llvm::Value *to(mlir::Value result);
  /// All threads get here together once results are written.
  void finish();
  llvm::ArrayRef<mlir::Value> delivered() const { return results; }

private:
  ProgramEmission &p;
  llvm::SmallVector<mlir::Value, 2> results;
  llvm::SmallVector<int64_t, 2> offsets;
  llvm::Value *area = nullptr;
};

/// `yes`, where the condition holds, else `otherwise`.
llvm::Value *valueWhere(ProgramEmission &p, llvm::Value *condition, llvm::Value *otherwise,
                        llvm::function_ref<llvm::Value *()> yes);

/// The first number from `low` on, up to `high`, for which `isBefore` does not hold; it holds for
/// none after that.
llvm::Value *firstNotBefore(ProgramEmission &p, llvm::Value *low, llvm::Value *high,
                            llvm::function_ref<llvm::Value *(llvm::Value *)> isBefore);

/// Runs `body` for the tiles of a step, shared among the blocks; all threads of a block together.
void overTiles(ProgramEmission &p, int64_t tiles, llvm::function_ref<void(llvm::Value *)> body);

} // namespace descent::gpu
