// Trees of loops compute what the reference evaluator does: rows of all lengths, chunks and rests
// of groups of rows included.
#include "tests/unit/cpu/Harness.h"

#include <llvm/Support/FormatVariadic.h>

namespace descent::tests {
namespace {

/// Fused and unfused against the reference, with room for the rounding of sums of `terms` numbers.
void expectTree(const std::string &text, bool wide, int64_t terms) {
  double unit = (wide ? 2.3e-16 : 1.2e-7) * 4 * (1 + std::sqrt(double(terms)));
  expectAgreement(text, unit, unit * 8);
}

std::string squares(int64_t n, int64_t d, const char *type) {
  return llvm::formatv(R"(
func.func @f(%x: tensor<{0}x{1}x{2}>, %w: tensor<{1}x{2}>, %y: tensor<{0}x{2}>) -> (tensor<{2}>, tensor<{1}x{2}>) {{
  %p = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<{0}x{1}x{2}>, tensor<{1}x{2}> to tensor<{0}x{2}>
  %r = descent.sub %p, %y : tensor<{0}x{2}>
  %q = descent.mul %r, %r : tensor<{0}x{2}>
  %s = descent.reduce_sum %q [0] : tensor<{0}x{2}> to tensor<{2}>
  %g = descent.dot %r, %x batch [] x [] contract [0] x [0] : tensor<{0}x{2}>, tensor<{0}x{1}x{2}> to tensor<{1}x{2}>
  return %s, %g : tensor<{2}>, tensor<{1}x{2}>
})",
                       n, d, type)
      .str();
}

TEST(Trees, LeastSquares) {
  for (auto [n, d] :
       {std::pair(1, 64), {2, 17}, {7, 16}, {8, 33}, {13, 100}, {1030, 64}, {1031, 19}})
    for (bool wide : {true, false})
      expectTree(squares(n, d, wide ? "f64" : "f32"), wide, n * d);
}

/// Softmax, with the gradient of its product with another array.
std::string softmax(int64_t n, int64_t k, const char *type) {
  return llvm::formatv(R"(
func.func @f(%x: tensor<{0}x{1}x{2}>, %c: tensor<{0}x{1}x{2}>) -> (tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>) {{
  %m = descent.reduce_max %x [1] : tensor<{0}x{1}x{2}> to tensor<{0}x{2}>
  %mb = descent.broadcast %m [0] : tensor<{0}x{2}> to tensor<{0}x{1}x{2}>
  %d = descent.sub %x, %mb : tensor<{0}x{1}x{2}>
  %e = descent.exp %d : tensor<{0}x{1}x{2}>
  %s = descent.reduce_sum %e [1] : tensor<{0}x{1}x{2}> to tensor<{0}x{2}>
  %sb = descent.broadcast %s [0] : tensor<{0}x{2}> to tensor<{0}x{1}x{2}>
  %y = descent.div %e, %sb : tensor<{0}x{1}x{2}>
  %yc = descent.mul %y, %c : tensor<{0}x{1}x{2}>
  %t = descent.reduce_sum %yc [1] : tensor<{0}x{1}x{2}> to tensor<{0}x{2}>
  %tb = descent.broadcast %t [0] : tensor<{0}x{2}> to tensor<{0}x{1}x{2}>
  %ct = descent.sub %c, %tb : tensor<{0}x{1}x{2}>
  %g = descent.mul %y, %ct : tensor<{0}x{1}x{2}>
  return %y, %g : tensor<{0}x{1}x{2}>, tensor<{0}x{1}x{2}>
})",
                       n, k, type)
      .str();
}

TEST(Trees, Softmax) {
  for (auto [n, k] : {std::pair(1, 40), {3, 16}, {5, 17}, {200, 31}, {3, 1000}, {0, 20}, {4, 1}})
    for (bool wide : {true, false})
      expectTree(softmax(n, k, wide ? "f64" : "f32"), wide, k);
}

/// The least squared distance of each point to some others, and the sum's gradient.
std::string pairs(int64_t n, int64_t m, int64_t d, const char *type) {
  return llvm::formatv(R"(
func.func @f(%p: tensor<{0}x{2}x{3}>, %c: tensor<{1}x{2}x{3}>) -> (tensor<{3}>, tensor<{1}x{2}x{3}>) {{
  %pb = descent.broadcast %p [0, 2] : tensor<{0}x{2}x{3}> to tensor<{0}x{1}x{2}x{3}>
  %cb = descent.broadcast %c [1, 2] : tensor<{1}x{2}x{3}> to tensor<{0}x{1}x{2}x{3}>
  %d = descent.sub %pb, %cb : tensor<{0}x{1}x{2}x{3}>
  %q = descent.mul %d, %d : tensor<{0}x{1}x{2}x{3}>
  %s = descent.reduce_sum %q [2] : tensor<{0}x{1}x{2}x{3}> to tensor<{0}x{1}x{3}>
  %m = descent.reduce_min %s [1] : tensor<{0}x{1}x{3}> to tensor<{0}x{3}>
  %t = descent.reduce_sum %m [0] : tensor<{0}x{3}> to tensor<{3}>
  %mb = descent.broadcast %m [0] : tensor<{0}x{3}> to tensor<{0}x{1}x{3}>
  %i = descent.compare eq %s, %mb : tensor<{0}x{1}x{3}>
  %w = descent.convert %i : tensor<{0}x{1}xi1> to tensor<{0}x{1}x{3}>
  %wb = descent.broadcast %w [0, 1] : tensor<{0}x{1}x{3}> to tensor<{0}x{1}x{2}x{3}>
  %wd = descent.mul %wb, %d : tensor<{0}x{1}x{2}x{3}>
  %g = descent.reduce_sum %wd [0] : tensor<{0}x{1}x{2}x{3}> to tensor<{1}x{2}x{3}>
  return %t, %g : tensor<{3}>, tensor<{1}x{2}x{3}>
})",
                       n, m, d, type)
      .str();
}

TEST(Trees, Pairs) {
  for (auto [n, m, d] :
       {std::tuple(1, 9, 2), {17, 5, 8}, {16, 20, 3}, {130, 33, 8}, {9, 4, 20}, {71, 2, 3}})
    expectTree(pairs(n, m, d, "f64"), true, n * d);
  expectTree(pairs(33, 20, 8, "f32"), false, 33 * 8);
}

/// Sums over a dimension outside another that is kept: rows that are added to inside an iteration.
std::string rowsOfSums(int64_t n, int64_t d, int64_t m, const char *type) {
  return llvm::formatv(R"(
func.func @f(%p: tensor<{0}x{1}x{3}>, %c: tensor<{1}x{2}x{3}>) -> (tensor<{0}x{3}>, tensor<{0}x{2}xi1>) {
  %pb = descent.broadcast %p [0, 1] : tensor<{0}x{1}x{3}> to tensor<{0}x{1}x{2}x{3}>
  %cb = descent.broadcast %c [1, 2] : tensor<{1}x{2}x{3}> to tensor<{0}x{1}x{2}x{3}>
  %d = descent.sub %pb, %cb : tensor<{0}x{1}x{2}x{3}>
  %q = descent.mul %d, %d : tensor<{0}x{1}x{2}x{3}>
  %s = descent.reduce_sum %q [1] : tensor<{0}x{1}x{2}x{3}> to tensor<{0}x{2}x{3}>
  %m = descent.reduce_min %s [1] : tensor<{0}x{2}x{3}> to tensor<{0}x{3}>
  %mb = descent.broadcast %m [0] : tensor<{0}x{3}> to tensor<{0}x{2}x{3}>
  %i = descent.compare eq %s, %mb : tensor<{0}x{2}x{3}>
  return %m, %i : tensor<{0}x{3}>, tensor<{0}x{2}xi1>
})",
                       n, d, m, type)
      .str();
}

TEST(Trees, RowsOfSums) {
  for (auto [n, d, m] : {std::tuple(70, 8, 12), {67, 3, 20}, {96, 5, 2}, {5, 20, 30}})
    for (bool wide : {true, false})
      expectTree(rowsOfSums(n, d, m, wide ? "f64" : "f32"), wide, d);
}

// Every nest of a tree may write what others read at the same index alone: results in the place of
// an array that is read elsewhere in the row would be wrong.
TEST(Trees, ResultsOverWhatIsRead) {
  expectAgreement(R"(
func.func @f(%x: tensor<40x50xf64>, %n: tensor<i32>) -> tensor<40x50xf64> {
  %zero = descent.constant dense<0> : tensor<i32>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<40x50xf64>) {
  ^bb0(%i: tensor<i32>, %a: tensor<40x50xf64>):
    %s = descent.reduce_sum %a [1] : tensor<40x50xf64> to tensor<40xf64>
    %b = descent.broadcast %s [0] : tensor<40xf64> to tensor<40x50xf64>
    %t = descent.reverse %a [1] : tensor<40x50xf64>
    %d = descent.sub %t, %b : tensor<40x50xf64>
    %e = descent.tanh %d : tensor<40x50xf64>
    descent.yield %e : tensor<40x50xf64>
  } to (tensor<40x50xf64>)
  return %r : tensor<40x50xf64>
})",
                  {sample("tensor<40x50xf64>", 1), i32({}, {3})}, 1e-12, 1e-12);
}

// Sums over rows do not drift: parts of them are added up in f64.
TEST(Trees, LongSumsOverRows) {
  int64_t rows = 300'000;
  Compiled f = compileFunction(llvm::formatv(R"(
func.func @f(%x: tensor<{0}x3xf32>) -> tensor<3xf32> {{
  %s = descent.reduce_sum %x [0] : tensor<{0}x3xf32> to tensor<3xf32>
  return %s : tensor<3xf32>
})",
                                             rows)
                                   .str());
  Tensor s = f({f32({rows, 3}, std::vector<double>(size_t(3 * rows), 0.1))})[0];
  for (int i = 0; i < 3; ++i)
    EXPECT_NEAR(s.number(i), double(0.1f) * double(rows), 0.25);
}

} // namespace
} // namespace descent::tests
