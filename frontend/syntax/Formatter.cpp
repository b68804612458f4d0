#include "frontend/syntax/Formatter.h"

#include "frontend/syntax/FormatterImpl.h"
#include "frontend/syntax/Parser.h"

#include <utility>

namespace descent {

using namespace ast;

std::optional<std::string> formatSource(const SourceFile &file, Diagnostics &diagnostics) {
  size_t errorsBefore = diagnostics.errorCount();
  std::unique_ptr<Ast> ast = parse(file, diagnostics);
  if (diagnostics.errorCount() != errorsBefore)
    return std::nullopt;
  Diagnostics repeated(diagnostics.sourceManager());
  LexedFile lexed = lex(file, repeated);
  return Formatter(file, lexed).format(*ast);
}

std::string Formatter::format(const Ast &ast) {
  for (const Stmt *item : ast.items)
    stmt(item, Gap::Line);
  return out.finish();
}

// ---- Statements --------------------------------------------------------------------------------

void Formatter::word(std::string_view text, Gap gap) {
  out.write(text, gap);
}

void Formatter::annotation(const Type *annotated) {
  if (!annotated)
    return;
  word(":", Gap::Glued);
  type(annotated, Gap::Space);
}

void Formatter::initializer(const Expr *value) {
  word("=", Gap::Joined);
  expr(value, Gap::Space);
}

void Formatter::stmt(const Stmt *node, Gap gap) {
  switch (node->kind) {
  case StmtKind::Error:
    return;
  case StmtKind::Precision:
    word("precision", gap);
    return word(as<PrecisionStmt>(node)->type.text, Gap::Space);
  case StmtKind::Use: {
    word("use", gap);
    List<UsedModule> modules = as<UseStmt>(node)->modules;
    for (const UsedModule &used : modules) {
      if (&used != modules.data())
        word(",", Gap::Glued);
      word(used.module.text, Gap::Space);
      if (used.alias) {
        word("as", Gap::Joined);
        word(used.alias.text, Gap::Space);
      }
    }
    return;
  }
  case StmtKind::Import:
    word("import", gap);
    out.writeString(Gap::Space);
    word("as", Gap::Joined);
    return word(as<ImportStmt>(node)->alias.text, Gap::Space);
  case StmtKind::Data:
    word("data", gap);
    word(as<DataStmt>(node)->name.text, Gap::Space);
    return initializer(as<DataStmt>(node)->path);
  case StmtKind::Param:
    word("param", gap);
    word(as<ParamStmt>(node)->name.text, Gap::Space);
    annotation(as<ParamStmt>(node)->type);
    return initializer(as<ParamStmt>(node)->value);
  case StmtKind::Binding:
    word(as<BindingStmt>(node)->isVar ? "var" : "let", gap);
    pattern(as<BindingStmt>(node)->pattern, Gap::Space);
    annotation(as<BindingStmt>(node)->type);
    return initializer(as<BindingStmt>(node)->value);
  case StmtKind::Function:
    return function(as<FunctionStmt>(node), gap);
  case StmtKind::For: {
    word("for", gap);
    size_t indent = out.indent();
    pattern(as<ForStmt>(node)->pattern, Gap::Space);
    word("in", Gap::Space);
    expr(as<ForStmt>(node)->iterable, Gap::Space);
    return block(as<ForStmt>(node)->body, Gap::Joined, indent);
  }
  case StmtKind::While: {
    word("while", gap);
    size_t indent = out.indent();
    expr(as<WhileStmt>(node)->condition, Gap::Space);
    return block(as<WhileStmt>(node)->body, Gap::Joined, indent);
  }
  case StmtKind::Expr:
    return expr(as<ExprStmt>(node)->expr, gap);
  case StmtKind::Print: {
    word("print", gap);
    List<const Expr *> args = as<PrintStmt>(node)->args;
    for (const Expr *const &arg : args) {
      if (&arg != args.data())
        word(",", Gap::Glued);
      expr(arg, Gap::Space);
    }
    return;
  }
  case StmtKind::Assert:
    word("assert", gap);
    expr(as<AssertStmt>(node)->condition, Gap::Space);
    if (as<AssertStmt>(node)->message) {
      word(",", Gap::Glued);
      out.writeString(Gap::Space);
    }
    return;
  case StmtKind::Test:
    word("test", gap);
    out.writeString(Gap::Space);
    return block(as<TestStmt>(node)->body, Gap::Joined);
  case StmtKind::Assign: {
    const AssignStmt *assign = as<AssignStmt>(node);
    expr(assign->target, gap);
    word(assign->op ? std::string(spelling(*assign->op)) + "=" : "=", Gap::Joined);
    return expr(assign->value, Gap::Space);
  }
  }
}

void Formatter::function(const FunctionStmt *function, Gap gap) {
  if (function->isExported)
    word("export", gap);
  word("fn", function->isExported ? Gap::Joined : gap);
  size_t indent = out.indent();
  word(function->name.text, Gap::Space);
  params(function->params, Gap::Glued);
  if (function->resultType) {
    word("->", Gap::Space);
    type(function->resultType, Gap::Space);
  }
  if (function->hasEquals)
    word("=", Gap::Joined);
  if (function->body->kind != ExprKind::Block || !out.at(TokenKind::LeftBrace))
    return expr(function->body, Gap::Space);
  block(as<BlockExpr>(function->body), function->hasEquals ? Gap::Space : Gap::Joined, indent);
}

/// The parameters of a function or a lambda, in parentheses.
void Formatter::params(List<Param> params, Gap gap) {
  list(params, gap, [this](const Param &param, Gap elementGap) {
    word(param.name.text, elementGap);
    annotation(param.type);
    if (param.defaultValue)
      initializer(param.defaultValue);
  });
}

/// A block stays on one line if it was. Else its statements are indented from `indent`, that of the
/// line where begins what the block belongs to, or from the line with the brace.
void Formatter::block(const BlockExpr *block, Gap gap, std::optional<size_t> indent) {
  uint32_t closingBegin = out.partner(out.next()).begin;
  bool isOneLine = lineOf(out.next().begin) == lineOf(closingBegin);
  word("{", gap);
  if (isOneLine) {
    for (const Stmt *statement : block->statements)
      stmt(statement, Gap::Joined);
    word("}", block->statements.empty() ? Gap::Glued : Gap::Joined);
    return;
  }
  out.beginBlock(indent.value_or(out.indent()));
  for (const Stmt *statement : block->statements)
    stmt(statement, Gap::Line);
  word("}", Gap::Line);
  out.endBlock();
}

// ---- Types and patterns ------------------------------------------------------------------------

/// Opens the parentheses that only group, around what begins at `begin`.
unsigned Formatter::openParentheses(uint32_t begin, Gap &gap) {
  unsigned opened = 0;
  for (; out.at(TokenKind::LeftParen) && out.next().begin < begin; ++opened)
    out.open(std::exchange(gap, Gap::None));
  return opened;
}

void Formatter::closeParentheses(unsigned count) {
  for (; count > 0; --count)
    out.close(Gap::None);
}

void Formatter::type(const Type *type, Gap gap) {
  unsigned parentheses = openParentheses(type->range.begin, gap);
  switch (type->kind) {
  case TypeKind::Error:
    break;
  case TypeKind::Named: {
    const NamedType *named = as<NamedType>(type);
    word(named->name.text, gap);
    if (named->hasDims)
      list(named->dims, Gap::Glued, [this](const Dim &, Gap dimGap) { out.writeToken(dimGap); });
    break;
  }
  case TypeKind::Tuple:
    list(as<TupleType>(type)->elements, gap,
         [this](const Type *element, Gap elementGap) { this->type(element, elementGap); });
    break;
  case TypeKind::Record:
    list(as<RecordType>(type)->fields, gap, [this](const FieldType &field, Gap fieldGap) {
      word(field.name.text, fieldGap);
      annotation(field.type);
    });
    break;
  }
  closeParentheses(parentheses);
}

void Formatter::pattern(const Pattern *pattern, Gap gap) {
  unsigned parentheses = openParentheses(pattern->range.begin, gap);
  switch (pattern->kind) {
  case PatternKind::Error:
    break;
  case PatternKind::Name:
    word(as<NamePattern>(pattern)->name, gap);
    break;
  case PatternKind::Tuple: {
    List<const Pattern *> elements = as<TuplePattern>(pattern)->elements;
    auto element = [this](const Pattern *part, Gap partGap) { this->pattern(part, partGap); };
    bool hasParentheses =
        out.at(TokenKind::LeftParen) && out.partner(out.next()).end == pattern->range.end;
    if (hasParentheses) {
      list(elements, gap, element);
      break;
    }
    for (const Pattern *const &part : elements) {
      bool isFirst = &part == elements.data();
      if (!isFirst)
        word(",", Gap::Glued);
      element(part, isFirst ? gap : Gap::Space);
    }
    break;
  }
  case PatternKind::Record:
    list(as<RecordPattern>(pattern)->fields, gap, [this](const FieldPattern &field, Gap fieldGap) {
      word(field.name.text, fieldGap);
      if (out.at(TokenKind::Colon)) {
        word(":", Gap::Glued);
        this->pattern(field.pattern, Gap::Space);
      }
    });
    break;
  }
  closeParentheses(parentheses);
}

} // namespace descent
