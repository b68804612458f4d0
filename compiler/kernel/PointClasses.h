// How the values of a loop over arrays depend on the points.
#pragma once

#include "compiler/kernel/Classify.h"

#include <llvm/ADT/SetVector.h>

namespace descent::kernel {

enum class PointClass : uint8_t {
  Uniform, ///< one number, the same for all points
  Lane,    ///< an array with an element for each point, computed from this point's own elements
  Free,    ///< an array that is in memory before, or elements of such: any element may be read
  Tape,    ///< of lanes or of single numbers
  Record,  ///< the sums of the iterations of a loop that has been cut
  Other    ///< what sums depend on, or what has nothing to do with the points
};

/// What a loop does besides computing points by themselves.
struct OtherWork {
  llvm::SetVector<mlir::Operation *> operations; ///< of its body
  llvm::SmallVector<mlir::Value> sums;           ///< over all points, made in its body
  llvm::SmallVector<bool> carried;               ///< for each carried value, whether it is other
  llvm::SmallVector<ir::ForOp> mixed;            ///< loops inside that have to be cut in two, too
  bool any() const {
    return !operations.empty() || !mixed.empty() || llvm::is_contained(carried, true);
  }
};

/// Finds the classes of the values of a group of operations over `count` points.
class PointClasses {
public:
  /// `numbersOnTapes`: tapes of single numbers are filled and emptied for each block, too.
  PointClasses(int64_t count, bool numbersOnTapes) : count(count), numbersOnTapes(numbersOnTapes) {}

  PointClass of(mlir::Value value) const;
  /// For values outside of loops.
  void set(mlir::Value value, PointClass to) { known[value] = to; }
  /// How many values are known to be points.
  size_t lanes() const;
  /// Where a tape was made.
  mlir::Value originOf(mlir::Value tape) const;

  /// Whether a value is the sums that a loop that has been cut leaves.
  bool isRecordOf(mlir::Value value) const;

  /// Whether an operation can be done for each point by itself; if not, `refusal` says why.
  bool classify(mlir::Operation *op, OtherWork &other);
  bool classifyLoop(ir::ForOp loop, OtherWork &other);

  /// Drops what is known of an operation and of those inside, which are going to be erased.
  void forget(mlir::Operation *op);

  const char *refusal = nullptr;
  /// In loops that have been cut: what collects sums.
  llvm::DenseSet<mlir::Operation *> recording;
  llvm::DenseSet<mlir::Value> records;
  /// Numbers popped from tapes, and what is computed from them.
  llvm::DenseSet<mlir::Value> popped;

private:
  int64_t count;
  bool numbersOnTapes;
  llvm::DenseMap<mlir::Value, PointClass> known;
  llvm::DenseMap<mlir::Value, mlir::Value> origins;

  bool isLaneTape(mlir::Type type) const;
  bool usesPoints(mlir::Operation *op) const;
  bool refuse(const char *why) {
    refusal = why;
    return false;
  }
  bool classifyElements(mlir::Operation *op, OtherWork &other);
  bool classifyTape(mlir::Operation *op, OtherWork &other);
  bool classifyRegions(mlir::Operation *op, OtherWork &other);
  bool makeOther(mlir::Operation *op, OtherWork &other);
};

} // namespace descent::kernel
