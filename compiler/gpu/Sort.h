// Sorting by all threads.
#pragma once

#include "compiler/gpu/Program.h"

namespace descent::gpu {

/// `rows` rows of `size` keys each, to be sorted by themselves.
struct SortSpace {
  int64_t rows = 1, size = 0;
  unsigned keyBits = 32; ///< 32 or 64
  /// Neighbours in memory belong to different rows.
  bool rowsInner = false;
};

/// Sorts unsigned keys; equal ones stay in their order. `key` gives that of (row, index); `put` is
/// run once for each position of each row, with the key and the index (i32) that belong there.
///
/// All threads have to get here. Waits for all of them where a row is longer than what a block
/// sorts by itself; what `put` writes is not waited for.
void sortRows(ProgramEmission &p, const SortSpace &space,
              llvm::function_ref<llvm::Value *(llvm::Value *row, llvm::Value *index)> key,
              llvm::function_ref<void(llvm::Value *row, llvm::Value *position, llvm::Value *key,
                                      llvm::Value *index)>
                  put);

} // namespace descent::gpu
