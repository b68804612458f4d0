#include "frontend/syntax/Ast.h"

#include <cstring>

namespace descent::ast {

std::string_view spelling(BinaryOp op) {
  constexpr std::string_view spellings[] = {
      "or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//", "%", "@", "^"};
  return spellings[static_cast<size_t>(op)];
}

const Expr *BlockExpr::result() const {
  const ExprStmt *last = statements.empty() ? nullptr : dyn<ExprStmt>(statements.back());
  return last ? last->expr : nullptr;
}

const NameExpr *AssignStmt::variable() const {
  if (const IndexExpr *element = dyn<IndexExpr>(target))
    return as<NameExpr>(element->base);
  return as<NameExpr>(target);
}

std::string_view Ast::text(std::string_view text) {
  if (text.empty())
    return {};
  char *memory = static_cast<char *>(arena.allocate(text.size(), 1));
  std::memcpy(memory, text.data(), text.size());
  return {memory, text.size()};
}

} // namespace descent::ast
