// RUN: %descent-opt --simplify %s | FileCheck %s

// CHECK-LABEL: func.func @known_positions
// CHECK-SAME: (%[[X:.*]]: tensor<5x4xf32>, %[[I:.*]]: tensor<i32>)
func.func @known_positions(%x: tensor<5x4xf32>, %i: tensor<i32>) -> (tensor<2x4xf32>, tensor<4xf32>) {
  %nine = descent.constant dense<9> : tensor<i32>
  // Clamped as at run time; a dimension that is spanned whole does not ask where.
  // CHECK: descent.slice %[[X]] [3, 0] to [5, 4] by [1, 1] : tensor<5x4xf32> to tensor<2x4xf32>
  %a = descent.dynamic_slice %x[%nine, %i] sizes [2, 4] : tensor<5x4xf32>, tensor<i32>, tensor<i32> to tensor<2x4xf32>
  // CHECK: %[[S:.*]] = descent.slice %[[X]] [4, 0] to [5, 4]
  // CHECK: descent.reshape %[[S]] : tensor<1x4xf32> to tensor<4xf32>
  %b = descent.gather %x, %nine axis 0 batch 0 : tensor<5x4xf32>, tensor<i32> to tensor<4xf32>
  return %a, %b : tensor<2x4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @read_back
// CHECK-SAME: (%[[X:.*]]: tensor<5xf32>, %[[U:.*]]: tensor<2xf32>, %[[W:.*]]: tensor<2xf32>, %[[I:.*]]: tensor<i32>)
func.func @read_back(%x: tensor<5xf32>, %u: tensor<2xf32>, %w: tensor<2xf32>, %i: tensor<i32>) -> (tensor<2xf32>, tensor<5xf32>, tensor<5xf32>, tensor<2xf32>) {
  %0 = descent.update %x, %u[%i] : tensor<5xf32>, tensor<2xf32>, tensor<i32>
  %a = descent.dynamic_slice %0[%i] sizes [2] : tensor<5xf32>, tensor<i32> to tensor<2xf32>
  // CHECK: %[[B:.*]] = descent.update %[[X]], %[[W]][%[[I]]]
  %b = descent.update %0, %w[%i] : tensor<5xf32>, tensor<2xf32>, tensor<i32>
  %1 = descent.dynamic_slice %x[%i] sizes [2] : tensor<5xf32>, tensor<i32> to tensor<2xf32>
  %c = descent.update %x, %1[%i] : tensor<5xf32>, tensor<2xf32>, tensor<i32>
  // Written at 3, read at 0: past each other.
  // CHECK: %[[D:.*]] = descent.slice %[[X]] [0] to [2] by [1]
  %three = descent.constant dense<3> : tensor<i32>
  %2 = descent.update %x, %u[%three] : tensor<5xf32>, tensor<2xf32>, tensor<i32>
  %d = descent.slice %2 [0] to [2] by [1] : tensor<5xf32> to tensor<2xf32>
  // CHECK: return %[[U]], %[[B]], %[[X]], %[[D]]
  return %a, %b, %c, %d : tensor<2xf32>, tensor<5xf32>, tensor<5xf32>, tensor<2xf32>
}

// CHECK-LABEL: func.func @all_in_order
// CHECK-SAME: (%[[X:.*]]: tensor<3x2xf32>, %[[U:.*]]: tensor<3x2xf32>)
func.func @all_in_order(%x: tensor<3x2xf32>, %u: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) {
  %i = descent.iota 0 : tensor<3xi32>
  %c = descent.constant dense<[0, 1, 2]> : tensor<3xi64>
  %a = descent.gather %x, %c axis 0 batch 0 : tensor<3x2xf32>, tensor<3xi64> to tensor<3x2xf32>
  %b = descent.scatter set %x, %i, %u axis 0 batch 0 : tensor<3x2xf32>, tensor<3xi32>, tensor<3x2xf32>
  // CHECK: %[[S:.*]] = descent.add %[[X]], %[[U]]
  %d = descent.scatter add %x, %i, %u axis 0 batch 0 : tensor<3x2xf32>, tensor<3xi32>, tensor<3x2xf32>
  // CHECK: return %[[X]], %[[U]], %[[S]]
  return %a, %b, %d : tensor<3x2xf32>, tensor<3x2xf32>, tensor<3x2xf32>
}

// CHECK-LABEL: func.func @gather_of_iota
// CHECK-SAME: (%[[I:.*]]: tensor<4xi32>)
func.func @gather_of_iota(%i: tensor<4xi32>) -> tensor<4xf32> {
  // CHECK: %[[MAX:.*]] = descent.max %[[I]]
  // CHECK: %[[MIN:.*]] = descent.min %[[MAX]]
  // CHECK: descent.convert %[[MIN]] : tensor<4xi32> to tensor<4xf32>
  %x = descent.iota 0 : tensor<10xf32>
  %a = descent.gather %x, %i axis 0 batch 0 : tensor<10xf32>, tensor<4xi32> to tensor<4xf32>
  return %a : tensor<4xf32>
}
