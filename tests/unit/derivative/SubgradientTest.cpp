// What is promised where a derivative does not exist, by hand figures.
#include "tests/unit/derivative/DerivativeCase.h"

#include <gtest/gtest.h>

namespace descent::derivative::test {

namespace {

using Numbers = std::vector<double>;

TEST(Subgradient, AbsAtZeroIsZero) {
  for (const char *mode : {"F", "R"})
    EXPECT_EQ(derivativeOf("%y = descent.abs %x0 : tensor<3xf64>", "%y", {-2, 0, 2}, mode),
              (Numbers{-1, 0, 1}));
}

TEST(Subgradient, MaxAndMinShareTies) {
  std::string zero = "%z = descent.constant dense<0.0> : tensor<3xf64>\n";
  for (const char *mode : {"F", "R"}) {
    EXPECT_EQ(
        derivativeOf(zero + "%y = descent.max %x0, %z : tensor<3xf64>", "%y", {-2, 0, 2}, mode),
        (Numbers{0, 0.5, 1}));
    EXPECT_EQ(
        derivativeOf(zero + "%y = descent.min %z, %x0 : tensor<3xf64>", "%y", {-2, 0, 2}, mode),
        (Numbers{1, 0.5, 0}));
    EXPECT_EQ(derivativeOf("%y = descent.max %x0, %x0 : tensor<1xf64>", "%y", {3}, mode),
              (Numbers{1}));
  }
}

TEST(Subgradient, ReductionsShareTiesEqually) {
  // Along ones, forward mode gives the sum of the shares; reverse mode gives the shares.
  for (const char *op : {"reduce_max", "reduce_min"}) {
    std::string sign = op == std::string("reduce_max") ? "" : "-";
    std::string body =
        std::string("%r = descent.") + op + R"( %x0 [0] : tensor<4xf64> to tensor<f64>
      %b = descent.broadcast %r [] : tensor<f64> to tensor<4xf64>
      %k = descent.constant dense<[1.0, 0.0, 0.0, 0.0]> : tensor<4xf64>
      %y = descent.mul %b, %k : tensor<4xf64>)";
    Numbers at = sign.empty() ? Numbers{1, 3, 3, 2} : Numbers{4, 3, 3, 5};
    EXPECT_EQ(derivativeOf(body, "%y", at, "R"), (Numbers{0, 0.5, 0.5, 0}));
    EXPECT_EQ(derivativeOf(body, "%y", at, "F"), (Numbers{1, 0, 0, 0}));
  }
}

// The extremum of what has a nan is none, and so are its derivatives, in both modes.
TEST(Subgradient, ReductionsOfRowsWithNan) {
  double nan = std::nan("");
  for (std::string op : {"reduce_max", "reduce_min"}) {
    std::string body =
        "%m = descent.reshape %x0 : tensor<6xf64> to tensor<2x3xf64>\n%r = descent." + op +
        R"( %m [1] : tensor<2x3xf64> to tensor<2xf64>
      %b = descent.broadcast %r [0] : tensor<2xf64> to tensor<2x3xf64>
      %y = descent.reshape %b : tensor<2x3xf64> to tensor<6xf64>)";
    Numbers at{1, nan, 3, 5, 5, 5};
    for (const char *mode : {"R", "F"}) {
      Numbers slopes = derivativeOf(body, "%y", at, mode);
      for (size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(std::isnan(slopes[i])) << op << mode << i;
        EXPECT_EQ(slopes[i + 3], 1) << op << mode << i;
      }
    }
  }
}

TEST(Subgradient, RunningMaximumTakesTheLatest) {
  EXPECT_EQ(derivativeOf("%y = descent.cummax %x0 0 : tensor<5xf64>", "%y", {1, 3, 3, 2, 3}, "R"),
            (Numbers{1, 1, 2, 0, 1}));
  EXPECT_EQ(
      derivativeOf("%y = descent.cummax %x0 0 reverse : tensor<5xf64>", "%y", {3, 2, 3, 3, 1}, "R"),
      (Numbers{1, 0, 2, 1, 1}));
}

TEST(Subgradient, StepsHaveNone) {
  for (const char *op : {"sign", "floor", "ceil", "round", "stop_gradient"})
    for (const char *mode : {"F", "R"})
      EXPECT_EQ(derivativeOf(std::string("%y = descent.") + op + " %x0 : tensor<3xf64>", "%y",
                             {-1, 0, 1.5}, mode),
                (Numbers{0, 0, 0}));
}

TEST(Subgradient, StopGradientHoldsOneFactorFixed) {
  const char *body = R"(
    %s = descent.stop_gradient %x0 : tensor<1xf64>
    %y = descent.mul %s, %x0 : tensor<1xf64>)";
  for (const char *mode : {"F", "R"})
    EXPECT_EQ(derivativeOf(body, "%y", {3}, mode), (Numbers{3}));
}

TEST(Subgradient, ThroughIntegersThereIsNone) {
  const char *body = R"(
    %i = descent.convert %x0 : tensor<1xf64> to tensor<1xi32>
    %f = descent.convert %i : tensor<1xi32> to tensor<1xf64>
    %y = descent.mul %f, %x0 : tensor<1xf64>)";
  for (const char *mode : {"F", "R"})
    EXPECT_EQ(derivativeOf(body, "%y", {3.5}, mode), (Numbers{3}));
}

TEST(Subgradient, RepeatedSetsGoToTheLast) {
  const char *body = R"(
    %i = descent.constant dense<[1, 1, 0]> : tensor<3xi32>
    %k = descent.constant dense<0.0> : tensor<3xf64>
    %y = descent.scatter set %k, %i, %x0 axis 0 batch 0 : tensor<3xf64>, tensor<3xi32>, tensor<3xf64>)";
  EXPECT_EQ(derivativeOf(body, "%y", {1, 2, 3}, "R"), (Numbers{0, 1, 1}));
}

} // namespace

} // namespace descent::derivative::test
