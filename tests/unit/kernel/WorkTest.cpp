// What a program moves and multiplies, against figures by hand.
#include "tests/unit/cpu/Harness.h"

namespace descent::tests {
namespace {

Work workOf(const std::string &text, bool onDevice = true) {
  std::optional<Work> work = compiler::workOf(parse(text), {}, onDevice);
  EXPECT_TRUE(work.has_value()) << text;
  return work.value_or(Work{});
}

TEST(Work, AnElementwiseKernelReadsAndWritesOnce) {
  for (bool onDevice : {true, false}) {
    Work work = workOf(R"(
func.func @main() {
  %x = descent.input 0 : tensor<1000xf32>
  %y = descent.exp %x : tensor<1000xf32>
  %z = descent.mul %y, %x : tensor<1000xf32>
  descent.effect 0 (%z) : (tensor<1000xf32>)
  return
})",
                       onDevice);
    EXPECT_EQ(work.known.bytes, 8000);
    EXPECT_EQ(work.known.productOperations, 0);
    EXPECT_TRUE(work.loops.empty());
  }
}

TEST(Work, ASumReadsOnly) {
  EXPECT_EQ(workOf(R"(
func.func @main() {
  %x = descent.input 0 : tensor<1000xf64>
  %s = descent.reduce_sum %x [0] : tensor<1000xf64> to tensor<f64>
  descent.effect 0 (%s) : (tensor<f64>)
  return
})")
                .known.bytes,
            8000);
}

TEST(Work, AProductOfMatrices) {
  Work work = workOf(R"(
func.func @main() {
  %x = descent.input 0 : tensor<200x300xf32>
  %y = descent.input 1 : tensor<300x400xf32>
  %z = descent.dot %x, %y batch [] x [] contract [1] x [0] : tensor<200x300xf32>, tensor<300x400xf32> to tensor<200x400xf32>
  descent.effect 0 (%z) : (tensor<200x400xf32>)
  return
})");
  EXPECT_EQ(work.known.productOperations, 2.0 * 200 * 300 * 400);
  EXPECT_EQ(work.known.bytes, 4 * (200 * 300 + 300 * 400 + 200 * 400));
}

TEST(Work, PartsOfAnArray) {
  // Of a million numbers ten are read.
  EXPECT_LE(workOf(R"(
func.func @main() {
  %x = descent.input 0 : tensor<1000000xf32>
  %i = descent.input 1 : tensor<i32>
  %y = descent.dynamic_slice %x[%i] sizes [10] : tensor<1000000xf32>, tensor<i32> to tensor<10xf32>
  %z = descent.exp %y : tensor<10xf32>
  descent.effect 0 (%z) : (tensor<10xf32>)
  return
})")
                .known.bytes,
            200);
}

constexpr const char *kLoop = R"(
func.func @main() {
  %x = descent.input 0 : tensor<1000xf32>
  %n = descent.input 1 : tensor<i32>
  %zero = descent.constant dense<0> : tensor<i32>
  %ten = descent.constant dense<10> : tensor<i32>
  %none = descent.constant dense<0.0> : tensor<f32>
  %t = descent.for %zero to BOUND iter(%none) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>):
    %b = descent.broadcast %a [] : tensor<f32> to tensor<1000xf32>
    %d = descent.sub %x, %b : tensor<1000xf32>
    %e = descent.mul %d, %d : tensor<1000xf32>
    %s = descent.reduce_sum %e [0] : tensor<1000xf32> to tensor<f32>
    descent.yield %s : tensor<f32>
  } to (tensor<f32>)
  descent.effect 0 (%t) : (tensor<f32>)
  return
})";

std::string loopTo(const std::string &bound) {
  std::string text = kLoop;
  return text.replace(text.find("BOUND"), 5, bound);
}

TEST(Work, ALoopOfKnownLength) {
  Work work = workOf(loopTo("%ten"));
  EXPECT_EQ(work.known.bytes, 10 * 4000);
  EXPECT_TRUE(work.loops.empty());
}

TEST(Work, ALoopOfUnknownLengthIsCountedByTheIteration) {
  Work work = workOf(loopTo("%n"));
  EXPECT_EQ(work.known.bytes, 0);
  ASSERT_EQ(work.loops.size(), 1u);
  EXPECT_EQ(work.loops[0].bytes, 4000);
}

} // namespace
} // namespace descent::tests
