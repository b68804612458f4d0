#include "frontend/syntax/AstPrinter.h"

#include <charconv>

namespace descent {

using namespace ast;

namespace {

class Printer {
public:
  Printer(const SourceFile &file, std::ostream &out, AstRanges ranges)
      : file(file), out(out), ranges(ranges) {}

  void stmt(const Stmt *stmt);
  void expr(const Expr *expr);

private:
  /// One line of the output; what is written while a Level lives stands below it.
  void line(std::string_view text, SourceRange range) {
    out << std::string(2 * depth, ' ') << text;
    if (ranges == AstRanges::Show && range.isValid())
      out << "  @" << place(range.begin) << '-' << place(range.end);
    out << '\n';
  }
  void line(std::string_view kind, std::string_view detail, SourceRange range) {
    line(std::string(kind) + " " + std::string(detail), range);
  }
  std::string place(uint32_t offset) const {
    LineColumn at = file.lineColumn(offset);
    return std::to_string(at.line) + ":" + std::to_string(at.column);
  }

  struct Level {
    explicit Level(Printer &printer) : printer(printer) { ++printer.depth; }
    ~Level() { --printer.depth; }
    Level(const Level &) = delete;
    Printer &printer;
  };

  /// A line that names the part which its only child is, and the child; nothing for a null one.
  void part(std::string_view name, const Expr *value) {
    if (!value)
      return;
    line(name, {});
    Level level(*this);
    expr(value);
  }
  void part(std::string_view name, const Type *value) {
    if (!value)
      return;
    line(name, {});
    Level level(*this);
    type(value);
  }

  void type(const Type *type);
  void pattern(const Pattern *pattern);
  void params(List<Param> params);
  void args(List<Argument> args);
  void string(const StringExpr *string);
  void index(const IndexExpr *index);
  void record(const RecordExpr *record);
  void function(const FunctionStmt *function);

  const SourceFile &file;
  std::ostream &out;
  AstRanges ranges;
  size_t depth = 0;
};

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '\n')
      result += "\\n";
    else if (c == '\r')
      result += "\\r";
    else if (c == '"' || c == '\\')
      (result += '\\') += c;
    else
      result += c;
  }
  return result + '"';
}

std::string shortest(double value) {
  char buffer[32];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

void Printer::type(const Type *type) {
  switch (type->kind) {
  case TypeKind::Error:
    return line("error", type->range);
  case TypeKind::Named: {
    const NamedType *named = as<NamedType>(type);
    std::string text(named->name.text);
    if (named->hasDims) {
      text += '[';
      for (const Dim &dim : named->dims) {
        text += &dim == named->dims.data() ? "" : ", ";
        text += dim.name.empty() ? std::to_string(dim.size) : std::string(dim.name);
      }
      text += ']';
    }
    return line("type", text, type->range);
  }
  case TypeKind::Tuple: {
    line("tuple-type", type->range);
    Level level(*this);
    for (const Type *element : as<TupleType>(type)->elements)
      this->type(element);
    return;
  }
  case TypeKind::Record: {
    line("record-type", type->range);
    Level level(*this);
    for (const FieldType &field : as<RecordType>(type)->fields) {
      line("field", field.name.text, field.name.range);
      Level inner(*this);
      this->type(field.type);
    }
    return;
  }
  }
}

void Printer::pattern(const Pattern *pattern) {
  switch (pattern->kind) {
  case PatternKind::Error:
    return line("error", pattern->range);
  case PatternKind::Name:
    return line("bind", as<NamePattern>(pattern)->name, pattern->range);
  case PatternKind::Tuple: {
    line("tuple-pattern", pattern->range);
    Level level(*this);
    for (const Pattern *element : as<TuplePattern>(pattern)->elements)
      this->pattern(element);
    return;
  }
  case PatternKind::Record: {
    line("record-pattern", pattern->range);
    Level level(*this);
    for (const FieldPattern &field : as<RecordPattern>(pattern)->fields) {
      line("field", field.name.text, field.name.range);
      Level inner(*this);
      this->pattern(field.pattern);
    }
    return;
  }
  }
}

void Printer::params(List<Param> params) {
  for (const Param &param : params) {
    line("parameter", param.name.text, param.name.range);
    Level level(*this);
    if (param.type)
      type(param.type);
    part("default", param.defaultValue);
  }
}

void Printer::args(List<Argument> args) {
  for (const Argument &arg : args) {
    if (!arg.name) {
      expr(arg.value);
      continue;
    }
    line("argument", arg.name.text, arg.name.range);
    Level level(*this);
    expr(arg.value);
  }
}

void Printer::string(const StringExpr *string) {
  if (string->isPlain())
    return line("string", quoted(string->text()), string->range);
  line("string", string->range);
  Level level(*this);
  for (const StringPart &part : string->parts) {
    if (!part.value) {
      line("text", quoted(part.text), part.range);
      continue;
    }
    if (part.format)
      line("interpolation", part.format.text, part.range);
    else
      line("interpolation", part.range);
    Level inner(*this);
    expr(part.value);
  }
}

void Printer::index(const IndexExpr *index) {
  line("index", index->range);
  Level level(*this);
  expr(index->base);
  for (const IndexItem &item : index->items) {
    constexpr std::string_view kinds[] = {"at", "slice", "ellipsis", "newaxis"};
    line(kinds[static_cast<size_t>(item.kind)], item.range);
    Level inner(*this);
    if (item.value)
      expr(item.value);
    part("start", item.start);
    part("stop", item.stop);
    part("step", item.step);
  }
}

void Printer::record(const RecordExpr *record) {
  line("record", record->range);
  Level level(*this);
  for (const RecordEntry &entry : record->entries) {
    if (entry.isSpread())
      line("spread", entry.range);
    else
      line("field", entry.name.text, entry.name.range);
    Level inner(*this);
    expr(entry.value);
  }
}

void Printer::expr(const Expr *node) {
  switch (node->kind) {
  case ExprKind::Error:
    return line("error", node->range);
  case ExprKind::Integer:
    return line("integer", std::to_string(as<IntegerExpr>(node)->value), node->range);
  case ExprKind::Float:
    return line("float", shortest(as<FloatExpr>(node)->value), node->range);
  case ExprKind::Bool:
    return line("bool", as<BoolExpr>(node)->value ? "true" : "false", node->range);
  case ExprKind::Name:
    return line("name", as<NameExpr>(node)->name, node->range);
  case ExprKind::String:
    return string(as<StringExpr>(node));
  case ExprKind::Index:
    return index(as<IndexExpr>(node));
  case ExprKind::Record:
    return record(as<RecordExpr>(node));
  default:
    break;
  }
  auto begin = [&](std::string_view kind) { line(kind, node->range); };
  auto beginWith = [&](std::string_view kind, std::string_view detail) {
    line(kind, detail, node->range);
  };
  switch (node->kind) {
  case ExprKind::Unary: {
    const UnaryExpr *unary = as<UnaryExpr>(node);
    beginWith("unary", unary->op == UnaryOp::Negate ? "-" : "not");
    Level level(*this);
    return expr(unary->operand);
  }
  case ExprKind::Binary: {
    const BinaryExpr *binary = as<BinaryExpr>(node);
    beginWith("binary", spelling(binary->op));
    Level level(*this);
    expr(binary->left);
    return expr(binary->right);
  }
  case ExprKind::Range: {
    begin("range");
    Level level(*this);
    expr(as<RangeExpr>(node)->first);
    return expr(as<RangeExpr>(node)->last);
  }
  case ExprKind::Lambda: {
    begin("lambda");
    Level level(*this);
    params(as<LambdaExpr>(node)->params);
    return part("body", as<LambdaExpr>(node)->body);
  }
  case ExprKind::If: {
    begin("if");
    Level level(*this);
    expr(as<IfExpr>(node)->condition);
    expr(as<IfExpr>(node)->then);
    return part("else", as<IfExpr>(node)->otherwise);
  }
  case ExprKind::Block: {
    begin("block");
    Level level(*this);
    for (const Stmt *statement : as<BlockExpr>(node)->statements)
      stmt(statement);
    return;
  }
  case ExprKind::Tuple:
  case ExprKind::Array: {
    bool isTuple = node->kind == ExprKind::Tuple;
    begin(isTuple ? "tuple" : "array");
    Level level(*this);
    for (const Expr *element :
         isTuple ? as<TupleExpr>(node)->elements : as<ArrayExpr>(node)->elements)
      expr(element);
    return;
  }
  case ExprKind::Comprehension: {
    const ComprehensionExpr *comprehension = as<ComprehensionExpr>(node);
    begin("comprehension");
    Level level(*this);
    expr(comprehension->element);
    pattern(comprehension->pattern);
    return expr(comprehension->iterable);
  }
  case ExprKind::Call: {
    begin("call");
    Level level(*this);
    expr(as<CallExpr>(node)->callee);
    return args(as<CallExpr>(node)->args);
  }
  case ExprKind::Field: {
    beginWith("field", as<FieldExpr>(node)->field.text);
    Level level(*this);
    return expr(as<FieldExpr>(node)->base);
  }
  case ExprKind::Train: {
    begin("train");
    Level level(*this);
    expr(as<TrainExpr>(node)->loss);
    part("with", as<TrainExpr>(node)->optimizer);
    return args(as<TrainExpr>(node)->options);
  }
  default:
    return;
  }
}

void Printer::function(const FunctionStmt *function) {
  line(function->isExported ? "export-function" : "function", function->name.text, function->range);
  Level level(*this);
  params(function->params);
  part("result", function->resultType);
  part("body", function->body);
}

void Printer::stmt(const Stmt *node) {
  auto begin = [&](std::string_view kind) { line(kind, node->range); };
  auto beginWith = [&](std::string_view kind, std::string_view detail) {
    line(kind, detail, node->range);
  };
  switch (node->kind) {
  case StmtKind::Error:
    return begin("error");
  case StmtKind::Precision:
    return beginWith("precision", as<PrecisionStmt>(node)->type.text);
  case StmtKind::Use: {
    begin("use");
    Level level(*this);
    for (const UsedModule &used : as<UseStmt>(node)->modules)
      line(used.module.text, used.alias ? "as " + std::string(used.alias.text) : "",
           used.module.range);
    return;
  }
  case StmtKind::Import: {
    beginWith("import", as<ImportStmt>(node)->alias.text);
    Level level(*this);
    return expr(as<ImportStmt>(node)->path);
  }
  case StmtKind::Data: {
    beginWith("data", as<DataStmt>(node)->name.text);
    Level level(*this);
    return expr(as<DataStmt>(node)->path);
  }
  case StmtKind::Param: {
    beginWith("param", as<ParamStmt>(node)->name.text);
    Level level(*this);
    if (as<ParamStmt>(node)->type)
      type(as<ParamStmt>(node)->type);
    return expr(as<ParamStmt>(node)->value);
  }
  case StmtKind::Binding: {
    const BindingStmt *binding = as<BindingStmt>(node);
    begin(binding->isVar ? "var" : "let");
    Level level(*this);
    pattern(binding->pattern);
    if (binding->type)
      type(binding->type);
    return expr(binding->value);
  }
  case StmtKind::Function:
    return function(as<FunctionStmt>(node));
  case StmtKind::For: {
    begin("for");
    Level level(*this);
    pattern(as<ForStmt>(node)->pattern);
    expr(as<ForStmt>(node)->iterable);
    return expr(as<ForStmt>(node)->body);
  }
  case StmtKind::While: {
    begin("while");
    Level level(*this);
    expr(as<WhileStmt>(node)->condition);
    return expr(as<WhileStmt>(node)->body);
  }
  case StmtKind::Expr: {
    begin("expression");
    Level level(*this);
    return expr(as<ExprStmt>(node)->expr);
  }
  case StmtKind::Print: {
    begin("print");
    Level level(*this);
    for (const Expr *arg : as<PrintStmt>(node)->args)
      expr(arg);
    return;
  }
  case StmtKind::Assert: {
    begin("assert");
    Level level(*this);
    expr(as<AssertStmt>(node)->condition);
    return part("message", as<AssertStmt>(node)->message);
  }
  case StmtKind::Test: {
    begin("test");
    Level level(*this);
    expr(as<TestStmt>(node)->name);
    return expr(as<TestStmt>(node)->body);
  }
  case StmtKind::Assign: {
    const AssignStmt *assign = as<AssignStmt>(node);
    beginWith("assign", assign->op ? std::string(spelling(*assign->op)) + "=" : "=");
    Level level(*this);
    expr(assign->target);
    return expr(assign->value);
  }
  }
}

} // namespace

void printAst(const Ast &ast, const SourceFile &file, std::ostream &out, AstRanges ranges) {
  Printer printer(file, out, ranges);
  for (const Stmt *item : ast.items)
    printer.stmt(item);
}

} // namespace descent
