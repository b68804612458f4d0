// `x[i:i+3]`, `x[8*i:8*(i+1)]`: a slice of known size whose place is computed.
#include "frontend/sema/Index.h"
#include "frontend/sema/Specializer.h"

#include <map>

namespace descent::sema {

namespace {

/// A whole number plus multiples of expressions that are told apart by their text: values do not
/// change, so that the same text between two brackets is the same number.
struct LinearForm {
  struct Term {
    int64_t factor = 0;
    const ast::Expr *expr = nullptr;
  };
  std::map<std::string_view, Term> terms;
  int64_t constant = 0;
  bool fits = true; ///< nothing is beyond int64

  void add(const LinearForm &other, int64_t factor) {
    auto accumulate = [&](int64_t &to, int64_t value) {
      int64_t product = 0;
      fits &= !__builtin_mul_overflow(value, factor, &product) &&
              !__builtin_add_overflow(to, product, &to);
    };
    fits &= other.fits;
    accumulate(constant, other.constant);
    for (const auto &[text, term] : other.terms) {
      Term &mine = terms[text];
      mine.expr = term.expr;
      accumulate(mine.factor, term.factor);
      if (mine.factor == 0)
        terms.erase(text);
    }
  }
};

LinearForm linearForm(Specializer &sema, const ast::Expr *expr) {
  LinearForm form;
  if (auto binary = ast::dyn<ast::BinaryExpr>(expr)) {
    bool isProduct = binary->op == ast::BinaryOp::Multiply;
    if (isProduct || binary->op == ast::BinaryOp::Add || binary->op == ast::BinaryOp::Subtract) {
      LinearForm left = linearForm(sema, binary->left), right = linearForm(sema, binary->right);
      if (!isProduct) {
        form.add(left, 1);
        form.add(right, binary->op == ast::BinaryOp::Add ? 1 : -1);
        return form;
      }
      if (left.terms.empty() || right.terms.empty()) {
        bool isLeft = left.terms.empty();
        form.add(isLeft ? right : left, isLeft ? left.constant : right.constant);
        form.fits &= left.fits && right.fits;
        return form;
      }
    }
  }
  if (auto unary = ast::dyn<ast::UnaryExpr>(expr); unary && unary->op == ast::UnaryOp::Negate) {
    form.add(linearForm(sema, unary->operand), -1);
    return form;
  }
  if (ast::dyn<ast::NameExpr>(expr) || ast::dyn<ast::IntegerExpr>(expr))
    if (auto known = sema.evaluateValue(expr).knownInteger()) {
      form.constant = *known;
      return form;
    }
  form.terms[sema.sources.text(expr->range)] = {1, expr};
  return form;
}

} // namespace

std::optional<int64_t> Specializer::windowLength(const ast::IndexItem &item) {
  if (!item.start || !item.stop || item.step)
    return std::nullopt;
  LinearForm start = linearForm(*this, item.start);
  if (start.terms.empty())
    return std::nullopt;
  LinearForm length = linearForm(*this, item.stop);
  length.add(start, -1);
  int64_t result = length.constant;
  for (const auto &[text, term] : length.terms) {
    auto value = evaluateValue(term.expr).knownInteger();
    int64_t product = 0;
    if (!value || __builtin_mul_overflow(*value, term.factor, &product) ||
        __builtin_add_overflow(result, product, &result))
      return std::nullopt;
  }
  return length.fits ? std::optional(result) : std::nullopt;
}

/// Where a window begins, from 0: checked, negative places counted from the end, as in slices of
/// known bounds. There x[-3:0] has no elements, so a window that begins before the end does not
/// reach it.
std::optional<ArrayValue> Specializer::checkedWindow(const ArrayValue &given, int64_t length,
                                                     int64_t size, SourceRange range) {
  if (length < 0 || length > size) {
    diagnostics.error(range, Msg::WindowRange, length, size);
    return std::nullopt;
  }
  auto start = settled(given, range);
  if (!start)
    return std::nullopt;
  if (start->type.dtype == DType::U32 || size > INT32_MAX)
    start = builder.convert(*start, DType::I64);
  auto bounds = start->bounds;
  if (bounds && bounds->first >= 0 && bounds->second <= size - length)
    return start;
  auto number = [&](int64_t value) { return builder.known(value, start->type.dtype); };
  ArrayValue isInside = builder.compare("le", *start, number(size - length));
  bool mayBeNegative = !bounds || bounds->first < 0;
  ArrayValue isNegative = builder.compare("lt", *start, number(0));
  if (mayBeNegative) {
    ArrayValue isBeforeEnd = builder.binary("and", builder.compare("ge", *start, number(-size)),
                                            builder.compare("lt", *start, number(-length)));
    isInside = builder.select(isNegative, isBeforeEnd, isInside);
  }
  TextValue text;
  text.pieces.push_back({"a slice of " + std::to_string(length) + " from index ", nullptr, "", {}});
  text.pieces.push_back({"", std::make_shared<Value>(*start), "", {}});
  text.pieces.push_back(
      {" does not fit into an axis of size " + std::to_string(size), nullptr, "", {}});
  check(abi::Check::Kind::Index, isInside, text, range);
  ArrayValue result = *start;
  if (mayBeNegative)
    result = builder.select(isNegative, builder.binary("add", *start, number(size)), *start);
  result.bounds = std::pair(int64_t{0}, size - length);
  return result;
}

} // namespace descent::sema
