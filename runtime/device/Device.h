// A device that runs kernels beside this process: an NVIDIA GPU, or the emulator of one.
#pragma once

#include "runtime/device/Product.h"

#include "descent/Error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace descent::device {

/// An address in a device's memory, for kernels and for copies.
using Address = uint64_t;

/// A device is missing, refuses, or found a kernel at fault. `what()` is a sentence for the user:
/// what was being done, and what the device said.
class DeviceError : public Error {
public:
  using Error::Error;
};

/// There is no room on a device.
class OutOfDeviceMemory : public DeviceError {
public:
  OutOfDeviceMemory(std::string message, int64_t asked, int64_t free)
      : DeviceError(std::move(message)), askedBytes(asked), freeBytes(free) {}
  int64_t asked() const { return askedBytes; }
  int64_t free() const { return freeBytes; }

private:
  int64_t askedBytes, freeBytes;
};

/// What a device is and can do.
struct Properties {
  std::string name;                ///< "NVIDIA H100 80GB HBM3"
  std::string driver;              ///< its version: "13.0"
  int major = 0, minor = 0;        ///< compute capability
  int processors = 0;              ///< streaming multiprocessors
  int threadsPerBlock = 1024;      ///< at most
  int64_t sharedBytes = 49152;     ///< of a block, at most, without asking for more
  int64_t mostSharedBytes = 49152; ///< of a block, at most, where a launch asks for it
  int64_t memoryBytes = 0;         ///< of the card
  bool launchesCooperatively = true;
};

/// The shape of a launch.
struct Launch {
  int blocks = 1, threads = 32;
  /// Dynamic shared memory of each block.
  int64_t sharedBytes = 0;
  /// All blocks run at the same time, so that they may wait for each other.
  bool cooperative = false;
};

/// Code on a device.
class Program {
public:
  virtual ~Program() = default;
  /// How many blocks of that shape can run at the same time. Throws DeviceError where there is no
  /// kernel of the name.
  virtual int residentBlocks(const std::string &kernel, int threads, int64_t sharedBytes) = 0;
  /// Of the device's memory, at most, that a launch takes for what threads do not have in
  /// registers. Throws as residentBlocks.
  virtual int64_t localBytes(const std::string & /*kernel*/) { return 0; }
  /// Starts a kernel and returns; it begins when those started before have ended. Each parameter of
  /// a kernel has 64 bits. Throws DeviceError.
  virtual void launch(const std::string &kernel, const Launch &how,
                      std::span<const uint64_t> arguments) = 0;
};

/// A product of a program, and where its arrays are.
struct ProductCall {
  Product product;
  ProductArrays arrays;
};

/// A kernel that a device runs again and again, with products between, by itself.
class Repetition {
public:
  virtual ~Repetition() = default;
  /// As Program::launch does. False where the device cannot after all; then nothing has begun.
  virtual bool launch() = 0;
};

/// A device. Used by one thread at a time; programs and memory must not outlive it.
class Device {
public:
  virtual ~Device() = default;
  virtual const Properties &properties() const = 0;
  virtual int64_t freeBytes() = 0;

  /// Memory aligned to 256 bytes, with anything in it. Throws OutOfDeviceMemory, DeviceError.
  virtual Address allocate(int64_t bytes) = 0;
  virtual void release(Address address) = 0;
  /// Copies to and from a device are done on return, and do not wait for a kernel that runs. A copy
  /// from it sees what a kernel wrote before a fence for the whole system.
  virtual void copyTo(Address to, const void *from, int64_t bytes) = 0;
  virtual void copyFrom(void *to, Address from, int64_t bytes) = 0;
  /// From one place of the device to another that it does not overlap; done on return, like the
  /// others.
  virtual void copyWithin(Address to, Address from, int64_t bytes) = 0;

  /// Memory of this process that kernels see, too, at `device`: for messages while they run.
  struct Mailbox {
    void *host = nullptr;
    Address device = 0;
  };
  virtual Mailbox allocateMailbox(int64_t bytes) = 0;
  virtual void releaseMailbox(const Mailbox &mailbox) = 0;

  /// Lets kernels read memory of this process over the bus until `unshare`, where it is or a copy
  /// of it; its address for them. Nothing where they cannot. Throws OutOfDeviceMemory where there
  /// is not as much memory that they can read, DeviceError.
  virtual std::optional<Address> share(const void *memory, int64_t bytes) = 0;
  virtual void unshare(const void *memory) = 0;

  /// Whether there is a library for `multiply`.
  virtual bool multiplies() { return false; }
  /// Whether it has something for a product: to be asked before a program runs that has it made.
  virtual bool multiplies(const Product &) { return multiplies(); }
  /// Starts a product of matrices and returns; it begins when what was launched before has ended.
  /// Throws DeviceError.
  virtual void multiply(const Product &, const ProductArrays &) {
    throw DeviceError("there is no library for products of matrices here");
  }

  /// What runs a kernel of a program of this device, then the product whose number, from 1 on, the
  /// kernel has left in the word at `next`, and so on, until that is 0; it is 0 before each time.
  /// All of the products have been made before. Null where the device cannot do that by itself.
  /// Throws DeviceError.
  virtual std::unique_ptr<Repetition> repeat(Program &, const std::string & /*kernel*/,
                                             const Launch &,
                                             std::span<const uint64_t> /*arguments*/,
                                             std::span<const ProductCall> /*products*/,
                                             Address /*next*/) {
    return nullptr;
  }

  /// Puts code on the device: PTX for a GPU, LLVM bitcode for the emulator. Throws DeviceError.
  virtual std::unique_ptr<Program> load(std::string_view code) = 0;

  /// Whether all that was launched has ended. Throws DeviceError where a kernel failed.
  virtual bool isIdle() = 0;
  /// Returns when all that was launched has ended. Throws as isIdle does.
  virtual void wait() = 0;
  /// Waits for the last launch; how long it ran, by the device's own clock. Nothing where that was
  /// not measured.
  virtual std::optional<double> lastLaunchSeconds() { return std::nullopt; }
};

} // namespace descent::device
