// Reverse mode: every active value gets a cotangent, computed after all that depends on it.
#pragma once

#include "compiler/derivative/Activity.h"

#include <mlir/IR/IRMapping.h>

namespace descent::derivative {

/// What flows back to a value.
struct Cotangent {
  /// Null for zero. For a tape: a tape of the cotangents of its values.
  Value value;
  /// Where false, nothing that was chosen depends on the element: the cotangent is zero and stays
  /// so through whatever factor, infinite or nan. Null for true everywhere.
  Value mask;

  explicit operator bool() const { return bool(value); }
  bool operator==(const Cotangent &) const = default;
};

/// Emits the operations of a region, then those that pull cotangents back through it.
///
/// The region itself is only read: "original" values are its own, "primal" ones their copies.
class Reverse {
public:
  Reverse(Emitter &emitter, const Activity &activity) : emit(emitter), activity(activity) {}

  /// Emits a block but for its terminator, at the emitter's place. Active loops get tapes.
  LogicalResult runForward(Block &block) { return runForward(block, /*again=*/false); }
  /// The same for a block that has been run before, with the values in need of it: effects are left
  /// out.
  LogicalResult runAgain(Block &block) { return runForward(block, /*again=*/true); }
  /// Pulls the cotangents of the block's values back to its arguments and to what it captures.
  LogicalResult runBackward(Block &block);

  Emitter &emit;
  const Activity &activity;
  /// From original values to emitted ones.
  mlir::IRMapping primals;

  Value primal(Value original) { return primals.lookupOrDefault(original); }
  SmallVector<Value> primal(ValueRange originals);

  Cotangent cotangent(Value original) const { return cotangents.lookup(original); }
  void setCotangent(Value original, Cotangent cotangent);
  /// The cotangent of a value that is complete, and its end.
  Cotangent take(Value original);
  /// Adds to the cotangent of a value. Nothing happens if the value is not active or the cotangent
  /// zero.
  void add(Value original, Cotangent cotangent);
  /// Adds what a linear map makes of a cotangent: the same for value and mask.
  void addMapped(Value original, Cotangent cotangent, llvm::function_ref<Value(Value)> map);
  /// The same where the map leaves elements of the original out, so that it makes a mask by itself.
  void addPart(Value original, Cotangent cotangent, llvm::function_ref<Value(Value)> map);
  /// Zero where the mask forbids a cotangent.
  Value guarded(Value value, Value mask) { return mask ? emit.where(mask, value) : value; }
  /// A mask with its elements, for the cotangent of an array that is not null.
  Value maskOrTrues(Cotangent cotangent);
  /// Appends a cotangent as values that control flow can carry: the value and, if `masked`, the
  /// mask.
  void append(SmallVector<Value> &values, Cotangent cotangent, Type type, bool masked);
  /// The active values that the regions of an operation use from outside. Fails, with an error, if
  /// one is a tape.
  mlir::FailureOr<SmallVector<Value>> activeCaptures(Operation *op);

  /// What the forward run of a loop leaves behind for the reverse run.
  struct LoopRecord {
    /// Values of the body, saved in each iteration on the tape beside.
    SmallVector<Value> saved;
    SmallVector<Value> tapes;
    /// The number of iterations of a `while`.
    Value count;
  };
  const LoopRecord &recordOf(Operation *loop) const { return records.find(loop)->second; }

private:
  LogicalResult runForward(Block &block, bool again);
  LogicalResult emitLoop(Operation *loop, bool again);
  LogicalResult pullBackPlain(Operation *op);

  llvm::DenseMap<Value, Cotangent> cotangents;
  llvm::DenseMap<Operation *, LoopRecord> records;
};

/// The operations at the top of a loop's body that would not do the same a second time.
struct Unrepeatable {
  /// Operations on tapes that the loop carries, and readings of the world outside.
  llvm::SmallPtrSet<Operation *, 8> ops;
  /// The arrays they give, to be saved where the reverse run needs them.
  SmallVector<Value> values;
};

/// Finds them; fails, with an error, for a use of a carried tape that reverse mode cannot save.
mlir::FailureOr<Unrepeatable> findUnrepeatable(Block &body);

} // namespace descent::derivative
