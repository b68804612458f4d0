// Simplification of array programs: fewer and cheaper operations with the same results.
#pragma once

#include <cstdint>
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
///
/// Ends on every program: rewriting stops after a number of rewrites far above what programs take,
/// and the pass succeeds with what it has reached, which does the same as the program did.
std::unique_ptr<mlir::Pass> createSimplifyPass();

/// The same with a given number of rewrites after which a sweep over the program stops.
std::unique_ptr<mlir::Pass> createLimitedSimplifyPass(int64_t mostRewrites);

} // namespace descent::simplify
