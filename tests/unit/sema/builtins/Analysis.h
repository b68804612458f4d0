// Runs sema on a few lines of a script, for tests.
#pragma once

#include <string>
#include <vector>

namespace descent::sema {

/// What sema made of a script: the types of what it prints, or what is wrong with it.
struct Analysis {
  /// The type of each array that the script prints, in order: "f32[2, 3]".
  std::vector<std::string> printed;
  /// The typed program as text.
  std::string program;
  /// Each error as "id: the text it points at", in order of reports.
  std::vector<std::string> errors;
  /// All diagnostics as they are shown.
  std::string shown;
};

Analysis analyzeText(const std::string &script);

} // namespace descent::sema
