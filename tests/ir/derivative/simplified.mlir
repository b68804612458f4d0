// RUN: %descent-opt --expand-derivatives --simplify %s | FileCheck %s

// The sum of a broadcast cotangent is a product by the number of repetitions; no array is made.
// CHECK-LABEL: func.func @sum_of_broadcast(
// CHECK-SAME: %[[X:.*]]: tensor<1000x3xf32>, %[[B:.*]]: tensor<3xf32>, %[[CT:.*]]: tensor<f32>)
// CHECK-NOT: reduce_sum
// CHECK: %[[COUNT:.*]] = descent.constant dense<1.000000e+03> : tensor<f32>
// CHECK-NOT: reduce_sum
// CHECK: %[[ALL:.*]] = descent.mul %[[CT]], %[[COUNT]] : tensor<f32>
// CHECK: %[[DB:.*]] = descent.broadcast %[[ALL]] [] : tensor<f32> to tensor<3xf32>
// CHECK: return %[[DB]]
func.func @sum_of_broadcast(%x: tensor<1000x3xf32>, %b: tensor<3xf32>, %ct: tensor<f32>) -> tensor<3xf32> {
  %v, %db = descent.vjp(%b) cotangents(%ct) : (tensor<3xf32>) cotangents (tensor<f32>) {
  ^bb0(%p: tensor<3xf32>):
    %r = descent.broadcast %p [1] : tensor<3xf32> to tensor<1000x3xf32>
    %s = descent.add %x, %r : tensor<1000x3xf32>
    %t = descent.reduce_sum %s [0, 1] : tensor<1000x3xf32> to tensor<f32>
    descent.yield %t : tensor<f32>
  } to (tensor<f32>, tensor<3xf32>)
  return %db : tensor<3xf32>
}

// The cotangent of what nobody asks for is not computed, in loops neither.
// CHECK-LABEL: func.func @dead_cotangent(
// CHECK: descent.for {{.*}} iter(%{{[^,]*}}) : tensor<i32>, (tensor<8xf32>)
// CHECK-NOT: descent.sin
// CHECK: descent.mul
// CHECK-NOT: descent.mul
// CHECK: return
func.func @dead_cotangent(%x: tensor<8xf32>, %w: tensor<8xf32>, %n: tensor<i32>, %ct: tensor<8xf32>) -> tensor<8xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %v, %dx, %dw = descent.vjp(%x, %w) cotangents(%ct) : (tensor<8xf32>, tensor<8xf32>) cotangents (tensor<8xf32>) {
  ^bb0(%a: tensor<8xf32>, %b: tensor<8xf32>):
    %r = descent.for %zero to %n iter(%a) : tensor<i32>, (tensor<8xf32>) {
    ^bb0(%i: tensor<i32>, %y: tensor<8xf32>):
      %s = descent.sin %b : tensor<8xf32>
      %m = descent.mul %y, %b : tensor<8xf32>
      %z = descent.add %m, %s : tensor<8xf32>
      descent.yield %z : tensor<8xf32>
    } to (tensor<8xf32>)
    descent.yield %r : tensor<8xf32>
  } to (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
  return %dx : tensor<8xf32>
}
