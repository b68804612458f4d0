// Positions of extrema along a dimension with others inside it, or in registers: a reduction of
// pairs of a value and its position, by the code of kernels.
#include "compiler/gpu/Kernel.h"
#include "compiler/gpu/Steps.h"

namespace descent::gpu {

void emitArgReduce(ProgramEmission &p, const kernel::Step &step) {
  kernel::Step kernel = step;
  kernel.isKernel = true;
  kernel::Loop &loop = kernel.loops.front();
  loop.roots.assign(step.roots.begin(), step.roots.end());
  loop.linear = false;
  KernelEmitter(p, kernel).emit();
}

} // namespace descent::gpu
