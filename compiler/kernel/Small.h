// What is too small for loops and memory.
#pragma once

#include "compiler/kernel/Plan.h"

namespace descent::kernel {

/// An array of so many elements is kept in registers, if the indices into it are known.
bool isFew(int64_t elements);

/// Marks the steps that are to have no loops (`Step::isWrittenOut`).
void writeOutSmallSteps(FunctionPlan &plan);

} // namespace descent::kernel
