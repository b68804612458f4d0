// descent doctor: what was found on this machine.
#include "descent/Script.h"
#include "frontend/driver/Commands.h"

#include <fmt/format.h>

#include <iostream>
#include <memory>

namespace descent::driver {

void addDoctor(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("doctor", "Show what was found on this machine");
  auto clear = std::make_shared<bool>(false);
  command->add_flag("--clear-cache", *clear, "Remove the compiled programs that are kept on disk");
  command->footer("Example:\n  descent doctor");
  command->callback([clear, &result] {
    if (*clear) {
      size_t count = clearCache();
      std::cout << fmt::format("{} compiled program{} removed\n", count, count == 1 ? "" : "s");
      // Perhaps there are some that could not be.
      for (const auto &[what, found] : describeMachine())
        if (what == "cache" && found.starts_with("none"))
          std::cout << fmt::format("{:<14} {}\n", what, found);
    } else {
      for (const auto &[what, found] : describeMachine())
        std::cout << fmt::format("{:<14} {}\n", what, found);
    }
    result = kDone;
  });
}

} // namespace descent::driver
