// descent ir: a script's form at a stage of compilation.
#include "frontend/driver/ScriptArguments.h"

#include <iostream>
#include <map>

namespace descent::driver {
namespace {

const std::map<std::string, ScriptStage> kStages = {
    {"ast", ScriptStage::Ast},       {"array", ScriptStage::Array}, {"derivative", ScriptStage::Derivative},
    {"kernel", ScriptStage::Kernel}, {"llvm", ScriptStage::Llvm},   {"asm", ScriptStage::Assembly}};

} // namespace

void addIr(CLI::App &app, int &result) {
  struct IrArguments {
    ScriptArguments script;
    ScriptStage stage = ScriptStage::Array;
  };
  CLI::App *command = app.add_subcommand("ir", "Show a script's form at a stage of compilation");
  auto arguments = std::make_shared<IrArguments>();
  addScriptArguments(*command, arguments->script);
  addProcessorArgument(*command, arguments->script, /*runs=*/false);
  addTapeArgument(*command, arguments->script);
  command->add_option("--stage", arguments->stage, "ast, array, derivative, kernel, llvm or asm")
      ->transform([](const std::string &name) -> std::string {
        if (auto found = kStages.find(name); found != kStages.end())
          return std::to_string(static_cast<int>(found->second));
        throw CLI::ValidationError(name == "ptx" ? "not supported yet: --stage ptx"
                                                 : "there is no stage " + name +
                                                       "; there are ast, array, derivative, kernel, "
                                                       "llvm and asm");
      })
      ->default_str("array")
      ->type_name("STAGE");
  command->footer("ast: the syntax tree; array: array operations, derivatives still to be taken;\n"
                  "derivative: derivatives and batching expanded; kernel: grouped into loops;\n"
                  "llvm: LLVM IR; asm: the processor's instructions.\n\n"
                  "Example:\n  descent ir model.gd --stage derivative");
  command->callback([arguments, &result] {
    std::optional<Script> script = loadScript(arguments->script);
    result = script ? kDone : kUsageOrCompileError;
    if (script)
      std::cout << script->show(arguments->stage);
  });
}

} // namespace descent::driver
