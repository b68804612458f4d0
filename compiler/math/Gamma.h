// lgamma and digamma. Both have zeros where large terms cancel, also at negative arguments, so the
// double versions compute those terms as double-word numbers. The float versions are plain double
// arithmetic: that is as many digits more.
#pragma once

#include "compiler/math/Logarithm.h"

namespace descent::math {

/// log(high + low) with nearly all digits of a double-word number.
DESCENT_MATH_INLINE Pair<double> logFull(Pair<double> x) {
  using C = Coefficients<double>;
  Normalised<double> n = normalise(x.high);
  double low = x.low * n.inverseScale;
  Pair<double> numerator = fastTwoSum(n.m - 1, low);
  Pair<double> denominator = twoSum(1.0, n.m);
  denominator.low += low;
  // The quotient needs one more correction than divide() makes.
  double inverse = 1 / denominator.high;
  double q = numerator.high * inverse;
  Pair<double> product = twoProduct(q, denominator.high);
  double rest = (numerator.high - product.high) - product.low;
  rest = fma(-q, denominator.low, rest + numerator.low);
  double qLow = rest * inverse;
  qLow = fma(fma(-qLow, denominator.high, rest), inverse, qLow);
  Pair<double> s = fastTwoSum(q, qLow);
  Pair<double> y = multiply(s, pairPolynomial<C::logFull, C::logFullPairs>(multiply(s, s)));
  Pair<double> big = twoSum(n.k * C::ln2Triple[0], n.k * C::ln2Triple[1]);
  big = add(big, n.k * C::ln2Triple[2]);
  return add(big, y);
}

/// The distance from x to the nearest integer, exactly, and whether that integer is x itself.
template <class T> struct NearestInteger {
  T integer;
  T fraction;
};
template <class T> DESCENT_MATH_INLINE NearestInteger<T> nearestInteger(T x) {
  T integer = roundEven(x);
  return {integer, x - integer};
}

/// |sin(pi f)| for |f| <= 1/2.
DESCENT_MATH_INLINE double absSinPi(double f) {
  using C = Coefficients<double>;
  double z = f * f;
  return abs(f) * fma(z, polynomial<C::sinPi>(z), C::pi[0]);
}

/// lgamma(x) for x >= 8.5, by Stirling's series.
DESCENT_MATH_INLINE Pair<double> lgammaStirling(double x) {
  using C = Coefficients<double>;
  constexpr double halfLog2Pi = 0x1.d67f1c864beb5p-1, halfLog2PiLow = -0x1.65b5a1b7ff5dfp-55;
  Pair<double> l = logPair(x);
  // (x - 1/2) (log(x) - 1) + (log(2 pi) - 1) / 2 + series / x; x - 1/2 is exact or irrelevant.
  Pair<double> shifted = fastTwoSum(l.high, -1.0);
  shifted.low += l.low;
  Pair<double> y = twoProduct(x - 0.5, shifted.high);
  y.low = fma(x - 0.5, shifted.low, y.low);
  double inverse = 1 / x;
  double series = inverse * polynomial<C::stirling>(inverse * inverse);
  Pair<double> constant = fastTwoSum(halfLog2Pi, -0.5);
  Pair<double> sum = twoSum(y.high, constant.high);
  double low = sum.low + (y.low + (constant.low + halfLog2PiLow) + series);
  bool overflow = y.high == Format<double>::infinity;
  return choose(overflow, Pair<double>{y.high, 0}, fastTwoSum(sum.high, low));
}

/// 1/|Gamma(x)| or |Gamma(x)| for -18 <= x <= 8.5, as a double-word number, and which of the two:
/// the product of the steps that lead from x to y in [3/2, 5/2], times or by 1/Gamma(y).
struct GammaRatio {
  Pair<double> value;
  bool reciprocal;
};
DESCENT_MATH_INLINE GammaRatio gammaRatio(double x) {
  using C = Coefficients<double>;
  constexpr int steps = 20;
  NearestInteger<double> nearest = nearestInteger(x);
  double count = nearest.integer - 2;
  bool up = count < 0;
  // The factors start, start + 1, … are exact but for x + 1 when |x| < 1/2.
  double start = up ? x : x - count;
  double second = start + 1;
  double secondLow = choose(up, start - (second - 1), 0.0);
  double length = abs(count);
  // Pairs of factors, exactly, and their products as a tree.
  Pair<double> product[steps / 2];
  product[0] = {length > 0 ? start : 1, 0};
  Pair<double> longer = twoProduct(product[0].high, second);
  longer.low = fma(product[0].high, secondLow, longer.low);
  product[0] = choose(length > 1, longer, product[0]);
#pragma clang loop unroll(full)
  for (int i = 2; i < steps; i += 2) {
    double first = choose(length > i, start + i, 1.0);
    product[i / 2] = twoProduct(first, choose(length > i + 1, start + (i + 1), 1.0));
  }
#pragma clang loop unroll(full)
  for (int stride = 1; stride < steps / 2; stride *= 2)
#pragma clang loop unroll(full)
    for (int i = 0; i + stride < steps / 2; i += 2 * stride)
      product[i] = multiply(product[i], product[i + stride]);
  double d = nearest.fraction;
  Pair<double> reciprocal = add(
      multiply(pairPolynomial<C::reciprocalGamma, C::reciprocalGammaPairs>(Pair<double>{d, 0}), d),
      1.0);
  Pair<double> multiplied = multiply(product[0], reciprocal);
  Pair<double> divided = divide(product[0], reciprocal);
  Pair<double> value = choose(up, multiplied, divided);
  return {choose(value.high < 0, negate(value), value), up};
}

DESCENT_MATH_INLINE double lgamma(double x) {
  constexpr double infinity = Format<double>::infinity;
  constexpr double lowest = -18, highest = 8.5;
  bool central = x > lowest && x < highest;
  GammaRatio ratio = gammaRatio(central ? x : 3.0);
  double logRatio = logOfSum(ratio.value.high, ratio.value.low);
  logRatio = choose(ratio.reciprocal, 0.0 - logRatio, logRatio); // lgamma(1) is +0
  // Far out: Stirling, and for negative x, log(pi / |x sin(pi x)|) - lgamma(|x|).
  double a = abs(x);
  a = a > highest ? a : highest;
  Pair<double> stirling = lgammaStirling(a);
  double distance = nearestInteger(x).fraction;
  Pair<double> reflection = logPair(absSinPi(distance) * a);
  constexpr double logPi = 0x1.250d048e7a1bdp+0, logPiLow = 0x1.7abf2ad8d5088p-56;
  Pair<double> negative = add(Pair<double>{logPi, logPiLow}, negate(add(reflection, stirling)));
  double far = x > 0 ? stirling.high : negative.high;
  double y = central ? logRatio : far;
  bool pole = x <= 0 && distance == 0;
  y = pole || a == infinity ? infinity : y;
  // Near 0 the product loses what is subnormal.
  y = choose(abs(x) < 0x1p-60 && !pole, -log(abs(x)), y);
  return isNan(x) ? x : y;
}

DESCENT_MATH_INLINE float lgamma(float x) {
  using C = Coefficients<double>;
  constexpr double infinity = Format<double>::infinity;
  double wide = x;
  constexpr double lowest = -14, highest = 8.5;
  bool central = wide > lowest && wide < highest;
  double c = central ? wide : 3.0;
  NearestInteger<double> nearest = nearestInteger(c);
  double count = nearest.integer - 2;
  bool up = count < 0;
  double start = up ? c : c - count;
  double length = abs(count);
  double product = 1;
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; ++i)
    product *= length > double(i) ? start + double(i) : 1;
  double d = nearest.fraction;
  double reciprocal = fma(d, polynomial<C::reciprocalGammaPlain>(d), 1.0);
  double ratio = abs(choose(up, product * reciprocal, product / reciprocal));
  double a = abs(wide);
  a = a > highest ? a : highest;
  double inverse = 1 / a;
  double distance = nearestInteger(wide).fraction;
  // One logarithm of a, one of the product or of the sine.
  double other = log(choose(central, ratio, absSinPi(distance) * a));
  double stirling = fma(a - 0.5, log(a) - 1, 0x1.acfe390c97d69p-2) +
                    inverse * polynomial<C::stirling>(inverse * inverse);
  double far = wide > 0 ? stirling : 0x1.250d048e7a1bdp+0 - other - stirling;
  double y = central ? choose(up, 0.0 - other, other) : far;
  bool pole = wide <= 0 && distance == 0;
  y = pole || a == infinity ? infinity : y;
  return isNan(x) ? x : float(y);
}

/// pi cot(pi f) for |f| <= 1/2, f not 0: the poles at 0, 1 and -1, and a smooth rest.
DESCENT_MATH_INLINE Pair<double> cotPiFull(double f) {
  using C = Coefficients<double>;
  Pair<double> z = twoProduct(f, f);
  Pair<double> rest = pairPolynomial<C::cotPiFull, C::cotPiFullPairs>(z);
  Pair<double> poles = divide(Pair<double>{2, 0}, add(z, -1.0));
  return add(divide(Pair<double>{1, 0}, Pair<double>{f, 0}), multiply(add(rest, poles), f));
}

/// digamma of a >= 1/2, given as a double-word number.
DESCENT_MATH_INLINE Pair<double> digammaPositive(Pair<double> a) {
  using C = Coefficients<double>;
  constexpr int steps = 16;
  bool shift = a.high < double(steps);
  // The sum of 1 / (a + i), two terms at a time: (2 t + 1) / (t (t + 1)).
  Pair<double> base = choose(shift, a, Pair<double>{1, 0});
  Pair<double> sum = {0, 0};
#pragma clang loop unroll(full)
  for (int i = steps - 2; i >= 0; i -= 2) {
    Pair<double> t = add(base, double(i));
    Pair<double> next = add(base, double(i + 1));
    sum = addSameSign(sum, divide(addSameSign(t, next), multiply(t, next)));
  }
  Pair<double> x = twoSum(a.high, shift ? double(steps) : 0.0);
  x.low += a.low;
  Pair<double> inverse = divide(Pair<double>{1, 0}, x);
  Pair<double> square = multiply(inverse, inverse);
  Pair<double> tail =
      multiply(square, pairPolynomial<C::digammaTailFull, C::digammaTailFullPairs>(square));
  Pair<double> half = {0.5 * inverse.high, 0.5 * inverse.low};
  Pair<double> y = add(logFull(x), negate(addSameSign(half, tail)));
  Pair<double> shifted = add(y, negate(sum));
  return choose(shift, shifted, y);
}

DESCENT_MATH_INLINE double digamma(double x) {
  using C = Coefficients<double>;
  constexpr double infinity = Format<double>::infinity;
  bool reflect = x < 0.5;
  Pair<double> argument = choose(reflect, twoSum(1.0, -x), Pair<double>{x, 0});
  bool huge = abs(x) > 0x1p1000;
  argument.high = huge ? 1.0 : argument.high;
  argument.low = huge ? 0.0 : argument.low;
  Pair<double> y = digammaPositive(argument);
  double f = nearestInteger(x).fraction;
  Pair<double> cotangent = cotPiFull(f == 0 ? 0.25 : f);
  Pair<double> reflected = add(y, negate(cotangent));
  double result = reflect ? reflected.high : y.high;
  // Around the positive zero, relative to the distance from it.
  double t = x - C::digammaRoot[0];
  double near = ((t - C::digammaRoot[1]) - C::digammaRoot[2]) *
                polynomial<C::digammaNearRoot>(t - C::digammaRoot[1]);
  result = abs(t) < 0x1p-5 ? near : result;
  result = abs(x) < 0x1p-60 ? -1 / x : result; // also the infinities at the two zeros
  result = x < 0 && f == 0 ? Format<double>::nan : result;
  result = choose(x > 0x1p1000, log(x), result);
  return x == -infinity || isNan(x) ? Format<double>::nan : result;
}

DESCENT_MATH_INLINE float digamma(float x) {
  using C = Coefficients<double>;
  double wide = x;
  bool reflect = wide < 0.5;
  double a = reflect ? 1 - wide : wide;
  bool shift = a < 8;
  double numerator = 1;
  double denominator = shift ? a : 1;
  for (int i = 1; i < 8; ++i) {
    double term = shift ? a + i : 1;
    numerator = fma(numerator, term, denominator);
    denominator *= term;
  }
  double X = shift ? a + 8 : a;
  double inverse = 1 / X;
  double square = inverse * inverse;
  double y = log(X) - fma(0.5, inverse, square * polynomial<C::digammaTail>(square));
  y = choose(shift, y - numerator / denominator, y);
  double f = nearestInteger(wide).fraction;
  double cotangent = fma(f, polynomial<C::cotPi>(f * f), 1 / f);
  double result = choose(reflect, y - cotangent, y);
  double t = wide - C::digammaRoot[0];
  double near = (t - C::digammaRoot[1]) * polynomial<C::digammaNearRoot>(t);
  result = abs(t) < 0x1p-5 ? near : result;
  result = wide == 0 ? -1 / wide : result;
  result = wide < 0 && f == 0 ? Format<double>::nan : result;
  return x == -Format<float>::infinity || isNan(x) ? Format<float>::nan : float(result);
}

} // namespace descent::math
