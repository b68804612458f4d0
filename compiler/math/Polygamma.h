// The derivatives of digamma.
#pragma once

#include "compiler/math/Gamma.h"

namespace descent::math {

/// x^n for |x| <= 1 and 0 <= n < 1024.
DESCENT_MATH_INLINE double smallPower(double x, uint32_t n) {
  double result = 1;
#pragma clang loop unroll(full)
  for (int bit = 0; bit < 10; ++bit) {
    result = choose(((n >> bit) & 1) != 0, result * x, result);
    x *= x;
  }
  return result;
}

/// sum * n! a^-(n+1): for n <= 7 by powers of a double-word inverse, so that the result is as good
/// as the sum, else by logarithms.
DESCENT_MATH_INLINE double timesFirstTerm(int32_t n, double a, Pair<double> sum) {
  constexpr double infinity = Format<double>::infinity;
  double factorial = 1;
#pragma clang loop unroll(full)
  for (int i = 2; i < 8; ++i)
    factorial *= n >= i ? i : 1;
  bool few = n <= 7;
  // Below this even the smallest power overflows.
  constexpr double least = 0x1p-600;
  double base = a > least ? a : least;
  Pair<double> inverse = {1 / base, 0};
  inverse.low = fma(-inverse.high, base, 1.0) * inverse.high;
  Pair<double> y = multiply(sum, factorial);
#pragma clang loop unroll(full)
  for (int i = 0; i < 7; ++i)
    y = choose(i < n, multiply(y, inverse), y);
  double high = y.high * inverse.high;
  double low = fma(y.high, inverse.high, -high) + fma(y.high, inverse.low, y.low * inverse.high);
  double product = abs(high) < infinity ? high + low : high;
  double s = double(n) + 1;
  Pair<double> l = add(multiply(logPair(a), -s), lgammaStirling(choose(few, 9.0, s)));
  return choose(few, product, scaledExp(l.high, l.low, sum.high));
}

/// n! zeta(n + 1, a) for a > 0 and 1 <= n < 1023: 16 terms of Hurwitz's series, the rest after
/// Euler and Maclaurin. Everything is computed relative to the first term, n! a^-(n+1).
DESCENT_MATH_INLINE double scaledZeta(int32_t n, double a) {
  // Bernoulli numbers B_2j / (2j)!.
  constexpr double bernoulli[] = {
      0x1.5555555555555p-4,  -0x1.6c16c16c16c17p-10, 0x1.1566abc011567p-15, -0x1.bbd779334ef0bp-21,
      0x1.66a8f2bf70ebep-26, -0x1.22805d644267fp-31, 0x1.d6db2c4e09162p-37, -0x1.7da4e1f79955cp-42,
      0x1.355871d652e9ep-47, -0x1.f57d968caacf1p-53};
  constexpr int terms = 16;
  uint32_t exponent = uint32_t(n) + 1;
  double s = double(n) + 1;
  Pair<double> sum = {1, 0};
#pragma clang loop unroll(full)
  for (int k = 1; k < terms; ++k) {
    // q = a / (a + k) with its error, to first order in that of the power.
    Pair<double> t = twoSum(a, double(k));
    double q = a / t.high;
    double error = fma(-q, t.low, fma(-q, t.high, a)) / a;
    double power = smallPower(q, exponent);
    sum = add(sum, power);
    sum.low += power * (s * error);
  }
  Pair<double> x = twoSum(a, double(terms));
  double inverse = 1 / x.high;
  double tail = 0.5;
  double factor = s * inverse;
#pragma clang loop unroll(full)
  for (int j = 0; j < 10; ++j) {
    tail = fma(bernoulli[j], factor, tail);
    factor *= (s + (2 * j + 1)) * (s + (2 * j + 2)) * inverse * inverse;
  }
  tail += x.high / (s - 1);
  double q = a * inverse;
  double error = fma(-q, x.low, fma(-q, x.high, a)) / a;
  double power = smallPower(q, exponent);
  power = fma(power, s * error, power);
  sum = add(sum, power * tail);
  return timesFirstTerm(n, a, sum);
}

DESCENT_MATH_INLINE double polygamma(int32_t n, double x) {
  constexpr double infinity = Format<double>::infinity;
  bool odd = (n & 1) != 0;
  int32_t order = n < 1 ? 1 : (n > 1022 ? 1022 : n);
  NearestInteger<double> nearest = nearestInteger(x);
  double d = nearest.fraction;
  double y;
  if (x > 0) {
    y = scaledZeta(order, x);
  } else {
    // Of the series' terms those with x + k < 0 are a finite piece of a second series:
    // zeta(s, x) = zeta(s, f) + (-1)^s (zeta(s, 1 - f) - zeta(s, 1 - x)), f = x - floor(x).
    double f = choose(d > 0, d, 1 + d);
    double complement = choose(d > 0, 1 - d, -d);
    complement = d == 0 ? 1 : complement;
    double mirrored = scaledZeta(order, complement) - scaledZeta(order, 1 - x);
    double first = scaledZeta(order, f);
    y = choose(odd, first + mirrored, first - mirrored);
  }
  y = odd ? y : -y;
  double pole = odd ? infinity : (x == 0 ? -1 / x : Format<double>::nan);
  y = x <= 0 && d == 0 ? pole : y;
  y = x == infinity ? (odd ? 0.0 : -0.0) : y;
  y = x == -infinity || isNan(x) || n < 0 || n > 1022 ? Format<double>::nan : y;
  return choose(n == 0, digamma(x), y);
}

DESCENT_MATH_INLINE float polygamma(int32_t n, float x) {
  return choose(n == 0, digamma(x), float(polygamma(n == 0 ? 1 : n, double(x))));
}

} // namespace descent::math
