// descent check: all diagnostics of a script, nothing run.
#include "frontend/driver/ScriptArguments.h"

#include <iostream>

namespace descent::driver {

void addCheck(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("check", "Show what is wrong with a script, run nothing");
  auto arguments = std::make_shared<ScriptArguments>();
  addScriptArguments(*command, *arguments);
  command->footer("Data files are read, for their shapes. Exit code: 0 no errors, 2 errors.\n\n"
                  "Example:\n  descent check model.gd");
  command->callback([arguments, &result] {
    result = loadScript(*arguments, /*tests=*/true) ? kDone : kUsageOrCompileError;
    if (result == kDone)
      std::cerr << arguments->path << ": no errors\n";
  });
}

} // namespace descent::driver
