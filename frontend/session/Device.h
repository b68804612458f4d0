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
#include <map>
#include <memory>
#include <optional>
#include <span>
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
  /// Whether its messages about a program have the places in the script.
  bool namesPlaces() const { return isEmulator; }
  /// Why it is the processor.
  const std::string &whyNot() const { return reason; }
  /// From now on the processor runs it.
  void leaveToProcessor(std::string why);

  /// Options for code that runs here: without a limit for tapes of its own, it is a quarter of what
  /// was free on the device when it was opened, not of the machine's memory.
  compiler::CompileOptions suited(compiler::CompileOptions options) const;
  /// Finds the code of the program, or of the exported function of that name, on disk, or compiles
  /// what `emit` gives; once. Throws as compileForDevice.
  void compile(std::string_view function, const sema::Program &program,
               const compiler::CompileOptions &options,
               const std::function<compiler::Module()> &emit, Timing &timing);
  bool isCompiled(std::string_view function) const { return codes.contains(function); }
  /// Its code with the places in the script: those are not on disk. To be asked where it failed.
  const compiler::DeviceCode &withPlaces(std::string_view function,
                                         const compiler::CompileOptions &options,
                                         const std::function<compiler::Module()> &emit);
  /// Looks which of the data have to stay in the machine's memory. True where the program is to be
  /// compiled again for that: it is then as if it had not been. Throws device::DeviceError.
  bool leavesRowsOutside(const sema::Program &program);
  /// Puts the compiled program on the device, with its data. Throws device::NoRoom,
  /// device::DeviceError; then nothing has happened yet.
  /// `remarks`: where it is said, once, what of the data stays in the machine's memory; null:
  /// nowhere.
  void provide(const sema::Program &program, Timing &timing, std::ostream *remarks);
  /// Runs what was provided. Throws device::ProgramFailed, device::DeviceError.
  void run(const sema::Program &program, abi::RunContext &context, Timing &timing);
  /// Puts a compiled function on the device. Throws device::DeviceError.
  void load(std::string_view function) { runnerOf(codes.find(function)->second); }
  /// Calls a compiled function. Throws device::NoRoom, device::DeviceError.
  void call(std::string_view function, std::span<const device::Input> arguments,
            std::span<const device::Output> results, const sema::Program &program,
            abi::RunContext &context);

  /// See Script.
  double copyRate();
  std::optional<double> joules();

private:
  compiler::DeviceTarget target(std::string_view function) const;
  device::ProgramRunner::Outside mayStayOutside() const;
  bool lacksLibrary(const device::ProgramImage &image);

  int64_t tapeLimit = 0;
  std::unique_ptr<device::CodeStore> store;
  std::unique_ptr<device::Device> opened;
  std::string deviceName, reason;
  bool isEmulator = false, cache = false, hasRemarked = false, isChosen = false;
  bool leavesProducts = true;                   ///< to the device's library
  std::vector<device::Product> refusedProducts; ///< by it
  std::vector<bool> far;                        ///< see compiler::DeviceTarget
  /// Null for the emulator, and where the card's cannot be read.
  std::unique_ptr<device::CardSensors> sensors;

  /// The program ("main") or a function, compiled.
  struct Code {
    compiler::DeviceCode made;
    bool hasPlaces = false;
    std::unique_ptr<device::ProgramRunner> runner; ///< refers to `made`
  };
  device::ProgramRunner &runnerOf(Code &code);
  std::map<std::string, Code, std::less<>> codes;
};

} // namespace descent
