// Statements: what may stand in a block (and, with the items of ParseItems.cpp, in a file).

#include "frontend/syntax/ParserImpl.h"

namespace descent {

using namespace ast;

ErrorStmt *Parser::errorStmt(uint32_t begin, Name name) {
  ErrorStmt *stmt = ast->make<ErrorStmt>(rangeFrom(begin));
  stmt->name = name;
  return stmt;
}

bool Parser::atStatementEnd() const {
  return token().startsLine || at(TokenKind::EndOfFile) || at(TokenKind::RightBrace);
}

void Parser::endStatement() {
  if (failed || atStatementEnd())
    return;
  if (at(TokenKind::Comma))
    fail(Msg::NeedsParentheses, "a tuple");
  else
    failExpected(Msg::ExpectedEndOfLine, "");
}

std::vector<const Stmt *> Parser::parseStatements(bool isTopLevel) {
  std::vector<const Stmt *> statements;
  const Token *previous = nullptr;
  while (!at(TokenKind::EndOfFile) && !at(TokenKind::RightBrace) && !diagnostics.hasTooMany()) {
    size_t start = position;
    const Token &first = token();
    bool isPrecision = atWord("precision");
    const Stmt *stmt = parseStatement();
    endStatement();
    if (failed)
      skipStatement(start);
    // Whatever the text, each round goes on by a token.
    if (position == start)
      advance();
    if (isTopLevel && isPrecision && !statements.empty() && is<PrecisionStmt>(stmt))
      complain(stmt->range, Msg::PrecisionFirst);
    if (previous && first.kind == TokenKind::Minus && is<ExprStmt>(stmt))
      warnOfMinus(first, *previous);
    previous = &first;
    statements.push_back(stmt);
  }
  return statements;
}

/// `let a = b` and, indented below it, `- c`: two statements, of which the second does nothing.
void Parser::warnOfMinus(const Token &first, const Token &previousFirst) {
  LineColumn minus = source.lineColumn(first.begin);
  LineColumn above = source.lineColumn(previousFirst.begin);
  if (minus.column > above.column && previousFirst.isFirstOnLine)
    diagnostics.warning(rangeOf(first), Msg::StrayMinus);
}

/// `var` begins a binding, but `var(x)` is a call of the function of that name, unless this is
/// `var (a, b) = e`.
bool Parser::atVariance() const {
  if (!at(TokenKind::Var) || token(1).kind != TokenKind::LeftParen || token(1).startsLine)
    return false;
  TokenKind after = tokens[token(1).partner + 1].kind;
  return after != TokenKind::Assign && after != TokenKind::Colon;
}

const Stmt *Parser::parseStatement() {
  Nesting level(*this);
  uint32_t begin = token().begin;
  if (failed)
    return errorStmt(begin);
  switch (token().kind) {
  case TokenKind::Let:
  case TokenKind::Var:
    return atVariance() ? parseExpressionStatement() : parseBinding();
  case TokenKind::Fn:
    return parseFunction(/*isExported=*/false);
  case TokenKind::For:
    return parseFor();
  case TokenKind::While:
    return parseWhile();
  case TokenKind::Print:
    return parsePrint();
  case TokenKind::Assert:
    return parseAssert();
  case TokenKind::Word:
    if (const Stmt *item = parseWordItem())
      return item;
    return parseExpressionStatement();
  default:
    return parseExpressionStatement();
  }
}

const Stmt *Parser::parseBinding() {
  uint32_t begin = token().begin;
  bool isVar = advance().kind == TokenKind::Var;
  const Pattern *pattern = parsePattern(/*allowBare=*/true);
  if (failed)
    return errorStmt(begin);
  const Type *type = parseAnnotation();
  const NamePattern *name = dyn<NamePattern>(pattern);
  if (!expect(TokenKind::Assign, "`=`"))
    return errorStmt(begin, name ? Name{name->name, name->range} : Name());
  Expr *value = parseExpression();
  BindingStmt *stmt = ast->make<BindingStmt>(rangeFrom(begin));
  stmt->isVar = isVar;
  stmt->pattern = pattern;
  stmt->type = type;
  stmt->value = value;
  return finish(stmt, pattern, type, value);
}

const Stmt *Parser::parseFor() {
  uint32_t begin = advance().begin;
  const Pattern *pattern = parsePattern(/*allowBare=*/true);
  expect(TokenKind::In, "`in`");
  Expr *iterable = parseExpression();
  if (failed)
    return errorStmt(begin);
  BlockExpr *body = parseBlock();
  ForStmt *stmt = ast->make<ForStmt>(rangeFrom(begin));
  stmt->pattern = pattern;
  stmt->iterable = iterable;
  stmt->body = body;
  return finish(stmt, pattern, iterable, body);
}

const Stmt *Parser::parseWhile() {
  uint32_t begin = advance().begin;
  Expr *condition = parseExpression();
  if (failed)
    return errorStmt(begin);
  BlockExpr *body = parseBlock();
  WhileStmt *stmt = ast->make<WhileStmt>(rangeFrom(begin));
  stmt->condition = condition;
  stmt->body = body;
  return finish(stmt, condition, body);
}

/// The block of a header, or of a function without `=`: always a block, never a record.
BlockExpr *Parser::parseBlock() {
  Nesting level(*this);
  uint32_t begin = token().begin;
  if (!failed && !at(TokenKind::LeftBrace))
    failExpected(Msg::ExpectedToken, "`{`");
  if (failed)
    return ast->make<BlockExpr>(foundRange());
  size_t closing = token().partner;
  unsigned listsOutside = std::exchange(lists, 0);
  advance();
  ++blocks;
  std::vector<const Stmt *> statements = parseStatements(/*isTopLevel=*/false);
  --blocks;
  lists = listsOutside;
  position = closing + 1;
  BlockExpr *block = ast->make<BlockExpr>(rangeFrom(begin));
  block->statements = ast->list(statements);
  return finish(block, statements);
}

const Stmt *Parser::parsePrint() {
  const Token &keyword = advance();
  std::vector<const Expr *> args;
  if (!atStatementEnd()) {
    do
      args.push_back(parseExpression());
    while (accept(TokenKind::Comma));
  }
  PrintStmt *stmt = ast->make<PrintStmt>(rangeFrom(keyword.begin));
  stmt->keywordRange = rangeOf(keyword);
  stmt->args = ast->list(args);
  return finish(stmt, args);
}

const Stmt *Parser::parseAssert() {
  const Token &keyword = advance();
  Expr *condition = parseExpression();
  StringExpr *message = nullptr;
  if (accept(TokenKind::Comma)) {
    if (at(TokenKind::StringBegin))
      message = parseString();
    else
      failExpected(Msg::ExpectedToken, "a message in quotes");
  }
  AssertStmt *stmt = ast->make<AssertStmt>(rangeFrom(keyword.begin));
  stmt->keywordRange = rangeOf(keyword);
  stmt->condition = condition;
  stmt->message = message;
  return finish(stmt, condition, message);
}

/// The operator that an assignment applies: absent for `=`.
static std::optional<BinaryOp> appliedOp(TokenKind assignment) {
  switch (assignment) {
  case TokenKind::PlusAssign:
    return BinaryOp::Add;
  case TokenKind::MinusAssign:
    return BinaryOp::Subtract;
  case TokenKind::StarAssign:
    return BinaryOp::Multiply;
  case TokenKind::SlashAssign:
    return BinaryOp::Divide;
  case TokenKind::SlashSlashAssign:
    return BinaryOp::FloorDivide;
  case TokenKind::PercentAssign:
    return BinaryOp::Modulo;
  case TokenKind::AtAssign:
    return BinaryOp::MatMul;
  case TokenKind::CaretAssign:
    return BinaryOp::Power;
  default:
    return std::nullopt;
  }
}

const Stmt *Parser::parseExpressionStatement() {
  uint32_t begin = token().begin;
  if (atWord("return")) {
    complain(rangeOf(token()), Msg::ForeignWord, "return",
             "the last expression of a block is its value");
    failed = true;
    return errorStmt(begin);
  }
  Expr *expr = parseExpression();
  if (failed)
    return errorStmt(begin);
  bool isAssignment = at(TokenKind::Assign) || appliedOp(token().kind);
  if (isAssignment && !token().startsLine)
    return parseAssignment(begin, expr);
  ExprStmt *stmt = ast->make<ExprStmt>(rangeFrom(begin));
  stmt->expr = expr;
  return finish(stmt, expr);
}

const Stmt *Parser::parseAssignment(uint32_t begin, Expr *target) {
  const Token &op = advance();
  const IndexExpr *element = dyn<IndexExpr>(target);
  const Expr *variable = element ? element->base : target;
  bool isAssignable = !target->parenthesized && !variable->parenthesized && is<NameExpr>(variable);
  if (!isAssignable) {
    auto &&report = complain(target->extent, Msg::AssignmentTarget);
    if (is<FieldExpr>(target))
      report.note("`r = {...r, a: e}` binds a record again, with another field `a`");
  }
  Expr *value = parseExpression();
  if (!isAssignable)
    return errorStmt(begin);
  AssignStmt *stmt = ast->make<AssignStmt>(rangeFrom(begin));
  stmt->target = target;
  stmt->op = appliedOp(op.kind);
  stmt->opRange = rangeOf(op);
  stmt->value = value;
  return finish(stmt, target, value);
}

} // namespace descent
