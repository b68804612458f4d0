// Differentiation: source transformation on the `descent` dialect.
#pragma once

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
std::unique_ptr<mlir::Pass> createExpandDerivativesPass();

} // namespace descent
