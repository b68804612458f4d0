// What the fake driver's parts share.
#pragma once

#include "Backing.h"
#include "FakeDriver.h"
#include "FakeStream.h"

#include "runtime/device/cuda/Driver.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default"))) int

using namespace descent::device::cuda;

// The signatures are those of the table.
extern "C" {
#define CUDA_FUNCTION(name, symbol, parameters) int symbol parameters;
#include "runtime/device/cuda/Driver.def"
}

struct descent::device::cuda::CudaContextTag {};
struct descent::device::cuda::CudaModuleTag {
  std::string text;
  std::unique_ptr<descent::test::Kernels> kernels; ///< null: those of FakeCuda
};
struct descent::device::cuda::CudaFunctionTag {
  const descent::test::FakeKernel *kernel;
  int dynamicShared;
};

/// A stream is a thread that does one thing after the other. What is put into one that is captured
/// becomes part of a graph instead.
struct descent::device::cuda::CudaStreamTag {
  using Task = std::function<void()>;

  CudaStreamTag() : thread([this] { run(); }) {}
  ~CudaStreamTag() {
    {
      std::lock_guard lock(mutex);
      ending = true;
    }
    changed.notify_all();
    thread.join();
  }
  void push(Task task) {
    if (captured) {
      captured->push_back(std::move(task));
      return;
    }
    {
      std::lock_guard lock(mutex);
      tasks.push_back(std::move(task));
    }
    changed.notify_all();
  }
  bool isIdle() {
    std::lock_guard lock(mutex);
    return tasks.empty();
  }
  void wait() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return tasks.empty(); });
  }

  /// Where what is captured goes, and the graph; null: it is not.
  std::shared_ptr<std::vector<Task>> captured;
  CudaGraph capturing = nullptr;
  /// Something was done with it that cannot be captured.
  bool isBroken = false;

private:
  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return ending || !tasks.empty(); });
      if (tasks.empty())
        return;
      Task task = tasks.front();
      lock.unlock();
      task();
      lock.lock();
      // A task that runs is still one of them.
      tasks.pop_front();
      changed.notify_all();
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Task> tasks;
  bool ending = false;
  std::thread thread;
};

namespace descent::test {

struct State : FakeCuda {
  State();
  CudaContextTag context;
  std::vector<CudaStream> allStreams;
  std::vector<CudaModule> allModules;
  std::vector<std::unique_ptr<CudaFunctionTag>> functions;
  bool initialized = false;
  std::unique_ptr<Backing> backing;
  /// Where kernels see what is registered.
  std::map<const void *, uint64_t> seenAt;
};
State &state();

/// What a call returns before it does anything.
int before(const char *symbol, bool needsContext = true);
/// The same for one that a stream that is captured cannot take.
int beforeOn(CudaStream stream, const char *symbol);

bool isMemory(uint64_t address, size_t bytes);
/// Runs a kernel in the thread of a stream, unless one has failed.
void runKernel(const FakeKernel &kernel, FakeLaunch how, const std::vector<uint64_t> &arguments);
/// Of a kernel, on all processors.
int residentBlocks(const FakeKernel &kernel, int threads, int64_t sharedBytes);
/// Whether a launch of that shape is one.
bool isLaunch(CudaFunction function, const FakeLaunch &how);
/// The driver's own function in a module that calls it, which sets conditions; null: it does not.
const FakeKernel *selectIn(const std::string &module, const char *name);

} // namespace descent::test

#define BEGIN(symbol)                                                                              \
  if (int code = before(#symbol))                                                                  \
    return code;
#define BEGIN_ON(stream, symbol)                                                                   \
  if (int code = beforeOn(stream, #symbol))                                                        \
    return code;
#define BEGIN_WITHOUT_CONTEXT(symbol)                                                              \
  if (int code = before(#symbol, false))                                                           \
    return code;
