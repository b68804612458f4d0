// Figures known from elsewhere: functions that have few relatives, random bits, and what
// conversions and shifts make of the values at the ends of a type.
#include "tests/unit/cpu/Harness.h"

#include <cmath>
#include <limits>

namespace descent::tests {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string arrayType(size_t size, const std::string &element) {
  return "tensor<" + std::to_string(size) + "x" + element + ">";
}

/// A function of one array, by `operation` ("erfinv %x", say).
std::string functionOf(const std::string &operation, const std::string &from,
                       const std::string &to) {
  std::string types = from == to ? from : from + " to " + to;
  return "func.func @f(%x: " + from + ") -> " + to + " {\n  %y = descent." + operation + " : " +
         types + "\n  return %y : " + to + "\n}";
}

/// Floats to within 4 ulp of f64 or f32; nan is nan, and infinities have their sign.
void expectFloats(const std::string &operation, std::vector<double> x,
                  const std::vector<double> &expected) {
  for (bool wide : {true, false}) {
    SCOPED_TRACE(operation + (wide ? " f64" : " f32"));
    auto type = arrayType(x.size(), wide ? "f64" : "f32");
    auto argument = wide ? f64({int64_t(x.size())}, x) : f32({int64_t(x.size())}, x);
    auto results = compileFunction(functionOf(operation, type, type))({argument});
    for (size_t i = 0; i < x.size(); ++i) {
      double y = results[0].floats()[i];
      if (std::isnan(expected[i]))
        EXPECT_TRUE(std::isnan(y)) << x[i] << " gives " << y;
      else if (std::isinf(expected[i]) || expected[i] == 0)
        EXPECT_EQ(y, expected[i]) << x[i];
      else
        EXPECT_NEAR(y, expected[i], 4 * std::ldexp(std::abs(expected[i]), wide ? -52 : -23))
            << x[i];
    }
  }
}

void expectIntegers(const std::string &operation, const Tensor &x, const std::string &from,
                    const std::string &to, const std::vector<int64_t> &expected) {
  SCOPED_TRACE(operation + " " + from + " to " + to);
  size_t size = expected.size();
  auto results =
      compileFunction(functionOf(operation, arrayType(size, from), arrayType(size, to)))({x});
  for (size_t i = 0; i < size; ++i)
    EXPECT_EQ(results[0].integer(int64_t(i)), expected[i]) << "element " << i;
}

TEST(SpecialValues, Erfinv) {
  expectFloats("erfinv %x", {0, 0.5, -0.5, 1, -1, 1.5, nan, 0.96875, -0.25},
               {0, 0.4769362762044699, -0.4769362762044699, inf, -inf, nan, nan,
                1.523019401996956111, -0.22531205501217808});
}

TEST(SpecialValues, Lgamma) {
  // Half-integers are logarithms of sqrt(pi) times a fraction.
  double logSqrtPi = 0.5723649429247001;
  expectFloats("lgamma %x", {1, 2, 0.5, -0.5, 3, 10, 0, -1, -7, inf, -inf, nan, 100},
               {0, 0, logSqrtPi, 1.2655121234846454, 0.6931471805599453, 12.801827480081469, inf,
                inf, inf, inf, inf, nan, 359.1342053695754});
}

TEST(SpecialValues, Polygamma) {
  double pi = 3.141592653589793;
  expectFloats("polygamma %x order 0", {1, 0.5, 2, -3, inf, nan},
               {-0.5772156649015329, -1.9635100260214235, 0.42278433509846713, nan, inf, nan});
  expectFloats("polygamma %x order 1", {1, 0.5, 2, -3, -0.5, inf, nan},
               {pi * pi / 6, pi * pi / 2, pi * pi / 6 - 1, inf, 8.934802200544679, 0, nan});
  expectFloats("polygamma %x order 2", {1, 0.5}, {-2.4041138063191886, -16.828796644234319});
}

TEST(SpecialValues, ThreefryBits) {
  // The known answers of Random123 for threefry2x32 with 20 rounds.
  const uint64_t keys[] = {0, ~uint64_t(0), 0x13198a2e03707344};
  const uint64_t counters[] = {0, ~uint64_t(0), 0x243f6a8885a308d3};
  const uint64_t answers[] = {0x6b20015999ba4efe, 0x1cb996fcbb002be7, 0xc4923a9c483df7a0};
  // Lengths that leave a remainder of a vector.
  for (size_t size : {1, 3, 13, 16}) {
    std::string type = arrayType(size, "ui64");
    Tensor key = Tensor::zeros(DType::Key, {int64_t(size)}), counter = key;
    for (size_t i = 0; i < size; ++i) {
      key.words()[i] = keys[i % 3];
      counter.words()[i] = counters[i % 3];
    }
    auto results = compileFunction("func.func @f(%k: " + type + ", %c: " + type + ") -> " + type +
                                   " {\n  %y = descent.threefry %k, %c : " + type +
                                   "\n  return %y : " + type + "\n}")({key, counter});
    for (size_t i = 0; i < size; ++i)
      EXPECT_EQ(results[0].words()[i], answers[i % 3]) << i << " of " << size;
  }
}

TEST(SpecialValues, FloatsToIntegers) {
  constexpr int64_t max32 = std::numeric_limits<int32_t>::max(), min32 = -max32 - 1;
  constexpr int64_t max64 = std::numeric_limits<int64_t>::max(), min64 = -max64 - 1;
  std::vector<double> x{nan, inf, -inf, 3e9, -3e9, 2.75, -2.75, -0.5, -0.0};
  for (std::string from : {"f32", "f64"}) {
    Tensor numbers = from == "f32" ? f32({9}, x) : f64({9}, x);
    expectIntegers("convert %x", numbers, from, "i32",
                   {0, max32, min32, max32, min32, 2, -2, 0, 0});
    expectIntegers("convert %x", numbers, from, "ui32",
                   {0, 4294967295, 0, 3000000000, 0, 2, 0, 0, 0});
    expectIntegers("convert %x", numbers, from, "i64",
                   {0, max64, min64, 3000000000, -3000000000, 2, -2, 0, 0});
    expectIntegers("convert %x", numbers, from, "i1", {1, 1, 1, 1, 1, 1, 1, 1, 0});
  }
}

TEST(SpecialValues, IntegersToOthers) {
  expectIntegers("convert %x", i32({3}, {-1, 2147483647, -2147483648.0}), "i32", "ui32",
                 {4294967295, 2147483647, 2147483648});
  expectIntegers("convert %x", i32({2}, {-1, 5}), "i32", "i64", {-1, 5});
  expectIntegers("convert %x", u32({2}, {4294967295.0, 5}), "ui32", "i64", {4294967295, 5});
  expectIntegers("convert %x", u32({1}, {4294967295.0}), "ui32", "i32", {-1});
  auto toFloat = [](const Tensor &x, const std::string &from) {
    return compileFunction(functionOf("convert %x", arrayType(1, from), arrayType(1, "f32")))(
               {x})[0]
        .floats()[0];
  };
  // In one rounding, halves to even.
  EXPECT_EQ(toFloat(i32({1}, {16777217}), "i32"), 16777216);
  EXPECT_EQ(toFloat(i32({1}, {16777219}), "i32"), 16777220);
  EXPECT_EQ(toFloat(u32({1}, {4294967295.0}), "ui32"), 4294967296);
  EXPECT_EQ(toFloat(boolean({1}, {1}), "i1"), 1);
}

TEST(SpecialValues, ShiftsByTheWidthAndMore) {
  auto shift = [](const std::string &operation, const std::string &element, const Tensor &x,
                  const Tensor &by, const std::vector<int64_t> &expected) {
    SCOPED_TRACE(operation + " " + element);
    std::string type = arrayType(expected.size(), element);
    auto results = compileFunction("func.func @f(%x: " + type + ", %y: " + type + ") -> " + type +
                                   " {\n  %z = descent." + operation + " %x, %y : " + type +
                                   "\n  return %z : " + type + "\n}")({x, by});
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_EQ(results[0].integer(int64_t(i)), expected[i]) << "element " << i;
  };
  std::vector<double> x{1, 1, -8, -8, 5, -8, 7}, by{31, 32, 31, 32, 100, -1, 0};
  shift("shl", "i32", i32({7}, x), i32({7}, by), {-2147483648, 0, 0, 0, 0, 0, 7});
  shift("shr", "i32", i32({7}, x), i32({7}, by), {0, 0, -1, -1, 0, -1, 7});
  shift("shr", "i64", i64({7}, x), i64({7}, by), {0, 0, -1, -1, 0, -1, 7});
  std::vector<double> u{4294967288.0, 4294967288.0, 1, 3}, uby{31, 32, 4294967295.0, 1};
  shift("shr", "ui32", u32({4}, u), u32({4}, uby), {1, 0, 0, 1});
  shift("shl", "ui32", u32({4}, u), u32({4}, uby), {0, 0, 0, 6});
}

} // namespace
} // namespace descent::tests
