// descent fmt: scripts in the standard layout.
#include "descent/Script.h"
#include "frontend/driver/Commands.h"
#include "frontend/driver/Outputs.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

namespace descent::driver {
namespace {

struct FmtArguments {
  std::vector<std::string> paths;
  bool check = false;
};

std::optional<std::string> readFile(const std::string &path) {
  if (path == "-")
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream in(path, std::ios::binary);
  std::error_code ignored;
  if (!in || std::filesystem::is_directory(path, ignored))
    return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

int formatAll(const FmtArguments &arguments) {
  int result = kDone;
  for (const std::string &path : arguments.paths) {
    std::optional<std::string> text = readFile(path);
    if (!text) {
      std::cerr << path << ": cannot be read\n";
      result = kUsageOrCompileError;
      continue;
    }
    std::string name = path == "-" ? "<stdin>" : path;
    std::optional<std::string> formatted = formatScript(name, *text, std::cerr);
    if (!formatted) {
      result = kUsageOrCompileError;
    } else if (path == "-" && !arguments.check) {
      std::cout << *formatted;
    } else if (*formatted != *text) {
      if (arguments.check) {
        std::cerr << name << ": not in the standard layout\n";
        result = std::max<int>(result, kScriptFailed);
      } else if (replaceFile(path, *formatted)) {
        std::cerr << path << ": formatted\n";
      } else {
        std::cerr << path << ": cannot be written\n";
        result = kUsageOrCompileError;
      }
    }
  }
  return result;
}

} // namespace

void addFmt(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("fmt", "Bring scripts into the standard layout");
  auto arguments = std::make_shared<FmtArguments>();
  command
      ->add_option("scripts", arguments->paths,
                   "Scripts to rewrite; - for standard input to output")
      ->required()
      ->type_name("FILE");
  command->add_flag("--check", arguments->check,
                    "Change nothing; exit with 1 if a script would change");
  command->footer("Example:\n  descent fmt model.gd");
  command->callback([arguments, &result] { result = formatAll(*arguments); });
}

} // namespace descent::driver
