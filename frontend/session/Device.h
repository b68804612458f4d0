// The device that a script runs on, if it is not the processor.
#pragma once

#include "compiler/Compiler.h"
#include "descent/Script.h"
#include "frontend/sema/Program.h"
#include "runtime/abi/RunContext.h"
#include "runtime/device/CodeStore.h"
#include "runtime/device/Device.h"

#include <memory>
#include <optional>
#include <string>

namespace descent {

/// What to make code for: compute capability 80 is 8.0; 0: that of the first card that can be used, 8.0 where
/// there is none.
compiler::DeviceTarget targetOf(int gpu);

/// An open device, and a program's code for it once that is made.
class DeviceSession {
public:
  /// Throws device::DeviceError where it cannot be opened. `kind` is not Cpu.
  /// `cache`: whether what the driver compiles is kept on disk.
  DeviceSession(DeviceKind kind, bool cache);

  /// Null where DeviceKind::Auto has found nothing: the processor it is.
  device::Device *device() const { return opened.get(); }
  const std::string &name() const { return deviceName; }
  /// Why it is the processor.
  const std::string &whyNot() const { return reason; }

  bool isCompiled() const { return code.has_value(); }
  void compile(compiler::Module module, const compiler::CompileOptions &options);
  const compiler::DeviceCode &compiled() const { return *code; }
  /// Throws device::DeviceError.
  void run(const sema::Program &program, abi::RunContext &context);

private:
  std::unique_ptr<device::CodeStore> store;
  std::unique_ptr<device::Device> opened;
  std::string deviceName, reason;
  bool isEmulator = false;
  std::optional<compiler::DeviceCode> code;
};

} // namespace descent
