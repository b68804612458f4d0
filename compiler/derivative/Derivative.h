// Differentiation: source transformation on the `descent` dialect.
#pragma once

#include <cstdint>
#include <memory>

namespace mlir {
class Pass;
}

namespace descent {

/// Replaces every `descent.jvp` and `descent.vjp` by operations of the same dialect, innermost
/// first, in place. Runs on any operation (a module, a function). `descent.vmap` must have been
/// expanded.
///
/// The pass fails, with an error at the operation's location, where an operation that a derivative
/// goes through has no rule. The rules are the table in Rules.def; docs/derivative.md says what
/// they promise.
///
/// Checkpoints become part of the code around them, but for those that run again for a reverse run.
std::unique_ptr<mlir::Pass> createExpandDerivativesPass();

/// The same where loops whose number of iterations is known, and whose tapes would take more than so many
/// bytes, are run in blocks, each of which runs again for the reverse run. A limit for each loop by itself;
/// the memory of one that no blocks can hold to it is as small as blocks make it.
std::unique_ptr<mlir::Pass> createExpandDerivativesPass(int64_t tapeLimit);

/// Replaces the checkpoints that are left by branches that are always taken, which kernels are formed in
/// one by one. To be run last: simplified, such a branch would be part of the code around it.
std::unique_ptr<mlir::Pass> createLowerCheckpointsPass();

} // namespace descent
