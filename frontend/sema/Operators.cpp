// The operators of expressions, on arrays and on whole records and tuples.
#include "frontend/sema/Fold.h"
#include "frontend/sema/Specializer.h"
#include "frontend/sema/Structure.h"
#include "frontend/sema/builtins/Linear.h"

#include <array>
#include <cmath>

namespace descent::sema {
namespace {

struct OperatorRow {
  std::string_view symbol;
  std::string_view operation;
  bool isComparison;
};

constexpr std::array<OperatorRow, 15> kOperators{{
    {"+", "add", false},
    {"-", "sub", false},
    {"*", "mul", false},
    {"/", "div", false},
    {"//", "floordiv", false},
    {"%", "mod", false},
    {"^", "pow", false},
    {"==", "eq", true},
    {"!=", "ne", true},
    {"<", "lt", true},
    {"<=", "le", true},
    {">", "gt", true},
    {">=", "ge", true},
    {"and", "and", false},
    {"or", "or", false},
}};

const OperatorRow &rowOf(std::string_view symbol) {
  for (const OperatorRow &row : kOperators)
    if (row.symbol == symbol)
      return row;
  return kOperators.front();
}

std::string quoted(std::string_view op) {
  return "`" + std::string(op) + "`";
}

bool isTree(const Value &value) {
  return value.as<TupleValue>() || value.as<RecordValue>();
}

/// The text, where it is known: nothing in it is interpolated.
std::optional<std::string> plainText(const Value &value) {
  auto text = value.as<TextValue>();
  if (!text)
    return std::nullopt;
  std::string result;
  for (const TextValue::Piece &piece : text->pieces) {
    if (piece.value)
      return std::nullopt;
    result += piece.literal;
  }
  return result;
}

} // namespace

Value Specializer::binaryOperator(std::string_view op, const Value &lhs, const Value &rhs,
                                  SourceRange lhsRange, SourceRange rhsRange, SourceRange opRange) {
  if (hasError(lhs) || hasError(rhs) || !charge())
    return ErrorValue{};
  auto refuse = [&]() -> Value {
    auto &&report = diagnostics
                        .error(join(lhsRange, rhsRange), Msg::DtypeMismatch, quoted(op),
                               describeType(lhs) + " and " + describeType(rhs))
                        .point(opRange)
                        .also(lhsRange)
                        .also(rhsRange);
    if ((lhs.array() && rhs.as<TupleValue>()) || (lhs.as<TupleValue>() && rhs.array()))
      report.note("in brackets, `[3, 2]`, it is an array");
    return ErrorValue{};
  };

  auto leftText = plainText(lhs), rightText = plainText(rhs);
  if (leftText && rightText && (op == "==" || op == "!="))
    return builder.known((*leftText == *rightText) == (op == "=="), DType::Bool);
  auto leftType = lhs.as<DTypeValue>(), rightType = rhs.as<DTypeValue>();
  if (leftType && rightType && (op == "==" || op == "!="))
    return builder.known((leftType->dtype == rightType->dtype) == (op == "=="), DType::Bool);

  if (isTree(lhs) || isTree(rhs)) {
    if (op == "@" || op == "and" || op == "or" || rowOf(op).isComparison)
      return refuse();
    auto item = [&](const Value &a, const Value &b) {
      return binaryOperator(op, a, b, lhsRange, rhsRange, opRange);
    };
    auto isScalar = [](const Value &v) { return v.array() && v.array()->isScalar(); };
    if (isScalar(rhs))
      return mapArrays(lhs, [&](const ArrayValue &a) { return item(a, rhs); });
    if (isScalar(lhs))
      return mapArrays(rhs, [&](const ArrayValue &b) { return item(lhs, b); });
    if (!isTree(lhs) || !isTree(rhs))
      return refuse();
    if (!sameStructure(lhs, rhs)) {
      diagnostics
          .error(join(lhsRange, rhsRange), Msg::StructureMismatch, describeType(lhs),
                 describeType(rhs))
          .point(opRange)
          .also(lhsRange)
          .also(rhsRange);
      return ErrorValue{};
    }
    std::vector<ArrayValue> a = leavesOf(lhs), b = leavesOf(rhs);
    std::vector<ArrayValue> result;
    for (size_t i = 0; i < a.size(); ++i) {
      Value value = item(a[i], b[i]);
      if (!value.array())
        return ErrorValue{};
      result.push_back(*value.array());
    }
    return rebuilt(lhs, result);
  }

  Value left = asArray(lhs, lhsRange), right = asArray(rhs, rhsRange);
  if (left.isError() || right.isError())
    return ErrorValue{};
  if (!left.array() || !right.array())
    return refuse();
  if (op == "@")
    return matmul(*this, left, right, lhsRange, rhsRange, opRange);
  return arithmetic(op, *left.array(), *right.array(), lhsRange, rhsRange, opRange);
}

Value Specializer::arithmetic(std::string_view op, ArrayValue lhs, ArrayValue rhs,
                              SourceRange lhsRange, SourceRange rhsRange, SourceRange opRange) {
  const OperatorRow &row = rowOf(op);
  auto refuse = [&](const std::string &operands) -> Value {
    diagnostics.error(join(lhsRange, rhsRange), Msg::DtypeMismatch, quoted(op), operands)
        .point(opRange)
        .also(lhsRange)
        .also(rhsRange);
    return ErrorValue{};
  };
  std::string types = describe(lhs.type) + " and " + describe(rhs.type);
  DType x = lhs.type.dtype, y = rhs.type.dtype;
  bool areLogical = row.operation == "and" || row.operation == "or";
  if (areLogical && (x != DType::Bool || y != DType::Bool))
    return refuse(types);
  bool isEquality = row.operation == "eq" || row.operation == "ne";
  if ((x == DType::Key || y == DType::Key) && !(isEquality && x == y))
    return refuse(types);

  if (row.operation == "pow" && x == DType::Bool && y == DType::Bool) {
    diagnostics.error(join(lhsRange, rhsRange), Msg::DtypeMismatch, quoted(op), types)
        .point(opRange)
        .also(lhsRange)
        .also(rhsRange)
        .note("`a != b` holds where one of two truth values does");
    return ErrorValue{};
  }
  if (!areLogical && !row.isComparison) {
    // Truth values count as 0 and 1 among numbers.
    if (x == DType::Bool && y == DType::Bool) {
      lhs = builder.convert(lhs, DType::I32);
      rhs = builder.convert(rhs, DType::I32);
    }
    if (row.operation == "pow")
      return power(std::move(lhs), std::move(rhs), lhsRange, rhsRange, opRange);
    bool areIntegers = isInteger(lhs.type.dtype) && isInteger(rhs.type.dtype);
    if (row.operation == "div" && !isFloat(x) && !isFloat(y)) {
      // Known integers stay literals, `1/2` is 0.5 of any precision.
      for (ArrayValue *operand : {&lhs, &rhs})
        *operand = operand->weak && operand->known
                       ? builder.known(*operand->known, defaultFloat, true)
                       : builder.convert(*operand, defaultFloat);
    }
    if ((row.operation == "floordiv" || row.operation == "mod") && areIntegers && rhs.known &&
        integerOf(*rhs.known) == 0) {
      diagnostics.error(join(lhsRange, rhsRange), Msg::DivisionByZero)
          .point(opRange)
          .also(rhsRange);
      return ErrorValue{};
    }
  }

  ArrayValue operands[] = {std::move(lhs), std::move(rhs)};
  SourceRange ranges[] = {lhsRange, rhsRange};
  if (!unify(operands, ranges, opRange))
    return ErrorValue{};
  if (row.isComparison)
    return builder.compare(row.operation, operands[0], operands[1]);
  return builder.binary(row.operation, operands[0], operands[1]);
}

/// Small integer powers known at compile time are products, as a person would write them: exact for
/// small integers. Of floats, up to the sixth (the reciprocal of the fourth): the errors of more
/// roundings, 3.3 units in the last place for the sixth and 4.2 for the seventh, would exceed those
/// of the power function.
Value Specializer::power(ArrayValue base, ArrayValue exponent, SourceRange lhsRange,
                         SourceRange rhsRange, SourceRange opRange) {
  constexpr double kMostProducts = 64, kHighestPower = 6, kLowestPower = -4;
  if (exponent.known) {
    double n = numberOf(*exponent.known);
    bool baseIsFloat = isFloat(base.type.dtype);
    // The type of the result is that of any operation on the two.
    if (!baseIsFloat && isFloat(exponent.type.dtype)) {
      std::optional<DType> dtype = promote(base, exponent);
      bool weak = base.weak && exponent.weak;
      base = weak && base.known ? builder.known(*base.known, *dtype, true)
                                : builder.convert(base, *dtype);
      baseIsFloat = true;
    }
    if (n < 0 && !baseIsFloat) {
      base = base.weak && base.known ? builder.known(*base.known, defaultFloat, true)
                                     : builder.convert(base, defaultFloat);
      baseIsFloat = true;
    }
    if (baseIsFloat && !exponent.weak && isFloat(exponent.type.dtype))
      if (auto dtype = promote(base, exponent); dtype && *dtype != base.type.dtype)
        base = builder.convert(base, *dtype);
    bool isProduct = n == std::floor(n) && (baseIsFloat ? n <= kHighestPower && n >= kLowestPower
                                                        : std::abs(n) <= kMostProducts);
    if (isProduct && !(base.known && !baseIsFloat)) {
      int64_t count = static_cast<int64_t>(std::abs(n));
      if (count == 0)
        return builder.splat(1, base.type);
      std::optional<ArrayValue> result;
      for (ArrayValue square = base; count > 0; count >>= 1) {
        if (count & 1)
          result = result ? builder.binary("mul", *result, square) : square;
        if (count > 1)
          square = builder.binary("mul", square, square);
      }
      if (n > 0)
        return *result;
      ArrayValue one = builder.splat(1, result->type);
      one.weak = one.known && result->weak;
      return builder.binary("div", one, *result);
    }
    if (baseIsFloat && n == 0.5)
      return builder.unary("sqrt", base);
  }
  ArrayValue operands[] = {std::move(base), std::move(exponent)};
  SourceRange ranges[] = {lhsRange, rhsRange};
  if (!unify(operands, ranges, opRange))
    return ErrorValue{};
  return builder.binary("pow", operands[0], operands[1]);
}

Value Specializer::unaryOperator(std::string_view op, const Value &operand, SourceRange range) {
  if (operand.isError() || !charge())
    return ErrorValue{};
  if (isTree(operand) && op == "-")
    return mapArrays(operand, [&](const ArrayValue &x) { return unaryOperator(op, x, range); });
  Value value = asArray(operand, range);
  if (value.isError())
    return value;
  const ArrayValue *array = value.array();
  bool isLogical = op == "not";
  bool isRight =
      array && (isLogical ? array->type.dtype == DType::Bool
                          : array->type.dtype != DType::Bool && array->type.dtype != DType::Key);
  if (!isRight) {
    diagnostics.error(range, Msg::DtypeMismatch, quoted(op), describeType(operand));
    return ErrorValue{};
  }
  return builder.unary(isLogical ? "not" : "neg", *array);
}

} // namespace descent::sema
