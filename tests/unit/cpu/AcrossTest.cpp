// Kernels whose iterations fill the vectors: short rows that are turned over, and sums that each
// lane has for itself.
#include "tests/unit/cpu/Harness.h"

#include <string>

namespace descent::tests {
namespace {

/// The gradient of a linear regression: a product with the rows, a number for each row, sums of
/// numbers and of rows; the largest element of each column beside it.
std::string regression(int64_t rows, int64_t columns, const std::string &element) {
  std::string n = std::to_string(rows), d = std::to_string(columns), e = element;
  std::string matrix = "tensor<" + n + "x" + d + "x" + e + ">",
              column = "tensor<" + n + "x" + e + ">", row = "tensor<" + d + "x" + e + ">",
              number = "tensor<" + e + ">";
  return "func.func @f(%x: " + matrix + ", %t: " + column + ", %w: " + row + ", %b: " + number +
         ") -> (" + number + ", " + row + ", " + number + ", " + row + ") {\n" +
         "  %p = descent.dot %x, %w batch [] x [] contract [1] x [0] : " + matrix + ", " + row +
         " to " + column + "\n  %bs = descent.broadcast %b [] : " + number + " to " + column +
         "\n  %y = descent.add %p, %bs : " + column + "\n  %r = descent.sub %y, %t : " + column +
         "\n  %q = descent.mul %r, %r : " + column +
         "\n  %l = descent.reduce_sum %q [0] : " + column + " to " + number +
         "\n  %gw = descent.dot %r, %x batch [] x [] contract [0] x [0] : " + column + ", " +
         matrix + " to " + row + "\n  %gb = descent.reduce_sum %r [0] : " + column + " to " +
         number + "\n  %rs = descent.broadcast %r [0] : " + column + " to " + matrix +
         "\n  %z = descent.mul %x, %rs : " + matrix +
         "\n  %m = descent.reduce_max %z [0] : " + matrix + " to " + row +
         "\n  return %l, %gw, %gb, %m : " + number + ", " + row + ", " + number + ", " + row +
         "\n}";
}

TEST(Across, ShortRowsOfAnyLength) {
  const int64_t lengths[] = {64, 77, 1000};
  for (int64_t columns : {1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 24, 33, 63, 64, 65})
    for (std::string element : {"f32", "f64"})
      expectAgreement(regression(lengths[columns % 3], columns, element), 1e-3, 1e-3);
}

TEST(Across, FewRows) {
  for (auto [rows, columns] :
       {std::pair<int64_t, int64_t>{0, 3}, {1, 2}, {5, 0}, {31, 10}, {32, 1}, {63, 2}})
    expectAgreement(regression(rows, columns, "f64"), 1e-9, 1e-9);
}

/// The end of the last block is the end of the array: nothing behind it may be read or count.
TEST(Across, TheBlockAtTheEnd) {
  for (int64_t columns : {2, 3, 10, 13}) {
    std::string matrix = "tensor<64x" + std::to_string(columns) + "xf32>",
                row = "tensor<" + std::to_string(columns) + "xf32>";
    auto run = compileFunction(
        "func.func @f(%x: " + matrix + ", %w: " + row + ") -> (tensor<64xf32>, " + row + ") {\n" +
        "  %p = descent.dot %x, %w batch [] x [] contract [1] x [0] : " + matrix + ", " + row +
        " to tensor<64xf32>\n  %e = descent.exp %p : tensor<64xf32>\n" +
        "  %g = descent.dot %e, %x batch [] x [] contract [0] x [0] : tensor<64xf32>, " + matrix +
        " to " + row + "\n  return %e, %g : tensor<64xf32>, " + row + "\n}");
    Tensor x = sample(matrix, 1), w = sample(row, 2);
    std::vector<Tensor> results = run({x, w});
    for (int64_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (int64_t i = 0; i < 64; ++i)
        sum += results[0].number(i) * x.number(i * columns + j);
      EXPECT_NEAR(results[1].number(j), sum, 1e-3 * (1 + std::abs(sum))) << columns << ", " << j;
    }
  }
}

} // namespace
} // namespace descent::tests
