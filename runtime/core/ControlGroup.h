// What a control group (Linux, version 2) allows this process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace descent {

/// The first line of a file such as "cpu.max" in the process's control group and in those around
/// it, innermost first; of those that have such a file.
std::vector<std::string> controlGroupLimits(std::string_view file);

} // namespace descent
