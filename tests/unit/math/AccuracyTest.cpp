// Every elementwise function against MPFR: random arguments over all binades and in the intervals
// where something happens, neighbourhoods of critical points; f32 functions of one argument also
// against libm in double on every 97th of all bit patterns. Prints the worst error of each.

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

} // namespace
} // namespace descent::test
