#include "tests/unit/reference/Program.h"

#include <cmath>
#include <limits>

namespace descent::reference {

namespace {

const double nan = std::nan("");
const double infinity = std::numeric_limits<double>::infinity();

std::vector<double> binary(const char *op, const char *type, Tensor a, Tensor b) {
  return numbers(evaluateLine("%r = descent." + std::string(op) + " %a, %b : " + type, type,
                              {std::move(a), std::move(b)}));
}

std::vector<double> unary(const char *op, const char *type, Tensor a) {
  return numbers(
      evaluateLine("%r = descent." + std::string(op) + " %a : " + type, type, {std::move(a)}));
}

std::vector<double> convert(Tensor a, const char *from, const char *to) {
  return numbers(evaluateLine(std::string("%r = descent.convert %a : ") + from + " to " + to, to,
                              {std::move(a)}));
}

using Numbers = std::vector<double>;

} // namespace

TEST(Elementwise, IntegerArithmeticWraps) {
  const char *type = "tensor<1xi32>";
  EXPECT_EQ(binary("add", type, i32({1}, {2147483647}), i32({1}, {1})), Numbers{-2147483648.0});
  EXPECT_EQ(binary("mul", type, i32({1}, {65536}), i32({1}, {65536})), Numbers{0});
  EXPECT_EQ(unary("neg", type, i32({1}, {-2147483648.0})), Numbers{-2147483648.0});
  EXPECT_EQ(binary("sub", "tensor<1xui32>", Tensor::of(DType::U32, {1}, {0}),
                   Tensor::of(DType::U32, {1}, {1})),
            Numbers{4294967295.0});
}

TEST(Elementwise, DivisionRoundsDown) {
  const char *type = "tensor<6xi32>";
  Tensor a = i32({6}, {7, -7, 7, -7, 6, 5}), b = i32({6}, {2, 2, -2, -2, -3, 0});
  EXPECT_EQ(binary("floordiv", type, a, b), (Numbers{3, -4, -4, 3, -2, 0}));
  EXPECT_EQ(binary("mod", type, a, b), (Numbers{1, 1, -1, -1, 0, 0}));
  EXPECT_EQ(binary("floordiv", "tensor<2xf64>", f64({2}, {7.5, -7.5}), f64({2}, {2, 2})),
            (Numbers{3, -4}));
  EXPECT_EQ(binary("mod", "tensor<3xf64>", f64({3}, {7.5, -7.5, 7.5}), f64({3}, {2, 2, -2})),
            (Numbers{1.5, 0.5, -0.5}));
}

TEST(Elementwise, Powers) {
  EXPECT_EQ(binary("pow", "tensor<6xi32>", i32({6}, {2, -3, 0, 2, -1, 1}),
                   i32({6}, {10, 3, 0, -1, -3, -5})),
            (Numbers{1024, -27, 1, 0, -1, 1}));
  EXPECT_EQ(binary("pow", "tensor<3xf64>", f64({3}, {2, -2, 4}), f64({3}, {-1, 3, 0.5})),
            (Numbers{0.5, -8, 2}));
}

TEST(Elementwise, NanWins) {
  Tensor a = f64({4}, {nan, 1, 1, -infinity}), b = f64({4}, {1, nan, 2, 0});
  Numbers larger = binary("max", "tensor<4xf64>", a, b);
  EXPECT_TRUE(std::isnan(larger[0]) && std::isnan(larger[1]));
  EXPECT_EQ(larger[2], 2);
  Numbers smaller = binary("min", "tensor<4xf64>", a, b);
  EXPECT_TRUE(std::isnan(smaller[0]) && std::isnan(smaller[1]));
  EXPECT_EQ(smaller[3], -infinity);
  EXPECT_TRUE(std::isnan(unary("sign", "tensor<1xf64>", f64({1}, {nan}))[0]));
  EXPECT_EQ(unary("sign", "tensor<3xf64>", f64({3}, {-2.5, 0, infinity})), (Numbers{-1, 0, 1}));
}

TEST(Elementwise, UnsignedOrder) {
  Tensor big = Tensor::of(DType::U32, {1}, {4000000000.0}), one = Tensor::of(DType::U32, {1}, {1});
  EXPECT_EQ(binary("max", "tensor<1xui32>", big, one), Numbers{4000000000.0});
  EXPECT_EQ(binary("floordiv", "tensor<1xui32>", big, Tensor::of(DType::U32, {1}, {2})),
            Numbers{2000000000.0});
  EXPECT_EQ(numbers(evaluateLine("%r = descent.compare lt %a, %b : tensor<1xui32>", "tensor<1xi1>",
                                 {big, one})),
            Numbers{0});
}

TEST(Elementwise, RoundsHalvesToEven) {
  EXPECT_EQ(unary("round", "tensor<4xf64>", f64({4}, {0.5, 1.5, -2.5, 2.6})),
            (Numbers{0, 2, -2, 3}));
}

TEST(Elementwise, F32IsRoundedOnce) {
  EXPECT_EQ(unary("exp", "tensor<1xf32>", f32({1}, {1})), Numbers{double(2.71828182845904523536f)});
  EXPECT_EQ(binary("div", "tensor<1xf32>", f32({1}, {1}), f32({1}, {3})),
            Numbers{double(1.0f / 3)});
}

TEST(Elementwise, Comparisons) {
  auto compare = [](const char *predicate, Tensor a, Tensor b) {
    return numbers(
        evaluateLine(std::string("%r = descent.compare ") + predicate + " %a, %b : tensor<3xf64>",
                     "tensor<3xi1>", {a, b}));
  };
  Tensor a = f64({3}, {1, 2, nan}), b = f64({3}, {1, 3, nan});
  EXPECT_EQ(compare("eq", a, b), (Numbers{1, 0, 0}));
  EXPECT_EQ(compare("ne", a, b), (Numbers{0, 1, 1}));
  EXPECT_EQ(compare("lt", a, b), (Numbers{0, 1, 0}));
  EXPECT_EQ(compare("le", a, b), (Numbers{1, 1, 0}));
  EXPECT_EQ(compare("gt", b, a), (Numbers{0, 1, 0}));
  EXPECT_EQ(compare("ge", b, a), (Numbers{1, 1, 0}));
}

TEST(Elementwise, Select) {
  EXPECT_EQ(numbers(evaluateLine("%r = descent.select %a, %b, %c : tensor<2xi1>, tensor<2xf64>",
                                 "tensor<2xf64>",
                                 {bools({2}, {1, 0}), f64({2}, {1, 2}), f64({2}, {3, 4})})),
            (Numbers{1, 4}));
}

TEST(Elementwise, Conversions) {
  EXPECT_EQ(convert(f64({5}, {2.9, -2.9, 1e20, -1e20, nan}), "tensor<5xf64>", "tensor<5xi32>"),
            (Numbers{2, -2, 2147483647, -2147483648.0, 0}));
  EXPECT_EQ(convert(f64({2}, {-1, 1e10}), "tensor<2xf64>", "tensor<2xui32>"),
            (Numbers{0, 4294967295.0}));
  EXPECT_EQ(convert(f64({3}, {0, 0.5, nan}), "tensor<3xf64>", "tensor<3xi1>"), (Numbers{0, 1, 1}));
  EXPECT_EQ(convert(i32({2}, {-1, 5}), "tensor<2xi32>", "tensor<2xui32>"),
            (Numbers{4294967295.0, 5}));
  EXPECT_EQ(convert(i32({1}, {16777217}), "tensor<1xi32>", "tensor<1xf32>"), Numbers{16777216});
  EXPECT_EQ(convert(bools({2}, {0, 1}), "tensor<2xi1>", "tensor<2xf32>"), (Numbers{0, 1}));
  EXPECT_EQ(convert(Tensor::of(DType::I64, {1}, {4294967298.0}), "tensor<1xi64>", "tensor<1xi32>"),
            Numbers{2});
}

TEST(Elementwise, Bits) {
  EXPECT_EQ(unary("not", "tensor<2xi1>", bools({2}, {0, 1})), (Numbers{1, 0}));
  EXPECT_EQ(unary("not", "tensor<1xi32>", i32({1}, {5})), Numbers{-6});
  EXPECT_EQ(binary("xor", "tensor<1xi32>", i32({1}, {12}), i32({1}, {10})), Numbers{6});
  EXPECT_EQ(binary("and", "tensor<1xi32>", i32({1}, {12}), i32({1}, {10})), Numbers{8});
  EXPECT_EQ(binary("or", "tensor<1xi32>", i32({1}, {12}), i32({1}, {10})), Numbers{14});
  EXPECT_EQ(binary("shl", "tensor<3xi32>", i32({3}, {1, 1, 3}), i32({3}, {4, 32, 31})),
            (Numbers{16, 0, -2147483648.0}));
  EXPECT_EQ(binary("shr", "tensor<3xi32>", i32({3}, {-8, -8, 9}), i32({3}, {1, 40, 3})),
            (Numbers{-4, -1, 1}));
  Tensor top = Tensor::of(DType::U32, {1}, {2147483648.0});
  EXPECT_EQ(binary("shr", "tensor<1xui32>", top, Tensor::of(DType::U32, {1}, {31})), Numbers{1});
  EXPECT_EQ(numbers(evaluateLine("%r = descent.bitcast %a : tensor<1xf32> to tensor<1xi32>",
                                 "tensor<1xi32>", {f32({1}, {1})})),
            Numbers{0x3f800000});
}

// The known answers of Random123's own test for threefry2x32-20.
TEST(Elementwise, Threefry) {
  auto hash = [](uint64_t key, uint64_t counter) {
    return evaluateLine("%r = descent.threefry %a, %b : tensor<ui64>", "tensor<ui64>",
                        {Tensor::key(key), Tensor::key(counter)})
        .words()[0];
  };
  EXPECT_EQ(hash(0, 0), 0x6b20015999ba4efeu);
  EXPECT_EQ(hash(~0ull, ~0ull), 0x1cb996fcbb002be7u);
  EXPECT_EQ(hash(0x13198a2e03707344u, 0x243f6a8885a308d3u), 0xc4923a9c483df7a0u);
}

} // namespace descent::reference
