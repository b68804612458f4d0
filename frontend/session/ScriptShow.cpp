// A script at the stages of its compilation, as text.
#include "frontend/session/ScriptState.h"
#include "frontend/syntax/AstPrinter.h"

#include <fmt/format.h>

#include <sstream>

namespace descent {

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

} // namespace descent
