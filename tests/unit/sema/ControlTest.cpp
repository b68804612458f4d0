// Statements: what loops carry, assignments to elements, effects.
#include "tests/unit/sema/Subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace descent::sema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> types(const std::string &script) {
  Subject subject(script);
  EXPECT_EQ(subject.shown, "") << script;
  EXPECT_EQ(subject.problem, "") << script;
  return subject.printed();
}

TEST(For, CarriesWhatItAssigns) {
  Subject subject("var x = 1.0\nlet y = 2.0\nfor i in 0..3 { x = x * y }\nprint x");
  EXPECT_EQ(subject.ops(), "for {mul} effect");
  EXPECT_EQ(subject.problem, "");
}

TEST(For, GivesALiteralTheTypeThatItNeeds) {
  EXPECT_THAT(types("var s = 0\nfor x in [1.5, 2.5] { s += x }\nprint s"), ElementsAre("f32"));
  EXPECT_THAT(types("var s = 0\nfor x in f64([1, 2]) { for y in [1.0] { s += x * y } }\nprint s"),
              ElementsAre("f64"));
  EXPECT_THAT(types("var s = {a: 0, b: 0.5}\nfor x in [1.5] { s = {a: s.a + x, b: 1} }\nprint s"),
              ElementsAre("f32", "f32"));
}

TEST(For, DiscardsItsFirstAttempt) {
  // The body is specialised twice (s: i32, then f32), but there is one check and one print.
  Subject subject("var s = 0\nlet a = ones([3])\nfor i in 0..5 {\n  s += a[i]\n  print s\n}");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  EXPECT_EQ(subject.count("check"), 1u);
  EXPECT_EQ(subject.program->checks.size(), 1u);
  EXPECT_EQ(subject.count("effect"), 3u); // and the two values that are kept
}

TEST(For, RunsOverRangesRowsZipsAndTuples) {
  EXPECT_THAT(types("for i in 0..2 { print i }\nfor r in ones([2, 3]) { print r }\n"
                    "for a, b in zip(ones([2]), ones([2, 2])) { print a, b }"),
              ElementsAre("i32", "f32[3]", "f32", "f32[2]"));
  Subject unrolled("for x in (1, ones([2])) { print x }");
  EXPECT_EQ(unrolled.ops(), "effect effect");
  EXPECT_THAT(unrolled.printed(), ElementsAre("i32", "f32[2]"));
}

TEST(For, TakesBoundsKnownOnlyAtRunTime) {
  Subject subject("let n = i64(sum(ones([3])))\nvar x = 0\nfor i in 0..n { x += i }\nprint x");
  EXPECT_EQ(subject.shown, "");
  EXPECT_THAT(subject.printed(), ElementsAre("i64"));
}

TEST(While, HasAConditionOfWhatItCarries) {
  Subject subject("var x = 10.0\nwhile x > 1.0 { x /= 2 }\nprint x");
  EXPECT_EQ(subject.ops(), "while {compare} {div} effect");
  EXPECT_EQ(subject.problem, "");
}

TEST(Loop, InAFunctionIsLocal) {
  EXPECT_THAT(types("fn f(x, n) = {\n  var y = x\n  for i in 0..n { y = y * x }\n  y\n}\n"
                    "print f(2.0, 3), grad(f)(2.0, 3)"),
              ElementsAre("f32", "f32"));
}

TEST(If, AssignsInBothBranches) {
  Subject subject("let c = sum(ones([2])) > 1.0\nvar x = 1\nvar y = 2\n"
                  "if c { x = 5 } else { x = 6 }\nprint x, y");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  ASSERT_EQ(subject.count("if"), 1u);
  EXPECT_THAT(subject.printed(), ElementsAre("i32", "i32"));
}

TEST(If, WithoutElseKeepsTheOldValue) {
  Subject subject("let c = sum(ones([2])) > 1.0\nvar x = 0\nif c { x = 1.5 }\nprint x");
  EXPECT_EQ(subject.shown, "");
  EXPECT_EQ(subject.problem, "");
  EXPECT_THAT(subject.printed(), ElementsAre("f32"));
}

TEST(Effect, StandsInTopLevelLoopsAndBranches) {
  Subject subject("let c = sum(ones([2])) > 1.0\nfor i in 0..3 { if c { print i } }");
  EXPECT_EQ(subject.problem, "");
  EXPECT_THAT(subject.ops(), HasSubstr("for {if {effect} {}}"));
}

TEST(Index, IsCheckedOnlyWhereItCanBeWrong) {
  EXPECT_EQ(Subject("let a = ones([4])\nfor i in 0..4 { print a[i], a[3 - i] }").count("check"), 0u);
  EXPECT_EQ(Subject("let a = ones([4])\nfor i in 0..4 { print a[i + 1] }").count("check"), 1u);
  EXPECT_EQ(Subject("let a = ones([4])\nprint a[argmax(a)], a[argsort(a)]").count("check"), 0u);
}

TEST(Index, SelectsAsNumPyDoes) {
  std::string a = "let a = ones([4, 5, 6])\nlet i = argmax(ones([4]))\n";
  EXPECT_THAT(types(a + "print a[0], a[-1, 2], a[1:3], a[:, ::2], a[::-1, 0], a[..., 0], a[:, newaxis, 1]"),
              ElementsAre("f32[5, 6]", "f32[6]", "f32[2, 5, 6]", "f32[4, 3, 6]", "f32[4, 6]",
                          "f32[4, 5]", "f32[4, 1, 6]"));
  EXPECT_THAT(types(a + "print a[i], a[i, 1:, i], a[i:i+2], a[[0, 1]], a[:, [0, 1, 2]], a[[0, 1], [1, 2]]"),
              ElementsAre("f32[5, 6]", "f32[4]", "f32[2, 5, 6]", "f32[2, 5, 6]", "f32[4, 3, 6]",
                          "f32[2, 6]"));
  EXPECT_THAT(types(a + "print a[[[0], [1]]], a[[0, 1], :, [1, 2]], a[0:0], a[5:2], a[0..2]"),
              ElementsAre("f32[2, 1, 5, 6]", "f32[2, 5]", "f32[0, 5, 6]", "f32[0, 5, 6]",
                          "f32[2, 5, 6]"));
}

TEST(ElementAssignment, WritesBoxesInPlace) {
  Subject box("var y = zeros([4, 4])\nlet i = argmax(ones([4]))\ny[i, 1:3] = 5\nprint y");
  EXPECT_EQ(box.problem, "");
  EXPECT_EQ(box.count("update"), 1u);
  EXPECT_EQ(box.count("scatter"), 0u);
}

TEST(ElementAssignment, ScattersByArraysOfIndices) {
  Subject rows("var y = zeros([4, 2])\ny[[0, 2]] += ones([2])\nprint y");
  EXPECT_EQ(rows.problem, "");
  EXPECT_EQ(rows.count("scatter"), 1u);
  EXPECT_EQ(rows.count("iota"), 0u);
  Subject mixed("var y = zeros([4, 6])\ny[[0, 2], ::2] = 1.0\nprint y");
  EXPECT_EQ(mixed.problem, "");
  EXPECT_EQ(mixed.count("scatter"), 1u);
}

TEST(ElementAssignment, TakesTheTypeOfTheArray) {
  EXPECT_THAT(types("var y = zeros([3])\ny[0] = 2\ny[1] += f64(1)\nprint y"), ElementsAre("f32[3]"));
}

TEST(Assert, IsACheck) {
  Subject subject("let x = sum(ones([2]))\nassert x > 1.0, \"x is {x:.2f}\"\nassert 1 < 2");
  EXPECT_EQ(subject.count("check"), 1u);
  ASSERT_EQ(subject.program->checks.size(), 1u);
  EXPECT_EQ(subject.program->checks[0].message.size(), 2u);
  EXPECT_EQ(subject.program->checks[0].message[1].format, ".2f");
}

TEST(Keep, HoldsTopLevelValues) {
  Subject subject("let a = 1\nvar b = {x: [1.0], y: 2}\nparam c = 3.0\nlet f = x -> x\nfn g(x) = x\n"
                  "for i in 0..2 { let inner = i }");
  std::vector<std::string> names;
  for (const abi::Effect &effect : subject.program->effects)
    if (auto keep = std::get_if<abi::KeepEffect>(&effect.what))
      names.push_back(keep->name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c"));
}

TEST(Test, BlocksAreThereWhereTheyAreWanted) {
  std::string script = "let a = 1\ntest \"one\" {\n  let b = a + 1\n  assert b == 2\n}\nprint a";
  EXPECT_EQ(Subject(script).count("effect"), 2u);
  AnalyzeOptions options;
  options.tests = true;
  Subject tests(script, options);
  EXPECT_EQ(tests.problem, "");
  EXPECT_EQ(tests.count("effect"), 4u);
}

} // namespace
} // namespace descent::sema
