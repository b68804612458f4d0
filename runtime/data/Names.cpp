// Labels of columns as identifiers.

#include "descent/Data.h"

#include <cstdint>

namespace descent {

/// Takes one character of UTF-8 off the front of `text`; 0 where the bytes are none.
static uint32_t takeCharacter(std::string_view &text) {
  unsigned char lead = static_cast<unsigned char>(text[0]);
  size_t length = lead < 0x80       ? 1
                  : lead >> 5 == 6  ? 2
                  : lead >> 4 == 14 ? 3
                  : lead >> 3 == 30 ? 4
                                    : 0;
  if (length == 0 || length > text.size()) {
    text.remove_prefix(1);
    return 0;
  }
  uint32_t character = length == 1 ? lead : lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    unsigned char next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) {
      text.remove_prefix(1);
      return 0;
    }
    character = character << 6 | (next & 0x3F);
  }
  text.remove_prefix(length);
  return character;
}

/// Whether a character may stand in an identifier. Beyond ASCII everything but the blocks of
/// punctuation, symbols and signs counts as a letter.
static bool isWordCharacter(uint32_t c) {
  if (c < 0x80)
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  if (c < 0xC0)
    return c == 0xAA || c == 0xB5 || c == 0xBA;
  if (c == 0xD7 || c == 0xF7)
    return false;
  bool isSign = (c >= 0x2000 && c <= 0x20CF) || (c >= 0x2190 && c <= 0x2BFF) ||
                (c >= 0x3000 && c <= 0x3004) || (c >= 0x3008 && c <= 0x3020) ||
                (c >= 0xD800 && c <= 0xF8FF) || (c >= 0xFE00 && c <= 0xFE6F) ||
                (c >= 0xFF00 && c <= 0xFF20) || c >= 0x1F000;
  return !isSign;
}

std::string identifierFromLabel(std::string_view label) {
  std::string name;
  bool gap = false;
  while (!label.empty()) {
    std::string_view before = label;
    if (!isWordCharacter(takeCharacter(label))) {
      gap = true;
      continue;
    }
    if (gap && !name.empty())
      name += '_';
    gap = false;
    name += before.substr(0, before.size() - label.size());
  }
  if (!name.empty() && name[0] >= '0' && name[0] <= '9')
    name.insert(0, "c");
  return name;
}

} // namespace descent
