// A CUDA driver without a card: its kernels are functions of the test, its memory is the process's;
// or its kernels are those of the PTX that it is given, run by the emulator (tests/ptx).
//
// It is a shared library that exports the driver's symbols; a test loads it through
// $DESCENT_LIBCUDA and sets it up through fakeCuda(). It is strict where the real one is undefined
// or slow: an address outside of its memory is an error, and giving memory back waits for all
// kernels.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace descent::test {

struct FakeLaunch {
  int blocks, threads;
  int64_t sharedBytes;
  bool cooperative;
  /// The values of the parameters.
  const uint64_t *arguments;
};

struct FakeKernel {
  /// What a launch does; its result is the code of a kernel that failed, 0 for one that did not.
  std::function<int(const FakeLaunch &)> run;
  int parameters = 0;
  int staticShared = 0;
  int local = 0; ///< bytes of a thread
  int mostThreads = 1024;
  /// Blocks of a processor, by threads and dynamic shared memory; else what FakeCuda says.
  std::function<int(int, int64_t)> resident = nullptr;
};

struct FakeCuda {
  /// Kernels by the names that modules have for them. Set up while nothing runs. $FAKE_CUDA_KERNEL
  /// gives a program one that does nothing, for $FAKE_CUDA_NAP seconds, and has so many parameters.
  std::map<std::string, FakeKernel> kernels;
  /// These functions fail, by their symbols. $FAKE_CUDA_FAIL sets them, too: "cuInit=803,…".
  std::map<std::string, int> failures;

  std::string name = "Fake";
  int version = 13000, cards = 1, major = 9, minor = 0, processors = 4;
  int blocksPerProcessor = 2; ///< resident, of any kernel
  int mostSharedBytes = 100 << 10;
  bool hasMemoryPools = true, mapsHostMemory = true;
  size_t memoryBytes = size_t{1} << 30; ///< $FAKE_CUDA_MIB sets it, too
  /// What was not given back.
  std::atomic<int> contexts = 0, streams = 0, events = 0, modules = 0, links = 0, pinned = 0;
  std::atomic<int> graphs = 0, graphExecs = 0;
  std::map<uint64_t, size_t> memory;
  /// The process's own memory that kernels may read, and how many there were at most.
  std::map<const void *, size_t> registered;
  size_t mostRegistered = 0;
  /// Of a piece of pinned memory that cuMemHostAlloc gives.
  size_t mostPinnedBytes = SIZE_MAX;
  std::atomic<int64_t> allocations = 0, compilations = 0, loads = 0;
  /// By the host.
  std::atomic<int64_t> launches = 0, graphLaunches = 0;
  /// Calls that need a context and were made without one.
  std::atomic<int> strays = 0;
  /// What a driver does not see, but should not be.
  std::atomic<int> misuses = 0;
  /// The sticky error of a kernel that failed.
  std::atomic<int> fault = 0;
  int largestShared = 0;

  std::mutex mutex;

  size_t usedBytes() {
    size_t sum = 0;
    for (const auto &[address, bytes] : memory)
      sum += bytes;
    return sum;
  }
};

extern "C" FakeCuda *fakeCuda();

} // namespace descent::test
