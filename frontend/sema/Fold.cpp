#include "frontend/sema/Fold.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace descent::sema {

double numberOf(const Known &known) {
  return std::visit([](auto v) { return static_cast<double>(v); }, known);
}

int64_t integerOf(const Known &known) {
  if (auto number = std::get_if<double>(&known)) {
    constexpr double limit = 9223372036854775808.0; // 2^63
    if (std::isnan(*number))
      return 0;
    if (*number >= limit)
      return std::numeric_limits<int64_t>::max();
    if (*number < -limit)
      return std::numeric_limits<int64_t>::min();
    return static_cast<int64_t>(*number);
  }
  return std::holds_alternative<bool>(known) ? std::get<bool>(known) : std::get<int64_t>(known);
}

bool truthOf(const Known &known) {
  return std::visit([](auto v) { return v != 0; }, known);
}

bool fits(int64_t value, DType dtype) {
  switch (dtype) {
  case DType::I32:
    return value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max();
  case DType::U32:
    return value >= 0 && value <= std::numeric_limits<uint32_t>::max();
  default:
    return true;
  }
}

namespace {

/// A float to an integer type saturates, as the dialect's `convert` does.
int64_t saturated(double value, DType dtype) {
  int64_t integer = integerOf(value);
  if (dtype == DType::I32)
    return std::clamp<int64_t>(integer, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  if (dtype == DType::U32)
    return std::clamp<int64_t>(integer, 0, std::numeric_limits<uint32_t>::max());
  return integer;
}

int64_t wrapped(uint64_t bits, DType dtype) {
  if (dtype == DType::I32)
    return static_cast<int32_t>(bits);
  if (dtype == DType::U32)
    return static_cast<uint32_t>(bits);
  return static_cast<int64_t>(bits);
}

std::optional<int64_t> foldInteger(std::string_view name, int64_t a, int64_t b, DType dtype, bool weak) {
  int64_t exact = 0;
  bool overflow = false;
  if (name == "add")
    overflow = __builtin_add_overflow(a, b, &exact);
  else if (name == "sub")
    overflow = __builtin_sub_overflow(a, b, &exact);
  else if (name == "mul")
    overflow = __builtin_mul_overflow(a, b, &exact);
  else if (name == "max")
    exact = std::max(a, b);
  else if (name == "min")
    exact = std::min(a, b);
  else if (name == "and")
    exact = a & b;
  else if (name == "or")
    exact = a | b;
  else if (name == "xor")
    exact = a ^ b;
  else if (name == "floordiv" || name == "mod") {
    if (b == 0)
      return std::nullopt;
    if (b == -1) { // the one quotient that overflows
      if (name == "mod")
        return 0;
      overflow = __builtin_sub_overflow(int64_t{0}, a, &exact);
    } else {
      int64_t quotient = a / b;
      if (a % b != 0 && (a < 0) != (b < 0))
        --quotient;
      exact = name == "floordiv" ? quotient : a - quotient * b;
    }
  } else if (name == "pow") {
    if (b < 0)
      return std::nullopt;
    exact = 1;
    for (int64_t base = a, n = b; n > 0; n >>= 1) {
      if (n & 1)
        overflow |= __builtin_mul_overflow(exact, base, &exact);
      if (n > 1)
        overflow |= __builtin_mul_overflow(base, base, &base);
    }
  } else {
    return std::nullopt;
  }
  if (overflow && weak)
    return std::nullopt;
  // The builtins give the low 64 bits, of which narrower types keep the low 32.
  return weak ? exact : wrapped(static_cast<uint64_t>(exact), dtype);
}

std::optional<double> foldFloat(std::string_view name, double a, double b) {
  if (name == "add")
    return a + b;
  if (name == "sub")
    return a - b;
  if (name == "mul")
    return a * b;
  if (name == "div")
    return a / b;
  if (name == "floordiv")
    return std::floor(a / b);
  if (std::isnan(a) || std::isnan(b))
    return std::nullopt;
  if (name == "max")
    return std::max(a, b);
  if (name == "min")
    return std::min(a, b);
  return std::nullopt;
}

} // namespace

Known rounded(Known value, DType dtype, bool weak) {
  if (dtype == DType::Bool)
    return truthOf(value);
  if (isFloat(dtype)) {
    double number = numberOf(value);
    return dtype == DType::F32 && !weak ? static_cast<double>(static_cast<float>(number)) : number;
  }
  if (auto number = std::get_if<double>(&value))
    return saturated(*number, dtype);
  int64_t integer = integerOf(value);
  return weak ? integer : wrapped(static_cast<uint64_t>(integer), dtype);
}

std::optional<Known> foldUnary(std::string_view name, const ArrayValue &x) {
  DType dtype = x.type.dtype;
  if (name == "stop_gradient")
    return *x.known;
  if (dtype == DType::Bool)
    return name == "not" ? std::optional<Known>(!truthOf(*x.known)) : std::nullopt;
  if (isFloat(dtype)) {
    double v = numberOf(*x.known), result;
    if (name == "neg")
      result = -v;
    else if (name == "abs")
      result = std::abs(v);
    else if (name == "sign")
      result = std::isnan(v) ? v : (v > 0) - (v < 0);
    else if (name == "floor")
      result = std::floor(v);
    else if (name == "ceil")
      result = std::ceil(v);
    else if (name == "round")
      result = std::nearbyint(v);
    else if (name == "sqrt")
      result = std::sqrt(v);
    else
      return std::nullopt;
    return rounded(result, dtype, x.weak);
  }
  int64_t v = integerOf(*x.known);
  if (name == "neg") {
    auto result = foldInteger("sub", 0, v, dtype, x.weak);
    return result ? std::optional<Known>(*result) : std::nullopt;
  }
  if (name == "abs") {
    auto result = v < 0 ? foldInteger("sub", 0, v, dtype, x.weak) : v;
    return result ? std::optional<Known>(*result) : std::nullopt;
  }
  if (name == "sign")
    return int64_t{(v > 0) - (v < 0)};
  return std::nullopt;
}

std::optional<Known> foldBinary(std::string_view name, const ArrayValue &lhs, const ArrayValue &rhs) {
  DType dtype = lhs.type.dtype;
  bool weak = lhs.weak && rhs.weak;
  if (dtype == DType::Bool) {
    bool a = truthOf(*lhs.known), b = truthOf(*rhs.known);
    if (name == "and")
      return a && b;
    if (name == "or")
      return a || b;
    if (name == "xor")
      return a != b;
    return std::nullopt;
  }
  if (isFloat(dtype)) {
    // f32 operands are exact in double, and double has enough bits for the second rounding of
    // + - * / to be harmless.
    auto result = foldFloat(name, numberOf(*lhs.known), numberOf(*rhs.known));
    return result ? std::optional<Known>(rounded(*result, dtype, weak)) : std::nullopt;
  }
  auto result = foldInteger(name, integerOf(*lhs.known), integerOf(*rhs.known), dtype, weak);
  return result ? std::optional<Known>(*result) : std::nullopt;
}

std::optional<bool> foldCompare(std::string_view predicate, const Known &lhs, const Known &rhs) {
  auto compare = [&](auto a, auto b) {
    if (predicate == "eq")
      return a == b;
    if (predicate == "ne")
      return a != b;
    if (predicate == "lt")
      return a < b;
    if (predicate == "le")
      return a <= b;
    if (predicate == "gt")
      return a > b;
    return a >= b;
  };
  if (std::holds_alternative<double>(lhs) || std::holds_alternative<double>(rhs))
    return compare(numberOf(lhs), numberOf(rhs));
  return compare(integerOf(lhs), integerOf(rhs));
}

} // namespace descent::sema
