// The public Script over the stages: source → tree → typed program → IR → machine code → run.
#include "frontend/session/ScriptState.h"

#include "compiler/cache/CodeCache.h"
#include "frontend/emit/Emit.h"
#include "frontend/session/Data.h"
#include "frontend/session/Failures.h"
#include "frontend/session/Gradients.h"
#include "frontend/session/Identity.h"
#include "frontend/session/Kept.h"
#include "frontend/session/Stopwatch.h"
#include "frontend/syntax/Formatter.h"
#include "frontend/syntax/Parser.h"
#include "runtime/core/Interrupt.h"
#include "runtime/core/Memory.h"
#include "runtime/core/Threads.h"
#include "runtime/train/Progress.h"

#include <algorithm>
#include <fmt/format.h>

#include <sstream>

namespace descent {
namespace {

/// Null where there is not enough memory.
Arena makeArena(size_t bytes) {
  return {hasMemoryFor(static_cast<int64_t>(bytes)) ? allocate(bytes) : nullptr, std::free};
}

} // namespace

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
  dataFiles = data.paths();
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

std::optional<std::string> Script::State::lacksMemory() {
  if (!arena)
    arena = makeArena(executable->arenaBytes());
  if (arena)
    return std::nullopt;
  return renderNoMemory(static_cast<int64_t>(executable->arenaBytes()),
                        needsOf(compiler::largestArrays(emitted(), compileOptions())), sources);
}

NeedsOfProgram Script::State::needsOf(const std::vector<compiler::LargeArray> &largest) const {
  NeedsOfProgram needs{*program, {}, false};
  for (const compiler::LargeArray &array : largest)
    needs.largest.push_back({array.type, array.bytes, rangeOf(array.place)});
  if (!tree->items.empty())
    if (auto first = ast::dyn<ast::PrecisionStmt>(tree->items.front()))
      needs.floatsAreWide = first->type.text == "f64";
  return needs;
}

std::optional<SourceRange> Script::State::findNonFinite(const std::vector<const void *> &inputs) {
  sema::Program &valid = validProgram();
  compiler::CompileOptions tracing = compileOptions();
  tracing.traceNonFinite = static_cast<int64_t>(valid.effects.size());
  compiler::Executable traced = compiler::compile(emitted(), tracing);
  auto arena = makeArena(traced.arenaBytes());
  if (!arena)
    return std::nullopt; // It needs more than the program does.
  abi::RunContext::Options running;
  running.rehearse = true;
  running.keepValues = false;
  running.threads = options.threads;
  abi::RunContext context(valid.effects, valid.checks, running);
  traced.run(&context, inputs.data(), arena.get());
  std::optional<int32_t> effect = context.tracedEffect();
  if (!effect)
    return SourceRange();
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

std::vector<std::string> Script::filesRead() const {
  std::vector<std::string> files = state->dataFiles;
  for (FileId i = 0; i < state->sources.fileCount(); ++i)
    files.push_back(state->sources.file(i).path());
  return files;
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
  if (executable)
    if (std::optional<std::string> message = state->lacksMemory()) {
      RunResult failed;
      failed.status = RunStatus::Failed;
      failed.message = *message;
      return failed;
    }
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
    std::string remark;
    if (failure->kind == abi::Failure::Kind::NotFinite) {
      origin = state->findNonFinite(inputs);
      if (origin && !origin->isValid()) {
        origin.reset();
        remark = sourceOfNonFinite(program);
      }
    } else if (failure->kind == abi::Failure::Kind::Memory)
      origin = state->findTape(failure->tapeSite);
    result.message = renderFailure(*failure, state->sources, origin, remark);
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

bool Script::computes() const {
  return std::ranges::any_of(state->validProgram().main.ops, [](const sema::Op &op) {
    return op.name != "constant" && op.name != "input" && op.name != "effect";
  });
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
  compiler::CompileOptions compiling = state->compileOptions();
  if (onDevice)
    compiling = state->session->suited(compiling);
  return compiler::workOf(state->emitted(), compiling, onDevice);
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
  if (std::optional<std::string> message = checking.lacksMemory())
    throw Error(*message);
  return compareDerivatives(*checking.program, executable, checking.arena.get(), checking.sources);
}

const Timing &Script::timing() const {
  return state->timing;
}

const NamedValue &RunResult::value(std::string_view name) const {
  for (const NamedValue &value : values)
    if (value.name == name)
      return value;
  if (status == RunStatus::Failed)
    throw Error(fmt::format("there is no value '{}', as the script failed: {}", name, message));
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
