// Runs a compiled program on a device.
#pragma once

#include "runtime/abi/RunContext.h"
#include "runtime/device/Device.h"
#include "runtime/device/Image.h"

#include <span>

namespace descent::device {

/// The elements of an input.
struct Input {
  const void *data = nullptr;
  int64_t bytes = 0;
};

/// Seconds of a run.
struct RunTimes {
  double load = 0;     ///< until the device has the code
  double transfer = 0; ///< until it has the inputs
  double kernel = 0;   ///< the program itself; by the device's clock, if that measures launches
};

/// Runs a program from its beginning to its end; what it asks for meanwhile the context carries
/// out. `effects` and `checks` are those of the context. Throws DeviceError.
RunTimes runProgram(Device &device, const ProgramImage &image, std::span<const Input> inputs,
                    const std::vector<abi::Effect> &effects, const std::vector<abi::Check> &checks,
                    abi::RunContext &context);

} // namespace descent::device
