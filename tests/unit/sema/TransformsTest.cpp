// Derivatives and batching: their operations, and the structure of what they give.
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

TEST(Grad, IsAVjpOfTheFunction) {
  Subject subject("fn f(x) = sin(x)\nprint grad(f)(1.0)");
  EXPECT_EQ(subject.ops(), "vjp {sin} effect");
  EXPECT_EQ(subject.problem, "");
}

TEST(Grad, ComposesWithItself) {
  Subject subject("fn f(x) = sin(x)\nprint grad(grad(grad(f)))(1.0)");
  EXPECT_THAT(subject.ops(), HasSubstr("vjp {vjp {vjp {sin}}}"));
  EXPECT_EQ(subject.problem, "");
}

TEST(Grad, HasTheStructureOfItsArgument) {
  EXPECT_THAT(types("fn f(p) = sum(p.w^2) + p.b[0] * p.b[1]\n"
                    "let g = grad(f)({w: ones([2, 3]), b: (1.0, f64(2))})\nprint g.w, g.b"),
              ElementsAre("f32[2, 3]", "f32", "f64"));
}

TEST(Grad, TakesNamesAndNumbers) {
  std::string f = "fn f(x, y, n) = x * y[0] * n\n";
  EXPECT_THAT(types(f + "print grad(f, wrt=y)(1.0, ones([2]), 3), grad(f, wrt=(x, y))(1.0, ones([2]), 3)"),
              ElementsAre("f32[2]", "f32", "f32[2]"));
  EXPECT_THAT(types(f + "print grad(f, argnums=1)(1.0, ones([2]), 3), grad(f, argnums=(1, 0))(1.0, ones([2]), 3)"),
              ElementsAre("f32[2]", "f32[2]", "f32"));
  EXPECT_THAT(types(f + "print grad(f, wrt=y)(n=3, y=ones([2]), x=1.0)"), ElementsAre("f32[2]"));
}

TEST(Grad, TakesParams) {
  EXPECT_THAT(types("param w = {a: 1.0, b: ones([2])}\nfn loss(x) = w.a * sum(w.b * x)\n"
                    "print grad(loss, wrt=w)(3.0), grad(loss, wrt=(x, w))(3.0)"),
              ElementsAre("f32", "f32[2]", "f32", "f32", "f32[2]"));
}

TEST(Grad, GivesAuxiliaryValuesAlong) {
  EXPECT_THAT(types("fn f(x) = (sum(x), {n: len(x), y: x > 0.0})\n"
                    "let (v, aux), g = value_and_grad(f, has_aux=true)(ones([2]))\n"
                    "print v, aux, g\nprint grad(f, has_aux=true)(ones([2]))"),
              ElementsAre("f32", "i32", "bool[2]", "f32[2]", "f32[2]", "i32", "bool[2]"));
}

TEST(Grad, OfANestedFunctionClosesOverWhatIsDifferentiated) {
  Subject subject("fn f(x) = grad(y -> x * y * y)(x)\nprint grad(f)(2.0)");
  EXPECT_EQ(subject.problem, "");
  EXPECT_THAT(subject.ops(), HasSubstr("vjp {vjp {"));
}

TEST(Jvp, GivesValueAndTangent) {
  EXPECT_THAT(types("fn f(x, y) = (x * y, argmax(x))\n"
                    "print jvp(f, (ones([2]), 2.0), (ones([2]), 1.0))"),
              ElementsAre("f32[2]", "i32", "f32[2]", "i32"));
}

TEST(Vjp, GivesAPullback) {
  EXPECT_THAT(types("fn f(x, y) = x * y\nlet v, back = vjp(f, (ones([2]), 2.0))\nprint v, back(ones([2]))"),
              ElementsAre("f32[2]", "f32[2]", "f32"));
  EXPECT_THAT(types("let v, along = linearize(x -> x^2, ones([3]))\nprint along(ones([3]))"),
              ElementsAre("f32[3]"));
}

TEST(Jacobian, HasTheShapesOfResultAndArgument) {
  std::string f = "fn f(x) = [sum(x), x[0, 0]]\n";
  EXPECT_THAT(types(f + "print jacfwd(f)(ones([2, 3])), jacrev(f)(ones([2, 3])), jacobian(f)(ones([2, 3]))"),
              ElementsAre("f32[2, 2, 3]", "f32[2, 2, 3]", "f32[2, 2, 3]"));
  EXPECT_THAT(types("fn g(x, y) = {a: x * y, b: sum(y)}\nprint jacfwd(g, argnums=(0, 1))(2.0, ones([3]))"),
              ElementsAre("f32[3]", "f32[3, 3]", "f32", "f32[3]"));
  EXPECT_THAT(types("print jacrev(x -> x)(1.0), jacfwd(x -> x * ones([0]))(ones([1]))"),
              ElementsAre("f32", "f32[0, 1]"));
}

TEST(Hessian, IsForwardOverReverse) {
  EXPECT_THAT(types("fn f(x) = sum(x^3)\nprint hessian(f)(ones([3])), hvp(f, ones([3]), ones([3])), hessian(f)(2.0)"),
              ElementsAre("f32[3, 3]", "f32[3]", "f32"));
}

TEST(Vmap, TakesAxes) {
  std::string f = "fn f(x, y) = x * y\nlet a = ones([2, 3])\n";
  EXPECT_THAT(types(f + "print vmap(f)(a, ones([2])), vmap(f, in_axes=(1, none))(a, 2.0), vmap(f, in_axes=(1, none), out_axes=1)(a, 2.0), vmap(f, in_axes=-1)(a, ones([3]))"),
              ElementsAre("f32[2, 3]", "f32[3, 2]", "f32[2, 3]", "f32[3, 2]"));
  EXPECT_THAT(types("print vmap(grad(x -> x^2))(ones([4])), vmap(vmap(x -> {a: x, n: 1}))(ones([2, 3]))"),
              ElementsAre("f32[4]", "f32[2, 3]", "i32[2, 3]"));
}

TEST(StopGradient, ActsOnEachArray) {
  EXPECT_EQ(Subject("print stop_gradient({a: ones([2]), b: sum(ones([2]))})").count("stop_gradient"), 2u);
}

TEST(Scan, StacksWhatEachStepGives) {
  EXPECT_THAT(types("print scan((s, x) -> (s + x, {y: s * x, n: 1}), 0, ones([4]))"),
              ElementsAre("f32", "f32[4]", "i32[4]"));
  EXPECT_THAT(types("print fold((s, x) -> s + sum(x), 0, ones([4, 2])), map(x -> sum(x), ones([4, 2]))"),
              ElementsAre("f32", "f32[4]"));
}

TEST(Transform, InsideOfLoopsUsesTheCarriedValues) {
  Subject subject("fn f(x) = x^2\nvar x = 4.0\nfor i in 0..10 { x -= 0.1 * grad(f)(x) }\nprint x");
  EXPECT_EQ(subject.problem, "");
  EXPECT_THAT(subject.ops(), HasSubstr("for {vjp {mul}"));
}

} // namespace
} // namespace descent::sema
