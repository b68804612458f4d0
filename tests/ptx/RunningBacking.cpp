// A fake driver's kernels are those of the PTX that it is given: read (Reader.h) and run by the
// emulator, which reports what it finds at fault on standard error.
//
// $FAKE_CUDA_SM is the card's compute capability (90), $FAKE_CUDA_SEED the order in which threads
// take turns.
#include "Reader.h"

#include "compiler/emulator/Emulator.h"
#include "tests/unit/cuda/Backing.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace descent::test {

namespace {

/// Errors of a kernel.
constexpr int kIllegalAddress = 700, kLaunchFailed = 719;
/// Few blocks, as their threads take turns; several, as their mistakes are looked for.
constexpr int kBlocks = 2;
constexpr std::chrono::microseconds kMostNap{1000};

/// An emulator that several threads may use.
struct Shared {
  std::unique_ptr<device::Device> device;
  std::mutex mutex;
  int processors = 1;
};

class RunningKernels final : public Kernels {
public:
  RunningKernels(Shared &shared, const ptx::Code &code) : shared(shared) {
    {
      std::lock_guard lock(shared.mutex);
      program = shared.device->load(ptx::bitcodeOf(code));
    }
    for (const ptx::Function &function : code.functions)
      if (function.isKernel)
        add(code, function);
  }
  ~RunningKernels() override {
    std::lock_guard lock(shared.mutex);
    program.reset();
  }

  const FakeKernel *find(const std::string &name) override {
    auto found = kernels.find(name);
    return found == kernels.end() ? nullptr : &found->second;
  }

private:
  void add(const ptx::Code &code, const ptx::Function &function) {
    FakeKernel &kernel = kernels[function.name];
    kernel.parameters = int(function.parameters.size());
    if (function.mostThreads)
      kernel.mostThreads = function.mostThreads;
    // The kernel's own; what functions have that it calls, a driver knows better.
    auto count = [&](const ptx::Variable &variable) {
      if (variable.space == ptx::Space::Shared && !variable.isDynamic)
        kernel.staticShared += int(variable.bytes);
      if (variable.space == ptx::Space::Local)
        kernel.local += int(variable.bytes);
    };
    for (const ptx::Variable &variable : code.variables)
      count(variable);
    for (const ptx::Statement &statement : function.body)
      if (statement.kind == ptx::Statement::Kind::Declaration)
        count(statement.variable);
    kernel.resident = [this, name = function.name](int threads, int64_t sharedBytes) {
      std::lock_guard lock(shared.mutex);
      return program->residentBlocks(name, threads, sharedBytes) / shared.processors;
    };
    kernel.run = [this, name = function.name](const FakeLaunch &how) { return run(name, how); };
  }

  int run(const std::string &name, const FakeLaunch &how) {
    try {
      {
        std::lock_guard lock(shared.mutex);
        device::Launch launch{how.blocks, how.threads, how.sharedBytes, how.cooperative};
        program->launch(name, launch, {how.arguments, size_t(kernels.at(name).parameters)});
      }
      // Not often, as the emulator needs the processor.
      for (auto nap = std::chrono::microseconds(20); !isIdle(); nap = std::min(nap * 2, kMostNap))
        std::this_thread::sleep_for(nap);
    } catch (const device::DeviceError &error) {
      std::fprintf(stderr, "fake driver: %s\n", error.what());
      bool isOutside =
          std::string_view(error.what()).find("out of bounds") != std::string_view::npos;
      return isOutside ? kIllegalAddress : kLaunchFailed;
    }
    return 0;
  }

  bool isIdle() {
    std::lock_guard lock(shared.mutex);
    return shared.device->isIdle();
  }

  Shared &shared;
  std::unique_ptr<device::Program> program;
  std::map<std::string, FakeKernel> kernels;
};

int numberFrom(const char *name, int otherwise) {
  const char *text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

class RunningBacking final : public Backing {
public:
  explicit RunningBacking(FakeCuda &cuda) : cuda(cuda) {
    int capability = numberFrom("FAKE_CUDA_SM", 90);
    cuda.name = "PTX on the emulator";
    cuda.major = capability / 10;
    cuda.minor = capability % 10;
    cuda.processors = shared.processors;
    cuda.mostSharedBytes = 227 << 10;
    emulator::EmulatorOptions options;
    options.seed = uint64_t(numberFrom("FAKE_CUDA_SEED", 1));
    options.processors = shared.processors;
    options.residentBlocks = kBlocks;
    // The driver counts; there is also what is pinned.
    options.memoryBytes = int64_t(cuda.memoryBytes) * 2;
    options.trustGridBarrier = false;
    shared.device = emulator::makeEmulator(options);
  }

  uint64_t allocate(size_t bytes) override {
    std::lock_guard lock(shared.mutex);
    try {
      return shared.device->allocate(int64_t(bytes));
    } catch (const device::DeviceError &) {
      return 0;
    }
  }
  void release(uint64_t address) override {
    std::lock_guard lock(shared.mutex);
    shared.device->release(address);
  }
  bool isVariable(uint64_t address, size_t bytes) override {
    std::lock_guard lock(shared.mutex);
    std::vector<char> content(bytes);
    try {
      shared.device->copyFrom(content.data(), address, int64_t(bytes));
    } catch (const device::DeviceError &) {
      return false;
    }
    return true;
  }
  void *pin(size_t bytes) override {
    std::lock_guard lock(shared.mutex);
    try {
      return shared.device->allocateMailbox(int64_t(bytes)).host;
    } catch (const device::DeviceError &) {
      return nullptr;
    }
  }
  void unpin(void *memory) override {
    std::lock_guard lock(shared.mutex);
    shared.device->releaseMailbox({memory, reinterpret_cast<uint64_t>(memory)});
  }
  uint64_t share(void *memory, size_t bytes) override {
    std::lock_guard lock(shared.mutex);
    return shared.device->share(memory, int64_t(bytes)).value_or(0);
  }
  void unshare(void *memory) override {
    std::lock_guard lock(shared.mutex);
    shared.device->unshare(memory);
  }

  std::string complaintAbout(const std::string &text) override {
    try {
      ptx::Code code = ptx::parse(text);
      if (code.capability > cuda.major * 10 + cuda.minor)
        return "the card is of sm_" + std::to_string(cuda.major * 10 + cuda.minor) + "\n";
      ptx::bitcodeOf(code);
      return "";
    } catch (const ptx::Problem &problem) {
      return "ptxas application ptx input, line " + std::to_string(problem.line) +
             "; fatal: " + problem.what() + "\n";
    }
  }
  std::unique_ptr<Kernels> load(const std::string &text) override {
    ptx::Code code = ptx::parse(text);
    // The driver has functions of its own; what calls them the fake does by itself (selectIn).
    for (const ptx::Function &function : code.functions)
      if (function.isExternal)
        return nullptr;
    return std::make_unique<RunningKernels>(shared, code);
  }

private:
  FakeCuda &cuda;
  Shared shared;
};

} // namespace

std::unique_ptr<Backing> makeBacking(FakeCuda &cuda) {
  return std::make_unique<RunningBacking>(cuda);
}

} // namespace descent::test
