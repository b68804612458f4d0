// How far a program has come, for what is said of a kernel that fails: nothing of the card's memory
// can be read then, but the mailbox is the host's own.
#pragma once

#include "compiler/gpu/Program.h"

namespace descent::gpu {

/// Has the first thread write the numbers of steps into the mailbox as it begins them, in the order
/// of the program. In a loop only the first iteration does: a later one costs a branch for each
/// step, and nothing goes over the bus. Other threads may be ahead of the first one, by what there
/// is until all wait for each other.
class Reached {
public:
  explicit Reached(ProgramEmission &p) : p(p) {}

  /// A step at that place of the script is emitted next; steps in a row of one place count as one.
  void step(mlir::Location location);

  // Around loops and branches, as cpu::ControlFlow has them. A loop's `begin` is called in its
  // first block, which has one predecessor by then.
  void beginLoop();
  void endIteration();
  void endLoop();
  /// What is emitted next may be reached by another way than what was emitted last.
  void otherWay() { last = {}; }

private:
  ProgramEmission &p;
  /// Of the loops around, the innermost last: whether this is the first iteration of all of them.
  llvm::SmallVector<llvm::PHINode *, 4> first;
  mlir::FileLineColRange last;
};

} // namespace descent::gpu
