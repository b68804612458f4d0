// RUN: %descent-opt --simplify %s | FileCheck %s

// CHECK-LABEL: func.func @of_nothing
func.func @of_nothing(%x: tensor<0x3xf32>, %i: tensor<0xi32>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<i32>) {
  // CHECK-DAG: %[[ZERO:.*]] = descent.constant dense<0.000000e+00> : tensor<3xf32>
  // CHECK-DAG: %[[ONE:.*]] = descent.constant dense<1.000000e+00> : tensor<3xf32>
  // CHECK-DAG: %[[INF:.*]] = descent.constant dense<0xFF800000> : tensor<3xf32>
  // CHECK-DAG: %[[MAX:.*]] = descent.constant dense<2147483647> : tensor<i32>
  // CHECK: return %[[ZERO]], %[[ONE]], %[[INF]], %[[MAX]]
  %0 = descent.reduce_sum %x [0] : tensor<0x3xf32> to tensor<3xf32>
  %1 = descent.reduce_prod %x [0] : tensor<0x3xf32> to tensor<3xf32>
  %2 = descent.reduce_max %x [0] : tensor<0x3xf32> to tensor<3xf32>
  %3 = descent.reduce_min %i [0] : tensor<0xi32> to tensor<i32>
  return %0, %1, %2, %3 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<i32>
}

// CHECK-LABEL: func.func @trivial
// CHECK-SAME: (%[[X:.*]]: tensor<1x3xf32>)
func.func @trivial(%x: tensor<1x3xf32>) -> (tensor<3xf32>, tensor<1x3xf32>, tensor<1x3xf32>, tensor<3xi32>) {
  // CHECK-DAG: %[[A:.*]] = descent.reshape %[[X]] : tensor<1x3xf32> to tensor<3xf32>
  // CHECK-DAG: %[[Z:.*]] = descent.constant dense<0> : tensor<3xi32>
  %a = descent.reduce_max %x [0] : tensor<1x3xf32> to tensor<3xf32>
  %b = descent.reduce_sum %x [] : tensor<1x3xf32> to tensor<1x3xf32>
  %c = descent.cumsum %x 0 : tensor<1x3xf32>
  %d = descent.argmin %x 0 : tensor<1x3xf32> to tensor<3xi32>
  // CHECK: return %[[A]], %[[X]], %[[X]], %[[Z]]
  return %a, %b, %c, %d : tensor<3xf32>, tensor<1x3xf32>, tensor<1x3xf32>, tensor<3xi32>
}

// CHECK-LABEL: func.func @of_repetitions
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>)
func.func @of_repetitions(%x: tensor<3xf32>) -> (tensor<f32>, tensor<3xf32>, tensor<3xf32>) {
  // CHECK-DAG: %[[FOUR:.*]] = descent.constant dense<4.000000e+00> : tensor<f32>
  // CHECK-DAG: %[[S:.*]] = descent.reduce_sum %[[X]] [0] : tensor<3xf32> to tensor<f32>
  // CHECK-DAG: %[[A:.*]] = descent.mul %[[S]], %[[FOUR]] : tensor<f32>
  // CHECK: descent.mul %[[X]], %[[X]]
  // CHECK: %[[P:.*]] = descent.mul
  // CHECK: return %[[A]], %[[X]], %[[P]]
  %b = descent.broadcast %x [0] : tensor<3xf32> to tensor<3x4xf32>
  %s = descent.reduce_sum %b [0, 1] : tensor<3x4xf32> to tensor<f32>
  %m = descent.reduce_max %b [1] : tensor<3x4xf32> to tensor<3xf32>
  %p = descent.reduce_prod %b [1] : tensor<3x4xf32> to tensor<3xf32>
  return %s, %m, %p : tensor<f32>, tensor<3xf32>, tensor<3xf32>
}

// CHECK-LABEL: func.func @of_reductions
func.func @of_reductions(%x: tensor<2x3x4xf32>) -> tensor<3xf32> {
  // CHECK: descent.reduce_sum %{{.*}} [0, 2] : tensor<2x3x4xf32> to tensor<3xf32>
  // CHECK-NOT: reduce_sum
  %0 = descent.reduce_sum %x [0] : tensor<2x3x4xf32> to tensor<3x4xf32>
  %1 = descent.reduce_sum %0 [1] : tensor<3x4xf32> to tensor<3xf32>
  return %1 : tensor<3xf32>
}

// CHECK-LABEL: func.func @products
// CHECK-SAME: (%[[A:.*]]: tensor<2x3xf32>, %[[B:.*]]: tensor<2x4xf32>, %[[V:.*]]: tensor<2xf32>, %[[W:.*]]: tensor<3xf32>, %[[N:.*]]: tensor<2x0xf32>)
func.func @products(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>, %v: tensor<2xf32>, %w: tensor<3xf32>, %n: tensor<2x0xf32>) -> (tensor<3x4xf32>, tensor<4x3xf32>, tensor<2x3xf32>, tensor<2x2xf32>) {
  // CHECK-DAG: %[[Z:.*]] = descent.constant dense<0.000000e+00> : tensor<2x2xf32>
  // CHECK-DAG: %[[P:.*]] = descent.dot %[[A]], %[[B]] batch [] x [] contract [0] x [0] : tensor<2x3xf32>, tensor<2x4xf32> to tensor<3x4xf32>
  %0 = descent.transpose %a [1, 0] : tensor<2x3xf32> to tensor<3x2xf32>
  %p = descent.dot %0, %b batch [] x [] contract [1] x [0] : tensor<3x2xf32>, tensor<2x4xf32> to tensor<3x4xf32>
  // CHECK-DAG: %[[Q:.*]] = descent.dot %[[B]], %[[A]] batch [] x [] contract [0] x [0] : tensor<2x4xf32>, tensor<2x3xf32> to tensor<4x3xf32>
  %1 = descent.dot %a, %b batch [] x [] contract [0] x [0] : tensor<2x3xf32>, tensor<2x4xf32> to tensor<3x4xf32>
  %2 = descent.neg %1 : tensor<3x4xf32>
  %3 = descent.dot %0, %b batch [] x [] contract [1] x [0] : tensor<3x2xf32>, tensor<2x4xf32> to tensor<3x4xf32>
  %q = descent.dot %b, %0 batch [] x [] contract [0] x [1] : tensor<2x4xf32>, tensor<3x2xf32> to tensor<4x3xf32>
  // CHECK-DAG: %[[BV:.*]] = descent.broadcast %[[V]] [0] : tensor<2xf32> to tensor<2x3xf32>
  // CHECK-DAG: %[[BW:.*]] = descent.broadcast %[[W]] [1] : tensor<3xf32> to tensor<2x3xf32>
  // CHECK-DAG: %[[O:.*]] = descent.mul %[[BV]], %[[BW]]
  %o = descent.dot %v, %w batch [] x [] contract [] x [] : tensor<2xf32>, tensor<3xf32> to tensor<2x3xf32>
  %z = descent.dot %n, %n batch [] x [] contract [1] x [1] : tensor<2x0xf32>, tensor<2x0xf32> to tensor<2x2xf32>
  // CHECK: return %[[P]], %[[Q]], %[[O]], %[[Z]]
  return %p, %q, %o, %z : tensor<3x4xf32>, tensor<4x3xf32>, tensor<2x3xf32>, tensor<2x2xf32>
}

// CHECK-LABEL: func.func @turned_product
// CHECK-SAME: (%[[A:.*]]: tensor<2x3xf32>, %[[B:.*]]: tensor<3x4xf32>)
func.func @turned_product(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) -> tensor<4x2xf32> {
  // CHECK-NEXT: descent.dot %[[B]], %[[A]] batch [] x [] contract [0] x [1] : tensor<3x4xf32>, tensor<2x3xf32> to tensor<4x2xf32>
  %0 = descent.dot %a, %b batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>
  %1 = descent.transpose %0 [1, 0] : tensor<2x4xf32> to tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}
