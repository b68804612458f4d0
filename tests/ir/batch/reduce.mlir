// RUN: %descent-opt --expand-vmap %s | FileCheck %s

// CHECK-LABEL: func.func @along_dimensions
func.func @along_dimensions(%x: tensor<7x2x3xf32>) -> (tensor<7xf32>, tensor<7x2xi32>, tensor<7x2x3xf32>, tensor<7x2x3xi32>) {
  // CHECK: descent.reduce_sum %{{.*}} [1, 2] : tensor<7x2x3xf32> to tensor<7xf32>
  // CHECK: descent.argmax %{{.*}} 2 : tensor<7x2x3xf32> to tensor<7x2xi32>
  // CHECK: descent.cumsum %{{.*}} 1 reverse : tensor<7x2x3xf32>
  // CHECK: descent.argsort %{{.*}} 2 : tensor<7x2x3xf32> to tensor<7x2x3xi32>
  %r:4 = descent.vmap 7 (%x) : (tensor<7x2x3xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %0 = descent.reduce_sum %a [0, 1] : tensor<2x3xf32> to tensor<f32>
    %1 = descent.argmax %a 1 : tensor<2x3xf32> to tensor<2xi32>
    %2 = descent.cumsum %a 0 reverse : tensor<2x3xf32>
    %3 = descent.argsort %a 1 : tensor<2x3xf32> to tensor<2x3xi32>
    descent.yield %0, %1, %2, %3 : tensor<f32>, tensor<2xi32>, tensor<2x3xf32>, tensor<2x3xi32>
  } to (tensor<7xf32>, tensor<7x2xi32>, tensor<7x2x3xf32>, tensor<7x2x3xi32>)
  return %r#0, %r#1, %r#2, %r#3 : tensor<7xf32>, tensor<7x2xi32>, tensor<7x2x3xf32>, tensor<7x2x3xi32>
}

// A vmap of a product with a shared matrix is one larger product.
// CHECK-LABEL: func.func @matrix_times_vectors
// CHECK-SAME: (%[[M:.*]]: tensor<4x3xf32>, %[[X:.*]]: tensor<7x3xf32>)
func.func @matrix_times_vectors(%m: tensor<4x3xf32>, %x: tensor<7x3xf32>) -> (tensor<7x4xf32>, tensor<7x4xf32>) {
  // CHECK: descent.dot %[[X]], %[[M]] batch [] x [] contract [1] x [1] : tensor<7x3xf32>, tensor<4x3xf32> to tensor<7x4xf32>
  // CHECK: %[[P:.*]] = descent.dot %[[M]], %[[X]] batch [] x [] contract [1] x [1] : tensor<4x3xf32>, tensor<7x3xf32> to tensor<4x7xf32>
  // CHECK: descent.transpose %[[P]] [1, 0] : tensor<4x7xf32> to tensor<7x4xf32>
  %r:2 = descent.vmap 7 (%x) : (tensor<7x3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    %0 = descent.dot %a, %m batch [] x [] contract [0] x [1] : tensor<3xf32>, tensor<4x3xf32> to tensor<4xf32>
    %1 = descent.dot %m, %a batch [] x [] contract [1] x [0] : tensor<4x3xf32>, tensor<3xf32> to tensor<4xf32>
    descent.yield %0, %1 : tensor<4xf32>, tensor<4xf32>
  } to (tensor<7x4xf32>, tensor<7x4xf32>)
  return %r#0, %r#1 : tensor<7x4xf32>, tensor<7x4xf32>
}

// CHECK-LABEL: func.func @products
func.func @products(%x: tensor<7x2x3xf32>, %y: tensor<7x3x5xf32>) -> tensor<7x2x5xf32> {
  // CHECK: descent.dot %{{.*}}, %{{.*}} batch [0] x [0] contract [2] x [1] : tensor<7x2x3xf32>, tensor<7x3x5xf32> to tensor<7x2x5xf32>
  %r = descent.vmap 7 (%x, %y) : (tensor<7x2x3xf32>, tensor<7x3x5xf32>) {
  ^bb0(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>):
    %0 = descent.dot %a, %b batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x5xf32> to tensor<2x5xf32>
    descent.yield %0 : tensor<2x5xf32>
  } to (tensor<7x2x5xf32>)
  return %r : tensor<7x2x5xf32>
}
