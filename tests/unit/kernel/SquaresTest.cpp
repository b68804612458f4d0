// Nests whose two innermost loops run in squares: sizes around the squares, sums, other dimensions
// outside and between, chunks.
#include "tests/unit/cpu/Harness.h"

#include <llvm/Support/FormatVariadic.h>

namespace descent::tests {
namespace {

/// Elements, a sum of all and sums over the rows of an array that is turned.
std::string turned(int64_t rows, int64_t columns, const char *type) {
  return llvm::formatv(R"(
func.func @f(%a: tensor<{1}x{0}x{2}>, %b: tensor<{0}x{1}x{2}>) -> (tensor<{0}x{1}x{2}>, tensor<{2}>, tensor<{1}x{2}>) {{
  %t = descent.transpose %a [1, 0] : tensor<{1}x{0}x{2}> to tensor<{0}x{1}x{2}>
  %p = descent.sub %t, %b : tensor<{0}x{1}x{2}>
  %q = descent.mul %p, %p : tensor<{0}x{1}x{2}>
  %s = descent.reduce_sum %q [0, 1] : tensor<{0}x{1}x{2}> to tensor<{2}>
  %c = descent.reduce_max %q [0] : tensor<{0}x{1}x{2}> to tensor<{1}x{2}>
  return %p, %s, %c : tensor<{0}x{1}x{2}>, tensor<{2}>, tensor<{1}x{2}>
})",
                       rows, columns, type)
      .str();
}

TEST(Squares, SizesAroundThem) {
  for (auto [rows, columns] : {std::pair(2100, 128), {129, 2103}, {700, 447}})
    for (const char *type : {"f32", "f64"})
      expectAgreement(turned(rows, columns, type), 2e-5, 1e-3);
}

// Two more dimensions, one of them of one element between the two.
TEST(Squares, OtherDimensions) {
  expectAgreement(R"(
func.func @f(%a: tensor<3x190x570xf32>, %b: tensor<3x570x1x190xf32>) -> (tensor<3x570x1x190xf32>, tensor<3xf32>) {
  %t = descent.transpose %a [0, 2, 1] : tensor<3x190x570xf32> to tensor<3x570x190xf32>
  %r = descent.reshape %t : tensor<3x570x190xf32> to tensor<3x570x1x190xf32>
  %p = descent.mul %r, %b : tensor<3x570x1x190xf32>
  %s = descent.reduce_sum %p [1, 2, 3] : tensor<3x570x1x190xf32> to tensor<3xf32>
  return %p, %s : tensor<3x570x1x190xf32>, tensor<3xf32>
})",
                  2e-5, 1e-3);
}

// A result may take the place of an array that is read at the same index, never that of the one
// that is turned.
TEST(Squares, InALoop) {
  expectAgreement(R"(
func.func @f(%x: tensor<400x400xf64>, %n: tensor<i32>) -> tensor<400x400xf64> {
  %zero = descent.constant dense<0> : tensor<i32>
  %half = descent.constant dense<0.5> : tensor<400x400xf64>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<400x400xf64>) {
  ^bb0(%i: tensor<i32>, %a: tensor<400x400xf64>):
    %t = descent.transpose %a [1, 0] : tensor<400x400xf64> to tensor<400x400xf64>
    %h = descent.mul %a, %half : tensor<400x400xf64>
    %s = descent.sub %t, %h : tensor<400x400xf64>
    descent.yield %s : tensor<400x400xf64>
  } to (tensor<400x400xf64>)
  return %r : tensor<400x400xf64>
})",
                  {sample("tensor<400x400xf64>", 1), i32({}, {3})}, 1e-12, 1e-12);
}

} // namespace
} // namespace descent::tests
