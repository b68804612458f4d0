// Special values: signed zeros, infinities, NaN, poles, domain ends, exact results.

#include "compiler/math/Math.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double pi = 3.141592653589793;
constexpr double huge = std::numeric_limits<double>::max();
constexpr double tiny = std::numeric_limits<double>::denorm_min();

/// Equal in every bit but for the payload of NaN.
bool identical(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

struct Unary {
  const char *name;
  double (*f64)(double);
  float (*f32)(float);
  double x;
  double expected;
};

#define ROW(name, x, expected) {#name, descent_##name##_f64, descent_##name##_f32, x, expected}
/// x -> expected, -x -> -expected.
#define ODD(name, x, expected) ROW(name, x, expected), ROW(name, -(x), -(expected))

// Every expected value is exact in float, or the rounding of one that both types round.
const Unary unary[] = {
    ROW(exp, 0.0, 1),
    ROW(exp, -0.0, 1),
    ROW(exp, inf, inf),
    ROW(exp, -inf, 0),
    ROW(exp, nan, nan),
    ROW(exp, 1e30, inf),
    ROW(exp, -1e30, 0),
    ROW(exp2, 0.0, 1),
    ROW(exp2, 10, 1024),
    ROW(exp2, -3, 0.125),
    ROW(exp2, inf, inf),
    ROW(exp2, -inf, 0),
    ROW(exp2, nan, nan),
    ROW(exp2, 127, 0x1p127),
    ROW(exp2, -149, 0x1p-149),
    ODD(expm1, 0.0, 0.0),
    ROW(expm1, inf, inf),
    ROW(expm1, -inf, -1),
    ROW(expm1, nan, nan),
    ROW(expm1, -1e30, -1),
    ODD(expm1, 0x1p-149, 0x1p-149),
    ROW(log, 1, 0),
    ROW(log, 0.0, -inf),
    ROW(log, -0.0, -inf),
    ROW(log, inf, inf),
    ROW(log, -1, nan),
    ROW(log, -inf, nan),
    ROW(log, nan, nan),
    ROW(log, -0x1p-149, nan),
    ROW(log2, 1, 0),
    ROW(log2, 8, 3),
    ROW(log2, 0x1p-149, -149),
    ROW(log2, 0x1p127, 127),
    ROW(log2, 0.0, -inf),
    ROW(log2, inf, inf),
    ROW(log2, -1, nan),
    ROW(log2, nan, nan),
    ROW(log10, 1, 0),
    ROW(log10, 1000, 3),
    ROW(log10, 1e10, 10),
    ROW(log10, 0.0, -inf),
    ROW(log10, inf, inf),
    ROW(log10, -1, nan),
    ROW(log10, nan, nan),
    ODD(log1p, 0.0, 0.0),
    ROW(log1p, -1, -inf),
    ROW(log1p, -2, nan),
    ROW(log1p, inf, inf),
    ROW(log1p, -inf, nan),
    ROW(log1p, nan, nan),
    ODD(log1p, 0x1p-149, 0x1p-149),
    ODD(sin, 0.0, 0.0),
    ROW(sin, inf, nan),
    ROW(sin, -inf, nan),
    ROW(sin, nan, nan),
    ODD(sin, 0x1p-149, 0x1p-149),
    ROW(cos, 0.0, 1),
    ROW(cos, -0.0, 1),
    ROW(cos, inf, nan),
    ROW(cos, -inf, nan),
    ROW(cos, nan, nan),
    ODD(tan, 0.0, 0.0),
    ROW(tan, inf, nan),
    ROW(tan, -inf, nan),
    ROW(tan, nan, nan),
    ODD(asin, 0.0, 0.0),
    ROW(asin, 1.5, nan),
    ROW(asin, -inf, nan),
    ROW(asin, nan, nan),
    ROW(acos, 1, 0),
    ROW(acos, -1.5, nan),
    ROW(acos, inf, nan),
    ROW(acos, nan, nan),
    ODD(atan, 0.0, 0.0),
    ROW(atan, nan, nan),
    ODD(atan, 0x1p-149, 0x1p-149),
    ODD(sinh, 0.0, 0.0),
    ODD(sinh, inf, inf),
    ROW(sinh, nan, nan),
    ODD(sinh, 1e30, inf),
    ROW(cosh, 0.0, 1),
    ROW(cosh, inf, inf),
    ROW(cosh, -inf, inf),
    ROW(cosh, nan, nan),
    ODD(tanh, 0.0, 0.0),
    ODD(tanh, inf, 1),
    ROW(tanh, nan, nan),
    ODD(tanh, 1e30, 1),
    ODD(asinh, 0.0, 0.0),
    ODD(asinh, inf, inf),
    ROW(asinh, nan, nan),
    ROW(acosh, 1, 0),
    ROW(acosh, 0.5, nan),
    ROW(acosh, -inf, nan),
    ROW(acosh, inf, inf),
    ROW(acosh, nan, nan),
    ODD(atanh, 0.0, 0.0),
    ODD(atanh, 1, inf),
    ROW(atanh, 1.5, nan),
    ROW(atanh, -inf, nan),
    ROW(atanh, nan, nan),
    ODD(erf, 0.0, 0.0),
    ODD(erf, inf, 1),
    ROW(erf, nan, nan),
    ODD(erf, 7, 1),
    ROW(erfc, 0.0, 1),
    ROW(erfc, inf, 0),
    ROW(erfc, -inf, 2),
    ROW(erfc, nan, nan),
    ROW(erfc, 30, 0),
    ROW(erfc, -7, 2),
    ODD(erfinv, 0.0, 0.0),
    ODD(erfinv, 1, inf),
    ODD(erfinv, 1.25, nan),
    ROW(erfinv, nan, nan),
    ROW(lgamma, 1, 0),
    ROW(lgamma, 2, 0),
    ROW(lgamma, 0.0, inf),
    ROW(lgamma, -0.0, inf),
    ROW(lgamma, -1, inf),
    ROW(lgamma, -1000, inf),
    ROW(lgamma, inf, inf),
    ROW(lgamma, -inf, inf),
    ROW(lgamma, nan, nan),
    ROW(lgamma, -1e30, inf),
    ROW(digamma, 0.0, -inf),
    ROW(digamma, -0.0, inf),
    ROW(digamma, -1, nan),
    ROW(digamma, -1e30, nan),
    ROW(digamma, inf, inf),
    ROW(digamma, -inf, nan),
    ROW(digamma, nan, nan),
    ROW(sigmoid, 0.0, 0.5),
    ROW(sigmoid, inf, 1),
    ROW(sigmoid, -inf, 0),
    ROW(sigmoid, nan, nan),
    ROW(silu, 0.0, 0.0),
    ROW(silu, -0.0, -0.0),
    ROW(silu, inf, inf),
    ROW(silu, -inf, -0.0),
    ROW(silu, nan, nan),
    ROW(gelu, 0.0, 0.0),
    ROW(gelu, -0.0, -0.0),
    ROW(gelu, inf, inf),
    ROW(gelu, -inf, -0.0),
    ROW(gelu, nan, nan),
    ROW(gelu_tanh, 0.0, 0.0),
    ROW(gelu_tanh, -0.0, -0.0),
    ROW(gelu_tanh, inf, inf),
    ROW(gelu_tanh, -inf, -0.0),
    ROW(gelu_tanh, nan, nan),
    ROW(softplus, inf, inf),
    ROW(softplus, -inf, 0),
    ROW(softplus, nan, nan),
    ROW(softplus, 1024, 1024),
    ODD(cbrt, 0.0, 0.0),
    ODD(cbrt, 27, 3),
    ODD(cbrt, 0x1p-147, 0x1p-49),
    ODD(cbrt, inf, inf),
    ROW(cbrt, nan, nan),
    ROW(rsqrt, 4, 0.5),
    ROW(rsqrt, 0.0, inf),
    ROW(rsqrt, -0.0, -inf),
    ROW(rsqrt, inf, 0),
    ROW(rsqrt, -1, nan),
    ROW(rsqrt, nan, nan),
    ODD(sign, 0.0, 0.0),
    ODD(sign, 3, 1),
    ODD(sign, inf, 1),
    ROW(sign, nan, nan),
    ODD(sign, 0x1p-149, 1),
    ODD(round, 0.5, 0.0),
    ODD(round, 1.5, 2),
    ODD(round, 2.5, 2),
    ODD(round, 0x1p100, 0x1p100),
    ODD(round, inf, inf),
    ROW(round, nan, nan),
    ODD(round, 0.0, 0.0),
};

TEST(SpecialValues, Unary) {
  for (const Unary &row : unary) {
    EXPECT_PRED2(identical, row.f64(row.x), row.expected) << row.name << "(" << row.x << ") f64";
    EXPECT_PRED2(identical, row.f32(float(row.x)), row.expected)
        << row.name << "(" << row.x << ") f32";
  }
}

struct Binary {
  const char *name;
  double (*f64)(double, double);
  float (*f32)(float, float);
  double x;
  double y;
  double expected;
};

#define ROW2(name, x, y, expected)                                                                 \
  {#name, descent_##name##_f64, descent_##name##_f32, x, y, expected}

const Binary binary[] = {
    ROW2(atan2, 0.0, 1, 0.0),
    ROW2(atan2, -0.0, 1, -0.0),
    ROW2(atan2, 0.0, 0.0, 0.0),
    ROW2(atan2, -0.0, 0.0, -0.0),
    ROW2(atan2, 0.0, -0.0, pi),
    ROW2(atan2, -0.0, -0.0, -pi),
    ROW2(atan2, 0.0, -1, pi),
    ROW2(atan2, -0.0, -1, -pi),
    ROW2(atan2, 1, 0.0, pi / 2),
    ROW2(atan2, -1, 0.0, -pi / 2),
    ROW2(atan2, 1, -0.0, pi / 2),
    ROW2(atan2, inf, inf, pi / 4),
    ROW2(atan2, inf, -inf, 2.356194490192345),
    ROW2(atan2, -inf, inf, -pi / 4),
    ROW2(atan2, -inf, -inf, -2.356194490192345),
    ROW2(atan2, inf, 1, pi / 2),
    ROW2(atan2, 1, inf, 0.0),
    ROW2(atan2, -1, inf, -0.0),
    ROW2(atan2, 1, -inf, pi),
    ROW2(atan2, -1, -inf, -pi),
    ROW2(atan2, nan, 1, nan),
    ROW2(atan2, 1, nan, nan),
    ROW2(atan2, 0x1p-149, 1, 0x1p-149),
    ROW2(atan2, 0x1p-149, 0x1p-149, pi / 4),
    ROW2(atan2, 0x1p127, 0x1p127, pi / 4),

    ROW2(pow, 2, 10, 1024),
    ROW2(pow, -2, 3, -8),
    ROW2(pow, -2, 2, 4),
    ROW2(pow, -2, 0.5, nan),
    ROW2(pow, 9, 0.5, 3),
    ROW2(pow, 2, -1, 0.5),
    ROW2(pow, nan, 0.0, 1),
    ROW2(pow, inf, 0.0, 1),
    ROW2(pow, 0.0, 0.0, 1),
    ROW2(pow, 1, nan, 1),
    ROW2(pow, 1, inf, 1),
    ROW2(pow, -1, inf, 1),
    ROW2(pow, -1, -inf, 1),
    ROW2(pow, nan, 1, nan),
    ROW2(pow, 2, nan, nan),
    ROW2(pow, 0.0, 3, 0.0),
    ROW2(pow, -0.0, 3, -0.0),
    ROW2(pow, -0.0, 2, 0.0),
    ROW2(pow, -0.0, 0.5, 0.0),
    ROW2(pow, 0.0, -3, inf),
    ROW2(pow, -0.0, -3, -inf),
    ROW2(pow, -0.0, -2, inf),
    ROW2(pow, -0.0, -0.5, inf),
    ROW2(pow, 0.0, inf, 0.0),
    ROW2(pow, 0.0, -inf, inf),
    ROW2(pow, inf, 2, inf),
    ROW2(pow, inf, -2, 0.0),
    ROW2(pow, -inf, 3, -inf),
    ROW2(pow, -inf, 2, inf),
    ROW2(pow, -inf, -3, -0.0),
    ROW2(pow, -inf, 0.5, inf),
    ROW2(pow, 2, inf, inf),
    ROW2(pow, 0.5, inf, 0.0),
    ROW2(pow, 2, -inf, 0.0),
    ROW2(pow, 0.5, -inf, inf),
    ROW2(pow, -0.5, inf, 0.0),
    ROW2(pow, 2, 127, 0x1p127),
    ROW2(pow, 2, -149, 0x1p-149),
    ROW2(pow, 10, 1e30, inf),
    ROW2(pow, 10, -1e30, 0.0),
    ROW2(pow, -1, 0x1.000002p23, -1),
    ROW2(pow, -1, 0x1p24, 1),
    ROW2(pow, -10, 0x1.000002p23, -inf),
    ROW2(pow, 3, 2, 9),
    ROW2(pow, 5, 3, 125),

    ROW2(hypot, 3, 4, 5),
    ROW2(hypot, -3, -4, 5),
    ROW2(hypot, 0.0, -0.0, 0.0),
    ROW2(hypot, inf, nan, inf),
    ROW2(hypot, nan, -inf, inf),
    ROW2(hypot, nan, 1, nan),
    ROW2(hypot, 0x1.8p126, 0x1p127, 0x1.4p127),
    ROW2(hypot, 0x1.8p-148, 0x1p-147, 0x1.4p-147),

    ROW2(logaddexp, -inf, -inf, -inf),
    ROW2(logaddexp, -inf, 3, 3),
    ROW2(logaddexp, 3, -inf, 3),
    ROW2(logaddexp, inf, -inf, inf),
    ROW2(logaddexp, inf, inf, inf),
    ROW2(logaddexp, inf, nan, nan),
    ROW2(logaddexp, nan, 1, nan),
    ROW2(logaddexp, 1000, 0.0, 1000),

    ROW2(mod, 7, 3, 1),
    ROW2(mod, -7, 3, 2),
    ROW2(mod, 7, -3, -2),
    ROW2(mod, -7, -3, -1),
    ROW2(mod, 6, 3, 0.0),
    ROW2(mod, -6, 3, 0.0),
    ROW2(mod, 6, -3, -0.0),
    ROW2(mod, 1, 0.0, nan),
    ROW2(mod, 0.0, 0.0, nan),
    ROW2(mod, inf, 3, nan),
    ROW2(mod, -inf, 3, nan),
    ROW2(mod, 3, inf, 3),
    ROW2(mod, -3, inf, inf),
    ROW2(mod, 3, -inf, -inf),
    ROW2(mod, nan, 3, nan),
    ROW2(mod, 3, nan, nan),
    ROW2(mod, 0x1p127, 3, 2),
    ROW2(mod, 0x1p127, 0x1.8p-148, 0x1p-149),
    ROW2(mod, -0x1p-149, 1, 1),
    ROW2(mod, 5.5, 2, 1.5),
    ROW2(mod, 0.0, 3, 0.0),

    ROW2(floordiv, 7, 2, 3),
    ROW2(floordiv, -7, 2, -4),
    ROW2(floordiv, 7, -2, -4),
    ROW2(floordiv, -7, -2, 3),
    ROW2(floordiv, 1, 0.0, inf),
    ROW2(floordiv, -1, 0.0, -inf),
    ROW2(floordiv, 0.0, 0.0, nan),
    ROW2(floordiv, 3, inf, 0.0),
    ROW2(floordiv, -3, inf, -1),
    ROW2(floordiv, 3, -inf, -1),
    ROW2(floordiv, inf, 3, inf),
    ROW2(floordiv, inf, inf, nan),
    ROW2(floordiv, nan, 1, nan),
    ROW2(floordiv, -0x1p-149, 0x1p127, -1),
    ROW2(floordiv, 0.0, 5, 0.0),
};

TEST(SpecialValues, Binary) {
  for (const Binary &row : binary) {
    // In float the expected angles are those rounded once more.
    EXPECT_PRED2(identical, row.f64(row.x, row.y), row.expected)
        << row.name << "(" << row.x << ", " << row.y << ") f64";
    EXPECT_PRED2(identical, row.f32(float(row.x), float(row.y)), float(row.expected))
        << row.name << "(" << row.x << ", " << row.y << ") f32";
  }
}

TEST(SpecialValues, KnownFigures) {
  EXPECT_DOUBLE_EQ(descent_exp_f64(1), 2.718281828459045);
  EXPECT_DOUBLE_EQ(descent_log_f64(10), 2.302585092994046);
  EXPECT_DOUBLE_EQ(descent_sin_f64(1), 0.8414709848078965);
  EXPECT_EQ(descent_atan_f64(1), pi / 4);
  EXPECT_EQ(descent_asin_f64(1), pi / 2);
  EXPECT_EQ(descent_asin_f64(-1), -pi / 2);
  EXPECT_EQ(descent_acos_f64(-1), pi);
  EXPECT_EQ(descent_acos_f32(-1), float(pi));
  EXPECT_EQ(descent_atan_f64(inf), pi / 2);
  EXPECT_EQ(descent_atan_f64(-inf), -pi / 2);
  EXPECT_DOUBLE_EQ(descent_lgamma_f64(3), 0.6931471805599453);
  EXPECT_DOUBLE_EQ(descent_digamma_f64(1), -0.5772156649015329);
  EXPECT_DOUBLE_EQ(descent_softplus_f64(0), 0.6931471805599453);
  // The double nearest to a multiple of pi/2, and the largest.
  EXPECT_DOUBLE_EQ(descent_cos_f64(6381956970095103 * 0x1p797), -4.6871659242546277e-19);
  EXPECT_DOUBLE_EQ(descent_sin_f64(huge), 0.004961954789184062);
  EXPECT_DOUBLE_EQ(descent_cos_f64(1e22), 0.5232147853951389);
}

TEST(SpecialValues, EndsOfTheDoubleRange) {
  EXPECT_DOUBLE_EQ(descent_exp_f64(709.782712893384), 1.7976931348622732e308);
  EXPECT_EQ(descent_exp_f64(709.7827128933841), inf);
  EXPECT_EQ(descent_exp_f64(-745.1332191019411), tiny);
  EXPECT_EQ(descent_exp_f64(-745.2), 0);
  EXPECT_EQ(descent_exp2_f64(-1074), tiny);
  EXPECT_EQ(descent_exp2_f64(-1076), 0);
  EXPECT_EQ(descent_exp2_f64(1023), 0x1p1023);
  EXPECT_EQ(descent_log2_f64(tiny), -1074);
  EXPECT_EQ(descent_log_f64(tiny), -744.4400719213812);
  EXPECT_EQ(descent_log_f64(huge), 709.782712893384);
  EXPECT_EQ(descent_cbrt_f64(tiny), 0x1p-358);
  EXPECT_EQ(descent_cbrt_f64(0x1p-1074 * 64), 0x1p-356);
  EXPECT_EQ(descent_hypot_f64(huge, tiny), huge);
  EXPECT_EQ(descent_hypot_f64(3 * tiny, 4 * tiny), 5 * tiny);
  EXPECT_EQ(descent_pow_f64(2, -1074), tiny);
  EXPECT_EQ(descent_pow_f64(-2, 1023), -0x1p1023);
  EXPECT_EQ(descent_mod_f64(huge, tiny), 0);
  EXPECT_EQ(descent_mod_f64(0x1p1023, 3 * tiny), 2 * tiny);
  EXPECT_EQ(descent_mod_f64(0x1p1023, 3), 2);
  EXPECT_EQ(descent_floordiv_f64(-tiny, huge), -1);
  EXPECT_DOUBLE_EQ(descent_lgamma_f64(1e305), 7.012884533631839e+307);
  EXPECT_EQ(descent_lgamma_f64(huge), inf);
  EXPECT_DOUBLE_EQ(descent_sinh_f64(710.4758600739439), 1.7976931348621744e308);
  EXPECT_EQ(descent_erfc_f64(27.3), 0);
}

TEST(SpecialValues, Polygamma) {
  auto near = [](double y, double expected) {
    EXPECT_LE(std::fabs(y - expected), 1e-12 * std::fabs(expected)) << expected;
  };
  near(descent_polygamma_f64(1, 1), pi * pi / 6);
  near(descent_polygamma_f64(1, 0.5), pi * pi / 2);
  near(descent_polygamma_f64(2, 1), -2.4041138063191886); // -2 zeta(3)
  near(descent_polygamma_f64(3, 1), 6.493939402266829);   // pi^4 / 15
  near(descent_polygamma_f64(1, -0.5), 8.93480220054468); // pi^2 / 2 + 4
  EXPECT_EQ(descent_polygamma_f64(0, 1), descent_digamma_f64(1));
  EXPECT_EQ(descent_polygamma_f32(0, 1), descent_digamma_f32(1));
  EXPECT_EQ(descent_polygamma_f32(1, 1), float(pi * pi / 6));
  EXPECT_EQ(descent_polygamma_f64(1, 0), inf);
  EXPECT_EQ(descent_polygamma_f64(2, 0.0), -inf);
  EXPECT_EQ(descent_polygamma_f64(2, -0.0), inf);
  EXPECT_EQ(descent_polygamma_f64(1, -3), inf);
  EXPECT_TRUE(std::isnan(descent_polygamma_f64(2, -3)));
  EXPECT_EQ(descent_polygamma_f64(1, inf), 0);
  EXPECT_TRUE(std::isnan(descent_polygamma_f64(1, -inf)));
  EXPECT_TRUE(std::isnan(descent_polygamma_f64(1, nan)));
  EXPECT_TRUE(std::isnan(descent_polygamma_f64(-1, 1)));
}

TEST(SpecialValues, PerfectCubesHaveExactRoots) {
  for (int64_t root = 1; root < 200000; root += root < 2000 ? 1 : 97)
    for (double scale : {1.0, 0x1p-300, 0x1p300, -1.0}) {
      double x = double(root) * double(root) * double(root) * scale * scale * scale;
      if (std::abs(x) < inf && std::abs(x) > 0x1p-1000)
        ASSERT_EQ(descent_cbrt_f64(x), double(root) * scale) << root << " " << scale;
    }
  for (int root = 1; root <= 256; ++root)
    for (float scale : {1.0f, 0x1p-30f, 0x1p20f, -1.0f}) {
      float x = float(root * root * root) * scale * scale * scale;
      ASSERT_EQ(descent_cbrt_f32(x), float(root) * scale) << root << " " << scale;
    }
}

} // namespace
