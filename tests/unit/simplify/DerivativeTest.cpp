// Simplification before and after a derivative leaves values and derivatives as they are.
#include "compiler/derivative/Derivative.h"
#include "compiler/dialect/Dialect.h"
#include "compiler/simplify/Simplify.h"
#include "tests/reference/Evaluator.h"
#include "tests/unit/derivative/RandomWriter.h"

#include <gtest/gtest.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Parser/Parser.h>
#include <mlir/Pass/PassManager.h>

using namespace mlir;
using descent::reference::Tensor;

namespace descent::simplify {

namespace {

const std::string type = "tensor<2xf64>";

/// The value of a body that makes %y of %x0 and %x1, and its derivatives by both: cotangents, or a
/// tangent.
std::string program(const std::string &body, bool reverse) {
  std::string argument = type + ", " + type;
  std::string head = "func.func @main(%a: " + type + ", %b: " + type + ") -> (" + argument +
                     (reverse ? ", " + type : "") +
                     ") {\n%d = descent.constant dense<[0.7, -1.3]> : " + type + "\n";
  std::string region = "{\n^bb0(%x0: " + type + ", %x1: " + type + "):\n" + body +
                       "descent.yield %y : " + type + "\n} to (";
  if (reverse)
    return head + "%r:3 = descent.vjp(%a, %b) cotangents(%d) : (" + argument + ") cotangents (" +
           type + ") " + region + argument + ", " + type +
           ")\nreturn %r#0, %r#1, %r#2 : " + argument + ", " + type + "\n}\n";
  return head + "%r:2 = descent.jvp(%a, %b) tangents(%d, %b) : (" + argument + ") tangents (" +
         argument + ") " + region + argument + ")\nreturn %r#0, %r#1 : " + argument + "\n}\n";
}

std::vector<Tensor> run(const std::string &text, bool simplified) {
  DialectRegistry registry;
  registry.insert<ir::DescentDialect, func::FuncDialect>();
  MLIRContext context(registry);
  context.disableMultithreading();
  auto module = parseSourceString<ModuleOp>(text, &context);
  EXPECT_TRUE(module) << text;
  if (!module)
    return {};
  PassManager passes(&context);
  if (simplified)
    passes.addNestedPass<func::FuncOp>(createSimplifyPass());
  passes.addPass(createExpandDerivativesPass());
  if (simplified)
    passes.addNestedPass<func::FuncOp>(createSimplifyPass());
  EXPECT_TRUE(succeeded(passes.run(*module))) << text;
  reference::Options options;
  options.maxIterations = 100'000;
  return reference::evaluate(
      module->lookupSymbol<func::FuncOp>("main"),
      {Tensor::of(DType::F64, {2}, {0.3, -0.8}), Tensor::of(DType::F64, {2}, {1.2, 0.4})}, options);
}

} // namespace

TEST(SimplifyDerivatives, RandomPrograms) {
  for (unsigned seed = 2000; seed < 2150 && !testing::Test::HasFailure(); ++seed)
    for (bool reverse : {true, false}) {
      std::string text = program(derivative::test::Writer(seed).write(), reverse);
      SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
      auto expected = run(text, false), actual = run(text, true);
      ASSERT_EQ(expected.size(), actual.size());
      for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_TRUE(reference::agree(expected[i], actual[i], 1e-8, 1e-12))
            << expected[i].text() << " and " << actual[i].text();
    }
}

} // namespace descent::simplify
