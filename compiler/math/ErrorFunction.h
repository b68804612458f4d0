// erf and erfc. With t = (x - K) / (x + K), (x + K) e^(x^2) erfc(x) is one polynomial in t for all
// x >= 0 up to where erfc underflows; erf below 1 is an odd polynomial.
#pragma once

#include "compiler/math/Coefficients.h"
#include "compiler/math/Exponential.h"
#include "compiler/math/Numeric.h"

namespace descent::math {

/// erfc(a) for a >= 0.
template <class T> DESCENT_MATH_INLINE T erfcPositive(T a) {
  using C = Coefficients<T>;
  constexpr T limit = C::erfcLimit;
  constexpr T shift = C::erfcShift;
  a = a > limit ? limit : a;
  T denominator = a + shift;
  T inverse = T(1) / denominator;
  T t = (a - shift) * inverse;
  Pair<T> square = twoProduct(a, a);
  return scaledExp(-square.high, -square.low, polynomial<C::erfc>(t) * inverse);
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

} // namespace descent::math
