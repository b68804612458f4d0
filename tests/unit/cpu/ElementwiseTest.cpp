// Every elementwise operation, for every type it takes, against the reference evaluator; the shapes
// are those that loops stumble over.
#include "tests/unit/cpu/Harness.h"

namespace descent::tests {
namespace {

const std::vector<std::string> shapes = {"", "0x", "1x", "7x", "16x", "37x", "3x5x", "2x0x3x"};

std::string unary(const std::string &op, const std::string &type) {
  return "func.func @f(%x: " + type + ") -> " + type + " {\n  %y = descent." + op + " %x : " +
         type + "\n  return %y : " + type + "\n}";
}

std::string binary(const std::string &op, const std::string &type) {
  return "func.func @f(%x: " + type + ", %y: " + type + ") -> " + type + " {\n  %z = descent." +
         op + " %x, %y : " + type + "\n  return %z : " + type + "\n}";
}

std::string tensor(const std::string &shape, const std::string &element) {
  return "tensor<" + shape + element + ">";
}

TEST(Elementwise, FloatFunctions) {
  for (std::string op : {"neg", "abs", "sign", "floor", "ceil", "round", "sqrt", "rsqrt", "cbrt",
                         "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos",
                         "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
                         "atanh", "erf", "erfc", "sigmoid", "silu", "gelu", "gelu_tanh"})
    for (std::string element : {"f32", "f64"})
      expectAgreement(unary(op, tensor("37x", element)), element == "f32" ? 1e-6 : 1e-14,
                      element == "f32" ? 1e-7 : 1e-15);
}

TEST(Elementwise, Shapes) {
  for (const std::string &shape : shapes) {
    expectAgreement(unary("exp", tensor(shape, "f32")));
    expectAgreement(unary("neg", tensor(shape, "i64")));
    expectAgreement(binary("add", tensor(shape, "f64")));
    expectAgreement(binary("xor", tensor(shape, "i1")));
  }
}

TEST(Elementwise, Binary) {
  for (std::string op : {"add", "sub", "mul", "div", "floordiv", "mod", "pow", "max", "min",
                         "atan2", "logaddexp"})
    for (std::string element : {"f32", "f64"})
      expectAgreement(binary(op, tensor("37x", element)));
  for (std::string op : {"add", "sub", "mul", "floordiv", "mod", "pow", "max", "min", "and", "or",
                         "xor", "shl", "shr"})
    for (std::string element : {"i32", "i64", "ui32"})
      expectAgreement(binary(op, tensor("37x", element)));
  for (std::string element : {"i32", "i64", "ui32"})
    for (std::string op : {"neg", "abs", "sign", "not"})
      expectAgreement(unary(op, tensor("37x", element)));
  for (std::string op : {"and", "or", "xor"})
    expectAgreement(binary(op, tensor("37x", "i1")));
}

} // namespace
} // namespace descent::tests
