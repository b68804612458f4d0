// log and its kin: x = 2^k m with m in [sqrt(1/2), sqrt(2)), then with s = f / (2 + f), f = m - 1,
// log(m) = 2 atanh(s) as an odd polynomial in s.
#pragma once

#include "compiler/math/Coefficients.h"
#include "compiler/math/Exponential.h"
#include "compiler/math/FixedPoint.h"
#include "compiler/math/Numeric.h"

namespace descent::math {

/// x = 2^k m, m in [sqrt(1/2), sqrt(2)). 2^-k, for k below the bias (else 0), serves the low part
/// of a double-word x.
template <class T> struct Normalised {
  T m;
  T k;
  T inverseScale;
};

/// Splits a positive finite x; anything else gives garbage that the caller replaces.
template <class T> DESCENT_MATH_INLINE Normalised<T> normalise(T x) {
  using UInt = UIntOf<T>;
  constexpr int bits = Format<T>::mantissaBits;
  constexpr T root = T(0.70710678118654752440);
  constexpr UInt one = UInt(Format<T>::bias) << bits;
  bool tiny = x < Format<T>::minNormal;
  x = tiny ? x * Format<T>::subnormalScale : x;
  UInt shifted = bitsOf(x) + (one - bitsOf(root));
  UInt biased = shifted >> bits;
  T k = smallIntegerToFloat<T>(biased) -
        (tiny ? T(Format<T>::bias + Format<T>::subnormalShift) : T(Format<T>::bias));
  UInt mantissa = (shifted & ((UInt(1) << bits) - 1)) + bitsOf(root);
  UInt inverse = biased > UInt(2 * Format<T>::bias) ? 0 : UInt(2 * Format<T>::bias) - biased;
  return {fromBits<T>(mantissa), k, powerOfTwo<T>(inverse)};
}

/// The value of a logarithm where its argument is not a positive finite number.
template <class T> DESCENT_MATH_INLINE T logSpecial(T x, T y) {
  constexpr T infinity = Format<T>::infinity;
  T outside = x == T(0) ? -infinity : Format<T>::nan;
  y = x > T(0) ? y : outside;
  return x < infinity ? y : x; // +inf and NaN
}

template <class T> DESCENT_MATH_INLINE T log(T x) {
  using C = Coefficients<T>;
  Normalised<T> n = normalise(x);
  T f = n.m - T(1);
  T s = f / (T(2) + f);
  T z = s * s;
  T halfSquare = T(0.5) * f * f;
  T rest = s * fma(z, polynomial<C::log>(z), halfSquare);
  T low = fma(n.k, C::ln2[1], rest);
  T y = fma(n.k, C::ln2[0], f - (halfSquare - low));
  return logSpecial(x, y);
}

/// log(m) for m in [sqrt(1/2), sqrt(2)] to about 13 bits more than T has.
template <class T> DESCENT_MATH_INLINE Pair<T> logOfMantissa(T m) {
  using C = Coefficients<T>;
  constexpr T twoThirds = T(2) / T(3);
  constexpr T twoThirdsLow = sizeof(T) == 8 ? T(0x1.5555555555555p-56) : T(-0x1.555556p-26);
  T f = m - T(1);
  T d = T(2) + f;
  T dLow = f - (d - T(2));
  T inverse = T(1) / d;
  T s = f * inverse;
  T sLow = fma(-s, dLow, fma(-s, d, f)) * inverse;
  Pair<T> z = twoProduct(s, s);
  z.low = fma(s + s, sLow, z.low);
  // log = 2 s + s^3 (2/3 + s^2 (2/5 + …)).
  Pair<T> tail = fastTwoSum(twoThirds, z.high * polynomial<C::logTail>(z.high));
  tail.low += twoThirdsLow;
  Pair<T> cube = twoProduct(s, z.high);
  cube.low = fma(s, z.low, fma(sLow, z.high, cube.low));
  Pair<T> rest = twoProduct(cube.high, tail.high);
  rest.low = fma(cube.high, tail.low, fma(cube.low, tail.high, rest.low));
  Pair<T> sum = fastTwoSum(T(2) * s, rest.high);
  return fastTwoSum(sum.high, fma(T(2), sLow, sum.low + rest.low));
}

/// log(x) as a double-word number, to about 13 bits more than T has, for a positive finite x.
template <class T> DESCENT_MATH_INLINE Pair<T> logPair(T x) {
  using C = Coefficients<T>;
  Normalised<T> n = normalise(x);
  Pair<T> y = logOfMantissa(n.m);
  Pair<T> sum = fastTwoSum(n.k * C::ln2[0], y.high);
  return fastTwoSum(sum.high, fma(n.k, C::ln2[1], sum.low + y.low));
}

/// log(high + low) rounded, for a positive finite high and |low| at most an ulp of it, also where
/// the logarithm is near 0.
template <class T> DESCENT_MATH_INLINE T logOfSum(T high, T low) {
  using C = Coefficients<T>;
  Normalised<T> n = normalise(high);
  T f = n.m - T(1);
  // log(m + c) = log(m) + c / m; one division serves s = f / (2 + f) and c / m.
  T d = T(2) + f;
  T inverse = T(1) / (d * n.m);
  T s = f * n.m * inverse;
  T c = low * n.inverseScale * d * inverse;
  T z = s * s;
  T halfSquare = T(0.5) * f * f;
  T rest = fma(s, fma(z, polynomial<C::log>(z), halfSquare), fma(n.k, C::ln2[1], c));
  return fma(n.k, C::ln2[0], f - (halfSquare - rest));
}

/// log(m) for m in [sqrt(1/2), sqrt(2)] to about 4 bits more than T has: log(1 + f) = f - f^2/2 +
/// something small, with the first two terms exact.
template <class T> DESCENT_MATH_INLINE Pair<T> logOfMantissaShort(T m) {
  using C = Coefficients<T>;
  T f = m - T(1);
  T s = f / (T(2) + f);
  T z = s * s;
  Pair<T> halfSquare = twoProduct(T(0.5) * f, f);
  Pair<T> sum = fastTwoSum(f, -halfSquare.high);
  T rest = s * fma(z, polynomial<C::log>(z), halfSquare.high);
  return fastTwoSum(sum.high, sum.low + (rest - halfSquare.low));
}

template <class T> DESCENT_MATH_INLINE T log2(T x) {
  using C = Coefficients<T>;
  Normalised<T> n = normalise(x);
  Pair<T> y = multiply(logOfMantissaShort(n.m), Pair<T>{C::log2e[0], C::log2e[1]});
  Pair<T> sum = fastTwoSum(n.k, y.high);
  return logSpecial(x, n.k == T(0) ? y.high : sum.high + (sum.low + y.low));
}

template <class T> DESCENT_MATH_INLINE T log10(T x) {
  using C = Coefficients<T>;
  Normalised<T> n = normalise(x);
  Pair<T> y = multiply(logOfMantissaShort(n.m), Pair<T>{C::log10e[0], C::log10e[1]});
  Pair<T> sum = fastTwoSum(n.k * C::log10of2[0], y.high);
  return logSpecial(x, sum.high + fma(n.k, C::log10of2[1], sum.low + y.low));
}

template <class T> DESCENT_MATH_INLINE T log1p(T x) {
  T high = T(1) + x;
  // Whichever is the larger of 1 and x, this is the exact error (or irrelevant beyond 2^60).
  T low = choose(abs(x) < T(1), x - (high - T(1)), T(1) - (high - x));
  T y = logOfSum(high, low);
  constexpr T infinity = Format<T>::infinity;
  y = x > T(-1) ? y : (x == T(-1) ? -infinity : Format<T>::nan);
  y = x < infinity ? y : x;
  return abs(x) < T(0x1p-54) ? x : y;
}

template <class T> DESCENT_MATH_INLINE T asinh(T x) {
  // log(a + sqrt(a^2 + 1)) = log1p(a + a^2 / (1 + sqrt(a^2 + 1))); for large a, log(2 a).
  constexpr T large = T(0x1p28);
  T a = abs(x);
  T limited = a > large ? T(1) : a;
  T square = limited * limited;
  T root = sqrt(square + T(1));
  Pair<T> u = twoSum(limited, square / (T(1) + root));
  Pair<T> sum = twoSum(T(1), u.high);
  sum = choose(a > large, Pair<T>{a, T(0)}, Pair<T>{sum.high, sum.low + u.low});
  T y = logOfSum(sum.high, sum.low);
  T result = choose(a > large, y + Coefficients<T>::ln2Full[0], y);
  result = a < Format<T>::infinity ? result : a;
  return a < T(0x1p-30) ? x : copySign(result, x);
}

template <class T> DESCENT_MATH_INLINE T acosh(T x) {
  // log1p(t + sqrt(t (t + 2))) with t = x - 1, which is exact where it matters.
  constexpr T large = T(0x1p28);
  bool isLarge = x > large;
  T t = isLarge ? T(1) : x - T(1);
  Pair<T> square = twoProduct(t, t);
  Pair<T> inside = twoSum(t + t, square.high);
  T root = sqrt(inside.high);
  T rest = fma(-root, root, inside.high) + (inside.low + square.low);
  Pair<T> u = twoSum(t, root);
  u.low += choose(root > T(0), rest / (root + root), T(0));
  Pair<T> sum = twoSum(T(1), u.high);
  sum = choose(isLarge, Pair<T>{x, T(0)}, Pair<T>{sum.high, sum.low + u.low});
  T y = logOfSum(sum.high, sum.low);
  T result = choose(isLarge, y + Coefficients<T>::ln2Full[0], y);
  result = x >= T(1) ? result : Format<T>::nan;
  return x < Format<T>::infinity ? result : x;
}

template <class T> DESCENT_MATH_INLINE T atanh(T x) {
  // log((1 + a) / (1 - a)) / 2 = log1p(2 a / (1 - a)) / 2.
  T a = abs(x);
  Pair<T> denominator = fastTwoSum(T(1), -a);
  Pair<T> q = divide(Pair<T>{a + a, T(0)}, denominator);
  Pair<T> sum = twoSum(T(1), q.high);
  T y = T(0.5) * logOfSum(sum.high, sum.low + q.low);
  y = a < T(1) ? y : (a == T(1) ? Format<T>::infinity : Format<T>::nan);
  return a < T(0x1p-30) ? x : copySign(y, x);
}

/// log(1 + e) for 0 <= e <= 1, where normalising takes one comparison.
template <class T> DESCENT_MATH_INLINE T log1pUnit(T e) {
  using C = Coefficients<T>;
  bool halve = e > T(0.41421356237309503);
  T f = halve ? T(0.5) * e - T(0.5) : e;
  T s = f / (T(2) + f);
  T z = s * s;
  T halfSquare = T(0.5) * f * f;
  T rest = s * fma(z, polynomial<C::log>(z), halfSquare);
  T y =
      (halve ? C::ln2Full[0] : T(0)) + (f - (halfSquare - (rest + (halve ? C::ln2Full[1] : T(0)))));
  return e < T(0x1p-54) ? e : y;
}

template <class T> DESCENT_MATH_INLINE T softplus(T x) {
  T y = log1pUnit(exp(-abs(x)));
  return choose(x > T(0), x + y, y);
}

/// e^x - 1 (exponential: e^x) for -745 <= x <= 0 with nearly all digits of a double-word number.
DESCENT_MATH_INLINE Pair<double> expFull(double x, bool exponential) {
  using C = Coefficients<double>;
  constexpr double shifter = Format<double>::shifter;
  double shifted = fma(x, C::log2e[0], shifter);
  double k = shifted - shifter;
  Pair<double> r = twoSum(fma(-k, C::ln2Triple[0], x), -k * C::ln2Triple[1]);
  r = fastTwoSum(r.high, fma(-k, C::ln2Triple[2], r.low));
  Pair<double> y = multiply(r, pairPolynomial<C::expFull, C::expFullPairs>(r));
  uint64_t biased = bitsOf(shifted) - bitsOf(shifter) + 2 * Format<double>::bias;
  double power = scale(1.0, biased);
  y = {scale(y.high, biased), scale(y.low, biased)};
  return add(y, choose(exponential, power, power - 1));
}

/// log(e^x + e^y) for y <= x <= 0 where the sum is near 1 and the logarithm near 0: the sum's
/// distance from 1 must be exact to many more digits than the numbers have.
DESCENT_MATH_INLINE double logaddexpNearZero(double x, double y) {
  Pair<double> distance = add(expFull(x, false), expFull(y, true));
  Pair<double> sum = twoSum(1.0, distance.high);
  double result = logOfSum(sum.high, sum.low + distance.low);
  return abs(distance.high) < 0x1p-60 ? distance.high : result;
}

template <class T> DESCENT_MATH_INLINE T logaddexp(T a, T b) {
  T high = a > b ? a : b;
  T low = a > b ? b : a;
  Pair<T> difference = twoSum(low, -high);
  T y = high + log1pUnit(scaledExp(difference.high, difference.low, T(1)));
  // Where the larger number is small beside the result, or 0 (as in logistic regression), little
  // cancels.
  T cancelling = T(-2) * high < T(0.25) ? T(-2) * high : T(0.25);
  cancelling = high > T(-1) ? cancelling : T(0);
  if (abs(y) < cancelling)
    y = T(logaddexpNearZero(high, low < T(-745) ? -745.0 : double(low)));
  if constexpr (sizeof(T) == 8) {
    if (high < T(0) && high > T(-0.75) && abs(y) < T(-0x1p-46) * high)
      y = descent_logaddexp_residual(high, low, y);
  }
  y = high == low ? high + Coefficients<T>::ln2Full[0] : y; // also two equal infinities
  y = high == Format<T>::infinity ? high : y;
  return isNan(a) ? a : (isNan(b) ? b : y);
}

} // namespace descent::math
