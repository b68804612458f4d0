#include "tests/unit/math/Functions.h"

#include "compiler/math/Math.h"

namespace descent::test {
namespace {

/// An MPFR function as an ExactUnary or ExactBinary.
#define EXACT_1(function) [](mpfr_ptr result, mpfr_srcptr x) { function(result, x, MPFR_RNDN); }
#define EXACT_2(function)                                                                          \
  [](mpfr_ptr result, mpfr_srcptr x, mpfr_srcptr y) { function(result, x, y, MPFR_RNDN); }
#define LIBM(function) [](double x) { return function(x); }
#define BOTH(name) descent_##name##_f32, descent_##name##_f64

void exactSigmoid(mpfr_ptr result, mpfr_srcptr x) {
  Exact e;
  mpfr_neg(e, x, MPFR_RNDN);
  mpfr_exp(e, e, MPFR_RNDN);
  mpfr_add_ui(e, e, 1, MPFR_RNDN);
  mpfr_ui_div(result, 1, e, MPFR_RNDN);
}

/// x / (1 + e^-v).
void timesSigmoid(mpfr_ptr result, mpfr_srcptr x, mpfr_srcptr v) {
  if (mpfr_inf_p(x)) {
    mpfr_set_zero(result, -1);
    if (mpfr_sgn(x) > 0)
      mpfr_set(result, x, MPFR_RNDN);
    return;
  }
  Exact e;
  mpfr_neg(e, v, MPFR_RNDN);
  mpfr_exp(e, e, MPFR_RNDN);
  mpfr_add_ui(e, e, 1, MPFR_RNDN);
  mpfr_div(result, x, e, MPFR_RNDN);
}

void exactSilu(mpfr_ptr result, mpfr_srcptr x) {
  timesSigmoid(result, x, x);
}

void exactGelu(mpfr_ptr result, mpfr_srcptr x) {
  if (mpfr_inf_p(x))
    return timesSigmoid(result, x, x);
  Exact z, root;
  mpfr_set_d(root, 0.5, MPFR_RNDN);
  mpfr_sqrt(root, root, MPFR_RNDN);
  mpfr_mul(z, x, root, MPFR_RNDN);
  mpfr_neg(z, z, MPFR_RNDN);
  mpfr_erfc(z, z, MPFR_RNDN);
  mpfr_mul(z, z, x, MPFR_RNDN);
  mpfr_div_ui(result, z, 2, MPFR_RNDN);
}

void exactGeluTanh(mpfr_ptr result, mpfr_srcptr x) {
  Exact v, scale;
  mpfr_mul(v, x, x, MPFR_RNDN);
  mpfr_mul_ui(v, v, 44715, MPFR_RNDN);
  mpfr_div_ui(v, v, 1000000, MPFR_RNDN);
  mpfr_add_ui(v, v, 1, MPFR_RNDN);
  mpfr_mul(v, v, x, MPFR_RNDN);
  mpfr_const_pi(scale, MPFR_RNDN);
  mpfr_ui_div(scale, 8, scale, MPFR_RNDN);
  mpfr_sqrt(scale, scale, MPFR_RNDN);
  mpfr_mul(v, v, scale, MPFR_RNDN);
  timesSigmoid(result, x, v);
}

void exactLogaddexp(mpfr_ptr result, mpfr_srcptr x, mpfr_srcptr y) {
  // max + log1p(exp(-|x - y|)), 320 bits: no cancellation matters.
  if (mpfr_inf_p(x) || mpfr_inf_p(y) || mpfr_nan_p(x) || mpfr_nan_p(y)) {
    mpfr_set(result, mpfr_nan_p(x) || mpfr_greater_p(x, y) ? x : y, MPFR_RNDN);
    return;
  }
  Exact e;
  mpfr_sub(e, x, y, MPFR_RNDN);
  mpfr_abs(e, e, MPFR_RNDN);
  mpfr_neg(e, e, MPFR_RNDN);
  mpfr_exp(e, e, MPFR_RNDN);
  mpfr_log1p(e, e, MPFR_RNDN);
  mpfr_add(result, mpfr_greater_p(x, y) ? x : y, e, MPFR_RNDN);
}

void exactSoftplus(mpfr_ptr result, mpfr_srcptr x) {
  Exact zero(0);
  if (mpfr_inf_p(x) && mpfr_sgn(x) < 0)
    mpfr_set(result, zero, MPFR_RNDN);
  else
    exactLogaddexp(result, x, zero);
}

void exactMod(mpfr_ptr result, mpfr_srcptr x, mpfr_srcptr y) {
  Exact r;
  mpfr_fmod(r, x, y, MPFR_RNDN);
  if (!mpfr_zero_p(r) && !mpfr_nan_p(r) && mpfr_signbit(r) != mpfr_signbit(y)) {
    // Exact when the exponents are close; otherwise the sum rounds to y in 320 bits and in T.
    mpfr_add(r, r, y, MPFR_RNDN);
  }
  mpfr_set(result, r, MPFR_RNDN);
}

void exactFloordiv(mpfr_ptr result, mpfr_srcptr x, mpfr_srcptr y) {
  mpfr_t quotient;
  mpfr_init2(quotient, 2300); // more bits than any quotient of doubles has before the point
  mpfr_div(quotient, x, y, MPFR_RNDD);
  if (mpfr_inf_p(quotient))
    mpfr_set(result, quotient, MPFR_RNDN);
  else
    mpfr_rint_floor(result, quotient, MPFR_RNDN);
  mpfr_clear(quotient);
}

/// |Gamma|'s logarithm.
void exactLgamma(mpfr_ptr result, mpfr_srcptr x) {
  int sign;
  mpfr_lgamma(result, &sign, x, MPFR_RNDN);
}

/// To 128 bits: MPFR takes much longer for more where the result is small.
void exactErfc(mpfr_ptr result, mpfr_srcptr x) {
  mpfr_t y;
  mpfr_init2(y, 128);
  mpfr_erfc(y, x, MPFR_RNDN);
  mpfr_set(result, y, MPFR_RNDN);
  mpfr_clear(y);
}

/// By Newton's method, from libm-free starting values, with erfc on the side where it is small.
void exactErfinv(mpfr_ptr result, mpfr_srcptr x) {
  if (mpfr_nan_p(x) || mpfr_cmpabs_ui(x, 1) > 0) {
    mpfr_set_nan(result);
    return;
  }
  if (mpfr_cmpabs_ui(x, 1) == 0) {
    mpfr_set_inf(result, mpfr_sgn(x));
    return;
  }
  Exact a, c, y, f, slope;
  mpfr_abs(a, x, MPFR_RNDN);
  mpfr_ui_sub(c, 1, a, MPFR_RNDN);
  // sqrt(-log(1 - x^2)) lies within 15 % of the result, and Newton's method converges from there.
  mpfr_sqr(f, a, MPFR_RNDN);
  mpfr_neg(f, f, MPFR_RNDN);
  mpfr_log1p(f, f, MPFR_RNDN);
  mpfr_neg(f, f, MPFR_RNDN);
  mpfr_sqrt(y, f, MPFR_RNDN);
  mpfr_mul_d(y, y, 0.89, MPFR_RNDN);
  for (int i = 0; i < 40; ++i) {
    bool far = mpfr_cmp_d(y, 0.5) > 0;
    far ? mpfr_erfc(f, y, MPFR_RNDN) : mpfr_erf(f, y, MPFR_RNDN);
    far ? mpfr_sub(f, c, f, MPFR_RNDN) : mpfr_sub(f, f, a, MPFR_RNDN);
    mpfr_sqr(slope, y, MPFR_RNDN);
    mpfr_exp(slope, slope, MPFR_RNDN);
    mpfr_mul(f, f, slope, MPFR_RNDN);
    mpfr_mul_d(f, f, 0.8862269254527580, MPFR_RNDN);
    mpfr_sub(y, y, f, MPFR_RNDN);
    if (mpfr_zero_p(f) || mpfr_get_exp(f) < mpfr_get_exp(y) - 75)
      break;
  }
  mpfr_setsign(result, y, mpfr_signbit(x), MPFR_RNDN);
}

std::vector<double> multiples(double step, int count) {
  std::vector<double> result;
  for (int i = -count; i <= count; ++i)
    result.push_back(i * step);
  return result;
}

/// Doubles (and floats) unusually close to multiples of pi/2.
std::vector<double> nearHalfPi() {
  std::vector<double> result = multiples(1.5707963267948966, 200);
  for (double x :
       {0x1.6ac5b262ca1ffp+849, -0x1.6ac5b262ca1ffp+849, 0x1.1b951f2ddf1e8p+34, 0x1.ddc0ccp+120,
        0x1.4p+100, 16367173.0, 0x1.47d0fep34, 1e22, 1e300, std::numeric_limits<double>::max()})
    result.push_back(x);
  for (int e = 20; e < 60; ++e)
    result.push_back(std::nearbyint(std::ldexp(1, e) * 0.6366197723675814) * 1.5707963267948966);
  return result;
}

/// A zero of f between two arguments of opposite sign.
double zeroBetween(const ExactUnary &f, double low, double high) {
  Exact value, argument;
  auto positive = [&](double x) {
    mpfr_set_d(argument, x, MPFR_RNDN);
    f(value, argument);
    return mpfr_sgn(mpfr_srcptr(value)) > 0;
  };
  bool lowPositive = positive(low);
  for (int i = 0; i < 80; ++i) {
    double middle = 0.5 * (low + high);
    (positive(middle) == lowPositive ? low : high) = middle;
  }
  return low;
}

/// 0, the integers, and the zeros: 1, 2 and two between any two integers from -2 down; they come
/// within 1/n! of the integers.
std::vector<double> lgammaCritical() {
  std::vector<double> result = multiples(1, 30);
  for (double x : {8.5, -18.0, -14.0, 0.5, -0.5, 1e-20, 1e305, 2.556348e305, 171.6, 4e36})
    result.push_back(x);
  for (int n = 2; n < 20; ++n) {
    double extremum = -n - 0.5 + 0.11;
    result.push_back(zeroBetween(exactLgamma, extremum, std::nextafter(-n, -n - 1.0)));
    result.push_back(zeroBetween(exactLgamma, extremum, std::nextafter(-n - 1.0, 0)));
  }
  return result;
}

std::vector<double> digammaCritical() {
  std::vector<double> result = multiples(1, 30);
  for (double x : {1.4616321449683623, 0.5, 16.0, 15.5, 8.0, 1e-20, 1e300})
    result.push_back(x);
  ExactUnary digamma = EXACT_1(mpfr_digamma);
  auto addZeroAbove = [&](double n) {
    result.push_back(zeroBetween(digamma, std::nextafter(-n - 1, 0),
                                 n > 0 ? std::nextafter(-n, -n - 1) : -1e-10));
  };
  for (int n = 0; n < 60; ++n)
    addZeroAbove(n);
  for (double n : {100., 1000., 12345., 1e6, 1e9, 1e12, 1e14})
    addZeroAbove(n);
  return result;
}

} // namespace

const std::vector<Unary> &unaryFunctions() {
  static const std::vector<Unary> table = {
      {"exp",
       BOTH(exp),
       EXACT_1(mpfr_exp),
       LIBM(std::exp),
       {{-745, 710}, {-1, 1}, {-104, 89}},
       {0, 709.782712893384, -745.1332191019412, -708.3964185322641, 88.72283905206835,
        -103.97207708399179, -87.33654475055310}},
      {"exp2",
       BOTH(exp2),
       EXACT_1(mpfr_exp2),
       LIBM(std::exp2),
       {{-1080, 1030}, {-1, 1}, {-151, 129}},
       {0, 0.5, -0.5, 1024, -1022, -1075, 128, -126, -150}},
      {"expm1",
       BOTH(expm1),
       EXACT_1(mpfr_expm1),
       LIBM(std::expm1),
       {{-60, 710}, {-1, 1}, {-0.01, 0.01}},
       {0, 0.34657359027997264, -0.34657359027997264, 1.0397207708399179, -1.0397207708399179,
        709.782712893384, -37.4, 88.72283905206835}},
      {"log",
       BOTH(log),
       EXACT_1(mpfr_log),
       LIBM(std::log),
       {{0, 4}, {0.99, 1.01}, {0.7, 1.42}},
       {1, 0.7071067811865476, 1.4142135623730951, 2, 0.5, 0x1p-1022, 0x1p-126}},
      {"log2",
       BOTH(log2),
       EXACT_1(mpfr_log2),
       LIBM(std::log2),
       {{0, 4}, {0.99, 1.01}, {0.7, 1.42}},
       {1, 0.7071067811865476, 1.4142135623730951, 2, 0.5, 0x1p-1022, 0x1p-126, 0x1p100}},
      {"log10",
       BOTH(log10),
       EXACT_1(mpfr_log10),
       LIBM(std::log10),
       {{0, 4}, {0.99, 1.01}, {0.7, 1.42}},
       {1, 0.7071067811865476, 1.4142135623730951, 10, 100, 1e10, 1e22, 0x1p-1022, 0x1p-126}},
      {"log1p",
       BOTH(log1p),
       EXACT_1(mpfr_log1p),
       LIBM(std::log1p),
       {{-1, 4}, {-0.01, 0.01}, {-1, -0.99}},
       {0, -1, 1, 0.41421356237309503, -0.2928932188134524, 0x1p-53, -0x1p-53, 0x1p53, 0x1p24}},
      {"sin",
       BOTH(sin),
       EXACT_1(mpfr_sin),
       LIBM(std::sin),
       {{-10, 10}, {-1e5, 1e5}, {-1e15, 1e15}},
       nearHalfPi()},
      {"cos",
       BOTH(cos),
       EXACT_1(mpfr_cos),
       LIBM(std::cos),
       {{-10, 10}, {-1e5, 1e5}, {-1e15, 1e15}},
       nearHalfPi()},
      {"tan",
       BOTH(tan),
       EXACT_1(mpfr_tan),
       LIBM(std::tan),
       {{-10, 10}, {-1e5, 1e5}, {-1e15, 1e15}},
       nearHalfPi()},
      {"asin",
       BOTH(asin),
       EXACT_1(mpfr_asin),
       LIBM(std::asin),
       {{-1, 1}, {-1, -0.99}, {0.99, 1}},
       {0, 0.5, -0.5, 1, -1, 0.9999999}},
      {"acos",
       BOTH(acos),
       EXACT_1(mpfr_acos),
       LIBM(std::acos),
       {{-1, 1}, {-1, -0.99}, {0.99, 1}},
       {0, 0.5, -0.5, 1, -1, 0.9999999}},
      {"atan",
       BOTH(atan),
       EXACT_1(mpfr_atan),
       LIBM(std::atan),
       {{-4, 4}, {-100, 100}, {-1e-3, 1e-3}},
       {0, 1, -1, 0.41421356237309503, 2.414213562373095, 0x1p60, 1e300}},
      {"sinh",
       BOTH(sinh),
       EXACT_1(mpfr_sinh),
       LIBM(std::sinh),
       {{-711, 711}, {-2, 2}, {-90, 90}},
       {0, 0.34657359027997264, 1.0397207708399179, 710.475860073944, 89.41598629223294, 22, 355}},
      {"cosh",
       BOTH(cosh),
       EXACT_1(mpfr_cosh),
       LIBM(std::cosh),
       {{-711, 711}, {-2, 2}, {-90, 90}},
       {0, 0.34657359027997264, 1.0397207708399179, 710.475860073944, 89.41598629223294, 22, 355}},
      {"tanh",
       BOTH(tanh),
       EXACT_1(mpfr_tanh),
       LIBM(std::tanh),
       {{-25, 25}, {-1, 1}, {-0.01, 0.01}},
       {0, 0.17328679513998632, 0.5198603854199589, 19, 22, -22}},
      {"asinh",
       BOTH(asinh),
       EXACT_1(mpfr_asinh),
       LIBM(std::asinh),
       {{-10, 10}, {-1, 1}, {-0.01, 0.01}, {-1e9, 1e9}},
       {0, 1, 0x1p28, -0x1p28, 0x1p-30, 0.7}},
      {"acosh",
       BOTH(acosh),
       EXACT_1(mpfr_acosh),
       LIBM(std::acosh),
       {{1, 10}, {1, 1.001}, {1, 1e9}},
       {1, 2, 1.5, 0x1p28}},
      {"atanh",
       BOTH(atanh),
       EXACT_1(mpfr_atanh),
       LIBM(std::atanh),
       {{-1, 1}, {-0.01, 0.01}, {0.999, 1}},
       {0, 1, -1, 0.5, 0x1p-30, 0.17157287525380988, 0.3333333333333333}},
      {"erf",
       BOTH(erf),
       EXACT_1(mpfr_erf),
       LIBM(std::erf),
       {{-6, 6}, {-1, 1}, {0.9, 1.1}},
       {0, 1, -1, 5.9, 4},
       20000},
      {"erfc",
       BOTH(erfc),
       exactErfc,
       LIBM(std::erfc),
       {{-6, 28}, {-1, 1}, {0, 10.5}, {26, 27.3}},
       {0, 1, -1, 26.543258, 27.2260, 10.05, 9.194},
       10000},
      {"erfinv",
       BOTH(erfinv),
       exactErfinv,
       nullptr,
       {{-1, 1}, {0.9, 1}, {0.9999, 1}, {-1e-3, 1e-3}},
       {0, 1, -1, 0.9966253, 0.99999994},
       2000},
      {"lgamma",
       BOTH(lgamma),
       exactLgamma,
       LIBM(std::lgamma),
       {{-20, 20}, {0.9, 2.1}, {-170, 171}, {-4, 0}, {0, 1e6}},
       lgammaCritical(),
       5000},
      {"digamma",
       BOTH(digamma),
       EXACT_1(mpfr_digamma),
       nullptr,
       {{-20, 20}, {0.9, 2.1}, {-170, 171}, {-4, 0}, {0, 1e6}},
       digammaCritical(),
       3000},
      {"sigmoid",
       BOTH(sigmoid),
       exactSigmoid,
       [](double x) { return 1 / (1 + std::exp(-x)); },
       {{-745, 710}, {-1, 1}, {-40, 40}, {-104, 89}},
       {0, -745.13, -708.4, 36.7, -103.97, -87.3}},
      {"silu",
       BOTH(silu),
       exactSilu,
       nullptr,
       {{-760, 710}, {-1, 1}, {-40, 40}, {-110, 89}},
       {0, -745.13, -708.4, -752.0, -103.97, -87.3, -108.0}},
      {"gelu",
       BOTH(gelu),
       exactGelu,
       nullptr,
       {{-40, 40}, {-1, 1}, {-39, -36}, {-15, -12}, {-6, 0}},
       {0, -38.5, -37.5, -36.59, -14.2, -13.0, -1e-30},
       500}, // MPFR takes a millisecond for each
      {"gelu_tanh",
       BOTH(gelu_tanh),
       exactGeluTanh,
       nullptr,
       {{-25, 25}, {-1, 1}, {-22, -20}, {-12, -9}, {-6, 0}},
       {0, -21.6, -21.0, -10.5, -1e-30}},
      {"softplus",
       BOTH(softplus),
       exactSoftplus,
       [](double x) { return std::log1p(std::exp(-std::fabs(x))) + (x > 0 ? x : 0); },
       {{-745, 710}, {-1, 1}, {-40, 40}, {-104, 89}},
       {0, -745.13, -708.4, 36.7, -103.97, -87.3}},
      {"cbrt",
       BOTH(cbrt),
       EXACT_1(mpfr_cbrt),
       LIBM(std::cbrt),
       {{-10, 10}, {-1000, 1000}},
       {0, 1, 8, 27, 0.125, 0x1p-1022, 0x1p-126}},
      {"rsqrt",
       BOTH(rsqrt),
       EXACT_1(mpfr_rec_sqrt),
       [](double x) { return 1 / std::sqrt(x); },
       {{0, 10}, {0, 1000}},
       {0, 1, 4, 0x1p-1022, 0x1p-126}},
  };
  return table;
}

const std::vector<Binary> &binaryFunctions() {
  static const std::vector<Binary> table = {
      {"atan2", BOTH(atan2), EXACT_2(mpfr_atan2), {{-5, 5}, {-1e-3, 1e-3}}, {{-5, 5}, {-1e3, 1e3}}},
      {"pow",
       BOTH(pow),
       EXACT_2(mpfr_pow),
       {{0, 10}, {0.99, 1.01}, {0, 1e5}},
       {{-10, 10}, {-300, 300}, {-40, 40}}},
      {"hypot", BOTH(hypot), EXACT_2(mpfr_hypot), {{-5, 5}, {-1e-3, 1e-3}}, {{-5, 5}, {-1e3, 1e3}}},
      {"logaddexp",
       BOTH(logaddexp),
       exactLogaddexp,
       {{-5, 5}, {-1e3, 1e3}},
       {{-5, 5}, {-1e3, 1e3}}},
      {"mod", BOTH(mod), exactMod, {{-100, 100}, {-1e20, 1e20}}, {{-10, 10}, {-1e-3, 1e-3}}},
      {"floordiv",
       BOTH(floordiv),
       exactFloordiv,
       {{-100, 100}, {-1e20, 1e20}},
       {{-10, 10}, {-1e-3, 1e-3}}},
  };
  return table;
}

} // namespace descent::test
