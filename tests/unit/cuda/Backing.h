// What stands behind a fake driver: where its memory is, and what runs its kernels.
#pragma once

#include "FakeDriver.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace descent::test {

/// A module that is loaded.
class Kernels {
public:
  virtual ~Kernels() = default;
  /// Null: there is none of the name.
  virtual const FakeKernel *find(const std::string &name) = 0;
};

class Backing {
public:
  virtual ~Backing() = default;
  /// 0: there is no room.
  virtual uint64_t allocate(size_t bytes) = 0;
  virtual void release(uint64_t address) = 0;
  /// Whether a module has a variable there.
  virtual bool isVariable(uint64_t address, size_t bytes) = 0;
  /// Memory of the process at an address that kernels have, too; null: there is no room.
  virtual void *pin(size_t bytes) = 0;
  virtual void unpin(void *memory) = 0;
  /// Where kernels see memory of the process; 0: nowhere.
  virtual uint64_t share(void *memory, size_t bytes) = 0;
  virtual void unshare(void *memory) = 0;
  /// What the driver's compiler has against PTX; empty: nothing.
  virtual std::string complaintAbout(const std::string &ptx) = 0;
  /// Of PTX that there were no complaints about. Null: it has the kernels of FakeCuda.
  virtual std::unique_ptr<Kernels> load(const std::string &ptx) = 0;
};

/// Of the library that this is linked into: PlainBacking.cpp, or tests/ptx/RunningBacking.cpp. Sets
/// up what `cuda` says of the card.
std::unique_ptr<Backing> makeBacking(FakeCuda &cuda);

} // namespace descent::test
