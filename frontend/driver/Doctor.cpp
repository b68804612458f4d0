// descent doctor: what was found on this machine.
#include "descent/Script.h"
#include "frontend/driver/Commands.h"

#include <fmt/format.h>

#include <iostream>

namespace descent::driver {

void addDoctor(CLI::App &app, int &result) {
  CLI::App *command = app.add_subcommand("doctor", "Show what was found on this machine");
  command->footer("Example:\n  descent doctor");
  command->callback([&result] {
    for (const auto &[what, found] : describeMachine())
      std::cout << fmt::format("{:<14} {}\n", what, found);
    result = kDone;
  });
}

} // namespace descent::driver
