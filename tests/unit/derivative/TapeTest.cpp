// How much memory the loops of a derivative take for each iteration.
#include "compiler/derivative/Derivative.h"
#include "compiler/dialect/Dialect.h"

#include <gtest/gtest.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/IR/Verifier.h>
#include <mlir/Parser/Parser.h>
#include <mlir/Pass/PassManager.h>

using namespace mlir;

namespace descent::derivative::test {

namespace {

/// The bytes that the loops of the gradient of a function of %x, 1000 numbers, push in an
/// iteration.
int64_t bytesPushed(const std::string &body) {
  const std::string type = "tensor<1000xf64>";
  std::string text = "func.func @main(%a: " + type + ", %ct: " + type + ", %n: tensor<i32>) -> " +
                     type + " {\n%v, %d = descent.vjp(%a) cotangents(%ct) : (" + type +
                     ") cotangents (" + type + ") {\n^bb0(%x: " + type + "):\n" + body +
                     "descent.yield %r : " + type + "\n} to (" + type + ", " + type +
                     ")\nreturn %d : " + type + "\n}\n";
  DialectRegistry registry;
  registry.insert<ir::DescentDialect, func::FuncDialect>();
  MLIRContext context(registry);
  context.disableMultithreading();
  auto module = parseSourceString<ModuleOp>(text, &context);
  EXPECT_TRUE(module) << text;
  PassManager passes(&context);
  passes.addPass(createExpandDerivativesPass());
  EXPECT_TRUE(module && succeeded(passes.run(*module)));
  int64_t bytes = 0;
  module->walk([&](ir::TapePushOp op) {
    auto pushed = cast<RankedTensorType>(op.getValue().getType());
    bytes += pushed.getNumElements() *
             std::max<int64_t>(1, pushed.getElementType().getIntOrFloatBitWidth() / 8);
  });
  return bytes;
}

std::string loop(const std::string &body) {
  return "%zero = descent.constant dense<0> : tensor<i32>\n"
         "%r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<1000xf64>) {\n"
         "^bb0(%i: tensor<i32>, %y: tensor<1000xf64>):\n" +
         body + "descent.yield %z : tensor<1000xf64>\n} to (tensor<1000xf64>)\n";
}

TEST(Tapes, LinearBodiesSaveNothing) {
  EXPECT_EQ(bytesPushed(loop("%z = descent.add %y, %x : tensor<1000xf64>\n")), 0);
}

TEST(Tapes, AnElementForEachUpdate) {
  EXPECT_EQ(bytesPushed(loop(R"(
%e = descent.dynamic_slice %y[%i] sizes [1] : tensor<1000xf64>, tensor<i32> to tensor<1xf64>
%s = descent.sin %e : tensor<1xf64>
%t = descent.tanh %s : tensor<1xf64>
%z = descent.update %y, %t[%i] : tensor<1000xf64>, tensor<1xf64>, tensor<i32>
)")),
            8);
}

// The position is computed of the numbers themselves: an integer more.
TEST(Tapes, AnElementAtAPositionOfData) {
  EXPECT_EQ(bytesPushed(loop(R"(
%m = descent.argmax %y 0 : tensor<1000xf64> to tensor<i32>
%e = descent.dynamic_slice %y[%m] sizes [1] : tensor<1000xf64>, tensor<i32> to tensor<1xf64>
%s = descent.sin %e : tensor<1xf64>
%z = descent.update %y, %s[%m] : tensor<1000xf64>, tensor<1xf64>, tensor<i32>
)")),
            8 + 4);
}

TEST(Tapes, ArraysThatTheReverseNeeds) {
  EXPECT_EQ(bytesPushed(loop("%z = descent.sin %y : tensor<1000xf64>\n")), 8000);
  EXPECT_EQ(bytesPushed(loop("%s = descent.sin %y : tensor<1000xf64>\n"
                             "%t = descent.exp %y : tensor<1000xf64>\n"
                             "%z = descent.mul %s, %t : tensor<1000xf64>\n")),
            8000);
}

TEST(Tapes, ANumberOfAnArray) {
  EXPECT_EQ(bytesPushed(loop(R"(
%s = descent.reduce_sum %y [0] : tensor<1000xf64> to tensor<f64>
%e = descent.exp %s : tensor<f64>
%b = descent.broadcast %e [] : tensor<f64> to tensor<1000xf64>
%z = descent.add %y, %b : tensor<1000xf64>
)")),
            8);
}

} // namespace

} // namespace descent::derivative::test
