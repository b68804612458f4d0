// Kernels in LLVM's text, and a device to run them.
#pragma once

#include "compiler/emulator/Emulator.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace descent::emulator {

/// LLVM's text for NVPTX as bitcode. `text` goes without target and declarations of intrinsics;
/// "@here(LINE)" behind an instruction is its source place in the file "kernel.gd".
std::string bitcode(std::string_view text);

/// An array in the device's memory.
template <typename T> class Array {
public:
  Array(device::Device &device, const std::vector<T> &values)
      : device(device), count(values.size()),
        address(device.allocate(static_cast<int64_t>(count * sizeof(T)))) {
    device.copyTo(address, values.data(), static_cast<int64_t>(count * sizeof(T)));
  }
  ~Array() { device.release(address); }
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;

  std::vector<T> values() const {
    std::vector<T> result(count);
    device.copyFrom(result.data(), address, static_cast<int64_t>(count * sizeof(T)));
    return result;
  }
  operator uint64_t() const { return address; }

private:
  device::Device &device;
  size_t count;
  device::Address address;
};

/// Runs a kernel to its end. Returns what is said against it; empty: nothing.
std::string run(device::Device &device, device::Program &program, const device::Launch &how,
                std::vector<uint64_t> arguments, const std::string &kernel = "k");
std::string run(device::Device &device, std::string_view text, const device::Launch &how,
                std::vector<uint64_t> arguments);

} // namespace descent::emulator
