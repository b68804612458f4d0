// A process that is run to its end, or to a time limit.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace descent::driver {

struct ProcessResult {
  int exitCode = -1;  ///< -1: it ended otherwise
  std::string ending; ///< how it ended, where that was not by an exit code: "signal 11
                      ///< (Segmentation fault)"
  std::string out, err;
};

/// Runs a program in a folder, with variables set beside this process's own. Ctrl-C ends it, if it
/// is to. Throws Error where it cannot be started.
ProcessResult runProcess(const std::vector<std::string> &command, const std::string &folder,
                         const std::vector<std::pair<std::string, std::string>> &variables,
                         std::chrono::seconds limit, bool endsOnInterrupt = true);

} // namespace descent::driver
