// The elementwise functions of the language: one definition each, for the CPU's vectors, for the
// GPU's threads, and (this header compiled natively) for the host and the tests.
//
// Each function exists as descent_<name>_f32 and descent_<name>_f64 (integer ones as _i32, _i64,
// _u32) with C linkage. They are always inlined, call nothing, touch no memory and no floating
// environment, and have no loop whose length depends on data, so that LLVM's loop vectoriser works
// through them. Math.def lists them; Bitcode.h gives them as LLVM bitcode.
//
// Accuracy: at most 4 ulp from the correctly rounded value over the whole domain, subnormal
// arguments and results included, unless a function says otherwise; most stay below 1.5. The
// argument is an exact number. What is said of numbers holds for both types. Special values follow
// IEEE 754 and C's Annex F: a NaN argument gives NaN, zeros keep their sign where the function is
// odd, a pole gives an infinity, and an argument outside the domain gives NaN.
//
// The code relies on IEEE arithmetic with rounding to nearest: it must not be compiled or linked
// into modules with fast-math flags on these functions' instructions, with fusion of separate
// multiplications and additions, or with subnormals flushed to zero.
#pragma once

#include "compiler/math/ErrorFunction.h"
#include "compiler/math/Exponential.h"
#include "compiler/math/Gamma.h"
#include "compiler/math/Integer.h"
#include "compiler/math/Logarithm.h"
#include "compiler/math/Polygamma.h"
#include "compiler/math/Power.h"
#include "compiler/math/Random.h"
#include "compiler/math/Rounding.h"
#include "compiler/math/Sort.h"
#include "compiler/math/Trigonometric.h"

#define DESCENT_MATH_DEFINE_1(name)                                                                \
  DESCENT_MATH_FUNCTION __attribute__((always_inline)) float descent_##name##_f32(float x) {       \
    return descent::math::name(x);                                                                 \
  }                                                                                                \
  DESCENT_MATH_FUNCTION __attribute__((always_inline)) double descent_##name##_f64(double x) {     \
    return descent::math::name(x);                                                                 \
  }

#define DESCENT_MATH_DEFINE_2(name)                                                                \
  DESCENT_MATH_FUNCTION                                                                            \
  __attribute__((always_inline)) float descent_##name##_f32(float x, float y) {                    \
    return descent::math::name(x, y);                                                              \
  }                                                                                                \
  DESCENT_MATH_FUNCTION                                                                            \
  __attribute__((always_inline)) double descent_##name##_f64(double x, double y) {                 \
    return descent::math::name(x, y);                                                              \
  }

#define DESCENT_MATH_DEFINE_INTEGER_2(name, implementation, suffix, type)                          \
  DESCENT_MATH_FUNCTION __attribute__((always_inline)) type descent_##name##_##suffix(type x,      \
                                                                                      type y) {    \
    return descent::math::implementation(x, y);                                                    \
  }

#define DESCENT_MATH_DEFINE_INTEGERS_2(name, implementation)                                       \
  DESCENT_MATH_DEFINE_INTEGER_2(name, implementation, i32, int32_t)                                \
  DESCENT_MATH_DEFINE_INTEGER_2(name, implementation, i64, int64_t)                                \
  DESCENT_MATH_DEFINE_INTEGER_2(name, implementation, u32, uint32_t)

#define DESCENT_MATH_DEFINE_CONVERSION(from, fromType, to, toType)                                 \
  DESCENT_MATH_FUNCTION __attribute__((always_inline)) toType descent_##from##_to_##to(            \
      fromType x) {                                                                                \
    return descent::math::toInteger<toType>(x);                                                    \
  }

#define DESCENT_MATH_DEFINE_CONVERSIONS(from, fromType)                                            \
  DESCENT_MATH_DEFINE_CONVERSION(from, fromType, i32, int32_t)                                     \
  DESCENT_MATH_DEFINE_CONVERSION(from, fromType, i64, int64_t)                                     \
  DESCENT_MATH_DEFINE_CONVERSION(from, fromType, u32, uint32_t)                                    \
  DESCENT_MATH_FUNCTION __attribute__((always_inline)) bool descent_##from##_to_bool(fromType x) { \
    return descent::math::toBool(x);                                                               \
  }

#define DESCENT_MATH_DEFINE_SORT(suffix, type)                                                     \
  DESCENT_MATH_FUNCTION void descent_argsort_##suffix(type *x, int32_t *index, void *scratch,      \
                                                      int64_t n) {                                 \
    descent::math::argsort(x, index, scratch, n);                                                  \
  }

// Exponentials and logarithms.

/// e^x, 2^x, and e^x - 1 without cancellation near 0.
DESCENT_MATH_DEFINE_1(exp)
DESCENT_MATH_DEFINE_1(exp2)
DESCENT_MATH_DEFINE_1(expm1)

/// Logarithms: natural, to base 2 (exact for powers of two), to base 10, and log(1 + x). -inf at 0
/// (log1p: at -1), NaN below.
DESCENT_MATH_DEFINE_1(log)
DESCENT_MATH_DEFINE_1(log2)
DESCENT_MATH_DEFINE_1(log10)
DESCENT_MATH_DEFINE_1(log1p)

/// 1 / (1 + e^-x); log(1 + e^x); log(e^x + e^y), also near the curve e^x + e^y = 1, where the
/// result is what is left of two numbers that cancel.
DESCENT_MATH_DEFINE_1(sigmoid)
/// x / (1 + e^-x); x times the normal distribution function, and its approximation
/// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. -0 at -inf.
DESCENT_MATH_DEFINE_1(silu)
DESCENT_MATH_DEFINE_1(gelu)
DESCENT_MATH_DEFINE_1(gelu_tanh)
DESCENT_MATH_DEFINE_1(softplus)
DESCENT_MATH_DEFINE_2(logaddexp)

// Trigonometric and hyperbolic functions; angles in radians. Arguments may be as large as the type
// allows: the reduction by multiples of pi/2 is exact enough for all of them.

DESCENT_MATH_DEFINE_1(sin)
DESCENT_MATH_DEFINE_1(cos)
DESCENT_MATH_DEFINE_1(tan)
DESCENT_MATH_DEFINE_1(asin)
DESCENT_MATH_DEFINE_1(acos)
DESCENT_MATH_DEFINE_1(atan)

/// The angle of the point (y, x) as in C: atan2(y, x), with the first argument the ordinate.
DESCENT_MATH_DEFINE_2(atan2)

DESCENT_MATH_DEFINE_1(sinh)
DESCENT_MATH_DEFINE_1(cosh)
DESCENT_MATH_DEFINE_1(tanh)
DESCENT_MATH_DEFINE_1(asinh)
DESCENT_MATH_DEFINE_1(acosh)
DESCENT_MATH_DEFINE_1(atanh)

// Error functions: 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x, and 1 minus that.

DESCENT_MATH_DEFINE_1(erf)
DESCENT_MATH_DEFINE_1(erfc)
/// The x with erf(x) = the argument, which lies in [-1, 1].
DESCENT_MATH_DEFINE_1(erfinv)

// The logarithm of |Gamma(x)| and its derivative. Poles at 0, -1, -2, ...: lgamma is +inf there,
// digamma NaN (at +-0, -+inf).

DESCENT_MATH_DEFINE_1(lgamma)
DESCENT_MATH_DEFINE_1(digamma)

/// The n-th derivative of digamma; 0 is digamma itself. For n from 1 to 7 the error is below 4 ulp
/// of the largest term of the series, n! |x + k|^-(n+1), which is below the result itself but near
/// the zeros that even n have at negative arguments. For greater n it is below 1e-12 of that term
/// (f32: 4 ulp). Poles: +inf for odd n; for even n NaN, and -+inf at +-0. n from 0 to 1022, NaN
/// otherwise; cheap where n is a constant.
DESCENT_MATH_FUNCTION __attribute__((always_inline)) float descent_polygamma_f32(int32_t n,
                                                                                 float x) {
  return descent::math::polygamma(n, x);
}
DESCENT_MATH_FUNCTION __attribute__((always_inline)) double descent_polygamma_f64(int32_t n,
                                                                                  double x) {
  return descent::math::polygamma(n, x);
}

// Powers and roots.

/// x^y with IEEE 754's special cases: x^0 = 1^y = 1 even for NaN; a negative x needs an integer y.
DESCENT_MATH_DEFINE_2(pow)
/// 1 / sqrt(x); the cube root; sqrt(x^2 + y^2) without overflow on the way.
DESCENT_MATH_DEFINE_1(rsqrt)
DESCENT_MATH_DEFINE_1(cbrt)
DESCENT_MATH_DEFINE_2(hypot)

// Rounding and division.

/// x - floor(x / y) y with the sign of y, as Python's %. The remainder is taken exactly whatever
/// the size of the quotient, then rounded once. NaN for y = 0 and for infinite x;
/// mod(x, inf) = x for x >= 0 and inf for x < 0.
DESCENT_MATH_DEFINE_2(mod)
/// floor(x / y), as Python's //; x / 0 is what division gives.
DESCENT_MATH_DEFINE_2(floordiv)
/// -1, 0 or 1; zeros keep their sign.
DESCENT_MATH_DEFINE_1(sign)
/// The nearest integer, halves to even.
DESCENT_MATH_DEFINE_1(round)

// Integers. Arithmetic wraps modulo 2^32 or 2^64.

/// Quotient rounded down and its remainder, which has the sign of y; both 0 where y is 0, and
/// min / -1 wraps to min.
DESCENT_MATH_DEFINE_INTEGERS_2(floordiv, floordivInt)
DESCENT_MATH_DEFINE_INTEGERS_2(mod, modInt)
/// x^y; x^0 is 1. For y < 0, x^y rounded towards zero: 0 unless x is 1 or -1 (0 for x = 0, too).
DESCENT_MATH_DEFINE_INTEGERS_2(pow, powInt)

// Conversions: rounded towards zero and limited to the target's range, NaN becomes 0; as bool,
// everything but zero is true.

DESCENT_MATH_DEFINE_CONVERSIONS(f32, float)
DESCENT_MATH_DEFINE_CONVERSIONS(f64, double)

// Random numbers.

/// threefry2x32 with 20 rounds; key, counter and result are pairs of 32-bit words, the first word
/// in the high half.
DESCENT_MATH_FUNCTION __attribute__((always_inline)) uint64_t
descent_threefry2x32(uint64_t key, uint64_t counter) {
  return descent::math::threefry2x32(key, counter);
}

// Sorting, not inlined: descent_argsort_<type>(x, index, scratch, n) writes to index the stable
// permutation that sorts the row x[0..n) ascending, NaNs last. x is overwritten; scratch has 12 n bytes.

DESCENT_MATH_DEFINE_SORT(f32, float)
DESCENT_MATH_DEFINE_SORT(f64, double)
DESCENT_MATH_DEFINE_SORT(i32, int32_t)
DESCENT_MATH_DEFINE_SORT(i64, int64_t)
DESCENT_MATH_DEFINE_SORT(u32, uint32_t)
DESCENT_MATH_DEFINE_SORT(u64, uint64_t)
