#include "tests/unit/reference/Program.h"

#include <cmath>
#include <limits>

namespace descent::reference {

namespace {
using Numbers = std::vector<double>;
const double nan = std::nan("");
const Tensor matrix = f64({2, 3}, {1, 2, 3, 4, 5, 6});

Numbers reduce(const char *op, const char *dims, const char *from, const char *to, Tensor x) {
  return numbers(
      evaluateLine(std::string("%r = descent.") + op + " %a " + dims + " : " + from + " to " + to,
                   to, {std::move(x)}));
}
} // namespace

TEST(Reduce, Sums) {
  EXPECT_EQ(reduce("reduce_sum", "[0]", "tensor<2x3xf64>", "tensor<3xf64>", matrix),
            (Numbers{5, 7, 9}));
  EXPECT_EQ(reduce("reduce_sum", "[1]", "tensor<2x3xf64>", "tensor<2xf64>", matrix),
            (Numbers{6, 15}));
  EXPECT_EQ(reduce("reduce_prod", "[0, 1]", "tensor<2x3xf64>", "tensor<f64>", matrix),
            Numbers{720});
  EXPECT_EQ(reduce("reduce_sum", "[]", "tensor<2x3xf64>", "tensor<2x3xf64>", matrix),
            numbers(matrix));
}

TEST(Reduce, OfNothing) {
  Tensor none = f64({0}, {});
  double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(reduce("reduce_sum", "[0]", "tensor<0xf64>", "tensor<f64>", none), Numbers{0});
  EXPECT_EQ(reduce("reduce_prod", "[0]", "tensor<0xf64>", "tensor<f64>", none), Numbers{1});
  EXPECT_EQ(reduce("reduce_max", "[0]", "tensor<0xf64>", "tensor<f64>", none), Numbers{-infinity});
  EXPECT_EQ(reduce("reduce_min", "[0]", "tensor<0xi32>", "tensor<i32>", i32({0}, {})),
            Numbers{2147483647});
  EXPECT_EQ(reduce("reduce_and", "[0]", "tensor<0xi1>", "tensor<i1>", bools({0}, {})), Numbers{1});
  EXPECT_EQ(reduce("reduce_or", "[0]", "tensor<0xi1>", "tensor<i1>", bools({0}, {})), Numbers{0});
}

TEST(Reduce, Extremes) {
  EXPECT_EQ(reduce("reduce_max", "[0]", "tensor<3xi32>", "tensor<i32>", i32({3}, {-5, -2, -9})),
            Numbers{-2});
  EXPECT_TRUE(std::isnan(
      reduce("reduce_min", "[0]", "tensor<3xf64>", "tensor<f64>", f64({3}, {1, nan, 0}))[0]));
  EXPECT_EQ(reduce("argmax", "0", "tensor<4xf64>", "tensor<i32>", f64({4}, {1, 7, 7, 2})),
            Numbers{1});
  EXPECT_EQ(reduce("argmin", "1", "tensor<2x3xf64>", "tensor<2xi32>",
                   f64({2, 3}, {3, 1, 1, nan, nan, 0})),
            (Numbers{1, 0}));
  EXPECT_EQ(
      reduce("reduce_or", "[1]", "tensor<2x2xi1>", "tensor<2xi1>", bools({2, 2}, {0, 1, 0, 0})),
      (Numbers{1, 0}));
}

TEST(Reduce, Running) {
  auto run = [](const char *op, Tensor x) {
    return numbers(evaluateLine(std::string("%r = descent.") + op + " : tensor<2x3xf64>",
                                "tensor<2x3xf64>", {x}));
  };
  EXPECT_EQ(run("cumsum %a 1", matrix), (Numbers{1, 3, 6, 4, 9, 15}));
  EXPECT_EQ(run("cumsum %a 0", matrix), (Numbers{1, 2, 3, 5, 7, 9}));
  EXPECT_EQ(run("cumsum %a 1 reverse", matrix), (Numbers{6, 5, 3, 15, 11, 6}));
  EXPECT_EQ(run("cumprod %a 1", matrix), (Numbers{1, 2, 6, 4, 20, 120}));
  EXPECT_EQ(run("cummax %a 1", f64({2, 3}, {1, 3, 2, 5, 4, 6})), (Numbers{1, 3, 3, 5, 5, 6}));
}

TEST(Reduce, Order) {
  EXPECT_EQ(reduce("argsort", "0", "tensor<5xf64>", "tensor<5xi32>", f64({5}, {2, nan, 1, 2, -1})),
            (Numbers{4, 2, 0, 3, 1}));
  EXPECT_EQ(reduce("argsort", "0", "tensor<2x2xi32>", "tensor<2x2xi32>", i32({2, 2}, {3, 1, 2, 2})),
            (Numbers{1, 0, 0, 1}));
}

TEST(Reduce, Products) {
  EXPECT_EQ(numbers(evaluateLine("%r = descent.dot %a, %b batch [] x [] contract [1] x [0] : "
                                 "tensor<2x3xf64>, tensor<3x2xf64> to tensor<2x2xf64>",
                                 "tensor<2x2xf64>", {matrix, f64({3, 2}, {1, 0, 0, 1, 1, 1})})),
            (Numbers{4, 5, 10, 11}));
  // The batch dimension comes first, wherever it was: rows of %a times columns of %b.
  EXPECT_EQ(numbers(evaluateLine("%r = descent.dot %a, %b batch [0] x [1] contract [1] x [0] : "
                                 "tensor<2x3xf64>, tensor<3x2xf64> to tensor<2xf64>",
                                 "tensor<2xf64>", {matrix, f64({3, 2}, {1, 0, 0, 1, 1, 1})})),
            (Numbers{4, 11}));
  EXPECT_EQ(numbers(evaluateLine("%r = descent.dot %a, %b batch [] x [] contract [] x [] : "
                                 "tensor<2xi32>, tensor<2xi32> to tensor<2x2xi32>",
                                 "tensor<2x2xi32>", {i32({2}, {1, 2}), i32({2}, {3, 4})})),
            (Numbers{3, 4, 6, 8}));
  EXPECT_EQ(numbers(evaluateLine("%r = descent.dot %a, %a batch [] x [] contract [0] x [0] : "
                                 "tensor<0xf64>, tensor<0xf64> to tensor<f64>",
                                 "tensor<f64>", {f64({0}, {})})),
            Numbers{0});
}

} // namespace descent::reference
