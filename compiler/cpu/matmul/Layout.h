// A product of arrays, seen as loops over memory.
#pragma once

#include "compiler/cpu/Emission.h"

#include <optional>

namespace descent::cpu {

/// One loop of a product. The strides are in elements, 0 where an array does not depend on it.
struct Extent {
  int64_t size = 1;
  int64_t lhs = 0, rhs = 0, result = 0;
};

/// result[row, column] = sum over `sum` of lhs[row, sum] * rhs[sum, column], for each index of the
/// `outer` loops; the result is the sum of that over the `outerSums`, if there are any.
struct ProductLayout {
  mlir::Value lhs, rhs; ///< arrays in memory
  int64_t lhsOffset = 0, rhsOffset = 0;
  Extent row, column, sum;
  llvm::SmallVector<Extent, 4> outer, outerSums;
};

/// How memory is walked through for a product; nothing if an operand is not moved memory. Columns
/// of the result are contiguous. The product has elements and something to sum up. `keepBatch`: the
/// first outer loops are then those over the batch as it is.
std::optional<ProductLayout> layoutOf(const FunctionEmission &f, ir::DotOp op,
                                      bool keepBatch = false);

} // namespace descent::cpu
