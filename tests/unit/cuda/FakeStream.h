// The fake driver's streams, for what else does things in their order.
#pragma once

#include "runtime/device/cuda/Driver.h"

#include <functional>

namespace descent::test {

void pushTo(device::cuda::CudaStream stream, std::function<void()> task);
/// Whether what is put into it becomes part of a graph.
bool isCaptured(device::cuda::CudaStream stream);

} // namespace descent::test
