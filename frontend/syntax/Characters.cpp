#include "frontend/syntax/Characters.h"

#include "frontend/diagnostics/Utf8.h"

#include <algorithm>
#include <iterator>

namespace descent {

namespace {

struct Span {
  uint32_t first, last;
};

// What is not part of a name, by blocks: a list of all letters would be long and date with each
// version of Unicode, while signs are few.
constexpr Span kSigns[] = {
    {0x0080, 0x00A9}, // controls, no-break space, Latin-1 signs (ª is a letter)
    {0x00AB, 0x00B4}, // « ¬ ® ° ± ² ³ ´ (µ is a letter)
    {0x00B6, 0x00B9}, // ¶ · ¸ ¹
    {0x00BB, 0x00BF}, // » ¼ ½ ¾ ¿
    {0x00D7, 0x00D7}, // ×
    {0x00F7, 0x00F7}, // ÷
    {0x1680, 0x1680}, // a space
    {0x2000, 0x203E}, // spaces, dashes, quotes (‿ joins words)
    {0x2041, 0x2053}, // punctuation
    {0x2055, 0x207F}, // punctuation, superscripts
    {0x208A, 0x208F}, // subscript signs
    {0x20A0, 0x20CF}, // currencies
    {0x2190, 0x2BFF}, // arrows, operators, boxes, symbols
    {0x2E00, 0x2E7F}, // punctuation
    {0x3000, 0x3004}, // ideographic space and punctuation
    {0x3008, 0x3020}, // brackets
    {0xD800, 0xF8FF}, // surrogates, private use
    {0xFE10, 0xFE1F}, // vertical punctuation
    {0xFE30, 0xFE32}, // the same
    {0xFE35, 0xFE4C}, // the same
    {0xFE50, 0xFE6F}, // small punctuation
    {0xFEFF, 0xFF0F}, // byte order mark, full-width punctuation
    {0xFF1A, 0xFF20}, // full-width punctuation
    {0xFF3B, 0xFF3E},   {0xFF40, 0xFF40},   {0xFF5B, 0xFF65},
    {0xFFE0, 0xFFFF},   {0x1F000, 0x1FBFF}, // pictures, emoji
    {0xE0000, 0xE00FF},                     // tags
    {0xF0000, 0x10FFFF}};                   // private use

constexpr OtherSpelling kOtherSpellings[] = {
    {"&&", "`and`", "and"},
    {"||", "`or`", "or"},
    {"&", "`and`", "and"},
    {"|", "`or`", "or"},
    {"=>", "`->`", "->"},
    {"!", "`not`", "not"},
    {";", "as a new line", ""},
    {"−", "`-`", "-"},
    {"–", "`-`", "-"},
    {"—", "`-`", "-"},
    {"×", "`*`", "*"},
    {"·", "`*`", "*"},
    {"⋅", "`*`", "*"},
    {"÷", "`/`", "/"},
    {"≤", "`<=`", "<="},
    {"≥", "`>=`", ">="},
    {"≠", "`!=`", "!="},
    {"→", "`->`", "->"},
    {"…", "`...`", "..."},
    {"，", "`,`", ","},
    {"：", "`:`", ":"},
    {"（", "`(`", "("},
    {"）", "`)`", ")"},
    {"'", "`\"`: strings have double quotes", ""},
    {"“", "`\"`: strings have straight double quotes", ""},
    {"”", "`\"`: strings have straight double quotes", ""},
    {"‘", "`\"`: strings have straight double quotes", ""},
    {"’", "`\"`: strings have straight double quotes", ""},
    {"²", "`^2`", ""},
    {"³", "`^3`", ""},
    {"½", "`0.5`", ""},
    {"\xC2\xA0", "as a plain space (this one is a no-break space)", ""}};

} // namespace

bool isNameCodePoint(uint32_t codePoint) {
  const Span *after =
      std::upper_bound(std::begin(kSigns), std::end(kSigns), codePoint,
                       [](uint32_t value, const Span &span) { return value < span.first; });
  return after == std::begin(kSigns) || codePoint > std::prev(after)->last;
}

/// The bytes of the character of a name at the start of `text`; 0 if there is none.
static uint32_t namePiece(std::string_view text, bool first) {
  if (text.empty())
    return 0;
  char c = text[0];
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
    return 1;
  if (static_cast<unsigned char>(c) < 0x80)
    return !first && isDigit(c);
  CodePoint code = decodeUtf8(text);
  bool isMark = displayWidth(code.value) == 0;
  return code.valid && isNameCodePoint(code.value) && !(first && isMark) ? code.length : 0;
}

bool beginsName(std::string_view text) {
  return namePiece(text, true) > 0;
}

uint32_t nameLength(std::string_view text) {
  uint32_t length = namePiece(text, true);
  while (length > 0) {
    uint32_t piece = namePiece(text.substr(length), false);
    if (piece == 0)
      break;
    length += piece;
  }
  return length;
}

const OtherSpelling *otherSpelling(std::string_view text) {
  for (const OtherSpelling &spelling : kOtherSpellings)
    if (text.starts_with(spelling.written))
      return &spelling;
  return nullptr;
}

} // namespace descent
