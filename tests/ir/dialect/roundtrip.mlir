// RUN: %descent-opt %s | %descent-opt | FileCheck %s

// CHECK-LABEL: func.func @shape
func.func @shape(%x: tensor<2x3xf32>, %i: tensor<i32>, %idx: tensor<4xi32>) -> tensor<3x2xf32> {
  // CHECK: descent.transpose %{{.*}} [1, 0] : tensor<2x3xf32> to tensor<3x2xf32>
  %0 = descent.transpose %x [1, 0] : tensor<2x3xf32> to tensor<3x2xf32>
  %1 = descent.slice %x [0, 1] to [2, 3] by [1, 2] : tensor<2x3xf32> to tensor<2x1xf32>
  %z = descent.constant dense<0.0> : tensor<f32>
  %2 = descent.pad %1, %z low [0, 1] high [0, 0] interior [0, 0] : tensor<2x1xf32>, tensor<f32> to tensor<2x2xf32>
  %3 = descent.concat 1 %1, %2 : (tensor<2x1xf32>, tensor<2x2xf32>) to tensor<2x3xf32>
  // CHECK: descent.dynamic_slice %{{.*}}[%{{.*}}, %{{.*}}] sizes [1, 3] : tensor<2x3xf32>, tensor<i32>, tensor<i32> to tensor<1x3xf32>
  %4 = descent.dynamic_slice %x[%i, %i] sizes [1, 3] : tensor<2x3xf32>, tensor<i32>, tensor<i32> to tensor<1x3xf32>
  %5 = descent.update %x, %4[%i, %i] : tensor<2x3xf32>, tensor<1x3xf32>, tensor<i32>, tensor<i32>
  %6 = descent.gather %x, %idx axis 0 batch 0 : tensor<2x3xf32>, tensor<4xi32> to tensor<4x3xf32>
  // CHECK: descent.scatter add
  %7 = descent.scatter add %x, %idx, %6 axis 0 batch 0 : tensor<2x3xf32>, tensor<4xi32>, tensor<4x3xf32>
  %8 = descent.cumsum %x 1 : tensor<2x3xf32>
  // CHECK: descent.cumsum %{{.*}} 1 reverse : tensor<2x3xf32>
  %9 = descent.cumsum %x 1 reverse : tensor<2x3xf32>
  %10 = descent.dot %0, %x batch [] x [] contract [1] x [0] : tensor<3x2xf32>, tensor<2x3xf32> to tensor<3x3xf32>
  return %0 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @control
func.func @control(%x: tensor<4xf32>, %n: tensor<i32>, %c: tensor<i1>) -> tensor<4xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  // CHECK: descent.for
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<4xf32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<4xf32>):
    %b = descent.add %a, %a : tensor<4xf32>
    descent.yield %b : tensor<4xf32>
  } to (tensor<4xf32>)
  // CHECK: descent.while
  %w = descent.while iter(%r) : (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    descent.yield %c : tensor<i1>
  } do {
  ^bb0(%a: tensor<4xf32>):
    descent.yield %a : tensor<4xf32>
  } to (tensor<4xf32>)
  // CHECK: descent.if
  %y = descent.if %c : tensor<i1> to (tensor<4xf32>) {
    descent.yield %w : tensor<4xf32>
  } else {
    descent.yield %x : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @transform
func.func @transform(%x: tensor<10x3xf32>, %ct: tensor<f32>) -> tensor<10x3xf32> {
  // CHECK: descent.vmap 10
  %g = descent.vmap 10 (%x) : (tensor<10x3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    // CHECK: descent.vjp
    %v, %d = descent.vjp(%a) cotangents(%ct) : (tensor<3xf32>) cotangents (tensor<f32>) {
    ^bb0(%p: tensor<3xf32>):
      %s = descent.reduce_sum %p [0] : tensor<3xf32> to tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>, tensor<3xf32>)
    descent.yield %d : tensor<3xf32>
  } to (tensor<10x3xf32>)
  return %g : tensor<10x3xf32>
}
