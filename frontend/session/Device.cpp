#include "frontend/session/Device.h"

#include "compiler/cache/CodeCache.h"
#include "compiler/cache/DeviceStore.h"
#include "compiler/emulator/Emulator.h"
#include "frontend/session/Identity.h"
#include "frontend/session/Stopwatch.h"
#include "runtime/core/Environment.h"
#include "runtime/core/Memory.h"
#include "runtime/device/cuda/Cuda.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <ostream>
#include <utility>

namespace descent {

namespace {

/// Few threads and blocks, as each takes its turn here; several of both, as their mistakes are
/// looked for.
constexpr int kEmulatedThreads = 64, kEmulatedBlocks = 3;

/// Multiplications of a product for which it is worth leaving the program's kernel: of matrices of
/// 1024 by 1024. Leaving and coming back takes about 15 microseconds (estimated).
constexpr int64_t kLibraryWork = int64_t{1} << 30;

/// Rounded down to a power of two, so that code is found again that was made when a little less was
/// in use.
int64_t tapeLimitFor(int64_t freeBytes) {
  return int64_t(std::bit_floor(uint64_t(std::max(freeBytes / 4, int64_t{64} << 10))));
}

std::vector<device::Input> inputsOf(const sema::Program &program) {
  std::vector<device::Input> inputs;
  for (const sema::Input &input : program.inputs)
    inputs.push_back({input.data.data(), static_cast<int64_t>(input.data.byteSize())});
  return inputs;
}

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

DeviceSession::DeviceSession(DeviceKind kind, bool cache)
    : cache(cache), isChosen(kind == DeviceKind::Auto) {
  if (kind == DeviceKind::Emulator) {
    emulator::EmulatorOptions options;
    options.residentBlocks = kEmulatedBlocks;
    // To see what is done where there is little.
    options.memoryBytes = numberFromEnvironment("DESCENT_EMULATED_MIB", 1, 1024).value_or(1024)
                          << 20;
    opened = emulator::makeEmulator(options);
    deviceName = "the emulator";
    isEmulator = true;
    tapeLimit = tapeLimitFor(opened->freeBytes());
    return;
  }
  if (kind == DeviceKind::Auto)
    if (std::string why = device::whyNoCuda(); !why.empty()) {
      leaveToProcessor(why);
      return;
    }
  device::CudaOptions options;
  options.timesLaunches = true;
  if (cache) {
    store = std::make_unique<compiler::DeviceStore>(
        compiler::CodeCache(compiler::CodeCache::defaultFolder()));
    options.store = store.get();
  }
  try {
    std::unique_ptr<device::CudaDevice> card = device::openCuda(options);
    std::string problem;
    sensors = device::openSensors(card->bus(), problem);
    opened = std::move(card);
  } catch (const device::DeviceError &error) {
    // It is there, but somebody else's, or full.
    if (kind != DeviceKind::Auto)
      throw;
    leaveToProcessor(error.what());
    return;
  }
  deviceName = opened->properties().name;
  tapeLimit = tapeLimitFor(opened->freeBytes());
}

void DeviceSession::leaveToProcessor(std::string why) {
  codes.clear();
  opened.reset();
  deviceName = "the processor";
  reason = std::move(why);
}

compiler::DeviceTarget DeviceSession::target(std::string_view function) const {
  compiler::DeviceTarget target;
  target.asBitcode = isEmulator;
  if (function == "main")
    target.far = far;
  if (isEmulator) {
    target.threads = kEmulatedThreads;
  } else {
    target.major = opened->properties().major;
    target.minor = opened->properties().minor;
    target.libraryWork = leavesProducts ? kLibraryWork : 0;
    target.refusedProducts = refusedProducts;
  }
  return target;
}

compiler::CompileOptions DeviceSession::suited(compiler::CompileOptions options) const {
  if (options.tapeLimit <= 0 && opened)
    options.tapeLimit = tapeLimit;
  return options;
}

/// Whether a program wants the device's library, which takes a second to load, and there is none,
/// or it has nothing for some of the products. From then on these are not left to it.
bool DeviceSession::lacksLibrary(const device::ProgramImage &image) {
  if (image.products.empty())
    return false;
  if (!opened->multiplies()) {
    leavesProducts = false;
    return true;
  }
  size_t known = refusedProducts.size();
  for (const device::Product &product : image.products)
    if (!opened->multiplies(product))
      refusedProducts.push_back(product);
  return refusedProducts.size() > known;
}

void DeviceSession::compile(std::string_view function, const sema::Program &program,
                            const compiler::CompileOptions &asked,
                            const std::function<compiler::Module()> &emit, Timing &timing) {
  if (isCompiled(function))
    return;
  compiler::CompileOptions options = suited(asked);
  compiler::CodeCache folder(cache ? compiler::CodeCache::defaultFolder() : "");
  std::optional<compiler::CodeCache::Key> key;
  if (!folder.folder().empty()) {
    Stopwatch watch(timing.cache);
    compiler::DeviceTarget made = target(function);
    std::string kind =
        fmt::format("{} {} {} {} {} {}", made.asBitcode ? "bitcode" : "ptx", made.major, made.minor,
                    made.threads, made.libraryWork, fmt::join(made.far, ""));
    std::string_view refused(reinterpret_cast<const char *>(made.refusedProducts.data()),
                             made.refusedProducts.size() * sizeof(device::Product));
    if (std::string built = compiler::codeIdentity(options); !built.empty()) {
      key = compiler::CodeCache::keyOf(
          {"device", kind, refused, function, built, identityOf(program)});
      if (std::optional<std::string> kept = folder.find(*key))
        if (std::optional<device::ProgramImage> image = device::ProgramImage::read(*kept)) {
          if (lacksLibrary(*image))
            return compile(function, program, options, emit, timing);
          codes[std::string(function)].made.image = std::move(*image);
          timing.cached = true;
          return;
        }
    }
  }
  timing.cached = false;
  compiler::DeviceCode made =
      compiler::compileForDevice(emit(), options, target(function), function);
  timing.derivative = made.times.derivative;
  timing.kernel = made.times.kernel;
  timing.llvm = made.times.llvm;
  if (lacksLibrary(made.image))
    return compile(function, program, options, emit, timing);
  {
    Stopwatch watch(timing.cache);
    if (key)
      folder.keep(*key, made.image.write());
  }
  Code &code = codes[std::string(function)];
  code.made = std::move(made);
  code.hasPlaces = true;
}

const compiler::DeviceCode &
DeviceSession::withPlaces(std::string_view function, const compiler::CompileOptions &options,
                          const std::function<compiler::Module()> &emit) {
  Code &code = codes.find(function)->second;
  if (!code.hasPlaces) {
    compiler::DeviceCode anew =
        compiler::compileForDevice(emit(), suited(options), target(function), function);
    code.made.steps = std::move(anew.steps);
    code.made.tapePlaces = std::move(anew.tapePlaces);
    code.made.largest = std::move(anew.largest);
    code.hasPlaces = true;
  }
  return code.made;
}

device::ProgramRunner &DeviceSession::runnerOf(Code &code) {
  if (!code.runner)
    code.runner = std::make_unique<device::ProgramRunner>(*opened, code.made.image);
  return *code.runner;
}

/// Where nobody asked for the device, the processor is faster than the bus.
device::ProgramRunner::Outside DeviceSession::mayStayOutside() const {
  using Outside = device::ProgramRunner::Outside;
  return isChosen ? Outside::ReadByRows : Outside::Anything;
}

bool DeviceSession::leavesRowsOutside(const sema::Program &program) {
  Code &code = codes.at("main");
  device::ProgramRunner &runner = runnerOf(code);
  const std::vector<bool> &byRows = code.made.image.byRows;
  std::vector<bool> rows(far);
  // Other blocks fetch the rows.
  if (runner.mostBlocks() > 1)
    for (size_t i : runner.leavesOutside(inputsOf(program), mayStayOutside()))
      if (i < byRows.size() && byRows[i]) {
        rows.resize(std::max(rows.size(), i + 1));
        rows[i] = true;
      }
  if (rows == far)
    return false;
  far = std::move(rows);
  codes.erase("main");
  return true;
}

void DeviceSession::provide(const sema::Program &program, Timing &timing, std::ostream *remarks) {
  Code &code = codes.at("main");
  device::ProgramRunner &runner = runnerOf(code);
  runner.provide(inputsOf(program), mayStayOutside());
  timing.load = runner.times().load;
  timing.transfer = runner.times().transfer;
  timing.deviceBytes = runner.times().bytes;
  if (!remarks || hasRemarked || runner.outside().empty())
    return;
  hasRemarked = true;
  *remarks << "descent: " << deviceName
           << " has no room for all of the data, so these are read from the machine's"
           << " memory, over the bus:";
  const char *separator = " ";
  for (size_t i : runner.outside()) {
    const sema::Input &input = program.inputs[i];
    const std::vector<bool> &ahead = code.made.image.ahead;
    *remarks << std::exchange(separator, "; ")
             << fmt::format("`{}`, {}, {}{}", input.name, input.data.typeName(),
                            inBytes(static_cast<int64_t>(input.data.byteSize())),
                            i < ahead.size() && ahead[i] ? " (a step ahead)" : "");
  }
  *remarks << '\n' << std::flush;
}

void DeviceSession::run(const sema::Program &program, abi::RunContext &context, Timing &timing) {
  device::ProgramRunner &runner = runnerOf(codes.at("main"));
  runner.run(program.effects, program.checks, context);
  timing.onDevice = runner.times().kernel;
}

void DeviceSession::call(std::string_view function, std::span<const device::Input> arguments,
                         std::span<const device::Output> results, const sema::Program &program,
                         abi::RunContext &context) {
  runnerOf(codes.find(function)->second)
      .call(arguments, results, program.effects, program.checks, context);
}

} // namespace descent
