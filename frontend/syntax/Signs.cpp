#include "frontend/syntax/Signs.h"

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

// Longer ones first among those with a common beginning.
constexpr Spelling kSigns[] = {
    {"**=", TokenKind::CaretAssign}, {"//=", TokenKind::SlashSlashAssign},
    {"...", TokenKind::Ellipsis},    {"..", TokenKind::DotDot},
    {"->", TokenKind::Arrow},        {"+=", TokenKind::PlusAssign},
    {"-=", TokenKind::MinusAssign},  {"*=", TokenKind::StarAssign},
    {"/=", TokenKind::SlashAssign},  {"%=", TokenKind::PercentAssign},
    {"@=", TokenKind::AtAssign},     {"^=", TokenKind::CaretAssign},
    {"==", TokenKind::EqualEqual},   {"!=", TokenKind::NotEqual},
    {"<=", TokenKind::LessEqual},    {">=", TokenKind::GreaterEqual},
    {"**", TokenKind::Caret},        {"//", TokenKind::SlashSlash},
    {"(", TokenKind::LeftParen},     {")", TokenKind::RightParen},
    {"[", TokenKind::LeftBracket},   {"]", TokenKind::RightBracket},
    {"{", TokenKind::LeftBrace},     {"}", TokenKind::RightBrace},
    {",", TokenKind::Comma},         {":", TokenKind::Colon},
    {".", TokenKind::Dot},           {"=", TokenKind::Assign},
    {"<", TokenKind::Less},          {">", TokenKind::Greater},
    {"+", TokenKind::Plus},          {"-", TokenKind::Minus},
    {"*", TokenKind::Star},          {"/", TokenKind::Slash},
    {"%", TokenKind::Percent},       {"@", TokenKind::At},
    {"^", TokenKind::Caret}};

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
  for (const Spelling &sign : kSigns)
    if (text.starts_with(sign.text))
      return {sign.kind, static_cast<uint32_t>(sign.text.size())};
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
