// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// Operations that are linear in one operand: forward mode repeats them, reverse mode transposes them.

// CHECK-LABEL: func.func @jvp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[REVERSE:.*]] = descent.reverse %[[X]] [1] : tensor<2x3xf32>
// CHECK-NEXT: %[[REVERSE2:.*]] = descent.reverse %[[DX]] [1] : tensor<2x3xf32>
// CHECK-NEXT: %[[SUM:.*]] = descent.reduce_sum %[[REVERSE]] [0] : tensor<2x3xf32> to tensor<3xf32>
// CHECK-NEXT: %[[SUM2:.*]] = descent.reduce_sum %[[REVERSE2]] [0] : tensor<2x3xf32> to tensor<3xf32>
// CHECK-NEXT: return %[[SUM]], %[[SUM2]] : tensor<3xf32>, tensor<3xf32>
func.func @jvp(%x: tensor<2x3xf32>, %dx: tensor<2x3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<2x3xf32>) tangents (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %b = descent.reverse %a [1] : tensor<2x3xf32>
    %c = descent.reduce_sum %b [0] : tensor<2x3xf32> to tensor<3xf32>
    descent.yield %c : tensor<3xf32>
  } to (tensor<3xf32>, tensor<3xf32>)
  return %y#0, %y#1 : tensor<3xf32>, tensor<3xf32>
}

// CHECK-LABEL: func.func @reshape(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[RESHAPE:.*]] = descent.reshape %[[DY]] : tensor<6xf32> to tensor<2x3xf32>
// CHECK-NEXT: return %[[RESHAPE]] : tensor<2x3xf32>
func.func @reshape(%x: tensor<2x3xf32>, %dy: tensor<6xf32>) -> tensor<2x3xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<2x3xf32>) cotangents (tensor<6xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %b = descent.reshape %a : tensor<2x3xf32> to tensor<6xf32>
    descent.yield %b : tensor<6xf32>
  } to (tensor<6xf32>, tensor<2x3xf32>)
  return %y#1 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @transpose(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[TRANSPOSE:.*]] = descent.transpose %[[DY]] [1, 2, 0] : tensor<4x2x3xf32> to tensor<2x3x4xf32>
// CHECK-NEXT: return %[[TRANSPOSE]] : tensor<2x3x4xf32>
func.func @transpose(%x: tensor<2x3x4xf32>, %dy: tensor<4x2x3xf32>) -> tensor<2x3x4xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<2x3x4xf32>) cotangents (tensor<4x2x3xf32>) {
  ^bb0(%a: tensor<2x3x4xf32>):
    %b = descent.transpose %a [2, 0, 1] : tensor<2x3x4xf32> to tensor<4x2x3xf32>
    descent.yield %b : tensor<4x2x3xf32>
  } to (tensor<4x2x3xf32>, tensor<2x3x4xf32>)
  return %y#1 : tensor<2x3x4xf32>
}

// CHECK-LABEL: func.func @broadcast(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[SUM:.*]] = descent.reduce_sum %[[DY]] [0, 2] : tensor<2x3x4xf32> to tensor<3xf32>
// CHECK-NEXT: return %[[SUM]] : tensor<3xf32>
func.func @broadcast(%x: tensor<3xf32>, %dy: tensor<2x3x4xf32>) -> tensor<3xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<3xf32>) cotangents (tensor<2x3x4xf32>) {
  ^bb0(%a: tensor<3xf32>):
    %b = descent.broadcast %a [1] : tensor<3xf32> to tensor<2x3x4xf32>
    descent.yield %b : tensor<2x3x4xf32>
  } to (tensor<2x3x4xf32>, tensor<3xf32>)
  return %y#1 : tensor<3xf32>
}

// CHECK-LABEL: func.func @reduce_sum(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[B:.*]] = descent.broadcast %[[DY]] [1] : tensor<3xf32> to tensor<2x3x4xf32>
// CHECK-NEXT: return %[[B]] : tensor<2x3x4xf32>
func.func @reduce_sum(%x: tensor<2x3x4xf32>, %dy: tensor<3xf32>) -> tensor<2x3x4xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<2x3x4xf32>) cotangents (tensor<3xf32>) {
  ^bb0(%a: tensor<2x3x4xf32>):
    %b = descent.reduce_sum %a [0, 2] : tensor<2x3x4xf32> to tensor<3xf32>
    descent.yield %b : tensor<3xf32>
  } to (tensor<3xf32>, tensor<2x3x4xf32>)
  return %y#1 : tensor<2x3x4xf32>
}

// CHECK-LABEL: func.func @slice(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD:.*]] = descent.pad %[[DY]], %[[K]] low [1] high [2] interior [2] : tensor<3xf32>, tensor<f32> to tensor<10xf32>
// CHECK-NEXT: return %[[PAD]] : tensor<10xf32>
func.func @slice(%x: tensor<10xf32>, %dy: tensor<3xf32>) -> tensor<10xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<10xf32>) cotangents (tensor<3xf32>) {
  ^bb0(%a: tensor<10xf32>):
    %b = descent.slice %a [1] to [8] by [3] : tensor<10xf32> to tensor<3xf32>
    descent.yield %b : tensor<3xf32>
  } to (tensor<3xf32>, tensor<10xf32>)
  return %y#1 : tensor<10xf32>
}

// CHECK-LABEL: func.func @cumsum(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[CUMSUM:.*]] = descent.cumsum %[[DY]] 0 reverse : tensor<10xf32>
// CHECK-NEXT: return %[[CUMSUM]] : tensor<10xf32>
func.func @cumsum(%x: tensor<10xf32>, %dy: tensor<10xf32>) -> tensor<10xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<10xf32>) cotangents (tensor<10xf32>) {
  ^bb0(%a: tensor<10xf32>):
    %b = descent.cumsum %a 0 : tensor<10xf32>
    descent.yield %b : tensor<10xf32>
  } to (tensor<10xf32>, tensor<10xf32>)
  return %y#1 : tensor<10xf32>
}

// CHECK-LABEL: func.func @convert(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[CONVERT:.*]] = descent.convert %[[DY]] : tensor<10xf64> to tensor<10xf32>
// CHECK-NEXT: return %[[CONVERT]] : tensor<10xf32>
func.func @convert(%x: tensor<10xf32>, %dy: tensor<10xf64>) -> tensor<10xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<10xf32>) cotangents (tensor<10xf64>) {
  ^bb0(%a: tensor<10xf32>):
    %b = descent.convert %a : tensor<10xf32> to tensor<10xf64>
    descent.yield %b : tensor<10xf64>
  } to (tensor<10xf64>, tensor<10xf32>)
  return %y#1 : tensor<10xf32>
}

// CHECK-LABEL: func.func @pad(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[V:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[SLICE:.*]] = descent.slice %[[DY]] [1] to [6] by [2] : tensor<8xf32> to tensor<3xf32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<true> : tensor<3xi1>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<false> : tensor<i1>
// CHECK-NEXT: %[[PAD:.*]] = descent.pad %[[K]], %[[K2]] low [1] high [2] interior [1] : tensor<3xi1>, tensor<i1> to tensor<8xi1>
// CHECK-NEXT: %[[NOT:.*]] = descent.not %[[PAD]] : tensor<8xi1>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<8xf32>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[NOT]], %[[DY]], %[[K3]] : tensor<8xi1>, tensor<8xf32>
// CHECK-NEXT: %[[SUM:.*]] = descent.reduce_sum %[[SELECT]] [0] : tensor<8xf32> to tensor<f32>
// CHECK-NEXT: return %[[SLICE]], %[[SUM]] : tensor<3xf32>, tensor<f32>
func.func @pad(%x: tensor<3xf32>, %v: tensor<f32>, %dy: tensor<8xf32>) -> (tensor<3xf32>, tensor<f32>) {
  %y:3 = descent.vjp(%x, %v) cotangents(%dy) : (tensor<3xf32>, tensor<f32>) cotangents (tensor<8xf32>) {
  ^bb0(%a: tensor<3xf32>, %b: tensor<f32>):
    %c = descent.pad %a, %b low [1] high [2] interior [1] : tensor<3xf32>, tensor<f32> to tensor<8xf32>
    descent.yield %c : tensor<8xf32>
  } to (tensor<8xf32>, tensor<3xf32>, tensor<f32>)
  return %y#1, %y#2 : tensor<3xf32>, tensor<f32>
}

// CHECK-LABEL: func.func @concat(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[Z:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[SLICE:.*]] = descent.slice %[[DY]] [0] to [2] by [1] : tensor<5xf32> to tensor<2xf32>
// CHECK-NEXT: %[[SLICE2:.*]] = descent.slice %[[DY]] [2] to [5] by [1] : tensor<5xf32> to tensor<3xf32>
// CHECK-NEXT: return %[[SLICE]], %[[SLICE2]] : tensor<2xf32>, tensor<3xf32>
func.func @concat(%x: tensor<2xf32>, %z: tensor<3xf32>, %dy: tensor<5xf32>) -> (tensor<2xf32>, tensor<3xf32>) {
  %y:3 = descent.vjp(%x, %z) cotangents(%dy) : (tensor<2xf32>, tensor<3xf32>) cotangents (tensor<5xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<3xf32>):
    %c = descent.concat 0 %a, %b : (tensor<2xf32>, tensor<3xf32>) to tensor<5xf32>
    descent.yield %c : tensor<5xf32>
  } to (tensor<5xf32>, tensor<2xf32>, tensor<3xf32>)
  return %y#1, %y#2 : tensor<2xf32>, tensor<3xf32>
}

// A tangent that is absent is zero.
// CHECK-LABEL: func.func @jvp_of_concat(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[Z:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK-NEXT: %[[CONCAT:.*]] = descent.concat 0 %[[DX]], %[[K]] : (tensor<2xf32>, tensor<3xf32>) to tensor<5xf32>
// CHECK-NEXT: return %[[CONCAT]] : tensor<5xf32>
func.func @jvp_of_concat(%x: tensor<2xf32>, %z: tensor<3xf32>, %dx: tensor<2xf32>) -> tensor<5xf32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<2xf32>) tangents (tensor<2xf32>) {
  ^bb0(%a: tensor<2xf32>):
    %c = descent.concat 0 %a, %z : (tensor<2xf32>, tensor<3xf32>) to tensor<5xf32>
    descent.yield %c : tensor<5xf32>
  } to (tensor<5xf32>, tensor<5xf32>)
  return %y#1 : tensor<5xf32>
}
