// Literals, names, and everything in brackets.

#include "frontend/syntax/Literals.h"
#include "frontend/syntax/ParserImpl.h"

namespace descent {

using namespace ast;

Expr *Parser::parsePrimary() {
  // Looser constructs in the place of an operand: what is meant is clear, but the reader of
  // `a + x -> x + 1` would have to guess.
  if (atLambda()) {
    complain(rangeOf(token()), Msg::NeedsParentheses, "a function `x -> e`");
    return parseLambda();
  }
  if (at(TokenKind::Not)) {
    complain(rangeOf(token()), Msg::NeedsParentheses, "`not`");
    return parseNot();
  }
  switch (token().kind) {
  case TokenKind::Integer:
  case TokenKind::Float:
    return parseNumber();
  case TokenKind::True:
  case TokenKind::False: {
    BoolExpr *expr = ast->make<BoolExpr>(rangeOf(token()));
    expr->value = advance().kind == TokenKind::True;
    return expr;
  }
  case TokenKind::StringBegin:
    return parseString();
  case TokenKind::Word:
    return atTrain() ? parseTrain() : parseName();
  case TokenKind::LeftParen:
    return parseParenthesized();
  case TokenKind::LeftBracket:
    return parseArray();
  case TokenKind::LeftBrace:
    return atRecord() ? parseRecord() : static_cast<Expr *>(parseBlock());
  case TokenKind::If:
    return parseIf();
  case TokenKind::Var:
    // In the place of an operand it is the function that gives the variance, unless the operand is
    // missing and the next line is a binding.
    if (!token().isFirstOnLine || token(1).kind != TokenKind::Word)
      return parseName();
    [[fallthrough]];
  case TokenKind::Let:
  case TokenKind::Fn:
  case TokenKind::For:
  case TokenKind::While:
  case TokenKind::Print:
  case TokenKind::Assert:
    if (!token().isFirstOnLine) {
      fail(Msg::StatementInExpression, textOf(token()));
      return errorExpr();
    }
    [[fallthrough]];
  default:
    failExpected(Msg::ExpectedExpression, "");
    return errorExpr();
  }
}

Expr *Parser::parseName() {
  NameExpr *expr = ast->make<NameExpr>(rangeOf(token()));
  expr->name = textOf(advance());
  return expr;
}

Expr *Parser::parseNumber() {
  const Token &t = advance();
  if (t.kind == TokenKind::Integer) {
    std::optional<uint64_t> value = parseInteger(textOf(t));
    if (!value) {
      complain(rangeOf(t), Msg::LiteralRange, textOf(t), "any integer type");
      return ast->make<ErrorExpr>(rangeOf(t));
    }
    IntegerExpr *expr = ast->make<IntegerExpr>(rangeOf(t));
    expr->value = *value;
    return expr;
  }
  std::optional<double> value = parseFloat(textOf(t));
  if (!value) {
    complain(rangeOf(t), Msg::LiteralRange, textOf(t), "f64");
    return ast->make<ErrorExpr>(rangeOf(t));
  }
  FloatExpr *expr = ast->make<FloatExpr>(rangeOf(t));
  expr->value = *value;
  return expr;
}

/// `(e)`, or a tuple: `()`, `(a,)`, `(a, b)`.
Expr *Parser::parseParenthesized() {
  uint32_t begin = token().begin;
  std::vector<const Expr *> elements;
  Expr *last = nullptr;
  bool hasComma = parseList([&] {
    last = parseExpression();
    elements.push_back(last);
  });
  if (elements.size() == 1 && !hasComma) {
    last->parenthesized = true;
    last->extent = rangeFrom(begin);
    return last;
  }
  TupleExpr *tuple = ast->make<TupleExpr>(rangeFrom(begin));
  tuple->elements = ast->list(elements);
  return finish(tuple, elements);
}

/// `[a, b]`, or a comprehension.
Expr *Parser::parseArray() {
  uint32_t begin = token().begin;
  std::vector<const Expr *> elements;
  Expr *comprehension = nullptr;
  parseList([&] {
    if (comprehension)
      return failExpected(Msg::ExpectedToken, "`]`");
    Expr *element = parseExpression();
    if (!failed && elements.empty() && at(TokenKind::For))
      comprehension = parseComprehension(begin, element);
    else
      elements.push_back(element);
  });
  if (comprehension) {
    comprehension->range = comprehension->extent = rangeFrom(begin);
    return comprehension;
  }
  ArrayExpr *array = ast->make<ArrayExpr>(rangeFrom(begin));
  array->elements = ast->list(elements);
  return finish(array, elements);
}

Expr *Parser::parseComprehension(uint32_t begin, Expr *element) {
  const Token &keyword = advance();
  const Pattern *pattern = parsePattern(/*allowBare=*/true);
  expect(TokenKind::In, "`in`");
  Expr *iterable = parseExpression();
  if (at(TokenKind::For) || at(TokenKind::If))
    fail(Msg::ComprehensionClause);
  ComprehensionExpr *expr = ast->make<ComprehensionExpr>(rangeFrom(begin));
  expr->element = element;
  expr->forRange = rangeOf(keyword);
  expr->pattern = pattern;
  expr->iterable = iterable;
  return finish(expr, element, pattern, iterable);
}

/// Whether the `{` here begins a record: one that is followed by `name:`, `...` or `}`. So does
/// `name,`, which can begin no block: `{w, b}` is short for `{w: w, b: b}`.
bool Parser::atRecord() const {
  const Token &next = token(1);
  return next.kind == TokenKind::RightBrace || next.kind == TokenKind::Ellipsis ||
         (isAnyWord(next.kind) && token(2).kind == TokenKind::Colon) ||
         (next.kind == TokenKind::Word && token(2).kind == TokenKind::Comma);
}

Expr *Parser::parseRecord() {
  uint32_t begin = token().begin;
  std::vector<RecordEntry> entries;
  std::vector<const Expr *> values;
  parseList([&] {
    uint32_t entryBegin = token().begin;
    bool isShort = at(TokenKind::Word) &&
                   (token(1).kind == TokenKind::Comma || token(1).kind == TokenKind::RightBrace);
    Name name;
    if (isShort) {
      name = nameOf(token());
    } else if (!accept(TokenKind::Ellipsis)) {
      if (!isAnyWord(token().kind))
        return failExpected(Msg::ExpectedName, "the name of a field");
      name = nameOf(advance());
      if (!expect(TokenKind::Colon, "`:` and a value"))
        return;
    }
    const Expr *value = isShort ? parseName() : parseExpression();
    entries.push_back({rangeFrom(entryBegin), name, value});
    values.push_back(value);
  });
  RecordExpr *record = ast->make<RecordExpr>(rangeFrom(begin));
  record->entries = ast->list(entries);
  return finish(record, values);
}

} // namespace descent
