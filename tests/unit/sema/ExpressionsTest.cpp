// Literals, operators, promotion, shapes, records, functions: what they are, and what is known of them.
#include "tests/unit/sema/Subject.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace descent::sema {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> types(const std::string &script) {
  Subject subject(script);
  EXPECT_EQ(subject.shown, "") << script;
  EXPECT_EQ(subject.problem, "") << script;
  return subject.printed();
}

std::vector<std::string> constants(const std::string &script) {
  Subject subject(script);
  EXPECT_EQ(subject.shown, "") << script;
  return subject.constants();
}

TEST(Literal, AloneIsI32OrThePrecision) {
  EXPECT_THAT(types("print 1, 1.5, true"), ElementsAre("i32", "f32", "bool"));
  EXPECT_THAT(types("precision f64\nprint 1, 1.5, 2/1"), ElementsAre("i32", "f64", "f64"));
}

TEST(Precision, OfProductsIsTheScripts) {
  for (const char *name : {"tf32", "bf16"}) {
    std::string script = std::string("precision ") + name + "\n";
    EXPECT_THAT(types(script + "print 1.5, f64(1) + 0.5"), ElementsAre("f32", "f64"));
    EXPECT_THAT(Subject(script + "print 1.5").text(), StartsWith(std::string("products ") + name));
  }
  EXPECT_EQ(Subject("precision tf32").program->products, ProductPrecision::Tf32);
  EXPECT_EQ(Subject("precision bf16").program->products, ProductPrecision::Bf16);
  EXPECT_EQ(Subject("precision f64").program->products, ProductPrecision::Full);
  EXPECT_THAT(Subject("precision f16").shown,
              HasSubstr("1:11: error: not supported yet: f16  [not-supported-yet]"));
  EXPECT_THAT(Subject("precision tf23").shown,
              HasSubstr("1:11: error: the precision is f32, f64, tf32 or bf16, not `tf23`  "
                        "[precision-type]\n 1 | precision tf23\n   |           ^^^^"));
}

TEST(Literal, TakesTheOtherOperandsType) {
  EXPECT_THAT(types("let x = f64(1)\nprint x + 1, 2 * x, x * 0.5, -1 + x"),
              ElementsAre("f64", "f64", "f64", "f64"));
  EXPECT_THAT(types("let n = i64(1)\nprint n + 1, n * 0.5, u32(1) + 1"),
              ElementsAre("i64", "f32", "u32"));
  EXPECT_THAT(types("let h = 0.5\nlet x = ones([2], dtype=f64)\nprint h * x"),
              ElementsAre("f64[2]"));
}

TEST(Literal, KeepsItsDigitsUntilItsTypeIsKnown) {
  // 0.1 as f64, not 0.1 as f32 widened.
  EXPECT_THAT(constants("print f64(0.1) - 0.1, i64(3000000000)"), ElementsAre("0", "3000000000"));
}

TEST(Promotion, IsThatOfTheManual) {
  std::string names = R"(
let f = f32(sum([1.0]))
let d = f64(f)
let i = i32(f)
let l = i64(f)
let u = u32(f)
let b = f > 0.0
)";
  EXPECT_THAT(types(names + "print i + f, f + d, l + f, i + l, i + u, b + f, b + b, i / i, l / i"),
              ElementsAre("f32", "f64", "f32", "i64", "i64", "f32", "i32", "f32", "f32"));
  EXPECT_THAT(types(names + "print i // i, f % f, i ^ 2, f ^ i, i < f, b == b"),
              ElementsAre("i32", "f32", "i32", "f32", "bool", "bool"));
}

TEST(Arithmetic, OfLiteralsIsDoneAtOnce) {
  EXPECT_THAT(constants("print 1 + 2 * 3, 7 // 2, -7 // 2, -7 % 3, 2^10, 2^-1, 7 / 2, 1.5 * 4"),
              ElementsAre("7", "3", "-4", "2", "1024", "0.5", "3.5", "6"));
  EXPECT_THAT(constants("print 3 > 2, not true, 1 == 1.0, true and false, false or true"),
              ElementsAre("1", "0", "1", "0", "1"));
}

TEST(Arithmetic, OfKnownSizesStaysKnown) {
  EXPECT_THAT(types("let x = ones([3, 4])\nprint zeros([2 * len(x), x.shape[1] - 1]), zeros(x.shape), zeros(x.shape[1:])"),
              ElementsAre("f32[6, 3]", "f32[3, 4]", "f32[4]"));
}

TEST(Broadcasting, IsNumPys) {
  EXPECT_THAT(types("print ones([3, 1]) + ones([4]), 1.0 - ones([2, 2]), ones([1]) * ones([5])"),
              ElementsAre("f32[3, 4]", "f32[2, 2]", "f32[5]"));
  EXPECT_THAT(types("print ones([0]) + ones([1]), ones([2, 0, 3]) + ones([3])"),
              ElementsAre("f32[0]", "f32[2, 0, 3]"));
}

TEST(Power, OfAKnownIntegerIsAProduct) {
  Subject subject("let x = sum(ones([3]))\nprint x^3");
  EXPECT_EQ(subject.count("pow"), 0u);
  EXPECT_EQ(subject.count("mul"), 2u);
  EXPECT_EQ(Subject("let x = sum(ones([3]))\nprint x^x").count("pow"), 1u);
  EXPECT_EQ(Subject("let x = sum(ones([3]))\nprint x^0.5").count("sqrt"), 1u);
  EXPECT_EQ(Subject("let x = sum(ones([3]))\nprint x^-2").count("div"), 1u);
}

TEST(Logic, ComputesTheSecondOnlyWhereItCannotFail) {
  // The index is checked only where the first condition holds.
  Subject guarded("let a = ones([3])\nlet i = i32(sum(a))\nprint i < 3 and a[i] > 0.0");
  EXPECT_EQ(guarded.problem, "");
  EXPECT_THAT(guarded.ops(), testing::ContainsRegex("^[^{]*if .[^}]* check "));
  EXPECT_EQ(guarded.count("check"), 1u);
  Subject plain("let a = sum(ones([3]))\nprint a > 1.0 and a < 5.0");
  EXPECT_EQ(plain.count("if"), 0u);
}

TEST(Logic, SkipsTheSecondWhereTheFirstDecides) {
  EXPECT_THAT(constants("let a = [1.0]\nprint false and a[7] > 0.0, true or a[7] > 0.0"),
              testing::Contains(HasSubstr("index-range")).Times(0));
}

TEST(Record, AddsAndScalesItemByItem) {
  EXPECT_THAT(types("let p = {w: ones([2]), b: (1.0, f64(2))}\nprint p - 0.5 * p, p / 2, -p, p * p"),
              ElementsAre("f32[2]", "f32", "f64", "f32[2]", "f32", "f64", "f32[2]", "f32", "f64",
                          "f32[2]", "f32", "f64"));
}

TEST(Record, SpreadsAndReplaces) {
  EXPECT_THAT(constants("let r = {a: 1, b: 2}\nlet s = {...r, b: 3, c: 4}\nprint s.a, s.b, s.c"),
              ElementsAre("1", "3", "4"));
}

TEST(Array, OfLiteralsIsOneConstant) {
  Subject subject("print [[1, 2], [3, 4]], [[[1.5]]]");
  EXPECT_EQ(subject.ops(), "effect");
  EXPECT_THAT(subject.printed(), ElementsAre("i32[2, 2]", "f32[1, 1, 1]"));
}

TEST(Array, PromotesItsElements) {
  EXPECT_THAT(types("let x = f64(1)\nprint [1, 2.5], [1, x], [ones([2]), [1, 2]], [{a: 1}, {a: 2.0}]"),
              ElementsAre("f32[2]", "f64[2]", "f32[2, 2]", "f32[2]"));
}

TEST(Comprehension, IsAVmap) {
  Subject subject("let a = ones([3])\nprint [i * 2 for i in 0..4], [x + y for x, y in zip(a, a)]");
  EXPECT_EQ(subject.problem, "");
  EXPECT_EQ(subject.count("vmap"), 2u);
  EXPECT_THAT(subject.printed(), ElementsAre("i32[4]", "f32[3]"));
}

TEST(Comprehension, OfATupleIsUnrolled) {
  EXPECT_THAT(types("print [sum(x) for x in (ones([2]), ones([3]))]"), ElementsAre("f32[2]"));
}

TEST(If, OnAKnownConditionTakesOneBranch) {
  // The other branch would be wrong.
  EXPECT_THAT(types("let x = ones([2])\nprint if len(x) == 2 { x } else { x + ones([3]) }"),
              ElementsAre("f32[2]"));
}

TEST(If, OnAComputedConditionIsAnOperation) {
  Subject subject("let x = sum(ones([2]))\nprint if x > 1.0 { x } else { 0 }");
  EXPECT_EQ(subject.problem, "");
  EXPECT_THAT(subject.ops(), HasSubstr("if {} {}"));
  EXPECT_THAT(subject.printed(), ElementsAre("f32"));
}

TEST(Function, SpecialisesForItsArguments) {
  EXPECT_THAT(types("fn f(x) = x + x\nprint f(1), f(1.5), f(ones([2])), f({a: 1.0})"),
              ElementsAre("i32", "f32", "f32[2]", "f32"));
}

TEST(Function, TakesDefaultsAndNames) {
  EXPECT_THAT(constants("fn f(a, b = 10, c = a + b) = a * 100 + b * 10 + c\n"
                        "print f(1), f(1, 2), f(c=3, b=2, a=1), f(1, c=0)"),
              ElementsAre("211", "123", "123", "200"));
}

TEST(Function, CapturesByValue) {
  EXPECT_THAT(constants("fn make(k) = { var n = k\n let f = x -> x + n\n n = 100\n f }\nprint make(1)(2)"),
              ElementsAre("3"));
  // A function of the file reads its variables as they are; a lambda as they were.
  EXPECT_THAT(constants("var v = 1\nfn now() = v\nlet then = () -> v\nv = 2\nprint now(), then()"),
              ElementsAre("2", "1"));
}

TEST(Function, MayComeBelowItsUse) {
  EXPECT_THAT(constants("print f(1)\nfn f(x) = g(x) + 1\nfn g(x) = 2 * x"), ElementsAre("3"));
}

TEST(Function, EndsByKnownValues) {
  EXPECT_THAT(constants("fn fact(n) = if n == 0 { 1 } else { n * fact(n - 1) }\nprint fact(10)"),
              ElementsAre("3628800"));
}

TEST(Function, CanBePassedReturnedAndStored) {
  EXPECT_THAT(constants("fn twice(f) = x -> f(f(x))\nlet r = {f: twice(x -> 3 * x)}\nprint r.f(2)"),
              ElementsAre("18"));
}

TEST(Annotation, ChecksAndConvertsLiterals) {
  EXPECT_THAT(types("fn f(x: f64, n: i64) = x * n\nprint f(1, 2)\nlet a: f64 = 1\nprint a"),
              ElementsAre("f64", "f64"));
  EXPECT_THAT(types("fn f(a: f32[n, d], b: f32[d]) -> f32[n] = a @ b\nprint f(ones([3, 2]), ones([2]))"),
              ElementsAre("f32[3]"));
}

TEST(Annotation, NamesLastForTheirCall) {
  // Two calls have sizes of their own, so their results go together.
  EXPECT_THAT(types("fn f(x: f32[n]) -> f32[n] = 2.0 * x\nfn g(x: f32[m]) = f(x) + x\n"
                    "print g(ones([3])), f(ones([3])) + f(ones([1]))"),
              ElementsAre("f32[3]", "f32[3]"));
}

TEST(Pattern, TakesTuplesRecordsAndRows) {
  EXPECT_THAT(constants("let (a, b), _ = ((1, 2), 3)\nlet {x, y: z} = {x: 4, y: 5}\nprint a, b, x, z"),
              ElementsAre("1", "2", "4", "5"));
  EXPECT_THAT(types("let a, b = ones([2, 3])\nprint a, b"), ElementsAre("f32[3]", "f32[3]"));
}

TEST(Shape, IsKnown) {
  EXPECT_THAT(constants("let x = ones([3, 2])\nprint x.shape, x.shape[0], len(x), x.ndim, x.size"),
              ElementsAre("3 2", "3", "3", "2", "6"));
  EXPECT_THAT(types("print ones([3, 2]).T, ones([2, 3, 4]).T"),
              ElementsAre("f32[2, 3]", "f32[4, 3, 2]"));
}

} // namespace
} // namespace descent::sema
