// Loops over points: sequential loops over arrays that run for each block of elements by itself.
#pragma once

#include "compiler/dialect/Dialect.h"

#include <llvm/ADT/SetVector.h>

#include <memory>
#include <optional>
#include <vector>

namespace descent::kernel {

/// A tape that is made and used up inside: a block of points has rows of its own.
struct PointTape {
  mlir::Value made;
  int64_t rows = 0;       ///< it never holds more; one more row is of zeros
  bool mayBeEmpty = true; ///< when it is popped
  int64_t rowBytes = 0;   ///< of a full block
  int64_t offset = 0;     ///< in the scratch memory of a running chunk
};

/// A reduction over all points, or a number that is the same for all; in loops one for each
/// iteration.
struct PointSum {
  mlir::Operation *reduction = nullptr; ///< null for a number
  mlir::Value number;
  /// What it is outside: one element, or an array of `entries` that a loop gives.
  mlir::Value result;
  /// The numbers of the iterations of the loops around it (registers) and how many there are,
  /// outermost first.
  llvm::SmallVector<std::pair<mlir::Value, int64_t>, 2> positions;
  int64_t entries = 1;
  /// Running totals of a chunk, `lanes` of each entry; what the chunks leave; their totals.
  int64_t offset = 0, partialOffset = 0, partialBytes = 0, totalOffset = 0;

  mlir::Value summand() const { return reduction ? reduction->getOperand(0) : number; }
};

/// What one step computes block by block: loops over arrays of `count` elements, and elementwise
/// operations and reductions before, between and after them.
struct Points {
  std::vector<mlir::Operation *> members; ///< of one block, in order
  llvm::SmallVector<mlir::Value> results; ///< used outside; no sums
  llvm::SmallVector<PointTape> tapes;
  llvm::SmallVector<PointSum> sums;
  /// Operations and values that say only where sums go. Those that put a number there, with its
  /// place in `sums`.
  llvm::DenseSet<mlir::Operation *> skipped;
  llvm::DenseMap<mlir::Operation *, size_t> putting;
  llvm::DenseSet<mlir::Value> records;
  llvm::SmallVector<int64_t, 4> shape;
  int64_t count = 0; ///< points
  int64_t width = 0; ///< of a block; the last one has what is left
  int64_t lanes = 0; ///< points in a vector
  /// Of one point: operations, in simple ones, of all iterations as far as known.
  int64_t work = 0;
  int operations = 0; ///< in the text

  bool contains(mlir::Operation *op) const;
  const PointSum *sumOf(mlir::Operation *reduction) const;
  const PointTape *tapeOf(mlir::Value made) const;
};

/// Which loops are worth it.
struct PointLimits {
  int64_t leastPoints = 2;
  /// Of one point.
  int64_t mostTapeBytes = 512 << 10;
};

/// The loops of a block that may run over points, with what goes along; their operations are moved
/// together. Loops that also do other things are cut in two. `refused` says of other loops over
/// arrays why they may not.
std::vector<std::shared_ptr<Points>>
findPoints(mlir::Block &block, llvm::DenseMap<mlir::Operation *, const char *> &refused,
           const PointLimits &limits);

/// For code that is yet to be made kernels of: the bytes of the tapes of a block of points, if a
/// loop is going to run over points, by itself or as part of a loop around it.
std::optional<int64_t> pointTapeBytes(ir::ForOp loop);

} // namespace descent::kernel
