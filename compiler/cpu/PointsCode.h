// What runs over points, block after block or thread after thread: the code of one block.
#pragma once

#include "compiler/cpu/Element.h"
#include "compiler/cpu/Scalar.h"

#include <llvm/ADT/DenseSet.h>

namespace descent::cpu {

/// Emits the members of a step that runs over points, for some neighbouring points. Where tapes,
/// sums and results are is for subclasses to say.
///
/// A segment is a run of operations between the begins and ends of loops: one loop over the points.
/// Values go from one segment to the next in slots.
class PointsCode {
public:
  PointsCode(FunctionEmission &f, const kernel::Points &points) : f(f), b(f.b), points(points) {}
  virtual ~PointsCode() = default;

protected:
  FunctionEmission &f;
  llvm::IRBuilder<> &b;
  const kernel::Points &points;
  int64_t width = 0; ///< points of the block

  static mlir::Type elementOf(mlir::Value value) {
    return kernel::tensorType(value).getElementType();
  }
  /// An array of the frame.
  llvm::Value *newSlot(mlir::Type element, int64_t size);

  /// All of the members, for `size` points from `begin` on.
  void block(llvm::Value *begin, int64_t size);

  /// Where the block's first point has its element of a row of a tape; or where a number is that is
  /// the same for all points.
  virtual llvm::Value *tapeRow(const kernel::PointTape &tape, llvm::Value *number) = 0;
  /// Tells about a store into a row.
  virtual void inTape(llvm::StoreInst *store, const kernel::PointTape &tape) {}
  /// The element of a result at a point.
  virtual void storeResult(mlir::Value result, llvm::Value *point, llvm::Value *value) = 0;
  /// Adds what each point of the block has (`parts`, a slot) to an entry of a sum, and keeps a
  /// number that is the same for all. `entry`: null where there is one only.
  virtual void addUp(const kernel::PointSum &sum, llvm::Value *entry, llvm::Value *parts) = 0;
  virtual void leave(const kernel::PointSum &sum, llvm::Value *entry) = 0;

private:
  /// What a segment does with the element of a value.
  struct Action {
    mlir::Value value;
    /// A slot to find it in from now on, or one that something else is found in.
    enum class Kind : uint8_t { Slot, Copy, Row, Array, Sum } kind;
    llvm::Value *to = nullptr;               ///< a slot or row, or the entry of a sum
    const kernel::PointSum *sum = nullptr;   ///< of Sum
    const kernel::PointTape *tape = nullptr; ///< of Row
  };

  llvm::Value *first = nullptr; ///< point of the block
  PointSlots slots;
  llvm::SmallVector<mlir::Operation *> segment; ///< operations not yet emitted
  llvm::DenseSet<mlir::Operation *> handled;
  llvm::SmallVector<mlir::Value> popped; ///< in this segment
  llvm::SmallVector<Action> actions;

  bool needsSlot(mlir::Value value);
  bool isOutside(mlir::Operation *op);
  bool isStored(mlir::Value value) { return llvm::is_contained(points.results, value); }

  void operation(mlir::Operation *op);
  void push(ir::TapePushOp op);
  void pop(ir::TapePopOp op);
  void loop(ir::ForOp op);
  llvm::Value *entryOf(const kernel::PointSum &sum);
  void sum(const kernel::PointSum &sum);
  void flush();
};

} // namespace descent::cpu
