// Loops and branches; arrays carried by them; tapes.
#include "tests/unit/cpu/Harness.h"

namespace descent::tests {
namespace {

TEST(Control, ScalarLoop) {
  std::string text = R"(func.func @f(%n: tensor<i32>, %x: tensor<f64>) -> (tensor<f64>, tensor<i32>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %r, %s = descent.for %zero to %n iter(%x, %zero) : tensor<i32>, (tensor<f64>, tensor<i32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<f64>, %t: tensor<i32>):
      %c = descent.cos %a : tensor<f64>
      %u = descent.add %t, %i : tensor<i32>
      descent.yield %c, %u : tensor<f64>, tensor<i32>
    } to (tensor<f64>, tensor<i32>)
    return %r, %s : tensor<f64>, tensor<i32>
  })";
  for (double n : {-3.0, 0.0, 1.0, 2.0, 50.0})
    expectAgreement(text, {i32({}, {n}), f64({}, {0.25})}, 1e-13);
  // The fixed point of the cosine.
  auto result = compileFunction(text)({i32({}, {200}), f64({}, {1})});
  EXPECT_NEAR(result[0].number(0), 0.7390851332151607, 1e-15);
  EXPECT_EQ(result[1].integer(0), 199 * 200 / 2);
}

TEST(Control, LoopBoundsOf64Bits) {
  expectAgreement(R"(func.func @f(%x: tensor<i64>) -> tensor<i64> {
    %lo = descent.constant dense<4000000000> : tensor<i64>
    %hi = descent.constant dense<4000000005> : tensor<i64>
    %r = descent.for %lo to %hi iter(%x) : tensor<i64>, (tensor<i64>) {
    ^bb0(%i: tensor<i64>, %a: tensor<i64>):
      %b = descent.add %a, %i : tensor<i64>
      descent.yield %b : tensor<i64>
    } to (tensor<i64>)
    return %r : tensor<i64>
  })");
}

TEST(Control, WhileLoop) {
  std::string text = R"(func.func @f(%x: tensor<f32>, %v: tensor<5xf32>, %limit: tensor<f32>) -> (tensor<f32>, tensor<5xf32>) {
    %r, %w = descent.while iter(%x, %v) : (tensor<f32>, tensor<5xf32>) {
    ^bb0(%a: tensor<f32>, %b: tensor<5xf32>):
      %m = descent.reduce_max %b [0] : tensor<5xf32> to tensor<f32>
      %s = descent.add %a, %m : tensor<f32>
      %c = descent.compare lt %s, %limit : tensor<f32>
      descent.yield %c : tensor<i1>
    } do {
    ^bb0(%a: tensor<f32>, %b: tensor<5xf32>):
      %k = descent.constant dense<1.5> : tensor<f32>
      %kb = descent.broadcast %k [] : tensor<f32> to tensor<5xf32>
      %b2 = descent.mul %b, %kb : tensor<5xf32>
      %a2 = descent.add %a, %k : tensor<f32>
      descent.yield %a2, %b2 : tensor<f32>, tensor<5xf32>
    } to (tensor<f32>, tensor<5xf32>)
    return %r, %w : tensor<f32>, tensor<5xf32>
  })";
  Tensor v = f32({5}, {0.5, 0.25, 1, 0.125, 0.75});
  for (double limit : {-10.0, 3.0, 100.0})
    expectAgreement(text, {f32({}, {1}), v, f32({}, {limit})});
}

TEST(Control, Branches) {
  std::string text = R"(func.func @f(%c: tensor<i1>, %x: tensor<6xf32>, %y: tensor<6xf32>, %s: tensor<f32>) -> (tensor<6xf32>, tensor<f32>, tensor<6xf32>, tensor<6xf32>) {
    %e = descent.exp %x : tensor<6xf32>
    %a, %b, %p, %q = descent.if %c : tensor<i1> to (tensor<6xf32>, tensor<f32>, tensor<6xf32>, tensor<6xf32>) {
      %m = descent.mul %x, %y : tensor<6xf32>
      %t = descent.reduce_sum %m [0] : tensor<6xf32> to tensor<f32>
      descent.yield %m, %t, %x, %e : tensor<6xf32>, tensor<f32>, tensor<6xf32>, tensor<6xf32>
    } else {
      %z = descent.constant dense<2.0> : tensor<6xf32>
      descent.yield %z, %s, %e, %y : tensor<6xf32>, tensor<f32>, tensor<6xf32>, tensor<6xf32>
    }
    return %a, %b, %p, %q : tensor<6xf32>, tensor<f32>, tensor<6xf32>, tensor<6xf32>
  })";
  for (double c : {0.0, 1.0})
    expectAgreement(text, {boolean({}, {c}), sample("tensor<6xf32>", 1), sample("tensor<6xf32>", 2),
                           f32({}, {3})},
                    1e-5, 1e-5);
}

TEST(Control, CarriedArraysChangePlaces) {
  // Two in a swap, three in a ring, one left behind, one that is both.
  std::string text = R"(func.func @f(%n: tensor<i32>, %x: tensor<4xf32>, %y: tensor<4xf32>, %z: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %r:7 = descent.for %zero to %n iter(%x, %y, %x, %y, %z, %x, %z) : tensor<i32>, (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>, %d: tensor<4xf32>, %e: tensor<4xf32>, %g: tensor<4xf32>, %h: tensor<4xf32>):
      %s = descent.add %g, %b : tensor<4xf32>
      descent.yield %b, %a, %d, %e, %c, %s, %g : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
    } to (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
    return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5, %r#6 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  })";
  for (double n : {0, 1, 2, 3, 7})
    expectAgreement(text, {i32({}, {n}), f32({4}, {1, 2, 3, 4}), f32({4}, {5, 6, 7, 8}),
                           f32({4}, {9, 10, 11, 12})});
}

TEST(Control, ArraysWithoutElementsChangePlaces) {
  expectAgreement(R"(func.func @f(%n: tensor<i32>, %x: tensor<0x3xf32>, %y: tensor<0x3xf32>) -> (tensor<0x3xf32>, tensor<0x3xf32>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %r:2 = descent.for %zero to %n iter(%x, %y) : tensor<i32>, (tensor<0x3xf32>, tensor<0x3xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<0x3xf32>, %b: tensor<0x3xf32>):
      descent.yield %b, %a : tensor<0x3xf32>, tensor<0x3xf32>
    } to (tensor<0x3xf32>, tensor<0x3xf32>)
    return %r#0, %r#1 : tensor<0x3xf32>, tensor<0x3xf32>
  })", {i32({}, {3}), f32({0, 3}, {}), f32({0, 3}, {})});
}

TEST(Control, SwapInABranchOfALoop) {
  std::string text = R"(func.func @f(%n: tensor<i32>, %x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %two = descent.constant dense<2> : tensor<i32>
    %r:2 = descent.for %zero to %n iter(%x, %y) : tensor<i32>, (tensor<4xf32>, tensor<4xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<4xf32>, %b: tensor<4xf32>):
      %m = descent.mod %i, %two : tensor<i32>
      %c = descent.compare eq %m, %zero : tensor<i32>
      %p:2 = descent.if %c : tensor<i1> to (tensor<4xf32>, tensor<4xf32>) {
        descent.yield %b, %a : tensor<4xf32>, tensor<4xf32>
      } else {
        %d = descent.add %a, %b : tensor<4xf32>
        descent.yield %a, %d : tensor<4xf32>, tensor<4xf32>
      }
      descent.yield %p#0, %p#1 : tensor<4xf32>, tensor<4xf32>
    } to (tensor<4xf32>, tensor<4xf32>)
    return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
  })";
  for (double n : {0, 1, 2, 3, 6})
    expectAgreement(text, {i32({}, {n}), f32({4}, {1, 2, 3, 4}), f32({4}, {5, 6, 7, 8})});
}

TEST(Control, ReversalReadsBeforeItWrites) {
  // Neither may be computed into the memory of what it still reads.
  std::string text = R"(func.func @f(%n: tensor<i32>, %x: tensor<9xf32>, %m: tensor<3x3xf32>) -> (tensor<9xf32>, tensor<3x3xf32>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %r, %s = descent.for %zero to %n iter(%x, %m) : tensor<i32>, (tensor<9xf32>, tensor<3x3xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<9xf32>, %p: tensor<3x3xf32>):
      %b = descent.reverse %a [0] : tensor<9xf32>
      %c = descent.add %a, %b : tensor<9xf32>
      %d = descent.add %c, %b : tensor<9xf32>
      %q = descent.transpose %p [1, 0] : tensor<3x3xf32> to tensor<3x3xf32>
      %t = descent.dot %p, %q batch [] x [] contract [1] x [0] : tensor<3x3xf32>, tensor<3x3xf32> to tensor<3x3xf32>
      %u = descent.add %t, %q : tensor<3x3xf32>
      descent.yield %d, %u : tensor<9xf32>, tensor<3x3xf32>
    } to (tensor<9xf32>, tensor<3x3xf32>)
    return %r, %s : tensor<9xf32>, tensor<3x3xf32>
  })";
  for (double n : {0, 1, 2, 4})
    expectAgreement(text, {i32({}, {n}), f32({9}, {1, 2, 3, 4, 5, 6, 7, 8, 9}),
                           f32({3, 3}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9})},
                    1e-5, 1e-5);
}

TEST(Control, UpdatesInLoops) {
  std::string text = R"(func.func @f(%n: tensor<i32>, %h: tensor<10xf32>, %g: tensor<6x3xf32>, %x: tensor<3xf32>) -> (tensor<10xf32>, tensor<6x3xf32>, tensor<3xf32>, tensor<10xf32>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %r:4 = descent.for %zero to %n iter(%h, %g, %x, %h) : tensor<i32>, (tensor<10xf32>, tensor<6x3xf32>, tensor<3xf32>, tensor<10xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<10xf32>, %b: tensor<6x3xf32>, %c: tensor<3xf32>, %k: tensor<10xf32>):
      %s = descent.reduce_sum %c [0] : tensor<3xf32> to tensor<f32>
      %s1 = descent.reshape %s : tensor<f32> to tensor<1xf32>
      %a2 = descent.update %a, %s1[%i] : tensor<10xf32>, tensor<1xf32>, tensor<i32>
      %row = descent.dynamic_slice %b[%i, %zero] sizes [1, 3] : tensor<6x3xf32>, tensor<i32>, tensor<i32> to tensor<1x3xf32>
      %c1 = descent.reshape %c : tensor<3xf32> to tensor<1x3xf32>
      %new = descent.add %row, %c1 : tensor<1x3xf32>
      %b2 = descent.update %b, %new[%i, %zero] : tensor<6x3xf32>, tensor<1x3xf32>, tensor<i32>, tensor<i32>
      %flat = descent.reshape %new : tensor<1x3xf32> to tensor<3xf32>
      %c2 = descent.reverse %flat [0] : tensor<3xf32>
      %box = descent.dynamic_slice %k[%i] sizes [4] : tensor<10xf32>, tensor<i32> to tensor<4xf32>
      %turned = descent.reverse %box [0] : tensor<4xf32>
      %k2 = descent.update %k, %turned[%i] : tensor<10xf32>, tensor<4xf32>, tensor<i32>
      descent.yield %a2, %b2, %c2, %k2 : tensor<10xf32>, tensor<6x3xf32>, tensor<3xf32>, tensor<10xf32>
    } to (tensor<10xf32>, tensor<6x3xf32>, tensor<3xf32>, tensor<10xf32>)
    return %r#0, %r#1, %r#2, %r#3 : tensor<10xf32>, tensor<6x3xf32>, tensor<3xf32>, tensor<10xf32>
  })";
  for (double n : {0, 1, 5, 12})
    expectAgreement(text, {i32({}, {n}), sample("tensor<10xf32>", 1), sample("tensor<6x3xf32>", 2),
                           sample("tensor<3xf32>", 3)},
                    1e-5, 1e-5);
}

TEST(Control, OldVersionsStayWhereTheyAreRead) {
  // The array before the update is needed after it.
  expectAgreement(R"(func.func @f(%x: tensor<8xf32>, %i: tensor<i32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<f32>) {
    %e = descent.exp %x : tensor<8xf32>
    %v = descent.constant dense<[-1.0]> : tensor<1xf32>
    %u = descent.update %e, %v[%i] : tensor<8xf32>, tensor<1xf32>, tensor<i32>
    %w = descent.update %u, %v[%i] : tensor<8xf32>, tensor<1xf32>, tensor<i32>
    %d = descent.sub %w, %e : tensor<8xf32>
    %s = descent.reduce_sum %u [0] : tensor<8xf32> to tensor<f32>
    return %d, %e, %s : tensor<8xf32>, tensor<8xf32>, tensor<f32>
  })", 1e-5, 1e-5);
}

TEST(Control, NestedLoops) {
  std::string text = R"(func.func @f(%n: tensor<i32>, %x: tensor<5xf32>) -> (tensor<5xf32>, tensor<5x5xf32>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %three = descent.constant dense<3> : tensor<i32>
    %none = descent.constant dense<0.0> : tensor<5x5xf32>
    %r, %s = descent.for %zero to %n iter(%x, %none) : tensor<i32>, (tensor<5xf32>, tensor<5x5xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<5xf32>, %h: tensor<5x5xf32>):
      %start = descent.constant dense<1.0> : tensor<5xf32>
      %b, %g = descent.for %zero to %three iter(%start, %h) : tensor<i32>, (tensor<5xf32>, tensor<5x5xf32>) {
      ^bb0(%j: tensor<i32>, %c: tensor<5xf32>, %k: tensor<5x5xf32>):
        %d = descent.mul %c, %a : tensor<5xf32>
        %half = descent.constant dense<0.5> : tensor<5xf32>
        %d2 = descent.mul %d, %half : tensor<5xf32>
        %row = descent.reshape %d2 : tensor<5xf32> to tensor<1x5xf32>
        %k2 = descent.update %k, %row[%i, %j] : tensor<5x5xf32>, tensor<1x5xf32>, tensor<i32>, tensor<i32>
        descent.yield %d2, %k2 : tensor<5xf32>, tensor<5x5xf32>
      } to (tensor<5xf32>, tensor<5x5xf32>)
      %e = descent.sin %b : tensor<5xf32>
      %f = descent.add %e, %a : tensor<5xf32>
      descent.yield %f, %g : tensor<5xf32>, tensor<5x5xf32>
    } to (tensor<5xf32>, tensor<5x5xf32>)
    return %r, %s : tensor<5xf32>, tensor<5x5xf32>
  })";
  for (double n : {0, 1, 4})
    expectAgreement(text, {i32({}, {n}), f32({5}, {0.5, -0.25, 1, 0.125, 0.75})}, 1e-5, 1e-5);
}

TEST(Control, ConditionalUpdates) {
  std::string text = R"(func.func @f(%n: tensor<i32>, %h: tensor<10xf32>) -> tensor<10xf32> {
    %zero = descent.constant dense<0> : tensor<i32>
    %three = descent.constant dense<3> : tensor<i32>
    %r = descent.for %zero to %n iter(%h) : tensor<i32>, (tensor<10xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<10xf32>):
      %m = descent.mod %i, %three : tensor<i32>
      %c = descent.compare eq %m, %zero : tensor<i32>
      %b = descent.if %c : tensor<i1> to (tensor<10xf32>) {
        %v = descent.constant dense<[7.0]> : tensor<1xf32>
        %u = descent.update %a, %v[%i] : tensor<10xf32>, tensor<1xf32>, tensor<i32>
        descent.yield %u : tensor<10xf32>
      } else {
        descent.yield %a : tensor<10xf32>
      }
      descent.yield %b : tensor<10xf32>
    } to (tensor<10xf32>)
    return %r : tensor<10xf32>
  })";
  expectAgreement(text, {i32({}, {10}), sample("tensor<10xf32>", 1)});
}

TEST(Control, InvariantsAreCaptured) {
  // Values of the outside in a loop: a register, an input, something computed, something cheap.
  expectAgreement(R"(func.func @f(%x: tensor<6xf32>, %s: tensor<f32>, %m: tensor<2x3xf32>) -> tensor<6xf32> {
    %zero = descent.constant dense<0> : tensor<i32>
    %four = descent.constant dense<4> : tensor<i32>
    %e = descent.exp %x : tensor<6xf32>
    %sb = descent.broadcast %s [] : tensor<f32> to tensor<6xf32>
    %t = descent.transpose %m [1, 0] : tensor<2x3xf32> to tensor<3x2xf32>
    %iota = descent.iota 0 : tensor<6xf32>
    %mm = descent.reshape %t : tensor<3x2xf32> to tensor<6xf32>
    %r = descent.for %zero to %four iter(%x) : tensor<i32>, (tensor<6xf32>) {
    ^bb0(%i: tensor<i32>, %a: tensor<6xf32>):
      %b = descent.mul %a, %sb : tensor<6xf32>
      %c = descent.add %b, %e : tensor<6xf32>
      %d = descent.sub %c, %iota : tensor<6xf32>
      %g = descent.add %d, %mm : tensor<6xf32>
      descent.yield %g : tensor<6xf32>
    } to (tensor<6xf32>)
    return %r : tensor<6xf32>
  })", 1e-5, 1e-4);
}

TEST(Control, Tapes) {
  std::string text = R"(func.func @f(%n: tensor<i32>, %x: tensor<3xf32>) -> (tensor<3xf32>, tensor<i32>, tensor<3xf32>) {
    %zero = descent.constant dense<0> : tensor<i32>
    %t0 = descent.tape_create : !descent.tape<tensor<3xf32>>
    %u0 = descent.tape_create : !descent.tape<tensor<i32>>
    %t, %u, %y = descent.for %zero to %n iter(%t0, %u0, %x) : tensor<i32>, (!descent.tape<tensor<3xf32>>, !descent.tape<tensor<i32>>, tensor<3xf32>) {
    ^bb0(%i: tensor<i32>, %a: !descent.tape<tensor<3xf32>>, %b: !descent.tape<tensor<i32>>, %c: tensor<3xf32>):
      %a2 = descent.tape_push %a, %c : !descent.tape<tensor<3xf32>>, tensor<3xf32>
      %b2 = descent.tape_push %b, %i : !descent.tape<tensor<i32>>, tensor<i32>
      %d = descent.sin %c : tensor<3xf32>
      descent.yield %a2, %b2, %d : !descent.tape<tensor<3xf32>>, !descent.tape<tensor<i32>>, tensor<3xf32>
    } to (!descent.tape<tensor<3xf32>>, !descent.tape<tensor<i32>>, tensor<3xf32>)
    %one = descent.constant dense<1.0> : tensor<3xf32>
    %v, %w, %g, %k = descent.for %zero to %n iter(%t, %u, %one, %zero) : tensor<i32>, (!descent.tape<tensor<3xf32>>, !descent.tape<tensor<i32>>, tensor<3xf32>, tensor<i32>) {
    ^bb0(%i: tensor<i32>, %a: !descent.tape<tensor<3xf32>>, %b: !descent.tape<tensor<i32>>, %c: tensor<3xf32>, %s: tensor<i32>):
      %a2, %p = descent.tape_pop %a : !descent.tape<tensor<3xf32>>, tensor<3xf32>
      %b2, %q = descent.tape_pop %b : !descent.tape<tensor<i32>>, tensor<i32>
      %d = descent.cos %p : tensor<3xf32>
      %e = descent.mul %c, %d : tensor<3xf32>
      %m = descent.mul %q, %i : tensor<i32>
      %s2 = descent.add %s, %m : tensor<i32>
      descent.yield %a2, %b2, %e, %s2 : !descent.tape<tensor<3xf32>>, !descent.tape<tensor<i32>>, tensor<3xf32>, tensor<i32>
    } to (!descent.tape<tensor<3xf32>>, !descent.tape<tensor<i32>>, tensor<3xf32>, tensor<i32>)
    %rest, %empty = descent.tape_pop %v : !descent.tape<tensor<3xf32>>, tensor<3xf32>
    %rest2, %none = descent.tape_pop %w : !descent.tape<tensor<i32>>, tensor<i32>
    %k2 = descent.add %k, %none : tensor<i32>
    return %g, %k2, %empty : tensor<3xf32>, tensor<i32>, tensor<3xf32>
  })";
  for (double n : {0, 1, 2, 100})
    expectAgreement(text, {i32({}, {n}), f32({3}, {0.5, 1, -2})}, 1e-4, 1e-5);
}

TEST(Control, LongPrograms) {
  // Neither forming nor emission may recurse through a program: a chain of operations on arrays, and
  // one on scalars.
  std::string text = "func.func @f(%x: tensor<3xf32>, %s: tensor<f32>) -> (tensor<3xf32>, tensor<f32>) {\n"
                     "  %a0 = descent.neg %x : tensor<3xf32>\n  %b0 = descent.neg %s : tensor<f32>\n";
  int count = 3000;
  for (int i = 1; i <= count; ++i) {
    std::string now = std::to_string(i), before = std::to_string(i - 1);
    text += "  %a" + now + " = descent.add %a" + before + ", %x : tensor<3xf32>\n";
    text += "  %b" + now + " = descent.add %b" + before + ", %s : tensor<f32>\n";
  }
  text += "  return %a" + std::to_string(count) + ", %b" + std::to_string(count) +
          " : tensor<3xf32>, tensor<f32>\n}";
  auto result = compileFunction(text)({f32({3}, {1, 2, 4}), f32({}, {1})});
  EXPECT_EQ(result[0].number(2), 4.0 * (count - 1));
  EXPECT_EQ(result[1].number(0), count - 1);
}

} // namespace
} // namespace descent::tests
