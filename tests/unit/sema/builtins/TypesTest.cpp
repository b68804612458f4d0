// The types and shapes that built-in functions give, by NumPy's rules.
#include "tests/unit/sema/builtins/Analysis.h"

#include <gtest/gtest.h>

namespace descent::sema {
namespace {

struct Case {
  const char *expression;
  const char *type;
};

void PrintTo(const Case &c, std::ostream *out) {
  *out << c.expression;
}

class BuiltinType : public testing::TestWithParam<Case> {};

TEST_P(BuiltinType, IsThatOfNumPy) {
  // Values that are not known at compile time, so that nothing folds away.
  std::string script = R"(
let k = key(0)
let f = uniform(k, (2, 3))
let d = f64(f)
let v = f[0]
let i = randint(k, (2, 3), 0, 9)
let u = u32(i)
let b = f > 0.5
let s = f[0, 0]
let t = uniform(k, (4, 2, 3))
let p = {w: f, n: i}
let keys = split(k, 5)
)";
  Analysis analysis = analyzeText(script + "print " + GetParam().expression + "\n");
  ASSERT_EQ(analysis.shown, "");
  ASSERT_EQ(analysis.printed.size(), 1u);
  EXPECT_EQ(analysis.printed[0], GetParam().type);
}

INSTANTIATE_TEST_SUITE_P(
    Elementwise, BuiltinType,
    testing::Values(Case{"sin(f)", "f32[2, 3]"}, Case{"sin(d)", "f64[2, 3]"},
                    Case{"sin(i)", "f32[2, 3]"}, Case{"sin(b)", "f32[2, 3]"},
                    Case{"abs(i)", "i32[2, 3]"}, Case{"abs(u)", "u32[2, 3]"},
                    Case{"floor(i)", "i32[2, 3]"}, Case{"relu(i)", "i32[2, 3]"},
                    Case{"maximum(f, d)", "f64[2, 3]"}, Case{"maximum(i, 0.5)", "f32[2, 3]"},
                    Case{"maximum(i, 5)", "i32[2, 3]"}, Case{"minimum(f, v)", "f32[2, 3]"},
                    Case{"atan2(i, f)", "f32[2, 3]"}, Case{"clip(d, 0, 1)", "f64[2, 3]"},
                    Case{"clip(i, max=2)", "i32[2, 3]"}, Case{"where(b, i, f)", "f32[2, 3]"},
                    Case{"where(b[0, 0], v, 0)", "f32[3]"}, Case{"where(b, s, 1)", "f32[2, 3]"},
                    Case{"where(b, 1, 2)", "i32[2, 3]"}, Case{"where(b, 1, 2.0)", "f32[2, 3]"},
                    Case{"isnan(i)", "bool[2, 3]"}, Case{"isfinite(d)", "bool[2, 3]"},
                    Case{"hypot(s, v)", "f32[3]"}, Case{"digamma(d)", "f64[2, 3]"},
                    Case{"pow(f, 2)", "f32[2, 3]"}, Case{"mod(i, 3)", "i32[2, 3]"}));

INSTANTIATE_TEST_SUITE_P(
    Makers, BuiltinType,
    testing::Values(Case{"zeros(3)", "f32[3]"}, Case{"ones((2, 0))", "f32[2, 0]"},
                    Case{"zeros([])", "f32"}, Case{"ones(f.shape)", "f32[2, 3]"},
                    Case{"full((2, 2), 1)", "i32[2, 2]"}, Case{"full(3, s)", "f32[3]"},
                    Case{"full((4, 3), v, dtype=f64)", "f64[4, 3]"}, Case{"arange(4)", "i32[4]"},
                    Case{"arange(0, 1, 0.3)", "f32[4]"}, Case{"arange(4, dtype=i64)", "i64[4]"},
                    Case{"arange(5, 1)", "i32[0]"}, Case{"linspace(0, 1)", "f32[50]"},
                    Case{"linspace(s, d[0, 0], 3)", "f64[3]"}, Case{"linspace(0, 1, 0)", "f32[0]"},
                    Case{"eye(2, 3, dtype=bool)", "bool[2, 3]"}, Case{"tri(4)", "f32[4, 4]"},
                    Case{"tril(t)", "f32[4, 2, 3]"}, Case{"triu(b)", "i32[2, 3]"},
                    Case{"diag(v)", "f32[3, 3]"}, Case{"diag(v, k=-2)", "f32[5, 5]"},
                    Case{"diag(f, k=1)", "f32[2]"}, Case{"diag(f, k=3)", "f32[0]"},
                    Case{"diag(zeros(0))", "f32[0, 0]"}, Case{"one_hot(i, 4)", "f32[2, 3, 4]"},
                    Case{"one_hot(i, 4, axis=0, dtype=i32)", "i32[4, 2, 3]"},
                    Case{"zeros_like(u)", "u32[2, 3]"},
                    Case{"ones_like(i, dtype=f64)", "f64[2, 3]"},
                    Case{"meshgrid(v, v[:2])[1]", "f32[2, 3]"},
                    Case{"meshgrid(v, v[:2], indexing=\"ij\")[1]", "f32[3, 2]"}));

INSTANTIATE_TEST_SUITE_P(
    Shape, BuiltinType,
    testing::Values(
        Case{"reshape(t, (-1, 4))", "f32[6, 4]"}, Case{"reshape(t, [3, -1])", "f32[3, 8]"},
        Case{"reshape(t, -1)", "f32[24]"}, Case{"reshape(t[:0], (0, 7))", "f32[0, 7]"},
        Case{"transpose(t)", "f32[3, 2, 4]"}, Case{"transpose(t, [2, 0, 1])", "f32[3, 4, 2]"},
        Case{"swapaxes(t, 0, -1)", "f32[3, 2, 4]"}, Case{"expand_dims(f, 1)", "f32[2, 1, 3]"},
        Case{"expand_dims(f, (0, -1))", "f32[1, 2, 3, 1]"}, Case{"squeeze(t[:1])", "f32[2, 3]"},
        Case{"broadcast_to(v, (5, 3))", "f32[5, 3]"}, Case{"concat((f, i))", "f32[4, 3]"},
        Case{"concat((f, d), axis=-1)", "f64[2, 6]"}, Case{"concat((v, zeros(0)))", "f32[3]"},
        Case{"concat(t)", "f32[8, 3]"}, Case{"concat([v, zeros(2)])", "f32[5]"},
        Case{"concat(axis=1, arrays=[f, f[:, :1]])", "f32[2, 4]"},
        Case{"stack([v, i[0]])", "f32[2, 3]"}, Case{"stack((v, v, v), axis=1)", "f32[3, 3]"},
        Case{"stack((s, 1, 2))", "f32[3]"}, Case{"split(t, 2)[1]", "f32[2, 2, 3]"},
        Case{"split(t, (1, 3), axis=2)[2]", "f32[4, 2, 0]"}, Case{"tile(v, (2, 2))", "f32[2, 6]"},
        Case{"tile(t, 2)", "f32[4, 2, 6]"}, Case{"repeat(f, 3)", "f32[18]"},
        Case{"repeat(f, 3, axis=0)", "f32[6, 3]"}, Case{"flip(t, axis=(0, 2))", "f32[4, 2, 3]"},
        Case{"roll(f, i[0, 0])", "f32[2, 3]"}, Case{"pad(f, 1)", "f32[4, 5]"},
        Case{"pad(f, ((0, 1), (2, 0)))", "f32[3, 5]"},
        Case{"pad(v, 2, mode=\"reflect\")", "f32[7]"}, Case{"len(t)", "i32"},
        Case{"ravel(p)", "f32[12]"}, Case{"unravel(ravel(p), p).n", "f32[2, 3]"}));

INSTANTIATE_TEST_SUITE_P(
    Reductions, BuiltinType,
    testing::Values(
        Case{"sum(t)", "f32"}, Case{"sum(t, axis=1)", "f32[4, 3]"},
        Case{"sum(t, axis=(0, -1))", "f32[2]"}, Case{"sum(t, axis=[0, 1])", "f32[3]"},
        Case{"sum(t, axis=1, keepdims=true)", "f32[4, 1, 3]"}, Case{"sum(b)", "i32"},
        Case{"sum(u)", "u32"}, Case{"prod(i, axis=0)", "i32[3]"}, Case{"mean(i)", "f32"},
        Case{"mean(b, axis=0)", "f32[3]"}, Case{"var(d, axis=1, ddof=1)", "f64[2]"},
        Case{"std(i)", "f32"}, Case{"max(b, axis=1)", "bool[2]"}, Case{"min(u)", "u32"},
        Case{"argmax(t)", "i32"}, Case{"argmin(t, axis=0)", "i32[2, 3]"},
        Case{"argmax(t, axis=0, keepdims=true)", "i32[1, 2, 3]"}, Case{"any(f, axis=0)", "bool[3]"},
        Case{"all(b)", "bool"}, Case{"logsumexp(t, axis=(0, 1))", "f32[3]"},
        Case{"softmax(i)", "f32[2, 3]"}, Case{"log_softmax(t, axis=0)", "f32[4, 2, 3]"},
        Case{"norm(t)", "f32"}, Case{"norm(t, axis=-1, keepdims=true)", "f32[4, 2, 1]"},
        Case{"cumsum(t)", "f32[24]"}, Case{"cumsum(b, axis=1)", "i32[2, 3]"},
        Case{"cummax(t, axis=2)", "f32[4, 2, 3]"}, Case{"sort(b)", "bool[2, 3]"},
        Case{"argsort(t, axis=0)", "i32[4, 2, 3]"}, Case{"top_k(t, 2)[0]", "f32[4, 2, 2]"},
        Case{"top_k(t, 0)[1]", "i32[4, 2, 0]"}, Case{"median(i)", "f32"},
        Case{"median(t, axis=(0, 2))", "f32[2]"},
        Case{"quantile(t, [0.1, 0.9], axis=1)", "f32[2, 4, 3]"}, Case{"quantile(d, s)", "f64"},
        Case{"segment_sum(t, i[0, 0] + arange(4), 3)", "f32[3, 2, 3]"}));

INSTANTIATE_TEST_SUITE_P(
    Products, BuiltinType,
    testing::Values(
        Case{"v @ v", "f32"}, Case{"f @ v", "f32[2]"}, Case{"v @ f.T", "f32[2]"},
        Case{"f @ f.T", "f32[2, 2]"}, Case{"t @ v", "f32[4, 2]"},
        Case{"f @ swapaxes(t, 1, 2)", "f32[4, 2, 2]"}, Case{"v @ swapaxes(t, 1, 2)", "f32[4, 2]"},
        Case{"t[:, newaxis] @ zeros((5, 3, 1))", "f32[4, 5, 2, 1]"}, Case{"i @ d.T", "f64[2, 2]"},
        Case{"b @ i.T", "i32[2, 2]"}, Case{"zeros((2, 0)) @ zeros((0, 3))", "f32[2, 3]"},
        Case{"dot(s, f)", "f32[2, 3]"}, Case{"dot(t, f.T)", "f32[4, 2, 2]"},
        Case{"dot(t, zeros((5, 3, 6)))", "f32[4, 2, 5, 6]"}, Case{"outer(f, v)", "f32[6, 3]"},
        Case{"trace(t)", "f32[3]"}, Case{"trace(i)", "i32"},
        Case{"einsum(\"ij,kj->ik\", f, f)", "f32[2, 2]"},
        Case{"einsum(\"bij->bji\", t)", "f32[4, 3, 2]"}, Case{"einsum(\"ij,ij\", f, i)", "f32"},
        Case{"einsum(\"bij,ij,b->j\", t, f, zeros(4))", "f32[3]"},
        Case{"einsum(\"iij->j\", zeros((3, 3, 5)))", "f32[5]"},
        Case{"einsum(\"i,j\", v, v)", "f32[3, 3]"},
        Case{"einsum(\"...ij,...jk->...ik\", t, f.T)", "f32[4, 2, 2]"},
        Case{"einsum(\"...i,...i->...\", t, f)", "f32[4, 2]"},
        Case{"einsum(\"...,...\", zeros((4, 1, 3)), f)", "f32[4, 2, 3]"},
        Case{"einsum(\"i...\", f)", "f32[3, 2]"}, Case{"einsum(\"...i->i...\", t)", "f32[3, 4, 2]"},
        Case{"einsum(\"i->...i\", v)", "f32[3]"}));

INSTANTIATE_TEST_SUITE_P(
    Random, BuiltinType,
    testing::Values(
        Case{"key(3)", "key"}, Case{"split(k)", "key[2]"}, Case{"split(k, (2, 3))", "key[2, 3]"},
        Case{"split(keys, 5)[0]", "key[1]"}, Case{"fold_in(k, i[0, 0])", "key"},
        Case{"bits(k, 4)", "u32[4]"}, Case{"uniform(k)", "f32"}, Case{"uniform(k, [2])", "f32[2]"},
        Case{"uniform(k, 3, minval=v, maxval=2)", "f32[3]"},
        Case{"normal(k, 2, dtype=f64)", "f64[2]"}, Case{"normal(keys[1], [])", "f32"},
        Case{"randint(k, 2, 0, 9, dtype=i64)", "i64[2]"}, Case{"bernoulli(k, f)", "bool[2, 3]"},
        Case{"bernoulli(k, 0.5, (4, 1))", "bool[4, 1]"}, Case{"permutation(k, 7)", "i32[7]"},
        Case{"permutation(k, t, axis=2)", "f32[4, 2, 3]"}, Case{"choice(k, 5)", "i32"},
        Case{"choice(k, t, (5, 2), axis=1)", "f32[4, 5, 2, 3]"},
        Case{"choice(k, v, 3, replace=false)", "f32[3]"}, Case{"choice(k, v, 0)", "f32[0]"},
        Case{"choice(k, 3, 9, p=v)", "i32[9]"}, Case{"categorical(k, t)", "i32[4, 2]"},
        Case{"categorical(k, t, axis=0, shape=(7, 2, 3))", "i32[7, 2, 3]"},
        Case{"exponential(k, 2)", "f32[2]"}, Case{"exponential(0.1, 0.5)(3)", "f32"},
        Case{"truncated_normal(k, 0, v)", "f32[3]"}, Case{"gumbel(k, 2, dtype=f64)", "f64[2]"},
        Case{"laplace(k, 0)", "f32[0]"}));

TEST(BuiltinType, FollowsThePrecisionOfTheFile) {
  Analysis analysis =
      analyzeText("precision f64\nlet k = key(0)\nprint sin(1), zeros(2), mean([1, 2]), "
                  "uniform(k), linspace(0, 1, 3), one_hot([1], 2)\n");
  EXPECT_EQ(analysis.shown, "");
  for (const std::string &type : analysis.printed)
    EXPECT_EQ(type.substr(0, 3), "f64") << type;
}

TEST(BuiltinType, RecordsGoItemByItem) {
  Analysis analysis = analyzeText("let p = {w: ones((2, 3)), b: (1, true)}\nprint sqrt(p)\n"
                                  "print zeros_like(p)\n");
  EXPECT_EQ(analysis.shown, "");
  EXPECT_EQ(analysis.printed,
            (std::vector<std::string>{"f32[2, 3]", "f32", "f32", "f32[2, 3]", "i32", "bool"}));
}

} // namespace
} // namespace descent::sema
