// Division with floor, remainder, sign, rounding.
#pragma once

#include "compiler/math/Exponential.h"

namespace descent::math {

/// An integer-valued x brought to [-n/2, n/2] modulo n, for |x| <= 3n/2.
template <class T> DESCENT_MATH_INLINE T foldOnce(T x, T n) {
  T half = T(0.5) * n;
  T folded = x - copySign(n, x);
  return abs(x) > half ? folded : x;
}

/// a b modulo n as an integer in [-n/2, n/2], for integers |a|, |b| <= n/2 or so, and n below
/// 2^(mantissaBits + 1). Every step is exact: the quotient is off by one at most.
template <class T> DESCENT_MATH_INLINE T multiplyModulo(T a, T b, T n, T inverse) {
  Pair<T> p = twoProduct(a, b);
  T q = roundEven(p.high * inverse);
  T rest = fma(-q, n, p.high);
  return foldOnce(foldOnce(rest, n) + p.low, n);
}

/// x modulo y for positive finite numbers x >= y whose quotient may be huge, exactly.
///
/// x = i 2^e and y = n 2^f with integers i, n of full length. The result is
/// (i 2^(e-f) mod n) 2^f, and 2^(e-f) mod n comes from squaring and doubling: a small fixed number
/// of steps, where long division takes one for each bit.
template <class T> DESCENT_MATH_INLINE T remainderLarge(T x, T y) {
  using UInt = UIntOf<T>;
  constexpr int bits = Format<T>::mantissaBits;
  constexpr int squarings = sizeof(T) == 8 ? 6 : 4;
  constexpr UInt mask = (UInt(1) << bits) - 1;
  constexpr UInt integerExponent = UInt(Format<T>::bias + bits) << bits;
  constexpr UInt lift = UInt(Format<T>::subnormalShift);
  bool tinyX = x < Format<T>::minNormal;
  bool tinyY = y < Format<T>::minNormal;
  UInt xBits = bitsOf(tinyX ? x * Format<T>::subnormalScale : x);
  UInt yBits = bitsOf(tinyY ? y * Format<T>::subnormalScale : y);
  // Exponents biased by bias + lift.
  UInt xExponent = (xBits >> bits) + (tinyX ? UInt(0) : lift);
  UInt yExponent = (yBits >> bits) + (tinyY ? UInt(0) : lift);
  T i = fromBits<T>((xBits & mask) | integerExponent);
  T n = fromBits<T>((yBits & mask) | integerExponent);
  UInt e = xExponent - yExponent;
  T inverse = T(1) / n;

  // The leading bits of e are few enough that this first power is below n/2.
  T power = powerOfTwo<T>(UInt(Format<T>::bias) + (e >> squarings));
#pragma clang loop unroll(full)
  for (int step = squarings - 1; step >= 0; --step) {
    power = multiplyModulo(power, power, n, inverse);
    T doubled = foldOnce(power + power, n);
    power = ((e >> step) & 1) != 0 ? doubled : power;
  }
  T reduced = foldOnce(foldOnce(i, n), n); // i < 2 n
  T r = multiplyModulo(power, reduced, n, inverse);
  r = choose(r < T(0), r + n, r);
  return scale(r, yExponent + UInt(Format<T>::bias - bits) - lift);
}

/// |x| modulo |y|, exactly, in [0, |y|). NaN for x infinite or y zero; x for y infinite.
template <class T> DESCENT_MATH_INLINE T remainder(T x, T y) {
  constexpr T large = powerOfTwo<T>(UIntOf<T>(Format<T>::bias + Format<T>::mantissaBits));
  x = abs(x);
  y = abs(y);
  T quotient = x / y;
  T q = floor(quotient);
  T r = fma(-q, y, x); // exact, but q may be one too large
  r = choose(r < T(0), r + y, r);
  if (__builtin_expect(quotient >= large, 0))
    r = remainderLarge(x, y);
  r = x < y ? x : r;
  bool valid = x < Format<T>::infinity && y > T(0);
  return choose(valid, r, Format<T>::nan);
}

/// x - floor(x / y) y with the sign of y, as Python's %: mod(-1, 3) = 2.
template <class T> DESCENT_MATH_INLINE T mod(T x, T y) {
  T r = copySign(remainder(x, y), x);
  bool opposite = (r < T(0)) != (y < T(0));
  T y1 = choose(opposite, r + y, r);
  return r == T(0) ? copySign(T(0), y) : y1;
}

/// floor(x / y), with the floor taken of the exact quotient. x/0 is an infinity or NaN.
template <class T> DESCENT_MATH_INLINE T floordiv(T x, T y) {
  constexpr T infinity = Format<T>::infinity;
  T quotient = x / y;
  T q = floor(quotient);
  T r = fma(-q, y, x);
  // The quotient may have been rounded up to an integer, or (negative, tiny) to zero.
  bool over = y > T(0) ? r < T(0) : r > T(0);
  q = choose(over && abs(quotient) < T(0x1p60), q - T(1), q);
  // x / infinity is 0 or -1.
  bool infinite = abs(y) == infinity && abs(x) < infinity;
  T limit = x != T(0) && (x < T(0)) != (y < T(0)) ? T(-1) : quotient;
  return infinite ? limit : q;
}

template <class T> DESCENT_MATH_INLINE T round(T x) {
  return roundEven(x);
}

/// -1, 0 or 1; zeros and NaN are returned as they are.
template <class T> DESCENT_MATH_INLINE T sign(T x) {
  return x == T(0) || isNan(x) ? x : copySign(T(1), x);
}

} // namespace descent::math
