// What a control group (Linux, version 2) allows this process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace descent {

/// The first line of a file such as "cpu.max", or what is behind `prefix` in the first line with
/// that, in the process's control group and in those around it, innermost first; of those that have
/// such a file.
std::vector<std::string> controlGroupLimits(std::string_view file, std::string_view prefix = "");

} // namespace descent
