// descent ir: a script's form at a stage of compilation.
#include "frontend/driver/ScriptArguments.h"

#include <iostream>
#include <map>

namespace descent::driver {
namespace {

const std::map<std::string, ScriptStage> kStages = {{"ast", ScriptStage::Ast},
                                                    {"array", ScriptStage::Array},
                                                    {"derivative", ScriptStage::Derivative},
                                                    {"kernel", ScriptStage::Kernel},
                                                    {"llvm", ScriptStage::Llvm},
                                                    {"asm", ScriptStage::Assembly},
                                                    {"gpu-llvm", ScriptStage::GpuLlvm},
                                                    {"ptx", ScriptStage::Ptx}};

/// The compute capability that "80" or "sm_80" names. Throws CLI::ValidationError.
int capabilityNamed(const std::string &name) {
  std::string digits = name.starts_with("sm_") ? name.substr(3) : name;
  bool isNumber = (digits.size() == 2 || digits.size() == 3) &&
                  digits.find_first_not_of("0123456789") == std::string::npos;
  if (!isNumber)
    throw CLI::ValidationError("--sm",
                               "it takes a compute capability such as 80, for 8.0, not " + name);
  try {
    checkGpu(std::stoi(digits));
  } catch (const Error &error) {
    throw CLI::ValidationError("--sm", error.what());
  }
  return std::stoi(digits);
}

} // namespace

void addIr(CLI::App &app, int &result) {
  struct IrArguments {
    ScriptArguments script;
    ScriptStage stage = ScriptStage::Array;
    bool tests = false;
  };
  CLI::App *command = app.add_subcommand("ir", "Show a script's form at a stage of compilation");
  auto arguments = std::make_shared<IrArguments>();
  addScriptArguments(*command, arguments->script);
  addProcessorArgument(*command, arguments->script, /*runs=*/false);
  addTapeArgument(*command, arguments->script);
  command
      ->add_option_function<std::string>(
          "--sm",
          [arguments](const std::string &name) { arguments->script.gpu = capabilityNamed(name); },
          "The compute capability that gpu-llvm and ptx are for: 80 is 8.0. Without it that of the "
          "card\n"
          "that is here, 8.0 where there is none")
      ->type_name("NUMBER");
  command
      ->add_option(
          "--outside", arguments->script.outside,
          "Data that are to stay in the machine's memory, as where a GPU has no room for "
          "them:\nthe names of `data` items, with commas between. From the stage derivative "
          "on, rows\nof them are then fetched a step early")
      ->delimiter(',')
      ->type_name("NAMES");
  command
      ->add_option("--stage", arguments->stage,
                   "ast, array, derivative, kernel, llvm, asm, gpu-llvm or ptx")
      ->transform([](const std::string &name) -> std::string {
        if (auto found = kStages.find(name); found != kStages.end())
          return std::to_string(static_cast<int>(found->second));
        throw CLI::ValidationError(
            "there is no stage " + name +
            "; there are ast, array, derivative, kernel, llvm, asm, gpu-llvm and ptx");
      })
      ->default_str("array")
      ->type_name("STAGE");
  command->add_flag("--tests", arguments->tests, "With the script's test blocks");
  addTestName(*command, "--test", arguments->script.onlyTest, "With the test block of this name");
  command->footer(
      "ast: the syntax tree; array: array operations, derivatives still to be taken;\n"
      "derivative: derivatives and batching expanded; kernel: grouped into loops;\n"
      "llvm: LLVM IR; asm: the processor's instructions; gpu-llvm, ptx: the same for a GPU.\n\n"
      "Examples:\n  descent ir model.gd --stage derivative\n  descent ir model.gd --stage ptx --sm "
      "90");
  command->callback([arguments, &result] {
    bool tests = arguments->tests || !arguments->script.onlyTest.empty();
    std::optional<Script> script = loadScript(arguments->script, tests);
    result = !script                                     ? kUsageOrCompileError
             : !hasTestAsked(*script, arguments->script) ? kScriptFailed
                                                         : kDone;
    if (result == kDone)
      std::cout << script->show(arguments->stage);
  });
}

} // namespace descent::driver
