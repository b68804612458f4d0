// How the table of Rules.def is looked up.
#pragma once

#include "compiler/derivative/Factor.h"

namespace descent::derivative {

class Forward;
class Reverse;
struct Cotangent;

/// What the table says of an operation.
struct Rule {
  /// A partial derivative by one operand, from the operation's operands x, y and result r.
  using Partial = Factor (*)(Operation *op, Factor x, Factor y, Factor r);
  /// The transpose of a linear operation applied to a cotangent (or to its mask).
  using Transpose = Value (*)(Operation *op, Emitter &e, Value x, Value ct);
  using PushForward = LogicalResult (*)(Operation *op, Forward &forward);
  using PullBack = LogicalResult (*)(Operation *op, Reverse &reverse);

  bool zero = false;
  bool hasRegions = false;
  /// The result is only a part of the operand: elements beside it get no cotangent from here.
  bool part = false;
  SmallVector<Partial, 2> partials;
  Transpose transpose = nullptr;
  PushForward pushForward = nullptr;
  PullBack pullBack = nullptr;
};

/// The rule of an operation, null where there is none.
const Rule *ruleOf(Operation *op);

/// The partial derivative by operand `index`, in terms of values as emitted.
Factor partialOf(const Rule &rule, Operation *op, unsigned index, Emitter &emitter,
                 ValueRange operands, Value result);

} // namespace descent::derivative
