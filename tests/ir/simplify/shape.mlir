// RUN: %descent-opt --simplify %s | FileCheck %s

// CHECK-LABEL: func.func @chains
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[M:.*]]: tensor<2x3x4xf32>)
func.func @chains(%x: tensor<3xf32>, %m: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<2x3x4xf32>, tensor<24xf32>) {
  // CHECK-DAG: %[[B:.*]] = descent.broadcast %[[X]] [1] : tensor<3xf32> to tensor<2x3x4xf32>
  %0 = descent.broadcast %x [0] : tensor<3xf32> to tensor<3x4xf32>
  %b = descent.broadcast %0 [1, 2] : tensor<3x4xf32> to tensor<2x3x4xf32>
  // CHECK-DAG: %[[T:.*]] = descent.transpose %[[M]] [2, 0, 1]
  %1 = descent.transpose %m [1, 2, 0] : tensor<2x3x4xf32> to tensor<3x4x2xf32>
  %t = descent.transpose %1 [1, 2, 0] : tensor<3x4x2xf32> to tensor<4x2x3xf32>
  %u = descent.transpose %1 [2, 0, 1] : tensor<3x4x2xf32> to tensor<2x3x4xf32>
  // CHECK-DAG: %[[R:.*]] = descent.reshape %[[M]] : tensor<2x3x4xf32> to tensor<24xf32>
  %2 = descent.reshape %m : tensor<2x3x4xf32> to tensor<6x4xf32>
  %r = descent.reshape %2 : tensor<6x4xf32> to tensor<24xf32>
  // CHECK: return %[[B]], %[[T]], %[[M]], %[[R]]
  return %b, %t, %u, %r : tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<2x3x4xf32>, tensor<24xf32>
}

// Dimensions of size 1 come and go without moving anything.
// CHECK-LABEL: func.func @units
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[M:.*]]: tensor<3x1x4xf32>)
func.func @units(%x: tensor<3xf32>, %m: tensor<3x1x4xf32>) -> (tensor<1x3xf32>, tensor<1x3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>) {
  // CHECK-DAG: %[[A:.*]] = descent.reshape %[[X]] : tensor<3xf32> to tensor<1x3xf32>
  %a = descent.broadcast %x [1] : tensor<3xf32> to tensor<1x3xf32>
  // CHECK-DAG: %[[B:.*]] = descent.reshape %[[M]] : tensor<3x1x4xf32> to tensor<1x3x4xf32>
  %b = descent.transpose %m [1, 0, 2] : tensor<3x1x4xf32> to tensor<1x3x4xf32>
  // CHECK-DAG: %[[C:.*]] = descent.broadcast %[[X]] [0] : tensor<3xf32> to tensor<3x4xf32>
  %0 = descent.reshape %x : tensor<3xf32> to tensor<3x1xf32>
  %1 = descent.reshape %0 : tensor<3x1xf32> to tensor<3xf32>
  %2 = descent.broadcast %1 [0] : tensor<3xf32> to tensor<3x4xf32>
  %3 = descent.broadcast %x [1] : tensor<3xf32> to tensor<1x3x4xf32>
  %4 = descent.reshape %3 : tensor<1x3x4xf32> to tensor<3x4xf32>
  // CHECK: return %[[A]], %[[B]], %[[C]], %[[C]]
  return %a, %b, %2, %4 : tensor<1x3xf32>, tensor<1x3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>
}

// What is repeated is computed before it is.
// CHECK-LABEL: func.func @before_repeating
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[Y:.*]]: tensor<3xf32>)
func.func @before_repeating(%x: tensor<3xf32>, %y: tensor<3xf32>) -> (tensor<3x4xf32>, tensor<4x3xf32>) {
  // CHECK: %[[S:.*]] = descent.mul %[[X]], %[[Y]] : tensor<3xf32>
  // CHECK: %[[E:.*]] = descent.exp %[[S]] : tensor<3xf32>
  // CHECK-DAG: %[[A:.*]] = descent.broadcast %[[E]] [0] : tensor<3xf32> to tensor<3x4xf32>
  // CHECK-DAG: %[[B:.*]] = descent.broadcast %[[E]] [1] : tensor<3xf32> to tensor<4x3xf32>
  // CHECK: return %[[A]], %[[B]]
  %0 = descent.broadcast %x [0] : tensor<3xf32> to tensor<3x4xf32>
  %1 = descent.broadcast %y [0] : tensor<3xf32> to tensor<3x4xf32>
  %2 = descent.mul %0, %1 : tensor<3x4xf32>
  %3 = descent.exp %2 : tensor<3x4xf32>
  %4 = descent.transpose %3 [1, 0] : tensor<3x4xf32> to tensor<4x3xf32>
  return %3, %4 : tensor<3x4xf32>, tensor<4x3xf32>
}

// CHECK-LABEL: func.func @slices
// CHECK-SAME: (%[[X:.*]]: tensor<10xf32>, %[[Y:.*]]: tensor<4xf32>, %[[V:.*]]: tensor<f32>)
func.func @slices(%x: tensor<10xf32>, %y: tensor<4xf32>, %v: tensor<f32>) -> (tensor<2xf32>, tensor<4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<3xf32>, tensor<2x2xf32>) {
  // CHECK-DAG: %[[A:.*]] = descent.slice %[[X]] [3] to [8] by [4] : tensor<10xf32> to tensor<2xf32>
  %0 = descent.slice %x [1] to [10] by [2] : tensor<10xf32> to tensor<5xf32>
  %a = descent.slice %0 [1] to [4] by [2] : tensor<5xf32> to tensor<2xf32>
  // The inside of a pad, and its rim.
  %1 = descent.pad %y, %v low [2] high [1] interior [1] : tensor<4xf32>, tensor<f32> to tensor<10xf32>
  %b = descent.slice %1 [2] to [9] by [2] : tensor<10xf32> to tensor<4xf32>
  // CHECK-DAG: %[[C:.*]] = descent.broadcast %[[V]] [] : tensor<f32> to tensor<2xf32>
  %c = descent.slice %1 [0] to [2] by [1] : tensor<10xf32> to tensor<2xf32>
  // CHECK-DAG: %[[D:.*]] = descent.slice %[[Y]] [1] to [3] by [1] : tensor<4xf32> to tensor<2xf32>
  %2 = descent.concat 0 %x, %y : (tensor<10xf32>, tensor<4xf32>) to tensor<14xf32>
  %d = descent.slice %2 [11] to [13] by [1] : tensor<14xf32> to tensor<2xf32>
  // CHECK-DAG: %[[E:.*]] = descent.slice %[[X]] [1] to [4] by [1] : tensor<10xf32> to tensor<3xf32>
  %3 = descent.slice %x [1] to [2] by [1] : tensor<10xf32> to tensor<1xf32>
  %4 = descent.slice %x [2] to [4] by [1] : tensor<10xf32> to tensor<2xf32>
  %e = descent.concat 0 %3, %4 : (tensor<1xf32>, tensor<2xf32>) to tensor<3xf32>
  // CHECK-DAG: %[[F:.*]] = descent.broadcast %[[D]] [1] : tensor<2xf32> to tensor<2x2xf32>
  %5 = descent.broadcast %y [1] : tensor<4xf32> to tensor<3x4xf32>
  %f = descent.slice %5 [0, 1] to [2, 3] by [1, 1] : tensor<3x4xf32> to tensor<2x2xf32>
  // CHECK: return %[[A]], %[[Y]], %[[C]], %[[D]], %[[E]], %[[F]]
  return %a, %b, %c, %d, %e, %f : tensor<2xf32>, tensor<4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<3xf32>, tensor<2x2xf32>
}

// CHECK-LABEL: func.func @pads_and_reversals
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>, %[[V:.*]]: tensor<f32>)
func.func @pads_and_reversals(%x: tensor<4xf32>, %v: tensor<f32>) -> (tensor<8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[P:.*]] = descent.pad %[[X]], %[[V]] low [1] high [3] interior [0]
  %0 = descent.pad %x, %v low [1] high [1] interior [0] : tensor<4xf32>, tensor<f32> to tensor<6xf32>
  %p = descent.pad %0, %v low [0] high [2] interior [0] : tensor<6xf32>, tensor<f32> to tensor<8xf32>
  %q = descent.pad %x, %v low [0] high [0] interior [0] : tensor<4xf32>, tensor<f32> to tensor<4xf32>
  %1 = descent.reverse %x [0] : tensor<4xf32>
  %r = descent.reverse %1 [0] : tensor<4xf32>
  // CHECK: %[[B:.*]] = descent.broadcast %[[V]]
  %2 = descent.broadcast %v [] : tensor<f32> to tensor<4xf32>
  %s = descent.reverse %2 [0] : tensor<4xf32>
  // CHECK: return %[[P]], %[[X]], %[[X]], %[[B]]
  return %p, %q, %r, %s : tensor<8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
