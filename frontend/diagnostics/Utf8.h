#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace descent {

/// One code point read from the start of a text.
struct CodePoint {
  /// U+FFFD where the bytes are not UTF-8.
  uint32_t value = 0;
  /// In bytes; 1 where the bytes are not UTF-8.
  uint32_t length = 1;
  bool valid = true;
};

/// Reads the code point at the start of `text`, which is not empty. Overlong forms, surrogates
/// and values beyond U+10FFFF are not valid.
CodePoint decodeUtf8(std::string_view text);

/// Appends `value` (a valid code point) as UTF-8.
void appendUtf8(std::string &text, uint32_t value);

/// Terminal cells that a code point takes: 0 for combining marks, 2 for East Asian wide
/// characters and emoji, 1 otherwise.
int displayWidth(uint32_t codePoint);

} // namespace descent
