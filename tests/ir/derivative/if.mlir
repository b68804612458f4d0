// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// Branches.

// CHECK-LABEL: func.func @jvp(
// CHECK-SAME: %[[C:[^:]*]]: {{.*}}, %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[IF:.*]] = descent.if %[[C]] : tensor<i1> to (tensor<f32>) {
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[X]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DX]], %[[COS]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL]] : tensor<f32>
// CHECK-NEXT: } else {
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: descent.yield %[[K2]] : tensor<f32>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[IF]] : tensor<f32>
func.func @jvp(%c: tensor<i1>, %x: tensor<f32>, %k: tensor<f32>, %dx: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.if %c : tensor<i1> to (tensor<f32>) {
      %s = descent.sin %a : tensor<f32>
      descent.yield %s : tensor<f32>
    } else {
      descent.yield %k : tensor<f32>
    }
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// The reverse run branches again. %b is captured by one branch only and gets zero from the other.
// CHECK-LABEL: func.func @vjp(
// CHECK-SAME: %[[C:[^:]*]]: {{.*}}, %[[X:[^:]*]]: {{.*}}, %[[Z:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[IF:.*]] = descent.if %[[C]] : tensor<i1> to (tensor<f32>) {
// CHECK-NEXT: %[[SIN:.*]] = descent.sin %[[X]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[SIN]], %[[Z]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL]] : tensor<f32>
// CHECK-NEXT: } else {
// CHECK-NEXT: descent.yield %[[X]] : tensor<f32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[IF2:.*]]:2 = descent.if %[[C]] : tensor<i1> to (tensor<f32>, tensor<f32>) {
// CHECK-NEXT: %[[SIN2:.*]] = descent.sin %[[X]] : tensor<f32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[DY]], %[[Z]] : tensor<f32>
// CHECK-NEXT: %[[MUL3:.*]] = descent.mul %[[DY]], %[[SIN2]] : tensor<f32>
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[X]] : tensor<f32>
// CHECK-NEXT: %[[MUL4:.*]] = descent.mul %[[MUL2]], %[[COS]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL4]], %[[MUL3]] : tensor<f32>, tensor<f32>
// CHECK-NEXT: } else {
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: descent.yield %[[DY]], %[[K]] : tensor<f32>, tensor<f32>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[IF]], %[[IF2]]#0, %[[IF2]]#1 : tensor<f32>, tensor<f32>, tensor<f32>
func.func @vjp(%c: tensor<i1>, %x: tensor<f32>, %z: tensor<f32>, %dy: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  %y:3 = descent.vjp(%x, %z) cotangents(%dy) : (tensor<f32>, tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %r = descent.if %c : tensor<i1> to (tensor<f32>) {
      %s = descent.sin %a : tensor<f32>
      %t = descent.mul %s, %b : tensor<f32>
      descent.yield %t : tensor<f32>
    } else {
      descent.yield %a : tensor<f32>
    }
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>, tensor<f32>)
  return %y#0, %y#1, %y#2 : tensor<f32>, tensor<f32>, tensor<f32>
}

// A cotangent that is there already is passed on by a branch that adds nothing.
// CHECK-LABEL: func.func @vjp_adds(
// CHECK-SAME: %[[C:[^:]*]]: {{.*}}, %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[IF:.*]] = descent.if %[[C]] : tensor<i1> to (tensor<f32>) {
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DY]], %[[K]] : tensor<f32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[DY]], %[[MUL]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[ADD]] : tensor<f32>
// CHECK-NEXT: } else {
// CHECK-NEXT: descent.yield %[[DY]] : tensor<f32>
// CHECK-NEXT: }
// CHECK-NEXT: return %[[IF]] : tensor<f32>
func.func @vjp_adds(%c: tensor<i1>, %x: tensor<f32>, %k: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %y:3 = descent.vjp(%x) cotangents(%dy, %dy) : (tensor<f32>) cotangents (tensor<f32>, tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.if %c : tensor<i1> to (tensor<f32>) {
      %t = descent.mul %a, %k : tensor<f32>
      descent.yield %t : tensor<f32>
    } else {
      descent.yield %k : tensor<f32>
    }
    descent.yield %r, %a : tensor<f32>, tensor<f32>
  } to (tensor<f32>, tensor<f32>, tensor<f32>)
  return %y#2 : tensor<f32>
}
