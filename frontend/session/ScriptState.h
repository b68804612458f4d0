// What a Script has, for the files that carry out what it offers.
#pragma once

#include "compiler/Compiler.h"
#include "compiler/Executable.h"
#include "compiler/Module.h"
#include "descent/Script.h"
#include "frontend/sema/Sema.h"
#include "frontend/session/Device.h"
#include "frontend/session/Failures.h"
#include "frontend/syntax/Ast.h"
#include "runtime/abi/RunContext.h"

#include <cstdlib>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace descent {

/// Memory for runs, aligned as compiled code expects it.
using Arena = std::unique_ptr<void, void (*)(void *)>;

struct Script::State {
  SourceManager sources;
  Diagnostics diagnostics{sources};
  ScriptOptions options;
  std::string path;
  std::vector<std::string> dataFiles;
  std::unique_ptr<ast::Ast> tree;
  std::optional<sema::Program> program;
  std::optional<compiler::Executable> executable;
  compiler::CompileOptions compileOptions() const {
    compiler::CompileOptions compiling;
    compiling.processor = options.processor;
    compiling.tapeLimit = options.tapeLimit;
    return compiling;
  }
  /// What `executable` works in, kept from run to run: touching new memory costs more than most
  /// runs.
  Arena arena{nullptr, std::free};
  /// What calls of an exported function need, kept from call to call.
  struct Call {
    compiler::Executable::Function code = nullptr;
    std::vector<const void *> arguments;
    std::vector<void *> results;
    std::unique_ptr<abi::RunContext> context;
  };
  std::vector<Call> calls;                ///< by the exported function
  std::unique_ptr<DeviceSession> session; ///< null until it is needed
  Timing timing;

  void analyze(const SourceFile &file, bool gradientCheck = false);
  /// The script's own text.
  std::string_view text() const { return sources.file(0).text(); }
  sema::Program &validProgram();
  /// The exported function of that name. Throws Error where there is none.
  const sema::Function &exported(std::string_view name);
  compiler::Module emitted();
  compiler::Executable &compiled();
  /// Makes `arena` for what compiled() made; or the message where the machine has not as much.
  std::optional<std::string> lacksMemory();
  void openDevice();
  /// The device that runs the program, or the exported function of that name, with its code; null:
  /// the processor does.
  DeviceSession *onDevice(std::string_view function = "main");
  /// The device with the program and its data there, or null; or the message where there is no
  /// room.
  DeviceSession *providedDevice(std::ostream *remarks, std::string &noRoom);
  /// After a program or function could not begin on the device: DeviceKind::Auto leaves it to the
  /// processor, and nothing is given. Else the message where there was no room; other errors are
  /// thrown again.
  std::optional<std::string> couldNotBegin(const device::DeviceError &error,
                                           std::string_view function);
  /// The message where it failed on the device, with the place that it had come to; nothing where
  /// that is not known, or is in the message already.
  std::optional<std::string> failedOnDevice(const device::ProgramFailed &failure,
                                            std::string_view function);
  /// Calls an exported function on the device, if that runs it: false where the processor does.
  bool callOnDevice(Call &call, const sema::Function &function);
  /// Runs the program again, silently and slowly, to find the operation that made the first NaN or
  /// infinity of a training run that met one: an invalid range where none did. Nothing where that cannot
  /// be found out.
  std::optional<SourceRange> findNonFinite(const std::vector<const void *> &inputs);
  /// The loop that a tape of the program or an exported function belongs to.
  std::optional<SourceRange> findTape(int32_t site, std::string_view function = "main");
  NeedsOfProgram needsOf(const std::vector<compiler::LargeArray> &largest) const;
  std::optional<SourceRange> rangeOf(const compiler::SourcePlace &place) const;
  /// The inputs that `show` takes to stay in the machine's memory.
  std::vector<bool> outside();
};

} // namespace descent
