// Small arrays that each block has of its own.
//
// What a few hundred threads make in a moment (the parameters of a model, an optimizer's state)
// every block makes for itself: all have the same numbers then, and its threads wait for each other
// alone, some 20 ns, where all threads would take more than a microsecond. Of the parts of a sum,
// all blocks' are needed once: so a step of a descent on many rows waits once for all.
#pragma once

#include "compiler/gpu/Program.h"

namespace descent::gpu {

/// Simple instructions of a kernel that each block does for itself: a wait of all for each other
/// takes as long.
constexpr int64_t kMostAlone = 16 << 10;

/// What a kernel's elements cost, in simple instructions.
int64_t workOf(const kernel::Step &step);

/// Whether a kernel is so little work that each block can do it for itself.
bool isLittle(const kernel::Step &step);

/// Decides which arrays of the arena each block has of its own, and gives them places: they follow
/// the caller's arguments. To be called where code runs anew in every launch.
void giveBlocksTheirOwn(ProgramEmission &p);

/// Whether a time only gets into memory by the first thread, or to the host: others need not know
/// it. Adds the arrays it gets into.
bool isOfFirstThread(const ProgramEmission &p, mlir::Value time,
                     llvm::DenseSet<mlir::Value> &arrays);

} // namespace descent::gpu
