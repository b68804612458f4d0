// Finds the operation that makes the first NaN or infinity of a training run.
#pragma once

#include <mlir/IR/BuiltinOps.h>

#include <cstdint>
#include <vector>

namespace descent {

/// Makes every float operation inside a loop that polls (a training loop) report when it gives an element
/// that is not finite although all of its operands are: by an `effect` of its own, without operands, whose
/// index is `firstEffect` plus its place in the returned list of locations.
///
/// Before:
///     %y = descent.log %x : tensor<4xf32>
/// After:
///     %y = descent.log %x : tensor<4xf32>
///     %made = … every element of %x finite, not every one of %y …
///     descent.if %made : tensor<i1> to () { descent.effect 7 () : () … } else { … }
///
/// For plain programs (no transforms left). Shown by tests/ir/diagnose/trace-non-finite.mlir.
std::vector<mlir::Location> traceNonFinite(mlir::ModuleOp module, int64_t firstEffect);

} // namespace descent
