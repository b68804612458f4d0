// The digits of numbers, from which all printed forms are built.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdlib>
#include <string>
#include <string_view>

namespace descent {

/// A finite number as sign, decimal digits and the exponent of scientific notation: digits "125"
/// with exponent -3 is 1.25e-3. Zero has the digit 0 and exponent 0.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;

  /// Reads "-1.25e-03", which is what std::to_chars writes as scientific.
  static Decimal fromScientific(std::string_view text);
  void trimZeros();
};

/// The fewest digits that read back as the same value of the same type. `value` is finite.
template <std::floating_point T> Decimal shortestDecimal(T value) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific);
  return Decimal::fromScientific({buffer, end.ptr});
}

/// The value rounded to `places` (at most 40) digits after the point of scientific notation; ties
/// to even.
template <std::floating_point T> Decimal roundedDecimal(T value, int places) {
  char buffer[64];
  auto end =
      std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific, places);
  return Decimal::fromScientific({buffer, end.ptr});
}

/// "-1.25"; "-125" and "0", without a point, where there are no digits after it.
std::string positionalText(const Decimal &number);

/// "-1.25e-03", "-1e-03" where there is one digit; the exponent has at least two digits.
std::string scientificText(const Decimal &number);

/// The shortest text that reads back: positional from 1e-4 to below 1e16, else scientific; nan,
/// inf, -inf.
template <std::floating_point T> std::string shortestText(T value) {
  if (std::isnan(value))
    return "nan";
  if (std::isinf(value))
    return value < 0 ? "-inf" : "inf";
  Decimal number = shortestDecimal(value);
  return number.exponent >= -4 && number.exponent < 16 ? positionalText(number)
                                                       : scientificText(number);
}

} // namespace descent
