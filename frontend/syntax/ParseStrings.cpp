// Strings: runs of text with escapes, and interpolated expressions.

#include "frontend/diagnostics/Utf8.h"
#include "frontend/syntax/FormatSpec.h"
#include "frontend/syntax/ParserImpl.h"

namespace descent {

using namespace ast;

StringExpr *Parser::parseString() {
  uint32_t begin = token().begin;
  size_t closing = token().partner;
  advance();
  std::vector<StringPart> parts;
  std::vector<const Expr *> values;
  while (position < closing) {
    if (at(TokenKind::StringText)) {
      const Token &text = advance();
      parts.push_back({rangeOf(text), unescape(text), nullptr, {}});
    } else {
      parts.push_back(parseInterpolation());
      values.push_back(parts.back().value);
    }
  }
  position = closing + 1;
  StringExpr *string = ast->make<StringExpr>(rangeFrom(begin));
  string->parts = ast->list(parts);
  return finish(string, values);
}

/// `{expr}` or `{expr:format}`; errors stay within it.
StringPart Parser::parseInterpolation() {
  const Token &open = token();
  size_t closing = open.partner;
  bool isUnclosed = tokens[closing].isMade;
  unclosed += isUnclosed;
  ++lists;
  advance();
  StringPart part;
  part.value = parseExpression();
  if (!failed && at(TokenKind::Format)) {
    const Token &format = advance();
    part.format = nameOf(format);
    if (!parseFormatSpec(part.format.text))
      complain(part.format.range, Msg::BadFormat, part.format.text);
  }
  if (!failed && position != closing)
    failExpected(Msg::ExpectedToken, "`}`");
  failed = false;
  position = closing + 1;
  part.range = rangeFrom(open.begin);
  --lists;
  unclosed -= isUnclosed;
  return part;
}

const StringExpr *Parser::parsePlainString(std::string_view what) {
  if (failed || !at(TokenKind::StringBegin)) {
    failExpected(Msg::ExpectedToken, what);
    return ast->make<StringExpr>(foundRange());
  }
  StringExpr *string = parseString();
  if (!string->isPlain()) {
    complain(string->range, Msg::PlainString);
    string->parts = {};
  }
  return string;
}

/// The code point of `{1F600}` at the start of `text`, and its length there; 0 where it is none.
static uint32_t bracedCodePoint(std::string_view text, uint32_t &length) {
  size_t end = text.find('}');
  if (!text.starts_with('{') || end == text.npos || end < 2 || end > 7)
    return 0;
  uint32_t value = 0;
  for (char c : text.substr(1, end - 1)) {
    bool isLetter = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!isLetter && !(c >= '0' && c <= '9'))
      return 0;
    value = value * 16 + static_cast<uint32_t>(isLetter ? (c & 0x5F) - 'A' + 10 : c - '0');
  }
  length = static_cast<uint32_t>(end + 1);
  bool isSurrogate = value >= 0xD800 && value <= 0xDFFF;
  return value <= 0x10FFFF && !isSurrogate ? value : 0;
}

std::string_view Parser::unescape(const Token &token) {
  std::string_view raw = textOf(token);
  if (raw.find_first_of("\\{}") == raw.npos)
    return raw;
  std::string text;
  auto bad = [&](size_t from, size_t length) {
    uint32_t begin = token.begin + static_cast<uint32_t>(from);
    complain({source.id(), begin, begin + static_cast<uint32_t>(length)}, Msg::BadEscape,
             raw.substr(from, length));
  };
  for (size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i], next = i + 1 < raw.size() ? raw[i + 1] : '\0';
    if ((c == '{' || c == '}') && next == c) {
      text += c;
      ++i;
      continue;
    }
    if (c != '\\') {
      text += c;
      continue;
    }
    constexpr std::string_view names = "ntr\"\\{}", values = "\n\t\r\"\\{}";
    size_t which = next ? names.find(next) : names.npos;
    uint32_t length = 0, codePoint = 0;
    if (which != names.npos) {
      text += values[which];
      ++i;
    } else if (next == 'u' && (codePoint = bracedCodePoint(raw.substr(i + 2), length))) {
      appendUtf8(text, codePoint);
      i += 1 + length;
    } else {
      size_t size = next ? 1 + decodeUtf8(raw.substr(i + 1)).length : 1;
      bad(i, size);
      i += size - 1;
    }
  }
  return ast->text(text);
}

} // namespace descent
