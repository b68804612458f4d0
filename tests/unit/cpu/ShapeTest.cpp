// Operations that move elements, alone and inside kernels.
#include "tests/unit/cpu/Harness.h"

namespace descent::tests {
namespace {

TEST(Shapes, Views) {
  expectAgreement(R"(func.func @f(%x: tensor<3x5xf32>) -> (tensor<5x3xf32>, tensor<15xf32>, tensor<5x3xf32>, tensor<3x1x5xf32>) {
    %t = descent.transpose %x [1, 0] : tensor<3x5xf32> to tensor<5x3xf32>
    %r = descent.reshape %x : tensor<3x5xf32> to tensor<15xf32>
    %s = descent.reshape %t : tensor<5x3xf32> to tensor<15xf32>
    %u = descent.reshape %s : tensor<15xf32> to tensor<5x3xf32>
    %v = descent.reshape %x : tensor<3x5xf32> to tensor<3x1x5xf32>
    return %t, %s, %u, %v : tensor<5x3xf32>, tensor<15xf32>, tensor<5x3xf32>, tensor<3x1x5xf32>
  })");
  expectAgreement(R"(func.func @f(%x: tensor<7xf32>, %y: tensor<f32>, %z: tensor<1xf32>) -> (tensor<3x7xf32>, tensor<7x3xf32>, tensor<4xf32>, tensor<1x4xf32>) {
    %a = descent.broadcast %x [1] : tensor<7xf32> to tensor<3x7xf32>
    %b = descent.broadcast %x [0] : tensor<7xf32> to tensor<7x3xf32>
    %c = descent.broadcast %y [] : tensor<f32> to tensor<4xf32>
    %d = descent.broadcast %z [0] : tensor<1xf32> to tensor<1x4xf32>
    return %a, %b, %c, %d : tensor<3x7xf32>, tensor<7x3xf32>, tensor<4xf32>, tensor<1x4xf32>
  })");
  expectAgreement(R"(func.func @f(%x: tensor<10x6xi64>) -> (tensor<4x2xi64>, tensor<10x6xi64>, tensor<1x1xi64>, tensor<0x6xi64>) {
    %a = descent.slice %x [1, 2] to [9, 6] by [2, 3] : tensor<10x6xi64> to tensor<4x2xi64>
    %b = descent.reverse %x [0, 1] : tensor<10x6xi64>
    %c = descent.slice %x [3, 4] to [4, 5] by [1, 1] : tensor<10x6xi64> to tensor<1x1xi64>
    %d = descent.slice %x [4, 0] to [4, 6] by [1, 1] : tensor<10x6xi64> to tensor<0x6xi64>
    return %a, %b, %c, %d : tensor<4x2xi64>, tensor<10x6xi64>, tensor<1x1xi64>, tensor<0x6xi64>
  })");
}

TEST(Shapes, ReshapeInsideKernels) {
  expectAgreement(R"(func.func @f(%x: tensor<4x6xf32>, %y: tensor<3x8xf32>, %z: tensor<24xf32>) -> (tensor<3x8xf32>, tensor<8xf32>, tensor<2x3x4xf32>) {
    %e = descent.exp %x : tensor<4x6xf32>
    %r = descent.reshape %e : tensor<4x6xf32> to tensor<3x8xf32>
    %a = descent.add %r, %y : tensor<3x8xf32>
    %s = descent.reduce_sum %a [0] : tensor<3x8xf32> to tensor<8xf32>
    %w = descent.reshape %z : tensor<24xf32> to tensor<2x3x4xf32>
    %v = descent.reshape %a : tensor<3x8xf32> to tensor<2x3x4xf32>
    %u = descent.transpose %v [0, 1, 2] : tensor<2x3x4xf32> to tensor<2x3x4xf32>
    %m = descent.mul %w, %u : tensor<2x3x4xf32>
    return %a, %s, %m : tensor<3x8xf32>, tensor<8xf32>, tensor<2x3x4xf32>
  })");
}

TEST(Shapes, PadConcatIota) {
  expectAgreement(R"(func.func @f(%x: tensor<3x4xf32>, %v: tensor<f32>) -> (tensor<8x9xf32>, tensor<f32>, tensor<3x4xf32>) {
    %p = descent.pad %x, %v low [1, 0] high [2, 2] interior [1, 1] : tensor<3x4xf32>, tensor<f32> to tensor<8x9xf32>
    %s = descent.reduce_sum %p [0, 1] : tensor<8x9xf32> to tensor<f32>
    %q = descent.pad %x, %v low [0, 0] high [0, 0] interior [0, 0] : tensor<3x4xf32>, tensor<f32> to tensor<3x4xf32>
    return %p, %s, %q : tensor<8x9xf32>, tensor<f32>, tensor<3x4xf32>
  })");
  expectAgreement(R"(func.func @f(%x: tensor<0xf32>, %v: tensor<f32>, %one: tensor<1xf32>) -> (tensor<3xf32>, tensor<5xf32>, tensor<1xf32>) {
    %p = descent.pad %x, %v low [1] high [2] interior [4] : tensor<0xf32>, tensor<f32> to tensor<3xf32>
    %q = descent.pad %one, %v low [3] high [1] interior [2] : tensor<1xf32>, tensor<f32> to tensor<5xf32>
    %r = descent.pad %x, %v low [1] high [0] interior [0] : tensor<0xf32>, tensor<f32> to tensor<1xf32>
    return %p, %q, %r : tensor<3xf32>, tensor<5xf32>, tensor<1xf32>
  })");
  expectAgreement(R"(func.func @f(%x: tensor<2x3xf32>, %y: tensor<2x1xf32>, %z: tensor<2x0xf32>, %a: tensor<f32>, %b: tensor<f32>) -> (tensor<2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<3xf32>) {
    %c = descent.concat 1 %x, %z, %y : (tensor<2x3xf32>, tensor<2x0xf32>, tensor<2x1xf32>) to tensor<2x4xf32>
    %e = descent.exp %x : tensor<2x3xf32>
    %d = descent.concat 1 %e, %y : (tensor<2x3xf32>, tensor<2x1xf32>) to tensor<2x4xf32>
    %s = descent.reduce_sum %d [1] : tensor<2x4xf32> to tensor<2xf32>
    %a1 = descent.reshape %a : tensor<f32> to tensor<1xf32>
    %b1 = descent.reshape %b : tensor<f32> to tensor<1xf32>
    %p = descent.concat 0 %a1, %b1 : (tensor<1xf32>, tensor<1xf32>) to tensor<2xf32>
    %q = descent.mul %p, %s : tensor<2xf32>
    %w = descent.concat 0 %q, %b1 : (tensor<2xf32>, tensor<1xf32>) to tensor<3xf32>
    return %c, %s, %p, %w : tensor<2x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<3xf32>
  })");
  expectAgreement(R"(func.func @f() -> (tensor<7xi32>, tensor<3x4xf64>, tensor<3x4xui32>, tensor<1xi64>) {
    %a = descent.iota 0 : tensor<7xi32>
    %b = descent.iota 1 : tensor<3x4xf64>
    %c = descent.iota 0 : tensor<3x4xui32>
    %d = descent.iota 0 : tensor<1xi64>
    return %a, %b, %c, %d : tensor<7xi32>, tensor<3x4xf64>, tensor<3x4xui32>, tensor<1xi64>
  })");
}

TEST(Shapes, NestedConcatsAndPadsInOneKernel) {
  expectAgreement(R"(func.func @f(%x: tensor<3xf32>, %y: tensor<4xf32>, %v: tensor<f32>) -> tensor<9xf32> {
    %c = descent.concat 0 %x, %y : (tensor<3xf32>, tensor<4xf32>) to tensor<7xf32>
    %p = descent.pad %c, %v low [1] high [1] interior [0] : tensor<7xf32>, tensor<f32> to tensor<9xf32>
    %q = descent.pad %c, %v low [2] high [0] interior [0] : tensor<7xf32>, tensor<f32> to tensor<9xf32>
    %r = descent.reverse %q [0] : tensor<9xf32>
    %s = descent.sub %p, %r : tensor<9xf32>
    return %s : tensor<9xf32>
  })");
}

TEST(Shapes, DynamicSlicesAndUpdates) {
  std::string text = R"(func.func @f(%x: tensor<10x4xf32>, %u: tensor<3x2xf32>, %i: tensor<i32>, %j: tensor<i64>) -> (tensor<3x2xf32>, tensor<10x4xf32>, tensor<f32>) {
    %a = descent.dynamic_slice %x[%i, %j] sizes [3, 2] : tensor<10x4xf32>, tensor<i32>, tensor<i64> to tensor<3x2xf32>
    %b = descent.update %x, %u[%i, %j] : tensor<10x4xf32>, tensor<3x2xf32>, tensor<i32>, tensor<i64>
    %e = descent.dynamic_slice %b[%i, %j] sizes [1, 1] : tensor<10x4xf32>, tensor<i32>, tensor<i64> to tensor<1x1xf32>
    %s = descent.reshape %e : tensor<1x1xf32> to tensor<f32>
    return %a, %b, %s : tensor<3x2xf32>, tensor<10x4xf32>, tensor<f32>
  })";
  Tensor x = sample("tensor<10x4xf32>", 1), u = sample("tensor<3x2xf32>", 2);
  for (int i : {-100, 0, 1, 7, 8, 1000})
    for (int j : {-1, 0, 2, 3})
      expectAgreement(text, {x, u, i32({}, {double(i)}), i64({}, {double(j)})});
  expectAgreement(R"(func.func @f(%x: tensor<1xf32>, %u: tensor<1xf32>, %e: tensor<0xf32>, %i: tensor<i32>) -> (tensor<1xf32>, tensor<1xf32>) {
    %a = descent.update %x, %u[%i] : tensor<1xf32>, tensor<1xf32>, tensor<i32>
    %b = descent.update %x, %e[%i] : tensor<1xf32>, tensor<0xf32>, tensor<i32>
    return %a, %b : tensor<1xf32>, tensor<1xf32>
  })");
}

TEST(Shapes, Gather) {
  std::string text = R"(func.func @f(%x: tensor<5x4xf32>, %i: tensor<2x3xi32>, %j: tensor<5x2xi64>) -> (tensor<2x3x4xf32>, tensor<5x2x3xf32>, tensor<5x2xf32>, tensor<4xf32>) {
    %a = descent.gather %x, %i axis 0 batch 0 : tensor<5x4xf32>, tensor<2x3xi32> to tensor<2x3x4xf32>
    %b = descent.gather %x, %i axis 1 batch 0 : tensor<5x4xf32>, tensor<2x3xi32> to tensor<5x2x3xf32>
    %c = descent.gather %x, %j axis 1 batch 1 : tensor<5x4xf32>, tensor<5x2xi64> to tensor<5x2xf32>
    %s = descent.slice %i [1, 1] to [2, 2] by [1, 1] : tensor<2x3xi32> to tensor<1x1xi32>
    %k = descent.reshape %s : tensor<1x1xi32> to tensor<i32>
    %e = descent.exp %x : tensor<5x4xf32>
    %d = descent.gather %e, %k axis 0 batch 0 : tensor<5x4xf32>, tensor<i32> to tensor<4xf32>
    return %a, %b, %c, %d : tensor<2x3x4xf32>, tensor<5x2x3xf32>, tensor<5x2xf32>, tensor<4xf32>
  })";
  expectAgreement(text);
  expectAgreement(text, {sample("tensor<5x4xf32>", 1), i32({2, 3}, {-7, 0, 4, 3, 99, 1}),
                         i64({5, 2}, {0, 1, 2, 3, -9, 4, 3, 9, 1, 0})});
}

TEST(Shapes, Scatter) {
  for (std::string kind : {"add", "set"}) {
    std::string text = "func.func @f(%x: tensor<5x4xf32>, %i: tensor<3x2xi32>, %u: tensor<3x2x4xf32>, %j: tensor<5x6xi64>, %v: tensor<5x6xf32>, %w: tensor<5x3x2xf32>) -> (tensor<5x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>) {\n"
      "%a = descent.scatter " + kind + " %x, %i, %u axis 0 batch 0 : tensor<5x4xf32>, tensor<3x2xi32>, tensor<3x2x4xf32>\n"
      "%b = descent.scatter " + kind + " %x, %j, %v axis 1 batch 1 : tensor<5x4xf32>, tensor<5x6xi64>, tensor<5x6xf32>\n"
      "%c = descent.scatter " + kind + " %x, %i, %w axis 1 batch 0 : tensor<5x4xf32>, tensor<3x2xi32>, tensor<5x3x2xf32>\n"
      "return %a, %b, %c : tensor<5x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>\n}";
    expectAgreement(text);
  }
  expectAgreement(R"(func.func @f(%x: tensor<1xf32>, %i: tensor<3xi32>, %u: tensor<3xf32>, %e: tensor<0xf32>) -> (tensor<1xf32>, tensor<0xf32>) {
    %a = descent.scatter add %x, %i, %u axis 0 batch 0 : tensor<1xf32>, tensor<3xi32>, tensor<3xf32>
    return %a, %e : tensor<1xf32>, tensor<0xf32>
  })");
}

TEST(Shapes, Constants) {
  expectAgreement(R"(func.func @f() -> (tensor<3xf32>, tensor<2x2xi1>, tensor<4xi32>, tensor<2xf64>, tensor<2xi32>) {
    %a = descent.constant dense<[1.5, 2.5, -0.0]> : tensor<3xf32>
    %b = descent.constant dense<[[true, false], [false, true]]> : tensor<2x2xi1>
    %c = descent.constant dense<7> : tensor<4xi32>
    %d = descent.constant dense<[1.0, 2.0]> : tensor<2xf64>
    %t = descent.convert %b : tensor<2x2xi1> to tensor<2x2xi32>
    %s = descent.reduce_sum %t [1] : tensor<2x2xi32> to tensor<2xi32>
    return %a, %b, %c, %d, %s : tensor<3xf32>, tensor<2x2xi1>, tensor<4xi32>, tensor<2xf64>, tensor<2xi32>
  })");
}

} // namespace
} // namespace descent::tests
