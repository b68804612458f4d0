// What of a program's data a device holds, and what stays in the machine's memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace descent::device {

/// The inputs, by number and in order, that are to stay outside so that the others take at most
/// `room` bytes. First those of which steps read a few rows (`byRows`, by the input), as the bus is
/// slow, or these only; of these the smallest that is enough, or else the largest. None that is
/// small. More may be left inside than there is room for, where all that can be are outside.
std::vector<size_t> inputsOutside(std::span<const int64_t> bytes, const std::vector<bool> &byRows,
                                  int64_t room, bool rowsOnly = false);

} // namespace descent::device
