#include "frontend/syntax/LayoutWriter.h"

#include "frontend/diagnostics/Utf8.h"

#include <algorithm>
#include <stdexcept>

namespace descent {

static size_t widthOf(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    CodePoint c = decodeUtf8(text);
    width += static_cast<size_t>(displayWidth(c.value));
    text.remove_prefix(c.length);
  }
  return width;
}

size_t LayoutWriter::column() const {
  return lines.empty() ? 0 : lines.back().indent + widthOf(lines.back().code);
}

bool LayoutWriter::hasEmptyLineBefore(uint32_t begin) const {
  return file.lineOf(begin) > file.lineOf(writtenEnd) + 1;
}

void LayoutWriter::startLine(size_t indent, uint32_t sourceBegin) {
  bool isClosing =
      at(TokenKind::RightBrace) || at(TokenKind::RightParen) || at(TokenKind::RightBracket);
  bool isComment =
      nextComment < lexed.comments.size() && lexed.comments[nextComment].range.begin == sourceBegin;
  if (!justOpened && (isComment || !isClosing) && hasEmptyLineBefore(sourceBegin))
    lines.emplace_back();
  lines.push_back({"", "", indent});
  needsLine = false;
}

void LayoutWriter::writeComments(uint32_t before, size_t indent) {
  for (; nextComment < lexed.comments.size(); ++nextComment) {
    const ast::Comment &comment = lexed.comments[nextComment];
    if (comment.range.begin >= before)
      break;
    std::string text(
        file.text().substr(comment.range.begin, comment.range.end - comment.range.begin));
    if (comment.ownLine || lines.empty()) {
      startLine(indent, comment.range.begin);
      lines.back().code = std::move(text);
    } else {
      lines.back().comment = std::move(text);
    }
    writtenEnd = comment.range.end;
    needsLine = true;
    justOpened = false;
  }
}

/// Whether a token would read as one with what stands before it: `3. .. .5`, `3 .e5`.
bool LayoutWriter::wouldJoin(const Token &token, std::string_view text) const {
  if (position == 0 || !text.starts_with('.'))
    return false;
  TokenKind before = lexed.tokens[position - 1].kind;
  bool isNumber = before == TokenKind::Integer || before == TokenKind::Float;
  return lines.back().code.ends_with('.') || (isNumber && token.kind == TokenKind::Dot);
}

void LayoutWriter::write(std::string_view text, Gap gap) {
  const Token &t = next();
  bool isOwn = textOf(t) == text || t.kind == TokenKind::Caret || t.kind == TokenKind::CaretAssign;
  if (!isOwn)
    throw std::logic_error("the formatter lost its place at `" + std::string(textOf(t)) + "`");
  const Context &context = contexts.back();
  bool isClosing = t.kind == TokenKind::RightBrace || t.kind == TokenKind::RightParen ||
                   t.kind == TokenKind::RightBracket;
  writeComments(t.begin, gap == Gap::Line ? context.statement : context.continuation);
  bool breaks = gap == Gap::Line || lines.empty() || needsLine ||
                (t.isFirstOnLine && (gap == Gap::None || gap == Gap::Space));
  if (breaks) {
    bool isStatement = gap == Gap::Line || t.kind == TokenKind::Else;
    size_t indent = isClosing     ? context.closing
                    : isStatement ? context.statement
                                  : context.continuation;
    startLine(indent, t.begin);
  } else if (gap == Gap::Space || gap == Gap::Joined || wouldJoin(t, text)) {
    lines.back().code += ' ';
  }
  lines.back().code += text;
  writtenEnd = t.end;
  justOpened = false;
  ++position;
}

void LayoutWriter::writeString(Gap gap) {
  const Token &begin = next();
  const Token &end = partner(begin);
  uint32_t contentBegin = begin.end;
  size_t closing = begin.partner;
  writeToken(gap);
  lines.back().code += file.text().substr(contentBegin, end.end - contentBegin);
  writtenEnd = end.end;
  position = closing + 1;
}

void LayoutWriter::open(Gap gap) {
  writeToken(gap);
  size_t lineIndent = lines.back().indent;
  bool endsLine = next().isFirstOnLine;
  contexts.push_back({lineIndent, endsLine ? lineIndent + 2 : column(), lineIndent});
  justOpened = true;
}

void LayoutWriter::close(Gap gap) {
  writeToken(gap);
  contexts.pop_back();
}

void LayoutWriter::beginBlock(size_t indent) {
  contexts.push_back({indent + 2, indent + 4, indent});
  justOpened = true;
}

void LayoutWriter::endBlock() {
  contexts.pop_back();
}

std::string LayoutWriter::finish() {
  writeComments(static_cast<uint32_t>(file.text().size()) + 1, 0);
  // Comments behind the code of neighbouring lines begin in one column.
  std::string text;
  for (size_t i = 0; i < lines.size();) {
    size_t end = i, column = 0;
    for (; end < lines.size() && !lines[end].comment.empty(); ++end)
      column = std::max(column, lines[end].indent + widthOf(lines[end].code));
    for (end = std::max(end, i + 1); i < end; ++i) {
      const Line &line = lines[i];
      if (!line.code.empty())
        text.append(line.indent, ' ').append(line.code);
      if (!line.comment.empty())
        text.append(column - line.indent - widthOf(line.code) + 2, ' ').append(line.comment);
      text += '\n';
    }
  }
  return text;
}

} // namespace descent
