#include "compiler/driver/Passes.h"

#include <mlir/Pass/PassRegistry.h>

namespace descent {

void registerDescentPasses() {}

} // namespace descent
