#include "tests/unit/reference/Program.h"

namespace descent::reference {

namespace {
using Numbers = std::vector<double>;
const Tensor matrix = f64({2, 3}, {1, 2, 3, 4, 5, 6});
Tensor index(double i) {
  return i32({}, {i});
}
} // namespace

TEST(Shape, Iota) {
  EXPECT_EQ(numbers(evaluateLine("%r = descent.iota 0 : tensor<2x3xi32>", "tensor<2x3xi32>", {})),
            (Numbers{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(numbers(evaluateLine("%r = descent.iota 1 : tensor<2x3xf32>", "tensor<2x3xf32>", {})),
            (Numbers{0, 1, 2, 0, 1, 2}));
}

TEST(Shape, Transpose) {
  EXPECT_EQ(
      numbers(evaluateLine("%r = descent.transpose %a [1, 0] : tensor<2x3xf64> to tensor<3x2xf64>",
                           "tensor<3x2xf64>", {matrix})),
      (Numbers{1, 4, 2, 5, 3, 6}));
  // Dimension i of the result is dimension permutation[i] of the operand.
  Tensor box = f64({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  Tensor turned =
      evaluateLine("%r = descent.transpose %a [2, 0, 1] : tensor<1x2x3xf64> to tensor<3x1x2xf64>",
                   "tensor<3x1x2xf64>", {box});
  EXPECT_EQ(numbers(turned), (Numbers{1, 4, 2, 5, 3, 6}));
}

TEST(Shape, Broadcast) {
  EXPECT_EQ(numbers(evaluateLine("%r = descent.broadcast %a [1] : tensor<2xf64> to tensor<2x2xf64>",
                                 "tensor<2x2xf64>", {f64({2}, {1, 2})})),
            (Numbers{1, 2, 1, 2}));
  EXPECT_EQ(numbers(evaluateLine("%r = descent.broadcast %a [0] : tensor<2xf64> to tensor<2x2xf64>",
                                 "tensor<2x2xf64>", {f64({2}, {1, 2})})),
            (Numbers{1, 1, 2, 2}));
}

TEST(Shape, SliceAndPad) {
  EXPECT_EQ(
      numbers(evaluateLine("%r = descent.slice %a [0, 0] to [2, 3] by [1, 2] : tensor<2x3xf64> to "
                           "tensor<2x2xf64>",
                           "tensor<2x2xf64>", {matrix})),
      (Numbers{1, 3, 4, 6}));
  EXPECT_EQ(
      numbers(evaluateLine("%r = descent.pad %a, %b low [1] high [2] interior [1] : tensor<3xf64>, "
                           "tensor<f64> to tensor<8xf64>",
                           "tensor<8xf64>", {f64({3}, {1, 2, 3}), f64({}, {9})})),
      (Numbers{9, 1, 9, 2, 9, 3, 9, 9}));
  EXPECT_EQ(numbers(evaluateLine("%r = descent.pad %a, %b low [1] high [0] interior [3] : "
                                 "tensor<0xf64>, tensor<f64> to tensor<1xf64>",
                                 "tensor<1xf64>", {f64({0}, {}), f64({}, {9})})),
            (Numbers{9}));
}

TEST(Shape, ConcatAndReverse) {
  EXPECT_EQ(numbers(evaluateLine("%r = descent.concat 1 %a, %b : (tensor<2x3xf64>, "
                                 "tensor<2x1xf64>) to tensor<2x4xf64>",
                                 "tensor<2x4xf64>", {matrix, f64({2, 1}, {7, 8})})),
            (Numbers{1, 2, 3, 7, 4, 5, 6, 8}));
  EXPECT_EQ(numbers(evaluateLine("%r = descent.reverse %a [0, 1] : tensor<2x3xf64>",
                                 "tensor<2x3xf64>", {matrix})),
            (Numbers{6, 5, 4, 3, 2, 1}));
}

TEST(Index, BoxesAreClampedIntoTheArray) {
  auto slice = [](double row, double column) {
    return numbers(evaluateLine("%r = descent.dynamic_slice %a[%b, %c] sizes [1, 2] : "
                                "tensor<2x3xf64>, tensor<i32>, tensor<i32> to tensor<1x2xf64>",
                                "tensor<1x2xf64>", {matrix, index(row), index(column)}));
  };
  EXPECT_EQ(slice(0, 1), (Numbers{2, 3}));
  EXPECT_EQ(slice(5, 2), (Numbers{5, 6}));
  EXPECT_EQ(slice(-5, -1), (Numbers{1, 2}));
  EXPECT_EQ(
      numbers(evaluateLine("%r = descent.update %a, %b[%c, %d] : tensor<2x3xf64>, "
                           "tensor<1x2xf64>, tensor<i32>, tensor<i32>",
                           "tensor<2x3xf64>", {matrix, f64({1, 2}, {8, 9}), index(1), index(9)})),
      (Numbers{1, 2, 3, 4, 8, 9}));
}

TEST(Index, Gather) {
  EXPECT_EQ(numbers(evaluateLine("%r = descent.gather %a, %b axis 1 batch 0 : tensor<2x3xf64>, "
                                 "tensor<2xi32> to tensor<2x2xf64>",
                                 "tensor<2x2xf64>", {matrix, i32({2}, {2, -7})})),
            (Numbers{3, 1, 6, 4}));
  EXPECT_EQ(numbers(evaluateLine("%r = descent.gather %a, %b axis 1 batch 1 : tensor<2x3xf64>, "
                                 "tensor<2x1xi32> to tensor<2x1xf64>",
                                 "tensor<2x1xf64>", {matrix, i32({2, 1}, {2, 0})})),
            (Numbers{3, 4}));
}

TEST(Index, Scatter) {
  EXPECT_EQ(numbers(evaluateLine(
                "%r = descent.scatter add %a, %b, %c axis 0 batch 0 : "
                "tensor<3xf64>, tensor<4xi32>, tensor<4xf64>",
                "tensor<3xf64>",
                {f64({3}, {1, 1, 1}), i32({4}, {0, 2, 2, 9}), f64({4}, {10, 20, 30, 40})})),
            (Numbers{11, 1, 91}));
  EXPECT_EQ(numbers(evaluateLine("%r = descent.scatter set %a, %b, %c axis 0 batch 0 : "
                                 "tensor<3xf64>, tensor<3xi32>, tensor<3xf64>",
                                 "tensor<3xf64>",
                                 {f64({3}, {1, 1, 1}), i32({3}, {0, 2, 2}), f64({3}, {5, 6, 7})})),
            (Numbers{5, 1, 7}));
}

} // namespace descent::reference
