// Expressions down to calls, indices and fields. Loosest first:
//
//   x -> e · (if is closed by its braces) · or · and · not · comparisons · .. · + - · * / // % @ ·
//   unary - · ^ (to the right) · call, index, field

#include "frontend/syntax/ParserImpl.h"

namespace descent {

using namespace ast;

namespace {

// Levels of binary operators; a higher one binds more tightly.
enum Level : int { kOr = 1, kAnd, kNot, kComparison, kRange, kSum, kProduct };

struct OperatorInfo {
  /// 0 for a token that is no binary operator of these levels.
  int level = 0;
  BinaryOp op = BinaryOp::Or;
};

OperatorInfo operatorInfo(TokenKind kind) {
  switch (kind) {
  case TokenKind::Or:
    return {kOr, BinaryOp::Or};
  case TokenKind::And:
    return {kAnd, BinaryOp::And};
  case TokenKind::EqualEqual:
    return {kComparison, BinaryOp::Equal};
  case TokenKind::NotEqual:
    return {kComparison, BinaryOp::NotEqual};
  case TokenKind::Less:
    return {kComparison, BinaryOp::Less};
  case TokenKind::LessEqual:
    return {kComparison, BinaryOp::LessEqual};
  case TokenKind::Greater:
    return {kComparison, BinaryOp::Greater};
  case TokenKind::GreaterEqual:
    return {kComparison, BinaryOp::GreaterEqual};
  case TokenKind::DotDot:
    return {kRange, BinaryOp::Or};
  case TokenKind::Plus:
    return {kSum, BinaryOp::Add};
  case TokenKind::Minus:
    return {kSum, BinaryOp::Subtract};
  case TokenKind::Star:
    return {kProduct, BinaryOp::Multiply};
  case TokenKind::Slash:
    return {kProduct, BinaryOp::Divide};
  case TokenKind::SlashSlash:
    return {kProduct, BinaryOp::FloorDivide};
  case TokenKind::Percent:
    return {kProduct, BinaryOp::Modulo};
  case TokenKind::At:
    return {kProduct, BinaryOp::MatMul};
  default:
    return {};
  }
}

} // namespace

Expr *Parser::parseExpression() {
  Nesting level(*this);
  if (failed)
    return errorExpr();
  return atLambda() ? parseLambda() : parseBinary(kOr);
}

Expr *Parser::makeBinary(BinaryOp op, SourceRange opRange, Expr *left, Expr *right) {
  BinaryExpr *expr = ast->make<BinaryExpr>(join(left->extent, right->extent));
  expr->op = op;
  expr->opRange = opRange;
  expr->left = left;
  expr->right = right;
  return finish(expr, left, right);
}

Expr *Parser::parseBinary(int leastLevel) {
  Expr *left = at(TokenKind::Not) && leastLevel <= kNot ? parseNot() : parseUnary();
  // The comparison or range that `left` ends with, which another cannot follow.
  const Token *chained = nullptr;
  while (!failed && !token().startsLine) {
    OperatorInfo info = operatorInfo(token().kind);
    if (info.level == 0 || info.level < leastLevel)
      break;
    const Token &op = advance();
    bool cannotChain = info.level == kComparison || info.level == kRange;
    if (cannotChain && chained && operatorInfo(chained->kind).level == info.level)
      complain(rangeOf(op), Msg::ChainedOperators, textOf(*chained), textOf(op))
          .also(rangeOf(*chained));
    chained = cannotChain ? &op : nullptr;
    Expr *right = parseBinary(info.level + 1);
    if (info.level != kRange) {
      left = makeBinary(info.op, rangeOf(op), left, right);
      continue;
    }
    RangeExpr *range = ast->make<RangeExpr>(join(left->extent, right->extent));
    range->opRange = rangeOf(op);
    range->first = left;
    range->last = right;
    left = finish(range, left, right);
  }
  return left;
}

Expr *Parser::parseNot() {
  Nesting level(*this);
  const Token &op = advance();
  Expr *operand = failed ? errorExpr() : parseBinary(kNot);
  UnaryExpr *expr = ast->make<UnaryExpr>(join(rangeOf(op), operand->extent));
  expr->op = UnaryOp::Not;
  expr->opRange = rangeOf(op);
  expr->operand = operand;
  return finish(expr, operand);
}

Expr *Parser::parseUnary() {
  if (!at(TokenKind::Minus))
    return parsePower();
  Nesting level(*this);
  const Token &op = advance();
  Expr *operand = failed ? errorExpr() : parseUnary();
  UnaryExpr *expr = ast->make<UnaryExpr>(join(rangeOf(op), operand->extent));
  expr->op = UnaryOp::Negate;
  expr->opRange = rangeOf(op);
  expr->operand = operand;
  return finish(expr, operand);
}

/// `a ^ b ^ c` is `a ^ (b ^ c)`; the exponent may have a sign: `2^-3`.
Expr *Parser::parsePower() {
  Expr *base = parsePostfix();
  if (failed || token().startsLine || !at(TokenKind::Caret))
    return base;
  Nesting level(*this);
  const Token &op = advance();
  Expr *exponent = failed ? errorExpr() : parseUnary();
  return makeBinary(BinaryOp::Power, rangeOf(op), base, exponent);
}

// ---- Lambda, if, train -------------------------------------------------------------------------

/// A lambda is known by its arrow: after one name, or after a `)`.
bool Parser::atLambda() const {
  size_t before = position;
  if (at(TokenKind::LeftParen))
    before = token().partner;
  else if (!at(TokenKind::Word))
    return false;
  return tokens[before + 1].kind == TokenKind::Arrow;
}

Expr *Parser::parseLambda() {
  uint32_t begin = token().begin;
  std::vector<Param> params;
  bool hasParentheses = at(TokenKind::LeftParen);
  if (hasParentheses) {
    params = parseParams();
  } else {
    Param param;
    param.name = nameOf(advance());
    param.range = param.name.range;
    params.push_back(param);
  }
  const Token &arrow = advance();
  Expr *body = parseExpression();
  LambdaExpr *expr = ast->make<LambdaExpr>(join(rangeFrom(begin), body->extent));
  expr->hasParentheses = hasParentheses;
  expr->params = ast->list(params);
  expr->arrowRange = rangeOf(arrow);
  expr->body = body;
  return finish(expr, params, body);
}

Expr *Parser::parseIf() {
  Nesting level(*this);
  uint32_t begin = advance().begin;
  Expr *condition = parseExpression();
  BlockExpr *then = parseBlock();
  Expr *otherwise = nullptr;
  // `else` may stand on the next line: nothing else can begin with it.
  if (accept(TokenKind::Else))
    otherwise = at(TokenKind::If) ? parseIf() : parseBlock();
  if (failed)
    return errorExpr();
  IfExpr *expr = ast->make<IfExpr>(rangeFrom(begin));
  expr->condition = condition;
  expr->then = then;
  expr->otherwise = otherwise;
  return finish(expr, condition, then, otherwise);
}

bool Parser::atTrain() const {
  if (!atWord("train") || token(1).startsLine)
    return false;
  switch (token(1).kind) {
  case TokenKind::Word:
  case TokenKind::Integer:
  case TokenKind::Float:
  case TokenKind::StringBegin:
  case TokenKind::True:
  case TokenKind::False:
  case TokenKind::Not:
    return true;
  case TokenKind::LeftParen:
  case TokenKind::LeftBracket:
  case TokenKind::LeftBrace:
  case TokenKind::Minus:
    break;
  default:
    return false;
  }
  // Looking ahead is bounded, so that a long line of such names takes no more than linear time.
  constexpr int mostTokens = 256;
  size_t ahead = position + 1;
  for (int i = 0; i < mostTokens; ++i) {
    const Token &t = tokens[ahead];
    // These two may follow a line break within an `if`.
    if (t.startsLine && t.kind != TokenKind::Else && t.kind != TokenKind::LeftBrace)
      return false;
    switch (t.kind) {
    case TokenKind::LeftParen:
    case TokenKind::LeftBracket:
    case TokenKind::LeftBrace:
    case TokenKind::StringBegin:
      ahead = t.partner + 1;
      continue;
    case TokenKind::Word:
      if (textOf(t) == "with")
        return true;
      break;
    case TokenKind::Comma:
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
    case TokenKind::RightBrace:
    case TokenKind::InterpolationEnd:
    case TokenKind::EndOfFile:
      return false;
    default:
      break;
    }
    ++ahead;
  }
  return false;
}

/// `train loss with optimizer, name=value …`. Within a list the options take what is named:
/// in `f(train l with o, steps=3, x)` the `x` is an argument of `f`, `steps` is not.
Expr *Parser::parseTrain() {
  const Token &keyword = advance();
  Expr *loss = parseExpression();
  if (!failed && !atWord("with"))
    failExpected(Msg::ExpectedToken, "`with` and an optimizer");
  if (failed)
    return errorExpr();
  advance();
  Expr *optimizer = parseExpression();
  std::vector<Argument> options;
  std::vector<const Expr *> values;
  while (!failed && at(TokenKind::Comma)) {
    bool isNamed = isAnyWord(token(1).kind) && token(2).kind == TokenKind::Assign;
    if (!isNamed && lists > 0)
      break;
    advance();
    if (!isNamed) {
      if (atStatementEnd())
        failExpected(Msg::ExpectedToken, "`name=value`");
      else
        fail(Msg::PositionalAfterNamed);
      break;
    }
    options.push_back(parseNamedArgument());
    values.push_back(options.back().value);
  }
  TrainExpr *expr = ast->make<TrainExpr>(rangeFrom(keyword.begin));
  expr->keywordRange = rangeOf(keyword);
  expr->loss = loss;
  expr->optimizer = optimizer;
  expr->options = ast->list(options);
  return finish(expr, loss, optimizer, values);
}

// ---- Call, index, field ------------------------------------------------------------------------

Expr *Parser::parsePostfix() {
  if (failed)
    return errorExpr();
  // What ends with a block is complete: in `if c { a } (b)` the parenthesis is no call.
  bool isClosed = at(TokenKind::If) || (at(TokenKind::LeftBrace) && !atRecord());
  Expr *expr = parsePrimary();
  while (!failed && !isClosed && !token().startsLine) {
    if (at(TokenKind::LeftParen))
      expr = parseCall(expr);
    else if (at(TokenKind::LeftBracket))
      expr = parseIndex(expr);
    else if (at(TokenKind::Dot))
      expr = parseField(expr);
    else if (!skipDottedNumber(expr))
      break;
  }
  return expr;
}

/// `pair.0`, as other languages have it.
bool Parser::skipDottedNumber(const Expr *expr) {
  std::string_view text = source.text().substr(token().begin, token().end - token().begin);
  if (!at(TokenKind::Float) || !text.starts_with('.') || token().begin != expr->extent.end)
    return false;
  complain({source.id(), token().begin, token().end}, Msg::DottedElement, text.substr(1));
  advance();
  return true;
}

Argument Parser::parseNamedArgument() {
  uint32_t begin = token().begin;
  Name name = nameOf(advance());
  advance();
  const Expr *value = parseExpression();
  return {rangeFrom(begin), name, value};
}

Expr *Parser::parseCall(Expr *callee) {
  uint32_t open = token().begin;
  std::vector<Argument> args;
  std::vector<const Expr *> values;
  bool hasNamed = false;
  parseList([&] {
    if (atNamedArgument()) {
      hasNamed = true;
      args.push_back(parseNamedArgument());
    } else {
      const Expr *value = parseExpression();
      if (hasNamed)
        complain(value->extent, Msg::PositionalAfterNamed);
      else
        args.push_back({value->extent, {}, value});
    }
    if (!args.empty())
      values.push_back(args.back().value);
  });
  CallExpr *call = ast->make<CallExpr>(rangeFrom(callee->extent.begin));
  call->callee = callee;
  call->argumentsRange = rangeFrom(open);
  call->args = ast->list(args);
  return finish(call, callee, values);
}

Expr *Parser::parseIndex(Expr *base) {
  uint32_t open = token().begin;
  std::vector<IndexItem> items;
  std::vector<const Expr *> parts;
  if (token(1).kind == TokenKind::RightBracket)
    complain({source.id(), open, token(1).end}, Msg::EmptyIndex);
  parseList([&] {
    items.push_back(parseIndexItem());
    for (const Expr *part :
         {items.back().value, items.back().start, items.back().stop, items.back().step})
      parts.push_back(part);
  });
  IndexExpr *index = ast->make<IndexExpr>(rangeFrom(base->extent.begin));
  index->base = base;
  index->bracketsRange = rangeFrom(open);
  index->items = ast->list(items);
  return finish(index, base, parts);
}

IndexItem Parser::parseIndexItem() {
  uint32_t begin = token().begin;
  auto endsPart = [&] {
    return failed || at(TokenKind::Comma) || at(TokenKind::Colon) || at(TokenKind::RightBracket);
  };
  bool isAlone = token(1).kind == TokenKind::Comma || token(1).kind == TokenKind::RightBracket;
  IndexItem item{IndexKind::At, {}};
  if (isAlone && (at(TokenKind::Ellipsis) || atWord("newaxis"))) {
    item.kind = at(TokenKind::Ellipsis) ? IndexKind::Ellipsis : IndexKind::NewAxis;
    advance();
  } else {
    const Expr *first = at(TokenKind::Colon) ? nullptr : parseExpression();
    if (accept(TokenKind::Colon)) {
      item.kind = IndexKind::Slice;
      item.start = first;
      item.stop = endsPart() ? nullptr : parseExpression();
      if (accept(TokenKind::Colon))
        item.step = endsPart() ? nullptr : parseExpression();
    } else {
      item.value = first;
    }
  }
  item.range = rangeFrom(begin);
  return item;
}

Expr *Parser::parseField(Expr *base) {
  advance();
  bool isWord = isAnyWord(token().kind) && !token().startsLine;
  Name field;
  if (isWord)
    field = nameOf(advance());
  else
    failExpected(Msg::ExpectedName, "the name of a field");
  FieldExpr *expr = ast->make<FieldExpr>(rangeFrom(base->extent.begin));
  expr->base = base;
  expr->field = field;
  return failed ? static_cast<Expr *>(errorExpr()) : finish(expr, base);
}

} // namespace descent
