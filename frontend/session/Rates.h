// How fast memory is.
#pragma once

#include "runtime/device/Device.h"

namespace descent {

/// Bytes a second, read and written, of large copies by so many threads (0: all that a run uses).
double copyRateOfProcessor(int threads);
/// Within the memory of a device; `bytes`: of a copy, at most.
double copyRateOf(device::Device &device, int64_t bytes);

} // namespace descent
