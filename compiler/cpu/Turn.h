// Blocks of rows that are turned over: elements of one column become neighbours.
#pragma once

#include "compiler/cpu/Emission.h"

namespace descent::cpu {

/// Turns a square of vectors over, as many as each has lanes: lane j of vector i is then what lane
/// i of vector j was. The number is a power of two.
void turnSquare(llvm::IRBuilder<> &b, llvm::SmallVectorImpl<llvm::Value *> &rows);

/// to[column * rows + row] = from[row * columns + column], for a block of rows that lie one after
/// the other. `rows` is a power of two. Reads the block alone, whose elements have 4 or 8 bytes.
void turnBlock(FunctionEmission &f, llvm::Type *element, llvm::Value *from, llvm::Value *to,
               int64_t rows, int64_t columns);

} // namespace descent::cpu
