// What a loop saves for its reverse.
#pragma once

#include <mlir/IR/Block.h>

namespace descent::derivative {

/// For each loop of a block whose reverse stands beside it: saves the values from which the reverse
/// can compute what it needs with the fewest bytes, if these are fewer than those of the tapes it
/// has. To be run after pruning, and before pruning again: what is not needed any more is left.
void lessenTapes(mlir::Block &block);

} // namespace descent::derivative
