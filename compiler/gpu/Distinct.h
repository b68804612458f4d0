// Integers of which no two are the same.
#pragma once

#include <mlir/IR/Value.h>

#include <cstdint>
#include <optional>

namespace descent::gpu {

/// The least and the greatest that there may be.
struct IntegerRange {
  int64_t least = 0, greatest = 0;
};

/// What is in an array of integers that differ wherever an index differs in one of the dimensions
/// `first` … `first + count - 1`, and in no other: orders of sorted rows, counters, and what is
/// made of these by slices, constant factors and the like. Nothing where that is not known.
std::optional<IntegerRange> distinctAlong(mlir::Value value, int64_t first, int64_t count);

} // namespace descent::gpu
