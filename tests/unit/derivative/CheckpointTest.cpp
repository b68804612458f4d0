// Checkpoints, and loops that run in blocks.
#include "compiler/derivative/Blocks.h"
#include "tests/unit/derivative/DerivativeCase.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace descent::derivative::test {

namespace {

Argument array(Dims dims, double low = -1, double high = 1) {
  return {std::move(dims), low, high};
}

/// Also against the same program without checkpoints. What is computed once there and twice here
/// has its cotangents added up elsewhere in derivatives of derivatives; all else has the same bits.
void checkBoth(Case testCase) {
  check(testCase);
  Case plain = testCase;
  plain.withoutCheckpoints = true;
  for (const char *modes : {"", "F", "R", "FF", "FR", "RF"})
    EXPECT_EQ(numbersOf(testCase, modes), numbersOf(plain, modes)) << testCase.name << " " << modes;
  expectNear(numbersOf(testCase, "RR"), numbersOf(plain, "RR"), testCase.name);
}

TEST(Checkpoint, UsesBesideIt) {
  Case testCase = oneResult("beside", {array({3}, 0.3, 1), array({3}, 0.3, 1)}, R"(
    %s = descent.sin %x0 : tensor<3xf64>
    %c:2 = descent.checkpoint(%x0, %s, %x1) : (tensor<3xf64>, tensor<3xf64>, tensor<3xf64>) {
    ^bb0(%a: tensor<3xf64>, %b: tensor<3xf64>, %k: tensor<3xf64>):
      %e = descent.exp %a : tensor<3xf64>
      %p = descent.mul %e, %b : tensor<3xf64>
      %q = descent.mul %p, %k : tensor<3xf64>
      %r = descent.mul %q, %a : tensor<3xf64>
      descent.yield %r, %e : tensor<3xf64>, tensor<3xf64>
    } to (tensor<3xf64>, tensor<3xf64>)
    %t = descent.mul %c#0, %x0 : tensor<3xf64>
    %y = descent.mul %t, %c#1 : tensor<3xf64>)",
                            {3});
  testCase.order = 3;
  checkBoth(testCase);
}

TEST(Checkpoint, InputGivenTwiceAndYieldedInput) {
  Case testCase = oneResult("twice", {array({}, 0.3, 1)}, R"(
    %c:2 = descent.checkpoint(%x0, %x0) : (tensor<f64>, tensor<f64>) {
    ^bb0(%a: tensor<f64>, %b: tensor<f64>):
      %e = descent.exp %a : tensor<f64>
      %p = descent.mul %e, %b : tensor<f64>
      descent.yield %p, %b : tensor<f64>, tensor<f64>
    } to (tensor<f64>, tensor<f64>)
    %t = descent.sin %c#1 : tensor<f64>
    %y = descent.mul %c#0, %t : tensor<f64>)",
                            {});
  testCase.order = 3;
  check(testCase);
}

// The cotangent of the logarithm is zero where it was not chosen, and stays so inside.
TEST(Checkpoint, SideNotTaken) {
  const char *body = R"(
    %zero = descent.constant dense<0.0> : tensor<3xf64>
    %l = descent.checkpoint(%x0) : (tensor<3xf64>) {
    ^bb0(%a: tensor<3xf64>):
      %b = descent.log %a : tensor<3xf64>
      %c = descent.sqrt %a : tensor<3xf64>
      %d = descent.mul %b, %c : tensor<3xf64>
      descent.yield %d : tensor<3xf64>
    } to (tensor<3xf64>)
    %p = descent.compare gt %x0, %zero : tensor<3xf64>
    %y = descent.select %p, %l, %zero : tensor<3xi1>, tensor<3xf64>)";
  for (const char *modes : {"R", "RR", "RF", "FR"}) {
    std::vector<double> numbers = derivativeOf(body, "%y", {0, -1, 4}, modes);
    ASSERT_EQ(numbers.size(), 3u);
    EXPECT_EQ(numbers[0], 0) << modes;
    EXPECT_EQ(numbers[1], 0) << modes;
    // log(x) √x at 4.
    double first = 0.5 + std::log(4.0) / 4, second = -std::log(4.0) / 32;
    EXPECT_NEAR(numbers[2], modes[1] ? second : first, 1e-14) << modes;
  }
}

TEST(Checkpoint, LoopsAroundAndInside) {
  Case testCase = oneResult("loops", {array({2}, 0.3, 1), array({2}, 0.3, 1)}, R"(
    %zero = descent.constant dense<0> : tensor<i32>
    %three = descent.constant dense<3> : tensor<i32>
    %y = descent.for %zero to %three iter(%x0) : tensor<i32>, (tensor<2xf64>) {
    ^bb0(%i: tensor<i32>, %a: tensor<2xf64>):
      %b = descent.checkpoint(%i, %a, %x1, %three) : (tensor<i32>, tensor<2xf64>, tensor<2xf64>, tensor<i32>) {
      ^bb0(%j: tensor<i32>, %c: tensor<2xf64>, %k: tensor<2xf64>, %n: tensor<i32>):
        %d = descent.for %j to %n iter(%c) : tensor<i32>, (tensor<2xf64>) {
        ^bb0(%m: tensor<i32>, %e: tensor<2xf64>):
          %f = descent.checkpoint(%e, %k) : (tensor<2xf64>, tensor<2xf64>) {
          ^bb0(%g: tensor<2xf64>, %h: tensor<2xf64>):
            %o = descent.mul %g, %h : tensor<2xf64>
            %p = descent.sin %o : tensor<2xf64>
            descent.yield %p : tensor<2xf64>
          } to (tensor<2xf64>)
          descent.yield %f : tensor<2xf64>
        } to (tensor<2xf64>)
        descent.yield %d : tensor<2xf64>
      } to (tensor<2xf64>)
      descent.yield %b : tensor<2xf64>
    } to (tensor<2xf64>))",
                            {2});
  testCase.order = 3;
  checkBoth(testCase);
}

// ---- Blocks -----------------------------------------------------------------------------------

int64_t product(llvm::ArrayRef<int64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), int64_t{1}, std::multiplies<>());
}

TEST(Blocks, TakeTheSquareRoot) {
  auto counts = chooseBlocks(10000, 800, 800, 200 * 800);
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0], 100);
  EXPECT_EQ(counts[1], 100);
}

// A block keeps the whole array of which an iteration saves an element: fewer blocks, or none.
TEST(Blocks, DependOnWhatIsCarried) {
  auto counts = chooseBlocks(1000000, 8, 800, 1);
  ASSERT_GE(counts.size(), 2u);
  EXPECT_GT(counts.back(), counts.front());
  EXPECT_TRUE(chooseBlocks(100, 8, 800, 1).empty());
  EXPECT_TRUE(chooseBlocks(100, 0, 800, 1).empty());
}

TEST(Blocks, AreInBlocksWhereTwoLevelsAreTooMany) {
  EXPECT_EQ(chooseBlocks(1000000, 1, 1, 2000).size(), 2u);
  auto counts = chooseBlocks(1000000, 1, 1, 300);
  EXPECT_EQ(counts.size(), 3u);
  EXPECT_GE(product(counts), 1000000);
  EXPECT_LE(counts[0] + counts[1] + counts[2], 301);
}

TEST(Blocks, CoverAllIterations) {
  for (int64_t count = 4; count < 200; ++count)
    for (int64_t carried : {1, 3, 20})
      for (int64_t limit : {0, 10, 40}) {
        auto counts = chooseBlocks(count, 2, carried, limit);
        if (!counts.empty())
          EXPECT_GE(product(counts), count);
      }
}

/// A loop with a counter, a captured value and a second carried value that is not differentiable.
std::string loop(int count) {
  return R"(
    %zero = descent.constant dense<3> : tensor<i32>
    %one = descent.constant dense<1> : tensor<i32>
    %n = descent.constant dense<)" +
         std::to_string(3 + count) + R"(> : tensor<i32>
    %y, %z = descent.for %zero to %n iter(%x0, %one) : tensor<i32>, (tensor<2xf64>, tensor<i32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<2xf64>, %m: tensor<i32>):
      %j = descent.add %i, %m : tensor<i32>
      %f = descent.convert %j : tensor<i32> to tensor<f64>
      %g = descent.broadcast %f [] : tensor<f64> to tensor<2xf64>
      %p = descent.mul %a, %x1 : tensor<2xf64>
      %s = descent.sin %p : tensor<2xf64>
      %d = descent.div %s, %g : tensor<2xf64>
      %e = descent.add %d, %a : tensor<2xf64>
      descent.yield %e, %j : tensor<2xf64>, tensor<i32>
    } to (tensor<2xf64>, tensor<i32>))";
}

TEST(Blocks, GiveTheSameDerivatives) {
  for (int count : {4, 5, 7, 16, 37}) {
    Case testCase = oneResult("blocks of " + std::to_string(count),
                              {array({2}, 0.3, 1), array({2}, 0.3, 1)}, loop(count), {2});
    Case plain = testCase;
    testCase.tapeLimit = 30;
    check(testCase);
    for (const char *modes : {"R", "RF", "FR"})
      EXPECT_EQ(numbersOf(testCase, modes), numbersOf(plain, modes))
          << testCase.name << " " << modes;
    for (const char *modes : {"RR", "RRR"}) // see checkBoth
      expectNear(numbersOf(testCase, modes), numbersOf(plain, modes), testCase.name);
  }
}

} // namespace

} // namespace descent::derivative::test
