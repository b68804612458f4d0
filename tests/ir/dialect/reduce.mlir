// RUN: %descent-opt %s | %descent-opt | FileCheck %s
// RUN: %descent-opt --mlir-print-op-generic %s | %descent-opt | FileCheck %s

// CHECK-LABEL: func.func @reductions
func.func @reductions(%x: tensor<2x3xf32>, %b: tensor<2x3xi1>) {
  // CHECK: %{{.*}} = descent.reduce_sum %{{.*}} [1] : tensor<2x3xf32> to tensor<2xf32>
  %0 = descent.reduce_sum %x [1] : tensor<2x3xf32> to tensor<2xf32>
  // CHECK: %{{.*}} = descent.reduce_prod %{{.*}} [1] : tensor<2x3xf32> to tensor<2xf32>
  %1 = descent.reduce_prod %x [1] : tensor<2x3xf32> to tensor<2xf32>
  // CHECK: %{{.*}} = descent.reduce_max %{{.*}} [1] : tensor<2x3xf32> to tensor<2xf32>
  %2 = descent.reduce_max %x [1] : tensor<2x3xf32> to tensor<2xf32>
  // CHECK: %{{.*}} = descent.reduce_min %{{.*}} [1] : tensor<2x3xf32> to tensor<2xf32>
  %3 = descent.reduce_min %x [1] : tensor<2x3xf32> to tensor<2xf32>
  // CHECK: %{{.*}} = descent.reduce_and %{{.*}} [0] : tensor<2x3xi1> to tensor<3xi1>
  %a = descent.reduce_and %b [0] : tensor<2x3xi1> to tensor<3xi1>
  // CHECK: %{{.*}} = descent.reduce_or %{{.*}} [0, 1] : tensor<2x3xi1> to tensor<i1>
  %o = descent.reduce_or %b [0, 1] : tensor<2x3xi1> to tensor<i1>
  // CHECK: %{{.*}} = descent.reduce_sum %{{.*}} [] : tensor<2x3xf32> to tensor<2x3xf32>
  %s = descent.reduce_sum %x [] : tensor<2x3xf32> to tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.argmax %{{.*}} 1 : tensor<2x3xf32> to tensor<2xi32>
  %m = descent.argmax %x 1 : tensor<2x3xf32> to tensor<2xi32>
  // CHECK: %{{.*}} = descent.argmin %{{.*}} 0 : tensor<2x3xf32> to tensor<3xi32>
  %n = descent.argmin %x 0 : tensor<2x3xf32> to tensor<3xi32>
  // CHECK: %{{.*}} = descent.argsort %{{.*}} 0 : tensor<2x3xf32> to tensor<2x3xi32>
  %r = descent.argsort %x 0 : tensor<2x3xf32> to tensor<2x3xi32>
  return
}

// CHECK-LABEL: func.func @running
func.func @running(%x: tensor<2x3xf32>, %n: tensor<0xi64>) {
  // CHECK: %{{.*}} = descent.cumsum %{{.*}} 0 : tensor<2x3xf32>
  %a0 = descent.cumsum %x 0 : tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.cumsum %{{.*}} 1 reverse : tensor<2x3xf32>
  %b0 = descent.cumsum %x 1 reverse : tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.cumsum %{{.*}} 0 : tensor<0xi64>
  %c0 = descent.cumsum %n 0 : tensor<0xi64>
  // CHECK: %{{.*}} = descent.cumprod %{{.*}} 0 : tensor<2x3xf32>
  %a1 = descent.cumprod %x 0 : tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.cumprod %{{.*}} 1 reverse : tensor<2x3xf32>
  %b1 = descent.cumprod %x 1 reverse : tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.cumprod %{{.*}} 0 : tensor<0xi64>
  %c1 = descent.cumprod %n 0 : tensor<0xi64>
  // CHECK: %{{.*}} = descent.cummax %{{.*}} 0 : tensor<2x3xf32>
  %a2 = descent.cummax %x 0 : tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.cummax %{{.*}} 1 reverse : tensor<2x3xf32>
  %b2 = descent.cummax %x 1 reverse : tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.cummax %{{.*}} 0 : tensor<0xi64>
  %c2 = descent.cummax %n 0 : tensor<0xi64>
  return
}

// CHECK-LABEL: func.func @products
func.func @products(%a: tensor<5x2x3xf64>, %b: tensor<5x3x4xf64>, %v: tensor<4xi32>) {
  // CHECK: %{{.*}} = descent.dot %{{.*}}, %{{.*}} batch [0] x [0] contract [2] x [1] : tensor<5x2x3xf64>, tensor<5x3x4xf64> to tensor<5x2x4xf64>
  %0 = descent.dot %a, %b batch [0] x [0] contract [2] x [1] : tensor<5x2x3xf64>, tensor<5x3x4xf64> to tensor<5x2x4xf64>
  // CHECK: %{{.*}} = descent.dot %{{.*}}, %{{.*}} batch [] x [] contract [0, 2] x [0, 1] : tensor<5x2x3xf64>, tensor<5x3x4xf64> to tensor<2x4xf64>
  %1 = descent.dot %a, %b batch [] x [] contract [0, 2] x [0, 1] : tensor<5x2x3xf64>, tensor<5x3x4xf64> to tensor<2x4xf64>
  // CHECK: %{{.*}} = descent.dot %{{.*}}, %{{.*}} batch [] x [] contract [] x [] : tensor<4xi32>, tensor<4xi32> to tensor<4x4xi32>
  %2 = descent.dot %v, %v batch [] x [] contract [] x [] : tensor<4xi32>, tensor<4xi32> to tensor<4x4xi32>
  return
}
