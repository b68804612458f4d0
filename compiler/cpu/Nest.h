// Loops with known bounds.
#pragma once

#include "compiler/cpu/Emission.h"

namespace descent::cpu {

/// Loops inside each other, opened and closed one by one. Loops of one iteration are none. A loop
/// must have at least one iteration.
class Nest {
public:
  explicit Nest(FunctionEmission &f) : f(f) {}

  /// Begins a loop over `from`, … below `to`; gives the counter (i64).
  llvm::Value *open(int64_t from, int64_t to);
  llvm::Value *open(int64_t size) { return open(0, size); }
  /// The same with bounds (i64) computed by the code; there must be at least one iteration.
  llvm::Value *open(llvm::Value *from, llvm::Value *to);
  /// Opens a loop for each size and gives the counters.
  llvm::SmallVector<llvm::Value *, 4> openAll(llvm::ArrayRef<int64_t> sizes);
  /// Ends the innermost loop.
  void close();
  void closeAll();

  size_t depth() const { return loops.size(); }

private:
  struct Open {
    llvm::BasicBlock *body = nullptr; ///< null: a single iteration
    llvm::PHINode *counter = nullptr;
    llvm::Value *to = nullptr;
  };

  FunctionEmission &f;
  llvm::SmallVector<Open, 4> loops;
};

/// Runs `body` with each number from `from`, … below `to`; none where there is none.
void forRange(FunctionEmission &f, llvm::Value *from, llvm::Value *to,
              llvm::function_ref<void(llvm::Value *)> body);

/// Runs `body` with the index of each element of a shape; not at all where it has none.
void forEach(FunctionEmission &f, llvm::ArrayRef<int64_t> shape,
             llvm::function_ref<void(llvm::ArrayRef<llvm::Value *>)> body);

} // namespace descent::cpu
