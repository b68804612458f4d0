// The one door: a module through all stages to machine code, or to the text of a stage.
#include "compiler/Compiler.h"

#include "compiler/Executable.h"
#include "compiler/Module.h"
#include "compiler/batch/Batch.h"
#include "compiler/cpu/CodeGen.h"
#include "compiler/cpu/Target.h"
#include "compiler/derivative/Derivative.h"
#include "compiler/diagnose/TraceNonFinite.h"
#include "compiler/gpu/Gpu.h"
#include "compiler/kernel/FetchAhead.h"
#include "compiler/kernel/Work.h"
#include "compiler/simplify/Simplify.h"

#include "descent/Error.h"
#include "runtime/core/Memory.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Bitcode/BitcodeWriter.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/TargetParser/Host.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Diagnostics.h>
#include <mlir/IR/Location.h>
#include <mlir/Pass/Pass.h>
#include <mlir/Pass/PassManager.h>

#include <bit>
#include <chrono>

namespace descent::compiler {

namespace {

/// Adds the seconds until it is stopped.
class Stopwatch {
public:
  explicit Stopwatch(double &total) : total(total), start(Clock::now()) {}
  ~Stopwatch() { total += std::chrono::duration<double>(Clock::now() - start).count(); }

private:
  using Clock = std::chrono::steady_clock;
  double &total;
  Clock::time_point start;
};

/// Expands transforms and simplifies; then, if it is `forKernels`, makes checkpoints branches, and
/// asks early for rows of inputs that are `far`. Throws descent::Error with what the passes say.
void lowerToPlain(Module::State &state, const CompileOptions &options, bool forKernels = true,
                  const std::vector<bool> &far = {}) {
  for (mlir::Operation &op : *state.module->getBody()) {
    auto function = mlir::dyn_cast<mlir::func::FuncOp>(op);
    if (!function || function.isExternal())
      throw Error("a program consists of functions with bodies");
  }
  // One function after the other: starting threads takes longer than the passes.
  state.context->disableMultithreading();
  std::string messages;
  mlir::ScopedDiagnosticHandler handler(state.context.get(), [&](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error) {
      if (!messages.empty())
        messages += "\n";
      messages += diagnostic.str();
    }
    return mlir::success();
  });
  mlir::PassManager passes(state.context.get());
  passes.enableVerifier(options.verifyEachPass);
  mlir::OpPassManager &each = passes.nest<mlir::func::FuncOp>();
  each.addPass(simplify::createSimplifyPass());
  each.addPass(batch::createExpandVmapPass());
  each.addPass(simplify::createSimplifyPass());
  each.addPass(
      createExpandDerivativesPass(options.tapeLimit > 0 ? options.tapeLimit : defaultTapeLimit()));
  each.addPass(simplify::createSimplifyPass());
  if (forKernels)
    each.addPass(createLowerCheckpointsPass());
  if (llvm::is_contained(far, true)) {
    each.addPass(kernel::createFetchAheadPass(far));
    each.addPass(simplify::createSimplifyPass());
  }
  if (mlir::failed(passes.run(*state.module)))
    throw Error(messages.empty() ? "the program cannot be compiled" : messages);
}

/// The innermost place in a script of a location; empty for none.
SourcePlace placeOf(mlir::Location location) {
  SourcePlace place;
  location->walk([&](mlir::Location part) {
    auto range = mlir::dyn_cast<mlir::FileLineColRange>(part);
    if (!range)
      return mlir::WalkResult::advance();
    place.file = range.getFilename().str();
    place.line = range.getStartLine();
    place.column = range.getStartColumn();
    place.endLine = range.getEndLine();
    place.endColumn = range.getEndColumn();
    return mlir::WalkResult::interrupt();
  });
  return place;
}

std::vector<LargeArray> placed(const std::vector<kernel::LargeArray> &arrays) {
  std::vector<LargeArray> result;
  for (const kernel::LargeArray &array : arrays)
    result.push_back({array.type, array.bytes, placeOf(array.location)});
  return result;
}

/// So many arrays are named where memory is short.
constexpr size_t kNamedArrays = 4;

kernel::PlanOptions planOptions(const CompileOptions &options) {
  kernel::PlanOptions plan;
  plan.fuse = options.fuse;
  if (options.shareSmall)
    plan.chunkOperations = 1;
  return plan;
}

/// The stages up to optimised LLVM IR.
struct Lowered {
  cpu::Processor processor;
  llvm::LLVMContext context;
  std::unique_ptr<llvm::TargetMachine> machine;
  cpu::ProgramPlan plan;
  std::unique_ptr<llvm::Module> module;

  void lower(Module::State &state, const CompileOptions &options, CompileTimes &times) {
    machine = cpu::makeMachine(processor);
    cpu::Host host = cpu::hostOf(processor);
    if (options.streamSmall)
      host.lastLevelBytes = 0;
    {
      Stopwatch watch(times.kernel);
      plan = cpu::planProgram(*state.module, planOptions(options), host);
    }
    plan.leastShared = options.shareSmall ? 0 : plan.leastShared;
    Stopwatch watch(times.llvm);
    module =
        cpu::generate(plan, context, machine->createDataLayout(), machine->getTargetTriple(), host);
    cpu::optimize(*module, *machine);
  }
};

std::string textOf(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module->print(os, mlir::OpPrintingFlags().elideLargeElementsAttrs(64));
  os << "\n";
  return text;
}

std::vector<SourcePlace> trace(Module::State &state, const CompileOptions &options) {
  std::vector<SourcePlace> places;
  if (options.traceNonFinite)
    for (mlir::Location location : descent::traceNonFinite(*state.module, *options.traceNonFinite))
      places.push_back(placeOf(location));
  return places;
}

} // namespace

int64_t defaultTapeLimit() {
  static const auto limit = int64_t(std::bit_floor(uint64_t(machineMemory() / 4)));
  return limit;
}

Module::Module(std::unique_ptr<State> state) : inside(std::move(state)) {}
Module::Module(Module &&) noexcept = default;
Module &Module::operator=(Module &&) noexcept = default;
Module::~Module() = default;

Executable compile(Module module, const CompileOptions &options, std::string *image) {
  CompileTimes times;
  checkProcessor(options.processor, /*here=*/true);
  Lowered lowered{.processor = cpu::processorNamed(options.processor)};
  std::vector<SourcePlace> tracedPlaces;
  {
    Stopwatch watch(times.derivative);
    lowerToPlain(module.state(), options);
    tracedPlaces = trace(module.state(), options);
  }
  lowered.lower(module.state(), options, times);
  CodeImage code;
  code.arenaBytes = uint64_t(lowered.plan.arenaBytes);
  for (const auto &function : lowered.plan.functions)
    code.functions.push_back(function.name);
  {
    Stopwatch watch(times.llvm);
    code.object =
        cpu::emitCode(*lowered.module, *lowered.machine, llvm::CodeGenFileType::ObjectFile);
  }
  if (image)
    *image = code.write();
  std::unique_ptr<Executable::State> state;
  {
    Stopwatch watch(times.link);
    state = std::make_unique<Executable::State>(std::move(code));
  }
  state->times = times;
  state->tracedPlaces = std::move(tracedPlaces);
  for (mlir::Location location : lowered.plan.tapePlaces)
    state->tapePlaces.push_back(placeOf(location));
  return Executable(std::move(state));
}

DeviceCode compileForDevice(Module module, const CompileOptions &options,
                            const DeviceTarget &target, std::string_view function) {
  DeviceCode code;
  llvm::StringRef name(function.data(), function.size());
  for (auto other : llvm::make_early_inc_range(module.state().module->getOps<mlir::func::FuncOp>()))
    if (other.getSymName() != name)
      other.erase();
  gpu::countInputs(*module.state().module);
  {
    Stopwatch watch(code.times.derivative);
    lowerToPlain(module.state(), options, /*forKernels=*/true, target.far);
  }
  Stopwatch watch(code.times.llvm);
  llvm::LLVMContext context;
  std::unique_ptr<llvm::TargetMachine> machine = gpu::makeMachine(target.major, target.minor);
  gpu::GpuCode made =
      gpu::generate(*module.state().module, context, *machine, planOptions(options), target.threads,
                    name, target.libraryWork, target.refusedProducts);
  code.image.products = std::move(made.products);
  if (target.asBitcode) {
    llvm::raw_string_ostream os(code.image.code);
    llvm::WriteBitcodeToFile(*made.module, os);
  } else {
    code.image.code = gpu::emitPtx(*made.module, *machine);
  }
  code.image.kernel = made.kernel;
  code.image.threads = made.threads;
  code.image.arenaBytes = made.arenaBytes;
  code.image.blockBytes = made.blockBytes;
  code.image.stateBytes = made.stateBytes;
  code.image.tapeBytes = made.tapeBytes;
  code.image.mailboxWords = made.mailboxWords;
  code.image.usefulBlocks = made.usefulBlocks;
  code.image.byRows = made.byRows;
  code.image.ahead = made.ahead;
  for (const gpu::StepPlace &step : made.steps)
    code.steps.push_back({placeOf(step.where), step.isInLoop});
  for (mlir::Location location : made.tapePlaces)
    code.tapePlaces.push_back(placeOf(location));
  code.largest = placed(made.largest);
  return code;
}

std::vector<LargeArray> largestArrays(Module module, const CompileOptions &options) {
  lowerToPlain(module.state(), options);
  cpu::ProgramPlan plan = cpu::planProgram(*module.state().module, planOptions(options),
                                           cpu::hostOf(cpu::processorNamed(options.processor)));
  auto largest = llvm::max_element(plan.functions, [](const auto &a, const auto &b) {
    return a.plan.arenaBytes < b.plan.arenaBytes;
  });
  return placed(largest == plan.functions.end()
                    ? std::vector<kernel::LargeArray>()
                    : kernel::largestArrays(largest->plan, kNamedArrays));
}

std::optional<Work> workOf(Module module, const CompileOptions &options, bool onDevice) {
  lowerToPlain(module.state(), options);
  kernel::PlanOptions plan = planOptions(options);
  plan.forProcessor = !onDevice;
  for (auto function : module.state().module->getOps<mlir::func::FuncOp>())
    if (function.getSymName() == "main")
      return kernel::workOf(kernel::planFunction(function, plan));
  return std::nullopt;
}

std::string show(Module module, Stage stage, const CompileOptions &options,
                 const DeviceTarget &target) {
  Module::State &state = module.state();
  if (stage == Stage::Array)
    return textOf(*state.module);
  lowerToPlain(state, options, /*forKernels=*/stage != Stage::Derivative, target.far);
  trace(state, options);
  if (stage == Stage::Derivative)
    return textOf(*state.module);
  std::string text;
  llvm::raw_string_ostream os(text);
  if (stage == Stage::Kernel) {
    cpu::ProgramPlan plan = cpu::planProgram(*state.module, planOptions(options),
                                             cpu::hostOf(cpu::processorNamed(options.processor)));
    for (const auto &function : plan.functions)
      kernel::printPlan(function.plan, os);
    return text;
  }
  if (stage == Stage::GpuLlvm || stage == Stage::Ptx) {
    llvm::LLVMContext context;
    std::unique_ptr<llvm::TargetMachine> machine = gpu::makeMachine(target.major, target.minor);
    gpu::GpuCode made =
        gpu::generate(*state.module, context, *machine, planOptions(options), target.threads,
                      "main", target.libraryWork, target.refusedProducts);
    if (stage == Stage::Ptx)
      return gpu::emitPtx(*made.module, *machine);
    made.module->print(os, nullptr);
    return text;
  }
  Lowered lowered{.processor = cpu::processorNamed(options.processor)};
  CompileTimes times;
  lowered.lower(state, options, times);
  if (stage == Stage::Llvm) {
    lowered.module->print(os, nullptr);
    return text;
  }
  auto code = cpu::emitCode(*lowered.module, *lowered.machine, llvm::CodeGenFileType::AssemblyFile);
  return std::string(code.begin(), code.end());
}

void checkGpu(int major, int minor) {
  gpu::makeMachine(major, minor);
}

void checkProcessor(const std::string &name, bool here) {
  cpu::Processor processor = cpu::processorNamed(name);
  if (!here || name.empty() || name == "native")
    return;
  if (std::vector<std::string> missing = cpu::missingHere(processor); !missing.empty())
    throw Error("this machine's processor, " + cpu::hostProcessor().name +
                ", cannot run code for " + name + ": it has no " + llvm::join(missing, ", "));
}

std::vector<std::pair<std::string, std::string>> describeTarget() {
  auto features = llvm::sys::getHostCPUFeatures();
  int width = features.lookup("avx512f") ? 512 : features.lookup("avx") ? 256 : 128;
  return {{"processor", llvm::sys::getHostCPUName().str()},
          {"vector width", std::to_string(width) + " bits"},
          {"LLVM", LLVM_VERSION_STRING}};
}

} // namespace descent::compiler
