#include "runtime/device/Runner.h"

#include "runtime/device/Messages.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <exception>
#include <map>
#include <thread>
#include <utility>

namespace descent::device {

namespace {

/// Memory of a device that is given back.
class Block {
public:
  Block(Device &device, int64_t bytes) : device(device), bytes(std::max<int64_t>(bytes, 1)) {
    address = device.allocate(this->bytes);
  }
  ~Block() { device.release(address); }
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;

  void clear() {
    std::vector<std::byte> zeros(static_cast<size_t>(bytes));
    device.copyTo(address, zeros.data(), bytes);
  }

  Device &device;
  int64_t bytes;
  Address address = 0;
};

/// Seconds since it was made or asked.
class Lap {
public:
  double operator()() {
    Clock::time_point now = Clock::now();
    return std::chrono::duration<double>(now - std::exchange(begin, now)).count();
  }

private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin = Clock::now();
};

/// The mailbox of a running program, seen from the host.
class Host {
public:
  Host(Device &device, int64_t words, const std::vector<abi::Effect> &effects,
       const std::vector<abi::Check> &checks, abi::RunContext &context)
      : device(device), effects(effects), checks(checks), context(context),
        box(device.allocateMailbox(words * 8)) {
    std::fill_n(static_cast<int64_t *>(box.host), words, 0);
  }
  ~Host() { device.releaseMailbox(box); }
  Host(const Host &) = delete;
  Host &operator=(const Host &) = delete;

  Address address() const { return box.device; }

  /// Carries out what the program asks for, if it asks for something.
  bool serve() {
    int64_t number = word(mailbox::requested).load(std::memory_order_acquire);
    if (number == served)
      return false;
    int64_t answer = 0;
    try {
      answer = carryOut();
    } catch (...) {
      // Nothing may be taken down while the program waits: it is answered, and asked to stop.
      if (!error)
        error = std::current_exception();
      word(mailbox::stop).store(1, std::memory_order_relaxed);
    }
    word(mailbox::answer).store(answer, std::memory_order_relaxed);
    served = number;
    word(mailbox::answered).store(number, std::memory_order_release);
    return true;
  }

  void rethrow() const {
    if (error)
      std::rethrow_exception(error);
  }

  void passOnInterrupt() {
    if (context.poll())
      word(mailbox::stop).store(1, std::memory_order_relaxed);
  }

private:
  Device &device;
  const std::vector<abi::Effect> &effects;
  const std::vector<abi::Check> &checks;
  abi::RunContext &context;
  Device::Mailbox box;
  int64_t served = 0;
  /// The memory of tapes by the number of their place; it is kept for the next use.
  std::map<int64_t, std::unique_ptr<Block>> tapes;
  std::vector<Array> arrays;
  std::exception_ptr error;

  std::atomic_ref<int64_t> word(int64_t index) {
    return std::atomic_ref<int64_t>(static_cast<int64_t *>(box.host)[index]);
  }

  /// Pointers to the elements of operands, of which arrays are copied from the device.
  std::vector<const void *> operands(const std::vector<abi::OperandType> &types) {
    std::vector<const void *> pointers;
    arrays.clear();
    arrays.reserve(types.size());
    for (size_t i = 0; i < types.size(); ++i) {
      auto first = mailbox::operands + static_cast<int64_t>(i) * mailbox::wordsOfOperand;
      auto from = static_cast<Address>(word(first).load(std::memory_order_relaxed));
      if (from == 0) {
        pointers.push_back(static_cast<int64_t *>(box.host) + first + 1);
        continue;
      }
      Array &array = arrays.emplace_back(Array::uninitialized(types[i].dtype, types[i].shape));
      if (array.byteSize() > 0)
        device.copyFrom(array.mutableData(), from, static_cast<int64_t>(array.byteSize()));
      pointers.push_back(array.data());
    }
    return pointers;
  }

  int64_t carryOut() {
    int64_t index = word(mailbox::index).load(std::memory_order_relaxed);
    switch (static_cast<Request>(word(mailbox::request).load(std::memory_order_relaxed))) {
    case Request::Effect:
      context.effect(static_cast<int32_t>(index),
                     operands(effects.at(static_cast<size_t>(index)).operands).data());
      return 0;
    case Request::CheckFailed:
      context.checkFailed(static_cast<int32_t>(index),
                          operands(checks.at(static_cast<size_t>(index)).operands).data());
      return 0;
    case Request::Clock:
      return std::bit_cast<int64_t>(context.clock());
    case Request::Tape:
      return growTape(index, word(mailbox::bytes).load(std::memory_order_relaxed));
    }
    return 0;
  }

  /// Memory of at least so many bytes that begins with what `site`'s had; 0 where there is none.
  int64_t growTape(int64_t site, int64_t bytes) {
    std::unique_ptr<Block> &known = tapes[site];
    if (known && known->bytes >= bytes)
      return static_cast<int64_t>(known->address);
    try {
      auto larger = std::make_unique<Block>(device, bytes);
      if (known)
        device.copyWithin(larger->address, known->address, known->bytes);
      known = std::move(larger);
    } catch (const OutOfDeviceMemory &error) {
      context.failTape(static_cast<int32_t>(site),
                       "the device has no memory for what this loop keeps of each iteration for "
                       "its derivative: " +
                           std::string(error.what()));
      return 0;
    }
    return static_cast<int64_t>(known->address);
  }
};

} // namespace

RunTimes runProgram(Device &device, const ProgramImage &image, std::span<const Input> inputs,
                    const std::vector<abi::Effect> &effects, const std::vector<abi::Check> &checks,
                    abi::RunContext &context) {
  RunTimes times;
  Lap lap;
  std::unique_ptr<Program> program = device.load(image.code);
  int64_t resident = program->residentBlocks(image.kernel, image.threads, 0);
  if (!device.properties().launchesCooperatively)
    resident = 1;
  Launch launch;
  launch.threads = image.threads;
  launch.blocks =
      static_cast<int>(std::clamp<int64_t>(image.usefulBlocks, 1, std::max<int64_t>(1, resident)));
  // Blocks wait for each other, if there are several.
  launch.cooperative = device.properties().launchesCooperatively;
  times.load = lap();

  std::vector<std::unique_ptr<Block>> blocks;
  auto newBlock = [&](int64_t bytes) -> Block & {
    blocks.push_back(std::make_unique<Block>(device, bytes));
    return *blocks.back();
  };
  Block &state = newBlock(image.stateBytes);
  state.clear();
  Host host(device, image.mailboxWords, effects, checks, context);
  std::vector<uint64_t> arguments{host.address(), state.address};
  for (const Input &input : inputs) {
    Block &block = newBlock(input.bytes);
    if (input.bytes > 0)
      device.copyTo(block.address, input.data, input.bytes);
    arguments.push_back(block.address);
  }
  arguments.push_back(newBlock(image.blockBytes * launch.blocks).address);
  arguments.push_back(static_cast<uint64_t>(image.blockBytes));
  arguments.push_back(newBlock(image.arenaBytes).address);
  times.transfer = lap();

  program->launch(image.kernel, launch, arguments);
  using namespace std::chrono_literals;
  for (int idle = 0; !device.isIdle();) {
    if (host.serve()) {
      idle = 0;
      continue;
    }
    host.passOnInterrupt();
    // A program that has just been answered often asks again soon.
    if (++idle < 1000)
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(50us);
  }
  times.kernel = lap();
  host.rethrow();
  times.kernel = device.lastLaunchSeconds().value_or(times.kernel);
  return times;
}

} // namespace descent::device
