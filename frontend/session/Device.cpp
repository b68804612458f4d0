#include "frontend/session/Device.h"

#include "compiler/cache/DeviceStore.h"
#include "compiler/emulator/Emulator.h"
#include "runtime/device/Runner.h"
#include "runtime/device/cuda/Cuda.h"

namespace descent {

namespace {

/// Few threads and blocks, as each takes its turn here; several of both, as their mistakes are
/// looked for.
constexpr int kEmulatedThreads = 64, kEmulatedBlocks = 3;

} // namespace

compiler::DeviceTarget targetOf(int gpu) {
  compiler::DeviceTarget target;
  if (gpu > 0) {
    target.major = gpu / 10;
    target.minor = gpu % 10;
    return target;
  }
  for (const device::CudaCard &card : device::findCuda().cards)
    if (card.problem.empty()) {
      target.major = card.major;
      target.minor = card.minor;
      break;
    }
  return target;
}

DeviceSession::DeviceSession(DeviceKind kind, bool cache) {
  if (kind == DeviceKind::Emulator) {
    emulator::EmulatorOptions options;
    options.residentBlocks = kEmulatedBlocks;
    opened = emulator::makeEmulator(options);
    deviceName = "the emulator";
    isEmulator = true;
    return;
  }
  if (kind == DeviceKind::Auto) {
    reason = device::whyNoCuda();
    if (!reason.empty()) {
      deviceName = "the processor";
      return;
    }
  }
  device::CudaOptions options;
  if (cache) {
    store = std::make_unique<compiler::DeviceStore>(
        compiler::CodeCache(compiler::CodeCache::defaultFolder()));
    options.store = store.get();
  }
  try {
    opened = device::openCuda(options);
  } catch (const device::DeviceError &error) {
    // It is there, but somebody else's, or full.
    if (kind != DeviceKind::Auto)
      throw;
    deviceName = "the processor";
    reason = error.what();
    return;
  }
  deviceName = opened->properties().name;
}

void DeviceSession::compile(compiler::Module module, const compiler::CompileOptions &options) {
  compiler::DeviceTarget target;
  target.asBitcode = isEmulator;
  if (isEmulator) {
    target.threads = kEmulatedThreads;
  } else {
    target.major = opened->properties().major;
    target.minor = opened->properties().minor;
  }
  code = compiler::compileForDevice(std::move(module), options, target);
}

void DeviceSession::run(const sema::Program &program, abi::RunContext &context) {
  std::vector<device::Input> inputs;
  for (const sema::Input &input : program.inputs)
    inputs.push_back({input.data.data(), static_cast<int64_t>(input.data.byteSize())});
  device::runProgram(*opened, code->image, inputs, program.effects, program.checks, context);
}

} // namespace descent
