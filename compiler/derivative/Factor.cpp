#include "compiler/derivative/Factor.h"

#include <mlir/IR/Matchers.h>

#include <cmath>

using namespace mlir;

namespace descent::derivative {

namespace {

/// The number that an array consists of, where that can be seen.
std::optional<double> numberThroughout(Value array) {
  while (Operation *op = array.getDefiningOp()) {
    if (isa<ir::BroadcastOp, ir::ReshapeOp>(op)) {
      array = op->getOperand(0);
      continue;
    }
    SplatElementsAttr splat;
    if (!matchPattern(op, m_Constant(&splat)) || !isa<FloatType>(splat.getElementType()))
      return std::nullopt;
    APFloat value = splat.getSplatValue<APFloat>();
    bool inexact;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
    double number = value.convertToDouble();
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
  }
  return std::nullopt;
}

} // namespace

Factor::Factor(Emitter &emitter, Value array)
    : emitter(&emitter), constant(numberThroughout(array)), value(array) {}

Factor Factor::ofArray(Emitter *emitter, Value array) {
  Factor result;
  result.emitter = emitter;
  result.value = array;
  return result;
}

Value Factor::array(const Factor &like) const {
  Value result = value;
  if (!result) {
    Value shaped = like.value ? like.value : like.divisor ? like.divisor : divisor;
    result = emitterOf(like).number(shaped.getType(), *constant);
  }
  return divisor ? emitterOf(like).over(result, divisor) : result;
}

Value Factor::applyTo(Emitter &emitter, Value seed) const {
  if (constant == 0.0)
    return nullptr;
  if (divisor)
    seed = emitter.over(seed, divisor);
  if (constant == 1.0)
    return seed;
  if (constant == -1.0)
    return emitter.negate(seed);
  return emitter.times(seed, value ? value : emitter.number(seed.getType(), *constant));
}

Factor operator-(Factor a) {
  if (a.constant) {
    a.constant = -*a.constant;
    a.value = nullptr;
    return a;
  }
  a.value = a.emitter->negate(a.value);
  return a;
}

Factor operator+(Factor a, Factor b) {
  if (a.number() && b.number())
    return *a.number() + *b.number();
  if (a.isNumber(0))
    return b;
  if (b.isNumber(0))
    return a;
  return apply<ir::AddOp>(a, b);
}

Factor operator-(Factor a, Factor b) {
  if (a.number() && b.number())
    return *a.number() - *b.number();
  if (b.isNumber(0))
    return a;
  return apply<ir::SubOp>(a, b);
}

Factor operator*(Factor a, Factor b) {
  if (a.number() && b.number())
    return *a.number() * *b.number();
  if (a.isNumber(0) || b.isNumber(0))
    return 0.0;
  if (a.isNumber(1))
    return b;
  if (b.isNumber(1))
    return a;
  if (a.isNumber(-1))
    return -b;
  if (b.isNumber(-1))
    return -a;
  return apply<ir::MulOp>(a, b);
}

Factor operator/(Factor a, Factor b) {
  if (a.number() && b.number() && *b.number() != 0)
    return *a.number() / *b.number();
  if (b.isNumber(1))
    return a;
  Emitter &emitter = a.emitterOf(b);
  Value divisor = b.array(a);
  if (a.divisor)
    a = Factor::ofArray(&emitter, a.array(a));
  a.emitter = &emitter;
  a.divisor = divisor;
  a.bounded = false;
  return a;
}

Factor choose(ir::Predicate predicate, Factor x, Factor y, Factor a, Factor b) {
  Emitter &emitter = x.emitterOf(y);
  Value shape = x.value ? x.value : y.value;
  Value condition = emitter.compare(predicate, x.array(y), y.array(x));
  Factor like = Factor::ofArray(&emitter, shape);
  Factor result =
      Factor::ofArray(&emitter, emitter.choose(condition, a.array(like), b.array(like)));
  result.bounded = a.isAlwaysFinite() && b.isAlwaysFinite();
  return result;
}

Factor polygamma(int64_t order, Factor x) {
  return Factor::ofArray(x.emitter, ir::PolygammaOp::create(*x.emitter, x.array(x), order));
}

Factor powByBase(Factor x, Factor y) {
  // A known exponent: y x^(y-1), which at x = 0 is right for y = 2, 1 and 0 only if 0 and 1 are
  // apart.
  if (auto n = y.number()) {
    if (*n == 0 || *n == 1)
      return *n;
    return *n == 2 ? 2.0 * x : y * pow(x, *n - 1);
  }
  // x^(y-1) is infinite at x = 0, y = 0, where the derivative is 0.
  Factor exponent = choose(ir::Predicate::eq, y, 0.0, 1.0, y - 1.0);
  return choose(ir::Predicate::eq, y, 0.0, 0.0, y * pow(x, exponent));
}

Factor powByExponent(Factor x, Factor y, Factor r) {
  if (auto n = x.number(); n && *n > 0)
    return r * std::log(*n);
  // log x is infinite at x = 0, where the power does not depend on a positive exponent.
  return r * log(choose(ir::Predicate::eq, x, 0.0, 1.0, x));
}

} // namespace descent::derivative
