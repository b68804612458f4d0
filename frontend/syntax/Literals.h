#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace descent {

/// The value of decimal digits (and `_`); absent where it does not fit in 64 bits.
std::optional<uint64_t> parseInteger(std::string_view digits);

/// The nearest f64 to a decimal number (with `_`); too small a number is 0, too large a one is
/// absent.
std::optional<double> parseFloat(std::string_view number);

} // namespace descent
