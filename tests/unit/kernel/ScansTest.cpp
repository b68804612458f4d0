// Running reductions as members of trees: rows of all lengths, both directions, what flows into
// them and out.
#include "tests/unit/cpu/Harness.h"

#include <llvm/Support/FormatVariadic.h>

namespace descent::tests {
namespace {

/// Of the exponentials of rows their running sums, from both ends, and what follows from these.
std::string rows(int64_t n, int64_t m, const char *type) {
  return llvm::formatv(R"(
func.func @f(%x: tensor<{0}x{1}x{2}>) -> (tensor<{0}x{1}x{2}>, tensor<{0}x{2}>, tensor<{0}x{1}x{2}>) {{
  %e = descent.sigmoid %x : tensor<{0}x{1}x{2}>
  %s = descent.cumsum %e 1 : tensor<{0}x{1}x{2}>
  %b = descent.cumsum %e 1 reverse : tensor<{0}x{1}x{2}>
  %d = descent.sub %s, %b : tensor<{0}x{1}x{2}>
  %t = descent.tanh %d : tensor<{0}x{1}x{2}>
  %r = descent.reduce_sum %t [1] : tensor<{0}x{1}x{2}> to tensor<{0}x{2}>
  %m = descent.cummax %x 1 : tensor<{0}x{1}x{2}>
  %mm = descent.cumsum %m 1 : tensor<{0}x{1}x{2}>
  return %t, %r, %mm : tensor<{0}x{1}x{2}>, tensor<{0}x{2}>, tensor<{0}x{1}x{2}>
})",
                       n, m, type)
      .str();
}

TEST(Scans, AlongRows) {
  for (auto [n, m] : {std::pair(1, 40),
                      {3, 17},
                      {5, 1},
                      {70, 9},
                      {33, 64},
                      {130, 21},
                      {3, 1000},
                      {0, 20},
                      {4, 0}})
    for (const char *type : {"f32", "f64"})
      expectAgreement(rows(n, m, type), m < 100 ? 1e-5 : 1e-3, m < 100 ? 1e-4 : 1e-3);
}

TEST(Scans, OfWholeNumbers) {
  for (const char *op : {"cumsum", "cumprod", "cummax"})
    for (const char *end : {"", " reverse"})
      for (int64_t n : {1, 7, 80}) {
        std::string type = llvm::formatv("tensor<{0}x33xi32>", n).str();
        expectAgreement("func.func @f(%x: " + type + ") -> (" + type + ", " + type +
                        ") {\n  %s = descent." + op + " %x 1" + end + " : " + type +
                        "\n  %d = descent.sub %x, %s : " + type + "\n  return %s, %d : " + type +
                        ", " + type + "\n}");
      }
}

// One long row has no loops to share, and is not divided.
TEST(Scans, OneRow) {
  expectAgreement(R"(
func.func @f(%x: tensor<70001xf64>) -> (tensor<70001xf64>, tensor<f64>) {
  %s = descent.cumsum %x 0 : tensor<70001xf64>
  %q = descent.mul %s, %s : tensor<70001xf64>
  %t = descent.reduce_sum %q [0] : tensor<70001xf64> to tensor<f64>
  return %s, %t : tensor<70001xf64>, tensor<f64>
})",
                  1e-9, 1e-7);
}

} // namespace
} // namespace descent::tests
