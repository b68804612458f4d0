#include "runtime/device/Runner.h"

#include "runtime/core/Memory.h"
#include "runtime/device/Messages.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <exception>
#include <map>
#include <thread>
#include <utility>

#include <fmt/format.h>

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

/// From one place of a device to another while a kernel runs: by way of this process, as the driver
/// may copy within a card by a kernel of its own, for which there is no room beside one that fills
/// the card.
void copyBeside(Device &device, Address to, Address from, int64_t bytes) {
  constexpr int64_t piece = 16 << 20;
  std::vector<std::byte> buffer(static_cast<size_t>(std::min(bytes, piece)));
  for (int64_t done = 0; done < bytes; done += piece) {
    int64_t count = std::min(piece, bytes - done);
    device.copyFrom(buffer.data(), from + static_cast<Address>(done), count);
    device.copyTo(to + static_cast<Address>(done), buffer.data(), count);
  }
}

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
      // Nothing may be taken down while the program waits: it is answered, and
      // asked to stop.
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
  /// The memory of tapes by the number of their place; it is kept for the next
  /// use.
  std::map<int64_t, std::unique_ptr<Block>> tapes;
  std::map<Address, int64_t> tapeOf; ///< the place whose memory begins there
  std::vector<Array> arrays;
  std::exception_ptr error;

  std::atomic_ref<int64_t> word(int64_t index) {
    return std::atomic_ref<int64_t>(static_cast<int64_t *>(box.host)[index]);
  }

  /// Pointers to the elements of operands, of which arrays are copied from the
  /// device.
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

  /// Memory of at least so many bytes that begins with what a tape has; 0 where there is none.
  /// `tape`: its memory, or the number of its place where it has none yet.
  int64_t growTape(int64_t tape, int64_t bytes) {
    auto byAddress = tapeOf.find(static_cast<Address>(tape));
    int64_t site = byAddress == tapeOf.end() ? tape : byAddress->second;
    std::unique_ptr<Block> &known = tapes[site];
    if (known && known->bytes >= bytes)
      return static_cast<int64_t>(known->address);
    try {
      auto larger = std::make_unique<Block>(device, bytes);
      if (known) {
        copyBeside(device, larger->address, known->address, known->bytes);
        tapeOf.erase(known->address);
      }
      known = std::move(larger);
      tapeOf[known->address] = site;
    } catch (const OutOfDeviceMemory &error) {
      context.failTape(static_cast<int32_t>(site),
                       fmt::format("the device has no memory for what this loop keeps of each "
                                   "iteration for its derivative, {} by now: {}",
                                   inBytes(known ? known->bytes : 0), error.what()));
      return 0;
    }
    return static_cast<int64_t>(known->address);
  }
};

} // namespace

NoRoom::NoRoom(const Properties &device, Needs needs, int64_t free)
    : OutOfDeviceMemory(fmt::format("{} has no room for this program: it needs {}, {} for "
                                    "its data and {} for the "
                                    "arrays that it makes, and {} of {} are free",
                                    device.name, inBytes(needs.all()), inBytes(needs.inputs),
                                    inBytes(needs.working), inBytes(free),
                                    inBytes(device.memoryBytes)),
                        needs.all(), free),
      needed(needs) {}

struct ProgramRunner::Memory {
  explicit Memory(Device &device) : device(device) {}

  Block &add(int64_t bytes) { return *blocks.emplace_back(std::make_unique<Block>(device, bytes)); }

  Device &device;
  std::vector<std::unique_ptr<Block>> blocks;
  Address state = 0, ofBlocks = 0, arena = 0;
  std::vector<Address> inputs;
};

ProgramRunner::ProgramRunner(Device &device, const ProgramImage &image)
    : device(device), image(image) {
  Lap lap;
  program = device.load(image.code);
  int64_t resident = program->residentBlocks(image.kernel, image.threads, 0);
  if (!device.properties().launchesCooperatively)
    resident = 1;
  launch.threads = image.threads;
  launch.blocks =
      static_cast<int>(std::clamp<int64_t>(image.usefulBlocks, 1, std::max<int64_t>(1, resident)));
  // Blocks wait for each other, if there are several.
  launch.cooperative = device.properties().launchesCooperatively;
  seconds.load = lap();
}

ProgramRunner::~ProgramRunner() = default;

void ProgramRunner::provide(std::span<const Input> inputs) {
  Lap lap;
  int64_t bytesOfBlocks = image.blockBytes * launch.blocks;
  NoRoom::Needs needs;
  needs.working = image.arenaBytes + bytesOfBlocks + image.stateBytes;
  for (const Input &input : inputs)
    needs.inputs += input.bytes;
  int64_t free = device.freeBytes();
  auto made = std::make_unique<Memory>(device);
  try {
    Block &state = made->add(image.stateBytes);
    state.clear();
    made->state = state.address;
    // The largest first: what does not fit is found before much was copied.
    made->arena = made->add(image.arenaBytes).address;
    made->ofBlocks = made->add(bytesOfBlocks).address;
    for (const Input &input : inputs)
      made->inputs.push_back(made->add(input.bytes).address);
  } catch (const OutOfDeviceMemory &) {
    throw NoRoom(device.properties(), needs, free);
  }
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].bytes > 0)
      device.copyTo(made->inputs[i], inputs[i].data, inputs[i].bytes);
  memory = std::move(made);
  seconds.transfer = lap();
}

void ProgramRunner::run(const std::vector<abi::Effect> &effects,
                        const std::vector<abi::Check> &checks, abi::RunContext &context) {
  Lap lap;
  std::unique_ptr<Memory> ours = std::move(memory);
  Host host(device, image.mailboxWords, effects, checks, context);
  std::vector<uint64_t> arguments{host.address(), ours->state};
  arguments.insert(arguments.end(), ours->inputs.begin(), ours->inputs.end());
  arguments.push_back(ours->ofBlocks);
  arguments.push_back(static_cast<uint64_t>(image.blockBytes));
  arguments.push_back(ours->arena);
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
  seconds.kernel = lap();
  host.rethrow();
  seconds.kernel = device.lastLaunchSeconds().value_or(seconds.kernel);
}

RunTimes runProgram(Device &device, const ProgramImage &image, std::span<const Input> inputs,
                    const std::vector<abi::Effect> &effects, const std::vector<abi::Check> &checks,
                    abi::RunContext &context) {
  ProgramRunner runner(device, image);
  runner.provide(inputs);
  runner.run(effects, checks, context);
  return runner.times();
}

} // namespace descent::device
