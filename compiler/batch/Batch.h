// Batching: turns `descent.vmap` into plain operations with one more dimension.
#pragma once

#include <memory>

namespace mlir {
class Pass;
}

namespace descent::batch {

/// `--expand-vmap`: replaces every `descent.vmap` of a function by operations on arrays with a
/// leading dimension of lanes. To be run before derivatives are taken: `jvp` and `vjp` inside a
/// vmap become derivatives of the batched region.
///
/// What no lane differs in is computed once. Where lanes differ in control flow, all of them go
/// together: an `if` runs both sides and selects; a loop runs while any lane goes on, and the
/// values of lanes that are done stay as they were. Checks hold for the lanes that really run them.
///
/// Fails, with an error at the operation, for what cannot run once per lane: effects and tapes.
std::unique_ptr<mlir::Pass> createExpandVmapPass();

} // namespace descent::batch
