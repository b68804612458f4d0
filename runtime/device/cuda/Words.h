// CUDA's return codes in words.
#pragma once

#include "runtime/core/Memory.h" // inBytes
#include "runtime/device/cuda/Driver.h"

#include <string>
#include <string_view>

namespace descent::device::cuda {

/// "CUDA_ERROR_NO_DEVICE, 100: no CUDA-capable device is detected", as the driver says it.
std::string namedCode(const Driver &driver, int code);

/// A sentence: "cannot <doing>: <what it means here> (<CUDA's name and text>)".
std::string failure(const Driver &driver, int code, std::string_view doing);

/// What a code means for the user and what may help; empty where CUDA's own text says it all.
std::string meaning(const Driver &driver, int code);

/// Whether one of the driver's variables is in the environment, and not 0.
bool isSet(const char *variable);

/// What a kernel did that got this code: "read or wrote outside of an array"; empty for a code that
/// has other causes.
std::string_view kernelFault(int code);

/// Whether nothing in this process can be done on the card after this code.
bool isLasting(int code);

/// Why PTX of this text is too new for a driver.
std::string ptxTooNew(const Driver &driver, std::string_view ptx);

/// What is wrong with the files through which the driver is reached; empty where nothing is seen.
std::string deviceFilesProblem(const std::string &devices = "/dev",
                               const std::string &processes = "/proc");

} // namespace descent::device::cuda
