// Partial derivatives as expressions: what stands in the right columns of Rules.def.
#pragma once

#include "compiler/derivative/Emitter.h"

#include <optional>

namespace descent::derivative {

/// A factor of a derivative: a number or an array of the operation's shape, perhaps over a divisor.
///
/// Numbers are computed with here, arrays by emitted operations. A quotient is kept as such, so
/// that `tangent * (1 / x)` is one division.
class Factor {
public:
  Factor(double number) : constant(number) {}
  /// An operand or result. Where it is one number throughout, that is known.
  Factor(Emitter &emitter, Value array);
  /// An array of which nothing is known.
  static Factor ofArray(Emitter *emitter, Value array);

  bool isNumber(double n) const { return constant && !divisor && *constant == n; }
  std::optional<double> number() const { return divisor ? std::nullopt : constant; }
  /// Whether it is finite even where the operation's operands are not.
  bool isAlwaysFinite() const { return !divisor && (constant || bounded); }

  /// `seed` times this; null where that is zero.
  Value applyTo(Emitter &emitter, Value seed) const;

  friend Factor operator-(Factor a);
  friend Factor operator+(Factor a, Factor b);
  friend Factor operator-(Factor a, Factor b);
  friend Factor operator*(Factor a, Factor b);
  friend Factor operator/(Factor a, Factor b);
  /// `a` where x < y (and so on) holds, else `b`.
  friend Factor choose(ir::Predicate predicate, Factor x, Factor y, Factor a, Factor b);
  template <typename Op> friend Factor apply(Factor x);
  template <typename Op> friend Factor apply(Factor x, Factor y);
  friend Factor polygamma(int64_t order, Factor x);

private:
  Factor() = default;
  /// The array. `like` gives a number its shape.
  Value array(const Factor &like) const;
  Emitter &emitterOf(const Factor &other) const { return *(emitter ? emitter : other.emitter); }

  Emitter *emitter = nullptr;
  std::optional<double> constant;
  Value value;   ///< null for a bare number
  Value divisor; ///< null for 1
  bool bounded = false;
};

template <typename Op> Factor apply(Factor x) {
  return Factor::ofArray(x.emitter, Op::create(*x.emitter, x.array(x)));
}
template <typename Op> Factor apply(Factor x, Factor y) {
  return Factor::ofArray(&x.emitterOf(y), Op::create(x.emitterOf(y), x.array(y), y.array(x)));
}

inline Factor sign(Factor x) {
  return apply<ir::SignOp>(x);
}
inline Factor exp(Factor x) {
  return apply<ir::ExpOp>(x);
}
inline Factor sigmoid(Factor x) {
  return apply<ir::SigmoidOp>(x);
}
inline Factor erfc(Factor x) {
  return apply<ir::ErfcOp>(x);
}
inline Factor log(Factor x) {
  return apply<ir::LogOp>(x);
}
inline Factor sin(Factor x) {
  return apply<ir::SinOp>(x);
}
inline Factor cos(Factor x) {
  return apply<ir::CosOp>(x);
}
inline Factor sinh(Factor x) {
  return apply<ir::SinhOp>(x);
}
inline Factor cosh(Factor x) {
  return apply<ir::CoshOp>(x);
}
inline Factor sqrt(Factor x) {
  return apply<ir::SqrtOp>(x);
}
inline Factor rsqrt(Factor x) {
  return apply<ir::RsqrtOp>(x);
}
inline Factor pow(Factor x, Factor y) {
  return apply<ir::PowOp>(x, y);
}
inline Factor floorQuotient(Factor x, Factor y) {
  return apply<ir::FloorDivOp>(x, y);
}
/// d/dx and d/dy of x to the power y.
Factor powByBase(Factor x, Factor y);
Factor powByExponent(Factor x, Factor y, Factor r);

} // namespace descent::derivative
