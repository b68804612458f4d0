#include "compiler/emulator/Emulator.h"

#include "compiler/emulator/Code.h"
#include "compiler/emulator/Library.h"
#include "compiler/emulator/Machine.h"
#include "compiler/emulator/Memory.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace descent::emulator {

namespace {

using namespace device;

constexpr int64_t sharedOfProcessor = int64_t(228) << 10;
constexpr int64_t mostShared = int64_t(227) << 10;
constexpr int64_t mostStaticShared = int64_t(48) << 10;
constexpr int threadsOfProcessor = 2048, blocksOfProcessor = 32;

/// Runs what is launched, in order, in a thread of its own.
class Queue {
public:
  explicit Queue(Machine &machine) : machine(machine) {}

  ~Queue() {
    if (!worker.joinable())
      return;
    {
      std::lock_guard lock(mutex);
      ending = true;
      waiting.clear();
    }
    machine.stop(true);
    changed.notify_all();
    worker.join();
  }

  void push(Work work) {
    std::lock_guard lock(mutex);
    if (!worker.joinable())
      worker = std::thread([this] { loop(); });
    // Behind a fault nothing runs until it was told.
    if (failure.empty())
      waiting.push_back(std::move(work));
    changed.notify_all();
  }

  bool isIdle() {
    std::lock_guard lock(mutex);
    tell();
    return waiting.empty() && !running;
  }

  void wait() {
    std::unique_lock lock(mutex);
    settle(lock);
    tell();
  }

  /// Ends what runs and forgets what waits: its code goes away.
  void abandon() {
    std::unique_lock lock(mutex);
    waiting.clear();
    machine.stop(true);
    settle(lock);
    machine.stop(false);
  }

private:
  void settle(std::unique_lock<std::mutex> &lock) {
    changed.wait(lock, [&] { return waiting.empty() && !running; });
  }

  void tell() {
    if (!failure.empty())
      throw DeviceError(std::exchange(failure, {}));
  }

  void loop() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return ending || !waiting.empty(); });
      if (ending)
        return;
      Work work = std::move(waiting.front());
      waiting.pop_front();
      running = true;
      lock.unlock();
      std::string wrong;
      try {
        wrong = machine.run(work);
      } catch (const std::exception &error) {
        wrong = error.what();
      }
      lock.lock();
      running = false;
      if (!wrong.empty()) {
        failure = std::move(wrong);
        waiting.clear();
      }
      changed.notify_all();
    }
  }

  Machine &machine;
  std::thread worker;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Work> waiting;
  bool running = false, ending = false;
  std::string failure;
};

class EmulatedProgram final : public Program {
public:
  EmulatedProgram(std::string_view code, const EmulatorOptions &options, Machine &machine,
                  Memory &memory, Queue &queue)
      : options(options), queue(queue), code(code, machine, memory, options.checks) {}

  ~EmulatedProgram() override { queue.abandon(); }

  int residentBlocks(const std::string &name, int threads, int64_t sharedBytes) override {
    return resident(find(name), threads, sharedBytes);
  }

  void launch(const std::string &name, const Launch &how,
              std::span<const uint64_t> arguments) override {
    const KernelCode &kernel = find(name);
    auto refuse = [&](const std::string &why) {
      throw DeviceError("the kernel '" + name + "' cannot be launched: " + why);
    };
    if (arguments.size() != kernel.parameters)
      refuse("it takes " + std::to_string(kernel.parameters) + " arguments, not " +
             std::to_string(arguments.size()));
    if (how.threads < 1 || how.threads > 1024 || how.blocks < 1)
      refuse(std::to_string(how.blocks) + " blocks of " + std::to_string(how.threads) + " threads");
    if (int64_t(how.blocks) * how.threads >= mostThreads)
      refuse("more than " + std::to_string(mostThreads) + " threads are too many to be emulated");
    int64_t shared = kernel.staticSharedBytes + how.sharedBytes;
    if (how.sharedBytes < 0 || kernel.staticSharedBytes > mostStaticShared || shared > mostShared ||
        kernel.dynamicShared + shared > sharedSpan)
      refuse(std::to_string(kernel.staticSharedBytes) + " + " + std::to_string(how.sharedBytes) +
             " bytes of shared memory");
    int most = resident(kernel, how.threads, how.sharedBytes);
    if (how.cooperative && how.blocks > most)
      refuse("its " + std::to_string(how.blocks) +
             " blocks are to run at the same time, and the device holds " + std::to_string(most));
    queue.push({&kernel,
                how,
                static_cast<uint32_t>(std::min(how.blocks, most)),
                {arguments.begin(), arguments.end()}});
  }

private:
  const KernelCode &find(const std::string &name) const {
    const KernelCode *kernel = code.find(name);
    if (!kernel)
      throw DeviceError("there is no kernel '" + name + "' in the program");
    return *kernel;
  }

  int resident(const KernelCode &kernel, int threads, int64_t sharedBytes) const {
    int64_t shared = kernel.staticSharedBytes + sharedBytes;
    int64_t each = std::min<int64_t>(threadsOfProcessor / ((std::max(threads, 1) + 31) / 32 * 32),
                                     blocksOfProcessor);
    // A card keeps 1 KiB of each block for itself.
    each = std::min(each, sharedOfProcessor / (shared + 1024));
    int64_t all = each * options.processors;
    return static_cast<int>(options.residentBlocks ? std::min<int64_t>(all, options.residentBlocks)
                                                   : all);
  }

  const EmulatorOptions options;
  Queue &queue;
  Code code;
};

/// A kernel with products between, which are made where the device is asked how far it is.
class EmulatedRepetition final : public Repetition {
public:
  EmulatedRepetition(Device &device, Program &program, std::string kernel, const Launch &how,
                     std::span<const uint64_t> arguments, std::span<const ProductCall> products,
                     Address next, EmulatedRepetition *&running)
      : device(device), program(program), kernel(std::move(kernel)), how(how),
        arguments(arguments.begin(), arguments.end()), products(products.begin(), products.end()),
        next(next), running(running) {}
  ~EmulatedRepetition() override {
    if (running == this)
      running = nullptr;
  }

  bool launch() override {
    program.launch(kernel, how, arguments);
    running = this;
    return true;
  }

  /// The kernel has ended.
  void goOn() {
    running = nullptr;
    int64_t number = 0;
    device.copyFrom(&number, next, sizeof(number));
    if (number == 0)
      return;
    const int64_t none = 0;
    device.copyTo(next, &none, sizeof(none));
    const ProductCall &call = products.at(static_cast<size_t>(number - 1));
    device.multiply(call.product, call.arrays);
    launch();
  }

private:
  Device &device;
  Program &program;
  const std::string kernel;
  const Launch how;
  const std::vector<uint64_t> arguments;
  const std::vector<ProductCall> products;
  const Address next;
  EmulatedRepetition *&running;
};

class EmulatedDevice final : public Device {
public:
  explicit EmulatedDevice(const EmulatorOptions &options)
      : options(options), memory(options.memoryBytes, options.checkUnwrittenGlobal),
        machine(options, memory), queue(machine) {
    known.name = "the emulator";
    known.driver = "none";
    known.major = 7;
    known.processors = options.processors;
    known.memoryBytes = options.memoryBytes;
  }

  const Properties &properties() const override { return known; }
  int64_t freeBytes() override { return memory.freeBytes(); }

  Address allocate(int64_t bytes) override { return memory.allocate(bytes, RegionKind::Global); }
  void release(Address address) override { memory.release(address); }

  void copyTo(Address to, const void *from, int64_t bytes) override {
    memory.expectRange("a copy to the device", to, bytes);
    if (bytes == 0)
      return;
    std::memcpy(reinterpret_cast<void *>(to), from, static_cast<size_t>(bytes));
    memory.markWritten(to, static_cast<uint64_t>(bytes));
  }

  void copyFrom(void *to, Address from, int64_t bytes) override {
    memory.expectRange("a copy from the device", from, bytes);
    if (bytes == 0)
      return;
    std::memcpy(to, reinterpret_cast<const void *>(from), static_cast<size_t>(bytes));
  }

  void copyWithin(Address to, Address from, int64_t bytes) override {
    memory.expectRange("a copy within the device", from, bytes);
    copyTo(to, reinterpret_cast<const void *>(from), bytes);
  }

  Mailbox allocateMailbox(int64_t bytes) override {
    Address address = memory.allocate(bytes, RegionKind::Mailbox);
    std::memset(reinterpret_cast<void *>(address), 0, static_cast<size_t>(bytes));
    return {reinterpret_cast<void *>(address), address};
  }
  void releaseMailbox(const Mailbox &mailbox) override { memory.release(mailbox.device); }

  std::optional<Address> share(const void *shared, int64_t bytes) override {
    std::optional<Address> address = memory.share(shared, bytes);
    if (address)
      sharedAt[shared] = *address;
    return address;
  }
  void unshare(const void *shared) override {
    auto found = sharedAt.find(shared);
    if (found == sharedAt.end())
      throw DeviceError("memory is not shared any more that never was");
    memory.release(found->second);
    sharedAt.erase(found);
  }

  bool multiplies() override { return true; }
  void multiply(const device::Product &product, const device::ProductArrays &arrays) override {
    emulator::multiply(*this, product, arrays);
  }
  std::unique_ptr<Repetition> repeat(Program &program, const std::string &kernel, const Launch &how,
                                     std::span<const uint64_t> arguments,
                                     std::span<const ProductCall> products, Address next) override {
    if (!options.repeats)
      return nullptr;
    return std::make_unique<EmulatedRepetition>(*this, program, kernel, how, arguments, products,
                                                next, repetition);
  }

  std::unique_ptr<Program> load(std::string_view code) override {
    return std::make_unique<EmulatedProgram>(code, options, machine, memory, queue);
  }

  bool isIdle() override {
    return told([&] {
      if (!queue.isIdle())
        return false;
      if (!repetition)
        return true;
      repetition->goOn();
      return false;
    });
  }
  void wait() override {
    told([&] {
      for (queue.wait(); repetition; queue.wait())
        repetition->goOn();
    });
  }

private:
  /// What fails is not repeated.
  template <typename Call> auto told(Call call) -> decltype(call()) {
    try {
      return call();
    } catch (...) {
      repetition = nullptr;
      throw;
    }
  }

  const EmulatorOptions options;
  Properties known;
  Memory memory;
  std::map<const void *, Address> sharedAt;
  Machine machine;
  Queue queue;
  EmulatedRepetition *repetition = nullptr; ///< the one that runs
};

} // namespace

std::unique_ptr<Device> makeEmulator(const EmulatorOptions &options) {
  return std::make_unique<EmulatedDevice>(options);
}

} // namespace descent::emulator
