#include "frontend/syntax/Literals.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace descent {

static std::string withoutUnderscores(std::string_view text) {
  std::string plain;
  for (char c : text)
    if (c != '_')
      plain += c;
  return plain;
}

std::optional<uint64_t> parseInteger(std::string_view digits) {
  std::string plain = withoutUnderscores(digits);
  uint64_t value = 0;
  auto [end, failure] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (failure != std::errc() || end != plain.data() + plain.size())
    return std::nullopt;
  return value;
}

/// Whether a decimal number that is not near 1 is large rather than small.
static bool isLarge(std::string_view number) {
  // The exponent of the first digit that is not 0. Exponents too long to read decide by their
  // sign alone.
  size_t exponentAt = number.find_first_of("eE");
  std::string_view mantissa = number.substr(0, exponentAt);
  size_t first = mantissa.find_first_not_of("0.");
  if (first == mantissa.npos)
    return false;
  long long exponent = 0;
  if (exponentAt != number.npos) {
    std::string_view digits = number.substr(exponentAt + 1);
    bool isNegative = digits[0] == '-';
    if (isNegative || digits[0] == '+')
      digits.remove_prefix(1);
    auto result = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (result.ec != std::errc() || exponent > 1'000'000'000)
      return !isNegative;
    exponent = isNegative ? -exponent : exponent;
  }
  size_t point = std::min(mantissa.find('.'), mantissa.size());
  long long place = static_cast<long long>(point) - static_cast<long long>(first);
  return exponent + place > 0;
}

std::optional<double> parseFloat(std::string_view number) {
  std::string plain = withoutUnderscores(number);
  double value = 0;
  auto result = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  if (result.ec == std::errc::result_out_of_range) {
    if (isLarge(plain))
      return std::nullopt;
    return 0.0;
  }
  return value;
}

} // namespace descent
