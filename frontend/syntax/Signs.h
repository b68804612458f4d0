#pragma once

#include "frontend/syntax/Token.h"

namespace descent {

/// The keyword that `word` is, or Word.
TokenKind keywordKind(std::string_view word);

struct Sign {
  TokenKind kind = TokenKind::Unknown;
  uint32_t length = 0;
};

/// The longest operator or bracket that `text` begins with; length 0 if there is none.
Sign signAt(std::string_view text);

/// A line break after such a token does not end a statement.
bool continuesAfter(TokenKind kind);
/// A line break before such a token does not end a statement: none can begin with it.
bool continuesBefore(TokenKind kind);

/// The counterpart of a bracket, also of an interpolation's.
TokenKind closingOf(TokenKind opening);
/// "(" for LeftParen, and so on, for brackets.
std::string_view bracketText(TokenKind bracket);

} // namespace descent
