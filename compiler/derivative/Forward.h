// Forward mode: every active value gets a tangent, computed beside it.
#pragma once

#include "compiler/derivative/Activity.h"

#include <mlir/IR/IRMapping.h>

namespace descent::derivative {

/// Emits the operations of a region together with those of its directional derivative.
///
/// The region itself is only read: "original" values are its own, "primal" ones their copies.
class Forward {
public:
  Forward(Emitter &emitter, const Activity &activity) : emit(emitter), activity(activity) {}

  /// Emits a block but for its terminator, at the emitter's place.
  LogicalResult run(Block &block);

  Emitter &emit;
  const Activity &activity;
  /// From original values to emitted ones.
  mlir::IRMapping primals;

  Value primal(Value original) { return primals.lookupOrDefault(original); }
  SmallVector<Value> primal(ValueRange originals);
  /// The tangent of a value; null for zero.
  Value tangent(Value original) const { return tangents.lookup(original); }
  Value tangentOrZero(Value original);
  /// A null tangent is zero.
  void setTangent(Value original, Value tangent);

private:
  LogicalResult runOne(Operation *op);

  llvm::DenseMap<Value, Value> tangents;
};

} // namespace descent::derivative
