// The host's side of a running program: carries out what it asks for through the mailbox.
#pragma once

#include "runtime/abi/RunContext.h"
#include "runtime/device/Device.h"
#include "runtime/device/Messages.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <vector>

namespace descent::device {

/// Memory of a device that is given back.
class Block {
public:
  Block(Device &device, int64_t bytes);
  ~Block() { device.release(address); }
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;

  /// All zeros.
  void clear();

  Device &device;
  int64_t bytes;
  Address address = 0;
};

/// A product of a program, by its number, that the host had the device's library make.
struct MadeProduct {
  size_t number = 0;
  ProductArrays arrays;
};

/// What a program asks of, for its runs one after the other.
class Host {
public:
  /// `words`: of the mailbox. Throws DeviceError.
  Host(Device &device, int64_t words);
  ~Host() { device.releaseMailbox(box); }
  Host(const Host &) = delete;
  Host &operator=(const Host &) = delete;

  /// Of the mailbox, for kernels.
  Address address() const { return box.device; }

  /// A run begins, which acts on `run`; `effects`, `checks` and `products` are its own.
  void begin(const std::vector<abi::Effect> &effects, const std::vector<abi::Check> &checks,
             const std::vector<Product> &products, abi::RunContext &run);
  /// Carries out what the program asks for, if it asks for something.
  bool serve();
  /// Whether what was just served ended the program, which is to be launched again.
  bool goesOn() const { return isToGoOn; }
  /// For which product it ended.
  const MadeProduct &made() const { return madeLast; }
  /// Tells the program where the user asked it to stop.
  void passOnInterrupt();
  /// The step that the program began last (see mailbox::reached), also where it failed: this
  /// memory is the host's own.
  int64_t reached() { return word(mailbox::reached).load(std::memory_order_relaxed); }
  /// Throws what went wrong here while it ran.
  void rethrow() const;

private:
  std::atomic_ref<int64_t> word(int64_t index) {
    return std::atomic_ref<int64_t>(static_cast<int64_t *>(box.host)[index]);
  }
  std::vector<const void *> operands(const std::vector<abi::OperandType> &types);
  Address operandAddress(size_t number);
  int64_t carryOut();
  int64_t growTape(int64_t tape, int64_t bytes);

  Device &device;
  int64_t words;
  Device::Mailbox box;
  const std::vector<abi::Effect> *effects = nullptr;
  const std::vector<abi::Check> *checks = nullptr;
  const std::vector<Product> *products = nullptr;
  bool isToGoOn = false;
  MadeProduct madeLast;
  abi::RunContext *context = nullptr;
  int64_t served = 0;
  /// The memory of tapes by the number of their place; it is kept for the next use.
  std::map<int64_t, std::unique_ptr<Block>> tapes;
  std::map<Address, int64_t> tapeOf; ///< the place whose memory begins there
  std::vector<Array> arrays;
  std::exception_ptr error;
};

} // namespace descent::device
