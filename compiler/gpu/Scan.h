// Running sums, products and maxima by a team of threads.
#pragma once

#include "compiler/gpu/Fold.h"

#include "compiler/cpu/Scalar.h"

namespace descent::gpu {

/// Scans of rows of one shape that run together. The rows are shared among the threads of a team,
/// and threads side by side take neighbouring elements of a row.
class TeamScan {
public:
  /// One of the scans.
  struct Scan {
    mlir::Operation *op = nullptr;
    cpu::Combiner how = cpu::Combiner::Sum;
    mlir::Type element;
    /// Of its elements, and of what is combined: f32 is added up and multiplied in f64, since the
    /// order is not that of the elements.
    llvm::Type *type = nullptr, *wide = nullptr;
    llvm::Constant *neutral = nullptr; ///< of `wide`
    /// Of this thread: what is before its elements, what it has, and the running values of these.
    llvm::AllocaInst *carry = nullptr, *running = nullptr, *values = nullptr;
  };
  /// Elements that a thread takes in a row.
  static constexpr int64_t inRow = 4;

  using Read = llvm::function_ref<llvm::SmallVector<llvm::Value *, 2>(llvm::Value *at)>;
  using Write = llvm::function_ref<void(llvm::ArrayRef<llvm::Value *> values, llvm::Value *at)>;

  /// `rowsInner`: neighbours in memory are of different rows.
  TeamScan(ProgramEmission &p, const Team &team, llvm::ArrayRef<mlir::Operation *> ops,
           int64_t rows, int64_t size, bool rowsInner);

  std::vector<Scan> scans;
  FoldSpace space; ///< rows, and elements taken `inRow` at a time
  Sharing sharing;
  /// Of this thread: the row among `sharing.kept` ones, and its place in it.
  llvm::Value *ofRow = nullptr, *along = nullptr;

  llvm::Value *combined(const Scan &scan, llvm::Value *x, llvm::Value *y) const;
  /// Begins anew.
  void clear();
  /// Adds to the carry what each thread along a row has there, in their order.
  void combineCarries();
  /// Goes through the elements from `from` on, below `to`, of this thread's row: `read` gives what
  /// each scan reads at an index, `write` gets the running values. Where `isThere` (null: always)
  /// does not hold the row is none. All threads of the team have to get here.
  void through(llvm::Value *from, llvm::Value *to, llvm::Value *isThere, Read read, Write write);

  /// Bytes of shared memory at its begin that a team of a whole block uses: those of a fold.
  static int64_t sharedBytes(const Grid &grid) { return foldBytes(grid); }

private:
  ProgramEmission &p;
  cpu::FunctionEmission &f;
  llvm::IRBuilder<> &b;
  Team team;
  int low = 0, high = 0; ///< the bits of a thread's rank that count along a row

  std::pair<llvm::Value *, llvm::Value *> combineThreads(const Scan &scan, llvm::Value *own);
  llvm::Value *plus(llvm::Value *x, llvm::Value *y) { return b.CreateAdd(x, y, "", true, true); }
};

} // namespace descent::gpu
