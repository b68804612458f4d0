// Which of a program's data can stay far away.
#pragma once

#include <mlir/IR/Operation.h>

#include <vector>

namespace descent::kernel {

/// For each of a function's inputs, by its index, whether loops take rows of it only, or do not use it: a
/// step then reads a small part of it, and whatever else reads it does so once.
std::vector<bool> readByRows(mlir::Operation *function);

} // namespace descent::kernel
