#include "runtime/core/Numbers.h"

namespace descent {

Decimal Decimal::fromScientific(std::string_view text) {
  Decimal result;
  if (text.starts_with('-')) {
    result.negative = true;
    text.remove_prefix(1);
  }
  size_t mark = text.find('e');
  for (char c : text.substr(0, mark))
    if (c != '.')
      result.digits += c;
  std::string_view exponent = text.substr(mark + 1);
  if (exponent.starts_with('+'))
    exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), result.exponent);
  return result;
}

void Decimal::trimZeros() {
  while (digits.size() > 1 && digits.back() == '0')
    digits.pop_back();
}

std::string positionalText(const Decimal &number) {
  std::string text = number.negative ? "-" : "";
  int count = static_cast<int>(number.digits.size());
  if (number.exponent < 0)
    return text + "0." + std::string(-number.exponent - 1, '0') + number.digits;
  if (count <= number.exponent + 1)
    return text + number.digits + std::string(number.exponent + 1 - count, '0');
  return text + number.digits.substr(0, number.exponent + 1) + "." +
         number.digits.substr(number.exponent + 1);
}

std::string scientificText(const Decimal &number) {
  std::string text = number.negative ? "-" : "";
  text += number.digits[0];
  if (number.digits.size() > 1)
    text += "." + number.digits.substr(1);
  std::string exponent = std::to_string(std::abs(number.exponent));
  if (exponent.size() < 2)
    exponent.insert(0, "0");
  return text + (number.exponent < 0 ? "e-" : "e+") + exponent;
}

} // namespace descent
