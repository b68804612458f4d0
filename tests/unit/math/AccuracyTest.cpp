// Every elementwise function against MPFR: random arguments over all binades and in the intervals
// where something happens, neighbourhoods of critical points; f32 functions of one argument also
// against libm in double on every 97th of all bit patterns. Prints the worst error of each.

#include "compiler/math/Math.h"
#include "tests/unit/math/Functions.h"

#include <cstdio>
#include <gtest/gtest.h>

namespace descent::test {
namespace {

constexpr double allowed = 4;

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DESCENT_SLOW_CHECKS
#endif
#endif
#ifdef DESCENT_SLOW_CHECKS // instrumented code is slower by an order of magnitude
constexpr uint32_t stride = 97 * 61;
constexpr int fraction = 10;
#else
constexpr uint32_t stride = 97;
constexpr int fraction = 1;
#endif

void report(const std::string &name, const char *type, const Worst &worst) {
  std::printf("%-10s %s  %8ld arguments  max %.3f ulp at %a %a\n", name.c_str(), type, worst.count,
              worst.ulp, worst.x, worst.y);
  EXPECT_LE(worst.ulp, allowed) << name << " " << type;
}

template <class T> T randomArgument(Random &random, const std::vector<Interval> &intervals) {
  uint64_t choice = random.bits() % (intervals.size() + 1);
  if (choice == intervals.size())
    return random.pattern<T>();
  return T(random.uniform(intervals[choice].low, intervals[choice].high));
}

template <class T> Worst unaryAgainstExact(const Unary &function, T (*f)(T), int samples) {
  Worst worst;
  Exact exact;
  Exact argument;
  auto check = [&](T x) {
    mpfr_set_d(argument, x, MPFR_RNDN);
    function.exact(exact, argument);
    worst.note(ulpError(f(x), exact), x);
  };
  Random random(1);
  for (int i = 0; i < samples; ++i)
    check(randomArgument<T>(random, function.intervals));
  for (double point : function.critical)
    for (int step = -8; step <= 8; ++step)
      check(neighbour(T(point), step));
  return worst;
}

class UnaryAccuracy : public testing::TestWithParam<Unary> {};

TEST_P(UnaryAccuracy, DoubleAgainstMpfr) {
  const Unary &function = GetParam();
  report(function.name, "f64",
         unaryAgainstExact<double>(function, function.f64, function.samples / fraction));
}

TEST_P(UnaryAccuracy, FloatAgainstMpfr) {
  const Unary &function = GetParam();
  report(function.name, "f32",
         unaryAgainstExact<float>(function, function.f32, function.samples / fraction / 4));
}

/// The error in ulp of float against a reference in double. Results that are subnormal or
/// overflow are measured with the spacing that they have.
double floatError(float y, double reference) {
  if (std::isnan(y) || std::isnan(reference))
    return std::isnan(y) && std::isnan(reference) ? 0 : INFINITY;
  if (float(reference) == y)
    return 0.5; // or less: near enough, and quick
  if (std::isinf(reference))
    return INFINITY;
  double finite = std::isinf(y) ? std::copysign(0x1p128, y) : double(y);
  double bounded = std::min(std::fabs(reference), 0x1.fp127);
  return std::fabs(finite - reference) / ulpAround<float>(bounded);
}

TEST_P(UnaryAccuracy, FloatEveryFewPatterns) {
  const Unary &function = GetParam();
  if (!function.libm)
    GTEST_SKIP() << "no libm function to compare with";
  constexpr int block = 1024;
  float x[block];
  float y[block];
  Worst worst;
  uint64_t pattern = 0;
  while (pattern >> 32 == 0) {
    int n = 0;
    for (; n < block && pattern >> 32 == 0; ++n, pattern += stride) {
      uint32_t bits = uint32_t(pattern);
      std::memcpy(&x[n], &bits, sizeof bits);
    }
    for (int i = 0; i < n; ++i)
      y[i] = function.f32(x[i]);
    for (int i = 0; i < n; ++i)
      worst.note(floatError(y[i], function.libm(x[i])), x[i]);
  }
  report(function.name, "f32", worst);
}

INSTANTIATE_TEST_SUITE_P(, UnaryAccuracy, testing::ValuesIn(unaryFunctions()),
                         [](const auto &info) { return info.param.name; });

template <class T> Worst binaryAgainstExact(const Binary &function, T (*f)(T, T), int samples) {
  Worst worst;
  Exact exact;
  Exact first;
  Exact second;
  Random random(2);
  for (int i = 0; i < samples; ++i) {
    T x = randomArgument<T>(random, function.first);
    T y = randomArgument<T>(random, function.second);
    mpfr_set_d(first, x, MPFR_RNDN);
    mpfr_set_d(second, y, MPFR_RNDN);
    function.exact(exact, first, second);
    worst.note(ulpError(f(x, y), exact), x, y);
  }
  return worst;
}

class BinaryAccuracy : public testing::TestWithParam<Binary> {};

TEST_P(BinaryAccuracy, DoubleAgainstMpfr) {
  const Binary &function = GetParam();
  report(function.name, "f64",
         binaryAgainstExact<double>(function, function.f64, function.samples / fraction));
}

TEST_P(BinaryAccuracy, FloatAgainstMpfr) {
  const Binary &function = GetParam();
  report(function.name, "f32",
         binaryAgainstExact<float>(function, function.f32, function.samples / fraction));
}

INSTANTIATE_TEST_SUITE_P(, BinaryAccuracy, testing::ValuesIn(binaryFunctions()),
                         [](const auto &info) { return info.param.name; });

/// B_2j / (2j)! = +-2 zeta(2j) / (2 pi)^2j for j from 1 to 30.
struct ScaledBernoulli {
  Exact numbers[31];
  ScaledBernoulli() {
    Exact power(1), square;
    mpfr_const_pi(square, MPFR_RNDN);
    mpfr_mul_ui(square, square, 2, MPFR_RNDN);
    mpfr_sqr(square, square, MPFR_RNDN);
    for (int j = 1; j <= 30; ++j) {
      mpfr_mul(power, power, square, MPFR_RNDN);
      mpfr_zeta_ui(numbers[j], 2 * j, MPFR_RNDN);
      mpfr_mul_si(numbers[j], numbers[j], j % 2 ? 2 : -2, MPFR_RNDN);
      mpfr_div(numbers[j], numbers[j], power, MPFR_RNDN);
    }
  }
};

/// polygamma by its series up to an argument of 80, and Euler and Maclaurin's rest with 30 terms.
/// `largest` gets the largest term.
void exactPolygamma(mpfr_ptr result, mpfr_ptr largest, int n, double x) {
  static const ScaledBernoulli bernoulli;
  Exact argument(x), term, sum(0), factor;
  mpfr_set_zero(largest, 1);
  auto power = [&](mpfr_ptr value, long exponent) {
    mpfr_pow_si(value, argument, exponent, MPFR_RNDN);
  };
  while (mpfr_cmp_ui(argument, 80) < 0) {
    power(term, -n - 1);
    mpfr_add(sum, sum, term, MPFR_RNDN);
    mpfr_abs(term, term, MPFR_RNDN);
    mpfr_max(largest, largest, term, MPFR_RNDN);
    mpfr_add_ui(argument, argument, 1, MPFR_RNDN);
  }
  power(term, -n);
  mpfr_div_ui(term, term, n, MPFR_RNDN);
  mpfr_add(sum, sum, term, MPFR_RNDN);
  power(term, -n - 1);
  mpfr_div_ui(term, term, 2, MPFR_RNDN);
  mpfr_add(sum, sum, term, MPFR_RNDN);
  mpfr_set_ui(factor, n + 1, MPFR_RNDN);
  for (int j = 1; j <= 30; ++j) {
    power(term, -n - 2 * j);
    mpfr_mul(term, term, factor, MPFR_RNDN);
    mpfr_mul(term, term, bernoulli.numbers[j], MPFR_RNDN);
    mpfr_add(sum, sum, term, MPFR_RNDN);
    mpfr_mul_ui(factor, factor, n + 2 * j, MPFR_RNDN);
    mpfr_mul_ui(factor, factor, n + 2 * j + 1, MPFR_RNDN);
  }
  mpfr_fac_ui(factor, n, MPFR_RNDN);
  mpfr_mul(result, sum, factor, MPFR_RNDN);
  mpfr_mul(largest, largest, factor, MPFR_RNDN);
  if (n % 2 == 0)
    mpfr_neg(result, result, MPFR_RNDN);
}

TEST(Polygamma, AgainstItsSeries) {
  Random random(4);
  Exact exact, largest, difference;
  double worst = 0, worstOfHigh = 0;
  for (int n : {1, 2, 3, 4, 7, 8, 12, 25, 60})
    for (int i = 0; i < 400 / fraction; ++i) {
      double x = i % 4 == 0 ? std::exp(random.uniform(-4, 6)) : random.uniform(-20, 30);
      exactPolygamma(exact, largest, n, x);
      mpfr_sub_d(difference, exact, descent_polygamma_f64(n, x), MPFR_RNDN);
      mpfr_abs(exact, exact, MPFR_RNDN);
      mpfr_max(exact, exact, largest, MPFR_RNDN);
      mpfr_div(difference, difference, exact, MPFR_RNDN);
      double error = std::fabs(mpfr_get_d(difference, MPFR_RNDN));
      // Half an ulp of a number just above a power of two is 2^-53 of it: 4 ulp, at the least.
      EXPECT_LE(error, n <= 7 ? 4 * 0x1p-53 : 1e-12) << n << " " << x;
      (n <= 7 ? worst : worstOfHigh) = std::max(n <= 7 ? worst : worstOfHigh, error);
      float narrow = float(x);
      exactPolygamma(exact, largest, n, narrow);
      if (narrow > 0) {
        EXPECT_LE(ulpError(descent_polygamma_f32(n, narrow), exact), allowed) << n << " " << narrow;
      }
    }
  std::printf("%-10s f64  max %.1e relative for orders to 7, %.1e above\n", "polygamma", worst,
              worstOfHigh);
}

} // namespace
} // namespace descent::test
