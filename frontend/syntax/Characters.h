#pragma once

#include <cstdint>
#include <string_view>

namespace descent {

inline bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether a code point of 0x80 or more may be part of a name: letters of any script, marks,
/// subscript digits. Not spaces, punctuation, operators, superscripts, symbols.
bool isNameCodePoint(uint32_t codePoint);

/// Whether a name can begin with the byte, or with the code point that begins with it.
bool beginsName(std::string_view text);

/// The bytes of the name at the start of `text` (0 if there is none).
uint32_t nameLength(std::string_view text);

/// A character or operator that people write for one of the language's own, and that one. What is
/// only separated from its neighbours by the lexer has an empty `meant`.
struct OtherSpelling {
  std::string_view written;
  /// How the message goes on after "is written".
  std::string_view advice;
  /// The operator to go on with; empty if there is none.
  std::string_view meant;
};

/// The foreign spelling that `text` begins with, or null.
const OtherSpelling *otherSpelling(std::string_view text);

} // namespace descent
