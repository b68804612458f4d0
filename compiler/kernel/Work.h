// Counts what a plan's kernels move and compute.
#pragma once

#include "descent/Work.h"

#include <optional>

namespace descent::kernel {

struct FunctionPlan;

/// What a function does. Nothing where there are loops of unknown length inside loops.
std::optional<Work> workOf(const FunctionPlan &plan);

} // namespace descent::kernel
