// Expressions but calls, indices and `train`.
#include "frontend/sema/Fold.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"
#include "frontend/sema/builtins/Support.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace descent::sema {

using namespace ast;

Value Specializer::evaluate(const Expr *expr) {
  if (!charge())
    return ErrorValue{};
  SourceRange around = std::exchange(builder.range, expr->range);
  Value value = evaluateKind(expr);
  builder.range = around;
  if (builder.tooLarge) {
    double count = 1;
    for (int64_t dim : builder.tooLarge->dims)
      count *= static_cast<double>(dim);
    diagnostics.error(expr->range, Msg::ArrayTooLarge, describe(*builder.tooLarge), toText(count),
                      Builder::kMaxElements);
    builder.tooLarge.reset();
    return ErrorValue{};
  }
  return value;
}

Value Specializer::evaluateKind(const Expr *expr) {
  switch (expr->kind) {
  case ExprKind::Error:
    return ErrorValue{};
  case ExprKind::Integer: {
    uint64_t value = as<IntegerExpr>(expr)->value;
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return errorAt(expr->range, Msg::LiteralRange, {std::string(sources.text(expr->range)), "i64"});
    return builder.known(static_cast<int64_t>(value), DType::I32, true);
  }
  case ExprKind::Float:
    return builder.known(as<FloatExpr>(expr)->value, defaultFloat, true);
  case ExprKind::Bool:
    return builder.known(as<BoolExpr>(expr)->value, DType::Bool);
  case ExprKind::String:
    return evaluateString(as<StringExpr>(expr));
  case ExprKind::Name:
    return evaluateName(as<NameExpr>(expr)->name, expr->range);
  case ExprKind::Unary: {
    auto unary = as<UnaryExpr>(expr);
    // The least i64 has no positive counterpart.
    auto literal = dyn<IntegerExpr>(unary->operand);
    if (unary->op == UnaryOp::Negate && literal && literal->value == uint64_t{1} << 63)
      return builder.known(std::numeric_limits<int64_t>::min(), DType::I32, true);
    Value operand = evaluateValue(unary->operand);
    return unaryOperator(unary->op == UnaryOp::Not ? "not" : "-", operand, expr->range);
  }
  case ExprKind::Binary:
    return evaluateBinary(as<BinaryExpr>(expr));
  case ExprKind::Range: {
    auto range = as<RangeExpr>(expr);
    Value bounds[2] = {evaluateValue(range->first), evaluateValue(range->last)};
    for (int i = 0; i < 2; ++i) {
      if (bounds[i].isError())
        return ErrorValue{};
      auto array = bounds[i].array();
      if (!array || !array->isScalar() || !isInteger(array->type.dtype))
        return errorAt((i == 0 ? range->first : range->last)->extent, Msg::TypeMismatch,
                       {describeType(bounds[i]), "an integer"});
    }
    return RangeValue{std::make_shared<Value>(bounds[0]), std::make_shared<Value>(bounds[1])};
  }
  case ExprKind::Lambda:
    return evaluateLambda(as<LambdaExpr>(expr));
  case ExprKind::If:
    return evaluateIf(as<IfExpr>(expr), true);
  case ExprKind::Block:
    return evaluateBlock(as<BlockExpr>(expr), true);
  case ExprKind::Tuple: {
    TupleValue tuple;
    size_t leaves = 0;
    for (const Expr *element : as<TupleExpr>(expr)->elements) {
      tuple.items.push_back(evaluateValue(element));
      leaves += leafCount(tuple.items.back());
    }
    charge(leaves);
    return tuple;
  }
  case ExprKind::Array:
    return evaluateArray(as<ArrayExpr>(expr));
  case ExprKind::Comprehension:
    return evaluateComprehension(as<ComprehensionExpr>(expr));
  case ExprKind::Record:
    return evaluateRecord(as<RecordExpr>(expr));
  case ExprKind::Call:
    return evaluateCall(as<CallExpr>(expr));
  case ExprKind::Index:
    return evaluateIndex(as<IndexExpr>(expr));
  case ExprKind::Field:
    return evaluateField(as<FieldExpr>(expr));
  case ExprKind::Train:
    return evaluateTrain(as<TrainExpr>(expr));
  }
  return ErrorValue{};
}

Value Specializer::evaluateValue(const Expr *expr) {
  Value value = evaluate(expr);
  if (value.as<NothingValue>())
    return errorAt(expr->extent, Msg::NoValue);
  if (auto refused = value.as<RefusedValue>())
    return errorAt(expr->extent, Msg::DataColumn, {refused->reason});
  return value;
}

Value Specializer::evaluateString(const StringExpr *expr) {
  TextValue text;
  for (const StringPart &part : expr->parts) {
    if (!part.value) {
      text.pieces.push_back({std::string(part.text), nullptr, "", part.range});
      continue;
    }
    Value value = evaluateValue(part.value);
    if (value.isError())
      return ErrorValue{};
    if (auto inner = value.as<TextValue>()) {
      text.pieces.insert(text.pieces.end(), inner->pieces.begin(), inner->pieces.end());
      continue;
    }
    text.pieces.push_back(
        {"", std::make_shared<Value>(std::move(value)), std::string(part.format.text), part.range});
  }
  return text;
}

// ---- Operators with more to them ---------------------------------------------------------------

std::optional<ArrayValue> Specializer::asCondition(const Value &value, SourceRange range,
                                                   std::string_view what) {
  if (value.isError())
    return std::nullopt;
  auto array = value.array();
  if (array && array->isScalar() && array->type.dtype == DType::Bool)
    return *array;
  diagnostics.error(range, Msg::ConditionType, what, describeType(value));
  return std::nullopt;
}

Value Specializer::evaluateBinary(const BinaryExpr *expr) {
  bool isLogical = expr->op == BinaryOp::And || expr->op == BinaryOp::Or;
  Value left = evaluateValue(expr->left);
  if (!isLogical) {
    Value right = evaluateValue(expr->right);
    return binaryOperator(spelling(expr->op), left, right, expr->left->extent, expr->right->extent,
                          expr->opRange);
  }
  if (left.isError())
    return left;
  auto array = left.array();
  if (!array || !array->isScalar() || array->type.dtype != DType::Bool) {
    Value right = evaluateValue(expr->right);
    return binaryOperator(spelling(expr->op), left, right, expr->left->extent, expr->right->extent,
                          expr->opRange);
  }
  bool decides = expr->op == BinaryOp::Or;
  if (array->known && truthOf(*array->known) == decides)
    return left;

  // What cannot fail is computed in any case; what can (an index, an assertion) waits for the left side.
  Region region;
  Value right;
  {
    Builder::RegionScope scope(builder, region);
    right = evaluateValue(expr->right);
  }
  auto splice = [&] {
    auto &ops = builder.region().ops;
    ops.insert(ops.end(), std::make_move_iterator(region.ops.begin()),
               std::make_move_iterator(region.ops.end()));
  };
  bool mayFail =
      std::ranges::any_of(region.ops, [](const Op &op) { return op.name == "check"; });
  auto second = right.array();
  bool isScalar = second && second->isScalar() && second->type.dtype == DType::Bool;
  if (array->known || !mayFail || !isScalar) {
    splice();
    return binaryOperator(spelling(expr->op), left, right, expr->left->extent, expr->right->extent,
                          expr->opRange);
  }
  auto describe = [&](size_t) { return std::pair(std::string("this"), expr->range); };
  Value shortCut = TupleValue{{builder.known(decides, DType::Bool)}};
  Value computed = TupleValue{{*second}};
  auto compute = [&] {
    splice();
    return computed;
  };
  auto skip = [&] { return shortCut; };
  Value result = decides ? branch(*array, skip, compute, describe)
                         : branch(*array, compute, skip, describe);
  auto tuple = result.as<TupleValue>();
  return tuple ? tuple->items.front() : Value(ErrorValue{});
}

Value Specializer::evaluateIf(const IfExpr *expr, bool isWanted) {
  std::vector<Variable *> variables = assignedVariables(expr);
  Value value = evaluateValue(expr->condition);
  auto condition = asCondition(value, expr->condition->extent, "`if`");
  if (!condition) {
    for (Variable *variable : variables)
      variable->value = ErrorValue{};
    return ErrorValue{};
  }
  auto evaluateSide = [&](bool side) -> Value {
    if (side)
      return evaluateBlock(expr->then, isWanted);
    if (!expr->otherwise)
      return NothingValue{};
    if (auto block = dyn<BlockExpr>(expr->otherwise))
      return evaluateBlock(block, isWanted);
    return evaluateIf(as<IfExpr>(expr->otherwise), isWanted);
  };
  if (condition->known)
    return evaluateSide(truthOf(*condition->known));

  isWanted &= expr->otherwise != nullptr;
  std::vector<Value> before;
  for (Variable *variable : variables)
    before.push_back(variable->value);
  auto runSide = [&](bool side) -> Value {
    TupleValue result;
    Value sideValue = evaluateSide(side);
    for (size_t i = 0; i < variables.size(); ++i) {
      result.items.push_back(variables[i]->value);
      variables[i]->value = before[i];
    }
    if (isWanted)
      result.items.push_back(std::move(sideValue));
    return result;
  };
  DescribeCarried describeVariable = describeVariables(variables, expr->range);
  auto describe = [&](size_t i) {
    return i < variables.size() ? describeVariable(i)
                                : std::pair(std::string("the value of this `if`"), expr->range);
  };
  Value result = branch(*condition, [&] { return runSide(true); }, [&] { return runSide(false); },
                        describe);
  auto tuple = result.as<TupleValue>();
  for (size_t i = 0; i < variables.size(); ++i)
    variables[i]->value = tuple ? tuple->items[i] : Value(ErrorValue{});
  if (!tuple)
    return ErrorValue{};
  return isWanted ? tuple->items.back() : Value(NothingValue{});
}

Value Specializer::evaluateBlock(const BlockExpr *block, bool isWanted) {
  ScopeGuard scope(*frame);
  const Expr *result = isWanted ? block->result() : nullptr;
  size_t count = block->statements.size() - (result ? 1 : 0);
  for (size_t i = 0; i < count && !exhausted; ++i)
    run(block->statements[i]);
  return result ? evaluate(result) : Value(NothingValue{});
}

Value Specializer::evaluateLambda(const LambdaExpr *expr) {
  return makeFunction("", expr->range, expr->params, nullptr, expr->body, expr);
}

// ---- Arrays and records ------------------------------------------------------------------------

namespace {

/// The elements of nested brackets in row-major order, where those form a regular array.
bool collectElements(const ArrayExpr *array, size_t depth, std::vector<int64_t> &shape,
                     std::vector<const Expr *> &elements) {
  int64_t size = static_cast<int64_t>(array->elements.size());
  bool isFirst = shape.size() == depth;
  if (isFirst && !elements.empty()) // brackets beside single elements
    return false;
  if (isFirst)
    shape.push_back(size);
  if (shape[depth] != size)
    return false;
  for (const Expr *element : array->elements) {
    auto inner = dyn<ArrayExpr>(element);
    if (inner && !inner->elements.empty()) {
      if (!collectElements(inner, depth + 1, shape, elements))
        return false;
    } else {
      if (shape.size() > depth + 1)
        return false;
      elements.push_back(element);
    }
  }
  return true;
}

} // namespace

Value Specializer::evaluateArray(const ArrayExpr *expr) {
  if (expr->elements.empty()) {
    ConstantData none;
    if (isFloat(defaultFloat))
      none.elements = std::vector<double>{};
    return builder.appendOne("constant", {}, {defaultFloat, {0}}, {{"value", std::move(none)}});
  }
  std::vector<int64_t> shape;
  std::vector<const Expr *> elements;
  if (!collectElements(expr, 0, shape, elements)) {
    // Rows of brackets beside other rows, or of different lengths: each by itself.
    shape = {static_cast<int64_t>(expr->elements.size())};
    elements.assign(expr->elements.begin(), expr->elements.end());
  }
  std::vector<Value> values;
  std::vector<SourceRange> ranges;
  bool isRight = true;
  for (const Expr *element : elements) {
    values.push_back(evaluateValue(element));
    ranges.push_back(element->extent);
    isRight &= !values.back().isError();
  }
  if (!isRight)
    return ErrorValue{};
  return stacked(values, ranges, expr->range, shape);
}

/// The numbers of literals; null where one is none.
static std::shared_ptr<const std::vector<double>> literalsOf(std::span<const ArrayValue> items) {
  std::vector<double> numbers;
  for (const ArrayValue &item : items) {
    if (!item.weak || !item.known || item.type.dtype == DType::Bool)
      return nullptr;
    numbers.push_back(numberOf(*item.known));
  }
  return std::make_shared<const std::vector<double>>(std::move(numbers));
}

Value Specializer::stacked(std::span<const Value> items, std::span<const SourceRange> ranges,
                           SourceRange range, std::span<const int64_t> outer) {
  std::vector<int64_t> shape(outer.begin(), outer.end());
  if (shape.empty())
    shape.push_back(static_cast<int64_t>(items.size()));
  if (items.empty())
    return errorAt(range, Msg::RaggedArray, {"nothing"});
  auto differ = [&](const Value &a, const Value &b, SourceRange at) {
    diagnostics.error(range, Msg::RaggedArray, describeType(a) + " and " + describeType(b)).point(at);
    return ErrorValue{};
  };
  std::vector<std::vector<ArrayValue>> leaves;
  for (size_t i = 0; i < items.size(); ++i) {
    Value item = asArray(items[i], ranges[i]);
    if (item.isError())
      return item;
    if (!isData(item))
      return errorAt(ranges[i], Msg::TypeMismatch, {describeType(item), "an array"});
    if (i > 0 && !sameStructure(asArray(items[0], ranges[0]), item))
      return differ(items[0], item, ranges[i]);
    leaves.push_back(leavesOf(item));
  }
  std::vector<ArrayValue> result;
  for (size_t k = 0; k < leaves[0].size(); ++k) {
    std::vector<ArrayValue> column;
    for (size_t i = 0; i < items.size(); ++i) {
      if (leaves[i][k].type.dims != leaves[0][k].type.dims)
        return differ(items[0], items[i], ranges[i]);
      column.push_back(leaves[i][k]);
    }
    if (!unify(column, ranges, range))
      return ErrorValue{};
    std::shared_ptr<const std::vector<double>> literals = literalsOf(column);
    bool areKnown = true;
    for (size_t i = 0; i < column.size(); ++i) {
      auto strong = settled(column[i], ranges[i]);
      if (!strong)
        return ErrorValue{};
      column[i] = std::move(*strong);
      areKnown &= column[i].known.has_value();
    }
    TensorType type = column[0].type;
    type.dims.insert(type.dims.begin(), shape.begin(), shape.end());
    if (areKnown) {
      ConstantData data;
      if (isFloat(type.dtype)) {
        std::vector<double> elements;
        for (const ArrayValue &element : column)
          elements.push_back(numberOf(*element.known));
        data.elements = std::move(elements);
      } else {
        std::vector<int64_t> elements;
        for (const ArrayValue &element : column)
          elements.push_back(integerOf(*element.known));
        data.elements = std::move(elements);
      }
      result.push_back(builder.constant(std::move(data), type));
      result.back().literals = std::move(literals);
      continue;
    }
    std::vector<int64_t> row = column[0].type.dims;
    row.insert(row.begin(), 1);
    for (ArrayValue &element : column)
      element = builder.reshape(element, row);
    result.push_back(builder.reshape(builder.concat(column, 0), type.dims));
  }
  return rebuilt(asArray(items[0], ranges[0]), result);
}

Value Specializer::asArray(const Value &value, SourceRange range) {
  auto bounds = value.as<RangeValue>();
  if (!bounds)
    return value;
  auto lower = bounds->lower->knownInteger(), upper = bounds->upper->knownInteger();
  if (!lower || !upper)
    return errorAt(range, Msg::NotKnown, {"the length of a range", "its bounds"});
  auto first = settled(*bounds->lower->array(), range);
  auto last = settled(*bounds->upper->array(), range);
  if (!first || !last)
    return ErrorValue{};
  int64_t size = std::max<int64_t>(0, *upper - *lower);
  DType dtype = first->type.dtype == DType::I64 || last->type.dtype == DType::I64 ? DType::I64
                                                                                   : DType::I32;
  ArrayValue result = builder.iota({dtype, {size}}, 0);
  if (*lower == 0)
    return result;
  ArrayValue offset = builder.splat(static_cast<double>(*lower), result.type);
  result = builder.binary("add", result, offset);
  if (size > 0)
    result.bounds = std::pair(*lower, *upper - 1);
  return result;
}

Value Specializer::evaluateRecord(const RecordExpr *expr) {
  RecordValue record;
  size_t leaves = 0;
  std::vector<std::string_view> written;
  auto set = [&](const std::string &name, Value value) {
    for (auto &[field, present] : record.fields)
      if (field == name) {
        present = std::move(value);
        return;
      }
    record.fields.emplace_back(name, std::move(value));
  };
  for (const RecordEntry &entry : expr->entries) {
    Value value = evaluateValue(entry.value);
    leaves += leafCount(value);
    if (!entry.isSpread()) {
      if (std::ranges::find(written, entry.name.text) != written.end())
        diagnostics.error(entry.name.range, Msg::DuplicateField, entry.name.text);
      written.push_back(entry.name.text);
      set(std::string(entry.name.text), std::move(value));
      continue;
    }
    if (value.isError())
      return ErrorValue{};
    auto spread = value.as<RecordValue>();
    if (!spread)
      return errorAt(entry.value->extent, Msg::TypeMismatch, {describeType(value), "a record"});
    for (const auto &[name, item] : spread->fields)
      set(name, item);
  }
  charge(leaves);
  return record;
}

Value Specializer::evaluateField(const FieldExpr *expr) {
  Value base = evaluateValue(expr->base);
  if (base.isError())
    return base;
  std::string_view name = expr->field.text;
  std::vector<std::string> names;
  if (auto record = base.as<RecordValue>()) {
    for (const auto &[field, value] : record->fields) {
      if (field == name)
        return value;
      names.push_back(field);
    }
  } else if (auto module = base.as<std::shared_ptr<ModuleValue>>()) {
    Module &file = *(*module)->module;
    if (Variable *member = file.find(name)) {
      if (member->kind == Variable::Kind::Parameter)
        noteParamRead(member);
      if (!member->isBound)
        return errorAt(expr->field.range, Msg::UsedBeforeBound, {name});
      return member->value;
    }
    for (const Variable &member : file.globals)
      names.emplace_back(member.name);
  } else if (auto array = base.array()) {
    if (name == "shape")
      return builder.integers(array->type.dims);
    if (name == "ndim")
      return builder.known(array->rank(), DType::I32);
    if (name == "size")
      return builder.known(array->type.elementCount(), DType::I32, true);
    if (name == "dtype")
      return DTypeValue{array->type.dtype};
    if (name == "T") {
      std::vector<int64_t> permutation;
      for (int64_t i = array->rank(); i-- > 0;)
        permutation.push_back(i);
      return builder.transpose(*array, permutation);
    }
    names = {"shape", "ndim", "size", "dtype", "T"};
  }
  std::string what = base.as<RecordValue>() || base.array()
                         ? describeType(base)
                         : "`" + std::string(sources.text(expr->base->extent)) + "`";
  auto report = diagnostics.error(expr->range, Msg::UnknownField, what, name);
  report.point(expr->field.range);
  if (base.array() && (findBuiltin(name) || (preludeModule && preludeModule->find(name)))) {
    report.note("functions are no methods: write `" + std::string(name) + "(…)` with it as an argument");
    return ErrorValue{};
  }
  auto meant = closestName(name, names);
  report.suggest(expr->field.range, meant);
  if (!meant && base.as<RecordValue>() && !names.empty() && names.size() <= 20) {
    std::string list;
    for (const std::string &field : names)
      list += (list.empty() ? "" : ", ") + field;
    report.note("its fields are " + list);
  }
  return ErrorValue{};
}

// ---- Comprehensions ----------------------------------------------------------------------------

Value Specializer::evaluateComprehension(const ComprehensionExpr *expr) {
  Value iterable = evaluateValue(expr->iterable);
  if (iterable.isError())
    return iterable;
  SourceRange at = expr->iterable->extent;
  auto element = [&](const Value &item) {
    ScopeGuard scope(*frame);
    bindPattern(expr->pattern, item, Variable::Kind::Loop, at);
    return evaluateValue(expr->element);
  };
  if (auto tuple = iterable.as<TupleValue>()) {
    std::vector<Value> values;
    for (const Value &item : tuple->items) {
      values.push_back(element(item));
      if (values.back().isError())
        return ErrorValue{};
    }
    std::vector<SourceRange> ranges(values.size(), expr->element->extent);
    return stacked(values, ranges, expr->range);
  }
  if (auto range = iterable.as<RangeValue>())
    if (!range->lower->knownInteger() || !range->upper->knownInteger())
      return errorAt(at, Msg::NotKnown, {"the length of a comprehension", "the bounds of its range"});
  Value inputs = rowsOf(iterable, at);
  if (inputs.isError())
    return inputs;
  auto size = leadingSize(inputs, at);
  if (!size)
    return ErrorValue{};
  return vmapped(*size, inputs, element, expr->element->extent);
}

Value Specializer::rowsOf(const Value &iterable, SourceRange range) {
  if (auto zip = iterable.as<ZipValue>()) {
    TupleValue columns;
    for (const Value &item : zip->items)
      columns.items.push_back(rowsOf(item, range));
    return columns;
  }
  return asArray(iterable, range);
}

size_t Specializer::leafCount(const Value &value) {
  size_t count = 1;
  if (auto tuple = value.as<TupleValue>()) {
    for (const Value &item : tuple->items)
      count += leafCount(item);
  } else if (auto record = value.as<RecordValue>()) {
    for (const auto &[name, item] : record->fields)
      count += leafCount(item);
  }
  return count;
}

} // namespace descent::sema
