// Simplification of array programs: fewer and cheaper operations with the same results.
#pragma once

#include <memory>

namespace mlir {
class Pass;
}

namespace descent::simplify {

/// `--simplify`: folds and canonical forms of the dialect, algebra, constants, common
/// subexpressions, values that nothing needs (also those that loops only carry), and invariant code
/// out of loops, until nothing changes. For functions before and after derivatives are taken.
///
/// Floats keep their meaning: nothing is reassociated but the terms of one reduction, whose order
/// is free, and x * 0 is not 0. The sign of a zero may differ.
std::unique_ptr<mlir::Pass> createSimplifyPass();

} // namespace descent::simplify
