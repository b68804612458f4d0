#include "tests/unit/reference/Program.h"

namespace descent::reference {

namespace {
using Numbers = std::vector<double>;

// The sum of the squares of lower … upper - 1.
const char *squares = R"(
func.func @main(%lower: tensor<i32>, %upper: tensor<i32>) -> tensor<i32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %r = descent.for %lower to %upper iter(%zero) : tensor<i32>, (tensor<i32>) {
  ^bb0(%i: tensor<i32>, %sum: tensor<i32>):
    %square = descent.mul %i, %i : tensor<i32>
    %next = descent.add %sum, %square : tensor<i32>
    descent.yield %next : tensor<i32>
  } to (tensor<i32>)
  return %r : tensor<i32>
})";

// Collatz: the steps from n to 1.
const char *collatz = R"(
func.func @main(%n: tensor<i32>) -> tensor<i32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %one = descent.constant dense<1> : tensor<i32>
  %two = descent.constant dense<2> : tensor<i32>
  %three = descent.constant dense<3> : tensor<i32>
  %end, %steps = descent.while iter(%n, %zero) : (tensor<i32>, tensor<i32>) {
  ^bb0(%x: tensor<i32>, %k: tensor<i32>):
    %c = descent.compare ne %x, %one : tensor<i32>
    descent.yield %c : tensor<i1>
  } do {
  ^bb0(%x: tensor<i32>, %k: tensor<i32>):
    %rest = descent.mod %x, %two : tensor<i32>
    %odd = descent.compare eq %rest, %one : tensor<i32>
    %y = descent.if %odd : tensor<i1> to (tensor<i32>) {
      %a = descent.mul %x, %three : tensor<i32>
      %b = descent.add %a, %one : tensor<i32>
      descent.yield %b : tensor<i32>
    } else {
      %h = descent.floordiv %x, %two : tensor<i32>
      descent.yield %h : tensor<i32>
    }
    %next = descent.add %k, %one : tensor<i32>
    descent.yield %y, %next : tensor<i32>, tensor<i32>
  } to (tensor<i32>, tensor<i32>)
  return %steps : tensor<i32>
})";

} // namespace

TEST(Control, ForCountsUp) {
  EXPECT_EQ(numbers(evaluateText(squares, {i32({}, {2}), i32({}, {5})})[0]), Numbers{29});
  EXPECT_EQ(numbers(evaluateText(squares, {i32({}, {5}), i32({}, {2})})[0]), Numbers{0});
  EXPECT_EQ(numbers(evaluateText(squares, {i32({}, {-3}), i32({}, {0})})[0]), Numbers{14});
}

TEST(Control, WhileAndIf) {
  EXPECT_EQ(numbers(evaluateText(collatz, {i32({}, {6})})[0]), Numbers{8});
  EXPECT_EQ(numbers(evaluateText(collatz, {i32({}, {27})})[0]), Numbers{111});
  EXPECT_EQ(numbers(evaluateText(collatz, {i32({}, {1})})[0]), Numbers{0});
}

TEST(Control, EndlessLoopsGiveUp) {
  Options options;
  options.maxIterations = 1000;
  EXPECT_THROW(evaluateText(collatz, {i32({}, {0})}, options), EvaluationError);
}

TEST(Control, TapesAreStacks) {
  // Push 0, 1, 2; pop thrice and once more: 2, 1, 0 and the zero of an empty tape.
  auto results = evaluateText(R"(
func.func @main() -> (tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %three = descent.constant dense<3> : tensor<i32>
  %empty = descent.tape_create : !descent.tape<tensor<i32>>
  %t = descent.for %zero to %three iter(%empty) : tensor<i32>, (!descent.tape<tensor<i32>>) {
  ^bb0(%i: tensor<i32>, %tape: !descent.tape<tensor<i32>>):
    %more = descent.tape_push %tape, %i : !descent.tape<tensor<i32>>, tensor<i32>
    descent.yield %more : !descent.tape<tensor<i32>>
  } to (!descent.tape<tensor<i32>>)
  %t1, %a = descent.tape_pop %t : !descent.tape<tensor<i32>>, tensor<i32>
  %t2, %b = descent.tape_pop %t1 : !descent.tape<tensor<i32>>, tensor<i32>
  %t3, %c = descent.tape_pop %t2 : !descent.tape<tensor<i32>>, tensor<i32>
  %t4, %d = descent.tape_pop %t3 : !descent.tape<tensor<i32>>, tensor<i32>
  return %a, %b, %c, %d : tensor<i32>, tensor<i32>, tensor<i32>, tensor<i32>
})");
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(numbers(results[0]), Numbers{2});
  EXPECT_EQ(numbers(results[1]), Numbers{1});
  EXPECT_EQ(numbers(results[2]), Numbers{0});
  EXPECT_EQ(numbers(results[3]), Numbers{0});
}

TEST(Control, VmapRunsEachLane) {
  const char *text = R"(
func.func @main(%x: tensor<3x2xf64>, %c: tensor<f64>) -> tensor<3xf64> {
  %y = descent.vmap 3 (%x) : (tensor<3x2xf64>) {
  ^bb0(%a: tensor<2xf64>):
    %s = descent.reduce_sum %a [0] : tensor<2xf64> to tensor<f64>
    %p = descent.mul %s, %c : tensor<f64>
    descent.yield %p : tensor<f64>
  } to (tensor<3xf64>)
  return %y : tensor<3xf64>
})";
  EXPECT_EQ(numbers(evaluateText(text, {f64({3, 2}, {1, 2, 3, 4, 5, 6}), f64({}, {10})})[0]),
            (Numbers{30, 70, 110}));
}

TEST(Control, HostOperationsAreRecordedInOrder) {
  Options options;
  std::vector<Event> events;
  options.events = &events;
  options.inputs = {f64({2}, {5, 6})};
  auto results = evaluateText(R"(
func.func @main() -> (tensor<2xf64>, tensor<i1>, tensor<f64>) {
  %x = descent.input 0 : tensor<2xf64>
  %five = descent.constant dense<5.0> : tensor<2xf64>
  descent.effect 7 (%x) : (tensor<2xf64>)
  %c = descent.compare eq %x, %five : tensor<2xf64>
  descent.check 1 %c (%five) : tensor<2xi1>, (tensor<2xf64>)
  %d = descent.compare eq %x, %x : tensor<2xf64>
  descent.check 2 %d () : tensor<2xi1>, ()
  %stop = descent.poll : tensor<i1>
  %time = descent.clock : tensor<f64>
  return %x, %stop, %time : tensor<2xf64>, tensor<i1>, tensor<f64>
})",
                              {}, options);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(numbers(results[0]), (Numbers{5, 6}));
  EXPECT_EQ(numbers(results[1]), Numbers{0});
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, Event::Kind::Effect);
  EXPECT_EQ(events[0].index, 7);
  EXPECT_EQ(events[1].kind, Event::Kind::FailedCheck);
  EXPECT_EQ(events[1].index, 1);
  EXPECT_EQ(numbers(events[1].operands.at(0)), (Numbers{5, 5}));
}

TEST(Control, DerivativesMustBeExpandedFirst) {
  EXPECT_THROW(evaluateText(R"(
func.func @main(%x: tensor<f64>) -> tensor<f64> {
  %y, %d = descent.vjp(%x) cotangents(%x) : (tensor<f64>) cotangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>):
    descent.yield %a : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %d : tensor<f64>
})",
                            {f64({}, {1})}),
               EvaluationError);
}

} // namespace descent::reference
