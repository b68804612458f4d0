// Which of a program's data can stay far away.
#pragma once

#include <mlir/IR/Operation.h>

#include <vector>

namespace descent::kernel {

/// For each of a function's inputs, by its index, whether loops take rows of it only, or do not use it: a
/// step then reads a small part of it, and whatever else reads it does so once.
std::vector<bool> readByRows(mlir::Operation *function);

/// Of as many inputs: whether rows of it are fetched ahead (FetchAhead.h).
std::vector<bool> fetchedAhead(mlir::Operation *function);

/// Whether an operation takes a few rows of an array that it does not need otherwise.
bool takesRows(mlir::Operation *op, mlir::Value array);

} // namespace descent::kernel
