// RUN: %descent-opt --expand-vmap %s | FileCheck %s

// Only the operand that all lanes share is repeated; what no lane differs in is computed once.
// CHECK-LABEL: func.func @shared
// CHECK-SAME: (%[[X:.*]]: tensor<10x3xf32>, %[[Y:.*]]: tensor<3xf32>)
func.func @shared(%x: tensor<10x3xf32>, %y: tensor<3xf32>) -> tensor<10x3xf32> {
  // CHECK-NOT: vmap
  // CHECK: %[[S:.*]] = descent.sin %[[Y]] : tensor<3xf32>
  // CHECK: %[[B:.*]] = descent.broadcast %[[S]] [1] : tensor<3xf32> to tensor<10x3xf32>
  // CHECK: %[[M:.*]] = descent.mul %[[X]], %[[B]] : tensor<10x3xf32>
  // CHECK: return %[[M]]
  %r = descent.vmap 10 (%x) : (tensor<10x3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    %s = descent.sin %y : tensor<3xf32>
    %m = descent.mul %a, %s : tensor<3xf32>
    descent.yield %m : tensor<3xf32>
  } to (tensor<10x3xf32>)
  return %r : tensor<10x3xf32>
}

// A yielded value that all lanes share is repeated at the end.
// CHECK-LABEL: func.func @yield_shared
func.func @yield_shared(%x: tensor<10xf32>, %y: tensor<3xf32>) -> tensor<10x3xf32> {
  // CHECK: %[[B:.*]] = descent.broadcast %{{.*}} [1] : tensor<3xf32> to tensor<10x3xf32>
  // CHECK: return %[[B]]
  %r = descent.vmap 10 (%x) : (tensor<10xf32>) {
  ^bb0(%a: tensor<f32>):
    descent.yield %y : tensor<3xf32>
  } to (tensor<10x3xf32>)
  return %r : tensor<10x3xf32>
}

// CHECK-LABEL: func.func @kept_attributes
func.func @kept_attributes(%x: tensor<4xf32>) -> (tensor<4xi1>, tensor<4xf32>, tensor<4xi32>) {
  // CHECK: descent.compare lt %{{.*}}, %{{.*}} : tensor<4xf32>
  // CHECK: descent.polygamma %{{.*}} order 2 : tensor<4xf32>
  // CHECK: descent.convert %{{.*}} : tensor<4xf32> to tensor<4xi32>
  %r:3 = descent.vmap 4 (%x) : (tensor<4xf32>) {
  ^bb0(%a: tensor<f32>):
    %c = descent.compare lt %a, %a : tensor<f32>
    %p = descent.polygamma %a order 2 : tensor<f32>
    %i = descent.convert %a : tensor<f32> to tensor<i32>
    descent.yield %c, %p, %i : tensor<i1>, tensor<f32>, tensor<i32>
  } to (tensor<4xi1>, tensor<4xf32>, tensor<4xi32>)
  return %r#0, %r#1, %r#2 : tensor<4xi1>, tensor<4xf32>, tensor<4xi32>
}

// No lanes, no work.
// CHECK-LABEL: func.func @none
func.func @none(%x: tensor<0x3xf32>) -> tensor<0xf32> {
  // CHECK-NEXT: %[[C:.*]] = descent.constant dense<> : tensor<0xf32>
  // CHECK-NEXT: return %[[C]]
  %r = descent.vmap 0 (%x) : (tensor<0x3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    %s = descent.reduce_sum %a [0] : tensor<3xf32> to tensor<f32>
    descent.yield %s : tensor<f32>
  } to (tensor<0xf32>)
  return %r : tensor<0xf32>
}

// CHECK-LABEL: func.func @nested
// CHECK-SAME: (%[[X:.*]]: tensor<2x3xf32>, %[[Y:.*]]: tensor<5xf32>)
func.func @nested(%x: tensor<2x3xf32>, %y: tensor<5xf32>) -> tensor<2x5x3xf32> {
  // CHECK-DAG: %[[BX:.*]] = descent.broadcast %[[X]] [0, 2] : tensor<2x3xf32> to tensor<2x5x3xf32>
  // CHECK-DAG: %[[BY:.*]] = descent.broadcast %[[Y]] [0] : tensor<5xf32> to tensor<5x3xf32>
  // CHECK: descent.broadcast %[[BY]] [1, 2] : tensor<5x3xf32> to tensor<2x5x3xf32>
  // CHECK: descent.mul %{{.*}}, %{{.*}} : tensor<2x5x3xf32>
  %r = descent.vmap 2 (%x) : (tensor<2x3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    %q = descent.vmap 5 (%y) : (tensor<5xf32>) {
    ^bb0(%b: tensor<f32>):
      %bb = descent.broadcast %b [] : tensor<f32> to tensor<3xf32>
      %m = descent.mul %a, %bb : tensor<3xf32>
      descent.yield %m : tensor<3xf32>
    } to (tensor<5x3xf32>)
    descent.yield %q : tensor<5x3xf32>
  } to (tensor<2x5x3xf32>)
  return %r : tensor<2x5x3xf32>
}
