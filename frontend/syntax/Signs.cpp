#include "frontend/syntax/Signs.h"

#include <array>
#include <iterator>

namespace descent {

namespace {

struct Spelling {
  std::string_view text;
  TokenKind kind;
};

constexpr Spelling kKeywords[] = {
    {"let", TokenKind::Let},     {"var", TokenKind::Var},     {"fn", TokenKind::Fn},
    {"if", TokenKind::If},       {"else", TokenKind::Else},   {"for", TokenKind::For},
    {"in", TokenKind::In},       {"while", TokenKind::While}, {"and", TokenKind::And},
    {"or", TokenKind::Or},       {"not", TokenKind::Not},     {"true", TokenKind::True},
    {"false", TokenKind::False}, {"print", TokenKind::Print}, {"assert", TokenKind::Assert}};

// Those with a common first character are neighbours, and of them the longer come first.
constexpr Spelling kSigns[] = {{"...", TokenKind::Ellipsis},
                               {"..", TokenKind::DotDot},
                               {".", TokenKind::Dot},
                               {"->", TokenKind::Arrow},
                               {"-=", TokenKind::MinusAssign},
                               {"-", TokenKind::Minus},
                               {"+=", TokenKind::PlusAssign},
                               {"+", TokenKind::Plus},
                               {"**=", TokenKind::CaretAssign},
                               {"*=", TokenKind::StarAssign},
                               {"**", TokenKind::Caret},
                               {"*", TokenKind::Star},
                               {"//=", TokenKind::SlashSlashAssign},
                               {"/=", TokenKind::SlashAssign},
                               {"//", TokenKind::SlashSlash},
                               {"/", TokenKind::Slash},
                               {"%=", TokenKind::PercentAssign},
                               {"%", TokenKind::Percent},
                               {"@=", TokenKind::AtAssign},
                               {"@", TokenKind::At},
                               {"^=", TokenKind::CaretAssign},
                               {"^", TokenKind::Caret},
                               {"==", TokenKind::EqualEqual},
                               {"=", TokenKind::Assign},
                               {"!=", TokenKind::NotEqual},
                               {"<=", TokenKind::LessEqual},
                               {"<", TokenKind::Less},
                               {">=", TokenKind::GreaterEqual},
                               {">", TokenKind::Greater},
                               {"(", TokenKind::LeftParen},
                               {")", TokenKind::RightParen},
                               {"[", TokenKind::LeftBracket},
                               {"]", TokenKind::RightBracket},
                               {"{", TokenKind::LeftBrace},
                               {"}", TokenKind::RightBrace},
                               {",", TokenKind::Comma},
                               {":", TokenKind::Colon}};

/// For each first character the index of its first sign; kNone where there is none.
constexpr uint8_t kNone = 0xFF;
constexpr auto kFirstSign = [] {
  std::array<uint8_t, 128> first = {};
  first.fill(kNone);
  for (size_t i = std::size(kSigns); i-- > 0;)
    first[static_cast<size_t>(kSigns[i].text[0])] = static_cast<uint8_t>(i);
  return first;
}();

} // namespace

bool isKeyword(TokenKind kind) {
  return kind >= TokenKind::Let && kind <= TokenKind::Assert;
}

TokenKind keywordKind(std::string_view word) {
  constexpr size_t longest = 6;
  if (word.size() <= longest)
    for (const Spelling &keyword : kKeywords)
      if (keyword.text == word)
        return keyword.kind;
  return TokenKind::Word;
}

Sign signAt(std::string_view text) {
  if (text.empty() || static_cast<unsigned char>(text[0]) >= kFirstSign.size())
    return {};
  for (size_t i = kFirstSign[static_cast<size_t>(text[0])]; i < std::size(kSigns); ++i) {
    if (kSigns[i].text[0] != text[0])
      break;
    if (text.starts_with(kSigns[i].text))
      return {kSigns[i].kind, static_cast<uint32_t>(kSigns[i].text.size())};
  }
  return {};
}

bool continuesAfter(TokenKind kind) {
  return kind == TokenKind::Minus || kind == TokenKind::Comma ||
         (continuesBefore(kind) && kind != TokenKind::Dot);
}

bool continuesBefore(TokenKind kind) {
  switch (kind) {
  case TokenKind::And:
  case TokenKind::Or:
  case TokenKind::Dot:
  case TokenKind::DotDot:
  case TokenKind::Arrow:
    return true;
  default:
    return kind >= TokenKind::EqualEqual && kind != TokenKind::Minus;
  }
}

TokenKind closingOf(TokenKind opening) {
  switch (opening) {
  case TokenKind::LeftParen:
    return TokenKind::RightParen;
  case TokenKind::LeftBracket:
    return TokenKind::RightBracket;
  case TokenKind::InterpolationBegin:
    return TokenKind::InterpolationEnd;
  case TokenKind::StringBegin:
    return TokenKind::StringEnd;
  default:
    return TokenKind::RightBrace;
  }
}

std::string_view bracketText(TokenKind bracket) {
  switch (bracket) {
  case TokenKind::LeftParen:
    return "(";
  case TokenKind::RightParen:
    return ")";
  case TokenKind::LeftBracket:
    return "[";
  case TokenKind::RightBracket:
    return "]";
  case TokenKind::LeftBrace:
  case TokenKind::InterpolationBegin:
    return "{";
  default:
    return "}";
  }
}

} // namespace descent
