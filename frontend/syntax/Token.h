#pragma once

#include "frontend/diagnostics/Source.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace descent {

enum class TokenKind : uint8_t {
  EndOfFile,
  /// Something that was reported as an error; the parser says nothing more about it.
  Unknown,
  Word,
  Integer,
  Float,
  // A string is StringBegin, then StringText and interpolations in turn, then StringEnd. An
  // interpolation is InterpolationBegin, the tokens of an expression, perhaps Format,
  // InterpolationEnd.
  StringBegin,
  StringText,
  StringEnd,
  InterpolationBegin,
  InterpolationEnd,
  Format,
  // Keywords.
  Let,
  Var,
  Fn,
  If,
  Else,
  For,
  In,
  While,
  And,
  Or,
  Not,
  True,
  False,
  Print,
  Assert,
  // Signs.
  LeftParen,
  RightParen,
  LeftBracket,
  RightBracket,
  LeftBrace,
  RightBrace,
  Comma,
  Colon,
  Dot,
  DotDot,
  Ellipsis,
  Arrow,
  Assign,
  PlusAssign,
  MinusAssign,
  StarAssign,
  SlashAssign,
  SlashSlashAssign,
  PercentAssign,
  AtAssign,
  CaretAssign,
  EqualEqual,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Plus,
  Minus,
  Star,
  Slash,
  SlashSlash,
  Percent,
  At,
  Caret
};

/// A token: 16 bytes, since a file has many.
struct Token {
  TokenKind kind = TokenKind::EndOfFile;
  /// A line break that ends a statement stands before it.
  bool startsLine = false;
  /// Any line break stands before it, or the start of the file.
  bool isFirstOnLine = false;
  /// Not in the text: a closing bracket or quote that the lexer reported as missing.
  bool isMade = false;
  uint32_t begin = 0;
  uint32_t end = 0;
  /// For an opening bracket the index of its closing one; for a closing one, of its opening one.
  uint32_t partner = 0;
};

/// The tokens of a file. Brackets and strings are balanced in any case: missing ends are made,
/// those too many are Unknown tokens, both reported. The last token is EndOfFile.
using TokenList = std::vector<Token>;

bool isKeyword(TokenKind kind);
/// Word or keyword: what may stand after a dot, and as the name of an argument or a field.
inline bool isAnyWord(TokenKind kind) {
  return kind == TokenKind::Word || isKeyword(kind);
}

} // namespace descent
