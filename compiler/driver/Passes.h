// Names the compiler's passes, so that descent-opt can run each by itself.
#pragma once

namespace descent {

/// Registers every pass of the compiler with MLIR's command line: `--expand-vmap` and so on.
void registerDescentPasses();

} // namespace descent
