// The device's library of the emulator.
#pragma once

#include "runtime/device/Device.h"

namespace descent::emulator {

/// A product of matrices in the device's memory, each sum in its order, in f64, with what is added
/// to it. Returns when it is done. Throws DeviceError.
void multiply(device::Device &device, const device::Product &product,
              const device::ProductArrays &arrays);

} // namespace descent::emulator
