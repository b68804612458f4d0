// RUN: %descent-opt --expand-vmap %s | FileCheck %s

// CHECK-LABEL: func.func @moves
func.func @moves(%x: tensor<7x2x3xf32>) -> (tensor<7x6xf32>, tensor<7x3x2xf32>, tensor<7x2x5x3xf32>, tensor<7x2x2xf32>, tensor<7x2x4xf32>, tensor<7x2x3xf32>, tensor<7x2x6xf32>) {
  // CHECK: descent.reshape %{{.*}} : tensor<7x2x3xf32> to tensor<7x6xf32>
  // CHECK: descent.transpose %{{.*}} [0, 2, 1] : tensor<7x2x3xf32> to tensor<7x3x2xf32>
  // CHECK: descent.broadcast %{{.*}} [0, 1, 3] : tensor<7x2x3xf32> to tensor<7x2x5x3xf32>
  // CHECK: descent.slice %{{.*}} [0, 0, 0] to [7, 2, 3] by [1, 1, 2] : tensor<7x2x3xf32> to tensor<7x2x2xf32>
  // CHECK: descent.pad %{{.*}}, %{{.*}} low [0, 0, 1] high [0, 0, 0] interior [0, 0, 0] : tensor<7x2x3xf32>, tensor<f32> to tensor<7x2x4xf32>
  // CHECK: descent.reverse %{{.*}} [2] : tensor<7x2x3xf32>
  // CHECK: descent.concat 2 %{{.*}}, %{{.*}} : (tensor<7x2x3xf32>, tensor<7x2x3xf32>) to tensor<7x2x6xf32>
  %r:7 = descent.vmap 7 (%x) : (tensor<7x2x3xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %z = descent.constant dense<0.0> : tensor<f32>
    %0 = descent.reshape %a : tensor<2x3xf32> to tensor<6xf32>
    %1 = descent.transpose %a [1, 0] : tensor<2x3xf32> to tensor<3x2xf32>
    %2 = descent.broadcast %a [0, 2] : tensor<2x3xf32> to tensor<2x5x3xf32>
    %3 = descent.slice %a [0, 0] to [2, 3] by [1, 2] : tensor<2x3xf32> to tensor<2x2xf32>
    %4 = descent.pad %a, %z low [0, 1] high [0, 0] interior [0, 0] : tensor<2x3xf32>, tensor<f32> to tensor<2x4xf32>
    %5 = descent.reverse %a [1] : tensor<2x3xf32>
    %6 = descent.concat 1 %a, %a : (tensor<2x3xf32>, tensor<2x3xf32>) to tensor<2x6xf32>
    descent.yield %0, %1, %2, %3, %4, %5, %6 : tensor<6xf32>, tensor<3x2xf32>, tensor<2x5x3xf32>, tensor<2x2xf32>, tensor<2x4xf32>, tensor<2x3xf32>, tensor<2x6xf32>
  } to (tensor<7x6xf32>, tensor<7x3x2xf32>, tensor<7x2x5x3xf32>, tensor<7x2x2xf32>, tensor<7x2x4xf32>, tensor<7x2x3xf32>, tensor<7x2x6xf32>)
  return %r#0, %r#1, %r#2, %r#3, %r#4, %r#5, %r#6 : tensor<7x6xf32>, tensor<7x3x2xf32>, tensor<7x2x5x3xf32>, tensor<7x2x2xf32>, tensor<7x2x4xf32>, tensor<7x2x3xf32>, tensor<7x2x6xf32>
}

// A pad value of each lane's own: a select instead.
// CHECK-LABEL: func.func @pad_value
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[V:.*]]: tensor<7xf32>)
func.func @pad_value(%x: tensor<3xf32>, %v: tensor<7xf32>) -> tensor<7x4xf32> {
  // CHECK: %[[INSIDE:.*]] = descent.pad %{{.*}}, %{{.*}} low [0, 1] high [0, 0] interior [0, 0] : tensor<7x3xi1>, tensor<i1> to tensor<7x4xi1>
  // CHECK: %[[OUTSIDE:.*]] = descent.broadcast %[[V]] [0] : tensor<7xf32> to tensor<7x4xf32>
  // CHECK: %[[PADDED:.*]] = descent.pad {{.*}} : tensor<7x3xf32>, tensor<f32> to tensor<7x4xf32>
  // CHECK: descent.select %[[INSIDE]], %[[PADDED]], %[[OUTSIDE]] : tensor<7x4xi1>, tensor<7x4xf32>
  %r = descent.vmap 7 (%v) : (tensor<7xf32>) {
  ^bb0(%a: tensor<f32>):
    %p = descent.pad %x, %a low [1] high [0] interior [0] : tensor<3xf32>, tensor<f32> to tensor<4xf32>
    descent.yield %p : tensor<4xf32>
  } to (tensor<7x4xf32>)
  return %r : tensor<7x4xf32>
}
