// Loops and branches whose bounds, conditions and values differ between lanes, or do not.
#include "tests/unit/batch/LaneCase.h"

#include "compiler/batch/Batch.h"
#include "compiler/dialect/Dialect.h"
#include "tests/reference/Evaluator.h"

#include <mlir/Parser/Parser.h>
#include <mlir/Pass/PassManager.h>

namespace descent::batch {

namespace {

// %a: lower bound, %b: upper bound, %c: what is added to and multiplied with.
const LaneCase forLoop{"for",
                       {"tensor<i32>", "tensor<i32>", "tensor<2xf64>"},
                       R"(
  %one = descent.constant dense<1.0> : tensor<2xf64>
  %sum, %last, %r = descent.for %a to %b iter(%one, %a, %c) : tensor<i32>, (tensor<2xf64>, tensor<i32>, tensor<2xf64>) {
  ^bb0(%i: tensor<i32>, %x: tensor<2xf64>, %y: tensor<i32>, %z: tensor<2xf64>):
    %f = descent.convert %i : tensor<i32> to tensor<f64>
    %g = descent.broadcast %f [] : tensor<f64> to tensor<2xf64>
    %x2 = descent.add %x, %g : tensor<2xf64>
    %z1 = descent.mul %z, %x : tensor<2xf64>
    %h = descent.convert %y : tensor<i32> to tensor<f64>
    %hh = descent.broadcast %h [] : tensor<f64> to tensor<2xf64>
    %z2 = descent.sub %z1, %hh : tensor<2xf64>
    descent.yield %x2, %i, %z2 : tensor<2xf64>, tensor<i32>, tensor<2xf64>
  } to (tensor<2xf64>, tensor<i32>, tensor<2xf64>))",
                       "tensor<2xf64>"};

// Doubles %a until it reaches %b, counting; the count times %c.
const LaneCase whileLoop{"while",
                         {"tensor<f64>", "tensor<f64>", "tensor<2xf64>"},
                         R"(
  %zero = descent.constant dense<0.0> : tensor<f64>
  %one = descent.constant dense<1.0> : tensor<f64>
  %start0 = descent.abs %a : tensor<f64>
  %start = descent.add %start0, %one : tensor<f64>
  %limit0 = descent.exp %b : tensor<f64>
  %limit = descent.add %limit0, %limit0 : tensor<f64>
  %end, %count, %r = descent.while iter(%start, %zero, %c) : (tensor<f64>, tensor<f64>, tensor<2xf64>) {
  ^bb0(%x: tensor<f64>, %n: tensor<f64>, %y: tensor<2xf64>):
    %go = descent.compare lt %x, %limit : tensor<f64>
    descent.yield %go : tensor<i1>
  } do {
  ^bb0(%x: tensor<f64>, %n: tensor<f64>, %y: tensor<2xf64>):
    %x2 = descent.add %x, %x : tensor<f64>
    %n2 = descent.add %n, %one : tensor<f64>
    %nn = descent.broadcast %n2 [] : tensor<f64> to tensor<2xf64>
    %y2 = descent.add %y, %nn : tensor<2xf64>
    descent.yield %x2, %n2, %y2 : tensor<f64>, tensor<f64>, tensor<2xf64>
  } to (tensor<f64>, tensor<f64>, tensor<2xf64>))",
                         "tensor<2xf64>"};

const LaneCase branch{"if",
                      {"tensor<i1>", "tensor<2xf64>", "tensor<2xf64>"},
                      R"(
  %r, %other = descent.if %a : tensor<i1> to (tensor<2xf64>, tensor<2xf64>) {
    %s = descent.add %b, %c : tensor<2xf64>
    descent.yield %s, %b : tensor<2xf64>, tensor<2xf64>
  } else {
    %s = descent.mul %c, %c : tensor<2xf64>
    descent.yield %s, %b : tensor<2xf64>, tensor<2xf64>
  })",
                      "tensor<2xf64>"};

// A loop that would never end for lanes that do not take the branch: |%b| is halved until it is
// below 1, but where %a is false it is doubled.
const LaneCase loopInBranch{"loop in a branch",
                            {"tensor<i1>", "tensor<f64>", "tensor<i32>"},
                            R"(
  %one = descent.constant dense<1.0> : tensor<f64>
  %half = descent.constant dense<0.5> : tensor<f64>
  %two = descent.constant dense<2.0> : tensor<f64>
  %izero = descent.constant dense<0> : tensor<i32>
  %start0 = descent.abs %b : tensor<f64>
  %start = descent.add %start0, %two : tensor<f64>
  %factor = descent.select %a, %half, %two : tensor<i1>, tensor<f64>
  %r = descent.if %a : tensor<i1> to (tensor<f64>) {
    %e = descent.while iter(%start) : (tensor<f64>) {
    ^bb0(%x: tensor<f64>):
      %go = descent.compare gt %x, %one : tensor<f64>
      descent.yield %go : tensor<i1>
    } do {
    ^bb0(%x: tensor<f64>):
      %y = descent.mul %x, %factor : tensor<f64>
      descent.yield %y : tensor<f64>
    } to (tensor<f64>)
    %f = descent.for %izero to %c iter(%e) : tensor<i32>, (tensor<f64>) {
    ^bb0(%i: tensor<i32>, %x: tensor<f64>):
      %y = descent.add %x, %two : tensor<f64>
      descent.yield %y : tensor<f64>
    } to (tensor<f64>)
    descent.yield %f : tensor<f64>
  } else {
    descent.yield %b : tensor<f64>
  })",
                            "tensor<f64>"};

// A triangle of loops, the inner one bounded by the outer's counter; a value that becomes different
// only after the second iteration (%p follows %q follows %c).
const LaneCase nestedLoops{"nested loops",
                           {"tensor<i32>", "tensor<i32>", "tensor<f64>"},
                           R"(
  %zero = descent.constant dense<0> : tensor<i32>
  %one = descent.constant dense<1.0> : tensor<f64>
  %s, %p, %q = descent.for %zero to %a iter(%one, %one, %one) : tensor<i32>, (tensor<f64>, tensor<f64>, tensor<f64>) {
  ^bb0(%i: tensor<i32>, %x: tensor<f64>, %p0: tensor<f64>, %q0: tensor<f64>):
    %inner = descent.for %i to %b iter(%x) : tensor<i32>, (tensor<f64>) {
    ^bb0(%j: tensor<i32>, %y: tensor<f64>):
      %jj = descent.convert %j : tensor<i32> to tensor<f64>
      %y1 = descent.mul %y, %c : tensor<f64>
      %y2 = descent.add %y1, %jj : tensor<f64>
      descent.yield %y2 : tensor<f64>
    } to (tensor<f64>)
    descent.yield %inner, %q0, %c : tensor<f64>, tensor<f64>, tensor<f64>
  } to (tensor<f64>, tensor<f64>, tensor<f64>)
  %r0 = descent.add %s, %p : tensor<f64>
  %r = descent.sub %r0, %q : tensor<f64>)",
                           "tensor<f64>"};

// A branch that all lanes take together, inside a branch that they do not; and an unused loop.
const LaneCase commonInside{"common control inside",
                            {"tensor<i1>", "tensor<i1>", "tensor<f64>"},
                            R"(
  %two = descent.constant dense<2.0> : tensor<f64>
  %zero = descent.constant dense<0> : tensor<i32>
  %three = descent.constant dense<3> : tensor<i32>
  %r = descent.if %a : tensor<i1> to (tensor<f64>) {
    %x = descent.if %b : tensor<i1> to (tensor<f64>) {
      descent.yield %c : tensor<f64>
    } else {
      %y = descent.mul %c, %two : tensor<f64>
      descent.yield %y : tensor<f64>
    }
    descent.yield %x : tensor<f64>
  } else {
    %x, %k = descent.while iter(%two, %zero) : (tensor<f64>, tensor<i32>) {
    ^bb0(%v: tensor<f64>, %k: tensor<i32>):
      %go = descent.compare lt %k, %three : tensor<i32>
      descent.yield %go : tensor<i1>
    } do {
    ^bb0(%v: tensor<f64>, %k: tensor<i32>):
      %v2 = descent.add %v, %c : tensor<f64>
      %step = descent.constant dense<1> : tensor<i32>
      %k2 = descent.add %k, %step : tensor<i32>
      descent.yield %v2, %k2 : tensor<f64>, tensor<i32>
    } to (tensor<f64>, tensor<i32>)
    descent.yield %x : tensor<f64>
  })",
                            "tensor<f64>"};

} // namespace

TEST(BatchControl, For) {
  expectLanesAgree(forLoop);
}
TEST(BatchControl, While) {
  expectLanesAgree(whileLoop);
}
TEST(BatchControl, If) {
  expectLanesAgree(branch);
}
TEST(BatchControl, LoopInBranch) {
  expectLanesAgree(loopInBranch);
}
TEST(BatchControl, NestedLoops) {
  expectLanesAgree(nestedLoops);
}
TEST(BatchControl, CommonInside) {
  expectLanesAgree(commonInside);
}

TEST(BatchNested, Control) {
  expectNestedLanesAgree(forLoop);
  expectNestedLanesAgree(whileLoop);
  expectNestedLanesAgree(branch);
  expectNestedLanesAgree(loopInBranch);
  expectNestedLanesAgree(nestedLoops);
  expectNestedLanesAgree(commonInside);
}

} // namespace descent::batch
