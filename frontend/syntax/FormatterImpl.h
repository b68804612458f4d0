#pragma once

#include "frontend/syntax/Ast.h"
#include "frontend/syntax/LayoutWriter.h"

#include <optional>
#include <type_traits>
#include <unordered_map>

namespace descent {

/// Writes a tree. Every token comes from the tree, and the writer checks it against the source: so
/// what the tree does not hold cannot be written. Its functions are in Formatter.cpp (statements,
/// types, patterns) and FormatExpressions.cpp.
class Formatter {
public:
  Formatter(const SourceFile &file, const LexedFile &lexed) : file(file), out(file, lexed) {}

  std::string format(const ast::Ast &ast);

private:
  void stmt(const ast::Stmt *node, Gap gap);
  void function(const ast::FunctionStmt *function, Gap gap);
  void params(ast::List<ast::Param> params, Gap gap);
  void block(const ast::BlockExpr *block, Gap gap, std::optional<size_t> indent = {});
  void type(const ast::Type *type, Gap gap);
  void pattern(const ast::Pattern *pattern, Gap gap);
  void annotation(const ast::Type *annotated);
  void initializer(const ast::Expr *value);
  unsigned openParentheses(uint32_t begin, Gap &gap);
  void closeParentheses(unsigned count);

  void expr(const ast::Expr *expr, Gap gap);
  void bareExpr(const ast::Expr *expr, Gap gap);
  void binary(const ast::BinaryExpr *binary, Gap gap);
  bool isTight(const ast::BinaryExpr *binary);
  bool isWrittenTight(const ast::BinaryExpr *binary) const;
  void call(const ast::CallExpr *call, Gap gap);
  void index(const ast::IndexExpr *index, Gap gap);
  void lambda(const ast::LambdaExpr *lambda, Gap gap);
  void condition(const ast::IfExpr *condition, Gap gap);
  void record(const ast::RecordExpr *record, Gap gap);
  void train(const ast::TrainExpr *train, Gap gap);
  void namedArgument(const ast::Argument &argument, Gap gap);

  void word(std::string_view text, Gap gap);
  uint32_t lineOf(uint32_t offset) const { return file.lineOf(offset); }

  /// Elements with commas in brackets. A comma after the last stays if the closing bracket stands
  /// on a line of its own, or if it makes a tuple of one element.
  template <typename T, typename Element>
  void list(ast::List<T> elements, Gap gap, const Element &element) {
    bool isTuple = out.at(TokenKind::LeftParen) && elements.size() == 1 && std::is_pointer_v<T>;
    out.open(gap);
    for (const T &each : elements) {
      bool isFirst = &each == elements.data();
      if (!isFirst)
        word(",", Gap::Glued);
      element(each, isFirst ? Gap::None : Gap::Space);
    }
    if (out.at(TokenKind::Comma)) {
      if (isTuple || out.after(1).isFirstOnLine)
        word(",", Gap::Glued);
      else
        out.drop();
    }
    out.close(Gap::None);
  }

  const SourceFile &file;
  LayoutWriter out;
  std::unordered_map<const ast::BinaryExpr *, bool> tight;
};

} // namespace descent
