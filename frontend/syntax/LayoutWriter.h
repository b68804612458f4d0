#pragma once

#include "frontend/syntax/Lexer.h"

#include <string>
#include <vector>

namespace descent {

/// How a token may be set apart from the one before it.
enum class Gap : uint8_t {
  /// No space; a line break of the source stays.
  None,
  /// One space; a line break of the source stays.
  Space,
  /// No space, no line break (but for a comment).
  Glued,
  /// One space, no line break (but for a comment).
  Joined,
  /// A line of its own.
  Line
};

/// Writes the tokens of a source again, one after the other, with a new layout. It decides about
/// line breaks within statements, and puts the comments where they were.
class LayoutWriter {
public:
  LayoutWriter(const SourceFile &file, const LexedFile &lexed) : file(file), lexed(lexed) {}

  const Token &next() const { return lexed.tokens[position]; }
  const Token &after(size_t count) const {
    return lexed.tokens[std::min(position + count, lexed.tokens.size() - 1)];
  }
  const Token &partner(const Token &token) const { return lexed.tokens[token.partner]; }
  bool at(TokenKind kind) const { return next().kind == kind; }

  /// Writes `text`, which is the next token's own (or its other spelling).
  void write(std::string_view text, Gap gap);
  /// Writes the next token as it stands in the source.
  void writeToken(Gap gap) { write(textOf(next()), gap); }
  /// Leaves the next token out.
  void drop() { ++position; }
  /// Writes a whole string, whose first token is next.
  void writeString(Gap gap);

  /// Writes an opening bracket. Until the closing one, lines begin below the first element, or
  /// indented by two if the bracket is the last of its line.
  void open(Gap gap);
  void close(Gap gap);

  /// By how much the line written last is indented.
  size_t indent() const { return lines.back().indent; }
  /// Statements that follow are indented by two from `indent`, and lines that go on with one by
  /// four, until `endBlock`.
  void beginBlock(size_t indent);
  void endBlock();

  /// The text, after the comments that are left.
  std::string finish();

private:
  struct Line {
    std::string code;
    /// A comment behind the code.
    std::string comment;
    size_t indent = 0;
  };
  /// What new lines are indented by.
  struct Context {
    /// For statements.
    size_t statement = 0;
    /// For lines that go on with one.
    size_t continuation = 2;
    /// For the bracket or brace that ends this context.
    size_t closing = 0;
  };

  std::string_view textOf(const Token &t) const {
    return file.text().substr(t.begin, t.end - t.begin);
  }
  void writeComments(uint32_t before, size_t indent);
  void startLine(size_t indent, uint32_t sourceBegin);
  size_t column() const;
  bool wouldJoin(const Token &token, std::string_view text) const;
  /// Whether an empty line stands in the source between what was written last and this.
  bool hasEmptyLineBefore(uint32_t begin) const;

  const SourceFile &file;
  const LexedFile &lexed;
  size_t position = 0;
  size_t nextComment = 0;
  /// The end, in the source, of what was written last.
  uint32_t writtenEnd = 0;
  bool needsLine = false;
  bool justOpened = true;
  std::vector<Line> lines;
  std::vector<Context> contexts = {Context()};
};

} // namespace descent
