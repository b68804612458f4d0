#include "frontend/syntax/Brackets.h"

#include "frontend/syntax/Lexer.h"
#include "frontend/syntax/Signs.h"

#include <algorithm>

namespace descent {

void Brackets::opened() {
  uint32_t token = static_cast<uint32_t>(tokens.size() - 1);
  open.push_back(token);
  strings += kindOf(token) == TokenKind::StringBegin;
  if (open.size() > kMaxOpenBrackets && !tooDeep) {
    tooDeep = true;
    diagnostics.error(rangeOf(token), Msg::NestingTooDeep);
  }
}

void Brackets::closed() {
  uint32_t opening = open.back(), closing = static_cast<uint32_t>(tokens.size() - 1);
  tokens[opening].partner = closing;
  tokens[closing].partner = opening;
  strings -= kindOf(opening) == TokenKind::StringBegin;
  open.pop_back();
}

bool Brackets::isInnermost(TokenKind closing) const {
  TokenKind inner = innermost();
  if (inner == TokenKind::InterpolationBegin)
    return closing == TokenKind::RightBrace;
  return inner != TokenKind::EndOfFile && closingOf(inner) == closing;
}

TokenKind Brackets::closing(TokenKind kind, SourceRange range, uint32_t lineBegin, char following) {
  if (isSwapped) {
    isSwapped = false;
    return closingOf(innermost());
  }
  if (isInnermost(kind))
    return closingOf(innermost());

  // Is there one further out that it can close? A `}` closes across `(` and `[`; the others across
  // each other, and across a `{` only if that was opened on the same line (or else a stray `)` in
  // a long block would be taken to end the block).
  size_t depth = open.size();
  bool found = false;
  while (depth > 0 && !found) {
    TokenKind opening = kindOf(open[depth - 1]);
    bool isBrace = opening == TokenKind::LeftBrace || opening == TokenKind::InterpolationBegin;
    found = isBrace ? kind == TokenKind::RightBrace : closingOf(opening) == kind;
    bool isWall = opening == TokenKind::StringBegin || opening == TokenKind::InterpolationBegin ||
                  (isBrace && tokens[open[depth - 1]].begin < lineBegin);
    if (isWall && !found)
      break;
    depth -= found ? 0 : 1;
  }
  TokenKind inner = innermost();
  bool isInList = inner == TokenKind::LeftParen || inner == TokenKind::LeftBracket;
  if (isInList) {
    bool swaps = found && depth + 1 == open.size() && bracketText(closingOf(inner))[0] == following;
    if (swaps || !found) {
      isSwapped = swaps;
      diagnostics
          .error(range, Msg::MismatchedBracket, bracketText(closingOf(inner)), bracketText(kind))
          .note(rangeOf(open.back()), "to close this");
      return closingOf(inner);
    }
  }
  if (!found) {
    diagnostics.error(range, Msg::UnmatchedBracket, bracketText(kind));
    return TokenKind::Unknown;
  }
  reportUnclosed(open.back());
  while (open.size() > depth)
    closeMade(/*report=*/false);
  return closingOf(innermost());
}

void Brackets::closeBeforeItem(bool isItem) {
  bool report = true;
  while (!open.empty() && (isItem || innermost() != TokenKind::LeftBrace)) {
    closeMade(report);
    report = false;
  }
}

void Brackets::reportUnclosed(uint32_t token) {
  if (kindOf(token) == TokenKind::InterpolationBegin)
    diagnostics.error(rangeOf(token), Msg::UnclosedInterpolation);
  else
    diagnostics.error(rangeOf(token), Msg::UnclosedBracket, bracketText(kindOf(token)));
}

void Brackets::closeMade(bool report) {
  uint32_t opening = open.back();
  if (report)
    reportUnclosed(opening);
  uint32_t at = tokens.back().end;
  tokens.push_back({closingOf(kindOf(opening)), false, false, true, at, at, 0});
  closed();
}

void Brackets::closeBrokenString(uint32_t at) {
  auto interpolation = std::find_if(open.rbegin(), open.rend(), [&](uint32_t token) {
    return kindOf(token) == TokenKind::InterpolationBegin;
  });
  auto string = std::find_if(open.begin(), open.end(), [&](uint32_t token) {
    return kindOf(token) == TokenKind::StringBegin;
  });
  if (interpolation != open.rend())
    reportUnclosed(*interpolation);
  else
    diagnostics.error({file.id(), tokens[*string].begin, at}, Msg::UnterminatedString);
  size_t depth = static_cast<size_t>(string - open.begin());
  while (open.size() > depth)
    closeMade(/*report=*/false);
}

void Brackets::closeAll() {
  bool report = !tooDeep;
  while (!open.empty()) {
    closeMade(report);
    report = false;
  }
}

} // namespace descent
