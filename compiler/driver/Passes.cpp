#include "compiler/driver/Passes.h"

#include "compiler/batch/Batch.h"

#include <mlir/Pass/Pass.h>
#include <mlir/Pass/PassRegistry.h>

namespace descent {

void registerDescentPasses() {
  mlir::registerPass(batch::createExpandVmapPass);
}

} // namespace descent
