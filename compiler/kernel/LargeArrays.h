// Which arrays of a program take its working memory: what a user is told where that does not fit.
#pragma once

#include "compiler/kernel/Plan.h"

#include <mlir/IR/Location.h>

#include <string>
#include <vector>

namespace descent::kernel {

struct LargeArray {
  std::string type; ///< as a script has it: "f32[1000, 20]"; "" for the working memory of a step
  int64_t bytes = 0;
  mlir::Location location;
};

/// The largest arrays in the arena, at most `count`, the largest first. Of those that follow each
/// other in the same memory, the first one in the script.
std::vector<LargeArray> largestArrays(const FunctionPlan &plan, size_t count);

} // namespace descent::kernel
