// Calls of a script's exported functions.
#include "frontend/session/Failures.h"
#include "frontend/session/ScriptState.h"
#include "runtime/core/Threads.h"

#include <fmt/format.h>

namespace descent {

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
    if (std::optional<std::string> message = state->lacksMemory())
      throw Error(*message);
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

} // namespace descent
