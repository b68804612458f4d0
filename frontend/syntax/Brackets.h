#pragma once

#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/syntax/Token.h"

namespace descent {

/// The brackets and strings open at a place of the text, for the lexer: it pairs them, reports
/// those without a counterpart, and makes the closing ones that are missing, so that the parser
/// only ever sees balanced ones.
class Brackets {
public:
  Brackets(const SourceFile &file, TokenList &tokens, Diagnostics &diagnostics)
      : file(file), tokens(tokens), diagnostics(diagnostics) {}

  bool isOpen() const { return !open.empty(); }
  /// The opening token of the innermost bracket or string; EndOfFile outside of all.
  TokenKind innermost() const { return open.empty() ? TokenKind::EndOfFile : kindOf(open.back()); }
  bool isInString() const { return strings > 0; }
  /// More are open than may be: the rest of the text is not looked at.
  bool isTooDeep() const { return tooDeep; }
  bool lineBreaksEndStatements() const {
    return open.empty() || innermost() == TokenKind::LeftBrace;
  }

  /// The token just added opens.
  void opened();
  /// The token just added closes the innermost.
  void closed();

  /// A closing bracket stands at `range`, on the line that begins at byte `lineBegin`, with
  /// `following` after it. Gives the kind of token to add for it, and then to call `closed` for;
  /// but Unknown if it closes nothing.
  TokenKind closing(TokenKind kind, SourceRange range, uint32_t lineBegin, char following);

  /// A line begins with what can only begin a statement: the `(` and `[` around it were not
  /// closed. With `isItem` also the `{`: it begins an item of a file, at the left margin.
  void closeBeforeItem(bool isItem);

  /// Closes the innermost with a made token.
  void closeMade(bool report);

  /// Closes all up to the outermost string, which ends at byte `at` for want of a quote.
  void closeBrokenString(uint32_t at);

  /// The end of the text.
  void closeAll();

private:
  TokenKind kindOf(uint32_t token) const { return tokens[token].kind; }
  SourceRange rangeOf(uint32_t token) const {
    return {file.id(), tokens[token].begin, tokens[token].end};
  }
  void reportUnclosed(uint32_t token);
  bool isInnermost(TokenKind closing) const;

  const SourceFile &file;
  TokenList &tokens;
  Diagnostics &diagnostics;
  /// Indices of opening tokens.
  std::vector<uint32_t> open;
  size_t strings = 0;
  bool tooDeep = false;
  /// The next closing bracket was reported together with the one before it.
  bool isSwapped = false;
};

} // namespace descent
