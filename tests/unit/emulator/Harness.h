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

/// A kernel of (ptr %data, i64 %n) that knows its thread %t, its block %b, whether it %isFirst, and
/// the places %p = data + t and %q = data + %next, one further. `body` follows, in the block
/// "entry".
std::string kernel(const std::string &body, const std::string &before = "");

/// With an array of 100 integers, for kernels that are not right.
class Faulty : public testing::TestWithParam<uint64_t> {
protected:
  Faulty() : device(makeEmulator({.seed = GetParam()})), data(*device, std::vector<int32_t>(100)) {}

  std::string said(const std::string &text, int threads = 64, int blocks = 1, uint64_t n = 100) {
    return run(*device, text, {.blocks = blocks, .threads = threads}, {data, n});
  }

  std::unique_ptr<device::Device> device;
  Array<int32_t> data;
};

} // namespace descent::emulator
