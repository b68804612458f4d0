// RUN: %descent-opt --expand-vmap %s | FileCheck %s

// A start that all lanes share stays a dynamic_slice.
// CHECK-LABEL: func.func @slice_at_shared_start
// CHECK-SAME: (%[[X:.*]]: tensor<7x5xf32>, %[[I:.*]]: tensor<i32>)
func.func @slice_at_shared_start(%x: tensor<7x5xf32>, %i: tensor<i32>) -> tensor<7x2xf32> {
  // CHECK: %[[ZERO:.*]] = descent.constant dense<0> : tensor<i32>
  // CHECK: descent.dynamic_slice %[[X]][%[[ZERO]], %[[I]]] sizes [7, 2] : tensor<7x5xf32>, tensor<i32>, tensor<i32> to tensor<7x2xf32>
  %r = descent.vmap 7 (%x) : (tensor<7x5xf32>) {
  ^bb0(%a: tensor<5xf32>):
    %s = descent.dynamic_slice %a[%i] sizes [2] : tensor<5xf32>, tensor<i32> to tensor<2xf32>
    descent.yield %s : tensor<2xf32>
  } to (tensor<7x2xf32>)
  return %r : tensor<7x2xf32>
}

// Starts that differ: a gather of ranges, with lanes in lockstep where the array has them.
// CHECK-LABEL: func.func @slice_at_own_start
// CHECK-SAME: (%[[X:.*]]: tensor<7x5x4xf32>, %[[I:.*]]: tensor<7xi32>)
func.func @slice_at_own_start(%x: tensor<7x5x4xf32>, %i: tensor<7xi32>) -> tensor<7x2x4xf32> {
  // CHECK: descent.max %[[I]]
  // CHECK: descent.constant dense<3> : tensor<7xi32>
  // CHECK: descent.min
  // CHECK: %[[AT:.*]] = descent.add %{{.*}}, %{{.*}} : tensor<7x2xi32>
  // CHECK: descent.gather %[[X]], %[[AT]] axis 1 batch 1 : tensor<7x5x4xf32>, tensor<7x2xi32> to tensor<7x2x4xf32>
  %r = descent.vmap 7 (%x, %i) : (tensor<7x5x4xf32>, tensor<7xi32>) {
  ^bb0(%a: tensor<5x4xf32>, %b: tensor<i32>):
    %s = descent.dynamic_slice %a[%b, %b] sizes [2, 4] : tensor<5x4xf32>, tensor<i32>, tensor<i32> to tensor<2x4xf32>
    descent.yield %s : tensor<2x4xf32>
  } to (tensor<7x2x4xf32>)
  return %r : tensor<7x2x4xf32>
}

// CHECK-LABEL: func.func @rows_of_shared_array
// CHECK-SAME: (%[[X:.*]]: tensor<5x4xf32>, %{{.*}}: tensor<7xi32>)
func.func @rows_of_shared_array(%x: tensor<5x4xf32>, %i: tensor<7xi32>) -> tensor<7x1x4xf32> {
  // CHECK: descent.gather %[[X]], %{{.*}} axis 0 batch 0 : tensor<5x4xf32>, tensor<7x1xi32> to tensor<7x1x4xf32>
  // CHECK-NOT: transpose
  %r = descent.vmap 7 (%i) : (tensor<7xi32>) {
  ^bb0(%b: tensor<i32>):
    %z = descent.constant dense<0> : tensor<i32>
    %s = descent.dynamic_slice %x[%b, %z] sizes [1, 4] : tensor<5x4xf32>, tensor<i32>, tensor<i32> to tensor<1x4xf32>
    descent.yield %s : tensor<1x4xf32>
  } to (tensor<7x1x4xf32>)
  return %r : tensor<7x1x4xf32>
}

// CHECK-LABEL: func.func @update
// CHECK-SAME: (%[[X:.*]]: tensor<7x5xf32>, %[[U:.*]]: tensor<7x1xf32>, %[[I:.*]]: tensor<7xi32>)
func.func @update(%x: tensor<7x5xf32>, %u: tensor<7x1xf32>, %i: tensor<7xi32>) -> tensor<7x5xf32> {
  // CHECK: descent.scatter set %[[X]], %{{.*}}, %[[U]] axis 1 batch 1 : tensor<7x5xf32>, tensor<7x1xi32>, tensor<7x1xf32>
  %r = descent.vmap 7 (%x, %u, %i) : (tensor<7x5xf32>, tensor<7x1xf32>, tensor<7xi32>) {
  ^bb0(%a: tensor<5xf32>, %b: tensor<1xf32>, %c: tensor<i32>):
    %s = descent.update %a, %b[%c] : tensor<5xf32>, tensor<1xf32>, tensor<i32>
    descent.yield %s : tensor<5xf32>
  } to (tensor<7x5xf32>)
  return %r : tensor<7x5xf32>
}

// CHECK-LABEL: func.func @gather
// CHECK-SAME: (%[[X:.*]]: tensor<4x2xf32>, %[[XS:.*]]: tensor<7x4x2xf32>, %[[I:.*]]: tensor<3xi32>, %[[IS:.*]]: tensor<7x3xi32>)
func.func @gather(%x: tensor<4x2xf32>, %xs: tensor<7x4x2xf32>, %i: tensor<3xi32>, %is: tensor<7x3xi32>) -> (tensor<7x3x2xf32>, tensor<7x3x2xf32>, tensor<7x3x2xf32>) {
  // CHECK: descent.gather %[[XS]], %[[I]] axis 1 batch 0 : tensor<7x4x2xf32>, tensor<3xi32> to tensor<7x3x2xf32>
  // CHECK: descent.gather %[[X]], %[[IS]] axis 0 batch 0 : tensor<4x2xf32>, tensor<7x3xi32> to tensor<7x3x2xf32>
  // CHECK: descent.gather %[[XS]], %[[IS]] axis 1 batch 1 : tensor<7x4x2xf32>, tensor<7x3xi32> to tensor<7x3x2xf32>
  %r:3 = descent.vmap 7 (%xs, %is) : (tensor<7x4x2xf32>, tensor<7x3xi32>) {
  ^bb0(%a: tensor<4x2xf32>, %b: tensor<3xi32>):
    %0 = descent.gather %a, %i axis 0 batch 0 : tensor<4x2xf32>, tensor<3xi32> to tensor<3x2xf32>
    %1 = descent.gather %x, %b axis 0 batch 0 : tensor<4x2xf32>, tensor<3xi32> to tensor<3x2xf32>
    %2 = descent.gather %a, %b axis 0 batch 0 : tensor<4x2xf32>, tensor<3xi32> to tensor<3x2xf32>
    descent.yield %0, %1, %2 : tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>
  } to (tensor<7x3x2xf32>, tensor<7x3x2xf32>, tensor<7x3x2xf32>)
  return %r#0, %r#1, %r#2 : tensor<7x3x2xf32>, tensor<7x3x2xf32>, tensor<7x3x2xf32>
}

// CHECK-LABEL: func.func @scatter
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[I:.*]]: tensor<3xi32>, %[[IS:.*]]: tensor<7x3xi32>, %[[U:.*]]: tensor<7x3xf32>)
func.func @scatter(%x: tensor<4xf32>, %i: tensor<3xi32>, %is: tensor<7x3xi32>, %u: tensor<7x3xf32>) -> (tensor<7x4xf32>, tensor<7x4xf32>) {
  // CHECK: descent.scatter add %{{.*}}, %[[I]], %[[U]] axis 1 batch 0 : tensor<7x4xf32>, tensor<3xi32>, tensor<7x3xf32>
  // CHECK: descent.scatter add %{{.*}}, %[[IS]], %[[U]] axis 1 batch 1 : tensor<7x4xf32>, tensor<7x3xi32>, tensor<7x3xf32>
  %r:2 = descent.vmap 7 (%is, %u) : (tensor<7x3xi32>, tensor<7x3xf32>) {
  ^bb0(%b: tensor<3xi32>, %c: tensor<3xf32>):
    %0 = descent.scatter add %x, %i, %c axis 0 batch 0 : tensor<4xf32>, tensor<3xi32>, tensor<3xf32>
    %1 = descent.scatter add %x, %b, %c axis 0 batch 0 : tensor<4xf32>, tensor<3xi32>, tensor<3xf32>
    descent.yield %0, %1 : tensor<4xf32>, tensor<4xf32>
  } to (tensor<7x4xf32>, tensor<7x4xf32>)
  return %r#0, %r#1 : tensor<7x4xf32>, tensor<7x4xf32>
}
