// Removal of what a derivative does not need.
#pragma once

#include <mlir/IR/Block.h>

namespace descent::derivative {

/// Erases every operation of a block that neither its terminator nor an effect depends on, and
/// every value that a loop carries or a branch yields for nothing: also such as keep only each
/// other alive.
void prune(mlir::Block &block);

} // namespace descent::derivative
