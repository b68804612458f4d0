#include "frontend/syntax/Parser.h"

#include "frontend/syntax/ParserImpl.h"

namespace descent {

using namespace ast;

std::unique_ptr<Ast> parse(const SourceFile &file, Diagnostics &diagnostics) {
  std::unique_ptr<Ast> tree = Parser(file, diagnostics).run();
  diagnostics.muteLinesInError();
  return tree;
}

Parser::Parser(const SourceFile &file, Diagnostics &diagnostics)
    : source(file), diagnostics(diagnostics), lexed(lex(file, diagnostics)), tokens(lexed.tokens),
      ast(std::make_unique<Ast>(file.id())) {}

std::unique_ptr<Ast> Parser::run() {
  ast->comments = ast->list(lexed.comments);
  ast->isIncomplete = lexed.endsInside;
  ast->items = ast->list(parseStatements(/*isTopLevel=*/true));
  return std::move(ast);
}

// ---- Tokens ------------------------------------------------------------------------------------

bool Parser::accept(TokenKind kind) {
  if (failed || !at(kind))
    return false;
  advance();
  return true;
}

bool Parser::expect(TokenKind kind, std::string_view what) {
  if (accept(kind))
    return true;
  failExpected(Msg::ExpectedToken, what);
  return false;
}

Name Parser::expectName(std::string_view what) {
  if (!failed && at(TokenKind::Word))
    return nameOf(advance());
  if (isKeyword(token().kind) && !token().startsLine)
    fail(Msg::KeywordAsName, textOf(token()));
  else
    failExpected(Msg::ExpectedName, what);
  return {};
}

// ---- Errors ------------------------------------------------------------------------------------

bool Parser::isSilent() const {
  // Where a bracket was not closed the text ends too early.
  bool endsEarly = lexed.endsInside && at(TokenKind::EndOfFile);
  return endsEarly || unclosed > 0 || token().isMade || token().kind == TokenKind::Unknown;
}

SourceRange Parser::foundRange() const {
  const Token &t = token();
  bool isLineEnd = t.isFirstOnLine || t.kind == TokenKind::EndOfFile;
  if (isLineEnd && position > 0) {
    uint32_t end = tokens[position - 1].end;
    return {source.id(), end, end};
  }
  return rangeOf(t);
}

std::string Parser::found() const {
  const Token &t = token();
  if (t.kind == TokenKind::EndOfFile)
    return "the end of the file";
  if (t.isFirstOnLine)
    return "the end of the line";
  if (t.kind == TokenKind::StringBegin)
    return "a string";
  constexpr size_t most = 40;
  std::string_view text = textOf(t);
  if (text.size() > most)
    return t.kind == TokenKind::Word ? "a name" : "a number";
  return "`" + std::string(text) + "`";
}

namespace {

struct ForeignWordAdvice {
  std::string_view word, advice;
};

constexpr ForeignWordAdvice kForeignWords[] = {
    {"def", "a function is `fn f(x) = e`"},
    {"func", "a function is `fn f(x) = e`"},
    {"function", "a function is `fn f(x) = e`"},
    {"fun", "a function is `fn f(x) = e`"},
    {"lambda", "a function without a name is `x -> e`"},
    {"return", "the last expression of a block is its value"},
    {"elif", "write `else if`"},
    {"auto", "a binding is `let x = e`"},
    {"int", "a binding is `let x = e`, or `let x: i32 = e`"},
    {"float", "a binding is `let x = e`, or `let x: f32 = e`"},
    {"double", "a binding is `let x = e`, or `let x: f64 = e`"},
    {"real", "a binding is `let x = e`, or `let x: f32 = e`; what is trained is `param x = e`"},
    {"mut", "what is bound again is `var x = e`"},
    {"void", "a function is `fn f(x) = e`"},
    {"entry", "a function for other programs is `export fn f(x: f32) = e`"},
    {"class", "a value of several parts is a record: `{w: 1.0, b: 0.0}`"},
    {"struct", "a value of several parts is a record: `{w: 1.0, b: 0.0}`"},
    {"try", "errors end the script"},
    {"switch", "a choice is `if c { a } else if d { b } else { e }`"},
    {"import", "write `use module`, or `import \"file.gd\" as name`"},
    {"const", "a binding is `let x = e`"},
    {"val", "a binding is `let x = e`"},
    {"from", "write `use module`, or `import \"file.gd\" as name`"}};

std::string_view foreignAdvice(std::string_view word) {
  for (const ForeignWordAdvice &foreign : kForeignWords)
    if (foreign.word == word)
      return foreign.advice;
  return {};
}

} // namespace

bool Parser::failAtForeignWord(const Token &t) {
  std::string_view advice =
      t.kind == TokenKind::Word ? foreignAdvice(textOf(t)) : std::string_view();
  if (advice.empty())
    return false;
  diagnostics.error(rangeOf(t), Msg::ForeignWord, textOf(t), advice);
  return failed = true;
}

void Parser::failExpected(Msg message, std::string_view what) {
  if (failed)
    return;
  if (at(TokenKind::EndOfFile) && !isSilent())
    ast->isIncomplete = true;
  // `def f(x):` fails at the word after `def`, but it is `def` that is to be changed.
  if (!token().isFirstOnLine && !isSilent())
    if (failAtForeignWord(token()) || (position > 0 && failAtForeignWord(tokens[position - 1])))
      return;
  bool isBlockComment = at(TokenKind::Slash) && position + 1 < tokens.size() &&
                        tokens[position + 1].kind == TokenKind::Star;
  if (token().isFirstOnLine && (at(TokenKind::SlashSlash) || isBlockComment) && !isSilent())
    diagnostics.error(rangeOf(token()), Msg::OtherSpelling, isBlockComment ? "/*" : "//",
                      "`#`, before a comment");
  else if (!token().isFirstOnLine && at(TokenKind::Assign))
    fail(Msg::AssignmentInExpression, "=", "; values are compared with `==`");
  else if (!token().isFirstOnLine && token().kind > TokenKind::Assign &&
           token().kind <= TokenKind::CaretAssign)
    fail(Msg::AssignmentInExpression, textOf(token()), "");
  else if (!isSilent()) {
    auto &&report = what.empty() ? diagnostics.error(foundRange(), message, found())
                                 : diagnostics.error(foundRange(), message, what, found());
    if (std::string_view advice = adviceHere(); !advice.empty())
      report.note(advice);
  }
  failed = true;
}

std::string_view Parser::adviceHere() const {
  TokenKind kind = token().kind;
  if (token().isFirstOnLine)
    return "";
  if (kind == TokenKind::If)
    return "a choice is `if c { a } else { b }`";
  if (kind == TokenKind::For)
    return "a comprehension stands in brackets: `[f(x) for x in xs]`";
  return "";
}

void Parser::tooHigh(SourceRange range, bool isNew) {
  // A part that is too high was reported when it was made.
  if (isNew && !failed && unclosed == 0)
    diagnostics.error({range.file, range.begin, range.begin}, Msg::NestingTooDeep);
  failed = true;
}

// ---- Recovery ----------------------------------------------------------------------------------

static bool opens(TokenKind kind) {
  return kind == TokenKind::LeftParen || kind == TokenKind::LeftBracket ||
         kind == TokenKind::LeftBrace || kind == TokenKind::StringBegin ||
         kind == TokenKind::InterpolationBegin;
}

void Parser::skipToComma(size_t closing) {
  while (position < closing && !at(TokenKind::Comma))
    position = opens(token().kind) ? token().partner + 1 : position + 1;
  failed = false;
}

void Parser::skipStatement(size_t start) {
  auto beginsStatement = [](TokenKind kind) {
    return kind == TokenKind::Let || kind == TokenKind::Var || kind == TokenKind::Fn ||
           kind == TokenKind::While || kind == TokenKind::Print || kind == TokenKind::Assert;
  };
  while (!at(TokenKind::EndOfFile) && !at(TokenKind::RightBrace)) {
    const Token &t = token();
    bool isNext = t.startsLine || (t.isFirstOnLine && beginsStatement(t.kind));
    if (position > start && isNext && t.kind != TokenKind::Else)
      break;
    position = opens(t.kind) ? t.partner + 1 : position + 1;
  }
  failed = false;
}

bool Parser::parseList(const std::function<void()> &element) {
  size_t closing = token().partner;
  bool isUnclosed = tokens[closing].isMade;
  std::string_view ending = tokens[closing].kind == TokenKind::RightParen     ? "`,` or `)`"
                            : tokens[closing].kind == TokenKind::RightBracket ? "`,` or `]`"
                                                                              : "`,` or `}`";
  unclosed += isUnclosed;
  ++lists;
  advance();
  bool hasComma = false;
  while (position < closing) {
    element();
    hasComma = false;
    if (position < closing && !at(TokenKind::Comma))
      failExpected(Msg::ExpectedToken, ending);
    if (failed)
      skipToComma(closing);
    if (at(TokenKind::Comma)) {
      advance();
      hasComma = true;
    }
  }
  position = closing + 1;
  --lists;
  unclosed -= isUnclosed;
  return hasComma;
}

} // namespace descent
