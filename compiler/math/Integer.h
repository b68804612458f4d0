// Integer operations that C leaves undefined somewhere, and conversions from floating types. Here
// nothing is undefined: arithmetic wraps, division by zero is 0, conversions saturate.
#pragma once

#include "compiler/math/Numeric.h"

namespace descent::math {

template <class I> struct UnsignedOf;
template <> struct UnsignedOf<int32_t> { using Type = uint32_t; };
template <> struct UnsignedOf<uint32_t> { using Type = uint32_t; };
template <> struct UnsignedOf<int64_t> { using Type = uint64_t; };

/// The largest and smallest value of an integer type.
template <class I> struct Limits {
  using U = typename UnsignedOf<I>::Type;
  static constexpr bool isSigned = I(-1) < I(0);
  static constexpr I max = isSigned ? I(U(~U(0)) >> 1) : I(~U(0));
  static constexpr I min = isSigned ? I(U(1) << (sizeof(I) * 8 - 1)) : I(0);
};

/// floor(x / y). x / 0 is 0, and the one quotient that does not fit, min / -1, wraps to min.
template <class I> DESCENT_MATH_INLINE I floordivInt(I x, I y) {
  using U = typename UnsignedOf<I>::Type;
  if constexpr (sizeof(I) == 4) {
    // Exact in double: a quotient of 32-bit numbers is no closer than 2^-32 to an integer that it
    // does not reach. Vectors have no integer division.
    double q = floor(double(x) / double(y == 0 ? I(1) : y));
    if constexpr (Limits<I>::isSigned)
      q = q > double(Limits<I>::max) ? double(Limits<I>::min) : q;
    return y == 0 ? I(0) : I(q);
  } else {
    if constexpr (Limits<I>::isSigned) {
      bool special = y == 0 || y == I(-1);
      I divisor = special ? I(1) : y;
      I q = x / divisor;
      I r = I(U(x) - U(q) * U(divisor));
      q = choose(r != 0 && (r ^ divisor) < 0, I(U(q) - U(1)), q);
      q = y == I(-1) ? I(U(0) - U(x)) : q;
      return y == 0 ? I(0) : q;
    } else {
      I q = x / (y == 0 ? I(1) : y);
      return y == 0 ? I(0) : q;
    }
  }
}

/// x - floor(x / y) y, with the sign of y; x mod 0 is 0.
template <class I> DESCENT_MATH_INLINE I modInt(I x, I y) {
  using U = typename UnsignedOf<I>::Type;
  I r = I(U(x) - U(floordivInt(x, y)) * U(y));
  return y == 0 ? I(0) : r;
}

/// x^n modulo 2^bits, by squaring; x^0 is 1. A negative n gives 1 / x^|n| rounded towards zero: 1
/// for x = 1, +-1 for x = -1, otherwise 0 (also for x = 0).
template <class I> DESCENT_MATH_INLINE I powInt(I x, I n) {
  using U = typename UnsignedOf<I>::Type;
  constexpr int bits = int(sizeof(I)) * 8;
  U power = U(x);
  U result = 1;
#pragma clang loop unroll(full)
  for (int i = 0; i < bits; ++i) {
    result = choose(((U(n) >> i) & 1) != 0, result * power, result);
    power *= power;
  }
  if constexpr (Limits<I>::isSigned) {
    I odd = (n & 1) != 0 ? I(-1) : I(1);
    I inverse = x == I(1) ? I(1) : (x == I(-1) ? odd : I(0));
    return n < 0 ? inverse : I(result);
  } else {
    return result;
  }
}

/// x rounded towards zero and limited to the integer type's range; NaN gives 0.
template <class I, class T> DESCENT_MATH_INLINE I toInteger(T x) {
  // The limits as floating numbers: min is exact; max rounds up to a power of two, which is out.
  constexpr T low = T(Limits<I>::min);
  constexpr T above = T(2) * T(I(1) + Limits<I>::max / 2);
  constexpr T below = fromBits<T>(bitsOf(above) - 1);
  bool tooLarge = x >= above;
  T limited = x > low ? x : low; // NaN becomes low, and is replaced below
  limited = limited < below ? limited : below;
  I y = I(limited);
  y = tooLarge ? Limits<I>::max : y;
  return isNan(x) ? I(0) : y;
}

template <class T> DESCENT_MATH_INLINE bool toBool(T x) {
  return x != T(0);
}

} // namespace descent::math
