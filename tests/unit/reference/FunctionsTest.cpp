// Figures from Abramowitz and Stegun and from exact identities.
#include "tests/reference/Functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace descent::reference {

namespace {
constexpr double euler = 0.577215664901532860606512;
constexpr double pi = std::numbers::pi;
} // namespace

TEST(Functions, InverseErf) {
  EXPECT_NEAR(double(inverseErf(0.5L)), 0.476936276204469873, 1e-17);
  EXPECT_NEAR(double(inverseErf(-0.9L)), -1.163087153676674086, 1e-16);
  EXPECT_NEAR(double(inverseErf(1e-10L)) / 8.862269254527580e-11, 1, 1e-15);
  EXPECT_NEAR(double(inverseErf(1 - 0x1p-40L)), 5.05125408524938997, 1e-14);
  EXPECT_TRUE(std::isinf(inverseErf(1)));
  EXPECT_TRUE(std::isnan(inverseErf(1.5L)));
  EXPECT_EQ(inverseErf(0), 0);
}

TEST(Functions, Digamma) {
  EXPECT_NEAR(double(polygamma(0, 1)), -euler, 1e-16);
  EXPECT_NEAR(double(polygamma(0, 0.5L)), -euler - 2 * std::log(2.0), 1e-15);
  EXPECT_NEAR(double(polygamma(0, 10)), 2.251752589066721108, 1e-15);
  // digamma(-1/2) = digamma(1/2) + 2.
  EXPECT_NEAR(double(polygamma(0, -0.5L)), 2 - euler - 2 * std::log(2.0), 1e-15);
  EXPECT_TRUE(std::isnan(polygamma(0, 0)));
  EXPECT_TRUE(std::isnan(polygamma(0, -3)));
}

TEST(Functions, Polygamma) {
  EXPECT_NEAR(double(polygamma(1, 1)), pi * pi / 6, 1e-15);
  EXPECT_NEAR(double(polygamma(1, 0.5L)), pi * pi / 2, 1e-14);
  EXPECT_NEAR(double(polygamma(2, 1)), -2 * 1.202056903159594285, 1e-14);
  EXPECT_NEAR(double(polygamma(3, 1)), std::pow(pi, 4) / 15, 1e-13);
  EXPECT_NEAR(double(polygamma(1, -0.5L)), pi * pi / 2 + 4, 1e-13);
  EXPECT_TRUE(std::isinf(polygamma(1, 0)));
}

} // namespace descent::reference
