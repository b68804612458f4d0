// The device that a script runs on, if it is not the processor.
#pragma once

#include "compiler/Compiler.h"
#include "descent/Script.h"
#include "frontend/sema/Program.h"
#include "runtime/abi/RunContext.h"
#include "runtime/device/CodeStore.h"
#include "runtime/device/Device.h"
#include "runtime/device/Runner.h"
#include "runtime/device/cuda/Nvml.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace descent {

/// What to make code for: compute capability 80 is 8.0; 0: that of the first card that can be
/// used, 8.0 where there is none.
compiler::DeviceTarget targetOf(int gpu);

/// An open device, and a program's code for it once that is made.
class DeviceSession {
public:
  /// Throws device::DeviceError where it cannot be opened. `kind` is not Cpu.
  /// `cache`: whether code is kept on disk.
  DeviceSession(DeviceKind kind, bool cache);

  /// Null where the processor runs it: DeviceKind::Auto has found nothing else.
  device::Device *device() const { return opened.get(); }
  const std::string &name() const { return deviceName; }
  /// Why it is the processor.
  const std::string &whyNot() const { return reason; }
  /// From now on the processor runs it.
  void leaveToProcessor(std::string why);

  bool isCompiled() const { return code.has_value(); }
  /// Finds the program's code on disk, or compiles what `emit` gives. Throws as compileForDevice.
  void compile(const sema::Program &program, const compiler::CompileOptions &options,
               const std::function<compiler::Module()> &emit, Timing &timing);
  /// The code with its places in the script: those are not on disk. To be asked where it failed.
  const compiler::DeviceCode &withPlaces(const compiler::CompileOptions &options,
                                         const std::function<compiler::Module()> &emit);
  /// Puts a compiled program on the device, with its data. Throws device::NoRoom,
  /// device::DeviceError; then nothing has happened yet.
  void provide(const sema::Program &program, Timing &timing);
  /// Runs what was provided. Throws device::DeviceError.
  void run(const sema::Program &program, abi::RunContext &context, Timing &timing);

  /// See Script.
  double copyRate();
  std::optional<double> joules();

private:
  compiler::DeviceTarget target() const;

  std::unique_ptr<device::CodeStore> store;
  std::unique_ptr<device::Device> opened;
  std::string deviceName, reason;
  bool isEmulator = false, cache = false, hasPlaces = false;
  /// Null for the emulator, and where the card's cannot be read.
  std::unique_ptr<device::CardSensors> sensors;
  std::optional<compiler::DeviceCode> code;
  std::unique_ptr<device::ProgramRunner> runner;
};

} // namespace descent
