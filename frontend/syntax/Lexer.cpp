#include "frontend/syntax/Lexer.h"

#include "frontend/diagnostics/Utf8.h"
#include "frontend/syntax/Brackets.h"
#include "frontend/syntax/Characters.h"
#include "frontend/syntax/Signs.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

namespace descent {

namespace {

bool endsLine(char c) {
  return c == '\n' || c == '\r';
}
bool isBlank(char c) {
  return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

/// Whether a token can be the last of an operand, so that no other operand can follow it.
bool endsOperand(TokenKind kind) {
  switch (kind) {
  case TokenKind::Word:
  case TokenKind::Integer:
  case TokenKind::Float:
  case TokenKind::StringEnd:
  case TokenKind::True:
  case TokenKind::False:
  case TokenKind::RightParen:
  case TokenKind::RightBracket:
  case TokenKind::RightBrace:
    return true;
  default:
    return false;
  }
}

/// A character as a message shows it.
std::string shown(CodePoint c) {
  char buffer[16];
  bool isControl = c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0);
  if (isControl || displayWidth(c.value) == 0) {
    std::snprintf(buffer, sizeof buffer, "U+%04X", c.value);
    return buffer;
  }
  std::string text;
  appendUtf8(text, c.value);
  return text;
}

class Lexer {
public:
  Lexer(const SourceFile &file, Diagnostics &diagnostics)
      : file(file), text(file.text()), diagnostics(diagnostics),
        brackets(file, result.tokens, diagnostics) {}

  LexedFile run() {
    size_t zero = text.find('\0');
    if (zero != text.npos) {
      diagnostics.error(range(static_cast<uint32_t>(zero), static_cast<uint32_t>(zero) + 1),
                        Msg::NotText);
      at = static_cast<uint32_t>(text.size());
    }
    while (at < text.size() && !brackets.isTooDeep() && !diagnostics.hasTooMany()) {
      if (brackets.innermost() == TokenKind::StringBegin)
        lexText();
      else
        lexCode();
    }
    if (brackets.isInString() && !brackets.isTooDeep())
      closeBrokenString();
    result.endsInside = brackets.isOpen();
    brackets.closeAll();
    at = static_cast<uint32_t>(text.size());
    push(TokenKind::EndOfFile, at, at);
    return std::move(result);
  }

private:
  SourceRange range(uint32_t begin, uint32_t end) const { return {file.id(), begin, end}; }
  std::string_view rest() const { return text.substr(at); }
  char peek(uint32_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }

  Token &push(TokenKind kind, uint32_t begin, uint32_t end) {
    bool ends = lineBroke && brackets.lineBreaksEndStatements() && !continuesBefore(kind) &&
                !(result.tokens.empty() ? false : continuesAfter(result.tokens.back().kind));
    result.tokens.push_back({kind, ends, lineBroke, false, begin, end, 0});
    lineBroke = false;
    return result.tokens.back();
  }

  // ---- Code ----

  void lexCode() {
    char c = peek();
    if (endsLine(c)) {
      if (brackets.isInString())
        closeBrokenString();
      ++at;
      lineBroke = true;
      lineBegin = at;
    } else if (isBlank(c)) {
      ++at;
    } else if (c == '#') {
      lexComment();
    } else if (isDigit(c) || (c == '.' && isDigit(peek(1)))) {
      lexNumber();
    } else if (uint32_t length = nameLength(rest())) {
      lexWord(length);
    } else if (c == '"') {
      lexQuote();
    } else if (c == ':' && brackets.innermost() == TokenKind::InterpolationBegin) {
      lexFormat();
    } else if (Sign sign = signAt(rest()); sign.length > 0 && !rest().starts_with("=>")) {
      lexSign(sign.kind, sign.length);
    } else {
      lexForeign();
    }
  }

  void lexComment() {
    uint32_t begin = at;
    while (at < text.size() && !endsLine(text[at]))
      ++at;
    uint32_t end = at;
    while (isBlank(text[end - 1]))
      --end;
    result.comments.push_back({range(begin, end), lineBroke});
  }

  void lexWord(uint32_t length) {
    uint32_t begin = at, end = at + length;
    TokenKind kind = keywordKind(text.substr(begin, length));
    if (lineBroke && beginsItem(kind, begin, end))
      brackets.closeBeforeItem(begin == lineBegin && kind == TokenKind::Word);
    at = end;
    push(kind, begin, end);
  }

  /// Whether the word at the start of a line can only be the first of a statement. (For `for` and
  /// `if` that is not so: they stand within expressions too.)
  bool beginsItem(TokenKind kind, uint32_t begin, uint32_t end) const {
    switch (kind) {
    case TokenKind::Var:
      // `var(x)` is a call, and `map(var, xs)` names the function.
      return beginsName(text.substr(skipBlanks(end)));
    case TokenKind::Let:
    case TokenKind::Fn:
    case TokenKind::While:
    case TokenKind::Print:
    case TokenKind::Assert: {
      // As the name of an argument or a field any word may begin a line.
      uint32_t next = skipBlanks(end);
      std::string_view after = text.substr(next);
      return !(after.starts_with(":") || (after.starts_with("=") && !after.starts_with("==")));
    }
    case TokenKind::Word: {
      std::string_view word = text.substr(begin, end - begin);
      uint32_t next = skipBlanks(end);
      if (word == "import" || word == "test")
        return next < text.size() && text[next] == '"';
      if (word != "param" && word != "data" && word != "use" && word != "export" &&
          word != "precision")
        return false;
      uint32_t length = nameLength(text.substr(next));
      TokenKind following = keywordKind(text.substr(next, length));
      return length > 0 && (following == TokenKind::Word || following == TokenKind::Fn);
    }
    default:
      return false;
    }
  }

  uint32_t skipBlanks(uint32_t from) const {
    while (from < text.size() && isBlank(text[from]))
      ++from;
    return from;
  }

  void lexNumber() {
    uint32_t begin = at;
    TokenKind kind = TokenKind::Integer;
    skipDigits();
    // `0..n` is a range and `3.T` a field, but `3.` and `3.e5` are numbers.
    bool hasExponentAfterPoint =
        (peek(1) == 'e' || peek(1) == 'E') &&
        (isDigit(peek(2)) || ((peek(2) == '-' || peek(2) == '+') && isDigit(peek(3))));
    if (peek() == '.' && peek(1) != '.' &&
        (hasExponentAfterPoint || at + 1 == text.size() || !beginsName(text.substr(at + 1)))) {
      kind = TokenKind::Float;
      ++at;
      skipDigits();
    }
    if (peek() == 'e' || peek() == 'E') {
      uint32_t signLength = peek(1) == '-' || peek(1) == '+' ? 1 : 0;
      if (isDigit(peek(1 + signLength))) {
        kind = TokenKind::Float;
        at += 1 + signLength;
        skipDigits();
      }
    }
    uint32_t end = at;
    if (uint32_t length = nameLength(rest()))
      badSuffix(begin, end, length);
    else if (text[end - 1] == '_' || text.substr(begin, end - begin).find("__") != text.npos ||
             text.substr(begin, end - begin).find("_.") != text.npos)
      diagnostics.error(range(begin, end), Msg::BadNumber, text.substr(begin, end - begin),
                        "an `_` stands between two digits");
    push(kind, begin, end);
  }

  void skipDigits() {
    while (isDigit(peek()) ||
           (peek() == '_' && at > 0 && (isDigit(text[at - 1]) || text[at - 1] == '_')))
      ++at;
  }

  void badSuffix(uint32_t begin, uint32_t end, uint32_t length) {
    std::string_view digits = text.substr(begin, end - begin), suffix = text.substr(end, length);
    at += length;
    std::string why;
    if (digits == "0" && (suffix[0] == 'x' || suffix[0] == 'b' || suffix[0] == 'o'))
      why = "numbers are decimal";
    else if (suffix == "e" || suffix == "E")
      why = "its exponent has no digits";
    else
      why = "for a product write `" + std::string(digits) + " * " + std::string(suffix) + "`";
    diagnostics.error(range(begin, at), Msg::BadNumber, text.substr(begin, at - begin), why);
  }

  void lexSign(TokenKind kind, uint32_t length) {
    uint32_t begin = at;
    at += length;
    switch (kind) {
    case TokenKind::LeftParen:
    case TokenKind::LeftBracket:
    case TokenKind::LeftBrace:
      push(kind, begin, at);
      brackets.opened();
      break;
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
    case TokenKind::RightBrace: {
      uint32_t next = skipBlanks(at);
      char following = next < text.size() ? text[next] : '\0';
      kind = brackets.closing(kind, range(begin, at), lineBegin, following);
      push(kind, begin, at);
      if (kind != TokenKind::Unknown)
        brackets.closed();
      break;
    }
    default:
      push(kind, begin, at);
    }
  }

  /// What is not of this language: some of it is taken for what was meant.
  void lexForeign() {
    uint32_t begin = at;
    CodePoint c = decodeUtf8(rest());
    if (!c.valid) {
      lexBadBytes();
      return;
    }
    if (const OtherSpelling *other = otherSpelling(rest())) {
      lexOtherSpelling(*other);
      return;
    }
    at += c.length;
    while (at < text.size() && isUnused(at))
      at += decodeUtf8(rest()).length;
    auto &&report = diagnostics.error(range(begin, at), Msg::UnexpectedCharacter, shown(c));
    switch (text[begin]) {
    case '?':
      report.note("a choice is `if c { a } else { b }`");
      break;
    case '\\':
      report.note("a function without a name is `x -> e`");
      break;
    case '~':
      report.note("that y is distributed so is a term of a loss: `-sum(stats.normal_logpdf(y, mu, "
                  "sigma))`, after `use stats`");
      break;
    }
    push(TokenKind::Unknown, begin, at);
  }

  /// Whether nothing known begins at the byte.
  bool isUnused(uint32_t offset) const {
    std::string_view here = text.substr(offset);
    char c = here[0];
    return !isBlank(c) && !endsLine(c) && !isDigit(c) && c != '"' && c != '#' &&
           !beginsName(here) && signAt(here).length == 0 && !otherSpelling(here) &&
           decodeUtf8(here).valid;
  }

  void lexBadBytes() {
    uint32_t begin = at;
    while (at < text.size() && !decodeUtf8(rest()).valid)
      ++at;
    reportBadBytes(begin, at);
    push(TokenKind::Unknown, begin, at);
  }

  /// Once: a file in another encoding has many.
  void reportBadBytes(uint32_t begin, uint32_t end) {
    if (!hasBadBytes)
      diagnostics.error(range(begin, end), Msg::InvalidUtf8);
    hasBadBytes = true;
  }

  void lexOtherSpelling(const OtherSpelling &other) {
    uint32_t begin = at, length = static_cast<uint32_t>(other.written.size());
    diagnostics.error(range(begin, begin + length), Msg::OtherSpelling, other.written,
                      other.advice);
    if (Sign sign = signAt(other.meant); sign.length > 0) {
      lexSign(sign.kind, length);
      return;
    }
    at += length;
    if (!other.meant.empty()) {
      push(keywordKind(other.meant), begin, at);
    } else if (other.written == ";") {
      lineBroke = true;
    } else if (other.written != "\xC2\xA0") {
      if (other.advice.starts_with("`\""))
        skipForeignString(other.written);
      push(TokenKind::Unknown, begin, at);
    }
  }

  /// Goes past a string in quotes of another kind, if it ends on the line.
  void skipForeignString(std::string_view quote) {
    std::string_view closing = quote == "“" ? "”" : quote == "‘" ? "’" : quote;
    size_t end = text.find(closing, at);
    if (end != text.npos && text.substr(at, end - at).find_first_of("\r\n") == text.npos)
      at = static_cast<uint32_t>(end + closing.size());
  }

  // ---- Strings ----

  void lexQuote() {
    // `"{x"`: nothing can begin after an operand, so this quote ends the string.
    if (brackets.innermost() == TokenKind::InterpolationBegin &&
        endsOperand(result.tokens.back().kind)) {
      brackets.closeMade(/*report=*/true);
      return;
    }
    push(TokenKind::StringBegin, at, at + 1);
    ++at;
    brackets.opened();
  }

  /// A format up to the `}` that ends the interpolation.
  void lexFormat() {
    uint32_t begin = ++at;
    while (at < text.size() && peek() != '}' && peek() != '"' && !endsLine(peek()))
      ++at;
    push(TokenKind::Format, begin, at);
    if (peek() == '"')
      brackets.closeMade(/*report=*/true);
  }

  /// A run of text in a string, and what ends it.
  void lexText() {
    uint32_t begin = at;
    while (at < text.size()) {
      char c = peek();
      if (c == '"' || endsLine(c) || (c == '{' && peek(1) != '{'))
        break;
      if (c == '}' && peek(1) != '}')
        diagnostics.error(range(at, at + 1), Msg::StringBrace);
      CodePoint character = decodeUtf8(rest());
      if (!character.valid) {
        reportBadBytes(at, at + character.length);
        at += character.length;
      } else {
        uint32_t length = std::max(escapeLength(), character.length);
        bool isWideEscape = length == 2 && peek() == '\\' && (peek(1) & 0x80);
        at += isWideEscape ? 1 + decodeUtf8(text.substr(at + 1)).length : length;
      }
    }
    if (at > begin)
      push(TokenKind::StringText, begin, at);
    if (peek() == '"') {
      push(TokenKind::StringEnd, at, at + 1);
      ++at;
      brackets.closed();
    } else if (peek() == '{') {
      push(TokenKind::InterpolationBegin, at, at + 1);
      ++at;
      brackets.opened();
    } else {
      closeBrokenString();
    }
  }

  /// The bytes of the character here that belong together: an escape, a doubled brace, or one.
  uint32_t escapeLength() const {
    char c = peek(), next = peek(1);
    if (rest().starts_with("\\u{")) {
      // The braces of `\u{1F600}` are no interpolation.
      uint32_t length = 3;
      while (std::isxdigit(static_cast<unsigned char>(peek(length))))
        ++length;
      return peek(length) == '}' ? length + 1 : length;
    }
    bool isPair = c == '\\' || ((c == '{' || c == '}') && next == c);
    return isPair && at + 1 < text.size() && !endsLine(next) ? 2 : 1;
  }

  /// The line (or the text) ends within a string.
  void closeBrokenString() { brackets.closeBrokenString(at); }

  const SourceFile &file;
  std::string_view text;
  Diagnostics &diagnostics;
  LexedFile result;
  Brackets brackets;
  uint32_t at = 0;
  uint32_t lineBegin = 0;
  bool lineBroke = true;
  bool hasBadBytes = false;
};

} // namespace

LexedFile lex(const SourceFile &file, Diagnostics &diagnostics) {
  return Lexer(file, diagnostics).run();
}

} // namespace descent
