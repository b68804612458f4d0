#include "tests/unit/syntax/Support.h"

#include <gmock/gmock.h>

using descent::test::Parsed;
using descent::test::tree;
using testing::ElementsAre;

namespace {

TEST(Precedence, EachLevelBindsMoreTightlyThanTheOneBefore) {
  EXPECT_EQ(tree("a or b and c"), "(a or (b and c))");
  EXPECT_EQ(tree("not a and b"), "((not a) and b)");
  EXPECT_EQ(tree("not a == b"), "(not (a == b))");
  EXPECT_EQ(tree("a == b .. c"), "(a == (b .. c))");
  EXPECT_EQ(tree("a .. b + c"), "(a .. (b + c))");
  EXPECT_EQ(tree("a + b * c"), "(a + (b * c))");
  EXPECT_EQ(tree("-a * b"), "((-a) * b)");
  EXPECT_EQ(tree("a * -b"), "(a * (-b))");
  EXPECT_EQ(tree("-a ^ b"), "(-(a ^ b))");
  EXPECT_EQ(tree("a ^ b.c"), "(a ^ b.c)");
  EXPECT_EQ(tree("a ^ b(c)[d]"), "(a ^ b(c)[d])");
  EXPECT_EQ(tree("x -> a or b"), "[fn (x) (a or b)]");
}

TEST(Precedence, OperatorsOfOneLevelGoToTheLeft) {
  EXPECT_EQ(tree("a - b + c - d"), "(((a - b) + c) - d)");
  EXPECT_EQ(tree("a / b * c // d % e @ f"), "(((((a / b) * c) // d) % e) @ f)");
  EXPECT_EQ(tree("a or b or c"), "((a or b) or c)");
  EXPECT_EQ(tree("a and b and c"), "((a and b) and c)");
}

TEST(Precedence, PowersGoToTheRight) {
  EXPECT_EQ(tree("a ^ b ^ c"), "(a ^ (b ^ c))");
  EXPECT_EQ(tree("a ** b ** c"), "(a ^ (b ^ c))");
  EXPECT_EQ(tree("2 ^ -a ^ b"), "(2 ^ (-(a ^ b)))");
  EXPECT_EQ(tree("2 ^ -a * b"), "((2 ^ (-a)) * b)");
}

TEST(Precedence, PrefixesRepeat) {
  EXPECT_EQ(tree("--a"), "(-(-a))");
  EXPECT_EQ(tree("not not a"), "(not (not a))");
  EXPECT_EQ(tree("a - -b"), "(a - (-b))");
}

TEST(Precedence, Parentheses) {
  EXPECT_EQ(tree("(a + b) * c"), "((a + b) * c)");
  EXPECT_EQ(tree("((a))"), "a");
  EXPECT_EQ(tree("(-a)^2"), "((-a) ^ 2)");
  EXPECT_EQ(tree("(x -> x)(1)"), "[fn (x) x](1)");
}

TEST(Precedence, ComparisonsAndRangesDoNotChain) {
  EXPECT_THAT(Parsed("a < b < c < d").ids(),
              ElementsAre("1:7 chained-operators", "1:11 chained-operators"));
  EXPECT_THAT(Parsed("a .. b .. c").ids(), ElementsAre("1:8 chained-operators"));
  EXPECT_EQ(tree("a < b and b < c"), "((a < b) and (b < c))");
  EXPECT_EQ(tree("(a < b) < c"), "((a < b) < c)");
}

TEST(Expressions, Lambdas) {
  EXPECT_EQ(tree("x -> y -> x + y"), "[fn (x) [fn (y) (x + y)]]");
  EXPECT_EQ(tree("(x, y) -> x"), "[fn (x, y) x]");
  EXPECT_EQ(tree("() -> 1"), "[fn () 1]");
  EXPECT_EQ(tree("(x: f32[n], y = 2) -> x"), "[fn (x:f32[n], y=2) x]");
  EXPECT_EQ(tree("f(x -> x, 1)"), "f([fn (x) x], 1)");
  EXPECT_EQ(tree("x -> { let y = x\n y }"), "[fn (x) {let y = x | y}]");
  EXPECT_EQ(tree("x ->\n x"), "[fn (x) x]");
  EXPECT_EQ(tree("{f: x -> x, g: (a, b) -> a}"), "[record f:[fn (x) x], g:[fn (a, b) a]]");
  EXPECT_THAT(Parsed("1 + x -> x").ids(), ElementsAre("1:5 needs-parentheses"));
  EXPECT_THAT(Parsed("-(x, y) -> x").ids(), ElementsAre("1:2 needs-parentheses"));
}

TEST(Expressions, If) {
  EXPECT_EQ(tree("if a { 1 } else { 2 }"), "[if a {1} else {2}]");
  EXPECT_EQ(tree("let b = if a { 1 } else if c { 2 } else { 3 }"),
            "let b = [if a {1} else [if c {2} else {3}]]");
  EXPECT_EQ(tree("if a {\n  x = 1\n}\nelse {\n  x = 2\n}\nb"), "[if a {x = 1} else {x = 2}] | b");
  EXPECT_EQ(tree("if a { b }\n(c)"), "[if a {b}] | c");
  EXPECT_EQ(tree("if a { b }\n[c]"), "[if a {b}] | [array c]");
  EXPECT_EQ(tree("1 + if a { 1 } else { 2 } * 3"), "(1 + ([if a {1} else {2}] * 3))");
  // After a header always a block, also where it could be a record.
  EXPECT_EQ(tree("if a {} else {}"), "[if a {} else {}]");
  EXPECT_EQ(tree("if {a: 1} == b { c }"), "[if ([record a:1] == b) {c}]");
}

TEST(Expressions, RecordsAndBlocks) {
  EXPECT_EQ(tree("{}"), "[record ]");
  EXPECT_EQ(tree("{w: 1.0, b: 0.0}"), "[record w:1f, b:0f]");
  EXPECT_EQ(tree("{\n  w: 1.0,\n  b: 0.0,\n}"), "[record w:1f, b:0f]");
  EXPECT_EQ(tree("{...r, b: 2.0}"), "[record ...r, b:2f]");
  EXPECT_EQ(tree("{w, b}"), "[record w:w, b:b]");
  EXPECT_EQ(tree("{w: 1, b}"), "[record w:1, b:b]");
  EXPECT_EQ(tree("{if: 1, let: 2}.if"), "[record if:1, let:2].if");
  EXPECT_EQ(tree("{ a }"), "{a}");
  EXPECT_EQ(tree("{ let a = 1\n a }"), "{let a = 1 | a}");
  EXPECT_EQ(tree("{a: 1}.a"), "[record a:1].a");
  EXPECT_EQ(tree("fn f(x) = {w: x}"), "fn f(x) = [record w:x]");
  EXPECT_EQ(tree("fn f(x) = { x }"), "fn f(x) = {x}");
}

TEST(Expressions, TuplesAndArrays) {
  EXPECT_EQ(tree("()"), "[tuple ]");
  EXPECT_EQ(tree("(a,)"), "[tuple a]");
  EXPECT_EQ(tree("(a, b,)"), "[tuple a, b]");
  EXPECT_EQ(tree("[]"), "[array ]");
  EXPECT_EQ(tree("[1, [2, 3],]"), "[array 1, [array 2, 3]]");
  EXPECT_EQ(tree("[\n1,\n-2\n]"), "[array 1, (-2)]");
  EXPECT_THAT(Parsed("let a = 1, 2").ids(), ElementsAre("1:10 needs-parentheses"));
}

TEST(Expressions, Comprehensions) {
  EXPECT_EQ(tree("[f(i) for i in 0..n]"), "[each i in (0 .. n): f(i)]");
  EXPECT_EQ(tree("[g(a, b) for a, b in zip(xs, ys)]"),
            "[each tuple(a, b) in zip(xs, ys): g(a, b)]");
  EXPECT_EQ(tree("[a for (a, {b}) in xs]"), "[each tuple(a, record{b:b}) in xs: a]");
  EXPECT_EQ(tree("[\n  i\n  for i in xs\n]"), "[each i in xs: i]");
  EXPECT_EQ(tree("[[i * j for j in a] for i in b]"), "[each i in b: [each j in a: (i * j)]]");
  EXPECT_THAT(Parsed("[i for i in a if i > 0]").ids(), ElementsAre("1:15 comprehension-clause"));
  EXPECT_THAT(Parsed("[i for i in a, b]").ids(), ElementsAre("1:16 expected-token"));
}

TEST(Expressions, Calls) {
  EXPECT_EQ(tree("f()"), "f()");
  EXPECT_EQ(tree("f(a, b=1, key=k,)"), "f(a, b=1, key=k)");
  EXPECT_EQ(tree("f(if=1, for=2, print=3)"), "f(if=1, for=2, print=3)");
  EXPECT_EQ(tree("f(a == b)"), "f((a == b))");
  EXPECT_EQ(tree("grad(f)(3.0)(4)"), "grad(f)(3f)(4)");
  EXPECT_EQ(tree("f\n(a)"), "f | a");
  EXPECT_EQ(tree("f(\n  a,\n  b\n)"), "f(a, b)");
  EXPECT_THAT(Parsed("f(a=1, b)").ids(), ElementsAre("1:8 positional-after-named"));
}

TEST(Expressions, Indices) {
  EXPECT_EQ(tree("x[i]"), "x[i]");
  EXPECT_EQ(tree("x[-1]"), "x[(-1)]");
  EXPECT_EQ(tree("x[1:3, :]"), "x[1:3, :]");
  EXPECT_EQ(tree("x[::2]"), "x[::2]");
  EXPECT_EQ(tree("x[a:b:c, a:, :b, ::c, a::c, :b:c, a:b:]"),
            "x[a:b:c, a:, :b, ::c, a::c, :b:c, a:b]");
  EXPECT_EQ(tree("x[..., 0]"), "x[..., 0]");
  EXPECT_EQ(tree("x[:, newaxis]"), "x[:, NEWAXIS]");
  EXPECT_EQ(tree("x[newaxis + 1]"), "x[(newaxis + 1)]");
  EXPECT_EQ(tree("x[[0, 2]]"), "x[[array 0, 2]]");
  EXPECT_EQ(tree("d[[\"a\", \"b\"]]"), "d[[array \"a\", \"b\"]]");
  EXPECT_EQ(tree("x[i][j].w"), "x[i][j].w");
  EXPECT_EQ(tree("x\n[i]"), "x | [array i]");
  EXPECT_EQ(tree("x[0..3]"), "x[(0 .. 3)]");
  EXPECT_THAT(Parsed("x[]").ids(), ElementsAre("1:2 empty-index"));
}

TEST(Expressions, Fields) {
  EXPECT_EQ(tree("x.T @ y"), "(x.T @ y)");
  EXPECT_EQ(tree("stats.r2_score(a)"), "stats.r2_score(a)");
  EXPECT_EQ(tree("x.data.train.if.print"), "x.data.train.if.print");
  EXPECT_EQ(tree("x\n  .shape\n  .T"), "x.shape.T");
  EXPECT_EQ(tree("3.T"), "3.T");
}

TEST(Expressions, WordsThatAreNoKeywords) {
  EXPECT_EQ(tree("let data = test + param * train"), "let data = (test + (param * train))");
  EXPECT_EQ(tree("let (train, test) = split(data)"), "let tuple(train, test) = split(data)");
  EXPECT_EQ(tree("train(x)"), "train(x)");
  EXPECT_EQ(tree("train[0] - train"), "(train[0] - train)");
  EXPECT_EQ(tree("data = 3"), "data = 3");
  EXPECT_EQ(tree("test -= 1"), "test -= 1");
  EXPECT_EQ(tree("for use in import { export(as) }"), "for use in import {export(as)}");
  EXPECT_EQ(tree("for x in train { x }"), "for x in train {x}");
  EXPECT_EQ(tree("with + newaxis"), "(with + newaxis)");
}

TEST(Expressions, VarIsAlsoAFunction) {
  EXPECT_EQ(tree("let v = var(x, axis=0) + var(y)"), "let v = (var(x, axis=0) + var(y))");
  EXPECT_EQ(tree("fn f(x) = {\n  var(x)\n}"), "fn f(x) = {var(x)}");
  EXPECT_EQ(tree("map(var, xs)"), "map(var, xs)");
  EXPECT_EQ(tree("f(\n  var,\n  var(x)\n)"), "f(var, var(x))");
  EXPECT_EQ(tree("var (a, b) = c"), "var tuple(a, b) = c");
  EXPECT_EQ(tree("var (a, b): (f32, f32) = c"), "var tuple(a, b):tuple(f32, f32) = c");
  EXPECT_THAT(Parsed("let a =\nvar b = 2").ids(), ElementsAre("1:8 expected-expression"));
}

TEST(Expressions, Train) {
  EXPECT_EQ(tree("train loss(x, y) with adam(rate=1e-3), batch=128, key=key(1)"),
            "[train loss(x, y) with adam(rate=0.001f); batch=128, key=key(1)]");
  EXPECT_EQ(tree("let fit = train a + b with sgd"), "let fit = [train (a + b) with sgd]");
  EXPECT_EQ(tree("train (a + b) / 2 with sgd"), "[train ((a + b) / 2) with sgd]");
  EXPECT_EQ(tree("train -a with sgd"), "[train (-a) with sgd]");
  EXPECT_EQ(tree("train { a } with sgd"), "[train {a} with sgd]");
  EXPECT_EQ(tree("train l with sgd,\n  steps=10,\n  stop=loss < 1e-3"),
            "[train l with sgd; steps=10, stop=(loss < 0.001f)]");
  EXPECT_EQ(tree("f(train l with sgd, steps=10, x)"), "f([train l with sgd; steps=10], x)");
  EXPECT_EQ(tree("train l with sgd, validate=loss(a, b)"),
            "[train l with sgd; validate=loss(a, b)]");
  EXPECT_THAT(Parsed("train l").ids(), ElementsAre("1:8 expected-token"));
  EXPECT_THAT(Parsed("train l with sgd, 100").ids(), ElementsAre("1:19 positional-after-named"));
  EXPECT_THAT(Parsed("train l with sgd,").ids(), ElementsAre("1:18 expected-token"));
}

} // namespace
