#include "descent/Array.h"
#include "ArrayPrinter.h"
#include "descent/Error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace descent;

TEST(DTypes, NamesAndSizes) {
  const std::pair<const char *, size_t> expected[] = {
      {"f64", 8}, {"f32", 4}, {"i64", 8}, {"i32", 4}, {"u32", 4}, {"bool", 1}, {"key", 8}};
  for (int i = 0; i < dtypeCount; ++i) {
    DType type = static_cast<DType>(i);
    EXPECT_EQ(nameOf(type), expected[i].first);
    EXPECT_EQ(sizeOf(type), expected[i].second);
    EXPECT_EQ(dtypeFromName(expected[i].first), type);
    visitDType(type, [&](auto zero) { EXPECT_EQ(dtypeOf<decltype(zero)>, type); });
  }
  EXPECT_EQ(dtypeFromName("f16"), std::nullopt);
  EXPECT_EQ(dtypeFromName(""), std::nullopt);
}

TEST(Arrays, TypeNames) {
  EXPECT_EQ(Array().typeName(), "f32");
  EXPECT_EQ(Array::zeros(DType::F64, {3, 2}).typeName(), "f64[3, 2]");
  EXPECT_EQ(Array::zeros(DType::Bool, {0}).typeName(), "bool[0]");
}

TEST(Arrays, ElementCounts) {
  EXPECT_EQ(elementCount({}), 1);
  EXPECT_EQ(elementCount({3, 0, 5}), 0);
  EXPECT_EQ(elementCount({1 << 20, 1 << 20}), int64_t(1) << 40);
  EXPECT_EQ(elementCount({int64_t(1) << 40, int64_t(1) << 40, 0}), 0);
  EXPECT_THROW(elementCount({int64_t(1) << 40, int64_t(1) << 40}), TypeError);
  EXPECT_THROW(elementCount({-1}), TypeError);
}

TEST(Arrays, TooLargeIsAnError) {
  try {
    Array::uninitialized(DType::F64, {int64_t(1) << 31, int64_t(1) << 31});
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(),
                 "not enough memory for an array of type f64[2147483648, 2147483648]");
  }
}

TEST(Arrays, AlignedAndZero) {
  for (int64_t n : {0, 1, 7, 64, 1000}) {
    Array array = Array::zeros(DType::F64, {n});
    EXPECT_EQ(reinterpret_cast<uintptr_t>(array.data()) % 64, 0u);
    EXPECT_EQ(array.byteSize(), size_t(n) * 8);
    for (double value : array.values<double>())
      EXPECT_EQ(value, 0);
  }
}

TEST(Arrays, CopiesShareUntilWritten) {
  Array a = Array::fromVector<int32_t>({1, 2, 3});
  Array b = a;
  EXPECT_EQ(a.data(), b.data());
  b.mutableValues<int32_t>()[1] = 9;
  EXPECT_EQ(a, Array::fromVector<int32_t>({1, 2, 3}));
  EXPECT_EQ(b, Array::fromVector<int32_t>({1, 9, 3}));
  const void *own = b.data();
  b.mutableValues<int32_t>()[0] = 8;
  EXPECT_EQ(b.data(), own);
}

TEST(Arrays, CheckedAccess) {
  Array a = Array::fromVector<float>({1, 2, 3, 4}, {2, 2});
  EXPECT_EQ(a.values<float>()[3], 4);
  try {
    a.values<double>();
    FAIL();
  } catch (const TypeError &error) {
    EXPECT_STREQ(error.what(), "an array of type f32[2, 2] was read as f64");
  }
  EXPECT_THROW(a.mutableValues<int32_t>(), TypeError);
  EXPECT_THROW(a.item<float>(), TypeError);
  EXPECT_THROW(Array::fromVector<float>({1, 2, 3}, {2, 2}), TypeError);
  EXPECT_EQ(Array::scalar(2.5).item<double>(), 2.5);
  EXPECT_EQ(Array::fromVector<int64_t>({7}).toDouble(), 7);
  EXPECT_EQ(Array::scalar(true).toDouble(), 1);
  EXPECT_THROW(Array::scalar(uint64_t(1)).toDouble(), TypeError);
}

TEST(Arrays, Equality) {
  Array a = Array::fromVector<float>({1, 2});
  EXPECT_EQ(a, Array::fromVector<float>({1, 2}));
  EXPECT_FALSE(a == Array::fromVector<double>({1, 2}));
  EXPECT_FALSE(a == Array::fromVector<float>({1, 2}, {2, 1}));
  EXPECT_FALSE(a == Array::fromVector<float>({1, 3}));
  EXPECT_EQ(Array::scalar(0.0), Array::scalar(-0.0));
  EXPECT_FALSE(Array::scalar(std::nan("")) == Array::scalar(std::nan("")));
}

TEST(Arrays, Reshaped) {
  Array a = Array::fromVector<int32_t>({1, 2, 3, 4, 5, 6});
  EXPECT_EQ(a.reshaped({2, 3}), Array::fromVector<int32_t>({1, 2, 3, 4, 5, 6}, {2, 3}));
  EXPECT_THROW(a.reshaped({4}), TypeError);
}

TEST(Arrays, ConversionIsDefinedForEveryValue) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  Array floats = Array::fromVector<double>(
      {1.9, -1.9, inf, -inf, std::nan(""), 1e300, 2147483647.0, 2147483648.0, 9.3e18, -0.5});
  constexpr int32_t top = std::numeric_limits<int32_t>::max(), low = -top - 1;
  EXPECT_EQ(floats.converted(DType::I32),
            Array::fromVector<int32_t>({1, -1, top, low, 0, top, top, top, top, 0}));
  constexpr int64_t top64 = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(floats.converted(DType::I64),
            Array::fromVector<int64_t>(
                {1, -1, top64, -top64 - 1, 0, top64, 2147483647, 2147483648, top64, 0}));
  EXPECT_EQ(floats.converted(DType::U32),
            Array::fromVector<uint32_t>(
                {1, 0, 4294967295u, 0, 0, 4294967295u, 2147483647u, 2147483648u, 4294967295u, 0}));
  EXPECT_EQ(floats.converted(DType::Bool),
            Array::fromVector<bool>({true, true, true, true, true, true, true, true, true, true}));
  EXPECT_EQ(Array::fromVector<bool>({true, false}).converted(DType::F32),
            Array::fromVector<float>({1, 0}));
  EXPECT_EQ(Array::scalar(int64_t(-1)).converted(DType::U32).item<uint32_t>(), 4294967295u);
  EXPECT_THROW(Array::scalar(uint64_t(1)).converted(DType::I64), TypeError);
}

TEST(Errors, FileErrorsSayWhere) {
  EXPECT_STREQ(FileError("a.csv", "bad", 3, 7).what(), "a.csv:3:7: bad");
  EXPECT_STREQ(FileError("a.csv", "bad", 3).what(), "a.csv:3: bad");
  EXPECT_STREQ(FileError("a.npy", "bad").what(), "a.npy: bad");
}
