// Every elementwise operation with a derivative, in both modes, to third order.
#include "tests/unit/derivative/DerivativeCase.h"

#include <gtest/gtest.h>

namespace descent::derivative::test {

namespace {

struct Unary {
  const char *name;
  double low, high;
};

class UnaryDerivative : public testing::TestWithParam<Unary> {};

TEST_P(UnaryDerivative, MatchesFiniteDifferences) {
  auto [name, low, high] = GetParam();
  for (Dims dims : {Dims{}, Dims{3}, Dims{1, 3}}) {
    std::string body = std::string("%y = descent.") + name + " %x0 : " + typeText(dims);
    Case testCase = oneResult(name, {{dims, low, high}}, body, dims);
    testCase.order = dims.size() == 1 ? 3 : 2;
    check(testCase);
  }
}

INSTANTIATE_TEST_SUITE_P(All, UnaryDerivative,
                         testing::Values(Unary{"neg", -1, 1}, Unary{"abs", 0.1, 1},
                                         Unary{"abs", -1, -0.1}, Unary{"sign", 0.1, 1},
                                         Unary{"floor", 0.1, 0.9}, Unary{"ceil", 0.1, 0.9},
                                         Unary{"round", 0.1, 0.4}),
                         [](const auto &info) {
                           return std::string(info.param.name) + std::to_string(info.index);
                         });

INSTANTIATE_TEST_SUITE_P(
    Functions, UnaryDerivative,
    testing::Values(Unary{"sqrt", 0.5, 2}, Unary{"rsqrt", 0.5, 2}, Unary{"cbrt", 0.5, 2},
                    Unary{"exp", -1, 1}, Unary{"exp2", -1, 1}, Unary{"expm1", -1, 1},
                    Unary{"log", 0.5, 2}, Unary{"log2", 0.5, 2}, Unary{"log10", 0.5, 2},
                    Unary{"log1p", -0.5, 1}, Unary{"sin", -2, 2}, Unary{"cos", -2, 2},
                    Unary{"tan", -1, 1}, Unary{"asin", -0.7, 0.7}, Unary{"acos", -0.7, 0.7},
                    Unary{"atan", -2, 2}, Unary{"sinh", -1, 1}, Unary{"cosh", -1, 1},
                    Unary{"tanh", -1, 1}, Unary{"asinh", -2, 2}, Unary{"acosh", 1.5, 3},
                    Unary{"atanh", -0.7, 0.7}, Unary{"erf", -1, 1}, Unary{"erfc", -1, 1},
                    Unary{"erfinv", -0.7, 0.7}, Unary{"lgamma", 0.5, 3}, Unary{"sigmoid", -2, 2},
                    Unary{"silu", -2, 2}, Unary{"gelu", -2, 2}, Unary{"gelu_tanh", -2, 2}),
    [](const auto &info) { return info.param.name; });

TEST(ElementwiseDerivative, Polygamma) {
  for (const char *order : {"0", "1", "3"}) {
    Case testCase = oneResult(
        "polygamma", {{{3}, 1, 3}},
        std::string("%y = descent.polygamma %x0 order ") + order + " : tensor<3xf64>", {3});
    testCase.tolerance = 1e-5;
    check(testCase);
  }
}

struct Binary {
  const char *name;
  double xLow, xHigh, yLow, yHigh;
};

class BinaryDerivative : public testing::TestWithParam<Binary> {};

TEST_P(BinaryDerivative, MatchesFiniteDifferences) {
  auto [name, xLow, xHigh, yLow, yHigh] = GetParam();
  Dims dims{3};
  std::string op = std::string("%y = descent.") + name;
  std::string type = " : " + typeText(dims);
  Case both =
      oneResult(name, {{dims, xLow, xHigh}, {dims, yLow, yHigh}}, op + " %x0, %x1" + type, dims);
  both.order = 3;
  check(both);
  // One operand a constant.
  std::string constant = "%c = descent.constant dense<" + std::to_string((yLow + yHigh) / 2) +
                         "> : " + typeText(dims) + "\n";
  check(oneResult(name, {{dims, xLow, xHigh}}, constant + op + " %x0, %c" + type, dims));
  std::string first = "%c = descent.constant dense<" + std::to_string((xLow + xHigh) / 2) +
                      "> : " + typeText(dims) + "\n";
  check(oneResult(name, {{dims, yLow, yHigh}}, first + op + " %c, %x0" + type, dims));
}

INSTANTIATE_TEST_SUITE_P(All, BinaryDerivative,
                         testing::Values(Binary{"add", -1, 1, -1, 1}, Binary{"sub", -1, 1, -1, 1},
                                         Binary{"mul", -1, 1, -1, 1}, Binary{"div", -1, 1, 0.5, 1},
                                         Binary{"pow", 0.5, 2, -1, 2}, Binary{"max", 0, 1, 1.1, 2},
                                         Binary{"min", 0, 1, 1.1, 2},
                                         Binary{"atan2", -1, 1, 0.5, 1},
                                         Binary{"logaddexp", -1, 1, -1, 1},
                                         Binary{"mod", 2.3, 2.7, 1.0, 1.1},
                                         Binary{"floordiv", 2.3, 2.7, 1.0, 1.1}),
                         [](const auto &info) { return info.param.name; });

TEST(ElementwiseDerivative, BothOperandsTheSame) {
  Case square = oneResult("square", {{{2}}}, "%y = descent.mul %x0, %x0 : tensor<2xf64>", {2});
  square.order = 3;
  check(square);
  check(oneResult("selfpower", {{{2}, 0.5, 2}}, "%y = descent.pow %x0, %x0 : tensor<2xf64>", {2}));
}

TEST(ElementwiseDerivative, ChainWithSharing) {
  Case testCase = oneResult("chain", {{{2, 3}, 0.5, 1}}, R"(
    %a = descent.sin %x0 : tensor<2x3xf64>
    %b = descent.mul %a, %x0 : tensor<2x3xf64>
    %c = descent.div %b, %a : tensor<2x3xf64>
    %d = descent.exp %c : tensor<2x3xf64>
    %e = descent.sub %d, %a : tensor<2x3xf64>
    %y = descent.mul %e, %b : tensor<2x3xf64>)",
                            {2, 3});
  testCase.order = 3;
  check(testCase);
}

TEST(ElementwiseDerivative, ConversionBetweenFloats) {
  // Differences of f32 are coarse, so the comparison is.
  Case testCase = oneResult("convert", {{{2}, 0.5, 1}}, R"(
    %a = descent.convert %x0 : tensor<2xf64> to tensor<2xf32>
    %b = descent.convert %a : tensor<2xf32> to tensor<2xf64>
    %y = descent.mul %b, %b : tensor<2xf64>)",
                            {2});
  testCase.tolerance = 1e-3;
  testCase.order = 1;
  check(testCase);
}

TEST(ElementwiseDerivative, PowersAtZero) {
  auto power = [](const char *n) {
    return std::string("%c = descent.constant dense<") + n +
           "> : tensor<1xf64>\n%y = descent.pow %x0, %c : tensor<1xf64>";
  };
  for (const char *modes : {"F", "R"}) {
    EXPECT_EQ(derivativeOf(power("0.0"), "%y", {0}, modes), std::vector<double>{0});
    EXPECT_EQ(derivativeOf(power("1.0"), "%y", {0}, modes), std::vector<double>{1});
    EXPECT_EQ(derivativeOf(power("2.0"), "%y", {0}, modes), std::vector<double>{0});
  }
  for (const char *modes : {"FF", "FR", "RF", "RR"}) {
    EXPECT_EQ(derivativeOf(power("0.0"), "%y", {0}, modes), std::vector<double>{0});
    EXPECT_EQ(derivativeOf(power("1.0"), "%y", {0}, modes), std::vector<double>{0});
    EXPECT_EQ(derivativeOf(power("2.0"), "%y", {0}, modes), std::vector<double>{2});
    EXPECT_EQ(derivativeOf(power("3.0"), "%y", {0}, modes), std::vector<double>{0});
  }
  EXPECT_EQ(derivativeOf(power("3.0"), "%y", {0}, "RFR"), std::vector<double>{6});
}

TEST(ElementwiseDerivative, PowersAtZeroWithUnknownExponent) {
  // x^n for n = 0, 1, 2, 3 by base and by exponent.
  const char *text =
      R"(func.func @main(%x: tensor<4xf64>, %n: tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>) {
    %one = descent.constant dense<1.0> : tensor<4xf64>
    %r:3 = descent.vjp(%x, %n) cotangents(%one) : (tensor<4xf64>, tensor<4xf64>) cotangents (tensor<4xf64>) {
    ^bb0(%a: tensor<4xf64>, %b: tensor<4xf64>):
      %y = descent.pow %a, %b : tensor<4xf64>
      descent.yield %y : tensor<4xf64>
    } to (tensor<4xf64>, tensor<4xf64>, tensor<4xf64>)
    return %r#1, %r#2 : tensor<4xf64>, tensor<4xf64>
  })";
  auto results = expandAndRun(text, {f64({4}, {0, 0, 0, 0}), f64({4}, {0, 1, 2, 3})});
  EXPECT_EQ(results[0].floats(), (std::vector<double>{0, 1, 0, 0}));
  EXPECT_EQ(results[1].floats(), (std::vector<double>{0, 0, 0, 0}));
}

} // namespace

} // namespace descent::derivative::test
