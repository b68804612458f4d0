// Statements: bindings, assignments, loops, assertions.
#include "frontend/sema/Fold.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"

#include <algorithm>

namespace descent::sema {

using namespace ast;
using Kind = Variable::Kind;

// ---- Names -------------------------------------------------------------------------------------

Variable *Specializer::lookup(std::string_view name) {
  if (Variable *variable = frame->find(name))
    return variable;
  return frame->module->find(name);
}

Variable *Specializer::declare(std::string_view name, Kind kind, SourceRange range, Value value) {
  if (name == "_")
    return nullptr;
  if (!frame->scopes.empty()) {
    auto &variables = frame->scopes.back().variables;
    variables.push_back({name, kind, range, std::move(value), true, range});
    return &variables.back();
  }
  Variable *variable = frame->module->find(name);
  if (!variable || variable->range != range) // bound twice: reported, the first stays
    return nullptr;
  variable->value = std::move(value);
  variable->isBound = true;
  return variable;
}

Value Specializer::evaluateName(std::string_view name, SourceRange range) {
  if (Variable *variable = lookup(name)) {
    if (!variable->isBound) {
      if (frame->function)
        diagnostics.error(range, Msg::UsedBeforeBound, name)
            .note(variable->range, "it is bound here");
      return ErrorValue{};
    }
    if (variable->kind == Kind::Parameter)
      noteParamRead(variable);
    return variable->value;
  }
  if (const Builtin *builtin = findBuiltin(name)) {
    FunctionPointer &function = builtinFunctions[builtin];
    if (!function) {
      function = std::make_shared<FunctionValue>();
      function->name = std::string(builtin->name);
      function->builtin = builtin;
    }
    return function;
  }
  if (auto constant = builtinConstant(name))
    return *constant;
  if (Module *library = prelude())
    if (Variable *variable = library->find(name); variable && variable->isBound)
      return variable->value;
  return ErrorValue{}; // the resolver has reported it
}

void Specializer::noteParamRead(Variable *variable) {
  for (ParamReads *reads : paramReads)
    if (std::ranges::find(reads->variables, variable) == reads->variables.end())
      reads->variables.push_back(variable);
}

FunctionPointer Specializer::makeFunction(std::string_view name, SourceRange range,
                                          List<Param> params, const ast::Type *resultType,
                                          const Expr *body, const void *node) {
  auto function = std::make_shared<FunctionValue>();
  function->name = std::string(name);
  function->range = range;
  function->module = frame->module;
  function->params = params;
  function->resultType = resultType;
  function->body = body;
  auto captures = resolution.captures.find(node);
  if (captures != resolution.captures.end())
    for (std::string_view captured : captures->second)
      if (Variable *variable = lookup(captured))
        function->captured.emplace_back(captured, variable->value);
  return function;
}

void Specializer::bindPattern(const Pattern *pattern, const Value &value, Kind kind,
                              SourceRange valueRange) {
  if (auto name = dyn<NamePattern>(pattern)) {
    declare(name->name, kind, name->range, value);
    return;
  }
  auto refuse = [&](const std::string &wanted) {
    if (!value.isError())
      diagnostics.error(pattern->range, Msg::PatternMismatch, describeType(value), wanted);
  };
  if (auto tuple = dyn<TuplePattern>(pattern)) {
    size_t count = tuple->elements.size();
    std::vector<Value> parts;
    if (auto items = value.as<TupleValue>()) {
      parts = items->items;
    } else if (auto array = value.array(); array && !array->isScalar() &&
                                           array->type.dims[0] == static_cast<int64_t>(count)) {
      for (size_t i = 0; i < count; ++i)
        parts.push_back(rowAt(*array, static_cast<int64_t>(i)));
    }
    if (parts.size() != count) {
      refuse(std::to_string(count) + (count == 1 ? " item" : " items"));
      parts.assign(count, ErrorValue{});
    }
    for (size_t i = 0; i < count; ++i)
      bindPattern(tuple->elements[i], parts[i], kind, valueRange);
    return;
  }
  if (auto record = dyn<RecordPattern>(pattern)) {
    auto fields = value.as<RecordValue>();
    if (!fields)
      refuse("a record");
    for (const FieldPattern &field : record->fields) {
      Value part;
      bool isFound = false;
      if (fields)
        for (const auto &[name, item] : fields->fields)
          if (name == field.name.text) {
            part = item;
            isFound = true;
          }
      if (fields && !isFound)
        diagnostics.error(field.name.range, Msg::UnknownField, describeType(value), field.name.text);
      bindPattern(field.pattern, part, kind, valueRange);
    }
  }
}

/// Row `index` of an array, known at compile time.
ArrayValue Specializer::rowAt(const ArrayValue &array, int64_t index) {
  Selection selection;
  for (size_t i = 0; i < array.type.dims.size(); ++i) {
    AxisIndex axis;
    axis.count = array.type.dims[i];
    if (i == 0) {
      axis.kind = AxisIndex::Kind::At;
      axis.start = index;
      axis.count = 1;
    } else {
      selection.order.push_back(static_cast<int>(i));
    }
    selection.axes.push_back(std::move(axis));
  }
  return *select(array, selection, builder.range);
}

// ---- Statements --------------------------------------------------------------------------------

void Specializer::run(const Stmt *stmt) {
  if (!charge())
    return;
  SourceRange around = std::exchange(builder.range, stmt->range);
  runKind(stmt);
  builder.range = around;
}

void Specializer::runKind(const Stmt *stmt) {
  switch (stmt->kind) {
  case StmtKind::Error:
    if (auto error = as<ErrorStmt>(stmt); error->name)
      declare(error->name.text, Kind::Error, error->name.range, ErrorValue{});
    return;
  case StmtKind::Precision:
  case StmtKind::Test:
    return; // the file's, and after the rest
  case StmtKind::Use:
    return runUse(as<UseStmt>(stmt));
  case StmtKind::Import:
    return runImport(as<ImportStmt>(stmt));
  case StmtKind::Data:
    return runData(as<DataStmt>(stmt));
  case StmtKind::Param:
    return runParam(as<ParamStmt>(stmt));
  case StmtKind::Binding:
    return runBinding(as<BindingStmt>(stmt));
  case StmtKind::Function: {
    auto function = as<FunctionStmt>(stmt);
    if (!frame->scopes.empty())
      declare(function->name.text, Kind::Function, function->name.range,
              makeFunction(function->name.text, function->name.range, function->params,
                           function->resultType, function->body, function));
    else if (function->isExported)
      runExport(function);
    return;
  }
  case StmtKind::For:
    return runFor(as<ForStmt>(stmt));
  case StmtKind::While:
    return runWhile(as<WhileStmt>(stmt));
  case StmtKind::Expr: {
    const Expr *expr = as<ExprStmt>(stmt)->expr;
    if (auto choice = dyn<IfExpr>(expr))
      evaluateIf(choice, false);
    else if (auto block = dyn<BlockExpr>(expr))
      evaluateBlock(block, false);
    else
      evaluate(expr);
    return;
  }
  case StmtKind::Print:
    return runPrint(as<PrintStmt>(stmt));
  case StmtKind::Assert:
    return runAssert(as<AssertStmt>(stmt));
  case StmtKind::Assign:
    return runAssign(as<AssignStmt>(stmt));
  }
}

void Specializer::runBinding(const BindingStmt *stmt) {
  Value value = evaluateValue(stmt->value);
  auto name = dyn<NamePattern>(stmt->pattern);
  bool isOfFile = frame->scopes.empty() && frame->module == mainModule;
  if (name && isOfFile && !stmt->isVar)
    applySetting(stmt, name->name, value);
  if (stmt->type)
    value = checkAnnotation(stmt->type, value, stmt->value->extent);
  else if (!literalsFit(value, stmt->value->extent))
    value = ErrorValue{};
  bindPattern(stmt->pattern, value, stmt->isVar ? Kind::Var : Kind::Let, stmt->value->extent);
}

/// A literal stays weak under its name, but must fit in the type that it has alone.
bool Specializer::literalsFit(const Value &value, SourceRange range) {
  for (const ArrayValue &leaf : leavesOf(value))
    if (leaf.weak && leaf.known && isInteger(leaf.type.dtype) && !settled(leaf, range))
      return false;
  return true;
}

void Specializer::runAssign(const AssignStmt *stmt) {
  const NameExpr *name = stmt->variable();
  Value given = evaluateValue(stmt->value);
  Variable *variable = lookup(name->name);
  if (!variable || variable->kind != Kind::Var || !variable->isBound)
    return; // reported by the resolver
  variable->assigned = stmt->range;
  if (is<IndexExpr>(stmt->target)) {
    variable->value = assignElements(stmt, variable->value, given);
    return;
  }
  if (stmt->op)
    given = binaryOperator(spelling(*stmt->op), variable->value, given, name->range,
                           stmt->value->extent, stmt->opRange);
  variable->value = std::move(given);
}

void Specializer::runAssert(const AssertStmt *stmt) {
  Value value = evaluateValue(stmt->condition);
  TextValue message;
  if (stmt->message) {
    Value text = evaluateString(stmt->message);
    if (auto given = text.as<TextValue>())
      message = *given;
  } else {
    std::string condition(sources.text(stmt->condition->extent));
    message.pieces.push_back({"assertion failed: " + condition, nullptr, "", {}});
  }
  if (value.isError())
    return;
  auto array = value.array();
  if (!array || array->type.dtype != DType::Bool) {
    diagnostics.error(stmt->condition->extent, Msg::ConditionType, "`assert`", describeType(value));
    return;
  }
  if (array->known && truthOf(*array->known))
    return;
  // Under `descent test` the rest of the script goes on, so that its test blocks are reached.
  if (options.tests && effectsPaused == 0) {
    std::vector<ArrayValue> operands;
    std::optional<abi::Text> text = effectText(message, operands);
    if (!text)
      return;
    operands.push_back(*array);
    emitEffect(abi::TestAssertEffect{std::move(*text)}, operands, stmt->condition->extent);
    return;
  }
  check(abi::Check::Kind::Assert, *array, message, stmt->condition->extent);
}

// ---- Loops -------------------------------------------------------------------------------------

std::vector<Variable *> Specializer::assignedVariables(const void *construct) {
  std::vector<Variable *> variables;
  auto effects = resolution.effects.find(construct);
  if (effects == resolution.effects.end())
    return variables;
  for (std::string_view name : effects->second.assigned)
    if (Variable *variable = lookup(name))
      variables.push_back(variable);
  if (effects->second.trains)
    for (const std::unique_ptr<Module> &module : modules)
      for (Variable &variable : module->globals)
        if (variable.kind == Kind::Parameter && variable.isBound)
          variables.push_back(&variable);
  return variables;
}

Specializer::DescribeCarried
Specializer::describeVariables(const std::vector<Variable *> &variables, SourceRange range) {
  return [variables, range](size_t i) {
    SourceRange assigned = variables[i]->assigned;
    bool isInside = assigned.isValid() && range.contains(assigned);
    return std::pair("`" + std::string(variables[i]->name) + "`", isInside ? assigned : range);
  };
}

namespace {

Value valuesOf(const std::vector<Variable *> &variables) {
  TupleValue tuple;
  for (const Variable *variable : variables)
    tuple.items.push_back(variable->value);
  return tuple;
}

/// Gives variables the items of a tuple; errors where it is none.
void assignAll(const std::vector<Variable *> &variables, const Value &values) {
  auto tuple = values.as<TupleValue>();
  for (size_t i = 0; i < variables.size(); ++i)
    variables[i]->value = tuple ? tuple->items[i] : Value(ErrorValue{});
}

} // namespace

void Specializer::runFor(const ForStmt *stmt) {
  Value iterable = evaluateValue(stmt->iterable);
  std::vector<Variable *> variables = assignedVariables(stmt);
  SourceRange at = stmt->iterable->extent;
  if (iterable.isError()) {
    assignAll(variables, ErrorValue{});
    return;
  }
  auto runBody = [&](const Value &item) {
    ScopeGuard scope(*frame);
    bindPattern(stmt->pattern, item, Kind::Loop, at);
    evaluateBlock(stmt->body, false);
  };
  if (auto tuple = iterable.as<TupleValue>()) {
    for (const Value &item : tuple->items) {
      if (exhausted)
        return;
      runBody(item);
    }
    return;
  }

  ArrayValue bounds[2] = {builder.known(int64_t{0}, DType::I32), {}};
  Value rows;
  if (auto range = iterable.as<RangeValue>()) {
    bounds[0] = *range->lower->array();
    bounds[1] = *range->upper->array();
    SourceRange ranges[2] = {at, at};
    if (!unify(bounds, ranges, at))
      return;
    for (ArrayValue &bound : bounds) {
      auto strong = settled(bound, at);
      if (!strong)
        return;
      bound = bound.type.dtype == DType::U32 ? builder.convert(*strong, DType::I64) : *strong;
    }
  } else {
    rows = rowsOf(iterable, at);
    auto size = rows.isError() ? std::nullopt : leadingSize(rows, at);
    if (!size) {
      assignAll(variables, ErrorValue{});
      return;
    }
    bounds[1] = builder.known(*size, DType::I32);
  }
  if (bounds[0].known && bounds[1].known &&
      integerOf(*bounds[0].known) >= integerOf(*bounds[1].known))
    return; // no step at all
  Value before = valuesOf(variables);
  auto body = [&](const ArrayValue &counter, const Value &carried) {
    assignAll(variables, carried);
    runBody(rows.isError() ? Value(counter) : elementAt(rows, counter));
    return valuesOf(variables);
  };
  Value result =
      forLoop(bounds[0], bounds[1], before, body, describeVariables(variables, stmt->range));
  assignAll(variables, result);
}

void Specializer::runWhile(const WhileStmt *stmt) {
  std::vector<Variable *> variables = assignedVariables(stmt);
  auto condition = [&](const Value &carried) -> std::optional<ArrayValue> {
    assignAll(variables, carried);
    Value value = evaluateValue(stmt->condition);
    return asCondition(value, stmt->condition->extent, "`while`");
  };
  auto body = [&](const Value &carried) {
    assignAll(variables, carried);
    evaluateBlock(stmt->body, false);
    return valuesOf(variables);
  };
  Value before = valuesOf(variables);
  Value result = whileLoop(before, condition, body, describeVariables(variables, stmt->range));
  assignAll(variables, result);
}

} // namespace descent::sema
