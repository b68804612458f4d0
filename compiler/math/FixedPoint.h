// e^x + e^y - 1 where almost nothing is left of it, in integers of 192 bits.
//
// Among all doubles some pairs lie so near the curve e^x + e^y = 1 that the sum's distance from 1
// is 2^-110 of e^y; for a result that is right to the last digits both exponentials have to be
// known to 2^-165 of themselves. Three words do it with room to spare. Such arguments are rare and
// the code is long, so it is a function that is called.
#pragma once

#include "compiler/math/Numeric.h"

namespace descent::math {

using DoubleWord = unsigned __int128;

/// An integer of 192 bits, the lowest word first; what it counts is said where it is used.
struct Words {
  uint64_t low;
  uint64_t middle;
  uint64_t high;
};

DESCENT_MATH_INLINE constexpr Words subtract(Words a, Words b) {
  bool borrow = a.low < b.low;
  bool middleBorrow = a.middle < b.middle || (borrow && a.middle == b.middle);
  return {a.low - b.low, a.middle - b.middle - uint64_t(borrow),
          a.high - b.high - uint64_t(middleBorrow)};
}

/// a b / 2^192, three units too small at most.
DESCENT_MATH_INLINE Words multiplyHigh(Words a, Words b) {
  auto product = [](uint64_t x, uint64_t y) { return DoubleWord(x) * y; };
  auto low = [](DoubleWord x) { return uint64_t(x); };
  auto high = [](DoubleWord x) { return uint64_t(x >> 64); };
  DoubleWord second = product(a.middle, b.high), third = product(a.high, b.middle),
             top = product(a.high, b.high);
  DoubleWord sum = DoubleWord(high(product(a.low, b.high))) + high(product(a.middle, b.middle)) +
                   high(product(a.high, b.low)) + low(second) + low(third);
  Words result;
  result.low = low(sum);
  sum = DoubleWord(high(sum)) + high(second) + high(third) + low(top);
  result.middle = low(sum);
  result.high = high(sum) + high(top);
  return result;
}

/// The coefficients of (1 - e^-t) / t = 1 - t/2! + t^2/3! - …, their signs left out, in units of
/// 2^-191. For t < 3/4 the first one that is missing adds less than 2^-175.
struct ExponentialSeries {
  static constexpr int size = 39;
  Words coefficients[size];

  constexpr ExponentialSeries() : coefficients() {
    Words c = {0, 0, uint64_t(1) << 63};
    for (int n = 0; n < size; ++n) {
      coefficients[n] = c;
      // Long division by n + 2, which gives 1 / (n + 2)!.
      DoubleWord rest = c.high, divisor = DoubleWord(n + 2);
      c.high = uint64_t(rest / divisor);
      rest = (rest % divisor) << 64 | c.middle;
      c.middle = uint64_t(rest / divisor);
      rest = (rest % divisor) << 64 | c.low;
      c.low = uint64_t(rest / divisor);
    }
  }
};
constexpr ExponentialSeries exponentialSeries;

/// ln(2) in units of 2^-192.
constexpr Words ln2Words = {0x40f343267298b62d, 0xc9e3b39803f2f6af, 0xb17217f7d1cf79ab};

/// t in [0, 1) in units of 2^-192; what is smaller is cut off.
DESCENT_MATH_INLINE Words fraction(double t) {
  Words result;
  t *= 0x1p64;
  result.high = uint64_t(t);
  t = (t - double(result.high)) * 0x1p64;
  result.middle = uint64_t(t);
  t = (t - double(result.middle)) * 0x1p64;
  result.low = uint64_t(t);
  return result;
}

/// log(e^x + e^y) for y <= x < 0 where it is below 2^-46 |x|, which `rough` tells, a value for it
/// that is good unless it is so small. Anywhere else the result is `rough`.
DESCENT_MATH_RARE double descent_logaddexp_residual(double x, double y, double rough) {
  if (!(abs(rough) < 0x1p-46 * -x) || x < -0.75)
    return rough;
  // e^y = 2^-k e^-t with t from 0 to little more than ln(2); |y| is a multiple of 2^-53 below 2^10.
  uint64_t k = uint64_t(fma(-y, 0x1.71547652b82fep+0, -0x1p-30));
  DoubleWord count = DoubleWord(uint64_t(-y * 0x1p53)) << 11; // units of 2^-64
  DoubleWord part = DoubleWord(k) * ln2Words.low;
  Words multiple;
  multiple.low = uint64_t(part);
  part = DoubleWord(k) * ln2Words.middle + (part >> 64);
  multiple.middle = uint64_t(part);
  multiple.high = k * ln2Words.high + uint64_t(part >> 64);
  Words t = subtract({0, 0, uint64_t(count)}, multiple);
  // 2^k |x|, exactly, which lies between 1/2 and 3/2.
  uint64_t half = k >> 1;
  double scaledX = -x * powerOfTwo<double>(half + Format<double>::bias) *
                   powerOfTwo<double>(k - half + Format<double>::bias);
  Words s = fraction(-x);

  // (1 - e^-t) / t and (1 - e^x) / |x|, by Horner's rule: no number here is negative.
  constexpr int last = ExponentialSeries::size - 1;
  Words ofT = exponentialSeries.coefficients[last];
  Words ofS = ofT;
#pragma clang loop unroll(disable) vectorize(disable)
  for (int n = last - 1; n >= 0; --n) {
    ofT = subtract(exponentialSeries.coefficients[n], multiplyHigh(t, ofT));
    ofS = subtract(exponentialSeries.coefficients[n], multiplyHigh(s, ofS));
  }

  // 2^k (e^x + e^y - 1) = 1 - t (1 - e^-t)/t - 2^k |x| (1 - e^x)/|x| in units of 2^-191.
  uint64_t factor = uint64_t(scaledX * 0x1p53);
  DoubleWord low = DoubleWord(factor) * ofS.low;
  DoubleWord middle = DoubleWord(factor) * ofS.middle + (low >> 64);
  DoubleWord high = DoubleWord(factor) * ofS.high + (middle >> 64);
  Words expm1 = {uint64_t(low) >> 53 | uint64_t(middle) << 11,
                 uint64_t(middle) >> 53 | uint64_t(high) << 11, uint64_t(high >> 53)};
  Words rest = subtract({0, 0, uint64_t(1) << 63}, multiplyHigh(t, ofT));
  rest = subtract(rest, expm1);
  bool negative = rest.high >> 63;
  if (negative)
    rest = subtract({0, 0, 0}, rest);
  double distance = fma(double(rest.high), 0x1p-63,
                        fma(double(rest.middle), 0x1p-127, double(rest.low) * 0x1p-191));
  distance = negative ? -distance : distance;
  distance *= powerOfTwo<double>(Format<double>::bias - half);
  distance *= powerOfTwo<double>(Format<double>::bias - (k - half)); // rounded here if subnormal
  return fma(-0.5 * distance, distance, distance);
}

} // namespace descent::math
