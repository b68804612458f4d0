// Arg-reductions as members of kernels, and sums that most indices add nothing to: against the
// reference evaluator and by hand, with ties, nans and infinities.
#include "tests/unit/cpu/Harness.h"

#include <llvm/Support/FormatVariadic.h>

#include <cmath>
#include <limits>
#include <random>

namespace descent::tests {
namespace {

/// Both positions along rows of [n, m], both extrema and what is left of each row without its
/// largest.
std::string positions(int64_t n, int64_t m, const char *type) {
  return llvm::formatv(R"(
func.func @f(%x: tensor<{0}x{1}x{2}>) -> (tensor<{0}xi32>, tensor<{0}xi32>, tensor<{0}x{2}>, tensor<{0}x{1}x{2}>) {
  %a = descent.argmax %x 1 : tensor<{0}x{1}x{2}> to tensor<{0}xi32>
  %i = descent.argmin %x 1 : tensor<{0}x{1}x{2}> to tensor<{0}xi32>
  %l = descent.reduce_max %x [1] : tensor<{0}x{1}x{2}> to tensor<{0}x{2}>
  %lb = descent.broadcast %l [0] : tensor<{0}x{2}> to tensor<{0}x{1}x{2}>
  %d = descent.sub %lb, %x : tensor<{0}x{1}x{2}>
  return %a, %i, %l, %d : tensor<{0}xi32>, tensor<{0}xi32>, tensor<{0}x{2}>, tensor<{0}x{1}x{2}>
})",
                       n, m, type)
      .str();
}

TEST(Positions, AlongRows) {
  for (auto [n, m] :
       {std::pair(1, 1), {1, 5}, {3, 16}, {5, 17}, {4, 63}, {70, 7}, {200, 33}, {3, 1000}, {0, 20}})
    for (const char *type : {"f32", "f64", "i64"})
      expectAgreement(positions(n, m, type));
}

/// Few different numbers: the first of equal ones counts, in whatever lane, copy or chunk it is.
Tensor withTies(int64_t n, int64_t m, bool wide, unsigned seed) {
  std::mt19937 random(seed);
  const double infinity = std::numeric_limits<double>::infinity();
  const double kinds[] = {1, 2, 3, 3, 3, -0.0, 0.0, infinity, -infinity, std::nan("")};
  std::vector<double> numbers;
  for (int64_t row = 0; row < n; ++row) {
    // Rows with and without infinities and nans, and rows of one number.
    unsigned kindsHere = row % 4 == 0 ? 10 : row % 4 == 1 ? 9 : row % 4 == 2 ? 5 : 1;
    for (int64_t i = 0; i < m; ++i)
      numbers.push_back(kinds[random() % kindsHere]);
    if (row % 8 == 7)
      std::fill(numbers.end() - m, numbers.end(), row % 16 == 7 ? infinity : -infinity);
  }
  return wide ? f64({n, m}, numbers) : f32({n, m}, numbers);
}

TEST(Positions, OfEqualOnesTheFirst) {
  for (auto [n, m] : {std::pair(64, 16), {64, 100}, {33, 257}, {64, 8}})
    for (bool wide : {true, false}) {
      std::string type = llvm::formatv("{0}x{1}x{2}", n, m, wide ? "f64" : "f32").str();
      std::string rows = llvm::formatv("{0}xi32", n).str();
      std::string text = "func.func @f(%x: tensor<" + type + ">) -> (tensor<" + rows +
                         ">, tensor<" + rows + ">) {\n  %a = descent.argmax %x 1 : tensor<" + type +
                         "> to tensor<" + rows + ">\n  %i = descent.argmin %x 1 : tensor<" + type +
                         "> to tensor<" + rows + ">\n  return %a, %i : tensor<" + rows +
                         ">, tensor<" + rows + ">\n}";
      expectAgreement(text, {withTies(n, m, wide, unsigned(n + m))});
    }
}

TEST(Positions, InChunks) {
  // Two equal ones in different chunks, and a nan behind both.
  std::string text = R"(
func.func @f(%x: tensor<300000xf32>) -> (tensor<i32>, tensor<i32>, tensor<f32>) {
  %a = descent.argmax %x 0 : tensor<300000xf32> to tensor<i32>
  %i = descent.argmin %x 0 : tensor<300000xf32> to tensor<i32>
  %s = descent.reduce_sum %x [0] : tensor<300000xf32> to tensor<f32>
  return %a, %i, %s : tensor<i32>, tensor<i32>, tensor<f32>
})";
  Compiled compiled = compileFunction(text);
  std::vector<double> numbers(300000, 1);
  numbers[70001] = numbers[270000] = 5;
  numbers[99999] = numbers[100000] = -5;
  auto found = compiled({f32({300000}, numbers)});
  EXPECT_EQ(found[0].integer(0), 70001);
  EXPECT_EQ(found[1].integer(0), 99999);
  EXPECT_EQ(found[2].number(0), 299996);
  numbers[290001] = numbers[290002] = NAN;
  found = compiled({f32({300000}, numbers)});
  EXPECT_EQ(found[0].integer(0), 290001);
  EXPECT_EQ(found[1].integer(0), 290001);
}

/// To which of some others each point is nearest, and the sums of the points of each.
std::string nearest(int64_t n, int64_t m, int64_t d, const char *type) {
  return llvm::formatv(R"(
func.func @f(%p: tensor<{0}x{2}x{3}>, %c: tensor<{1}x{2}x{3}>) -> (tensor<{0}xi32>, tensor<{3}>) {
  %pb = descent.broadcast %p [0, 2] : tensor<{0}x{2}x{3}> to tensor<{0}x{1}x{2}x{3}>
  %cb = descent.broadcast %c [1, 2] : tensor<{1}x{2}x{3}> to tensor<{0}x{1}x{2}x{3}>
  %d = descent.sub %pb, %cb : tensor<{0}x{1}x{2}x{3}>
  %q = descent.mul %d, %d : tensor<{0}x{1}x{2}x{3}>
  %s = descent.reduce_sum %q [2] : tensor<{0}x{1}x{2}x{3}> to tensor<{0}x{1}x{3}>
  %i = descent.argmin %s 1 : tensor<{0}x{1}x{3}> to tensor<{0}xi32>
  %m = descent.reduce_min %s [1] : tensor<{0}x{1}x{3}> to tensor<{0}x{3}>
  %t = descent.reduce_sum %m [0] : tensor<{0}x{3}> to tensor<{3}>
  return %i, %t : tensor<{0}xi32>, tensor<{3}>
})",
                       n, m, d, type)
      .str();
}

TEST(Positions, Nearest) {
  for (auto [n, m, d] :
       {std::tuple(1, 9, 2), {17, 5, 8}, {16, 20, 3}, {130, 33, 8}, {9, 4, 20}, {71, 2, 3}})
    for (const char *type : {"f64", "f32"})
      expectAgreement(nearest(n, m, d, type), 1e-5, 1e-4);
}

/// What the reverse of a least distance is made of, with whole numbers: many pairs are equally
/// near.
std::string shares(int64_t n, int64_t m, int64_t d, const char *type) {
  return llvm::formatv(R"(
func.func @f(%p: tensor<{0}x{2}x{3}>, %c: tensor<{1}x{2}x{3}>) -> (tensor<{1}x{2}x{3}>, tensor<{3}>, tensor<{0}x{2}x{3}>) {
  %zero = descent.constant dense<0.0> : tensor<{0}x{1}x{2}x{3}>
  %pb = descent.broadcast %p [0, 2] : tensor<{0}x{2}x{3}> to tensor<{0}x{1}x{2}x{3}>
  %cb = descent.broadcast %c [1, 2] : tensor<{1}x{2}x{3}> to tensor<{0}x{1}x{2}x{3}>
  %d = descent.sub %pb, %cb : tensor<{0}x{1}x{2}x{3}>
  %q = descent.mul %d, %d : tensor<{0}x{1}x{2}x{3}>
  %s = descent.reduce_sum %q [2] : tensor<{0}x{1}x{2}x{3}> to tensor<{0}x{1}x{3}>
  %l = descent.reduce_min %s [1] : tensor<{0}x{1}x{3}> to tensor<{0}x{3}>
  %lb = descent.broadcast %l [0] : tensor<{0}x{3}> to tensor<{0}x{1}x{3}>
  %i = descent.compare eq %s, %lb : tensor<{0}x{1}x{3}>
  %ib = descent.broadcast %i [0, 1] : tensor<{0}x{1}xi1> to tensor<{0}x{1}x{2}xi1>
  %e = descent.exp %d : tensor<{0}x{1}x{2}x{3}>
  %w = descent.select %ib, %e, %zero : tensor<{0}x{1}x{2}xi1>, tensor<{0}x{1}x{2}x{3}>
  %v = descent.neg %w : tensor<{0}x{1}x{2}x{3}>
  %g = descent.reduce_sum %v [0] : tensor<{0}x{1}x{2}x{3}> to tensor<{1}x{2}x{3}>
  %t = descent.reduce_sum %w [0, 1, 2] : tensor<{0}x{1}x{2}x{3}> to tensor<{3}>
  %h = descent.reduce_sum %w [1] : tensor<{0}x{1}x{2}x{3}> to tensor<{0}x{2}x{3}>
  return %g, %t, %h : tensor<{1}x{2}x{3}>, tensor<{3}>, tensor<{0}x{2}x{3}>
})",
                       n, m, d, type)
      .str();
}

Tensor wholeNumbers(int64_t n, int64_t m, bool wide, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> numbers;
  for (int64_t i = 0; i < n * m; ++i)
    numbers.push_back(double(random() % 4));
  return wide ? f64({n, m}, numbers) : f32({n, m}, numbers);
}

TEST(Guards, SharesOfTheNearest) {
  for (auto [n, m, d] :
       {std::tuple(1, 40, 3), {9, 32, 8}, {40, 33, 8}, {71, 64, 2}, {64, 100, 17}, {5, 70, 40}})
    for (bool wide : {true, false})
      expectAgreement(
          shares(n, m, d, wide ? "f64" : "f32"),
          {wholeNumbers(n, d, wide, unsigned(n)), wholeNumbers(m, d, wide, unsigned(m))}, 1e-5,
          1e-4);
}

// What is not chosen may be infinite: skipped or not, it is nothing.
TEST(Guards, NothingOfWhatIsNotChosen) {
  std::vector<double> points(40 * 2, 0), others(40 * 2, 1000);
  others[6] = others[7] = 0.5;
  std::vector<Tensor> arguments{f64({40, 2}, points), f64({40, 2}, others)};
  arguments[1] = f64({40, 2}, [&] {
    for (size_t i = 10; i < 80; ++i)
      others[i] = -1000; // exp(1000) is infinite
    return others;
  }());
  auto sums = compileFunction(shares(40, 40, 2, "f64"))(arguments);
  for (int64_t i = 0; i < 80; ++i)
    EXPECT_NEAR(sums[0].number(i), i == 6 || i == 7 ? -40 * std::exp(-0.5) : 0, 1e-12);
  EXPECT_NEAR(sums[1].number(0), 80 * std::exp(-0.5), 1e-12);
}

// A nan attains nothing.
TEST(Guards, NoSharesOfNan) {
  std::vector<double> points(40 * 2, 0), others(40 * 2, 1);
  points[4] = NAN;
  auto sums =
      compileFunction(shares(40, 40, 2, "f64"))({f64({40, 2}, points), f64({40, 2}, others)});
  EXPECT_NEAR(sums[0].number(0), -39 * std::exp(-1.0), 1e-12);
}

} // namespace
} // namespace descent::tests
