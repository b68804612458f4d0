// Rows that a loop takes of an array that is far away, asked for a step early.
#pragma once

#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Pass/Pass.h>

#include <vector>

namespace descent::kernel {

/// Where a loop takes rows of an input that is `far` (by its index), asks for the rows of the next
/// iteration at the begin of this one (`descent.fetch`), as its software pipeline:
///
///   for (s = s0; …; s = next(s)) use(s, x[i(s)])
///
///   r = x[i(s0)]; for (s = s0; …; s = s', r = r') { s' = next(s); r' = fetch x[i(s')]; use(s, r) }
///
/// That can be done where neither the indices nor what they depend on in the next iteration depend
/// on the rows, nor on anything but values. The last iteration asks for rows that nobody needs:
/// indices are clamped, so that does no harm. What the loops carry in vain afterwards `--simplify`
/// removes. Returns how many rows are asked for early.
int fetchAhead(mlir::func::FuncOp function, const std::vector<bool> &far);

/// `--fetch-ahead=inputs=0,2`: the same, for the inputs of these numbers.
std::unique_ptr<mlir::Pass> createFetchAheadPass();
std::unique_ptr<mlir::Pass> createFetchAheadPass(std::vector<bool> far);

} // namespace descent::kernel
