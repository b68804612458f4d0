#include "compiler/driver/Passes.h"

#include "compiler/batch/Batch.h"
#include "compiler/derivative/Derivative.h"
#include "compiler/kernel/FetchAhead.h"
#include "compiler/kernel/Passes.h"
#include "compiler/simplify/Simplify.h"

#include <mlir/Pass/Pass.h>
#include <mlir/Pass/PassRegistry.h>

namespace descent {

void registerDescentPasses() {
  mlir::registerPass(batch::createExpandVmapPass);
  mlir::registerPass([] { return createExpandDerivativesPass(); });
  mlir::registerPass(createLowerCheckpointsPass);
  mlir::registerPass(simplify::createSimplifyPass);
  mlir::registerPass([] { return kernel::createFetchAheadPass(); });
  mlir::registerPass(kernel::createPrintKernelsPass);
}

} // namespace descent
