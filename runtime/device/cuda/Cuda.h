// NVIDIA GPUs. The driver is found while the program runs; without one, all of this says so.
#pragma once

#include "runtime/device/CodeStore.h"
#include "runtime/device/Device.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace descent::device {

/// A card as the driver shows it.
struct CudaCard {
  int number = 0;
  std::string name;         ///< "NVIDIA H100 80GB HBM3"
  std::string bus;          ///< "0000:65:00.0"
  int major = 0, minor = 0; ///< compute capability
  int processors = 0;
  int64_t memoryBytes = 0;
  /// Why Descent cannot use it; empty where it can.
  std::string problem;
};

/// What was found of CUDA on this machine.
struct CudaStatus {
  std::string library; ///< the driver's file; empty where there is none
  std::string version; ///< of CUDA, that the driver is for: "13.0"
  std::vector<CudaCard> cards;
  /// Why the host has to take part in each product of cuBLASLt, a clause; empty where it has not.
  std::string noGraphs;
  /// Why no card can be used, a clause; empty where one can.
  std::string problem;
};

/// Looks for cards. Takes no memory on them. Throws nothing.
CudaStatus findCuda();

/// Why that card cannot be used, as far as can be seen without using it: a clause for "the GPU
/// cannot be used: …". Empty where it can.
std::string whyNoCuda(int card = 0);

struct CudaOptions {
  /// As the driver counts them: CUDA_VISIBLE_DEVICES hides some and gives the others new numbers.
  int card = 0;
  /// Where the driver's machine code is kept; null: it is made for each process.
  CodeStore *store = nullptr;
  /// Memory that is kept for later when it is released, at most; the card's other users can have
  /// the rest.
  int64_t reserveBytes = int64_t{64} << 20;
  /// Measure the launches, which costs a few microseconds for each.
  bool timesLaunches = false;
};

/// An NVIDIA GPU. Kernels run in the order of their launches; copies run beside them.
///
/// Memory comes from a pool: `release` never waits for a kernel, and gives memory back to the
/// driver only while none runs. After a kernel failed, nothing can be done on the card in this
/// process until all its devices are gone, and every call says so.
class CudaDevice : public Device {
public:
  /// What this device has of the card's memory: in use by arrays, and in all.
  struct MemoryUse {
    int64_t usedBytes = 0, heldBytes = 0;
  };
  virtual MemoryUse memoryUse() const = 0;
  /// For Nvml: "0000:65:00.0".
  virtual const std::string &bus() const = 0;
};

/// Opens a card. Throws DeviceError.
std::unique_ptr<CudaDevice> openCuda(const CudaOptions &options = {});

} // namespace descent::device
