// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// The side of a select that is not taken gets a true zero.

// CHECK-LABEL: func.func @jvp(
// CHECK-SAME: %[[C:[^:]*]]: {{.*}}, %[[X:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[DIV:.*]] = descent.div %[[DX]], %[[X]] : tensor<4xf32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[C]], %[[DIV]], %[[K]] : tensor<4xi1>, tensor<4xf32>
// CHECK-NEXT: return %[[SELECT]] : tensor<4xf32>
func.func @jvp(%c: tensor<4xi1>, %x: tensor<4xf32>, %dx: tensor<4xf32>) -> tensor<4xf32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<4xf32>) tangents (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %l = descent.log %a : tensor<4xf32>
    %b = descent.select %c, %l, %x : tensor<4xi1>, tensor<4xf32>
    descent.yield %b : tensor<4xf32>
  } to (tensor<4xf32>, tensor<4xf32>)
  return %y#1 : tensor<4xf32>
}

// Each product with a partial asks the condition again.
// CHECK-LABEL: func.func @vjp(
// CHECK-SAME: %[[C:[^:]*]]: {{.*}}, %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[SQRT:.*]] = descent.sqrt %[[X]] : tensor<4xf32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[C]], %[[DY]], %[[K]] : tensor<4xi1>, tensor<4xf32>
// CHECK-NEXT: %[[DIV:.*]] = descent.div %[[SELECT]], %[[SQRT]] : tensor<4xf32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[SELECT2:.*]] = descent.select %[[C]], %[[DIV]], %[[K2]] : tensor<4xi1>, tensor<4xf32>
// CHECK-NEXT: %[[DIV2:.*]] = descent.div %[[SELECT2]], %[[SQRT]] : tensor<4xf32>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<5.000000e-01> : tensor<4xf32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DIV2]], %[[K3]] : tensor<4xf32>
// CHECK-NEXT: %[[K4:.*]] = descent.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[SELECT3:.*]] = descent.select %[[C]], %[[MUL]], %[[K4]] : tensor<4xi1>, tensor<4xf32>
// CHECK-NEXT: return %[[SELECT3]] : tensor<4xf32>
func.func @vjp(%c: tensor<4xi1>, %x: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<4xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<4xf32>) cotangents (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %s = descent.sqrt %a : tensor<4xf32>
    %l = descent.log %s : tensor<4xf32>
    %b = descent.select %c, %l, %x : tensor<4xi1>, tensor<4xf32>
    descent.yield %b : tensor<4xf32>
  } to (tensor<4xf32>, tensor<4xf32>)
  return %y#1 : tensor<4xf32>
}

// What both sides use is not guarded, nor is a product with a finite number or a linear operation.
// CHECK-LABEL: func.func @vjp_both_sides(
// CHECK-SAME: %[[C:[^:]*]]: {{.*}}, %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<5.000000e-01> : tensor<4xf32>
// CHECK-NEXT: %[[EXP:.*]] = descent.exp %[[X]] : tensor<4xf32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[C]], %[[DY]], %[[K2]] : tensor<4xi1>, tensor<4xf32>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[SELECT2:.*]] = descent.select %[[C]], %[[K3]], %[[DY]] : tensor<4xi1>, tensor<4xf32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[SELECT2]], %[[K]] : tensor<4xf32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[SELECT]], %[[MUL]] : tensor<4xf32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[ADD]], %[[EXP]] : tensor<4xf32>
// CHECK-NEXT: return %[[MUL2]] : tensor<4xf32>
func.func @vjp_both_sides(%c: tensor<4xi1>, %x: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<4xf32> {
  %k = descent.constant dense<0.5> : tensor<4xf32>
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<4xf32>) cotangents (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %e = descent.exp %a : tensor<4xf32>
    %m = descent.mul %e, %k : tensor<4xf32>
    %b = descent.select %c, %e, %m : tensor<4xi1>, tensor<4xf32>
    descent.yield %b : tensor<4xf32>
  } to (tensor<4xf32>, tensor<4xf32>)
  return %y#1 : tensor<4xf32>
}

// The mask goes the way of the cotangent, through `or` where that is summed.
// CHECK-LABEL: func.func @vjp_through_broadcast(
// CHECK-SAME: %[[C:[^:]*]]: {{.*}}, %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<4xf32>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[C]], %[[DY]], %[[K2]] : tensor<4xi1>, tensor<4xf32>
// CHECK-NEXT: %[[SUM:.*]] = descent.reduce_sum %[[SELECT]] [0] : tensor<4xf32> to tensor<f32>
// CHECK-NEXT: %[[REDUCE_OR:.*]] = descent.reduce_or %[[C]] [0] : tensor<4xi1> to tensor<i1>
// CHECK-NEXT: %[[DIV:.*]] = descent.div %[[SUM]], %[[X]] : tensor<f32>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[SELECT2:.*]] = descent.select %[[REDUCE_OR]], %[[DIV]], %[[K3]] : tensor<i1>, tensor<f32>
// CHECK-NEXT: return %[[SELECT2]] : tensor<f32>
func.func @vjp_through_broadcast(%c: tensor<4xi1>, %x: tensor<f32>, %k: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<4xf32>) {
  ^bb0(%a: tensor<f32>):
    %l = descent.log %a : tensor<f32>
    %m = descent.broadcast %l [] : tensor<f32> to tensor<4xf32>
    %b = descent.select %c, %m, %k : tensor<4xi1>, tensor<4xf32>
    descent.yield %b : tensor<4xf32>
  } to (tensor<4xf32>, tensor<f32>)
  return %y#1 : tensor<f32>
}
