// Loops whose tapes would take too much memory run in blocks.
#pragma once

#include "compiler/dialect/Dialect.h"

namespace descent::derivative {

/// What a loop whose tapes were to hold a value of `saved` bytes for each of `count` iterations
/// does instead: how many blocks it has, how many blocks each of these, … and how many iterations
/// the last. A block keeps `carried` bytes. One level more is one run of the loop more, so there
/// are only as many as `limit` asks for. Empty where blocks would save less than half of the
/// memory.
mlir::SmallVector<int64_t> chooseBlocks(int64_t count, int64_t saved, int64_t carried,
                                        int64_t limit);

/// Finds, for a function that is differentiated, the loops to be split.
class LoopSplitter {
public:
  /// Marks the loops of the function's region that could be split.
  LoopSplitter(mlir::Operation *function, int64_t limit);
  ~LoopSplitter();

  /// Splits the loops whose tapes in `derivative`, the reverse mode of the region, take more than
  /// the limit. Tells whether there were any: the derivative has then to be made anew.
  bool split(mlir::Block &derivative);

  /// Removes the marks that loops of the derivative have of the loops they come from.
  static void unmark(mlir::Block &derivative);

private:
  mlir::Operation *function;
  int64_t limit;
};

} // namespace descent::derivative
