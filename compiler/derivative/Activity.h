// Which values take part in a derivative.
#pragma once

#include "compiler/derivative/Emitter.h"

#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/STLFunctionalExtras.h>

namespace descent::derivative {

/// What is known of the values of a region that is differentiated. Found by walks over the graph of
/// values, each value visited once; loops are cycles of that graph.
class Activity {
public:
  /// `inputs` are the differentiated arguments, `outputs` the values whose derivative is asked for.
  Activity(ValueRange inputs, ValueRange outputs);

  /// Whether a value depends on an input and an output depends on it, both with a derivative.
  bool isActive(Value value) const { return active.contains(value); }
  /// Whether any result of an operation is active.
  bool isActive(Operation *op) const {
    return llvm::any_of(op->getResults(), [&](Value result) { return isActive(result); });
  }
  /// Whether a value reaches a branch of a `select`: parts of its cotangent may come from that
  /// alone.
  bool reachesSelect(Value value) const { return selected.contains(value); }
  /// Whether every way from a value to an output goes through branches of a `select`.
  bool isSelectedOnly(Value value) const {
    return selected.contains(value) && !unselected.contains(value);
  }

private:
  using Visit = llvm::function_ref<void(Value)>;
  /// The values that depend directly on a value, as derivatives flow.
  void forEachDependent(Value value, Visit visit) const;
  /// The values that a value depends on directly, as derivatives flow.
  void forEachDependency(Value value, Visit visit) const;
  bool mayLeadPastSelect(Value value) const;

  llvm::DenseSet<Value> varied, active, selected, unselected;
};

} // namespace descent::derivative
