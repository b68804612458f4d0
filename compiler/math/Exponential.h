// exp and its kin: x = k ln 2 + r with |r| <= ln(2)/2, a polynomial in r, and a scaling by 2^k.
#pragma once

#include "compiler/math/Coefficients.h"
#include "compiler/math/Numeric.h"

namespace descent::math {

/// Beyond these the exponential overflows, or underflows to zero, in every use below.
template <class T> struct ExponentRange;
template <> struct ExponentRange<double> {
  static constexpr double low = -760, high = 720;
};
template <> struct ExponentRange<float> {
  static constexpr float low = -110, high = 95;
};

/// x = k ln 2 + r; `biased` is k + 2 bias.
template <class T> struct Reduced {
  T r;
  T k;
  UIntOf<T> biased;
};

/// Reduces high + low, |low| tiny. |high| within ExponentRange.
template <class T> DESCENT_MATH_INLINE Reduced<T> reduceByLn2(T high, T low) {
  using C = Coefficients<T>;
  constexpr T shifter = Format<T>::shifter;
  T shifted = fma(high, C::log2e[0], shifter);
  T k = shifted - shifter;
  T r = fma(-k, C::ln2[0], high); // exact: the high part of ln 2 is short
  r = fma(-k, C::ln2[1], r + low);
  UIntOf<T> biased = bitsOf(shifted) - bitsOf(shifter) + UIntOf<T>(2 * Format<T>::bias);
  return {r, k, biased};
}

/// e^r - 1 for a reduced r.
template <class T> DESCENT_MATH_INLINE T reducedExpm1(T r) {
  return fma(r * r, polynomial<Coefficients<T>::exp>(r), r);
}

/// y 2^k for k + 2 bias in [2, 4 bias], rounded once also where the result is subnormal.
template <class T> DESCENT_MATH_INLINE T scale(T y, UIntOf<T> biased) {
  UIntOf<T> half = biased >> 1;
  return y * powerOfTwo<T>(half) * powerOfTwo<T>(biased - half);
}

/// factor * e^(high + low), rounded once where it is subnormal. |low| tiny.
template <class T> DESCENT_MATH_INLINE T scaledExp(T high, T low, T factor) {
  using Range = ExponentRange<T>;
  bool inside = high >= Range::low && high <= Range::high;
  low = inside ? low : T(0);
  Reduced<T> x = reduceByLn2(clamp(high, Range::low, Range::high), low);
  return scale(fma(factor, reducedExpm1(x.r), factor), x.biased);
}

template <class T> DESCENT_MATH_INLINE T exp(T x) {
  Reduced<T> reduced = reduceByLn2(clamp(x, ExponentRange<T>::low, ExponentRange<T>::high), T(0));
  return scale(T(1) + reducedExpm1(reduced.r), reduced.biased);
}

template <class T> DESCENT_MATH_INLINE T exp2(T x) {
  constexpr T limit = T(Format<T>::bias + 60);
  constexpr T shifter = Format<T>::shifter;
  x = clamp(x, -limit, limit);
  T shifted = x + shifter;
  T r = x - (shifted - shifter);
  T y = fma(r, polynomial<Coefficients<T>::exp2>(r), T(1));
  return scale(y, bitsOf(shifted) - bitsOf(shifter) + UIntOf<T>(2 * Format<T>::bias));
}

template <class T> DESCENT_MATH_INLINE T expm1(T x) {
  // Below -40 the result is -1; above 710 (89 for float) it overflows.
  constexpr T high = sizeof(T) == 8 ? T(709.9) : T(88.9);
  Reduced<T> reduced = reduceByLn2(clamp(x, T(-40), high), T(0));
  T p = reducedExpm1(reduced.r);
  // 2^k (1 + p) - 1, halved so that k = bias + 1 does not overflow too early.
  T half = powerOfTwo<T>(reduced.biased - UIntOf<T>(Format<T>::bias + 1));
  T y = fma(half, p, half - T(0.5)) * T(2);
  y = reduced.k == T(0) ? p : y;
  return abs(x) < T(0x1p-54) ? x : y;
}

/// sinh and cosh of x >= 0, both divided by 2^scale: x = k ln 2 + r and the addition theorem with
/// sinh(r) and cosh(r) - 1 as polynomials, so that nothing cancels.
template <class T> struct Hyperbolic {
  T sinh;
  T cosh;
  T scale;
};

template <class T> DESCENT_MATH_INLINE Hyperbolic<T> hyperbolic(T x) {
  using C = Coefficients<T>;
  constexpr T high = sizeof(T) == 8 ? T(711) : T(90);
  Reduced<T> reduced = reduceByLn2(x > high ? high : x, T(0));
  T r = reduced.r;
  T z = r * r;
  T sinhR = fma(r * z, polynomial<C::sinh>(z), r);
  T coshR1 = z * polynomial<C::cosh>(z);
  // 2^(k-4) and 2^(-k-4): the margin keeps both in range, also for k = bias + 2.
  constexpr UIntOf<T> margin = 4;
  UIntOf<T> k = reduced.biased - UIntOf<T>(Format<T>::bias);
  T up = powerOfTwo<T>(k - margin);
  // Beyond k = bias/2 the decreasing exponential is lost in rounding anyway.
  T down = reduced.k < T(Format<T>::bias / 2)
               ? powerOfTwo<T>(UIntOf<T>(2 * Format<T>::bias) - k - margin)
               : T(0);
  T sinhK = T(0.5) * (up - down);
  T coshK = T(0.5) * (up + down);
  T sinh = fma(coshK, sinhR, fma(sinhK, coshR1, sinhK));
  T cosh = coshK + fma(coshK, coshR1, sinhK * sinhR);
  return {reduced.k == T(0) ? sinhR * T(0.0625) : sinh, cosh, T(16)};
}

template <class T> DESCENT_MATH_INLINE T sinh(T x) {
  Hyperbolic<T> h = hyperbolic(abs(x));
  T y = copySign(h.sinh * h.scale, x);
  return abs(x) < T(0x1p-30) ? x : y;
}

template <class T> DESCENT_MATH_INLINE T cosh(T x) {
  Hyperbolic<T> h = hyperbolic(abs(x));
  return h.cosh * h.scale;
}

template <class T> DESCENT_MATH_INLINE T tanh(T x) {
  T limited = abs(x) > T(22) ? T(22) : abs(x); // 1 - tanh(22) is below half an ulp of 1
  limited = isNan(x) ? x : limited;
  T e = expm1(T(2) * limited);
  T y = copySign(e / (e + T(2)), x);
  return abs(x) < T(0x1p-30) ? x : y;
}

template <class T> DESCENT_MATH_INLINE T sigmoid(T x) {
  T e = exp(-abs(x));
  return (x < T(0) ? e : T(1)) / (T(1) + e);
}

/// x / (1 + e^-v), where |v| is `size` and v has the sign of x: what the sigmoid loses where it is
/// tiny, or subnormal, would be missing from the product.
template <class T> DESCENT_MATH_INLINE T timesSigmoid(T x, Pair<T> size) {
  using Range = ExponentRange<T>;
  T low = size.high <= -Range::low ? -size.low : T(0);
  Reduced<T> reduced = reduceByLn2(clamp(-size.high, Range::low, Range::high), low);
  T p = reducedExpm1(reduced.r);
  T e = scale(T(1) + p, reduced.biased);
  T factor = x < Range::low ? Range::low : x;
  T below = scale(fma(factor, p, factor), reduced.biased);
  return (x < T(0) ? below : x) / (T(1) + e);
}

/// x sigmoid(x).
template <class T> DESCENT_MATH_INLINE T silu(T x) {
  return timesSigmoid(x, Pair<T>{abs(x), T(0)});
}

/// 2 sqrt(2 / pi), and 0.044715 times that, as sums of two numbers.
template <class T> struct GeluCoefficients;
template <> struct GeluCoefficients<double> {
  static constexpr Pair<double> linear{0x1.9884533d43651p+0, -0x1.cbc0d30ebfd15p-54};
  static constexpr Pair<double> cubic{0x1.2444f2a4d8b4bp-4, -0x1.6c843a29d1c70p-61};
};
template <> struct GeluCoefficients<float> {
  static constexpr Pair<float> linear{0x1.988454p+0f, -0x1.857936p-25f};
  static constexpr Pair<float> cubic{0x1.2444f2p-4f, 0x1.49b16ap-29f};
};

/// x (1 + tanh(u)) / 2 = x sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3); 2 u in twice the
/// precision, since its error is that of the exponential's argument.
template <class T> DESCENT_MATH_INLINE T gelu_tanh(T x) {
  using C = GeluCoefficients<T>;
  T a = abs(x) > T(40) ? T(40) : abs(x); // beyond, the sigmoid is 0 or 1
  Pair<T> slope = addSameSign(multiply(C::cubic, twoProduct(a, a)), C::linear);
  return timesSigmoid(x, multiply(slope, a));
}

} // namespace descent::math
