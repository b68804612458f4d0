// Operations on the structure of arrays: derivatives in both modes, to second order and further
// where the operation is not linear.
#include "tests/unit/derivative/DerivativeCase.h"

#include <gtest/gtest.h>

namespace descent::derivative::test {

namespace {

/// The case with its result squared elementwise, so that linear operations have second derivatives.
Case squared(const std::string &name, std::vector<Argument> arguments, const std::string &body,
             Dims result, int order = 2) {
  std::string type = typeText(result);
  Case testCase = oneResult(name, std::move(arguments),
                            body + "\n%y = descent.mul %z, %z : " + type, std::move(result));
  testCase.order = order;
  return testCase;
}

Argument array(Dims dims, double low = -1, double high = 1) {
  return {std::move(dims), low, high};
}

TEST(StructuredDerivative, Reshape) {
  check(squared("reshape", {array({2, 3})},
                "%z = descent.reshape %x0 : tensor<2x3xf64> to tensor<3x1x2xf64>", {3, 1, 2}));
}

TEST(StructuredDerivative, Transpose) {
  check(squared("transpose", {array({2, 3, 5})},
                "%z = descent.transpose %x0 [2, 0, 1] : tensor<2x3x5xf64> to tensor<5x2x3xf64>",
                {5, 2, 3}));
}

TEST(StructuredDerivative, Broadcast) {
  check(squared("broadcast", {array({3})},
                "%z = descent.broadcast %x0 [1] : tensor<3xf64> to tensor<2x3x1xf64>", {2, 3, 1}));
  check(squared("broadcast of a scalar", {array({})},
                "%z = descent.broadcast %x0 [] : tensor<f64> to tensor<5xf64>", {5}));
}

TEST(StructuredDerivative, Slice) {
  check(squared(
      "slice", {array({7, 3})},
      "%z = descent.slice %x0 [1, 0] to [6, 3] by [2, 1] : tensor<7x3xf64> to tensor<3x3xf64>",
      {3, 3}));
  check(squared("empty slice", {array({3})},
                "%z = descent.slice %x0 [2] to [2] by [2] : tensor<3xf64> to tensor<0xf64>", {0}));
}

TEST(StructuredDerivative, Pad) {
  check(squared("pad", {array({3, 2}), array({})},
                "%z = descent.pad %x0, %x1 low [1, 0] high [2, 1] interior [1, 0] : "
                "tensor<3x2xf64>, tensor<f64> to tensor<8x3xf64>",
                {8, 3}));
  check(squared("pad of nothing", {array({0}), array({})},
                "%z = descent.pad %x0, %x1 low [1] high [2] interior [1] : "
                "tensor<0xf64>, tensor<f64> to tensor<3xf64>",
                {3}));
}

TEST(StructuredDerivative, Concat) {
  check(squared("concat", {array({2, 1}), array({2, 3})},
                "%z = descent.concat 1 %x0, %x1, %x0 : (tensor<2x1xf64>, tensor<2x3xf64>, "
                "tensor<2x1xf64>) to tensor<2x5xf64>",
                {2, 5}));
}

TEST(StructuredDerivative, Reverse) {
  check(squared("reverse", {array({2, 3})}, "%z = descent.reverse %x0 [0, 1] : tensor<2x3xf64>",
                {2, 3}));
}

TEST(StructuredDerivative, DynamicSlice) {
  // The second start is beyond the array: it is clamped.
  for (int start : {0, 2, 9})
    check(squared("dynamic_slice", {array({5, 3})},
                  "%i = descent.constant dense<" + std::to_string(start) + R"(> : tensor<i32>
                  %j = descent.constant dense<1> : tensor<i32>
                  %z = descent.dynamic_slice %x0[%i, %j] sizes [2, 2] :
                    tensor<5x3xf64>, tensor<i32>, tensor<i32> to tensor<2x2xf64>)",
                  {2, 2}));
}

TEST(StructuredDerivative, DynamicSliceAddsToWhatIsThere) {
  check(squared("overlapping boxes", {array({5})}, R"(
    %i = descent.constant dense<1> : tensor<i32>
    %j = descent.constant dense<2> : tensor<i32>
    %a = descent.dynamic_slice %x0[%i] sizes [3] : tensor<5xf64>, tensor<i32> to tensor<3xf64>
    %b = descent.dynamic_slice %x0[%j] sizes [3] : tensor<5xf64>, tensor<i32> to tensor<3xf64>
    %z = descent.mul %a, %b : tensor<3xf64>)",
                {3}));
}

TEST(StructuredDerivative, Update) {
  for (int start : {0, 1, 9})
    check(squared("update", {array({5, 2}), array({2, 2})},
                  "%i = descent.constant dense<" + std::to_string(start) + R"(> : tensor<i32>
                  %j = descent.constant dense<0> : tensor<i32>
                  %z = descent.update %x0, %x1[%i, %j] :
                    tensor<5x2xf64>, tensor<2x2xf64>, tensor<i32>, tensor<i32>)",
                  {5, 2}));
}

TEST(StructuredDerivative, Gather) {
  check(squared("gather", {array({3, 2})}, R"(
    %i = descent.constant dense<[2, 0, 2, 7]> : tensor<4xi32>
    %z = descent.gather %x0, %i axis 0 batch 0 : tensor<3x2xf64>, tensor<4xi32> to tensor<4x2xf64>)",
                {4, 2}));
  check(squared("gather twice", {array({3})}, R"(
    %i = descent.constant dense<[2, 0, 2]> : tensor<3xi32>
    %a = descent.gather %x0, %i axis 0 batch 0 : tensor<3xf64>, tensor<3xi32> to tensor<3xf64>
    %b = descent.gather %a, %i axis 0 batch 0 : tensor<3xf64>, tensor<3xi32> to tensor<3xf64>
    %z = descent.mul %a, %b : tensor<3xf64>)",
                {3}));
}

TEST(StructuredDerivative, GatherInBatches) {
  check(squared("gather in batches", {array({2, 3, 4})}, R"(
    %i = descent.constant dense<[[3, 0], [1, 1]]> : tensor<2x2xi32>
    %z = descent.gather %x0, %i axis 2 batch 1 :
      tensor<2x3x4xf64>, tensor<2x2xi32> to tensor<2x3x2xf64>)",
                {2, 3, 2}));
}

TEST(StructuredDerivative, Scatter) {
  for (const char *kind : {"add", "set"}) {
    check(squared(
        kind, {array({3, 2}), array({4, 2})},
        "%i = descent.constant dense<[2, 0, 2, 7]> : tensor<4xi32>\n%z = descent.scatter " +
            std::string(kind) +
            " %x0, %i, %x1 axis 0 batch 0 : tensor<3x2xf64>, tensor<4xi32>, tensor<4x2xf64>",
        {3, 2}));
    check(squared(kind, {array({2, 3, 4}), array({2, 3, 2, 1})},
                  "%i = descent.constant dense<[[[3], [0]], [[1], [1]]]> : tensor<2x2x1xi32>\n"
                  "%z = descent.scatter " +
                      std::string(kind) +
                      " %x0, %i, %x1 axis 2 batch 1 : tensor<2x3x4xf64>, tensor<2x2x1xi32>, "
                      "tensor<2x3x2x1xf64>",
                  {2, 3, 4}));
    // One of the operands alone.
    check(
        squared(kind, {array({3})},
                "%i = descent.constant dense<[1, 1]> : tensor<2xi32>\n"
                "%u = descent.constant dense<[0.5, 0.25]> : tensor<2xf64>\n%z = descent.scatter " +
                    std::string(kind) +
                    " %x0, %i, %u axis 0 batch 0 : tensor<3xf64>, tensor<2xi32>, tensor<2xf64>",
                {3}));
    check(squared(
        kind, {array({2})},
        "%i = descent.constant dense<[1, 1]> : tensor<2xi32>\n"
        "%u = descent.constant dense<[0.5, 0.25, 1.0]> : tensor<3xf64>\n%z = descent.scatter " +
            std::string(kind) +
            " %u, %i, %x0 axis 0 batch 0 : tensor<3xf64>, tensor<2xi32>, tensor<2xf64>",
        {3}));
  }
}

TEST(StructuredDerivative, ReduceSum) {
  check(squared("reduce_sum", {array({2, 3, 4})},
                "%z = descent.reduce_sum %x0 [0, 2] : tensor<2x3x4xf64> to tensor<3xf64>", {3}));
  check(squared("reduce_sum of all", {array({3})},
                "%z = descent.reduce_sum %x0 [0] : tensor<3xf64> to tensor<f64>", {}));
}

TEST(StructuredDerivative, ReduceMaxAndMin) {
  for (const char *op : {"reduce_max", "reduce_min"}) {
    check(squared(op, {array({3, 5})},
                  std::string("%z = descent.") + op + " %x0 [1] : tensor<3x5xf64> to tensor<3xf64>",
                  {3}));
    check(squared(op, {array({3, 1})},
                  std::string("%z = descent.") + op + " %x0 [1] : tensor<3x1xf64> to tensor<3xf64>",
                  {3}));
  }
  check(squared("reduce_max of nothing", {array({2, 0})},
                "%n = descent.reduce_max %x0 [1] : tensor<2x0xf64> to tensor<2xf64>\n"
                "%z = descent.exp %n : tensor<2xf64>",
                {2}));
}

TEST(StructuredDerivative, ReduceProd) {
  for (int64_t n : {0, 1, 2, 3, 5, 8}) {
    std::string from = typeText({2, n});
    Case testCase =
        oneResult("reduce_prod of " + std::to_string(n), {array({2, n}, -2, 2)},
                  "%y = descent.reduce_prod %x0 [1] : " + from + " to tensor<2xf64>", {2});
    testCase.order = n == 3 || n == 5 ? 3 : 2;
    check(testCase);
  }
  check(oneResult("reduce_prod of outer dimensions", {array({2, 3, 2}, -2, 2)},
                  "%y = descent.reduce_prod %x0 [0, 2] : tensor<2x3x2xf64> to tensor<3xf64>", {3}));
}

TEST(StructuredDerivative, ProductsWithZeros) {
  // One zero, two zeros, three zeros among four.
  for (const char *elements :
       {"[0.0, 2.0, -3.0, 0.5]", "[0.0, 0.0, -3.0, 0.5]", "[0.0, 0.0, 0.0, 0.5]"}) {
    std::string shift = std::string("%k = descent.constant dense<") + elements +
                        "> : tensor<4xf64>\n%s = descent.add %x0, %k : tensor<4xf64>\n";
    Case product =
        oneResult("product", {array({4}, 0, 0)},
                  shift + "%y = descent.reduce_prod %s [0] : tensor<4xf64> to tensor<f64>", {});
    product.order = 3;
    check(product);
    Case running = oneResult("running product", {array({4}, 0, 0)},
                             shift + "%y = descent.cumprod %s 0 : tensor<4xf64>", {4});
    running.order = 3;
    check(running);
  }
}

TEST(StructuredDerivative, Cumulative) {
  for (const char *op : {"cumsum", "cumprod", "cummax"})
    for (const char *direction : {"", " reverse"})
      for (Dims dims : {Dims{3, 4}, Dims{3, 1}, Dims{5, 3}, Dims{0, 2}})
        for (int dim : {0, 1})
          check(squared(op, {array(dims, -2, 2)},
                        std::string("%z = descent.") + op + " %x0 " + std::to_string(dim) +
                            direction + " : " + typeText(dims),
                        dims));
}

TEST(StructuredDerivative, Sort) {
  check(squared("sort", {array({5})}, R"(
    %i = descent.argsort %x0 0 : tensor<5xf64> to tensor<5xi32>
    %z = descent.gather %x0, %i axis 0 batch 0 : tensor<5xf64>, tensor<5xi32> to tensor<5xf64>)",
                {5}));
}

TEST(StructuredDerivative, Dot) {
  check(oneResult("matrix product", {array({2, 3}), array({3, 4})},
                  "%y = descent.dot %x0, %x1 batch [] x [] contract [1] x [0] : tensor<2x3xf64>, "
                  "tensor<3x4xf64> to tensor<2x4xf64>",
                  {2, 4}));
  check(oneResult("inner product", {array({3}), array({3})},
                  "%y = descent.dot %x0, %x1 batch [] x [] contract [0] x [0] : tensor<3xf64>, "
                  "tensor<3xf64> to tensor<f64>",
                  {}));
  check(oneResult("outer product", {array({2}), array({3})},
                  "%y = descent.dot %x0, %x1 batch [] x [] contract [] x [] : tensor<2xf64>, "
                  "tensor<3xf64> to tensor<2x3xf64>",
                  {2, 3}));
  check(oneResult("transposed operands", {array({3, 2}), array({4, 3})},
                  "%y = descent.dot %x0, %x1 batch [] x [] contract [0] x [1] : tensor<3x2xf64>, "
                  "tensor<4x3xf64> to tensor<2x4xf64>",
                  {2, 4}));
  check(oneResult("one operand twice", {array({3, 3})},
                  "%a = descent.dot %x0, %x0 batch [] x [] contract [1] x [0] : tensor<3x3xf64>, "
                  "tensor<3x3xf64> to tensor<3x3xf64>\n"
                  "%y = descent.dot %a, %x0 batch [] x [] contract [0] x [0] : tensor<3x3xf64>, "
                  "tensor<3x3xf64> to tensor<3x3xf64>",
                  {3, 3}));
}

TEST(StructuredDerivative, DotWithBatchesAndSeveralContractions) {
  // Batch and contracted dimensions in different places and orders on both sides.
  check(oneResult("general product", {array({2, 5, 3, 4}), array({4, 3, 2, 2})},
                  "%y = descent.dot %x0, %x1 batch [0] x [3] contract [2, 3] x [1, 0] : "
                  "tensor<2x5x3x4xf64>, tensor<4x3x2x2xf64> to tensor<2x5x2xf64>",
                  {2, 5, 2}));
  check(oneResult("two batches", {array({3, 2, 4}), array({2, 4, 3})},
                  "%y = descent.dot %x0, %x1 batch [1, 0] x [0, 2] contract [2] x [1] : "
                  "tensor<3x2x4xf64>, tensor<2x4x3xf64> to tensor<2x3xf64>",
                  {2, 3}));
}

TEST(StructuredDerivative, Select) {
  Case testCase = oneResult("select", {array({4}), array({4})}, R"(
    %c = descent.constant dense<[true, false, false, true]> : tensor<4xi1>
    %a = descent.mul %x0, %x1 : tensor<4xf64>
    %b = descent.sin %x1 : tensor<4xf64>
    %y = descent.select %c, %a, %b : tensor<4xi1>, tensor<4xf64>)",
                            {4});
  testCase.order = 3;
  check(testCase);
}

TEST(StructuredDerivative, SelectOfGeneralProducts) {
  // Masks through a general product, where dimensions change places.
  check(oneResult("selected product", {array({2, 5, 3, 4}), array({4, 3, 2, 2})}, R"(
    %d = descent.dot %x0, %x1 batch [0] x [3] contract [2, 3] x [1, 0] :
      tensor<2x5x3x4xf64>, tensor<4x3x2x2xf64> to tensor<2x5x2xf64>
    %z = descent.constant dense<0.0> : tensor<2x5x2xf64>
    %c = descent.compare gt %d, %z : tensor<2x5x2xf64>
    %y = descent.select %c, %d, %z : tensor<2x5x2xi1>, tensor<2x5x2xf64>)",
                  {2, 5, 2}));
}

TEST(StructuredDerivative, LogSumExp) {
  Case testCase = oneResult("logsumexp", {array({3, 4}, -3, 3)}, R"(
    %m = descent.reduce_max %x0 [1] : tensor<3x4xf64> to tensor<3xf64>
    %k = descent.stop_gradient %m : tensor<3xf64>
    %b = descent.broadcast %k [0] : tensor<3xf64> to tensor<3x4xf64>
    %d = descent.sub %x0, %b : tensor<3x4xf64>
    %e = descent.exp %d : tensor<3x4xf64>
    %s = descent.reduce_sum %e [1] : tensor<3x4xf64> to tensor<3xf64>
    %l = descent.log %s : tensor<3xf64>
    %y = descent.add %l, %k : tensor<3xf64>)",
                            {3});
  // Finite differences see the maximum move, but the function does not depend on it.
  testCase.order = 3;
  check(testCase);
}

TEST(StructuredDerivative, UnrelatedResults) {
  // A result that does not depend on the argument, one that is the argument, one used twice.
  Case testCase;
  testCase.name = "several results";
  testCase.arguments = {array({2}), array({3})};
  testCase.body = "%k = descent.constant dense<2.0> : tensor<f64>\n"
                  "%s = descent.mul %x0, %x0 : tensor<2xf64>";
  testCase.results = {"%k", "%x1", "%s", "%s"};
  testCase.resultTypes = {"tensor<f64>", "tensor<3xf64>", "tensor<2xf64>", "tensor<2xf64>"};
  check(testCase);
}

} // namespace

} // namespace descent::derivative::test
