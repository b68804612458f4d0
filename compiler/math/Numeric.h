// The tools that the elementwise functions are written with: bit casts, exact sums and products,
// double-word numbers, polynomials. Everything is branch-free and inlines to a handful of
// instructions that both x86 and NVPTX have.
//
// The exact transformations below need each operation rounded on its own: nothing may be fused
// (other than the fma calls written out) or reassociated.
#pragma once

// The C headers: this code is also compiled without a C++ library.
#include <stddef.h>
#include <stdint.h>

#define DESCENT_MATH_INLINE inline __attribute__((always_inline))

/// How the functions of Math.h are defined: inline for C++ users; Bitcode's source emits every one.
#ifndef DESCENT_MATH_FUNCTION
#define DESCENT_MATH_FUNCTION extern "C" inline
#endif
/// Long work for few arguments: a function that is called. Its arguments and its result are of one
/// type, and its last argument is the result where there is nothing to do.
#define DESCENT_MATH_RARE DESCENT_MATH_FUNCTION __attribute__((noinline))

#if defined(__clang__)
#pragma clang fp contract(off)
#endif

namespace descent::math {

/// What the algorithms need to know of a floating type.
template <class T> struct Format;

template <> struct Format<double> {
  using UInt = uint64_t;
  using Int = int64_t;
  static constexpr int mantissaBits = 52; ///< stored bits
  static constexpr int bias = 1023;
  static constexpr double infinity = __builtin_inf();
  static constexpr double nan = __builtin_nan("");
  static constexpr double minNormal = 0x1p-1022;
  static constexpr double shifter = 0x1.8p52; ///< adding it rounds to an integer, in the low bits
  static constexpr double subnormalScale = 0x1p54;
  static constexpr int subnormalShift = 54;
};

template <> struct Format<float> {
  using UInt = uint32_t;
  using Int = int32_t;
  static constexpr int mantissaBits = 23;
  static constexpr int bias = 127;
  static constexpr float infinity = __builtin_inff();
  static constexpr float nan = __builtin_nanf("");
  static constexpr float minNormal = 0x1p-126f;
  static constexpr float shifter = 0x1.8p23f;
  static constexpr float subnormalScale = 0x1p25f;
  static constexpr int subnormalShift = 25;
};

template <class T> using UIntOf = typename Format<T>::UInt;

template <class T> DESCENT_MATH_INLINE constexpr UIntOf<T> bitsOf(T x) {
  return __builtin_bit_cast(UIntOf<T>, x);
}
template <class T> DESCENT_MATH_INLINE constexpr T fromBits(UIntOf<T> bits) {
  return __builtin_bit_cast(T, bits);
}

template <class T> DESCENT_MATH_INLINE T fma(T a, T b, T c) {
  return __builtin_elementwise_fma(a, b, c);
}
template <class T> DESCENT_MATH_INLINE T abs(T x) {
  return __builtin_elementwise_abs(x);
}
template <class T> DESCENT_MATH_INLINE T floor(T x) {
  return __builtin_elementwise_floor(x);
}
template <class T> DESCENT_MATH_INLINE T roundEven(T x) {
  return __builtin_elementwise_roundeven(x);
}
template <class T> DESCENT_MATH_INLINE T sqrt(T x) {
  return __builtin_elementwise_sqrt(x);
}
template <class T> DESCENT_MATH_INLINE T copySign(T magnitude, T sign) {
  return __builtin_elementwise_copysign(magnitude, sign);
}
template <class T> DESCENT_MATH_INLINE bool isNan(T x) {
  return x != x;
}

/// c ? a : b of values that are computed in any case. The operator itself would make branches of
/// longer operands, and those do not all become selects again.
template <class T> DESCENT_MATH_INLINE T choose(bool c, T a, T b) {
  return c ? a : b;
}

/// The smaller and the larger of two numbers; the second where either is NaN.
template <class T> DESCENT_MATH_INLINE T smaller(T a, T b) {
  return a < b ? a : b;
}
template <class T> DESCENT_MATH_INLINE T larger(T a, T b) {
  return a > b ? a : b;
}

/// x limited to [low, high]; NaN stays NaN.
template <class T> DESCENT_MATH_INLINE T clamp(T x, T low, T high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

/// 2^k for an integer given as k + bias, which must lie in [1, 2 bias].
template <class T> DESCENT_MATH_INLINE constexpr T powerOfTwo(UIntOf<T> biased) {
  return fromBits<T>(biased << Format<T>::mantissaBits);
}

/// A small nonnegative integer as a floating number, without a conversion instruction (AVX2 has
/// none for 64 bits).
template <class T> DESCENT_MATH_INLINE T smallIntegerToFloat(UIntOf<T> n) {
  constexpr T base = powerOfTwo<T>(UIntOf<T>(Format<T>::bias + Format<T>::mantissaBits));
  return fromBits<T>(n | bitsOf(base)) - base;
}

/// An integer-valued number of moderate size as a two's complement integer; only the low
/// mantissaBits - 1 bits mean anything.
template <class T> DESCENT_MATH_INLINE UIntOf<T> lowBits(T integer) {
  return bitsOf(integer + Format<T>::shifter);
}

// Double-word numbers.

/// The unevaluated sum high + low, |low| at most about half an ulp of high.
template <class T> struct Pair {
  T high;
  T low;
};

template <class T> DESCENT_MATH_INLINE Pair<T> choose(bool c, Pair<T> a, Pair<T> b) {
  return {c ? a.high : b.high, c ? a.low : b.low};
}

/// a + b exactly, for |a| >= |b| or a = 0.
template <class T> DESCENT_MATH_INLINE Pair<T> fastTwoSum(T a, T b) {
  T sum = a + b;
  return {sum, b - (sum - a)};
}

/// a + b exactly.
template <class T> DESCENT_MATH_INLINE Pair<T> twoSum(T a, T b) {
  T sum = a + b;
  T part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

/// a * b exactly, barring underflow.
template <class T> DESCENT_MATH_INLINE Pair<T> twoProduct(T a, T b) {
  T product = a * b;
  return {product, fma(a, b, -product)};
}

template <class T> DESCENT_MATH_INLINE Pair<T> add(Pair<T> a, Pair<T> b) {
  Pair<T> high = twoSum(a.high, b.high);
  Pair<T> low = twoSum(a.low, b.low);
  high = fastTwoSum(high.high, high.low + low.high);
  return fastTwoSum(high.high, high.low + low.low);
}

/// As add, where a and b have the same sign: fewer operations.
template <class T> DESCENT_MATH_INLINE Pair<T> addSameSign(Pair<T> a, Pair<T> b) {
  Pair<T> sum = twoSum(a.high, b.high);
  return fastTwoSum(sum.high, sum.low + (a.low + b.low));
}

template <class T> DESCENT_MATH_INLINE Pair<T> add(Pair<T> a, T b) {
  Pair<T> sum = twoSum(a.high, b);
  return fastTwoSum(sum.high, sum.low + a.low);
}

template <class T> DESCENT_MATH_INLINE Pair<T> multiply(Pair<T> a, Pair<T> b) {
  Pair<T> product = twoProduct(a.high, b.high);
  T low = fma(a.high, b.low, fma(a.low, b.high, product.low));
  return fastTwoSum(product.high, low);
}

template <class T> DESCENT_MATH_INLINE Pair<T> multiply(Pair<T> a, T b) {
  Pair<T> product = twoProduct(a.high, b);
  return fastTwoSum(product.high, fma(a.low, b, product.low));
}

/// a / b to about twice the working precision, with one division.
template <class T> DESCENT_MATH_INLINE Pair<T> divide(Pair<T> a, Pair<T> b) {
  T inverse = T(1) / b.high;
  T high = a.high * inverse;
  T rest = fma(-high, b.high, a.high);
  rest = fma(-high, b.low, rest + a.low);
  return fastTwoSum(high, rest * inverse);
}

template <class T> DESCENT_MATH_INLINE Pair<T> negate(Pair<T> a) {
  return {-a.high, -a.low};
}

// Polynomials. C is a constexpr array, lowest order first.

template <const auto &C, size_t First, size_t Step, class T> DESCENT_MATH_INLINE T horner(T x) {
  constexpr size_t size = sizeof(C) / sizeof(C[0]);
  constexpr T coefficient = C[First];
  if constexpr (First + Step < size)
    return fma(horner<C, First + Step, Step>(x), x, coefficient);
  else
    return coefficient;
}

/// The polynomial at x. Long ones are split into even and odd powers, which halves the chain of
/// dependent operations.
template <const auto &C, class T> DESCENT_MATH_INLINE T polynomial(T x) {
  constexpr size_t size = sizeof(C) / sizeof(C[0]);
  if constexpr (size < 5) {
    return horner<C, 0, 1>(x);
  } else {
    T square = x * x;
    return fma(horner<C, 1, 2>(square), x, horner<C, 0, 2>(square));
  }
}

/// Every second coefficient, from First on, of pairPolynomial, as a polynomial in `square`.
template <const auto &C, int Pairs, int First, class T>
DESCENT_MATH_INLINE Pair<T> pairHorner(Pair<T> square) {
  constexpr int size = int(sizeof(C) / sizeof(C[0])) - Pairs;
  constexpr int last = size - 1 - (size - 1 - First) % 2;
  T tail = C[last + Pairs];
  int k = last - 2;
#pragma clang loop unroll(full)
  for (; k >= Pairs; k -= 2)
    tail = fma(tail, square.high, C[k + Pairs]);
  Pair<T> y = {tail, T(0)};
#pragma clang loop unroll(full)
  for (; k >= First; k -= 2) {
    Pair<T> product = twoProduct(y.high, square.high);
    T low = fma(y.high, square.low, fma(y.low, square.high, product.low));
    Pair<T> sum = twoSum(C[2 * k], product.high);
    y = fastTwoSum(sum.high, sum.low + (C[2 * k + 1] + low));
  }
  return y;
}

/// A polynomial whose first `Pairs` coefficients are (high, low) pairs, at x: the leading ones are
/// evaluated in double-word arithmetic, the rest, too small to matter more, in T. Even and odd
/// powers apart, since these chains are long.
template <const auto &C, int Pairs, class T> DESCENT_MATH_INLINE Pair<T> pairPolynomial(Pair<T> x) {
  Pair<T> square = multiply(x, x);
  return add(pairHorner<C, Pairs, 0>(square), multiply(pairHorner<C, Pairs, 1>(square), x));
}

} // namespace descent::math
