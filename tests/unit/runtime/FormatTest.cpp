// Scalars as text, and format specifications.

#include "descent/Format.h"
#include "descent/Error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>

using namespace descent;
using testing::HasSubstr;

namespace {

template <typename T> std::string text(T value, std::string_view spec = "") {
  return toText(Array::scalar(value), spec);
}

std::string complaint(std::string_view spec, DType dtype) {
  return checkFormat(spec, dtype).value_or("none");
}

} // namespace

TEST(ScalarText, IsShort) {
  EXPECT_EQ(text(22.0f), "22");
  EXPECT_EQ(text(0.1f), "0.1");
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(static_cast<double>(0.1f)), "0.10000000149011612");
  EXPECT_EQ(text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(text(-0.0), "-0");
  EXPECT_EQ(text(1e-4), "0.0001");
  EXPECT_EQ(text(1e-5), "1e-05");
  EXPECT_EQ(text(1.5e-7f), "1.5e-07");
  EXPECT_EQ(text(123456789.0), "123456789");
  EXPECT_EQ(text(1e15), "1000000000000000");
  EXPECT_EQ(text(1e16), "1e+16");
  EXPECT_EQ(text(-1.7976931348623157e308), "-1.7976931348623157e+308");
  EXPECT_EQ(text(5e-324), "5e-324");
  EXPECT_EQ(text(16777216.0f), "16777216");
  EXPECT_EQ(text(std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(text(-std::numeric_limits<float>::infinity()), "-inf");
  EXPECT_EQ(text(int32_t(-7)), "-7");
  EXPECT_EQ(text(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(text(uint32_t(4294967295)), "4294967295");
  EXPECT_EQ(text(true), "true");
  EXPECT_EQ(text(false), "false");
}

TEST(ScalarText, ReadsBackBitForBit) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    uint64_t bits = random();
    double wide;
    std::memcpy(&wide, &bits, sizeof(wide));
    float narrow;
    std::memcpy(&narrow, &bits, sizeof(narrow));
    if (std::isfinite(wide))
      EXPECT_EQ(std::strtod(text(wide).c_str(), nullptr), wide);
    if (std::isfinite(narrow))
      EXPECT_EQ(std::strtof(text(narrow).c_str(), nullptr), narrow);
  }
}

// What Python's format() gives.
TEST(Format, FloatsAsPython) {
  EXPECT_EQ(text(3.14159, ".3f"), "3.142");
  EXPECT_EQ(text(0.125, ".2f"), "0.12");
  EXPECT_EQ(text(12345.678, "8.2e"), "1.23e+04");
  EXPECT_EQ(text(12345.678, "12.2e"), "    1.23e+04");
  EXPECT_EQ(text(0.5f, "+.1f"), "+0.5");
  EXPECT_EQ(text(0.5f, " .1f"), " 0.5");
  EXPECT_EQ(text(-0.5f, "+.1f"), "-0.5");
  EXPECT_EQ(text(-1.5, "08.2f"), "-0001.50");
  EXPECT_EQ(text(-1.5, "<8.2f") + "|", "-1.50   |");
  EXPECT_EQ(text(-1.5, "^8.2f") + "|", " -1.50  |");
  EXPECT_EQ(text(-1.5, "*>8.2f"), "***-1.50");
  EXPECT_EQ(text(1.5, "→>5.1f"), "→→1.5");
  EXPECT_EQ(text(1.0, "#.0f"), "1.");
  EXPECT_EQ(text(1e10, "g"), "1e+10");
  EXPECT_EQ(text(123456.789, "#g"), "123457.");
  EXPECT_EQ(text(0.5, "#.3g"), "0.500");
  EXPECT_EQ(text(1e7, "#.3G"), "1.00E+07");
  EXPECT_EQ(text(0.0001, "G"), "0.0001");
  EXPECT_EQ(text(123456.789, ".3"), "1.23e+05");
  EXPECT_EQ(text(1234567.891, ",.2f"), "1,234,567.89");
  EXPECT_EQ(text(123.0, ",.1f"), "123.0");
  EXPECT_EQ(text(-1234567.0, ","), "-1,234,567");
  EXPECT_EQ(text(0.256, ".1%"), "25.6%");
  EXPECT_EQ(text(0.29f, ".0%"), "29%");
  EXPECT_EQ(text(std::numeric_limits<double>::infinity(), ".1%"), "inf%");
  EXPECT_EQ(text(1.5, "10"), "       1.5");
  EXPECT_EQ(text(std::nan(""), "8.2f"), "     nan");
  EXPECT_EQ(text(-std::numeric_limits<double>::infinity(), "08.2F"), "    -INF");
  EXPECT_EQ(text(std::nan(""), "e"), "nan");
}

TEST(Format, IntegersAsPython) {
  EXPECT_EQ(text(int32_t(42), "d"), "42");
  EXPECT_EQ(text(int32_t(42), "5d"), "   42");
  EXPECT_EQ(text(int32_t(-42), "05d"), "-0042");
  EXPECT_EQ(text(int32_t(42), "+d"), "+42");
  EXPECT_EQ(text(int64_t(1234567), ","), "1,234,567");
  EXPECT_EQ(text(uint32_t(255), "x"), "ff");
  EXPECT_EQ(text(uint32_t(255), "#X"), "0XFF");
  EXPECT_EQ(text(uint32_t(8), "#o"), "010"); // as in C++
  EXPECT_EQ(text(uint32_t(5), "#010b"), "0b00000101");
  EXPECT_EQ(text(int32_t(-255), "x"), "-ff");
  EXPECT_EQ(text(std::numeric_limits<int64_t>::min(), "d"), "-9223372036854775808");
  EXPECT_EQ(text(int32_t(3), ".2f"), "3.00");
  EXPECT_EQ(text(int32_t(3), "e"), "3.000000e+00");
  EXPECT_EQ(text(int32_t(7), "<4") + "|", "7   |");
}

TEST(Format, BoolsAndKeys) {
  EXPECT_EQ(text(true, "d"), "1");
  EXPECT_EQ(text(true, ">6"), "  true");
  EXPECT_EQ(text(true, "6") + "|", "true  |");
  EXPECT_EQ(text(uint64_t(3), ">12"), "   key(0, 3)");
}

TEST(Format, ChecksSpecifications) {
  for (DType type : {DType::F64, DType::F32, DType::I64, DType::I32, DType::U32})
    for (const char *good : {"", "8", ".3f", "8.2e", "+g", "<10", "*^9.1f", "010", ",", ".1%"})
      EXPECT_EQ(checkFormat(good, type), std::nullopt) << good;
  EXPECT_EQ(checkFormat("d", DType::I32), std::nullopt);
  EXPECT_EQ(checkFormat("d", DType::Bool), std::nullopt);

  EXPECT_EQ(complaint("d", DType::F32), "the format 'd' is for integers, and this is f32; write "
                                        "'.0f' or convert it with i32(…)");
  EXPECT_EQ(complaint(".f", DType::F32), "digits must follow the '.' of a format, as in '.3f'");
  EXPECT_EQ(complaint("q", DType::F32),
            "'q' is not a format; formats look like '.3f', '8.2e', '+d', '>10'");
  EXPECT_THAT(complaint(".3ff", DType::F32), HasSubstr("'ff' is not a format"));
  EXPECT_THAT(complaint("s", DType::F32), HasSubstr("'s' is not a format"));
  EXPECT_EQ(complaint(".2", DType::I32),
            "an integer takes no precision; write '.2f' to show it with decimals");
  EXPECT_EQ(complaint(".2d", DType::I64),
            "an integer takes no precision; write '.2f' to show it with decimals");
  EXPECT_EQ(complaint(",x", DType::I64), "',' does not go with the format 'x'");
  EXPECT_EQ(complaint(".2f", DType::Bool),
            "the format 'f' is for numbers, and this is bool; 'd' writes 1 or 0");
  EXPECT_EQ(complaint("+", DType::Bool), "only a width and an alignment suit a bool");
  EXPECT_EQ(complaint("x", DType::Key), "a key has no format 'x'; only a width and an alignment");
  EXPECT_EQ(complaint("99999999999999999999d", DType::I32),
            "a width of more than 10000 is not supported");
  EXPECT_EQ(complaint(".1001f", DType::F64), "a precision of more than 1000 is not supported");
  EXPECT_THROW(text(1.0f, "d"), Error);
}

// Whatever checkFormat takes, toText must take as well, and nothing may crash.
TEST(Format, RandomSpecifications) {
  std::mt19937 random(3);
  const std::string alphabet = "<>^+- #0123456789,.efgdxb%s\xc3\xa9";
  std::vector<Array> values = {Array::scalar(-1.5),        Array::scalar(1e30f),
                               Array::scalar(int64_t(-5)), Array::scalar(true),
                               Array::scalar(uint64_t(9)), Array::scalar(uint32_t(77))};
  int accepted = 0;
  for (int i = 0; i < 10000; ++i) {
    std::string spec;
    for (size_t n = random() % 6; n > 0; --n)
      spec += alphabet[random() % alphabet.size()];
    for (const Array &value : values) {
      if (checkFormat(spec, value.dtype())) {
        EXPECT_THROW(toText(value, spec), Error) << spec;
      } else {
        EXPECT_FALSE(toText(value, spec).empty()) << spec;
        ++accepted;
      }
    }
  }
  EXPECT_GT(accepted, 500);
}
