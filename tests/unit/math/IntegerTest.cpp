// Integer division, remainder and power, conversions, the random generator and the sorts.

#include "compiler/math/Math.h"
#include "tests/unit/math/Reference.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

namespace descent::test {
namespace {

/// Values around all that is special.
template <class I> std::vector<I> interesting(Random &random, int count) {
  using Limits = std::numeric_limits<I>;
  std::vector<I> values = {I(0),
                           I(1),
                           I(2),
                           I(3),
                           I(-1),
                           I(-2),
                           I(-3),
                           I(7),
                           I(10),
                           I(-10),
                           Limits::min(),
                           I(Limits::min() + 1),
                           Limits::max(),
                           I(Limits::max() - 1),
                           I(Limits::max() / 2),
                           I(Limits::max() / 2 + 1)};
  for (int i = 0; i < count; ++i)
    values.push_back(I(random.bits() >> (random.bits() % 64)));
  return values;
}

/// Floor division in 128 bits, which nothing here overflows.
template <class I> I floorDivide(I x, I y) {
  if (y == 0)
    return 0;
  __int128 q = __int128(x) / y;
  if (__int128(x) % y != 0 && (x < 0) != (y < 0))
    --q;
  return I(q);
}

template <class I> void checkDivision(I (*floordiv)(I, I), I (*mod)(I, I)) {
  Random random(5);
  std::vector<I> values = interesting<I>(random, 300);
  for (I x : values)
    for (I y : values) {
      I q = floorDivide(x, y);
      I r = y == 0 ? 0 : I(__int128(x) - __int128(q) * y);
      ASSERT_EQ(floordiv(x, y), q) << x << " // " << y;
      // min / -1 wraps, and leaves nothing.
      ASSERT_EQ(mod(x, y), std::numeric_limits<I>::is_signed && y == I(-1) ? 0 : r)
          << x << " % " << y;
    }
}

TEST(Integer, FloorDivision) {
  checkDivision<int32_t>(descent_floordiv_i32, descent_mod_i32);
  checkDivision<int64_t>(descent_floordiv_i64, descent_mod_i64);
  checkDivision<uint32_t>(descent_floordiv_u32, descent_mod_u32);
  EXPECT_EQ(descent_floordiv_i32(INT32_MIN, -1), INT32_MIN);
  EXPECT_EQ(descent_floordiv_i64(INT64_MIN, -1), INT64_MIN);
  EXPECT_EQ(descent_mod_i32(-7, 3), 2);
  EXPECT_EQ(descent_mod_i32(7, -3), -2);
  EXPECT_EQ(descent_floordiv_i32(7, 0), 0);
  EXPECT_EQ(descent_mod_i64(7, 0), 0);
}

/// One multiplication after the other, for exponents where that is bearable.
template <class I> void checkPower(I (*pow)(I, I)) {
  for (int base = -12; base <= 12; ++base) {
    uint64_t expected = 1;
    for (int n = 0; n <= 100; ++n) {
      ASSERT_EQ(pow(I(base), I(n)), I(expected)) << base << "^" << n;
      expected *= uint64_t(int64_t(base));
    }
  }
}

TEST(Integer, Power) {
  checkPower<int32_t>(descent_pow_i32);
  checkPower<int64_t>(descent_pow_i64);
  checkPower<uint32_t>(descent_pow_u32);
  EXPECT_EQ(descent_pow_i32(0, 0), 1);
  EXPECT_EQ(descent_pow_i32(2, -1), 0);
  EXPECT_EQ(descent_pow_i32(0, -1), 0);
  EXPECT_EQ(descent_pow_i32(1, -5), 1);
  EXPECT_EQ(descent_pow_i32(-1, -5), -1);
  EXPECT_EQ(descent_pow_i32(-1, INT32_MIN), 1);
  EXPECT_EQ(descent_pow_i64(-1, INT64_MAX), -1);
  EXPECT_EQ(descent_pow_u32(3, UINT32_MAX), 2863311531u); // the inverse of 3 modulo 2^32
}

/// Rounded towards zero and limited; by comparing in long double, which holds all of them.
template <class I, class T> I converted(T x) {
  if (std::isnan(x))
    return 0;
  long double wide = x;
  if (wide >= static_cast<long double>(std::numeric_limits<I>::max()))
    return std::numeric_limits<I>::max();
  if (wide <= static_cast<long double>(std::numeric_limits<I>::min()))
    return std::numeric_limits<I>::min();
  return I(wide);
}

template <class I, class T> void checkConversion(I (*convert)(T)) {
  Random random(6);
  std::vector<T> values = {0,
                           T(-0.0),
                           T(0.5),
                           T(-0.5),
                           T(0.999999),
                           T(-0.999999),
                           1,
                           -1,
                           std::numeric_limits<T>::infinity(),
                           -std::numeric_limits<T>::infinity(),
                           std::numeric_limits<T>::quiet_NaN(),
                           std::numeric_limits<T>::max()};
  for (T limit : {T(0x1p31), T(0x1p32), T(0x1p63), T(0x1p64), T(0x1p24), T(0x1p53)})
    for (int step = -3; step <= 3; ++step)
      for (T sign : {T(1), T(-1)})
        values.push_back(sign * neighbour(limit, step));
  for (int i = 0; i < 20000; ++i)
    values.push_back(i % 2 ? random.pattern<T>() : T(random.uniform(-5e9, 5e9)));
  for (T x : values)
    ASSERT_EQ(convert(x), (converted<I, T>(x))) << x;
}

TEST(Conversion, SaturatesAndRoundsTowardsZero) {
  checkConversion<int32_t, float>(descent_f32_to_i32);
  checkConversion<int64_t, float>(descent_f32_to_i64);
  checkConversion<uint32_t, float>(descent_f32_to_u32);
  checkConversion<int32_t, double>(descent_f64_to_i32);
  checkConversion<int64_t, double>(descent_f64_to_i64);
  checkConversion<uint32_t, double>(descent_f64_to_u32);
}

TEST(Conversion, Bool) {
  EXPECT_FALSE(descent_f32_to_bool(0.0f));
  EXPECT_FALSE(descent_f32_to_bool(-0.0f));
  EXPECT_TRUE(descent_f32_to_bool(0x1p-149f));
  EXPECT_TRUE(descent_f64_to_bool(std::nan("")));
  EXPECT_TRUE(descent_f64_to_bool(-2.5));
  EXPECT_FALSE(descent_f64_to_bool(-0.0));
}

TEST(Threefry, KnownAnswers) {
  // From the generator's published test vectors, threefry2x32 with 20 rounds.
  EXPECT_EQ(descent_threefry2x32(0, 0), 0x6b20015999ba4efe);
  EXPECT_EQ(descent_threefry2x32(0xffffffffffffffff, 0xffffffffffffffff), 0x1cb996fcbb002be7);
  EXPECT_EQ(descent_threefry2x32(0x13198a2e03707344, 0x243f6a8885a308d3), 0xc4923a9c483df7a0);
}

template <class T>
void checkSort(void (*sort)(T *, int32_t *, void *, int64_t), T (*value)(Random &)) {
  Random random(7);
  for (int64_t n : {0, 1, 2, 3, 15, 16, 17, 31, 33, 64, 100, 1000, 1024, 4095, 4096, 4097, 70000}) {
    std::vector<T> x(n);
    for (T &element : x)
      element = value(random);
    std::vector<int32_t> index(n + 1, -7), expected(n);
    std::vector<double> scratch((12 * n + 7) / 8);
    std::vector<T> keys = x;
    sort(keys.data(), index.data(), scratch.data(), n);
    std::iota(expected.begin(), expected.end(), 0);
    std::sort(expected.begin(), expected.end(), [&](int32_t a, int32_t b) {
      if (x[a] < x[b] || x[b] < x[a])
        return x[a] < x[b];
      bool nanA = x[a] != x[a];
      bool nanB = x[b] != x[b];
      return nanA != nanB ? nanB : a < b;
    });
    EXPECT_EQ(index[n], -7) << "written beyond the end";
    index.resize(n);
    EXPECT_EQ(index, expected) << n;
  }
}

TEST(Argsort, IsStableWithNanLast) {
  // Few distinct values, so that stability shows; NaN and both zeros among the floating ones.
  auto number = [](Random &random) -> double {
    uint64_t u = random.bits() % 40;
    return u == 0   ? std::nan("")
           : u == 1 ? -0.0
           : u == 2 ? 0.0
           : u == 3 ? -INFINITY
                    : double(u) - 20;
  };
  static auto floating = number;
  checkSort<float>(descent_argsort_f32, [](Random &r) { return float(floating(r)); });
  checkSort<double>(descent_argsort_f64, [](Random &r) { return floating(r); });
  checkSort<int32_t>(descent_argsort_i32, [](Random &r) { return int32_t(r.bits() % 50) - 25; });
  checkSort<int64_t>(descent_argsort_i64, [](Random &r) { return int64_t(r.bits()); });
  checkSort<uint32_t>(descent_argsort_u32, [](Random &r) { return uint32_t(r.bits()); });
  checkSort<uint64_t>(descent_argsort_u64, [](Random &r) { return r.bits() >> 3; });
}

} // namespace
} // namespace descent::test
