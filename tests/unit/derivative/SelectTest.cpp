// The promise of `where`: no nan because of the side not taken.
#include "tests/unit/derivative/DerivativeCase.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace descent::derivative::test {

namespace {

const double kInf = std::numeric_limits<double>::infinity();

const std::vector<std::string> kModes{"F",   "R",   "FF",  "FR",  "RF",  "RR",  "FFF",
                                      "RRR", "FRR", "RFR", "RRF", "FFR", "RFF", "FRF"};

/// where(x > 0, f(x), 0), checked at points where f or its derivatives are not finite: there the
/// derivatives must be zero, and those at 4 must be those of f.
void checkSelected(const std::string &function, const std::vector<double> &bad) {
  std::string body = R"(
    %zero = descent.constant dense<0.0> : TYPE
    %c = descent.compare gt %x0, %zero : TYPE
    FUNCTION
    %y = descent.select %c, %f, %zero : COND, TYPE)";
  auto replace = [](std::string text, const std::string &from, const std::string &to) {
    for (size_t at; (at = text.find(from)) != std::string::npos;)
      text.replace(at, from.size(), to);
    return text;
  };
  auto instance = [&](const std::string &text, size_t size) {
    std::string shape = "tensor<" + std::to_string(size) + "x";
    return replace(replace(replace(text, "FUNCTION", function), "TYPE", shape + "f64>"), "COND",
                   shape + "i1>");
  };
  std::vector<double> points = bad;
  points.push_back(4);
  for (const std::string &modes : kModes) {
    std::vector<double> expected(bad.size(), 0.0);
    expected.push_back(derivativeOf(instance("FUNCTION", 1), "%f", {4}, modes).front());
    ASSERT_TRUE(std::isfinite(expected.back()));
    std::vector<double> actual = derivativeOf(instance(body, points.size()), "%y", points, modes);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i)
      EXPECT_DOUBLE_EQ(actual[i], expected[i])
          << function << " at " << points[i] << " in " << modes;
  }
}

TEST(SelectDerivative, SideNotTakenIsZero) {
  checkSelected("%f = descent.sqrt %x0 : TYPE", {0, -1, -0.0});
  checkSelected("%f = descent.log %x0 : TYPE", {0, -1, -kInf});
  checkSelected("%f = descent.rsqrt %x0 : TYPE", {0, -1});
  checkSelected("%f = descent.acosh %x0 : TYPE", {0, -1});
  checkSelected("%f = descent.lgamma %x0 : TYPE", {0, -1});
  checkSelected("%n = descent.constant dense<1.5> : TYPE\n%f = descent.pow %x0, %n : TYPE",
                {0, -1});
  checkSelected("%f = descent.pow %x0, %x0 : TYPE", {0, -1});
  checkSelected("%n = descent.constant dense<1.0> : TYPE\n%f = descent.div %n, %x0 : TYPE", {0});
}

TEST(SelectDerivative, SideNotTakenIsZeroThroughChains) {
  checkSelected("%l = descent.log %x0 : TYPE\n%f = descent.mul %l, %x0 : TYPE", {0, -1});
  checkSelected(
      "%l = descent.log %x0 : TYPE\n%s = descent.sin %l : TYPE\n%f = descent.exp %s : TYPE",
      {0, -1});
  checkSelected("%l = descent.sqrt %x0 : TYPE\n%f = descent.mul %l, %l : TYPE", {0, -1});
  checkSelected("%l = descent.log %x0 : TYPE\n%f = descent.cbrt %l : TYPE", {0, -1});
}

TEST(SelectDerivative, ZeroOfTheTakenSideIsOrdinary) {
  // At x = 1 the cotangent of log in (log x)^2 is zero by its value; what multiplies it counts
  // later.
  const char *body = R"(
    %zero = descent.constant dense<0.0> : tensor<1xf64>
    %c = descent.compare gt %x0, %zero : tensor<1xf64>
    %l = descent.log %x0 : tensor<1xf64>
    %s = descent.mul %l, %l : tensor<1xf64>
    %y = descent.select %c, %s, %zero : tensor<1xi1>, tensor<1xf64>)";
  for (const char *modes : {"F", "R"})
    EXPECT_DOUBLE_EQ(derivativeOf(body, "%y", {1}, modes)[0], 0);
  for (const char *modes : {"FF", "RF", "FR", "RR"})
    EXPECT_DOUBLE_EQ(derivativeOf(body, "%y", {1}, modes)[0], 2);
  for (const char *modes : {"FFF", "RFF", "FRF", "FFR", "RRF", "RFR", "FRR", "RRR"})
    EXPECT_DOUBLE_EQ(derivativeOf(body, "%y", {1}, modes)[0], -6);
}

/// A function of %x0 (two numbers: one at which `log` is -inf or nan, and 4) whose first element
/// must get the derivative `first` and whose second the derivative 1/4 of log at 4, times `factor`.
void checkAtBadPoint(const std::string &body, double first, double factor, double bad = 0) {
  for (const char *modes : {"F", "R"}) {
    auto actual = derivativeOf(body, "%y", {bad, 4}, modes);
    EXPECT_DOUBLE_EQ(actual.at(0), first) << body << modes;
    EXPECT_DOUBLE_EQ(actual.at(1), factor / 4) << body << modes;
  }
  for (const std::string &modes : kModes)
    for (double number : derivativeOf(body, "%y", {bad, 4}, modes))
      EXPECT_TRUE(std::isfinite(number)) << body << modes;
}

const char *kPrologue = R"(
    %zero = descent.constant dense<0.0> : tensor<2xf64>
    %c = descent.compare gt %x0, %zero : tensor<2xf64>
    %l = descent.log %x0 : tensor<2xf64>
)";

TEST(SelectDerivative, ZeroStaysThroughShapes) {
  std::string start = kPrologue;
  checkAtBadPoint(start + R"(
    %r = descent.reshape %l : tensor<2xf64> to tensor<1x2xf64>
    %t = descent.transpose %r [1, 0] : tensor<1x2xf64> to tensor<2x1xf64>
    %b = descent.reshape %t : tensor<2x1xf64> to tensor<2xf64>
    %y = descent.select %c, %b, %zero : tensor<2xi1>, tensor<2xf64>)",
                  0, 1);
  checkAtBadPoint(start + R"(
    %r = descent.reverse %l [0] : tensor<2xf64>
    %cr = descent.reverse %c [0] : tensor<2xi1>
    %s = descent.select %cr, %r, %zero : tensor<2xi1>, tensor<2xf64>
    %y = descent.reverse %s [0] : tensor<2xf64>)",
                  0, 1);
  checkAtBadPoint(start + R"(
    %b = descent.broadcast %l [1] : tensor<2xf64> to tensor<3x2xf64>
    %cb = descent.broadcast %c [1] : tensor<2xi1> to tensor<3x2xi1>
    %zb = descent.broadcast %zero [1] : tensor<2xf64> to tensor<3x2xf64>
    %s = descent.select %cb, %b, %zb : tensor<3x2xi1>, tensor<3x2xf64>
    %y = descent.reduce_sum %s [0] : tensor<3x2xf64> to tensor<2xf64>)",
                  0, 3);
  checkAtBadPoint(start + R"(
    %z = descent.constant dense<0.0> : tensor<f64>
    %p = descent.pad %l, %z low [1] high [0] interior [1] : tensor<2xf64>, tensor<f64> to tensor<4xf64>
    %q = descent.slice %p [1] to [4] by [2] : tensor<4xf64> to tensor<2xf64>
    %y = descent.select %c, %q, %zero : tensor<2xi1>, tensor<2xf64>)",
                  0, 1);
  checkAtBadPoint(start + R"(
    %p = descent.concat 0 %l, %l : (tensor<2xf64>, tensor<2xf64>) to tensor<4xf64>
    %q = descent.slice %p [2] to [4] by [1] : tensor<4xf64> to tensor<2xf64>
    %y = descent.select %c, %q, %zero : tensor<2xi1>, tensor<2xf64>)",
                  0, 1);
}

TEST(SelectDerivative, ZeroStaysThroughParts) {
  std::string start = kPrologue;
  // Element 1 is also used without a condition: element 0 must not notice.
  checkAtBadPoint(start + R"(
    %one = descent.slice %l [1] to [2] by [1] : tensor<2xf64> to tensor<1xf64>
    %e = descent.reshape %one : tensor<1xf64> to tensor<f64>
    %b = descent.broadcast %e [] : tensor<f64> to tensor<2xf64>
    %s = descent.select %c, %l, %zero : tensor<2xi1>, tensor<2xf64>
    %d = descent.select %c, %b, %zero : tensor<2xi1>, tensor<2xf64>
    %y = descent.add %s, %d : tensor<2xf64>)",
                  0, 2);
  checkAtBadPoint(start + R"(
    %i = descent.constant dense<1> : tensor<i32>
    %one = descent.dynamic_slice %l[%i] sizes [1] : tensor<2xf64>, tensor<i32> to tensor<1xf64>
    %z = descent.constant dense<0.0> : tensor<f64>
    %b = descent.pad %one, %z low [1] high [0] interior [0] : tensor<1xf64>, tensor<f64> to tensor<2xf64>
    %s = descent.select %c, %l, %zero : tensor<2xi1>, tensor<2xf64>
    %y = descent.add %b, %s : tensor<2xf64>)",
                  0, 2);
  checkAtBadPoint(start + R"(
    %i = descent.constant dense<[1, 1]> : tensor<2xi32>
    %g = descent.gather %l, %i axis 0 batch 0 : tensor<2xf64>, tensor<2xi32> to tensor<2xf64>
    %s = descent.select %c, %l, %zero : tensor<2xi1>, tensor<2xf64>
    %d = descent.select %c, %g, %zero : tensor<2xi1>, tensor<2xf64>
    %y = descent.add %d, %s : tensor<2xf64>)",
                  0, 2);
  checkAtBadPoint(start + R"(
    %i = descent.constant dense<[1, 0]> : tensor<2xi32>
    %u = descent.scatter add %zero, %i, %l axis 0 batch 0 : tensor<2xf64>, tensor<2xi32>, tensor<2xf64>
    %w = descent.scatter set %zero, %i, %u axis 0 batch 0 : tensor<2xf64>, tensor<2xi32>, tensor<2xf64>
    %y = descent.select %c, %w, %zero : tensor<2xi1>, tensor<2xf64>)",
                  0, 1);
  checkAtBadPoint(start + R"(
    %i = descent.constant dense<0> : tensor<i32>
    %u = descent.update %zero, %l[%i] : tensor<2xf64>, tensor<2xf64>, tensor<i32>
    %y = descent.select %c, %u, %zero : tensor<2xi1>, tensor<2xf64>)",
                  0, 1);
}

TEST(SelectDerivative, ZeroStaysThroughReductions) {
  std::string start = kPrologue;
  for (const char *reduction : {"reduce_sum", "reduce_max", "reduce_min", "reduce_prod"})
    checkAtBadPoint(start + R"(
      %m = descent.reshape %l : tensor<2xf64> to tensor<2x1xf64>
      %r = descent.)" + reduction +
                        R"( %m [1] : tensor<2x1xf64> to tensor<2xf64>
      %y = descent.select %c, %r, %zero : tensor<2xi1>, tensor<2xf64>)",
                    0, 1);
  for (const char *running : {"cumsum", "cumprod", "cummax"})
    checkAtBadPoint(start + R"(
      %m = descent.broadcast %l [0] : tensor<2xf64> to tensor<2x3xf64>
      %s = descent.slice %m [0, 0] to [2, 1] by [1, 1] : tensor<2x3xf64> to tensor<2x1xf64>
      %o = descent.)" + running +
                        R"( %s 1 : tensor<2x1xf64>
      %r = descent.reshape %o : tensor<2x1xf64> to tensor<2xf64>
      %y = descent.select %c, %r, %zero : tensor<2xi1>, tensor<2xf64>)",
                    0, 1);
}

TEST(SelectDerivative, ZeroStaysThroughProducts) {
  // Row 0 of the matrix is nan or infinite; it goes only into elements that are not chosen.
  for (double bad : {0.0, -1.0})
    checkAtBadPoint(std::string(kPrologue) + R"(
      %m = descent.broadcast %l [0] : tensor<2xf64> to tensor<2x3xf64>
      %k = descent.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf64>
      %d = descent.dot %m, %k batch [] x [] contract [1] x [0] : tensor<2x3xf64>, tensor<3xf64> to tensor<2xf64>
      %y = descent.select %c, %d, %zero : tensor<2xi1>, tensor<2xf64>)",
                    0, 6, bad);
  for (const char *modes : {"R", "F"}) {
    // The other operand, which the chosen elements depend on too.
    auto actual = derivativeOf(R"(
      %a = descent.constant dense<[[0x7FF8000000000000, 1.0], [2.0, 3.0]]> : tensor<2x2xf64>
      %d = descent.dot %a, %x0 batch [] x [] contract [1] x [0] : tensor<2x2xf64>, tensor<2xf64> to tensor<2xf64>
      %c = descent.constant dense<[false, true]> : tensor<2xi1>
      %zero = descent.constant dense<0.0> : tensor<2xf64>
      %y = descent.select %c, %d, %zero : tensor<2xi1>, tensor<2xf64>)",
                               "%y", {1, 1}, modes);
    EXPECT_EQ(actual,
              (std::string(modes) == "R" ? std::vector<double>{2, 3} : std::vector<double>{0, 5}));
  }
}

TEST(SelectDerivative, ZeroStaysThroughLoops) {
  // Elementwise iterations that leave the domain for the first element.
  for (double bad : {0.0, -1.0})
    checkAtBadPoint(std::string(kPrologue) + R"(
      %from = descent.constant dense<0> : tensor<i32>
      %to = descent.constant dense<3> : tensor<i32>
      %r = descent.for %from to %to iter(%l) : tensor<i32>, (tensor<2xf64>) {
      ^bb0(%i: tensor<i32>, %a: tensor<2xf64>):
        %q = descent.log %x0 : tensor<2xf64>
        %e = descent.sub %a, %q : tensor<2xf64>
        %d = descent.add %e, %q : tensor<2xf64>
        %f = descent.exp %d : tensor<2xf64>
        %b = descent.log %f : tensor<2xf64>
        descent.yield %b : tensor<2xf64>
      } to (tensor<2xf64>)
      %y = descent.select %c, %r, %zero : tensor<2xi1>, tensor<2xf64>)",
                    0, 1, bad);
}

TEST(SelectDerivative, ZeroStaysAcrossIterations) {
  // An iteration chooses between what the one before made of the domain's outside and a number.
  checkAtBadPoint(std::string(kPrologue) + R"(
    %from = descent.constant dense<0> : tensor<i32>
    %to = descent.constant dense<3> : tensor<i32>
    %ones = descent.constant dense<1.0> : tensor<2xf64>
    %r = descent.for %from to %to iter(%l) : tensor<i32>, (tensor<2xf64>) {
    ^bb0(%i: tensor<i32>, %a: tensor<2xf64>):
      %b = descent.select %c, %a, %ones : tensor<2xi1>, tensor<2xf64>
      %s = descent.mul %b, %ones : tensor<2xf64>
      descent.yield %s : tensor<2xf64>
    } to (tensor<2xf64>)
    %y = descent.select %c, %r, %ones : tensor<2xi1>, tensor<2xf64>)",
                  0, 1);
}

TEST(SelectDerivative, ZeroStaysOnTheWayIntoLoops) {
  // What the body captures it uses on one side of a choice only.
  for (double bad : {0.0, -1.0})
    checkAtBadPoint(std::string(kPrologue) + R"(
      %to = descent.constant dense<3.0> : tensor<f64>
      %nought = descent.constant dense<0.0> : tensor<f64>
      %one = descent.constant dense<1.0> : tensor<f64>
      %r, %n = descent.while iter(%zero, %nought) : (tensor<2xf64>, tensor<f64>) {
      ^bb0(%a: tensor<2xf64>, %k: tensor<f64>):
        %w = descent.compare lt %k, %to : tensor<f64>
        descent.yield %w : tensor<i1>
      } do {
      ^bb0(%a: tensor<2xf64>, %k: tensor<f64>):
        %s = descent.select %c, %l, %zero : tensor<2xi1>, tensor<2xf64>
        %b = descent.add %a, %s : tensor<2xf64>
        %m = descent.add %k, %one : tensor<f64>
        descent.yield %b, %m : tensor<2xf64>, tensor<f64>
      } to (tensor<2xf64>, tensor<f64>)
      %y = descent.add %r, %zero : tensor<2xf64>)",
                    0, 3, bad);
}

TEST(SelectDerivative, ZeroStaysThroughBranches) {
  checkAtBadPoint(std::string(kPrologue) + R"(
    %t = descent.constant dense<true> : tensor<i1>
    %r = descent.if %t : tensor<i1> to (tensor<2xf64>) {
      %e = descent.exp %l : tensor<2xf64>
      %g = descent.log %e : tensor<2xf64>
      descent.yield %g : tensor<2xf64>
    } else {
      descent.yield %zero : tensor<2xf64>
    }
    %y = descent.select %c, %r, %zero : tensor<2xi1>, tensor<2xf64>)",
                  0, 1);
}

TEST(SelectDerivative, NestedAndBothSides) {
  // where(x > 0, log x, where(x < 0, log -x, 0)) is log |x| with 0 at 0.
  const char *body = R"(
    %zero = descent.constant dense<0.0> : tensor<3xf64>
    %p = descent.compare gt %x0, %zero : tensor<3xf64>
    %n = descent.compare lt %x0, %zero : tensor<3xf64>
    %a = descent.log %x0 : tensor<3xf64>
    %m = descent.neg %x0 : tensor<3xf64>
    %b = descent.log %m : tensor<3xf64>
    %e = descent.select %n, %b, %zero : tensor<3xi1>, tensor<3xf64>
    %y = descent.select %p, %a, %e : tensor<3xi1>, tensor<3xf64>)";
  for (const char *modes : {"F", "R"})
    EXPECT_EQ(derivativeOf(body, "%y", {-2, 0, 4}, modes), (std::vector<double>{-0.5, 0, 0.25}));
  for (const char *modes : {"FF", "FR", "RF", "RR"})
    EXPECT_EQ(derivativeOf(body, "%y", {-2, 0, 4}, modes),
              (std::vector<double>{-0.25, 0, -0.0625}));
}

} // namespace

} // namespace descent::derivative::test
