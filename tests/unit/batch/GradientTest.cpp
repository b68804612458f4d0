// Derivatives of many lanes at once: vmap(grad f) is a loop over grad f, and the gradient of
// vmap(f) is made of the gradients of its lanes.
#include "compiler/batch/Batch.h"
#include "compiler/derivative/Derivative.h"
#include "compiler/dialect/Dialect.h"
#include "tests/reference/Evaluator.h"
#include "tests/unit/derivative/RandomWriter.h"

#include <gtest/gtest.h>
#include <mlir/Parser/Parser.h>
#include <mlir/Pass/PassManager.h>

using namespace mlir;
using descent::reference::Tensor;

namespace descent::batch {

namespace {

constexpr int64_t lanes = 3;
const std::string one = "tensor<2xf64>", many = "tensor<3x2xf64>";

/// The gradient of a body that makes %y of %x0 and %x1, at %a and %b: %v, %d0, %d1.
std::string gradient(const std::string &body, const std::string &a, const std::string &b) {
  return "%v, %d0, %d1 = descent.vjp(" + a + ", " + b + ") cotangents(%ct) : (" + one + ", " + one +
         ") cotangents (" + one + ") {\n^bb0(%x0: " + one + ", %x1: " + one + "):\n" + body +
         "descent.yield %y : " + one + "\n} to (" + one + ", " + one + ", " + one + ")\n";
}

const std::string cotangent = "%ct = descent.constant dense<[0.7, -1.3]> : tensor<2xf64>\n";

std::string laneProgram(const std::string &body) {
  return "func.func @main(%a: " + one + ", %b: " + one + ") -> (" + one + ", " + one + ", " + one +
         ") {\n" + cotangent + gradient(body, "%a", "%b") + "return %v, %d0, %d1 : " + one + ", " +
         one + ", " + one + "\n}\n";
}

/// vmap(grad f): both arguments differ between lanes, or the first alone.
std::string gradientInVmap(const std::string &body, bool both) {
  std::string second = both ? many : one;
  return "func.func @main(%a: " + many + ", %b: " + second + ") -> (" + many + ", " + many + ", " +
         many + ") {\n" + cotangent + "%r:3 = descent.vmap 3 (%a" + (both ? ", %b" : "") + ") : (" +
         many + (both ? ", " + many : "") + ") {\n^bb0(%la: " + one +
         (both ? ", %lb: " + one : "") + "):\n" + gradient(body, "%la", both ? "%lb" : "%b") +
         "descent.yield %v, %d0, %d1 : " + one + ", " + one + ", " + one + "\n} to (" + many +
         ", " + many + ", " + many + ")\nreturn %r#0, %r#1, %r#2 : " + many + ", " + many + ", " +
         many + "\n}\n";
}

/// grad of vmap(f), where the second argument is the same for all lanes.
std::string gradientOfVmap(const std::string &body) {
  return "func.func @main(%a: " + many + ", %b: " + one + ") -> (" + many + ", " + many + ", " +
         one +
         ") {\n%ct = descent.constant dense<[[0.7, -1.3], [0.7, -1.3], [0.7, -1.3]]> : "
         "tensor<3x2xf64>\n%r:3 = descent.vjp(%a, %b) cotangents(%ct) : (" +
         many + ", " + one + ") cotangents (" + many + ") {\n^bb0(%all: " + many + ", %x1: " + one +
         "):\n%s = descent.vmap 3 (%all) : (" + many + ") {\n^bb0(%x0: " + one + "):\n" + body +
         "descent.yield %y : " + one + "\n} to (" + many + ")\ndescent.yield %s : " + many +
         "\n} to (" + many + ", " + many + ", " + one + ")\nreturn %r#0, %r#1, %r#2 : " + many +
         ", " + many + ", " + one + "\n}\n";
}

std::vector<Tensor> run(const std::string &text, const std::vector<Tensor> &arguments) {
  DialectRegistry registry;
  registry.insert<ir::DescentDialect, func::FuncDialect>();
  MLIRContext context(registry);
  context.disableMultithreading();
  auto module = parseSourceString<ModuleOp>(text, &context);
  EXPECT_TRUE(module) << text;
  if (!module)
    return {};
  PassManager passes(&context);
  passes.addNestedPass<func::FuncOp>(createExpandVmapPass());
  passes.addPass(createExpandDerivativesPass());
  EXPECT_TRUE(succeeded(passes.run(*module))) << text;
  reference::Options options;
  options.maxIterations = 100'000;
  return reference::evaluate(module->lookupSymbol<func::FuncOp>("main"), arguments, options);
}

Tensor arrayOf(reference::Dims dims, std::vector<double> numbers) {
  return Tensor::of(DType::F64, std::move(dims), std::move(numbers));
}

/// The rows of `stacked` against lanes.
void expectRows(const Tensor &stacked, const std::vector<Tensor> &rows) {
  std::vector<double> numbers;
  for (const Tensor &row : rows)
    for (double number : row.floats())
      numbers.push_back(number);
  Tensor expected = arrayOf({int64_t(rows.size()), 2}, numbers);
  EXPECT_TRUE(reference::agree(expected, stacked, 1e-9))
      << "lanes:    " << expected.text() << "\nexpanded: " << stacked.text();
}

void expectGradientsOfLanes(const std::string &body) {
  std::vector<double> a{0.3, -0.8, 1.2, 0.4, -0.5, 0.9}, b{0.6, -0.2, -1.1, 0.7, 0.25, 1.3};
  for (bool both : {true, false}) {
    std::vector<std::vector<Tensor>> loop(3);
    std::vector<double> sum(2, 0.0);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      int64_t from = both ? 2 * lane : 0;
      auto results = run(laneProgram(body), {arrayOf({2}, {a[2 * lane], a[2 * lane + 1]}),
                                             arrayOf({2}, {b[from], b[from + 1]})});
      ASSERT_EQ(results.size(), 3u);
      for (int i = 0; i < 3; ++i)
        loop[i].push_back(results[i]);
      for (int i = 0; i < 2; ++i)
        sum[i] += results[2].floats()[i];
    }
    Tensor first = arrayOf({lanes, 2}, a);
    Tensor second = both ? arrayOf({lanes, 2}, b) : arrayOf({2}, {b[0], b[1]});
    auto expanded = run(gradientInVmap(body, both), {first, second});
    ASSERT_EQ(expanded.size(), 3u);
    for (int i = 0; i < 3; ++i)
      expectRows(expanded[i], loop[i]);
    if (both)
      continue;
    auto reversed = run(gradientOfVmap(body), {first, second});
    ASSERT_EQ(reversed.size(), 3u);
    expectRows(reversed[0], loop[0]);
    expectRows(reversed[1], loop[1]);
    EXPECT_TRUE(reference::agree(arrayOf({2}, sum), reversed[2], 1e-9)) << reversed[2].text();
  }
}

TEST(GradientOfLanes, RandomPrograms) {
  for (unsigned seed = 500; seed < 620 && !testing::Test::HasFailure(); ++seed) {
    std::string body = derivative::test::Writer(seed).write();
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + body);
    expectGradientsOfLanes(body);
  }
}

// Each lane runs the loop as often as its numbers ask for.
TEST(GradientOfLanes, WhileOfDifferentLengths) {
  expectGradientsOfLanes(R"(
%limit = descent.constant dense<5.0> : tensor<f64>
%y = descent.while iter(%x0) : (tensor<2xf64>) {
^bb0(%p: tensor<2xf64>):
  %q = descent.mul %p, %p : tensor<2xf64>
  %s = descent.reduce_sum %q [0] : tensor<2xf64> to tensor<f64>
  %c = descent.compare lt %s, %limit : tensor<f64>
  descent.yield %c : tensor<i1>
} do {
^bb0(%p: tensor<2xf64>):
  %w2 = descent.sin %x1 : tensor<2xf64>
  %d = descent.add %p, %p : tensor<2xf64>
  %e = descent.add %d, %w2 : tensor<2xf64>
  descent.yield %e : tensor<2xf64>
} to (tensor<2xf64>)
)");
}

// Lanes take different branches and read and write different elements.
TEST(GradientOfLanes, BranchesAndPositionsOfData) {
  expectGradientsOfLanes(R"(
%zero = descent.constant dense<0.0> : tensor<f64>
%s = descent.reduce_sum %x0 [0] : tensor<2xf64> to tensor<f64>
%c = descent.compare gt %s, %zero : tensor<f64>
%t = descent.if %c : tensor<i1> to (tensor<2xf64>) {
  %u = descent.exp %x0 : tensor<2xf64>
  descent.yield %u : tensor<2xf64>
} else {
  %u = descent.mul %x0, %x1 : tensor<2xf64>
  descent.yield %u : tensor<2xf64>
}
%i = descent.argmax %x0 0 : tensor<2xf64> to tensor<i32>
%r = descent.dynamic_slice %t[%i] sizes [1] : tensor<2xf64>, tensor<i32> to tensor<1xf64>
%w = descent.tanh %r : tensor<1xf64>
%m = descent.argmin %x0 0 : tensor<2xf64> to tensor<i32>
%y = descent.update %x1, %w[%m] : tensor<2xf64>, tensor<1xf64>, tensor<i32>
)");
}

TEST(GradientOfLanes, SortedAndSummed) {
  expectGradientsOfLanes(R"(
%o = descent.argsort %x0 0 : tensor<2xf64> to tensor<2xi32>
%g = descent.gather %x0, %o axis 0 batch 0 : tensor<2xf64>, tensor<2xi32> to tensor<2xf64>
%h = descent.cumsum %g 0 : tensor<2xf64>
%k = descent.cumprod %x1 0 reverse : tensor<2xf64>
%d = descent.dot %h, %k batch [] x [] contract [0] x [0] : tensor<2xf64>, tensor<2xf64> to tensor<f64>
%w2 = descent.broadcast %d [] : tensor<f64> to tensor<2xf64>
%y = descent.mul %w2, %g : tensor<2xf64>
)");
}

} // namespace

} // namespace descent::batch
