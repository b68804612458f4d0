// The innermost part of a product: one tile of the result, in registers.
#pragma once

#include "compiler/cpu/matmul/Blocking.h"

namespace descent::cpu {

/// What tells one micro-kernel from another. Strides are in elements.
struct MicroKernel {
  llvm::Type *element = nullptr;
  Tile tile;
  int64_t lhsRow = 1, lhsSum = 1;
  int64_t rhsSum = 1;
  bool rhsPadded = false; ///< rows of the right operand have their unused lanes
};

/// `void (i64 terms, ptr lhs, ptr rhs, ptr result, i64 resultRow, i1 add)`: sets a tile of the
/// result, or adds to it. One function of the module for each kind, however many products use it.
llvm::Function *microKernel(ModuleEmission &module, const MicroKernel &kind, const Host &host);

} // namespace descent::cpu
