// pow, roots and hypot.
#pragma once

#include "compiler/math/Logarithm.h"

namespace descent::math {

/// IEEE 754's pow: x^0 and 1^y are 1 whatever the other is; a negative x takes integers y only.
template <class T> DESCENT_MATH_INLINE T pow(T x, T y) {
  constexpr T infinity = Format<T>::infinity;
  constexpr T limit = sizeof(T) == 8 ? T(1000) : T(200); // overflows or vanishes beyond
  T a = abs(x);
  Pair<T> l = logPair(a);
  T edge = a == T(0) ? -infinity : a;
  bool regular = a > T(0) && a < infinity;
  l = choose(regular, l, Pair<T>{edge, T(0)});
  Pair<T> e = twoProduct(y, l.high);
  e.low = fma(y, l.low, e.low);
  bool inside = abs(e.high) < limit;
  T bounded = clamp(e.high, -limit, limit);
  T magnitude = scaledExp(bounded, inside ? e.low : T(0), T(1));

  bool integer = roundEven(y) == y;
  T halfY = T(0.5) * y;
  bool odd = integer && roundEven(halfY) != halfY;
  T result = choose(odd, copySign(magnitude, x), magnitude);
  result = x < T(0) && a < infinity && !integer ? Format<T>::nan : result;
  result = isNan(x) ? x : result;
  bool one = y == T(0) || x == T(1) || (a == T(1) && abs(y) == infinity);
  return one ? T(1) : result;
}

template <class T> DESCENT_MATH_INLINE T cbrt(T x) {
  using UInt = UIntOf<T>;
  constexpr int bits = Format<T>::mantissaBits;
  T a = abs(x);
  // a = 2^(3 q + r) m with m in [1/2, 1) and r in {0, 1, 2}.
  bool tiny = a < Format<T>::minNormal;
  T scaled = tiny ? a * Format<T>::subnormalScale : a;
  UInt pattern = bitsOf(scaled);
  T exponent = smallIntegerToFloat<T>(pattern >> bits) -
               (tiny ? T(Format<T>::bias - 1 + Format<T>::subnormalShift) : T(Format<T>::bias - 1));
  constexpr UInt half = UInt(Format<T>::bias - 1) << bits;
  T m = fromBits<T>((pattern & ((UInt(1) << bits) - 1)) | half);
  T q = floor(fma(exponent, T(1) / T(3), T(1) / T(6)));
  T r = fma(T(-3), q, exponent);
  T root = r == T(0) ? T(1) : (r == T(1) ? T(1.2599210498948732) : T(1.5874010519681994));
  T power = r == T(0) ? T(1) : (r == T(1) ? T(2) : T(4));
  T t = polynomial<Coefficients<T>::cbrt>(m) * root;
  m *= power;
  // One step of Halley's method, then one of Newton's with the same slope and the difference as
  // exact as it takes for perfect cubes to have exact roots.
  T square = t * t;
  T cube = square * t;
  T slope = t / (cube + cube + m);
  t = fma(fma(-square, t, m), slope, t);
  Pair<T> exact = twoProduct(t, t);
  T difference = fma(-exact.high, t, m) - exact.low * t;
  t = fma(difference, slope, t);
  UInt biased = lowBits(q) - bitsOf(Format<T>::shifter) + UInt(Format<T>::bias);
  T y = copySign(t * powerOfTwo<T>(biased), x);
  return a > T(0) && a < Format<T>::infinity ? y : x;
}

template <class T> DESCENT_MATH_INLINE T rsqrt(T x) {
  return T(1) / sqrt(x);
}

template <class T> DESCENT_MATH_INLINE T hypot(T x, T y) {
  constexpr T infinity = Format<T>::infinity;
  constexpr T large = sizeof(T) == 8 ? T(0x1p500) : T(0x1p60f);
  constexpr T small = sizeof(T) == 8 ? T(0x1p-400) : T(0x1p-40f);
  constexpr T up = sizeof(T) == 8 ? T(0x1p650) : T(0x1p100f);
  constexpr T down = sizeof(T) == 8 ? T(0x1p-600) : T(0x1p-80f);
  T a = abs(x);
  T b = abs(y);
  T most = larger(a, b);
  T least = smaller(a, b);
  T forth = most > large ? down : (most < small ? up : T(1));
  T back = most > large ? T(1) / down : (most < small ? T(1) / up : T(1));
  most *= forth;
  least *= forth;
  T result = sqrt(fma(most, most, least * least)) * back;
  result = isNan(x) || isNan(y) ? x + y : result;
  return a == infinity || b == infinity ? infinity : result;
}

} // namespace descent::math
