#include "runtime/device/Runner.h"

#include "runtime/core/Memory.h"
#include "runtime/device/Host.h"
#include "runtime/device/Placement.h"
#include "runtime/device/ProductLoop.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>

namespace descent::device {

namespace {

constexpr int64_t kLeastReserveBytes = int64_t{4} << 20, kMostReserveBytes = int64_t{64} << 20;

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
  Memory(Device &device, int64_t mailboxWords) : device(device), host(device, mailboxWords) {}

  ~Memory() {
    for (const auto &[memory, address] : shared)
      device.unshare(memory);
  }

  /// Throws OutOfDeviceMemory where it cannot be.
  Address share(const Input &input) {
    // Two may be the same array.
    if (auto known = shared.find(input.data); known != shared.end())
      return known->second;
    std::optional<Address> address = device.share(input.data, input.bytes);
    if (!address)
      throw OutOfDeviceMemory("the device cannot read the machine's memory", input.bytes, 0);
    return shared[input.data] = *address;
  }
  Block &add(int64_t bytes) { return *blocks.emplace_back(std::make_unique<Block>(device, bytes)); }

  Device &device;
  Host host;
  std::vector<std::unique_ptr<Block>> blocks;
  Block *state = nullptr;
  std::map<const void *, Address> shared;
  std::vector<Address> inputs, results;
  Address ofBlocks = 0, arena = 0;
  std::unique_ptr<ProductLoop> loop; ///< of the program, with this memory
};

ProgramRunner::ProgramRunner(Device &device, const ProgramImage &image)
    : device(device), image(image) {
  Lap lap;
  program = device.load(image.code);
  if (device.properties().launchesCooperatively)
    resident = std::max<int64_t>(1, program->residentBlocks(image.kernel, image.threads, 0));
  launch.threads = image.threads;
  launch.blocks =
      static_cast<int>(std::clamp<int64_t>(image.usefulBlocks, 1, resident));
  // Blocks wait for each other, if there are several.
  launch.cooperative = device.properties().launchesCooperatively;
  seconds.load = lap();
}

ProgramRunner::~ProgramRunner() = default;

NoRoom::Needs ProgramRunner::needsOf(std::span<const Input> inputs,
                                     std::span<const Output> results) const {
  NoRoom::Needs needs;
  needs.working = image.arenaBytes + image.blockBytes * launch.blocks + image.stateBytes;
  for (const Input &input : inputs)
    needs.inputs += input.bytes;
  for (const Output &result : results)
    needs.working += result.bytes;
  return needs;
}

std::vector<size_t> ProgramRunner::leavesOutside(std::span<const Input> inputs,
                                                 Outside outside) const {
  NoRoom::Needs needs = needsOf(inputs, {});
  // Some is left for what is rounded up, and for others.
  int64_t reserve =
      std::clamp(device.properties().memoryBytes / 32, kLeastReserveBytes, kMostReserveBytes);
  int64_t room =
      device.freeBytes() - reserve - image.tapeBytes - program->localBytes(image.kernel);
  if (outside == Outside::Nothing || needs.all() <= room)
    return {};
  std::vector<int64_t> sizes;
  for (const Input &input : inputs)
    sizes.push_back(input.bytes);
  return inputsOutside(sizes, image.byRows, room - needs.working,
                       /*rowsOnly=*/outside == Outside::ReadByRows);
}

std::unique_ptr<ProgramRunner::Memory> ProgramRunner::makeRoom(std::span<const Input> inputs,
                                                               std::span<const Output> results,
                                                               Outside outside) {
  NoRoom::Needs needs = needsOf(inputs, results);
  int64_t free = device.freeBytes();
  leftOutside = leavesOutside(inputs, outside);
  auto made = std::make_unique<Memory>(device, image.mailboxWords);
  std::optional<size_t> sharing;
  try {
    made->state = &made->add(image.stateBytes);
    made->arena = made->add(image.arenaBytes).address;
    made->ofBlocks = made->add(image.blockBytes * launch.blocks).address;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (std::ranges::binary_search(leftOutside, i)) {
        sharing = i;
        made->inputs.push_back(made->share(inputs[i]));
        sharing.reset();
      } else {
        made->inputs.push_back(made->add(inputs[i].bytes).address);
      }
    }
    for (const Output &result : results)
      made->results.push_back(made->add(result.bytes).address);
  } catch (const OutOfDeviceMemory &error) {
    NoRoom shortage(device.properties(), needs, free);
    if (sharing)
      shortage.cannotShare(*sharing, error.what());
    throw shortage;
  }
  seconds.bytes = needs.all();
  for (size_t i : leftOutside)
    seconds.bytes -= inputs[i].bytes;
  return made;
}

void ProgramRunner::transfer(const Memory &to, std::span<const Input> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].bytes > 0 && !std::ranges::binary_search(leftOutside, i))
      device.copyTo(to.inputs[i], inputs[i].data, inputs[i].bytes);
}

/// Launches the program, and goes on with it as often as it leaves the device.
void ProgramRunner::launchUntilEnd(Memory &with) {
  using namespace std::chrono_literals;
  with.loop->start();
  seconds.launches = 1;
  for (int idle = 0;;) {
    bool hasEnded = device.isIdle();
    if (with.host.serve()) {
      idle = 0;
      if (with.host.goesOn()) {
        with.loop->goOn(with.host.made());
        ++seconds.launches;
      }
      continue;
    }
    if (hasEnded)
      return;
    with.host.passOnInterrupt();
    // A program that has just been answered often asks again soon.
    if (++idle < 1000)
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(50us);
  }
}

void ProgramRunner::execute(Memory &with, const std::vector<abi::Effect> &effects,
                            const std::vector<abi::Check> &checks, abi::RunContext &context) {
  Lap lap;
  with.state->clear();
  with.host.begin(effects, checks, image.products, context);
  if (!with.loop) {
    std::vector<uint64_t> arguments{with.host.address(), with.state->address};
    arguments.insert(arguments.end(), with.inputs.begin(), with.inputs.end());
    arguments.insert(arguments.end(), with.results.begin(), with.results.end());
    arguments.push_back(with.ofBlocks);
    arguments.push_back(static_cast<uint64_t>(image.blockBytes));
    arguments.push_back(with.arena);
    with.loop = std::make_unique<ProductLoop>(device, *program, image, launch, arguments,
                                              with.state->address);
  }
  try {
    launchUntilEnd(with);
  } catch (const DeviceError &error) {
    throw ProgramFailed(error.what(), with.host.reached());
  }
  seconds.kernel = lap();
  with.host.rethrow();
  if (seconds.launches == 1)
    seconds.kernel = device.lastLaunchSeconds().value_or(seconds.kernel);
}

void ProgramRunner::provide(std::span<const Input> inputs, Outside outside) {
  Lap lap;
  std::unique_ptr<Memory> made = makeRoom(inputs, {}, outside);
  transfer(*made, inputs);
  memory = std::move(made);
  seconds.transfer = lap();
}

void ProgramRunner::run(const std::vector<abi::Effect> &effects,
                        const std::vector<abi::Check> &checks, abi::RunContext &context) {
  std::unique_ptr<Memory> ours = std::move(memory);
  execute(*ours, effects, checks, context);
}

void ProgramRunner::call(std::span<const Input> arguments, std::span<const Output> results,
                         const std::vector<abi::Effect> &effects,
                         const std::vector<abi::Check> &checks, abi::RunContext &context) {
  if (!memory)
    memory = makeRoom(arguments, results, Outside::Nothing);
  transfer(*memory, arguments);
  execute(*memory, effects, checks, context);
  if (context.failure())
    return;
  for (size_t i = 0; i < results.size(); ++i)
    if (results[i].bytes > 0)
      device.copyFrom(results[i].data, memory->results[i], results[i].bytes);
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
