// References for the elementwise functions: MPFR, and how far a value is from one in ulp.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <mpfr.h>
#include <string>
#include <vector>

namespace descent::test {

/// An MPFR number that frees itself. 320 bits: what is composed of several MPFR calls, with some
/// cancellation, is still exact for our purposes.
class Exact {
public:
  static constexpr mpfr_prec_t precision = 320;
  Exact() { mpfr_init2(value, precision); }
  explicit Exact(double x) : Exact() { mpfr_set_d(value, x, MPFR_RNDN); }
  ~Exact() { mpfr_clear(value); }
  Exact(const Exact &) = delete;
  Exact &operator=(const Exact &) = delete;
  operator mpfr_ptr() { return value; }
  operator mpfr_srcptr() const { return value; }

private:
  mpfr_t value;
};

/// Sets its first argument to the function's value at the others.
using ExactUnary = std::function<void(mpfr_ptr, mpfr_srcptr)>;
using ExactBinary = std::function<void(mpfr_ptr, mpfr_srcptr, mpfr_srcptr)>;

/// One ulp of T around x: the spacing of T's numbers in x's binade, that of the subnormals at
/// least.
template <class T> double ulpAround(double exponentOf) {
  int exponent =
      exponentOf == 0 ? std::numeric_limits<T>::min_exponent : std::ilogb(exponentOf) + 1;
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent);
  return std::ldexp(1.0, exponent - std::numeric_limits<T>::digits);
}

/// |y - exact| in ulp of T. NaN equals NaN only; infinities must be those that the exact value
/// rounds to, or else the distance is taken from the largest finite number.
template <class T> double ulpError(T y, mpfr_srcptr exact) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (mpfr_nan_p(exact) || std::isnan(y))
    return mpfr_nan_p(exact) && std::isnan(y) ? 0 : infinity;
  bool overflows = sizeof(T) == 8 ? std::isinf(mpfr_get_d(exact, MPFR_RNDN))
                                  : std::isinf(mpfr_get_flt(exact, MPFR_RNDN));
  if (overflows && std::isinf(y))
    return (mpfr_sgn(exact) > 0) == (y > 0) ? 0 : infinity;
  if (mpfr_inf_p(exact))
    return infinity;
  static Exact difference;
  if (std::isinf(y)) {
    mpfr_set_d(difference, 1, MPFR_RNDN);
    mpfr_mul_2si(difference, difference, std::numeric_limits<T>::max_exponent, MPFR_RNDN);
    if (y < 0)
      mpfr_neg(difference, difference, MPFR_RNDN);
  } else {
    mpfr_set_d(difference, y, MPFR_RNDN);
  }
  mpfr_sub(difference, difference, exact, MPFR_RNDN);
  long exponent = mpfr_zero_p(exact) ? std::numeric_limits<T>::min_exponent : mpfr_get_exp(exact);
  exponent = std::max<long>(exponent, std::numeric_limits<T>::min_exponent);
  exponent = std::min<long>(exponent, std::numeric_limits<T>::max_exponent);
  mpfr_div_2si(difference, difference, exponent - std::numeric_limits<T>::digits, MPFR_RNDN);
  return std::fabs(mpfr_get_d(difference, MPFR_RNDN));
}

/// The worst case so far.
struct Worst {
  double ulp = 0;
  double x = 0;
  double y = 0;
  long count = 0;

  void note(double error, double atX, double atY = 0) {
    ++count;
    if (!(error <= ulp)) {
      ulp = error;
      x = atX;
      y = atY;
    }
  }
};

/// splitmix64: the same sequence everywhere.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}
  uint64_t bits() {
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  double uniform(double low, double high) {
    return low + (high - low) * (double(bits() >> 11) * 0x1p-53);
  }
  /// Any bit pattern: uniform over the exponents, of both signs, with NaN and infinity at times.
  template <class T> T pattern() {
    using U = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
    U u = U(bits());
    T x;
    std::memcpy(&x, &u, sizeof x);
    return x;
  }

private:
  uint64_t state;
};

/// The number `steps` places away in T's order.
template <class T> T neighbour(T x, int steps) {
  for (int i = 0; i < std::abs(steps); ++i)
    x = std::nextafter(x, steps > 0 ? std::numeric_limits<T>::infinity()
                                    : -std::numeric_limits<T>::infinity());
  return x;
}

} // namespace descent::test
