// Loops and branches, in each other and in derivatives of derivatives.
#include "tests/unit/derivative/DerivativeCase.h"

#include <gtest/gtest.h>

#include <cmath>

namespace descent::derivative::test {

namespace {

Argument array(Dims dims, double low = -1, double high = 1) {
  return {std::move(dims), low, high};
}

std::string constantInts(std::initializer_list<std::pair<const char *, int>> numbers) {
  std::string text;
  for (auto [name, number] : numbers)
    text += std::string(name) + " = descent.constant dense<" + std::to_string(number) +
            "> : tensor<i32>\n";
  return text;
}

TEST(ControlDerivative, ForWithCaptureAndCounter) {
  for (int count : {0, 1, 2, 5}) {
    Case testCase = oneResult("for", {array({2}, 0.3, 1), array({2}, 0.3, 1)},
                              constantInts({{"%from", 1}, {"%to", 1 + count}}) + R"(
      %y = descent.for %from to %to iter(%x0) : tensor<i32>, (tensor<2xf64>) {
      ^bb0(%i: tensor<i32>, %a: tensor<2xf64>):
        %f = descent.convert %i : tensor<i32> to tensor<f64>
        %g = descent.broadcast %f [] : tensor<f64> to tensor<2xf64>
        %s = descent.sin %a : tensor<2xf64>
        %t = descent.mul %s, %x1 : tensor<2xf64>
        %u = descent.mul %t, %g : tensor<2xf64>
        descent.yield %u : tensor<2xf64>
      } to (tensor<2xf64>))",
                              {2});
    testCase.order = 3;
    check(testCase);
  }
}

TEST(ControlDerivative, ForThatNeverRunsWithUpperBelowLower) {
  check(oneResult("no run", {array({2})}, constantInts({{"%from", 3}, {"%to", 1}}) + R"(
    %y = descent.for %from to %to iter(%x0) : tensor<i32>, (tensor<2xf64>) {
    ^bb0(%i: tensor<i32>, %a: tensor<2xf64>):
      %b = descent.sin %a : tensor<2xf64>
      descent.yield %b : tensor<2xf64>
    } to (tensor<2xf64>))",
                  {2}));
}

TEST(ControlDerivative, SeveralCarriedValues) {
  // One is overwritten without being read, two change places, one is inactive and one an integer
  // that the recomputed body needs.
  Case testCase = oneResult("carried", {array({2}, 0.3, 1), array({2}, 0.3, 1)},
                            constantInts({{"%from", 0}, {"%to", 3}, {"%one", 1}}) + R"(
    %k = descent.constant dense<1.0> : tensor<2xf64>
    %p, %q, %o, %c, %n = descent.for %from to %to iter(%x0, %x1, %x0, %k, %from) : tensor<i32>,
        (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<i32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<2xf64>, %b: tensor<2xf64>, %d: tensor<2xf64>, %e: tensor<2xf64>, %m: tensor<i32>):
      %f = descent.convert %m : tensor<i32> to tensor<f64>
      %g = descent.broadcast %f [] : tensor<f64> to tensor<2xf64>
      %s = descent.mul %a, %b : tensor<2xf64>
      %t = descent.mul %s, %g : tensor<2xf64>
      %u = descent.exp %t : tensor<2xf64>
      %v = descent.mul %u, %e : tensor<2xf64>
      %h = descent.add %e, %e : tensor<2xf64>
      %r = descent.add %m, %one : tensor<i32>
      descent.yield %b, %v, %s, %h, %r : tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<i32>
    } to (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<i32>)
    %w = descent.mul %p, %q : tensor<2xf64>
    %y = descent.mul %w, %o : tensor<2xf64>)",
                            {2});
  testCase.order = 3;
  check(testCase);
}

TEST(ControlDerivative, SlicesAndUpdatesInALoop) {
  // y[i] = sin(x[i]) * y[i-1], and a sum over slices.
  Case testCase = oneResult("update in a loop", {array({5}, 0.3, 1)},
                            constantInts({{"%from", 1}, {"%to", 5}, {"%one", 1}}) + R"(
    %y = descent.for %from to %to iter(%x0) : tensor<i32>, (tensor<5xf64>) {
    ^bb0(%i: tensor<i32>, %a: tensor<5xf64>):
      %j = descent.sub %i, %one : tensor<i32>
      %p = descent.dynamic_slice %a[%j] sizes [1] : tensor<5xf64>, tensor<i32> to tensor<1xf64>
      %q = descent.dynamic_slice %x0[%i] sizes [1] : tensor<5xf64>, tensor<i32> to tensor<1xf64>
      %s = descent.sin %q : tensor<1xf64>
      %t = descent.mul %s, %p : tensor<1xf64>
      %b = descent.update %a, %t[%i] : tensor<5xf64>, tensor<1xf64>, tensor<i32>
      descent.yield %b : tensor<5xf64>
    } to (tensor<5xf64>))",
                            {5});
  check(testCase);
}

const char *kWhile = R"(
    %limit = descent.constant dense<20.0> : tensor<f64>
    %y = descent.while iter(%x0) : (tensor<2xf64>) {
    ^bb0(%a: tensor<2xf64>):
      %s = descent.reduce_sum %a [0] : tensor<2xf64> to tensor<f64>
      %c = descent.compare lt %s, %limit : tensor<f64>
      descent.yield %c : tensor<i1>
    } do {
    ^bb0(%a: tensor<2xf64>):
      %e = descent.exp %x1 : tensor<2xf64>
      %b = descent.mul %a, %e : tensor<2xf64>
      %d = descent.sin %b : tensor<2xf64>
      %f = descent.add %b, %d : tensor<2xf64>
      descent.yield %f : tensor<2xf64>
    } to (tensor<2xf64>))";

TEST(ControlDerivative, While) {
  Case testCase = oneResult("while", {array({2}, 1, 1.1), array({2}, 0.5, 0.6)}, kWhile, {2});
  testCase.order = 3;
  testCase.tolerance = 1e-5;
  check(testCase);
  // No run at all.
  check(
      oneResult("while that never runs", {array({2}, 20, 21), array({2}, 0.5, 0.6)}, kWhile, {2}));
}

TEST(ControlDerivative, If) {
  for (const char *which : {"true", "false"}) {
    Case testCase =
        oneResult("if", {array({2}, 0.3, 1), array({2}, 0.3, 1)},
                  std::string("%c = descent.constant dense<") + which + R"(> : tensor<i1>
      %s = descent.sin %x0 : tensor<2xf64>
      %p, %q = descent.if %c : tensor<i1> to (tensor<2xf64>, tensor<2xf64>) {
        %a = descent.mul %s, %x1 : tensor<2xf64>
        %b = descent.exp %a : tensor<2xf64>
        descent.yield %b, %a : tensor<2xf64>, tensor<2xf64>
      } else {
        %a = descent.div %s, %x0 : tensor<2xf64>
        descent.yield %a, %s : tensor<2xf64>, tensor<2xf64>
      }
      %t = descent.mul %p, %q : tensor<2xf64>
      %y = descent.mul %t, %x1 : tensor<2xf64>)",
                  {2});
    testCase.order = 3;
    check(testCase);
  }
}

TEST(ControlDerivative, IfInALoop) {
  Case testCase = oneResult("if in a loop", {array({}, 0.3, 1), array({}, 0.3, 1)},
                            constantInts({{"%from", 0}, {"%to", 4}, {"%two", 2}}) + R"(
    %y = descent.for %from to %to iter(%x0) : tensor<i32>, (tensor<f64>) {
    ^bb0(%i: tensor<i32>, %a: tensor<f64>):
      %m = descent.mod %i, %two : tensor<i32>
      %c = descent.compare eq %m, %from : tensor<i32>
      %s = descent.sin %a : tensor<f64>
      %b = descent.if %c : tensor<i1> to (tensor<f64>) {
        %u = descent.mul %s, %x1 : tensor<f64>
        descent.yield %u : tensor<f64>
      } else {
        %u = descent.exp %s : tensor<f64>
        %v = descent.mul %u, %a : tensor<f64>
        descent.yield %v : tensor<f64>
      }
      descent.yield %b : tensor<f64>
    } to (tensor<f64>))",
                            {});
  testCase.order = 3;
  check(testCase);
}

TEST(ControlDerivative, LoopInIf) {
  for (const char *which : {"true", "false"}) {
    Case testCase =
        oneResult("loop in if", {array({}, 0.3, 1), array({}, 0.3, 1)},
                  std::string("%c = descent.constant dense<") + which + "> : tensor<i1>\n" +
                      constantInts({{"%from", 0}, {"%to", 3}}) + R"(
      %y = descent.if %c : tensor<i1> to (tensor<f64>) {
        %r = descent.for %from to %to iter(%x0) : tensor<i32>, (tensor<f64>) {
        ^bb0(%i: tensor<i32>, %a: tensor<f64>):
          %s = descent.sin %a : tensor<f64>
          %u = descent.mul %s, %x1 : tensor<f64>
          descent.yield %u : tensor<f64>
        } to (tensor<f64>)
        %t = descent.mul %r, %r : tensor<f64>
        descent.yield %t : tensor<f64>
      } else {
        descent.yield %x1 : tensor<f64>
      })",
                  {});
    testCase.order = 3;
    check(testCase);
  }
}

TEST(ControlDerivative, LoopInALoop) {
  Case testCase = oneResult("nested loops", {array({}, 0.3, 1), array({}, 0.3, 1)},
                            constantInts({{"%from", 0}, {"%to", 3}}) + R"(
    %y = descent.for %from to %to iter(%x0) : tensor<i32>, (tensor<f64>) {
    ^bb0(%i: tensor<i32>, %a: tensor<f64>):
      %g = descent.exp %a : tensor<f64>
      %b = descent.for %from to %i iter(%a) : tensor<i32>, (tensor<f64>) {
      ^bb0(%j: tensor<i32>, %c: tensor<f64>):
        %s = descent.sin %c : tensor<f64>
        %t = descent.mul %s, %x1 : tensor<f64>
        %u = descent.mul %t, %g : tensor<f64>
        descent.yield %u : tensor<f64>
      } to (tensor<f64>)
      %d = descent.mul %b, %x0 : tensor<f64>
      descent.yield %d : tensor<f64>
    } to (tensor<f64>))",
                            {});
  testCase.order = 3;
  check(testCase);
}

TEST(ControlDerivative, WhileInALoopInAnIfInALoop) {
  Case testCase = oneResult("deep nest", {array({}, 1, 1.2), array({}, 1.1, 1.2)},
                            constantInts({{"%from", 0}, {"%to", 3}, {"%one", 1}}) + R"(
    %limit = descent.constant dense<3.0> : tensor<f64>
    %tenth = descent.constant dense<0.1> : tensor<f64>
    %y = descent.for %from to %to iter(%x0) : tensor<i32>, (tensor<f64>) {
    ^bb0(%i: tensor<i32>, %a: tensor<f64>):
      %c = descent.compare eq %i, %one : tensor<i32>
      %b = descent.if %c : tensor<i1> to (tensor<f64>) {
        %r = descent.for %from to %i iter(%a) : tensor<i32>, (tensor<f64>) {
        ^bb0(%j: tensor<i32>, %e: tensor<f64>):
          %w = descent.while iter(%e) : (tensor<f64>) {
          ^bb0(%f: tensor<f64>):
            %l = descent.compare lt %f, %limit : tensor<f64>
            descent.yield %l : tensor<i1>
          } do {
          ^bb0(%f: tensor<f64>):
            %p = descent.mul %f, %x1 : tensor<f64>
            %q = descent.sin %f : tensor<f64>
            %o = descent.mul %q, %tenth : tensor<f64>
            %n = descent.add %p, %o : tensor<f64>
            descent.yield %n : tensor<f64>
          } to (tensor<f64>)
          descent.yield %w : tensor<f64>
        } to (tensor<f64>)
        descent.yield %r : tensor<f64>
      } else {
        %s = descent.mul %a, %x1 : tensor<f64>
        descent.yield %s : tensor<f64>
      }
      %t = descent.mul %b, %tenth : tensor<f64>
      %u = descent.exp %t : tensor<f64>
      descent.yield %u : tensor<f64>
    } to (tensor<f64>))",
                            {});
  testCase.order = 3;
  testCase.tolerance = 1e-5;
  check(testCase);
}

/// The derivative of z^3 sin(z) x0 by z at z = %v, as text that defines %`name`.
std::string innerDerivative(const std::string &mode, const std::string &name) {
  std::string seeds = mode == "F" ? "jvp(%v) tangents" : "vjp(%v) cotangents";
  std::string types = mode == "F" ? "tangents" : "cotangents";
  return "%" + name + ":2 = descent." + seeds + "(%ones) : (tensor<f64>) " + types +
         R"( (tensor<f64>) {
      ^bb0(%z: tensor<f64>):
        %p = descent.for %from to %to iter(%z) : tensor<i32>, (tensor<f64>) {
        ^bb0(%k: tensor<i32>, %q: tensor<f64>):
          %o = descent.mul %q, %z : tensor<f64>
          %n = descent.mul %o, %v : tensor<f64>
          %m = descent.sin %n : tensor<f64>
          descent.yield %m : tensor<f64>
        } to (tensor<f64>)
        %h = descent.mul %p, %x0 : tensor<f64>
        descent.yield %h : tensor<f64>
      } to (tensor<f64>, tensor<f64>)
)";
}

TEST(ControlDerivative, LoopsInDerivativesInLoops) {
  // A descent by the derivative of a loop, which also closes over what is differentiated outside.
  for (const char *mode : {"F", "R"}) {
    Case testCase = oneResult(std::string("descent in mode ") + mode,
                              {array({}, 0.5, 0.8), array({}, 0.5, 0.8)},
                              constantInts({{"%from", 0}, {"%to", 2}, {"%steps", 3}}) + R"(
      %ones = descent.constant dense<1.0> : tensor<f64>
      %rate = descent.constant dense<0.1> : tensor<f64>
      %y = descent.for %from to %steps iter(%x1) : tensor<i32>, (tensor<f64>) {
      ^bb0(%i: tensor<i32>, %v: tensor<f64>):
        )" + innerDerivative(mode, "g") +
                                  R"(
        %s = descent.mul %g#1, %rate : tensor<f64>
        %w = descent.sub %v, %s : tensor<f64>
        descent.yield %w : tensor<f64>
      } to (tensor<f64>))",
                              {});
    testCase.order = 3;
    check(testCase);
  }
}

TEST(ControlDerivative, PerturbationsAreNotConfused) {
  // d/dx (x * d/dy (x + y)) is 1, not 2, and d/dx (x * d/dy (x * y)) at 3 is 6.
  for (const char *inner : {"F", "R"}) {
    std::string op = inner == std::string("F") ? "jvp" : "vjp";
    std::string seeds = inner == std::string("F") ? "tangents" : "cotangents";
    for (auto [operation, expected] : {std::pair("add", 1.0), std::pair("mul", 6.0)}) {
      std::string body = R"(
        %one = descent.constant dense<1.0> : tensor<1xf64>
        %r:2 = descent.)" +
                         op + "(%one) " + seeds + "(%one) : (tensor<1xf64>) " + seeds +
                         R"( (tensor<1xf64>) {
        ^bb0(%b: tensor<1xf64>):
          %s = descent.)" +
                         operation + R"( %x0, %b : tensor<1xf64>
          descent.yield %s : tensor<1xf64>
        } to (tensor<1xf64>, tensor<1xf64>)
        %y = descent.mul %x0, %r#1 : tensor<1xf64>)";
      for (const char *outer : {"F", "R"})
        EXPECT_EQ(derivativeOf(body, "%y", {3}, outer), std::vector<double>{expected});
    }
  }
}

// The saddle point of (x1^2 + y1^2) - (x2^2 + y2^2), first over (x1, y1), then over (x2, y2): each
// by a gradient descent whose length is found out at run time, the outer one through the inner one.
std::string saddle(const std::string &outerMode, const std::string &innerMode) {
  auto gradient = [](const std::string &mode, const std::string &name, const std::string &at,
                     const std::string &argument, const std::string &body,
                     const std::string &result) {
    std::string text;
    if (mode == "R")
      return "%" + name + ":2 = descent.vjp(" + at +
             ") cotangents(%one) : (tensor<2xf64>) cotangents (tensor<f64>) {\n^bb0(" + argument +
             ": tensor<2xf64>):\n" + body + "descent.yield " + result +
             " : tensor<f64>\n} to (tensor<f64>, tensor<2xf64>)\n%" + name + "g = descent.mul %" +
             name + "#1, %ones : tensor<2xf64>\n";
    // Forward mode: one direction for each element.
    std::string parts;
    for (std::string k : {"0", "1"}) {
      text += "%" + name + k + ":2 = descent.jvp(" + at + ") tangents(%e" + k +
              ") : (tensor<2xf64>) tangents (tensor<2xf64>) {\n^bb0(" + argument +
              ": tensor<2xf64>):\n" + body + "descent.yield " + result +
              " : tensor<f64>\n} to (tensor<f64>, tensor<f64>)\n";
      text += "%" + name + "r" + k + " = descent.reshape %" + name + k +
              "#1 : tensor<f64> to tensor<1xf64>\n";
      parts += (parts.empty() ? "%" : ", %") + name + "r" + k;
    }
    return text + "%" + name + "g = descent.concat 0 " + parts +
           " : (tensor<1xf64>, tensor<1xf64>) to tensor<2xf64>\n";
  };
  auto descend = [](const std::string &name, const std::string &from, const std::string &point,
                    const std::string &gradientText, const std::string &gradientName,
                    const std::string &step) {
    return "%" + name + ", %" + name + "n = descent.while iter(" + from +
           ", %big) : (tensor<2xf64>, tensor<f64>) {\n^bb0(%" + name + "p: tensor<2xf64>, %" +
           name + "q: tensor<f64>):\n%" + name + "c = descent.compare gt %" + name +
           "q, %small : tensor<f64>\ndescent.yield %" + name + "c : tensor<i1>\n} do {\n^bb0(" +
           point + ": tensor<2xf64>, %" + name + "s: tensor<f64>):\n" + gradientText + "%" + name +
           "d = descent.mul %" + gradientName + "g, %rate : tensor<2xf64>\n%" + name +
           "w = descent." + step + " " + point + ", %" + name + "d : tensor<2xf64>\n%" + name +
           "k = descent.mul %" + gradientName + "g, %" + gradientName + "g : tensor<2xf64>\n%" +
           name + "z = descent.reduce_sum %" + name +
           "k [0] : tensor<2xf64> to tensor<f64>\ndescent.yield %" + name + "w, %" + name +
           "z : tensor<2xf64>, tensor<f64>\n} to (tensor<2xf64>, tensor<f64>)\n";
  };
  auto value = [](const std::string &prefix, const std::string &x, const std::string &y) {
    return "%" + prefix + "a = descent.mul " + x + ", " + x + " : tensor<2xf64>\n%" + prefix +
           "b = descent.mul " + y + ", " + y + " : tensor<2xf64>\n%" + prefix +
           "c = descent.sub %" + prefix + "a, %" + prefix + "b : tensor<2xf64>\n%" + prefix +
           "v = descent.reduce_sum %" + prefix + "c [0] : tensor<2xf64> to tensor<f64>\n";
  };
  std::string innerGradient =
      gradient(innerMode, "ig", "%yp", "%ya", value("i", "%xa", "%ya"), "%iv");
  std::string inner =
      descend("in", "%start", "%yp", innerGradient, "ig", "add") + value("o", "%xa", "%in");
  std::string outerGradient = gradient(outerMode, "og", "%xp", "%xa", inner, "%ov");
  return R"(func.func @main(%start: tensor<2xf64>) -> tensor<2xf64> {
    %one = descent.constant dense<1.0> : tensor<f64>
    %ones = descent.constant dense<1.0> : tensor<2xf64>
    %e0 = descent.constant dense<[1.0, 0.0]> : tensor<2xf64>
    %e1 = descent.constant dense<[0.0, 1.0]> : tensor<2xf64>
    %rate = descent.constant dense<0.1> : tensor<2xf64>
    %big = descent.constant dense<1.0> : tensor<f64>
    %small = descent.constant dense<1.0e-12> : tensor<f64>
)" + descend("out", "%start", "%xp", outerGradient, "og", "sub") +
         "return %out : tensor<2xf64>\n}\n";
}

TEST(ControlDerivative, SaddlePointByNestedDescent) {
  for (const char *outer : {"F", "R"})
    for (const char *inner : {"F", "R"}) {
      auto results = expandAndRun(saddle(outer, inner), {f64({2}, {1, 1})});
      ASSERT_EQ(results.size(), 1u) << outer << inner;
      EXPECT_NEAR(results[0].number(0), 0, 1e-5) << outer << inner;
      EXPECT_NEAR(results[0].number(1), 0, 1e-5) << outer << inner;
    }
}

TEST(ControlDerivative, FourthOrderThroughALoop) {
  Case testCase =
      oneResult("fourth order", {array({}, 0.3, 1)}, constantInts({{"%from", 0}, {"%to", 2}}) + R"(
    %y = descent.for %from to %to iter(%x0) : tensor<i32>, (tensor<f64>) {
    ^bb0(%i: tensor<i32>, %a: tensor<f64>):
      %s = descent.sin %a : tensor<f64>
      %t = descent.mul %s, %x0 : tensor<f64>
      descent.yield %t : tensor<f64>
    } to (tensor<f64>))",
                {});
  testCase.order = 4;
  testCase.tolerance = 1e-5;
  check(testCase);
}

} // namespace

} // namespace descent::derivative::test
