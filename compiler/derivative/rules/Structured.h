// The rules by hand: pushForward and pullBack of each STRUCTURED and CONTROL row of Rules.def.
#pragma once

#include "compiler/derivative/Forward.h"
#include "compiler/derivative/Reverse.h"

namespace descent::derivative {

// pushForward sets the tangents of the operation's results from those of its operands; the
// operation itself has been emitted, unless it has regions. pullBack adds to the cotangents of its
// operands.
#define STRUCTURED(OP)                                                                             \
  LogicalResult pushForward(ir::OP op, Forward &forward);                                          \
  LogicalResult pullBack(ir::OP op, Reverse &reverse);
#define CONTROL(OP) STRUCTURED(OP)
#include "compiler/derivative/Rules.def"

} // namespace descent::derivative
