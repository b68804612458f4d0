// sin, cos and tan over the whole domain. An argument is reduced to x = q pi/2 + r, |r| <= pi/4, r
// as a double-word number; the two polynomials give sin(r) and cos(r).
#pragma once

#include "compiler/math/Coefficients.h"
#include "compiler/math/Numeric.h"

namespace descent::math {

/// x = q pi/2 + r. Only the low bits of q mean anything.
template <class T> struct Quadrant {
  Pair<T> r;
  UIntOf<T> q;
};

/// Reduction for |x| < 2^reductionFirst: three words of pi/2, all cancellations exact.
template <class T> DESCENT_MATH_INLINE Quadrant<T> reduceSmall(T x) {
  using C = Coefficients<T>;
  constexpr T shifter = Format<T>::shifter;
  T shifted = fma(x, C::twoOverPi, shifter);
  T q = shifted - shifter;
  Pair<T> first = twoProduct(q, C::halfPi[0]);
  Pair<T> second = twoProduct(q, C::halfPi[1]);
  Pair<T> a = twoSum(x - first.high, -first.low);
  Pair<T> b = twoSum(a.high, -second.high);
  T low = (a.low + b.low) - fma(q, C::halfPi[2], second.low);
  return {fastTwoSum(b.high, low), bitsOf(shifted)};
}

/// v modulo 4, in [-2, 2], exactly.
template <class T> DESCENT_MATH_INLINE T modulo4(T v) {
  return fma(T(-4), roundEven(v * T(0.25)), v);
}

/// Reduction for larger |x| after Payne and Hanek: x 2/pi modulo 4 from those bits of 2/pi that
/// matter for the binades around |x|, see two_over_pi in coefficients.py.
template <class T> DESCENT_MATH_INLINE Quadrant<T> reduceLarge(T x) {
  using C = Coefficients<T>;
  constexpr int ranges = sizeof(C::reduction) / sizeof(C::reduction[0]);
  T a = abs(x);
  T word[6];
  for (int j = 0; j < 6; ++j)
    word[j] = C::reduction[0][j];
#pragma clang loop unroll(full)
  for (int i = 1; i < ranges; ++i) {
    T start = T(1) / C::reduction[i][0];
    for (int j = 0; j < 6; ++j)
      word[j] = a >= start ? C::reduction[i][j] : word[j];
  }
  T scaled = x * word[0];
  Pair<T> p0 = twoProduct(scaled, word[1]);
  Pair<T> p1 = twoProduct(scaled, word[2]);
  Pair<T> p2 = twoProduct(scaled, word[3]);
  Pair<T> p3 = twoProduct(scaled, word[4]);
  T p4 = scaled * word[5];
  // Multiples of 4 quarter turns go; what is left of the first product is short, so exact to add.
  T s = modulo4(modulo4(p0.high) + modulo4(p0.low));
  Pair<T> s1 = twoSum(s, modulo4(p1.high));
  Pair<T> s2 = twoSum(s1.high, modulo4(p1.low));
  Pair<T> s3 = twoSum(s2.high, modulo4(p2.high));
  Pair<T> middle = twoSum(p2.low, p3.high);
  Pair<T> s4 = twoSum(s3.high, middle.high);
  T q = roundEven(s4.high);
  Pair<T> f = twoSum(s4.high - q, ((s1.low + s2.low) + s3.low) + s4.low);
  f = twoSum(f.high, f.low + (middle.low + (p3.low + p4)));
  Pair<T> r = multiply(f, Pair<T>{C::halfPi[0], C::halfPi[1]});
  return {r, lowBits(q)};
}

template <class T> DESCENT_MATH_INLINE Quadrant<T> reduceQuadrant(T x) {
  constexpr T large = powerOfTwo<T>(UIntOf<T>(Format<T>::bias + Coefficients<T>::reductionFirst));
  Quadrant<T> result = reduceSmall(x);
  if (__builtin_expect(!(abs(x) < large), 0))
    result = reduceLarge(x);
  return result;
}

/// sin(r) and cos(r) for |r| <= pi/4.
template <class T> DESCENT_MATH_INLINE T sinReduced(Pair<T> r) {
  T z = r.high * r.high;
  T cubic = fma(r.high * z, polynomial<Coefficients<T>::sin>(z), fma(r.low, T(-0.5) * z, r.low));
  return r.high + cubic;
}
template <class T> DESCENT_MATH_INLINE T cosReduced(Pair<T> r) {
  T z = r.high * r.high;
  T half = T(0.5) * z;
  T w = T(1) - half;
  T rest = fma(z * z, polynomial<Coefficients<T>::cos>(z), -(r.high * r.low));
  return w + (((T(1) - w) - half) + rest);
}

/// sin(x + quadrants pi/2) for a reduced x.
template <class T> DESCENT_MATH_INLINE T sinOfQuadrant(Quadrant<T> x, UIntOf<T> quadrants) {
  using UInt = UIntOf<T>;
  UInt q = x.q + quadrants;
  T y = choose((q & 1) != 0, cosReduced(x.r), sinReduced(x.r));
  UInt sign = (q & 2) << (sizeof(T) * 8 - 2);
  return fromBits<T>(bitsOf(y) ^ sign);
}

template <class T> DESCENT_MATH_INLINE T sin(T x) {
  T y = sinOfQuadrant(reduceQuadrant(x), 0);
  return abs(x) < T(0x1p-30) ? x : y;
}

template <class T> DESCENT_MATH_INLINE T cos(T x) {
  return sinOfQuadrant(reduceQuadrant(x), 1);
}

template <class T> DESCENT_MATH_INLINE T tan(T x) {
  Quadrant<T> reduced = reduceQuadrant(x);
  T s = sinReduced(reduced.r);
  T c = cosReduced(reduced.r);
  bool odd = (reduced.q & 1) != 0;
  T y = (odd ? -c : s) / (odd ? s : c);
  return abs(x) < T(0x1p-30) ? x : y;
}

// Inverses.

/// asin(x) for |x| <= 1/2, as x plus a small correction.
template <class T> DESCENT_MATH_INLINE T asinCorrection(T x, T z) {
  return x * z * polynomial<Coefficients<T>::asin>(z);
}

/// For |x| > 1/2 both use asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)).
template <class T> DESCENT_MATH_INLINE T asin(T x) {
  using C = Coefficients<T>;
  T a = abs(x);
  bool outer = a > T(0.5);
  T z = choose(outer, T(0.5) * (T(1) - a), a * a);
  T s = choose(outer, sqrt(z), a);
  T correction = asinCorrection(s, z);
  T sLow = fma(-s, s, z) / (s + s);
  sLow = outer && s > T(0) ? sLow : T(0);
  Pair<T> high = fastTwoSum(C::halfPi[0], T(-2) * s);
  T far = high.high + (high.low + fma(T(-2), correction + sLow, C::halfPi[1]));
  T y = copySign(outer ? far : a + correction, x);
  return a < T(0x1p-30) ? x : y;
}

template <class T> DESCENT_MATH_INLINE T acos(T x) {
  using C = Coefficients<T>;
  T a = abs(x);
  bool outer = a > T(0.5);
  T z = choose(outer, T(0.5) * (T(1) - a), a * a);
  T s = choose(outer, sqrt(z), a);
  T correction = asinCorrection(s, z);
  T sLow = fma(-s, s, z) / (s + s);
  correction += outer && s > T(0) ? sLow : T(0);
  // The angle is base + factor * (s + correction).
  bool negative = x < T(0);
  T near = T(2) * (s + correction);
  T base = outer ? C::pi[0] : C::halfPi[0];
  T baseLow = outer ? C::pi[1] : C::halfPi[1];
  T factor = outer ? T(-2) : (negative ? T(1) : T(-1));
  Pair<T> sum = fastTwoSum(base, factor * s);
  T far = sum.high + (sum.low + fma(factor, correction, baseLow));
  return outer && !negative ? near : far;
}

/// atan(n / d) + base for 0 <= n <= d, both moderate, by atan(t) = pi/4 + atan((t - 1) / (t + 1))
/// above tan(pi/8). Returns a double-word number.
template <class T> DESCENT_MATH_INLINE Pair<T> atanOfRatio(T n, T d) {
  using C = Coefficients<T>;
  bool upper = n > T(0.41421356237309503) * d;
  Pair<T> difference = fastTwoSum(d, -n);
  Pair<T> sum = fastTwoSum(d, n);
  Pair<T> top = choose(upper, negate(difference), Pair<T>{n, T(0)});
  Pair<T> bottom = choose(upper, sum, Pair<T>{d, T(0)});
  T t = top.high / bottom.high;
  T tLow = (fma(-t, bottom.high, top.high) + fma(-t, bottom.low, top.low)) / bottom.high;
  T z = t * t;
  T correction = fma(t * z, polynomial<C::atan>(z), tLow);
  T base = upper ? T(0.5) * C::halfPi[0] : T(0);
  T baseLow = upper ? T(0.5) * C::halfPi[1] : T(0);
  Pair<T> y = fastTwoSum(base, t);
  return fastTwoSum(y.high, y.low + (baseLow + correction));
}

template <class T> DESCENT_MATH_INLINE T atan(T x) {
  using C = Coefficients<T>;
  T a = abs(x);
  bool swap = a > T(1);
  bool huge = a > T(0x1p60);
  T n = swap ? T(1) : a;
  T d = swap ? (huge ? T(0x1p60) : a) : T(1);
  Pair<T> y = atanOfRatio(n, d);
  Pair<T> far = fastTwoSum(C::halfPi[0], -y.high);
  T result = choose(swap, far.high + (far.low + (C::halfPi[1] - y.low)), y.high);
  result = copySign(isNan(x) ? x : result, x);
  return a < T(0x1p-30) ? x : result;
}

template <class T> DESCENT_MATH_INLINE T atan2(T y, T x) {
  using C = Coefficients<T>;
  constexpr T infinity = Format<T>::infinity;
  T ax = abs(x);
  T ay = abs(y);
  bool swap = ay > ax;
  T n = swap ? ax : ay;
  T d = swap ? ay : ax;
  // 0/0 is an angle of 0, inf/inf one of pi/4, as if the two were equal finite numbers.
  n = n == infinity ? T(1) : (d == infinity ? T(0) : n);
  d = d == infinity || d == T(0) ? T(1) : d;
  bool huge = d > (sizeof(T) == 8 ? T(0x1p900) : T(0x1p100f));
  bool tiny = d < (sizeof(T) == 8 ? T(0x1p-900) : T(0x1p-80f));
  T rescale = huge ? (sizeof(T) == 8 ? T(0x1p-100) : T(0x1p-30f))
                   : (tiny ? (sizeof(T) == 8 ? T(0x1p130) : T(0x1p60f)) : T(1));
  T exact = n / d;
  n *= rescale;
  d *= rescale;
  Pair<T> angle = atanOfRatio(n, d);
  // A small angle in the first octant is the ratio itself, which may be subnormal.
  bool small = !swap && exact < T(0x1p-30);
  bool left = (bitsOf(x) >> (sizeof(T) * 8 - 1)) != 0;
  // swap: pi/2 -+ angle; left: pi - angle.
  T base = swap ? C::halfPi[0] : (left ? C::pi[0] : T(0));
  T baseLow = swap ? C::halfPi[1] : (left ? C::pi[1] : T(0));
  T sign = swap != left ? T(-1) : T(1);
  Pair<T> sum = fastTwoSum(base, sign * angle.high);
  T result = sum.high + (sum.low + fma(sign, angle.low, baseLow));
  result = small && !left ? exact : result;
  result = copySign(result, y);
  return isNan(x) || isNan(y) ? x + y : result;
}

} // namespace descent::math
