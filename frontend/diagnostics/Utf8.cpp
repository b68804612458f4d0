#include "frontend/diagnostics/Utf8.h"

#include <algorithm>
#include <iterator>

namespace descent {

CodePoint decodeUtf8(std::string_view text) {
  constexpr CodePoint bad = {0xFFFD, 1, false};
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  if (lead < 0x80)
    return {lead, 1, true};
  uint32_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length)
    return bad;
  uint32_t value = lead & (0x7Fu >> length);
  for (uint32_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80)
      return bad;
    value = value << 6 | (byte(i) & 0x3F);
  }
  constexpr uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  bool isSurrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < least[length] || isSurrogate || value > 0x10FFFF)
    return bad;
  return {value, length, true};
}

void appendUtf8(std::string &text, uint32_t value) {
  auto put = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | value >> 6);
    put(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    put(0xE0 | value >> 12);
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  } else {
    put(0xF0 | value >> 18);
    put(0x80 | (value >> 12 & 0x3F));
    put(0x80 | (value >> 6 & 0x3F));
    put(0x80 | (value & 0x3F));
  }
}

namespace {

struct Span {
  uint32_t first, last;
};

// Blocks rather than single characters: enough for carets to line up in what people write.
constexpr Span kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},  {0x064B, 0x065F}, {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E},  {0x2060, 0x2064}, {0x20D0, 0x20F0},
    {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF}};
constexpr Span kWide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

bool isIn(uint32_t codePoint, const Span *begin, const Span *end) {
  const Span *after = std::upper_bound(
      begin, end, codePoint, [](uint32_t value, const Span &span) { return value < span.first; });
  return after != begin && codePoint <= std::prev(after)->last;
}

} // namespace

int displayWidth(uint32_t codePoint) {
  if (codePoint < 0x300)
    return 1;
  if (isIn(codePoint, std::begin(kZeroWidth), std::end(kZeroWidth)))
    return 0;
  return isIn(codePoint, std::begin(kWide), std::end(kWide)) ? 2 : 1;
}

} // namespace descent
