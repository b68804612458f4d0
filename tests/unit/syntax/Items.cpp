#include "tests/unit/syntax/Support.h"

#include <gmock/gmock.h>

using descent::test::Parsed;
using descent::test::tree;
using testing::ElementsAre;

namespace {

TEST(Items, Precision) {
  EXPECT_EQ(tree("precision f64"), "precision f64");
  EXPECT_EQ(tree("precision tf32"), "precision tf32");
  EXPECT_EQ(tree("# first\n\nprecision f32\nuse nn"), "precision f32 | use nn");
  EXPECT_THAT(Parsed("precision f64\nprecision f32").ids(), ElementsAre("2:1 precision-first"));
}

TEST(Items, Modules) {
  EXPECT_EQ(tree("use stats"), "use stats");
  EXPECT_EQ(tree("use stats, nn as n,\n  optim"), "use stats, nn as n, optim");
  EXPECT_EQ(tree("import \"util.gd\" as u"), "import \"util.gd\" as u");
  EXPECT_THAT(Parsed("import \"util.gd\"").ids(), ElementsAre("1:17 expected-token"));
  EXPECT_THAT(Parsed("import \"{a}.gd\" as u").ids(), ElementsAre("1:8 plain-string"));
}

TEST(Items, Data) {
  EXPECT_EQ(tree("data d = \"points.csv\""), "data d = \"points.csv\"");
  EXPECT_THAT(Parsed("data d = points").ids(), ElementsAre("1:10 expected-token"));
  EXPECT_THAT(Parsed("data d \"points.csv\"").ids(), ElementsAre("1:8 expected-token"));
}

TEST(Items, Param) {
  EXPECT_EQ(tree("param w = 0.0"), "param w = 0f");
  EXPECT_EQ(tree("param w: f32[3] = zeros([3])"), "param w:f32[3] = zeros([array 3])");
}

TEST(Items, Bindings) {
  EXPECT_EQ(tree("let x = 1"), "let x = 1");
  EXPECT_EQ(tree("let x: f32[n, 3] = 1"), "let x:f32[n, 3] = 1");
  EXPECT_EQ(tree("let (a, (b, _)) = c"), "let tuple(a, tuple(b, _)) = c");
  EXPECT_EQ(tree("let a, b = c"), "let tuple(a, b) = c");
  EXPECT_EQ(tree("let {w, b: bias} = r"), "let record{w:w, b:bias} = r");
  EXPECT_EQ(tree("let (a,) = c"), "let tuple(a) = c");
  EXPECT_EQ(tree("let (a) = c"), "let a = c");
  EXPECT_EQ(tree("var x: i32 = 1"), "var x:i32 = 1");
  EXPECT_EQ(tree("let x =\n  1"), "let x = 1");
}

TEST(Items, Functions) {
  EXPECT_EQ(tree("fn f() = 1"), "fn f() = 1");
  EXPECT_EQ(tree("fn f(a, b: f32[n], c = 1.0) -> f32[n] = a"),
            "fn f(a, b:f32[n], c=1f) -> f32[n] = a");
  EXPECT_EQ(tree("fn f(x) {\n  let y = x\n  y\n}"), "fn f(x) {let y = x | y}");
  EXPECT_EQ(tree("fn f(x) = {\n  let y = x\n  y\n}"), "fn f(x) = {let y = x | y}");
  EXPECT_EQ(tree("fn f(x) -> {w: f32} { x }"), "fn f(x) -> record{w:f32} {x}");
  EXPECT_EQ(tree("fn f(x) {}"), "fn f(x) {}");
  EXPECT_EQ(tree("fn f(\n  x,\n  y,\n) =\n  x"), "fn f(x, y) = x");
  EXPECT_EQ(tree("fn f(x)\n  = x"), "fn f(x) = x");
  EXPECT_EQ(tree("export fn f(x: f32) -> f32 = x"), "export fn f(x:f32) -> f32 = x");
  EXPECT_EQ(tree("fn f(x) = {\n  fn g(y) = y\n  g(x)\n}"), "fn f(x) = {fn g(y) = y | g(x)}");
}

TEST(Items, Types) {
  EXPECT_EQ(tree("fn f(a: (f32, i32), b: (f32,), c: (), d: (f32)) = a"),
            "fn f(a:tuple(f32, i32), b:tuple(f32), c:tuple(), d:f32) = a");
  EXPECT_EQ(tree("fn f(a: {w: f32[d], b: {c: key}}) = a"),
            "fn f(a:record{w:f32[d], b:record{c:key}}) = a");
  EXPECT_EQ(tree("fn f(a: f32[], b: bool[n,m,]) = a"), "fn f(a:f32[], b:bool[n, m]) = a");
}

TEST(Items, Loops) {
  EXPECT_EQ(tree("for i in 0..n { x -= i }"), "for i in (0 .. n) {x -= i}");
  EXPECT_EQ(tree("for row in xs {\n  print row\n}"), "for row in xs {print row}");
  EXPECT_EQ(tree("for a, b in zip(c, d) { a }"), "for tuple(a, b) in zip(c, d) {a}");
  EXPECT_EQ(tree("while a < b { a += 1 }"), "while (a < b) {a += 1}");
  EXPECT_EQ(tree("while a\n{\n}"), "while a {}");
}

TEST(Items, Effects) {
  EXPECT_EQ(tree("print a, b"), "print a, b");
  EXPECT_EQ(tree("print (a)"), "print a");
  EXPECT_EQ(tree("print [a], -b"), "print [array a], (-b)");
  EXPECT_EQ(tree("print"), "print ");
  EXPECT_EQ(tree("print\nprint a"), "print  | print a");
  EXPECT_EQ(tree("print a,\n  b"), "print a, b");
  EXPECT_EQ(tree("assert a == b"), "assert (a == b)");
  EXPECT_EQ(tree("assert a, \"is {a}\""), "assert a, \"is <a>\"");
  EXPECT_EQ(tree("test \"name\" {\n  assert a\n}"), "test \"name\" {assert a}");
  EXPECT_EQ(tree("plot(x, to=\"a.svg\")"), "plot(x, to=\"a.svg\")");
}

TEST(Items, Assignments) {
  EXPECT_EQ(tree("x = 1"), "x = 1");
  EXPECT_EQ(tree("x += 1\nx -= 1\nx *= 1\nx /= 1\nx //= 1\nx %= 1\nx @= 1\nx ^= 1\nx **= 1"),
            "x += 1 | x -= 1 | x *= 1 | x /= 1 | x //= 1 | x %= 1 | x @= 1 | x ^= 1 | x ^= 1");
  EXPECT_EQ(tree("y[i] = v"), "y[i] = v");
  EXPECT_EQ(tree("y[1:, ..., j] += v"), "y[1:, ..., j] += v");
  for (const char *bad : {"r.w = 1", "f(x) = 1", "(a, b) = c", "1 = 2", "y[0][1] = 2", "(x) = 1",
                          "r.w[0] = 1", "-x = 1"})
    EXPECT_THAT(Parsed(bad).ids(), ElementsAre("1:1 assignment-target")) << bad;
}

TEST(Items, OnlyAtTheTopLevel) {
  for (const char *item : {"use nn", "import \"a\" as a", "data d = \"a\"", "param w = 1",
                           "test \"a\" {}", "precision f32", "export fn f() = 1"})
    EXPECT_THAT(Parsed(std::string("fn g() {\n  ") + item + "\n}").ids(),
                ElementsAre("2:3 top-level-only"))
        << item;
}

TEST(Items, AMinusThatBeginsALine) {
  EXPECT_THAT(Parsed("let a = b\n  - c").ids(), ElementsAre("2:3 stray-minus"));
  EXPECT_THAT(Parsed("fn f(x) = {\n  let a = x\n    - 1\n  a\n}").ids(),
              ElementsAre("3:5 stray-minus"));
  // These are meant.
  EXPECT_EQ(tree("let a = b\n- c"), "let a = b | (-c)");
  EXPECT_EQ(tree("fn f(x) = {\n  let a = x\n  -a\n}"), "fn f(x) = {let a = x | (-a)}");
  EXPECT_EQ(tree("let a = (b\n  - c)"), "let a = (b - c)");
  EXPECT_EQ(tree("let a = b -\n  c"), "let a = (b - c)");
}

TEST(Items, WhatAnInteractiveSessionGoesOnWith) {
  for (const char *text : {"fn f(x) = {", "let a =", "let a = f(1,", "for i in 0..3 {\n  x = 1",
                           "if a", "let a = b +", "print [1,", "fn f(x)"})
    EXPECT_TRUE(Parsed(text).ast->isIncomplete) << text;
  for (const char *text : {"let a = 1", "let a = )", "let a = \"b", "a b", "fn f(x) = { x }", ""})
    EXPECT_FALSE(Parsed(text).ast->isIncomplete) << text;
}

} // namespace
