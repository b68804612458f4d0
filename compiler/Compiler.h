// The one door of the compiler: a module in, an executable out. No MLIR or LLVM type crosses it.
#pragma once

#include "descent/Work.h"
#include "runtime/device/Image.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace descent::compiler {

/// A program in the `descent` dialect. Made by frontend/emit; its inside is in compiler/Module.h,
/// for those who include MLIR.
class Module {
public:
  struct State;
  explicit Module(std::unique_ptr<State> state);
  Module(Module &&) noexcept;
  Module &operator=(Module &&) noexcept;
  ~Module();
  State &state() const { return *inside; }

private:
  std::unique_ptr<State> inside;
};

/// The stages whose form can be looked at, in order.
enum class Stage {
  Array,      ///< as emitted: transforms are still operations
  Derivative, ///< transforms expanded, simplified
  Kernel,     ///< grouped into kernels
  Llvm,       ///< LLVM IR, optimised
  Assembly,   ///< of this machine's processor
  GpuLlvm,    ///< LLVM IR for a GPU, optimised
  Ptx,        ///< for a GPU
};

struct CompileOptions {
  /// The most bytes that the tapes of a loop should take: one of which more is expected, and whose
  /// number of iterations is known, runs in blocks that are run again for the reverse. 0:
  /// defaultTapeLimit().
  int64_t tapeLimit = 0;
  /// Checks the IR after every pass (tests).
  bool verifyEachPass = false;
  /// Groups operations into kernels; off, every operation is a kernel of its own (tests compare).
  bool fuse = true;
  /// Divides the smallest loops among threads, too (tests).
  bool shareSmall = false;
  /// Stores small arrays past the caches, too (tests).
  bool streamSmall = false;
  /// Makes code for another processor than this machine's, by LLVM's name (x86-64-v3, skylake).
  /// compile() throws where this machine could not run it.
  std::string processor;
  /// The number of the program's effects, to look for the operation that makes the first NaN of a
  /// training loop: the program then also asks for effects from this index on, one for each
  /// operation that made a NaN or infinity of finite operands. Their places are
  /// Executable::tracedPlaces().
  std::optional<int64_t> traceNonFinite;
};

/// A place in a script: lines and columns count from 1, the end is the place after the last
/// character.
struct SourcePlace {
  std::string file;
  unsigned line = 0, column = 0, endLine = 0, endColumn = 0;
};

/// Seconds spent in each part of a compilation.
struct CompileTimes {
  double derivative = 0, kernel = 0, llvm = 0, link = 0;
};

/// Machine code in this process, for this machine's processor.
///
/// `run` and `call` may be used from several threads at once, each with an own context and arena.
class Executable {
public:
  struct State;
  explicit Executable(std::unique_ptr<State> state);
  Executable(Executable &&) noexcept;
  Executable &operator=(Executable &&) noexcept;
  ~Executable();

  /// Bytes of working memory a run needs, to be aligned to 64.
  size_t arenaBytes() const;
  /// Runs the program. `inputs` are the elements of its inputs; `context` is handed to the
  /// functions of runtime/abi/Functions.def. Returns 0, or 1 where a check failed.
  int run(void *context, const void *const *inputs, void *arena) const;
  /// An exported function: what it is called with is what `call` takes. It lives as long as this.
  using Function = int (*)(void *context, const void *const *arguments, void *const *results,
                           void *arena);
  /// The exported function of that name, to be looked up once. Throws descent::Error where there is
  /// none.
  Function function(std::string_view name) const;
  /// Calls an exported function. Returns as run does. `name` must be one of the program's.
  int call(std::string_view name, void *context, const void *const *arguments, void *const *results,
           void *arena) const;

  const CompileTimes &times() const;
  /// The places of the traced operations (see CompileOptions::traceNonFinite), by effect index.
  const std::vector<SourcePlace> &tracedPlaces() const;
  /// The places of the loops that keep something for their derivative, by the number of the tape;
  /// empty where the code was loaded.
  const std::vector<SourcePlace> &tapePlaces() const;

private:
  std::unique_ptr<State> inside;
};

/// A quarter of the machine's memory, rounded down to a power of two.
int64_t defaultTapeLimit();

/// Compiles a module. Throws descent::Error with a message for what the code generator refuses.
/// `image`, where given, gets the code as bytes for `load`.
Executable compile(Module module, const CompileOptions &options = {}, std::string *image = nullptr);

/// The executable of an image that compile() made under the same codeIdentity(), without its traced
/// places. Nothing where the bytes are not that.
std::optional<Executable> load(std::string_view image);

/// A GPU that code is made for.
struct DeviceTarget {
  int major = 8, minor = 0; ///< compute capability
  int threads = 256;        ///< of a block: a power of two, at least 32
  /// Products of at least so many multiplications are left to the device's library; 0: none are.
  int64_t libraryWork = 0;
  /// Those that it has nothing for.
  std::vector<device::Product> refusedProducts;
  /// The inputs, by number, that stay in the machine's memory: rows that loops take of them are
  /// asked for a step early. The launch has to be one of two blocks or more.
  std::vector<bool> far;
  /// LLVM bitcode as it is before it becomes PTX, for the emulator.
  bool asBitcode = false;
};

/// An array of a program's working memory.
struct LargeArray {
  std::string type; ///< as a script has it: "f32[1000, 20]"; "" for the working memory of an operation
  int64_t bytes = 0;
  SourcePlace place;
};

/// A step of a program for a device.
struct DeviceStep {
  SourcePlace place;
  bool isInLoop = false;
};

/// A program for a device.
struct DeviceCode {
  device::ProgramImage image;
  /// The steps that a running program tells of, by their number there less 1.
  std::vector<DeviceStep> steps;
  /// The places of the loops that keep something for their derivative, by the number of the tape.
  std::vector<SourcePlace> tapePlaces;
  /// What takes most of its working memory, the largest first.
  std::vector<LargeArray> largest;
  CompileTimes times;
};

/// Compiles the program itself for a GPU, or the exported function of that name. Throws as compile does.
DeviceCode compileForDevice(Module module, const CompileOptions &options,
                            const DeviceTarget &target, std::string_view function = "main");

/// What takes most of the working memory that compile()'s code has, the largest first: of that
/// function of the program which has most.
std::vector<LargeArray> largestArrays(Module module, const CompileOptions &options);

/// What the program itself does at the least; nothing where too little of it is known. `onDevice`:
/// as it runs on a GPU, where other operations share a kernel.
std::optional<Work> workOf(Module module, const CompileOptions &options, bool onDevice);

/// What determines a program's code besides the program: the build of Descent and of LLVM, the
/// processor, the options. Two that are equal, for equal programs, mean equal code. Empty where the
/// build cannot be told.
std::string codeIdentity(const CompileOptions &options = {});

/// The module's form at a stage, as text. `target`: of the stages for a GPU.
std::string show(Module module, Stage stage, const CompileOptions &options = {},
                 const DeviceTarget &target = {});

/// Throws descent::Error with a reason where no code is made for that compute capability.
void checkGpu(int major, int minor);

/// Throws descent::Error with a reason where there is no processor of that name (see
/// CompileOptions::processor), or, with `here`, where this machine could not run code for it.
void checkProcessor(const std::string &name, bool here);

/// What code is generated for, as (name, value) lines: processor, vector width, LLVM's version.
std::vector<std::pair<std::string, std::string>> describeTarget();

} // namespace descent::compiler
