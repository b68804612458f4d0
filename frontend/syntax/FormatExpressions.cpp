// The formatter's half for expressions.

#include "frontend/syntax/FormatterImpl.h"

namespace descent {

using namespace ast;

void Formatter::expr(const Expr *expr, Gap gap) {
  unsigned parentheses = expr->parenthesized ? openParentheses(expr->range.begin, gap) : 0;
  bareExpr(expr, gap);
  closeParentheses(parentheses);
}

void Formatter::bareExpr(const Expr *node, Gap gap) {
  auto element = [this](const Expr *each, Gap eachGap) { expr(each, eachGap); };
  switch (node->kind) {
  case ExprKind::Error:
    return;
  case ExprKind::Integer:
  case ExprKind::Float:
    return out.writeToken(gap);
  case ExprKind::Bool:
    return word(as<BoolExpr>(node)->value ? "true" : "false", gap);
  case ExprKind::String:
    return out.writeString(gap);
  case ExprKind::Name:
    return word(as<NameExpr>(node)->name, gap);
  case ExprKind::Unary: {
    bool isNot = as<UnaryExpr>(node)->op == UnaryOp::Not;
    word(isNot ? "not" : "-", gap);
    return expr(as<UnaryExpr>(node)->operand, isNot ? Gap::Space : Gap::None);
  }
  case ExprKind::Binary:
    return binary(as<BinaryExpr>(node), gap);
  case ExprKind::Range:
    expr(as<RangeExpr>(node)->first, gap);
    word("..", Gap::None);
    return expr(as<RangeExpr>(node)->last, Gap::None);
  case ExprKind::Lambda:
    return lambda(as<LambdaExpr>(node), gap);
  case ExprKind::If:
    return condition(as<IfExpr>(node), gap);
  case ExprKind::Block:
    return block(as<BlockExpr>(node), gap);
  case ExprKind::Tuple:
    return list(as<TupleExpr>(node)->elements, gap, element);
  case ExprKind::Array:
    return list(as<ArrayExpr>(node)->elements, gap, element);
  case ExprKind::Comprehension: {
    const ComprehensionExpr *comprehension = as<ComprehensionExpr>(node);
    out.open(gap);
    expr(comprehension->element, Gap::None);
    word("for", Gap::Space);
    pattern(comprehension->pattern, Gap::Space);
    word("in", Gap::Space);
    expr(comprehension->iterable, Gap::Space);
    if (out.at(TokenKind::Comma))
      out.drop();
    return out.close(Gap::None);
  }
  case ExprKind::Record:
    return record(as<RecordExpr>(node), gap);
  case ExprKind::Call:
    return call(as<CallExpr>(node), gap);
  case ExprKind::Index:
    return index(as<IndexExpr>(node), gap);
  case ExprKind::Field:
    expr(as<FieldExpr>(node)->base, gap);
    word(".", Gap::None);
    return word(as<FieldExpr>(node)->field.text, Gap::Glued);
  case ExprKind::Train:
    return train(as<TrainExpr>(node), gap);
  }
}

// ---- Operators ---------------------------------------------------------------------------------

static bool isArithmetic(BinaryOp op) {
  return op >= BinaryOp::Add && op <= BinaryOp::MatMul;
}

/// Whether the operator has no space on either side in the source.
bool Formatter::isWrittenTight(const BinaryExpr *binary) const {
  std::string_view text = file.text();
  // A comment sets it apart too.
  constexpr std::string_view apart = " \t\f\v\r\n#";
  auto isApart = [&](uint32_t at) { return apart.find(text[at]) != apart.npos; };
  return !isApart(binary->opRange.begin - 1) && !isApart(binary->opRange.end);
}

/// Whether an operator is written without spaces: `^` always, other arithmetic if the author did
/// and no operator within its operands is set apart (`a+b * c` would mislead).
bool Formatter::isTight(const BinaryExpr *binary) {
  // Remembered, since each operator of a chain asks for all before it.
  auto known = tight.find(binary);
  if (known != tight.end())
    return known->second;
  auto isTightOperand = [this](const Expr *operand) {
    const BinaryExpr *inner = dyn<BinaryExpr>(operand);
    return !inner || inner->parenthesized || isTight(inner);
  };
  bool isChosen =
      binary->op == BinaryOp::Power || (isArithmetic(binary->op) && isWrittenTight(binary));
  bool result = isChosen && isTightOperand(binary->left) && isTightOperand(binary->right);
  return tight[binary] = result;
}

void Formatter::binary(const BinaryExpr *binary, Gap gap) {
  Gap around = isTight(binary) || binary->op == BinaryOp::Power ? Gap::None : Gap::Space;
  expr(binary->left, gap);
  word(spelling(binary->op), around);
  expr(binary->right, around);
}

// ---- Constructs with brackets ------------------------------------------------------------------

void Formatter::namedArgument(const Argument &argument, Gap gap) {
  word(argument.name.text, gap);
  word("=", Gap::Glued);
  expr(argument.value, Gap::None);
}

void Formatter::call(const CallExpr *call, Gap gap) {
  expr(call->callee, gap);
  list(call->args, Gap::Glued, [this](const Argument &argument, Gap argumentGap) {
    if (argument.name)
      namedArgument(argument, argumentGap);
    else
      expr(argument.value, argumentGap);
  });
}

void Formatter::index(const IndexExpr *index, Gap gap) {
  expr(index->base, gap);
  list(index->items, Gap::Glued, [this](const IndexItem &item, Gap itemGap) {
    switch (item.kind) {
    case IndexKind::At:
      return expr(item.value, itemGap);
    case IndexKind::Ellipsis:
      return word("...", itemGap);
    case IndexKind::NewAxis:
      return word("newaxis", itemGap);
    case IndexKind::Slice:
      break;
    }
    if (item.start)
      expr(item.start, itemGap);
    word(":", item.start ? Gap::None : itemGap);
    if (item.stop)
      expr(item.stop, Gap::None);
    // A second colon may stand without a step.
    if (!out.at(TokenKind::Colon))
      return;
    if (!item.step)
      return out.drop();
    word(":", Gap::None);
    expr(item.step, Gap::None);
  });
}

void Formatter::lambda(const LambdaExpr *lambda, Gap gap) {
  if (lambda->hasParentheses)
    params(lambda->params, gap);
  else
    word(lambda->params[0].name.text, gap);
  word("->", Gap::Space);
  expr(lambda->body, Gap::Space);
}

void Formatter::condition(const IfExpr *condition, Gap gap) {
  word("if", gap);
  size_t indent = out.indent();
  expr(condition->condition, Gap::Space);
  block(condition->then, Gap::Joined, indent);
  if (!condition->otherwise)
    return;
  word("else", Gap::Joined);
  expr(condition->otherwise, Gap::Joined);
}

void Formatter::record(const RecordExpr *record, Gap gap) {
  list(record->entries, gap, [this](const RecordEntry &entry, Gap entryGap) {
    if (entry.isSpread()) {
      word("...", entryGap);
      return expr(entry.value, Gap::None);
    }
    word(entry.name.text, entryGap);
    if (entry.isShort())
      return;
    word(":", Gap::Glued);
    expr(entry.value, Gap::Space);
  });
}

void Formatter::train(const TrainExpr *train, Gap gap) {
  word("train", gap);
  expr(train->loss, Gap::Space);
  word("with", Gap::Space);
  expr(train->optimizer, Gap::Space);
  for (const Argument &option : train->options) {
    word(",", Gap::Glued);
    namedArgument(option, Gap::Space);
  }
}

} // namespace descent
