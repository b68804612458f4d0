// descent fmt: scripts in the standard layout.
#include "descent/Script.h"
#include "frontend/diagnostics/Source.h"
#include "frontend/driver/Commands.h"
#include "frontend/driver/Outputs.h"

#include <iostream>
#include <memory>
#include <optional>

namespace descent::driver {
namespace {

struct FmtArguments {
  std::vector<std::string> paths;
  bool check = false;
};

/// A script's text; nothing where it cannot be had, for that `reason`.
std::optional<std::string> readScript(const std::string &path, std::string &reason) {
  if (path != "-") {
    SourceManager sources;
    const SourceFile *file = sources.load(path, reason);
    return file ? std::optional(std::string(file->text())) : std::nullopt;
  }
  std::string text;
  char piece[1 << 16];
  while (text.size() <= SourceManager::kMaxFileBytes &&
         std::cin.read(piece, sizeof piece).gcount() > 0)
    text.append(piece, static_cast<size_t>(std::cin.gcount()));
  if (text.size() <= SourceManager::kMaxFileBytes)
    return text;
  reason = "it is longer than 4 MiB";
  return std::nullopt;
}

int formatAll(const FmtArguments &arguments) {
  int result = kDone;
  for (const std::string &path : arguments.paths) {
    std::string name = path == "-" ? "<stdin>" : path, reason;
    std::optional<std::string> text = readScript(path, reason);
    if (!text) {
      std::cerr << name << ": cannot be read: " << reason << '\n';
      result = kUsageOrCompileError;
      continue;
    }
    std::optional<std::string> formatted = formatScript(name, *text, std::cerr);
    if (!formatted) {
      result = kUsageOrCompileError;
    } else if (path == "-" && !arguments.check) {
      std::cout << *formatted;
    } else if (*formatted != *text) {
      if (arguments.check) {
        std::cerr << name << ": not in the standard layout\n";
        result = std::max<int>(result, kScriptFailed);
      } else if (std::string why = replaceFile(path, *formatted); why.empty()) {
        std::cerr << path << ": formatted\n";
      } else {
        std::cerr << path << ": cannot be written: " << why << '\n';
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
