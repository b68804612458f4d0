// logaddexp on and beside the curve e^x + e^y = 1, where all digits of both exponentials cancel.

#include "compiler/math/Math.h"
#include "tests/unit/math/Reference.h"

#include <algorithm>
#include <cstdio>
#include <gtest/gtest.h>
#include <type_traits>

namespace descent::test {
namespace {

constexpr double allowed = 4;

template <class T> T logaddexp(T x, T y) {
  if constexpr (std::is_same_v<T, double>)
    return descent_logaddexp_f64(x, y);
  else
    return descent_logaddexp_f32(x, y);
}

/// The y with e^x + e^y = 1, rounded.
template <class T> T partner(T x) {
  Exact y(x);
  mpfr_expm1(y, y, MPFR_RNDN);
  mpfr_neg(y, y, MPFR_RNDN);
  mpfr_log(y, y, MPFR_RNDN);
  return sizeof(T) == 8 ? T(mpfr_get_d(y, MPFR_RNDN)) : T(mpfr_get_flt(y, MPFR_RNDN));
}

template <class T> void check(T x, T y, Worst &worst) {
  static Exact exact, other;
  mpfr_set_d(exact, x, MPFR_RNDN);
  mpfr_set_d(other, y, MPFR_RNDN);
  mpfr_expm1(exact, exact, MPFR_RNDN);
  mpfr_exp(other, other, MPFR_RNDN);
  mpfr_add(exact, exact, other, MPFR_RNDN);
  mpfr_log1p(exact, exact, MPFR_RNDN);
  worst.note(ulpError(logaddexp(x, y), exact), x, y);
  worst.note(ulpError(logaddexp(y, x), exact), y, x);
}

template <class T> class LogaddexpNearZero : public testing::Test {};
using Floats = testing::Types<float, double>;
TYPED_TEST_SUITE(LogaddexpNearZero, Floats);

TYPED_TEST(LogaddexpNearZero, OnTheCurveAndBesideIt) {
  using T = TypeParam;
  // e^-lowest is the smallest subnormal number, or nearly.
  constexpr double lowest = sizeof(T) == 8 ? 744.4 : 103.2;
  constexpr int bits = std::numeric_limits<T>::digits - 1;
  Random random(3);
  Worst worst;
  for (int i = 0; i < 3000; ++i) {
    T x, y;
    switch (i % 3) {
    case 0: // both of the size of 1
      x = T(-random.uniform(0, 0.7));
      y = partner(x);
      break;
    case 1: // x of any size, y = log|x|
      x = T(-std::exp(-random.uniform(0.36, lowest)));
      y = partner(x);
      break;
    default: // as many steps of y as there are, x the nearest number
      y = T(-random.uniform(0.69, i % 2 ? 40 : lowest));
      x = partner(y);
    }
    check(x, y, worst);
    int steps = int(random.bits() % 17) - 8;
    check(neighbour(x, steps), y, worst);
    check(x, neighbour(y, steps), worst);
    T away = T(std::exp2(-random.uniform(0, bits)));
    check(T(x * (1 + away)), y, worst);
    check(T(x * (1 - away)), y, worst);
    check(x, T(y * (1 - away)), worst);
  }
  std::printf("logaddexp  near 0, %d bytes  %8ld arguments  max %.3f ulp at %a %a\n",
              int(sizeof(T)), worst.count, worst.ulp, worst.x, worst.y);
  EXPECT_LE(worst.ulp, allowed);
}

TEST(Logaddexp, WhereLessIsLeftThanByChance) {
  // Found among 10^11 pairs along the curve.
  constexpr double pairs[][2] = {{-0x1.1e6d1dc535088p-1, -0x1.b1f2287dee44dp-1},
                                 {-0x1.2c42f0a39de34p-6, -0x1.008c2eca2dde8p+2},
                                 {-0x1.0e6ba73d5414ap-1, -0x1.c81b34e44f8e6p-1},
                                 {-0x1.026bcf8c59404p-2, -0x1.801af2929ef79p+0},
                                 {-0x1.2cb53746d09bap+4, -0x1.d8fb4568ee848p-28},
                                 {-0x1.23e28c7f0faf3p-1, -0x1.aac0fc0549e85p-1},
                                 {-0x1.9821944526001p-3, -0x1.b6053f90c5ea1p+0},
                                 {-0x1.e87c371a0adc8p-3, -0x1.8cd9e06a3c7fbp+0}};
  for (auto [x, y] : pairs) {
    Worst worst;
    check(x, y, worst);
    EXPECT_LE(worst.ulp, 1) << x << " " << y;
    double share = std::fabs(logaddexp(x, y) / std::expm1(std::max(x, y)));
    EXPECT_LT(share, 0x1p-80) << "an easier case: " << x << " " << y;
  }
}

} // namespace
} // namespace descent::test
