// Products that are left to the device's library.
#pragma once

#include "runtime/device/Product.h"

#include <mlir/IR/Value.h>

namespace descent::gpu {

class ProgramEmission;

/// A product that the library makes, and its arrays, all of which are in memory.
struct LibraryProduct {
  device::Product product;
  mlir::Value lhs, rhs, result;
  mlir::Value added, bias; ///< null: there is none
};

/// Decides which products of a planned program are the library's, before any code is emitted. What
/// it can add to one is made with it: then the sum has the product's place, or the product that of
/// the sum, and the steps of the plan are without it.
void leaveProductsToLibrary(ProgramEmission &p);

/// Has `found` make what follows the product that step `index` is, if it can be left to the
/// library. (DotLibrarySum.cpp)
void addWhatFollows(ProgramEmission &p, mlir::Block &block, size_t index, LibraryProduct &found);

} // namespace descent::gpu
