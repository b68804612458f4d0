// Products of matrices by packed, register-tiled code.
#pragma once

#include "compiler/cpu/matmul/Blocking.h"

namespace descent::cpu {

/// Emits the product if it is one of floats that are somewhere in memory, and says whether it was.
bool emitProduct(FunctionEmission &f, const kernel::Step &step, ir::DotOp op);

} // namespace descent::cpu
