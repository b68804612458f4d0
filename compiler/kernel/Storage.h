// Where each array lives.
#pragma once

#include "compiler/kernel/Forming.h"
#include "compiler/kernel/Liveness.h"

namespace descent::kernel {

/// Gives every array in memory its place, and every loop, branch and return the copies it needs.
/// Fills `places`, `copies`, `parking`, `results` and `arenaBytes` of the plan.
///
/// Arrays that follow each other as versions of one (an update and what it updates, the initial,
/// carried, yielded and resulting values of a loop) share memory where their lives do not overlap:
/// the update then happens in place and nothing is copied.
void placeArrays(FunctionPlan &plan, const Materialised &materialised);

} // namespace descent::kernel
