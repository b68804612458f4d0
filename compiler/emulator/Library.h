// The device's library of the emulator.
#pragma once

#include "runtime/device/Device.h"

namespace descent::emulator {

/// result[batch, m, n] = lhs · rhs of matrices in the device's memory, each sum in its order, in
/// f64. Returns when it is done. Throws DeviceError.
void multiply(device::Device &device, const device::Product &product, device::Address lhs,
              device::Address rhs, device::Address result);

} // namespace descent::emulator
