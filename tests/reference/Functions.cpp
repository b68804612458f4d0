#include "tests/reference/Functions.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace descent::reference {

namespace {
constexpr long double pi = std::numbers::pi_v<long double>;
constexpr long double infinity = std::numeric_limits<long double>::infinity();
constexpr long double nan = std::numeric_limits<long double>::quiet_NaN();

/// The Bernoulli numbers B2, B4, …: the terms of the asymptotic series.
constexpr long double bernoulli[] = {1.0L / 6,       -1.0L / 30,      1.0L / 42, -1.0L / 30,
                                     5.0L / 66,      -691.0L / 2730,  7.0L / 6,  -3617.0L / 510,
                                     43867.0L / 798, -174611.0L / 330};

long double factorial(int n) {
  return std::tgamma(1.0L + n);
}

/// digamma for x >= 20: log x - 1/2x - sum B2k / (2k x^2k).
long double asymptoticDigamma(long double x) {
  long double sum = std::log(x) - 1 / (2 * x);
  for (int k = 1; k <= 10; ++k)
    sum -= bernoulli[k - 1] / (2 * k * std::pow(x, 2.0L * k));
  return sum;
}

/// (-1)^(n+1) polygamma(n, x) for large x: (n-1)!/x^n + n!/2x^(n+1) + sum B2k (2k+n-1)!/((2k)!
/// x^(2k+n)).
long double asymptoticPolygamma(int n, long double x) {
  long double sum = factorial(n - 1) / std::pow(x, n) + factorial(n) / (2 * std::pow(x, n + 1));
  for (int k = 1; k <= 10; ++k)
    sum +=
        bernoulli[k - 1] * factorial(2 * k + n - 1) / (factorial(2 * k) * std::pow(x, 2 * k + n));
  return sum;
}
} // namespace

long double inverseErf(long double x) {
  if (std::isnan(x) || std::abs(x) > 1)
    return nan;
  if (std::abs(x) == 1)
    return x * infinity;
  if (x == 0)
    return x;
  // Winitzki's approximation, then Newton's method on erf (on erfc where x is near 1: no
  // cancellation).
  long double sign = x < 0 ? -1 : 1, y = std::abs(x);
  long double log = std::log1p(-y * y), a = 0.147L, b = 2 / (pi * a) + log / 2;
  long double z = std::sqrt(std::sqrt(b * b - log / a) - b);
  for (int i = 0; i < 40; ++i) {
    long double error = y < 0.5L ? std::erf(z) - y : (1 - y) - std::erfc(z);
    long double step = error / (2 / std::sqrt(pi) * std::exp(-z * z));
    z -= step / (1 + z * step);
    if (std::abs(step) < 1e-19L * z)
      break;
  }
  return sign * z;
}

long double polygamma(int order, long double x) {
  if (std::isnan(x))
    return x;
  bool pole = x <= 0 && x == std::floor(x);
  if (order == 0) {
    if (pole || x == -infinity)
      return nan;
    if (x < 0)
      return polygamma(0, 1 - x) - pi / std::tan(pi * (x - std::floor(x)));
    long double shift = 0;
    for (; x < 20; ++x)
      shift -= 1 / x;
    return shift + (x == infinity ? x : asymptoticDigamma(x));
  }
  if (pole)
    return order % 2 ? infinity : nan;
  if (x == infinity)
    return 0;
  long double sum = 0, threshold = 20 + order;
  for (; x < threshold; ++x)
    sum += factorial(order) / std::pow(x, order + 1);
  sum += asymptoticPolygamma(order, x);
  return order % 2 ? sum : -sum;
}

} // namespace descent::reference
