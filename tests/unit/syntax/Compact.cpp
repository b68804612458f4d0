#include "tests/unit/syntax/Support.h"

#include <sstream>

namespace descent::test {

using namespace ast;

namespace {

std::string compact(const Type *type);
std::string compact(const Pattern *pattern);
using test::compact;

template <typename T, typename Text>
std::string joined(List<T> elements, const Text &text, std::string_view separator = ", ") {
  std::string result;
  for (const T &element : elements)
    result += (&element == elements.data() ? "" : std::string(separator)) + text(element);
  return result;
}

std::string name(const Name &name) {
  return std::string(name.text);
}

std::string compact(const Type *type) {
  auto part = [](const Type *element) { return compact(element); };
  switch (type->kind) {
  case TypeKind::Error:
    return "ERROR";
  case TypeKind::Named: {
    const NamedType *named = as<NamedType>(type);
    if (!named->hasDims)
      return name(named->name);
    return name(named->name) + "[" +
           joined(named->dims,
                  [](const Dim &dim) {
                    return dim.name.empty() ? std::to_string(dim.size) : std::string(dim.name);
                  }) +
           "]";
  }
  case TypeKind::Tuple:
    return "tuple(" + joined(as<TupleType>(type)->elements, part) + ")";
  case TypeKind::Record:
    return "record{" +
           joined(as<RecordType>(type)->fields,
                  [](const FieldType &field) {
                    return name(field.name) + ":" + compact(field.type);
                  }) +
           "}";
  }
  return "?";
}

std::string compact(const Pattern *pattern) {
  switch (pattern->kind) {
  case PatternKind::Error:
    return "ERROR";
  case PatternKind::Name:
    return std::string(as<NamePattern>(pattern)->name);
  case PatternKind::Tuple:
    return "tuple(" +
           joined(as<TuplePattern>(pattern)->elements,
                  [](const Pattern *element) { return compact(element); }) +
           ")";
  case PatternKind::Record:
    return "record{" +
           joined(as<RecordPattern>(pattern)->fields,
                  [](const FieldPattern &field) {
                    return name(field.name) + ":" + compact(field.pattern);
                  }) +
           "}";
  }
  return "?";
}

std::string params(List<Param> params) {
  return "(" +
         joined(params,
                [](const Param &param) {
                  return name(param.name) + (param.type ? ":" + compact(param.type) : "") +
                         (param.defaultValue ? "=" + compact(param.defaultValue) : "");
                }) +
         ")";
}

std::string args(List<Argument> args) {
  return joined(args, [](const Argument &arg) {
    return (arg.name ? name(arg.name) + "=" : "") + compact(arg.value);
  });
}

std::string string(const StringExpr *string) {
  return "\"" +
         joined(
             string->parts,
             [](const StringPart &part) {
               if (!part.value)
                 return std::string(part.text);
               return "<" + compact(part.value) + (part.format ? ":" + name(part.format) : "") +
                      ">";
             },
             "") +
         "\"";
}

std::string item(const IndexItem &item) {
  auto part = [](const Expr *expr) { return expr ? compact(expr) : std::string(); };
  switch (item.kind) {
  case IndexKind::At:
    return compact(item.value);
  case IndexKind::Slice:
    return part(item.start) + ":" + part(item.stop) + (item.step ? ":" + compact(item.step) : "");
  case IndexKind::Ellipsis:
    return "...";
  case IndexKind::NewAxis:
    return "NEWAXIS";
  }
  return "?";
}

std::string statements(List<const Stmt *> statements) {
  return "{" + joined(statements, [](const Stmt *stmt) { return compact(stmt); }, " | ") + "}";
}

} // namespace

std::string compact(const Expr *expr) {
  auto part = [](const Expr *element) { return compact(element); };
  std::ostringstream out;
  switch (expr->kind) {
  case ExprKind::Error:
    return "ERROR";
  case ExprKind::Integer:
    return std::to_string(as<IntegerExpr>(expr)->value);
  case ExprKind::Float:
    out << as<FloatExpr>(expr)->value << 'f';
    return out.str();
  case ExprKind::Bool:
    return as<BoolExpr>(expr)->value ? "TRUE" : "FALSE";
  case ExprKind::String:
    return string(as<StringExpr>(expr));
  case ExprKind::Name:
    return std::string(as<NameExpr>(expr)->name);
  case ExprKind::Unary:
    return (as<UnaryExpr>(expr)->op == UnaryOp::Not ? "(not " : "(-") +
           compact(as<UnaryExpr>(expr)->operand) + ")";
  case ExprKind::Binary:
    return "(" + compact(as<BinaryExpr>(expr)->left) + " " +
           std::string(spelling(as<BinaryExpr>(expr)->op)) + " " +
           compact(as<BinaryExpr>(expr)->right) + ")";
  case ExprKind::Range:
    return "(" + compact(as<RangeExpr>(expr)->first) + " .. " + compact(as<RangeExpr>(expr)->last) +
           ")";
  case ExprKind::Lambda:
    return "[fn " + params(as<LambdaExpr>(expr)->params) + " " +
           compact(as<LambdaExpr>(expr)->body) + "]";
  case ExprKind::If: {
    const IfExpr *choice = as<IfExpr>(expr);
    return "[if " + compact(choice->condition) + " " + compact(choice->then) +
           (choice->otherwise ? " else " + compact(choice->otherwise) : "") + "]";
  }
  case ExprKind::Block:
    return statements(as<BlockExpr>(expr)->statements);
  case ExprKind::Tuple:
    return "[tuple " + joined(as<TupleExpr>(expr)->elements, part) + "]";
  case ExprKind::Array:
    return "[array " + joined(as<ArrayExpr>(expr)->elements, part) + "]";
  case ExprKind::Comprehension: {
    const ComprehensionExpr *each = as<ComprehensionExpr>(expr);
    return "[each " + compact(each->pattern) + " in " + compact(each->iterable) + ": " +
           compact(each->element) + "]";
  }
  case ExprKind::Record:
    return "[record " +
           joined(as<RecordExpr>(expr)->entries,
                  [](const RecordEntry &entry) {
                    return (entry.isSpread() ? "..." : name(entry.name) + ":") +
                           compact(entry.value);
                  }) +
           "]";
  case ExprKind::Call:
    return compact(as<CallExpr>(expr)->callee) + "(" + args(as<CallExpr>(expr)->args) + ")";
  case ExprKind::Index:
    return compact(as<IndexExpr>(expr)->base) + "[" + joined(as<IndexExpr>(expr)->items, item) +
           "]";
  case ExprKind::Field:
    return compact(as<FieldExpr>(expr)->base) + "." + name(as<FieldExpr>(expr)->field);
  case ExprKind::Train: {
    const TrainExpr *train = as<TrainExpr>(expr);
    return "[train " + compact(train->loss) + " with " + compact(train->optimizer) +
           (train->options.empty() ? "" : "; " + args(train->options)) + "]";
  }
  }
  return "?";
}

std::string compact(const Stmt *stmt) {
  switch (stmt->kind) {
  case StmtKind::Error:
    return "ERROR";
  case StmtKind::Precision:
    return "precision " + name(as<PrecisionStmt>(stmt)->type);
  case StmtKind::Use:
    return "use " + joined(as<UseStmt>(stmt)->modules, [](const UsedModule &used) {
             return name(used.module) + (used.alias ? " as " + name(used.alias) : "");
           });
  case StmtKind::Import:
    return "import " + compact(as<ImportStmt>(stmt)->path) + " as " +
           name(as<ImportStmt>(stmt)->alias);
  case StmtKind::Data:
    return "data " + name(as<DataStmt>(stmt)->name) + " = " + compact(as<DataStmt>(stmt)->path);
  case StmtKind::Param: {
    const ParamStmt *param = as<ParamStmt>(stmt);
    return "param " + name(param->name) + (param->type ? ":" + compact(param->type) : "") + " = " +
           compact(param->value);
  }
  case StmtKind::Binding: {
    const BindingStmt *binding = as<BindingStmt>(stmt);
    return (binding->isVar ? "var " : "let ") + compact(binding->pattern) +
           (binding->type ? ":" + compact(binding->type) : "") + " = " + compact(binding->value);
  }
  case StmtKind::Function: {
    const FunctionStmt *function = as<FunctionStmt>(stmt);
    return (function->isExported ? "export fn " : "fn ") + name(function->name) +
           params(function->params) +
           (function->resultType ? " -> " + compact(function->resultType) : "") +
           (function->hasEquals ? " = " : " ") + compact(function->body);
  }
  case StmtKind::For:
    return "for " + compact(as<ForStmt>(stmt)->pattern) + " in " +
           compact(as<ForStmt>(stmt)->iterable) + " " + compact(as<ForStmt>(stmt)->body);
  case StmtKind::While:
    return "while " + compact(as<WhileStmt>(stmt)->condition) + " " +
           compact(as<WhileStmt>(stmt)->body);
  case StmtKind::Expr:
    return compact(as<ExprStmt>(stmt)->expr);
  case StmtKind::Print:
    return "print " +
           joined(as<PrintStmt>(stmt)->args, [](const Expr *arg) { return compact(arg); });
  case StmtKind::Assert: {
    const AssertStmt *check = as<AssertStmt>(stmt);
    return "assert " + compact(check->condition) +
           (check->message ? ", " + compact(check->message) : "");
  }
  case StmtKind::Test:
    return "test " + compact(as<TestStmt>(stmt)->name) + " " + compact(as<TestStmt>(stmt)->body);
  case StmtKind::Assign: {
    const AssignStmt *assign = as<AssignStmt>(stmt);
    return compact(assign->target) + " " +
           (assign->op ? std::string(spelling(*assign->op)) : std::string()) + "= " +
           compact(assign->value);
  }
  }
  return "?";
}

} // namespace descent::test
