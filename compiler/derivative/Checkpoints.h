// What becomes of checkpoints where no derivative is left to be taken.
#pragma once

#include "compiler/dialect/Dialect.h"

namespace descent::derivative {

/// Makes the checkpoints within an operation part of the code around them, but for those that run
/// again.
void inlineCheckpoints(mlir::Operation *within);

} // namespace descent::derivative
