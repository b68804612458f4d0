// erf and erfc. With t = (x - K) / (x + K), (x + 7/8) e^(x^2) erfc(x) is one polynomial in t for
// all x >= 0 up to where erfc underflows; erf below 1 is an odd polynomial. erfinv is x times a
// polynomial in w = -log(1 - x^2), or in its root.
#pragma once

#include "compiler/math/Coefficients.h"
#include "compiler/math/Exponential.h"
#include "compiler/math/Logarithm.h"
#include "compiler/math/Numeric.h"

namespace descent::math {

/// erfc(a) for a >= 0.
template <class T> DESCENT_MATH_INLINE T erfcPositive(T a) {
  using C = Coefficients<T>;
  constexpr T limit = C::erfcLimit;
  constexpr T shift = C::erfcShift;
  a = a > limit ? limit : a;
  T t = (a - shift) / (a + shift);
  T weighted = polynomial<C::erfc>(t) / (a + T(0.875));
  Pair<T> square = twoProduct(a, a);
  return scaledExp(-square.high, -square.low, weighted);
}

template <class T> DESCENT_MATH_INLINE T erfc(T x) {
  T y = erfcPositive(abs(x));
  return x < T(0) ? T(2) - y : y;
}

template <class T> DESCENT_MATH_INLINE T erf(T x) {
  T a = abs(x);
  T z = x * x;
  T inner = fma(x, polynomial<Coefficients<T>::erf>(z), x);
  T outer = copySign(T(1) - erfcPositive(a), x);
  T y = a < T(1) ? inner : outer;
  return isNan(x) ? x : y;
}

/// The square root of one half, as a sum of two numbers.
template <class T> struct SqrtHalf;
template <> struct SqrtHalf<double> {
  static constexpr double high = 0x1.6a09e667f3bcdp-1, low = -0x1.bdd3413b26456p-55;
};
template <> struct SqrtHalf<float> {
  static constexpr float high = 0x1.6a09e6p-1f, low = 0x1.9fcef4p-27f;
};

/// x times the normal distribution function at x, x erfc(-x / sqrt(2)) / 2: as erfc, with the exact
/// square of x in the exponent, x inside the scaling, and what the quotient lacks in the exponent.
template <class T> DESCENT_MATH_INLINE T gelu(T x) {
  using C = Coefficients<T>;
  using Root = SqrtHalf<T>;
  constexpr T limit = C::erfcLimit / Root::high;
  constexpr T shift = C::erfcShift;
  T a = abs(x) > limit ? limit : abs(x);
  T z = a * Root::high;
  T zLow = fma(a, Root::high, -z) + a * Root::low;
  T t = (z - shift) / (z + shift);
  Pair<T> above = twoProduct(x < T(0) ? -a : T(1), T(0.5) * polynomial<C::erfc>(t));
  Pair<T> below = twoSum(z, T(0.875));
  T quotient = above.high / below.high;
  T rest = fma(-quotient, below.high, above.high) + above.low - quotient * (below.low + zLow);
  T lacking = rest / above.high;
  lacking = abs(lacking) < T(0x1p-10) ? lacking : T(0); // where the product underflows
  Pair<T> square = twoProduct(a, a);
  T tail = scaledExp(T(-0.5) * square.high, fma(T(-0.5), square.low, lacking), quotient);
  return x < T(0) ? tail : x * (T(1) - tail);
}

template <class T> DESCENT_MATH_INLINE T erfinv(T x) {
  using C = Coefficients<T>;
  constexpr T infinity = Format<T>::infinity;
  T a = abs(x);
  T w = -log(fma(-a, a, T(1)));
  T root = sqrt(w);
  T ratio;
  if constexpr (sizeof(T) == 8) {
    T central = polynomial<C::erfinv0>(w - T(2.5));
    T middle = polynomial<C::erfinv1>(root - T(3.125));
    T far = polynomial<C::erfinv2>(root - T(5));
    ratio = w < T(5) ? central : (w < T(16) ? middle : far);
  } else {
    T central = polynomial<C::erfinv0>(w - T(2));
    T far = polynomial<C::erfinv1>(root - T(3));
    ratio = w < T(4) ? central : far;
  }
  T y = x * ratio;
  y = a == T(1) ? copySign(infinity, x) : y;
  return a > T(1) ? Format<T>::nan : y;
}

} // namespace descent::math
