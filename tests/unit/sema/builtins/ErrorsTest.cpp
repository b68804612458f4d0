// What built-in functions say of arguments that do not fit, and the place they point at.
#include "tests/unit/sema/builtins/Analysis.h"

#include "frontend/sema/Builtins.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace descent::sema {
namespace {

struct Case {
  const char *expression;
  const char *error; ///< "id: the text it points at"
};

void PrintTo(const Case &c, std::ostream *out) {
  *out << c.expression;
}

class BuiltinError : public testing::TestWithParam<Case> {};

TEST_P(BuiltinError, PointsAtItsCause) {
  std::string script = R"(
let k = key(0)
let f = uniform(k, (2, 3))
let v = f[0]
let i = randint(k, (2, 3), 0, 9)
let n = i[0, 0]
)";
  Analysis analysis = analyzeText(script + "print " + GetParam().expression + "\n");
  EXPECT_THAT(analysis.errors, testing::ElementsAre(GetParam().error)) << analysis.shown;
}

INSTANTIATE_TEST_SUITE_P(
    Shape, BuiltinError,
    testing::Values(
        Case{"reshape(f, (4, 2))", "reshape-mismatch: (4, 2)"},
        Case{"reshape(f, (-1, 4))", "reshape-mismatch: (-1, 4)"},
        Case{"reshape(f, (-1, -1))", "bad-argument: (-1, -1)"},
        Case{"reshape(f, (-1, 0))", "reshape-mismatch: (-1, 0)"},
        Case{"reshape(f, n)", "not-known: n"}, Case{"transpose(f, (0, 0))", "bad-argument: (0, 0)"},
        Case{"transpose(f, (0, 1, 2))", "bad-argument: (0, 1, 2)"},
        Case{"swapaxes(f, 0, 2)", "axis-range: 2"}, Case{"squeeze(f, axis=1)", "bad-argument: 1"},
        Case{"broadcast_to(v, (3, 2))", "shape-mismatch: (3, 2)"},
        Case{"broadcast_to(f, 3)", "shape-mismatch: 3"},
        Case{"concat((f, v))", "join-mismatch: (f, v)"},
        Case{"concat((f, f.T))", "join-mismatch: (f, f.T)"},
        Case{"concat((1, 2))", "wrong-rank: (1, 2)"}, Case{"concat(())", "bad-argument: ()"},
        Case{"concat((f, k))", "dtype-mismatch: (f, k)"},
        Case{"stack((f, v))", "join-mismatch: (f, v)"}, Case{"split(v, 2)", "uneven-split: 2"},
        Case{"split(v, 0)", "uneven-split: 0"}, Case{"split(v)", "missing-argument: split(v)"},
        Case{"tile(v, -1)", "bad-argument: -1"},
        Case{"repeat(v, (1, 2, 3))", "not-supported-yet: (1, 2, 3)"},
        Case{"pad(v, 1, mode=\"mirror\")", "bad-argument: \"mirror\""},
        Case{"pad(f, ((1, 2), (3, 4), (5, 6)))", "bad-argument: ((1, 2), (3, 4), (5, 6))"},
        Case{"pad(v, -1)", "bad-argument: -1"},
        Case{"pad(v[:0], 1, mode=\"edge\")", "wrong-rank: v[:0]"},
        Case{"len(1.5)", "wrong-rank: 1.5"},
        Case{"expand_dims(f, (0, 0))", "duplicate-axis: (0, 0)"},
        Case{"unravel(v, {a: 1.0, b: 2.0})", "bad-argument: v"}));

INSTANTIATE_TEST_SUITE_P(
    Reductions, BuiltinError,
    testing::Values(
        Case{"sum(f, axis=2)", "axis-range: 2"}, Case{"sum(f, axis=-3)", "axis-range: -3"},
        Case{"sum(f, axis=(0, 0))", "duplicate-axis: (0, 0)"},
        Case{"sum(f, axis=(1, -1))", "duplicate-axis: (1, -1)"},
        Case{"sum(f, axis=n)", "not-known: n"}, Case{"sum(f, axis=0.5)", "type-mismatch: 0.5"},
        Case{"sum(k)", "dtype-mismatch: k"}, Case{"sum(f, keepdims=1)", "type-mismatch: 1"},
        Case{"max(f[:0])", "empty-reduction: f[:0]"},
        Case{"min(f[:0], axis=0)", "empty-reduction: f[:0]"},
        Case{"argmax(f[:0], axis=0)", "empty-reduction: f[:0]"},
        Case{"logsumexp(zeros(0))", "empty-reduction: zeros(0)"},
        Case{"median(zeros(0))", "empty-reduction: zeros(0)"},
        Case{"softmax(1.0)", "wrong-rank: 1.0"}, Case{"softmax(f, axis=2)", "axis-range: 2"},
        Case{"sort(1.0)", "wrong-rank: 1.0"}, Case{"top_k(v, 4)", "bad-argument: 4"},
        Case{"top_k(v, -1)", "bad-argument: -1"}, Case{"quantile(v, f)", "wrong-rank: f"},
        Case{"norm(f, 1)", "not-supported-yet: 1"},
        Case{"segment_sum(v, [0, 1], 2)", "bad-argument: [0, 1]"},
        Case{"any(k)", "dtype-mismatch: k"}, Case{"sum(sin)", "type-mismatch: sin"},
        Case{"sum({a: 1.0})", "type-mismatch: {a: 1.0}"},
        Case{"sum(f, axes=0)", "unknown-argument: axes"}));

INSTANTIATE_TEST_SUITE_P(
    Others, BuiltinError,
    testing::Values(
        Case{"where(f, f, k)", "dtype-mismatch: f, k"},
        Case{"where(f > 0, v[:2], 0)", "shape-mismatch: where"},
        Case{"minimum(f, v[:2])", "shape-mismatch: f, v[:2]"}, Case{"sin(k)", "type-mismatch: k"},
        Case{"abs(k)", "dtype-mismatch: k"}, Case{"zeros(-1)", "negative-size: -1"},
        Case{"zeros(1.5)", "type-mismatch: 1.5"}, Case{"zeros(n)", "not-known: n"},
        Case{"zeros(3, dtype=key)", "type-mismatch: key"},
        Case{"zeros(3, dtype=3)", "type-mismatch: 3"}, Case{"full((2, 2), v)", "shape-mismatch: v"},
        Case{"arange(0, 5, 0)", "bad-argument: 0"}, Case{"arange(n)", "type-mismatch: n"},
        Case{"linspace(0, 1, -2)", "bad-argument: -2"}, Case{"linspace(v, 1)", "type-mismatch: v"},
        Case{"eye(-1)", "bad-argument: -1"}, Case{"diag(1.0)", "wrong-rank: 1.0"},
        Case{"diag(ones((1, 2, 3)))", "wrong-rank: ones((1, 2, 3))"},
        Case{"tril(v)", "wrong-rank: v"}, Case{"one_hot(f, 3)", "type-mismatch: f"},
        Case{"meshgrid(f, v)", "wrong-rank: f"},
        Case{"meshgrid(v, v, indexing=\"yx\")", "bad-argument: \"yx\""},
        Case{"f @ f", "matmul-mismatch: @"}, Case{"f @ 2.0", "wrong-rank: 2.0"},
        Case{"f @ k", "dtype-mismatch: @"},
        Case{"ones((2, 2, 3)) @ ones((5, 3, 2))", "shape-mismatch: @"},
        Case{"dot(f, f)", "matmul-mismatch: dot"}, Case{"trace(v)", "wrong-rank: v"},
        Case{"trace(f, axis1=1, axis2=-1)", "duplicate-axis: -1"},
        Case{"einsum(\"ij\", v)", "einsum-subscripts: v"},
        Case{"einsum(\"i,i\", v)", "einsum-subscripts: \"i,i\""},
        Case{"einsum(\"ij,jk\", f, f)", "einsum-subscripts: f"},
        Case{"einsum(\"i->j\", v)", "einsum-subscripts: \"i->j\""},
        Case{"einsum(\"i->ii\", v)", "einsum-subscripts: \"i->ii\""},
        Case{"einsum(\"i?\", f)", "einsum-subscripts: \"i?\""},
        Case{"einsum(\"...i->i\", f)", "einsum-subscripts: \"...i->i\""},
        Case{"einsum(\"...i...->i\", f)", "einsum-subscripts: \"...i...->i\""},
        Case{"einsum(\"...ijk\", f)", "einsum-subscripts: f"},
        Case{"einsum(\"...,...\", f, zeros(2))", "einsum-subscripts: zeros(2)"},
        Case{"(f > 0.5) @ (v > 0.5)", "dtype-mismatch: @"},
        Case{"(f > 0.5) ^ (v > 0.5)", "dtype-mismatch: ^"},
        Case{"solve(f, v)", "not-supported-yet: solve"}, Case{"fft(v)", "not-supported-yet: fft"}));

INSTANTIATE_TEST_SUITE_P(
    Random, BuiltinError,
    testing::Values(Case{"uniform(0, 3)", "type-mismatch: 0"},
                    Case{"uniform(split(k), 3)", "type-mismatch: split(k)"},
                    Case{"normal(k, 3, dtype=i32)", "bad-argument: i32"},
                    Case{"key(1.5)", "type-mismatch: 1.5"}, Case{"key(i)", "wrong-rank: i"},
                    Case{"uniform(k, 3, minval=f)", "shape-mismatch: f"},
                    Case{"randint(k, 3, 0.5, 2)", "type-mismatch: 0.5"},
                    Case{"randint(k, 3, 0, 2, dtype=f32)", "bad-argument: f32"},
                    Case{"permutation(k, -3)", "bad-argument: -3"},
                    Case{"permutation(k, n)", "not-known: n"},
                    Case{"choice(k, 3, 4, replace=false)", "bad-argument: 4"},
                    Case{"choice(k, 0)", "bad-argument: 0"},
                    Case{"choice(k, 3, p=[0.5, 0.5])", "bad-argument: [0.5, 0.5]"},
                    Case{"categorical(k, 1.0)", "wrong-rank: 1.0"},
                    Case{"categorical(k, f, shape=3)", "shape-mismatch: 3"},
                    Case{"gamma(k, 2.0)", "not-supported-yet: gamma"}));

TEST(BuiltinError, StaysSilentAboutWhatIsWrongAlready) {
  Analysis analysis =
      analyzeText("let x = undefined_thing\nprint sum(sqrt(x), axis=0), zeros(x), x @ x\n");
  EXPECT_EQ(analysis.errors.size(), 1u) << analysis.shown;
}

/// Every row is in the manual, so that the manual stays complete.
TEST(BuiltinTable, IsInTheManual) {
  std::ifstream file(DESCENT_SOURCE_DIR "/docs/functions.md");
  std::stringstream manual;
  manual << file.rdbuf();
  std::string text = manual.str();
  ASSERT_FALSE(text.empty());
  for (auto table : {elementwiseBuiltins(), makerBuiltins(), shapeBuiltins(), reductionBuiltins(),
                     linearBuiltins(), randomBuiltins()})
    for (const Builtin &row : table) {
      std::string name(row.name);
      EXPECT_TRUE(text.find("`" + name + "(") != std::string::npos ||
                  text.find("`" + name + "`") != std::string::npos)
          << name;
      EXPECT_EQ(row.signature.substr(0, name.size() + 1), name + "(");
    }
}

} // namespace
} // namespace descent::sema
