// The results of a run as a JSON file.
#pragma once

#include "descent/Script.h"

#include <string>

namespace descent::driver {

/// Writes what a run gave: the script, how it ended, every top-level value (arrays as nested lists; nan
/// and infinities as strings) and the seconds each part took. Throws FileError.
void writeResults(const std::string &path, const std::string &script, const RunResult &result,
                  const Timing &timing);

} // namespace descent::driver
