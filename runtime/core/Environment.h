// Settings from the environment.
#pragma once

#include <cstdint>
#include <optional>

namespace descent {

/// The whole number that a variable of the environment is set to; nothing where it is not set.
/// Throws Error, which says what it takes, for anything else and for numbers outside of the range.
std::optional<int64_t> numberFromEnvironment(const char *name, int64_t least, int64_t most);

} // namespace descent
