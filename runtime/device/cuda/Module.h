// Code on a card: PTX made into machine code by the driver, or found where it was kept.
#pragma once

#include "runtime/device/CodeStore.h"
#include "runtime/device/cuda/Card.h"

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace descent::device::cuda {

/// Where kernels run, and what measures them.
struct Queue {
  CudaStream stream = nullptr;
  /// Null where launches are not measured.
  CudaEvent start = nullptr, end = nullptr;
  bool hasTime = false;
};

class Module final : public Program {
public:
  /// Throws DeviceError. The store may be null.
  Module(Card &card, Queue &queue, CodeStore *store, std::string_view ptx);
  ~Module() override;
  Module(const Module &) = delete;
  Module &operator=(const Module &) = delete;

  int residentBlocks(const std::string &kernel, int threads, int64_t sharedBytes) override;
  int64_t localBytes(const std::string &kernel) override;
  void launch(const std::string &kernel, const Launch &how,
              std::span<const uint64_t> arguments) override;

  /// For launches of that shape; in the card's context. Throws DeviceError.
  CudaFunction prepare(const std::string &kernel, const Launch &how,
                       std::span<const uint64_t> arguments);

private:
  struct Kernel {
    CudaFunction function = nullptr;
    /// In the code itself, and what launches may ask for besides.
    int64_t staticShared = 0, dynamicShared = 0;
    int64_t local = 0; ///< of a thread
    /// -1: the driver does not say.
    int parameters = -1;
  };
  /// In the card's context, as all below.
  Kernel &find(const std::string &name);
  void allowShared(const std::string &name, Kernel &kernel, int64_t sharedBytes);
  int blocksAtOnce(const std::string &name, Kernel &kernel, int threads, int64_t sharedBytes);

  Card &card;
  Queue &queue;
  CudaModule module = nullptr;
  std::unordered_map<std::string, Kernel> kernels;
  std::vector<void *> parameters;
};

} // namespace descent::device::cuda
