// Every operation without a region, with each choice of operands that differ between lanes.
#include "tests/unit/batch/LaneCase.h"

namespace descent::batch {

namespace {

LaneCase unary(const std::string &op, const std::string &type) {
  return {op, {type}, "%r = descent." + op + " %a : " + type, type};
}

LaneCase binary(const std::string &op, const std::string &type) {
  return {op, {type, type}, "%r = descent." + op + " %a, %b : " + type, type};
}

} // namespace

TEST(BatchElementwise, Unary) {
  for (const char *op :
       {"neg",   "abs",  "sign",  "floor",  "ceil",   "round",   "sqrt",         "rsqrt", "cbrt",
        "exp",   "exp2", "expm1", "log",    "log2",   "log10",   "log1p",        "sin",   "cos",
        "tan",   "asin", "acos",  "atan",   "sinh",   "cosh",    "tanh",         "asinh", "acosh",
        "atanh", "erf",  "erfc",  "erfinv", "lgamma", "sigmoid", "silu", "gelu", "gelu_tanh", "stop_gradient"}) {
    expectLanesAgree(unary(op, "tensor<2x2xf64>"));
    expectLanesAgree(unary(op, "tensor<f32>"));
  }
  expectLanesAgree(unary("not", "tensor<3xi1>"));
  expectLanesAgree({"polygamma",
                    {"tensor<2xf64>"},
                    "%r = descent.polygamma %a order 1 : tensor<2xf64>",
                    "tensor<2xf64>"});
  expectLanesAgree({"convert",
                    {"tensor<2xf64>"},
                    "%r = descent.convert %a : tensor<2xf64> to tensor<2xi32>",
                    "tensor<2xi32>"});
  expectLanesAgree({"bitcast",
                    {"tensor<2xf32>"},
                    "%r = descent.bitcast %a : tensor<2xf32> to tensor<2xui32>",
                    "tensor<2xui32>"});
}

TEST(BatchElementwise, Binary) {
  for (const char *op : {"add", "sub", "mul", "floordiv", "mod", "max", "min", "pow"}) {
    expectLanesAgree(binary(op, "tensor<2xf64>"));
    expectLanesAgree(binary(op, "tensor<i32>"));
  }
  for (const char *op : {"div", "atan2", "logaddexp"})
    expectLanesAgree(binary(op, "tensor<2x1xf32>"));
  for (const char *op : {"and", "or", "xor"})
    expectLanesAgree(binary(op, "tensor<3xi1>"));
  for (const char *op : {"shl", "shr"})
    expectLanesAgree(binary(op, "tensor<3xui32>"));
  expectLanesAgree(binary("threefry", "tensor<2xui64>"));
}

TEST(BatchElementwise, Others) {
  expectLanesAgree({"compare",
                    {"tensor<2xf64>", "tensor<2xf64>"},
                    "%r = descent.compare le %a, %b : tensor<2xf64>",
                    "tensor<2xi1>"});
  expectLanesAgree({"select",
                    {"tensor<2xi1>", "tensor<2xf64>", "tensor<2xf64>"},
                    "%r = descent.select %a, %b, %c : tensor<2xi1>, tensor<2xf64>",
                    "tensor<2xf64>"});
}

TEST(BatchShape, Moves) {
  expectLanesAgree({"reshape",
                    {"tensor<2x3xf64>"},
                    "%r = descent.reshape %a : tensor<2x3xf64> to tensor<3x1x2xf64>",
                    "tensor<3x1x2xf64>"});
  expectLanesAgree({"transpose",
                    {"tensor<2x3x4xf64>"},
                    "%r = descent.transpose %a [2, 0, 1] : tensor<2x3x4xf64> to tensor<4x2x3xf64>",
                    "tensor<4x2x3xf64>"});
  expectLanesAgree({"broadcast",
                    {"tensor<3xf64>"},
                    "%r = descent.broadcast %a [1] : tensor<3xf64> to tensor<2x3x2xf64>",
                    "tensor<2x3x2xf64>"});
  expectLanesAgree({"broadcast",
                    {"tensor<f64>"},
                    "%r = descent.broadcast %a [] : tensor<f64> to tensor<2x3xf64>",
                    "tensor<2x3xf64>"});
  expectLanesAgree({"slice",
                    {"tensor<5x3xf64>"},
                    "%r = descent.slice %a [1, 0] to [5, 2] by [2, 1] : tensor<5x3xf64> to "
                    "tensor<2x2xf64>",
                    "tensor<2x2xf64>"});
  expectLanesAgree({"pad",
                    {"tensor<2x3xf64>", "tensor<f64>"},
                    "%r = descent.pad %a, %b low [1, 0] high [0, 2] interior [1, 0] : "
                    "tensor<2x3xf64>, tensor<f64> to tensor<4x5xf64>",
                    "tensor<4x5xf64>"});
  expectLanesAgree({"pad of truths",
                    {"tensor<2xi1>", "tensor<i1>"},
                    "%r = descent.pad %a, %b low [1] high [1] interior [1] : "
                    "tensor<2xi1>, tensor<i1> to tensor<5xi1>",
                    "tensor<5xi1>"});
  expectLanesAgree({"concat",
                    {"tensor<2x1xf64>", "tensor<2x3xf64>", "tensor<2x0xf64>"},
                    "%r = descent.concat 1 %a, %b, %c : (tensor<2x1xf64>, tensor<2x3xf64>, "
                    "tensor<2x0xf64>) to tensor<2x4xf64>",
                    "tensor<2x4xf64>"});
  expectLanesAgree({"reverse",
                    {"tensor<2x3x2xf64>"},
                    "%r = descent.reverse %a [0, 2] : tensor<2x3x2xf64>",
                    "tensor<2x3x2xf64>"});
  expectLanesAgree({"iota",
                    {"tensor<2x3xf64>"},
                    "%i = descent.iota 1 : tensor<2x3xf64>\n"
                    "%r = descent.add %a, %i : tensor<2x3xf64>",
                    "tensor<2x3xf64>"});
}

TEST(BatchIndex, Boxes) {
  expectLanesAgree({"dynamic_slice",
                    {"tensor<5xf64>", "tensor<i32>"},
                    "%r = descent.dynamic_slice %a[%b] sizes [2] : tensor<5xf64>, tensor<i32> to "
                    "tensor<2xf64>",
                    "tensor<2xf64>"});
  expectLanesAgree(
      {"dynamic_slice 2d",
       {"tensor<4x3x2xf64>", "tensor<i32>", "tensor<i64>"},
       "%r = descent.dynamic_slice %a[%b, %c, %b] sizes [2, 2, 2] : tensor<4x3x2xf64>, "
       "tensor<i32>, tensor<i64>, tensor<i32> to tensor<2x2x2xf64>",
       "tensor<2x2x2xf64>"});
  expectLanesAgree({"dynamic_slice whole",
                    {"tensor<3xf64>", "tensor<i32>"},
                    "%r = descent.dynamic_slice %a[%b] sizes [3] : tensor<3xf64>, tensor<i32> to "
                    "tensor<3xf64>",
                    "tensor<3xf64>"});
  expectLanesAgree({"dynamic_slice of nothing",
                    {"tensor<3xf64>", "tensor<i32>"},
                    "%r = descent.dynamic_slice %a[%b] sizes [0] : tensor<3xf64>, tensor<i32> to "
                    "tensor<0xf64>",
                    "tensor<0xf64>"});
  expectLanesAgree({"dynamic_slice scalar",
                    {"tensor<f64>"},
                    "%r = descent.dynamic_slice %a[] sizes [] : tensor<f64> to tensor<f64>",
                    "tensor<f64>"});
  expectLanesAgree({"update",
                    {"tensor<5xf64>", "tensor<2xf64>", "tensor<i32>"},
                    "%r = descent.update %a, %b[%c] : tensor<5xf64>, tensor<2xf64>, tensor<i32>",
                    "tensor<5xf64>"});
  expectLanesAgree(
      {"update 3d",
       {"tensor<4x3x2xf64>", "tensor<2x3x1xf64>", "tensor<i32>", "tensor<i64>"},
       "%r = descent.update %a, %b[%c, %c, %d] : tensor<4x3x2xf64>, tensor<2x3x1xf64>, "
       "tensor<i32>, tensor<i32>, tensor<i64>",
       "tensor<4x3x2xf64>"});
  expectLanesAgree({"update whole",
                    {"tensor<2xf64>", "tensor<2xf64>", "tensor<i32>"},
                    "%r = descent.update %a, %b[%c] : tensor<2xf64>, tensor<2xf64>, tensor<i32>",
                    "tensor<2xf64>"});
}

TEST(BatchIndex, Gather) {
  expectLanesAgree({"gather",
                    {"tensor<4x2xf64>", "tensor<3xi32>"},
                    "%r = descent.gather %a, %b axis 0 batch 0 : tensor<4x2xf64>, tensor<3xi32> to "
                    "tensor<3x2xf64>",
                    "tensor<3x2xf64>"});
  expectLanesAgree({"gather inner",
                    {"tensor<2x4x3xf64>", "tensor<2x2xi64>"},
                    "%r = descent.gather %a, %b axis 1 batch 0 : tensor<2x4x3xf64>, "
                    "tensor<2x2xi64> to tensor<2x2x2x3xf64>",
                    "tensor<2x2x2x3xf64>"});
  expectLanesAgree({"gather scalar",
                    {"tensor<2x4xf64>", "tensor<i32>"},
                    "%r = descent.gather %a, %b axis 1 batch 0 : tensor<2x4xf64>, tensor<i32> to "
                    "tensor<2xf64>",
                    "tensor<2xf64>"});
  expectLanesAgree({"gather batch",
                    {"tensor<2x3x4x2xf64>", "tensor<2x5xi32>"},
                    "%r = descent.gather %a, %b axis 2 batch 1 : tensor<2x3x4x2xf64>, "
                    "tensor<2x5xi32> to tensor<2x3x5x2xf64>",
                    "tensor<2x3x5x2xf64>"});
  expectLanesAgree({"gather two batches",
                    {"tensor<2x3x4xf64>", "tensor<2x3xi32>"},
                    "%r = descent.gather %a, %b axis 2 batch 2 : tensor<2x3x4xf64>, "
                    "tensor<2x3xi32> to tensor<2x3xf64>",
                    "tensor<2x3xf64>"});
}

TEST(BatchIndex, Scatter) {
  for (const char *kind : {"add", "set"}) {
    std::string name = std::string("scatter ") + kind;
    expectLanesAgree({name,
                      {"tensor<4x2xf64>", "tensor<3xi32>", "tensor<3x2xf64>"},
                      std::string("%r = descent.scatter ") + kind +
                          " %a, %b, %c axis 0 batch 0 : tensor<4x2xf64>, tensor<3xi32>, "
                          "tensor<3x2xf64>",
                      "tensor<4x2xf64>"});
    expectLanesAgree({name + " batch",
                      {"tensor<2x3x4xf64>", "tensor<2x5xi32>", "tensor<2x3x5xf64>"},
                      std::string("%r = descent.scatter ") + kind +
                          " %a, %b, %c axis 2 batch 1 : tensor<2x3x4xf64>, tensor<2x5xi32>, "
                          "tensor<2x3x5xf64>",
                      "tensor<2x3x4xf64>"});
  }
}

TEST(BatchReduce, AlongDimensions) {
  for (const char *op : {"reduce_sum", "reduce_prod", "reduce_max", "reduce_min"}) {
    expectLanesAgree(
        {op,
         {"tensor<2x3x4xf64>"},
         std::string("%r = descent.") + op + " %a [0, 2] : tensor<2x3x4xf64> to tensor<3xf64>",
         "tensor<3xf64>"});
    expectLanesAgree(
        {op,
         {"tensor<0x2xi32>"},
         std::string("%r = descent.") + op + " %a [0] : tensor<0x2xi32> to tensor<2xi32>",
         "tensor<2xi32>"});
  }
  for (const char *op : {"reduce_and", "reduce_or"})
    expectLanesAgree(
        {op,
         {"tensor<2x3xi1>"},
         std::string("%r = descent.") + op + " %a [1] : tensor<2x3xi1> to tensor<2xi1>",
         "tensor<2xi1>"});
  for (const char *op : {"argmax", "argmin"})
    expectLanesAgree(
        {op,
         {"tensor<2x3xf64>"},
         std::string("%r = descent.") + op + " %a 1 : tensor<2x3xf64> to tensor<2xi32>",
         "tensor<2xi32>"});
  expectLanesAgree({"argsort",
                    {"tensor<4x2xf64>"},
                    "%r = descent.argsort %a 0 : tensor<4x2xf64> to tensor<4x2xi32>",
                    "tensor<4x2xi32>"});
  for (const char *op : {"cumsum", "cumprod", "cummax"})
    for (const char *direction : {"", " reverse"})
      expectLanesAgree(
          {op,
           {"tensor<3x4xf64>"},
           std::string("%r = descent.") + op + " %a 1" + direction + " : tensor<3x4xf64>",
           "tensor<3x4xf64>"});
}

TEST(BatchReduce, Products) {
  expectLanesAgree({"matrix product",
                    {"tensor<2x3xf64>", "tensor<3x4xf64>"},
                    "%r = descent.dot %a, %b batch [] x [] contract [1] x [0] : tensor<2x3xf64>, "
                    "tensor<3x4xf64> to tensor<2x4xf64>",
                    "tensor<2x4xf64>"});
  expectLanesAgree({"batched product",
                    {"tensor<3x2x4xf64>", "tensor<4x5x2xf64>"},
                    "%r = descent.dot %a, %b batch [1] x [2] contract [2] x [0] : "
                    "tensor<3x2x4xf64>, tensor<4x5x2xf64> to tensor<2x3x5xf64>",
                    "tensor<2x3x5xf64>"});
  expectLanesAgree({"inner product",
                    {"tensor<3xf64>", "tensor<3xf64>"},
                    "%r = descent.dot %a, %b batch [] x [] contract [0] x [0] : tensor<3xf64>, "
                    "tensor<3xf64> to tensor<f64>",
                    "tensor<f64>"});
  expectLanesAgree({"outer product",
                    {"tensor<2xf64>", "tensor<3xf64>"},
                    "%r = descent.dot %a, %b batch [] x [] contract [] x [] : tensor<2xf64>, "
                    "tensor<3xf64> to tensor<2x3xf64>",
                    "tensor<2x3xf64>"});
}

TEST(BatchNested, Operations) {
  expectNestedLanesAgree({"add",
                          {"tensor<2xf64>", "tensor<2xf64>"},
                          "%r = descent.add %a, %b : tensor<2xf64>",
                          "tensor<2xf64>"});
  expectNestedLanesAgree({"matrix product",
                          {"tensor<2x3xf64>", "tensor<3x4xf64>"},
                          "%r = descent.dot %a, %b batch [] x [] contract [1] x [0] : "
                          "tensor<2x3xf64>, tensor<3x4xf64> to tensor<2x4xf64>",
                          "tensor<2x4xf64>"});
  expectNestedLanesAgree({"gather",
                          {"tensor<2x4xf64>", "tensor<3xi32>"},
                          "%r = descent.gather %a, %b axis 1 batch 0 : tensor<2x4xf64>, "
                          "tensor<3xi32> to tensor<2x3xf64>",
                          "tensor<2x3xf64>"});
  expectNestedLanesAgree({"dynamic_slice",
                          {"tensor<4x3xf64>", "tensor<i32>"},
                          "%r = descent.dynamic_slice %a[%b, %b] sizes [2, 1] : tensor<4x3xf64>, "
                          "tensor<i32>, tensor<i32> to tensor<2x1xf64>",
                          "tensor<2x1xf64>"});
  expectNestedLanesAgree({"update",
                          {"tensor<4x3xf64>", "tensor<1x2xf64>", "tensor<i32>"},
                          "%r = descent.update %a, %b[%c, %c] : tensor<4x3xf64>, tensor<1x2xf64>, "
                          "tensor<i32>, tensor<i32>",
                          "tensor<4x3xf64>"});
  expectNestedLanesAgree({"pad",
                          {"tensor<2xf64>", "tensor<f64>"},
                          "%r = descent.pad %a, %b low [1] high [1] interior [1] : tensor<2xf64>, "
                          "tensor<f64> to tensor<5xf64>",
                          "tensor<5xf64>"});
}

} // namespace descent::batch
