// The public Script over the stages: source → tree → typed program → IR → machine code → run.
#include "descent/Script.h"

#include "compiler/Compiler.h"
#include "compiler/cache/CodeCache.h"
#include "frontend/emit/Emit.h"
#include "frontend/sema/Sema.h"
#include "frontend/session/Data.h"
#include "frontend/session/Device.h"
#include "frontend/session/Failures.h"
#include "frontend/session/Gradients.h"
#include "frontend/session/Identity.h"
#include "frontend/session/Kept.h"
#include "frontend/session/Rates.h"
#include "frontend/session/Stopwatch.h"
#include "frontend/syntax/AstPrinter.h"
#include "frontend/syntax/Formatter.h"
#include "frontend/syntax/Parser.h"
#include "runtime/abi/RunContext.h"
#include "runtime/core/Interrupt.h"
#include "runtime/core/Memory.h"
#include "runtime/core/Threads.h"
#include "runtime/train/Progress.h"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <ostream>
#include <sstream>

namespace descent {
namespace {

/// Memory for runs, aligned as compiled code expects it.
using Arena = std::unique_ptr<void, void (*)(void *)>;

Arena makeArena(size_t bytes) {
  void *memory = allocate(bytes);
  if (!memory)
    throw Error(fmt::format("there is not enough memory: the program needs {} MiB to work in",
                            bytes >> 20));
  return {memory, std::free};
}

} // namespace

struct Script::State {
  SourceManager sources;
  Diagnostics diagnostics{sources};
  ScriptOptions options;
  std::string path;
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
  /// infinity of a training run that met one.
  std::optional<SourceRange> findNonFinite(const std::vector<const void *> &inputs);
  /// The loop that a tape of the program or an exported function belongs to.
  std::optional<SourceRange> findTape(int32_t site, std::string_view function = "main");
  std::optional<SourceRange> rangeOf(const compiler::SourcePlace &place) const;
  /// The inputs that `show` takes to stay in the machine's memory.
  std::vector<bool> outside();
};

void Script::State::analyze(const SourceFile &file, bool gradientCheck) {
  {
    Stopwatch watch(timing.parse);
    tree = parse(file, diagnostics);
  }
  FileData data(path);
  {
    Stopwatch watch(timing.analyze);
    sema::AnalyzeOptions analysis;
    analysis.settings = options.settings;
    analysis.data = options.data;
    analysis.dataSource = &data;
    analysis.tests = options.tests;
    analysis.onlyTest = options.onlyTest;
    analysis.gradientCheck = gradientCheck;
    program = sema::analyze(*tree, sources, diagnostics, analysis);
  }
  timing.data = data.seconds();
  timing.analyze -= timing.data; // it was part of it
  if (diagnostics.hasErrors())
    program.reset();
}

sema::Program &Script::State::validProgram() {
  if (!program)
    throw Error(path + " has errors: see its diagnostics");
  return *program;
}

compiler::Module Script::State::emitted() {
  sema::Program &valid = validProgram();
  Stopwatch watch(timing.emit);
  return emit(valid, sources);
}

compiler::Executable &Script::State::compiled() {
  if (executable)
    return *executable;
  std::optional<compiler::Executable> made;
  std::optional<compiler::CodeCache::Key> key;
  compiler::CodeCache cache(options.cache ? compiler::CodeCache::defaultFolder() : "");
  if (!cache.folder().empty()) {
    Stopwatch watch(timing.cache);
    if (std::string code = compiler::codeIdentity(compileOptions()); !code.empty()) {
      key = compiler::CodeCache::keyOf({code, identityOf(validProgram())});
      if (std::optional<std::string> image = cache.find(*key))
        made = compiler::load(*image);
    }
  }
  timing.cached = made.has_value();
  if (!made) {
    std::string image;
    made = compiler::compile(emitted(), compileOptions(), key ? &image : nullptr);
    Stopwatch watch(timing.cache);
    if (key)
      cache.keep(*key, image);
  }
  arena = makeArena(made->arenaBytes());
  const compiler::CompileTimes &times = made->times();
  timing.derivative = times.derivative;
  timing.kernel = times.kernel;
  timing.llvm = times.llvm;
  timing.link = times.link;
  if (timing.cached)
    timing.cache -= times.link; // it was part of it
  executable = std::move(made);
  return *executable;
}

DeviceSession *Script::State::onDevice(std::string_view function) {
  if (options.device == DeviceKind::Cpu)
    return nullptr;
  openDevice();
  if (!session->device())
    return nullptr;
  session->compile(
      function, validProgram(), compileOptions(), [this] { return emitted(); }, timing);
  return session.get();
}

void Script::State::openDevice() {
  if (session)
    return;
  Stopwatch watch(timing.open);
  session = std::make_unique<DeviceSession>(options.device, options.cache);
}

std::optional<std::string> Script::State::couldNotBegin(const device::DeviceError &error,
                                                        std::string_view function) {
  if (options.device == DeviceKind::Auto) {
    session->leaveToProcessor(error.what());
    return std::nullopt;
  }
  auto *shortage = dynamic_cast<const device::NoRoom *>(&error);
  if (!shortage)
    throw; // This is called where it was caught.
  std::vector<PlacedArray> largest;
  for (const compiler::LargeArray &array :
       session->withPlaces(function, compileOptions(), [this] { return emitted(); }).largest)
    largest.push_back({array.type, array.bytes, rangeOf(array.place)});
  return renderNoRoom(*shortage, *program, largest, sources);
}

std::optional<std::string> Script::State::failedOnDevice(const device::ProgramFailed &failure,
                                                         std::string_view function) {
  if (failure.step() <= 0 || session->namesPlaces())
    return std::nullopt;
  const std::vector<compiler::DeviceStep> &steps =
      session->withPlaces(function, compileOptions(), [this] { return emitted(); }).steps;
  // What a failing card wrote may be anything.
  if (static_cast<size_t>(failure.step()) > steps.size())
    return std::nullopt;
  const compiler::DeviceStep &step = steps[static_cast<size_t>(failure.step()) - 1];
  return renderDeviceFailure(failure, rangeOf(step.place), step.isInLoop, sources);
}

DeviceSession *Script::State::providedDevice(std::ostream *remarks, std::string &noRoom) {
  try {
    DeviceSession *device = onDevice();
    if (device) {
      if (device->leavesRowsOutside(*program))
        onDevice();
      device->provide(*program, timing, remarks);
    }
    return device;
  } catch (const device::DeviceError &error) {
    if (std::optional<std::string> message = couldNotBegin(error, "main")) {
      noRoom = *message;
      return session.get();
    }
    if (remarks)
      *remarks << "descent: it runs on the processor, as " << error.what() << '\n' << std::flush;
    return nullptr;
  }
}

bool Script::State::callOnDevice(Call &call, const sema::Function &function) {
  bool isLoaded = false;
  try {
    DeviceSession *device = onDevice(function.name);
    if (!device)
      return false;
    device->load(function.name);
    isLoaded = true;
    auto bytesOf = [&](sema::ValueId id) {
      const sema::TensorType &type = program->values[id];
      return type.elementCount() * static_cast<int64_t>(sizeOf(type.dtype));
    };
    std::vector<device::Input> arguments;
    for (size_t i = 0; i < call.arguments.size(); ++i)
      arguments.push_back({call.arguments[i], bytesOf(function.body.args[i])});
    std::vector<device::Output> results;
    for (size_t i = 0; i < call.results.size(); ++i)
      results.push_back({call.results[i], bytesOf(function.body.yields[i])});
    device->call(function.name, arguments, results, *program, *call.context);
    return true;
  } catch (const device::ProgramFailed &failure) {
    if (std::optional<std::string> message = failedOnDevice(failure, function.name))
      throw Error(*message);
    throw;
  } catch (const device::DeviceError &error) {
    // What failed while it ran would be hidden, if the processor did it now.
    if (isLoaded && !dynamic_cast<const device::NoRoom *>(&error))
      throw;
    if (std::optional<std::string> message = couldNotBegin(error, function.name))
      throw Error(*message);
    return false;
  }
}

std::optional<SourceRange> Script::State::findNonFinite(const std::vector<const void *> &inputs) {
  sema::Program &valid = validProgram();
  compiler::CompileOptions tracing = compileOptions();
  tracing.traceNonFinite = static_cast<int64_t>(valid.effects.size());
  compiler::Executable traced = compiler::compile(emitted(), tracing);
  auto arena = makeArena(traced.arenaBytes());
  abi::RunContext::Options running;
  running.rehearse = true;
  running.keepValues = false;
  running.threads = options.threads;
  abi::RunContext context(valid.effects, valid.checks, running);
  traced.run(&context, inputs.data(), arena.get());
  std::optional<int32_t> effect = context.tracedEffect();
  if (!effect)
    return std::nullopt;
  return rangeOf(traced.tracedPlaces().at(static_cast<size_t>(*effect) - valid.effects.size()));
}

std::optional<SourceRange> Script::State::findTape(int32_t site, std::string_view function) {
  if (session && session->device())
    return rangeOf(session->withPlaces(function, compileOptions(), [this] { return emitted(); })
                       .tapePlaces.at(static_cast<size_t>(site)));
  std::vector<compiler::SourcePlace> places = compiled().tapePlaces();
  if (places.empty()) // The code was found on disk, where no places are kept.
    places = compiler::compile(emitted(), compileOptions()).tapePlaces();
  return rangeOf(places.at(static_cast<size_t>(site)));
}

std::optional<SourceRange> Script::State::rangeOf(const compiler::SourcePlace &place) const {
  const SourceFile *file = sources.find(place.file);
  if (!file || place.line == 0)
    return std::nullopt;
  return SourceRange{file->id(), file->offsetOf({place.line, place.column}),
                     file->offsetOf({place.endLine, place.endColumn})};
}

Script::Script(std::unique_ptr<State> state) : state(std::move(state)) {}
Script::Script(Script &&) noexcept = default;
Script &Script::operator=(Script &&) noexcept = default;
Script::~Script() = default;

Script Script::load(const std::string &path, const ScriptOptions &options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->path = path;
  std::string reason;
  if (const SourceFile *file = state->sources.load(path, reason))
    state->analyze(*file);
  else
    state->diagnostics.error({}, Msg::FileUnreadable, path, reason);
  return Script(std::move(state));
}

Script Script::fromText(const std::string &name, std::string text, const ScriptOptions &options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->path = name;
  if (text.size() > SourceManager::kMaxFileBytes)
    state->diagnostics.error({}, Msg::FileUnreadable, name, "it is too long for a script");
  else
    state->analyze(state->sources.add(name, std::move(text)));
  return Script(std::move(state));
}

bool Script::valid() const {
  return state->program.has_value();
}
size_t Script::errorCount() const {
  return state->diagnostics.errorCount();
}
size_t Script::warningCount() const {
  return state->diagnostics.warningCount();
}

void Script::showDiagnostics(std::ostream &out, bool colour) const {
  state->diagnostics.render(out, colour ? Colour::Always : Colour::Never);
}

RunResult Script::run(const RunOptions &options) {
  sema::Program &program = state->validProgram();
  if (state->options.threads <= 0)
    checkDefaultThreads();
  std::string noRoom;
  DeviceSession *device = state->providedDevice(options.remarks, noRoom);
  if (!noRoom.empty()) {
    RunResult failed;
    failed.status = RunStatus::Failed;
    failed.message = noRoom;
    return failed;
  }
  compiler::Executable *executable = device ? nullptr : &state->compiled();
  Stopwatch watch(state->timing.run);
  std::vector<const void *> inputs;
  for (const sema::Input &input : program.inputs)
    inputs.push_back(input.data.data());

  std::optional<InterruptScope> interrupts;
  if (options.handleInterrupt)
    interrupts.emplace();
  abi::RunContext::Options running;
  running.threads = state->options.threads;
  running.keepValues = options.keepValues;
  running.rehearse = options.discardEffects;
  running.tapeMemory = options.tapeMemory;
  running.out = options.out;
  running.pollInterrupt = options.handleInterrupt;
  if (options.progress) {
    running.progress = options.progressBar ? Progress::Style::Bar : Progress::Style::Lines;
    running.writeProgress = [&](std::string_view text) { *options.progress << text << std::flush; };
  }
  abi::RunContext context(program.effects, program.checks, running);
  RunResult result;
  try {
    if (device)
      device->run(program, context, state->timing);
    else
      executable->run(&context, inputs.data(), state->arena.get());
  } catch (const device::ProgramFailed &failure) {
    std::optional<std::string> message = state->failedOnDevice(failure, "main");
    if (!message)
      throw;
    result.message = *message;
  }
  if (!result.message.empty()) {
    result.status = RunStatus::Failed;
  } else if (const auto &failure = context.failure()) {
    result.status = RunStatus::Failed;
    std::optional<SourceRange> origin;
    if (failure->kind == abi::Failure::Kind::NotFinite)
      origin = state->findNonFinite(inputs);
    else if (failure->kind == abi::Failure::Kind::Memory)
      origin = state->findTape(failure->tapeSite);
    result.message = renderFailure(*failure, state->sources, origin);
  } else if (context.interrupted() || (options.handleInterrupt && interruptRequested())) {
    result.status = RunStatus::Interrupted;
    result.message = "interrupted\n";
  }
  result.values = namedValues(context.kept());
  for (const abi::TrainOutcome &training : context.trainings())
    result.trainings.push_back({training.steps, training.seconds});
  for (const abi::TestOutcome &test : context.tests())
    result.tests.push_back({test.name, !test.failure,
                            test.failure ? renderFailure(*test.failure, state->sources) : ""});
  return result;
}

std::pair<std::string, std::string> Script::device() {
  if (state->options.device == DeviceKind::Cpu)
    return {"the processor", ""};
  state->openDevice();
  return {state->session->name(), state->session->whyNot()};
}

std::vector<std::string> Script::testNames() const {
  std::vector<std::string> names;
  if (!state->tree)
    return names;
  for (const ast::Stmt *item : state->tree->items)
    if (auto test = ast::dyn<ast::TestStmt>(item))
      names.emplace_back(test->name->text());
  return names;
}

std::optional<Work> Script::work() {
  bool onDevice = state->session && state->session->device();
  return compiler::workOf(state->emitted(), state->compileOptions(), onDevice);
}

double Script::copyRate() {
  device();
  bool onDevice = state->session && state->session->device();
  return onDevice ? state->session->copyRate() : copyRateOfProcessor(state->options.threads);
}

std::optional<double> Script::joules() {
  return state->session ? state->session->joules() : std::nullopt;
}

std::vector<std::string> Script::exportedFunctions() const {
  std::vector<std::string> names;
  for (const sema::Function &function : state->validProgram().exports)
    names.push_back(function.name);
  return names;
}

const sema::Function &Script::State::exported(std::string_view name) {
  for (const sema::Function &candidate : validProgram().exports)
    if (candidate.name == name)
      return candidate;
  throw Error(fmt::format("{} exports no function '{}'", path, name));
}

std::vector<std::string> Script::resultPaths(std::string_view name) const {
  return state->exported(name).resultPaths;
}

std::vector<Array> Script::call(std::string_view name, const std::vector<Array> &arguments) {
  std::vector<Array> results;
  for (sema::ValueId id : state->exported(name).body.yields) {
    const sema::TensorType &type = state->program->values[id];
    results.push_back(Array::uninitialized(type.dtype, type.dims));
  }
  callInto(name, arguments, results);
  return results;
}

void Script::callInto(std::string_view name, const std::vector<Array> &arguments,
                      std::vector<Array> &results) {
  const sema::Function &function = state->exported(name);
  const sema::Program &program = *state->program;
  auto check = [&](const Array &array, sema::ValueId id, std::string_view what, size_t index) {
    const sema::TensorType &wanted = program.values[id];
    if (array.dtype() != wanted.dtype || array.shape() != wanted.dims)
      throw TypeError(fmt::format("{} {} of {} is {}, but {} was declared", what, index + 1, name,
                                  array.typeName(), typeName(wanted.dtype, wanted.dims)));
  };
  if (arguments.size() != function.body.args.size())
    throw TypeError(fmt::format("{} takes {} arguments, got {}", name, function.body.args.size(),
                                arguments.size()));
  if (results.size() != function.body.yields.size())
    throw TypeError(fmt::format("{} gives {} results, got room for {}", name,
                                function.body.yields.size(), results.size()));
  state->calls.resize(program.exports.size());
  State::Call &call = state->calls[static_cast<size_t>(&function - program.exports.data())];
  call.arguments.clear();
  for (size_t i = 0; i < arguments.size(); ++i) {
    check(arguments[i], function.body.args[i], "argument", i);
    call.arguments.push_back(arguments[i].data());
  }
  call.results.clear();
  for (size_t i = 0; i < results.size(); ++i) {
    check(results[i], function.body.yields[i], "result", i);
    call.results.push_back(results[i].mutableData());
  }

  if (!call.context) {
    if (state->options.threads <= 0)
      checkDefaultThreads();
    abi::RunContext::Options quietly;
    quietly.pollInterrupt = false;
    quietly.threads = state->options.threads;
    call.context = std::make_unique<abi::RunContext>(program.effects, program.checks, quietly);
  }
  if (state->options.device == DeviceKind::Cpu || !state->callOnDevice(call, function)) {
    if (!call.code)
      call.code = state->compiled().function(name);
    call.code(call.context.get(), call.arguments.data(), call.results.data(), state->arena.get());
  }
  if (const auto &failure = call.context->failure()) {
    std::optional<SourceRange> origin;
    if (failure->kind == abi::Failure::Kind::Memory)
      origin = state->findTape(failure->tapeSite, name);
    std::string message = renderFailure(*failure, state->sources, origin);
    call.context.reset();
    throw Error(message);
  }
}

std::vector<bool> Script::State::outside() {
  const std::vector<sema::Input> &inputs = validProgram().inputs;
  std::vector<bool> far(inputs.size());
  for (const std::string &asked : options.outside) {
    bool isFound = false;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (inputs[i].name == asked || inputs[i].name.starts_with(asked + "."))
        far[i] = isFound = true;
    if (isFound)
      continue;
    std::vector<std::string> names;
    for (const sema::Input &input : inputs)
      names.push_back(input.name);
    throw Error(fmt::format("{} uses no data of the name '{}'; it uses {}", path, asked,
                            names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
  }
  return far;
}

std::string Script::show(ScriptStage stage) {
  compiler::DeviceTarget target; // of some card
  target.far = state->outside();
  switch (stage) {
  case ScriptStage::Ast: {
    std::ostringstream out;
    printAst(*state->tree, state->sources.file(0), out);
    return out.str();
  }
  case ScriptStage::Array:
    return compiler::show(state->emitted(), compiler::Stage::Array, state->compileOptions());
  case ScriptStage::Derivative:
    return compiler::show(state->emitted(), compiler::Stage::Derivative, state->compileOptions(),
                          target);
  case ScriptStage::Kernel:
    return compiler::show(state->emitted(), compiler::Stage::Kernel, state->compileOptions(),
                          target);
  case ScriptStage::Llvm:
    return compiler::show(state->emitted(), compiler::Stage::Llvm, state->compileOptions());
  case ScriptStage::Assembly:
    return compiler::show(state->emitted(), compiler::Stage::Assembly, state->compileOptions());
  case ScriptStage::GpuLlvm:
  case ScriptStage::Ptx:
    target = targetOf(state->options.gpu);
    target.far = state->outside();
    return compiler::show(state->emitted(),
                          stage == ScriptStage::Ptx ? compiler::Stage::Ptx
                                                    : compiler::Stage::GpuLlvm,
                          state->compileOptions(), target);
  }
  throw Error("there is no such stage");
}

GradientReport Script::checkGradients() {
  // The script is analysed anew, in f64, with the comparisons as a part of it.
  state->validProgram();
  State checking;
  checking.options = state->options;
  checking.path = state->path;
  checking.analyze(checking.sources.add(state->path, std::string(state->text())), true);
  if (!checking.program) {
    std::ostringstream problems;
    checking.diagnostics.render(problems, Colour::Never);
    throw Error("in f64 the script has errors:\n" + problems.str());
  }
  compiler::Executable &executable = checking.compiled();
  Arena arena = makeArena(executable.arenaBytes());
  return compareDerivatives(*checking.program, executable, arena.get(), checking.sources);
}

const Timing &Script::timing() const {
  return state->timing;
}

const NamedValue &RunResult::value(std::string_view name) const {
  for (const NamedValue &value : values)
    if (value.name == name)
      return value;
  throw Error(fmt::format("the script has no top-level value '{}'", name));
}

const Array &NamedValue::array() const {
  if (arrays.size() != 1 || !paths.front().empty())
    throw TypeError(name + " is not one array but a tuple or record");
  return arrays.front();
}

std::optional<std::string> formatScript(const std::string &name, std::string text,
                                        std::ostream &problems) {
  SourceManager sources;
  Diagnostics diagnostics(sources);
  if (text.size() > SourceManager::kMaxFileBytes) {
    diagnostics.error({}, Msg::FileUnreadable, name, "it is too long for a script");
    diagnostics.render(problems);
    return std::nullopt;
  }
  const SourceFile &file = sources.add(name, std::move(text));
  std::optional<std::string> formatted = formatSource(file, diagnostics);
  if (diagnostics.hasErrors()) {
    diagnostics.render(problems);
    return std::nullopt;
  }
  return formatted;
}

std::string_view version() {
  return "0.1.0";
}

} // namespace descent
