#pragma once

#include "frontend/diagnostics/Diagnostics.h"
#include "frontend/syntax/Ast.h"
#include "frontend/syntax/Lexer.h"

#include <algorithm>
#include <concepts>
#include <functional>
#include <utility>

namespace descent {

/// The recursive-descent parser; its functions are spread over Parse*.cpp by subject.
///
/// Errors: `fail…` reports and sets `failed`. While it is set nothing more is reported, and every
/// parsing function comes back at once with what it has (Error nodes, never null). It is cleared
/// where reading can go on: at the next element of a list in brackets, or the next statement.
class Parser {
public:
  Parser(const SourceFile &file, Diagnostics &diagnostics);

  std::unique_ptr<ast::Ast> run();

private:
  // ---- Tokens (Parser.cpp) ----

  const Token &token(size_t ahead = 0) const {
    return tokens[std::min(position + ahead, tokens.size() - 1)];
  }
  bool at(TokenKind kind) const { return token().kind == kind; }
  std::string_view textOf(const Token &t) const {
    return source.text().substr(t.begin, t.end - t.begin);
  }
  bool atWord(std::string_view word) const {
    return at(TokenKind::Word) && textOf(token()) == word;
  }
  SourceRange rangeOf(const Token &t) const { return {source.id(), t.begin, t.end}; }
  /// From a token to the last one consumed.
  SourceRange rangeFrom(uint32_t begin) const {
    uint32_t end = position > 0 ? tokens[position - 1].end : 0;
    return {source.id(), begin, std::max(begin, end)};
  }
  const Token &advance() {
    const Token &t = token();
    position += t.kind != TokenKind::EndOfFile;
    return t;
  }
  bool accept(TokenKind kind);
  /// Consumes the token, or fails with "expected WHAT, found …".
  bool expect(TokenKind kind, std::string_view what);
  /// A name to be bound; fails with "expected WHAT, found …".
  ast::Name expectName(std::string_view what);
  ast::Name nameOf(const Token &t) const { return {textOf(t), rangeOf(t)}; }

  // ---- Errors and recovery (Parser.cpp) ----

  /// Reports at the token that was found in place of another, unless something was reported that
  /// this follows from.
  template <typename... Args> void fail(Msg message, Args &&...args) {
    if (!failed && !isSilent())
      diagnostics.error(foundRange(), message, std::forward<Args>(args)...);
    failed = true;
  }
  /// "expected WHAT, found …", or what is more to the point for the token found.
  void failExpected(Msg message, std::string_view what);
  /// What to write instead of what other languages have here; empty where there is nothing to say.
  std::string_view adviceHere() const;
  /// Reports without failing: what was meant is clear and is read on.
  template <typename... Args>
  DiagnosticBuilder complain(SourceRange range, Msg message, Args &&...args);
  bool isSilent() const;
  SourceRange foundRange() const;
  std::string found() const;
  /// Fails if the token is a word of another language that has its counterpart here.
  bool failAtForeignWord(const Token &t);
  /// Skips to a comma of the innermost list, or to the token `closing`.
  void skipToComma(size_t closing);
  /// Skips to the end of the statement that began at token `start`.
  void skipStatement(size_t start);

  /// Reads `element`s separated by commas, with an optional comma at the end, from an opening
  /// bracket to its counterpart; errors stay within their element. Returns whether the last
  /// element had a comma after it. `what` names an element's separator for messages.
  bool parseList(const std::function<void()> &element);

  // ---- Nodes ----

  /// Counts a level of recursion while it lives; fails where there are too many.
  class Nesting {
  public:
    explicit Nesting(Parser &parser) : parser(parser) {
      if (++parser.nesting > kMaxNesting)
        parser.fail(Msg::NestingTooDeep);
    }
    ~Nesting() { --parser.nesting; }
    Nesting(const Nesting &) = delete;

  private:
    // More than the brackets of any text that the lexer lets through need (four a bracket).
    static constexpr unsigned kMaxNesting = 2000;
    Parser &parser;
  };

  /// Sets a node's height from that of its children (each a node, a null, or a list of nodes), and
  /// fails when it is too high to be walked by recursion.
  template <typename Node, typename... Children>
  Node *finish(Node *node, const Children &...children) {
    unsigned height = 0;
    (raise(height, children), ...);
    node->height = static_cast<uint16_t>(std::min(height + 1, ast::kMaxHeight + 1));
    if (node->height > ast::kMaxHeight)
      tooHigh(node->range, /*isNew=*/height <= ast::kMaxHeight);
    return node;
  }
  template <typename T> static void raise(unsigned &height, const T *node) {
    if (node)
      height = std::max<unsigned>(height, node->height);
  }
  template <typename T> static void raise(unsigned &height, const std::vector<const T *> &nodes) {
    for (const T *node : nodes)
      raise(height, node);
  }
  void tooHigh(SourceRange range, bool isNew);

  ast::ErrorExpr *errorExpr() { return ast->make<ast::ErrorExpr>(foundRange()); }

  // ---- Items and statements (ParseItems.cpp, ParseStatements.cpp) ----

  std::vector<const ast::Stmt *> parseStatements(bool isTopLevel);
  const ast::Stmt *parseStatement();
  /// An item that begins with a word that is not a keyword; null if this is none.
  const ast::Stmt *parseWordItem();
  bool followsName() const;
  bool atVariance() const;
  bool atStatementEnd() const;
  void endStatement();
  void warnOfMinus(const Token &first, const Token &previousFirst);
  ast::ErrorStmt *errorStmt(uint32_t begin, ast::Name name = {});

  const ast::Stmt *parsePrecision();
  const ast::Stmt *parseUse();
  const ast::Stmt *parseImport();
  const ast::Stmt *parseData();
  const ast::Stmt *parseParam();
  const ast::Stmt *parseTest();
  const ast::Stmt *parseFunction(bool isExported);
  const ast::Stmt *parseBinding();
  const ast::Stmt *parseFor();
  const ast::Stmt *parseWhile();
  const ast::Stmt *parsePrint();
  const ast::Stmt *parseAssert();
  const ast::Stmt *parseExpressionStatement();
  const ast::Stmt *parseAssignment(uint32_t begin, ast::Expr *target);
  ast::BlockExpr *parseBlock();
  std::vector<ast::Param> parseParams();
  static void raise(unsigned &height, const std::vector<ast::Param> &params);

  // ---- Types and patterns (ParseTypes.cpp) ----

  const ast::Type *parseType();
  /// `: T`, or null.
  const ast::Type *parseAnnotation();
  const ast::Type *parseNamedType();
  const ast::Type *parseTupleType();
  const ast::Type *parseRecordType();
  /// One pattern; with `allowBare` also `a, b`.
  const ast::Pattern *parsePattern(bool allowBare);
  const ast::Pattern *parseSinglePattern();
  const ast::Pattern *parseRecordPattern();

  // ---- Expressions (ParseExpressions.cpp, ParsePrimary.cpp, ParseStrings.cpp) ----

  ast::Expr *parseExpression();
  ast::Expr *parseBinary(int leastLevel);
  ast::Expr *parseNot();
  ast::Expr *parseUnary();
  ast::Expr *parsePower();
  ast::Expr *makeBinary(ast::BinaryOp op, SourceRange opRange, ast::Expr *left, ast::Expr *right);
  bool atLambda() const;
  ast::Expr *parseLambda();
  ast::Expr *parseIf();
  bool atTrain() const;
  ast::Expr *parseTrain();
  ast::Expr *parsePostfix();
  bool skipDottedNumber(const ast::Expr *expr);
  ast::Expr *parseCall(ast::Expr *callee);
  ast::Expr *parseIndex(ast::Expr *base);
  ast::IndexItem parseIndexItem();
  ast::Expr *parseField(ast::Expr *base);
  bool atNamedArgument() const {
    return isAnyWord(token().kind) && token(1).kind == TokenKind::Assign;
  }
  ast::Argument parseNamedArgument();
  ast::Expr *parsePrimary();
  ast::Expr *parseName();
  ast::Expr *parseNumber();
  ast::Expr *parseParenthesized();
  ast::Expr *parseArray();
  ast::Expr *parseComprehension(uint32_t begin, ast::Expr *element);
  bool atRecord() const;
  ast::Expr *parseRecord();
  ast::StringExpr *parseString();
  const ast::StringExpr *parsePlainString(std::string_view what);
  ast::StringPart parseInterpolation();
  std::string_view unescape(const Token &text);

  const SourceFile &source;
  Diagnostics &diagnostics;
  LexedFile lexed;
  const TokenList &tokens;
  std::unique_ptr<ast::Ast> ast;
  size_t position = 0;
  bool failed = false;
  unsigned nesting = 0;
  /// Brackets open whose end is missing: errors within follow from that.
  unsigned unclosed = 0;
  /// Lists open since the innermost block: a comma here may be theirs.
  unsigned lists = 0;
  /// Blocks open; 0 at the top level.
  unsigned blocks = 0;
};

template <typename... Args>
DiagnosticBuilder Parser::complain(SourceRange range, Msg message, Args &&...args) {
  if (failed || unclosed > 0)
    return DiagnosticBuilder::none();
  return diagnostics.error(range, message, std::forward<Args>(args)...);
}

} // namespace descent
