#include "frontend/syntax/FormatSpec.h"

#include "frontend/diagnostics/Utf8.h"
#include "frontend/syntax/Characters.h"

namespace descent {

namespace {

constexpr int kMostDigits = 1000;

bool isOneOf(char c, std::string_view set) {
  return set.find(c) != set.npos;
}

/// Takes a number off the front of the text; -1 where it is too large, or there is none.
int takeNumber(std::string_view &text) {
  if (text.empty() || !isDigit(text[0]))
    return -1;
  int value = 0;
  while (!text.empty() && isDigit(text[0])) {
    value = value > kMostDigits ? value : value * 10 + (text[0] - '0');
    text.remove_prefix(1);
  }
  return value <= kMostDigits ? value : -1;
}

bool take(std::string_view &text, char c) {
  if (!text.starts_with(c))
    return false;
  text.remove_prefix(1);
  return true;
}

} // namespace

std::optional<FormatSpec> parseFormatSpec(std::string_view text) {
  FormatSpec spec;
  if (text.empty())
    return std::nullopt;
  constexpr std::string_view aligns = "<>^";
  uint32_t first = decodeUtf8(text).length;
  if (text.size() > first && isOneOf(text[first], aligns)) {
    spec.fill = text.substr(0, first);
    text.remove_prefix(first);
  }
  if (!text.empty() && isOneOf(text[0], aligns)) {
    spec.align = text[0];
    text.remove_prefix(1);
  }
  if (!text.empty() && isOneOf(text[0], "+- ")) {
    spec.sign = text[0];
    text.remove_prefix(1);
  }
  spec.alternate = take(text, '#');
  spec.zeroPadded = take(text, '0');
  if (!text.empty() && isDigit(text[0]) && (spec.width = takeNumber(text)) < 0)
    return std::nullopt;
  spec.separated = take(text, ',');
  if (take(text, '.') && (spec.precision = takeNumber(text)) < 0)
    return std::nullopt;
  if (text.size() == 1 && isOneOf(text[0], "bdoxXeEfFgG%")) {
    spec.type = text[0];
    text.remove_prefix(1);
  }
  if (!text.empty())
    return std::nullopt;
  return spec;
}

} // namespace descent
