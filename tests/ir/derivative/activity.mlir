// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// Only what lies between the differentiated arguments and the asked for results gets a derivative.

// %k does not depend on the argument, %u reaches no result with a derivative, and the integer has none.
// CHECK-LABEL: func.func @inactive(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[EXP:.*]] = descent.exp %[[K]] : tensor<f32>
// CHECK-NEXT: %[[TANH:.*]] = descent.tanh %[[X]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DY]], %[[EXP]] : tensor<f32>
// CHECK-NEXT: return %[[TANH]], %[[MUL]] : tensor<f32>, tensor<f32>
func.func @inactive(%x: tensor<f32>, %k: tensor<f32>, %dy: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %y:4 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %e = descent.exp %k : tensor<f32>
    %u = descent.tanh %a : tensor<f32>
    %i = descent.convert %a : tensor<f32> to tensor<i32>
    %j = descent.convert %i : tensor<i32> to tensor<f32>
    %m = descent.mul %a, %e : tensor<f32>
    %n = descent.add %m, %j : tensor<f32>
    descent.yield %n, %u, %i : tensor<f32>, tensor<f32>, tensor<i32>
  } to (tensor<f32>, tensor<f32>, tensor<i32>, tensor<f32>)
  return %y#1, %y#3 : tensor<f32>, tensor<f32>
}

// A result without a derivative gets a zero tangent, and an argument that nothing uses a zero cotangent.
// CHECK-LABEL: func.func @zeros(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[D:[^:]*]]: {{.*}}, %[[DK:[^:]*]]:
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<2xf32>
// CHECK-NEXT: return %[[K2]], %[[K3]] : tensor<3xf32>, tensor<2xf32>
func.func @zeros(%x: tensor<2xf32>, %k: tensor<3xf32>, %d: tensor<2xf32>, %dk: tensor<3xf32>) -> (tensor<3xf32>, tensor<2xf32>) {
  %y:2 = descent.jvp(%x) tangents(%d) : (tensor<2xf32>) tangents (tensor<2xf32>) {
  ^bb0(%a: tensor<2xf32>):
    descent.yield %k : tensor<3xf32>
  } to (tensor<3xf32>, tensor<3xf32>)
  %z:2 = descent.vjp(%x) cotangents(%dk) : (tensor<2xf32>) cotangents (tensor<3xf32>) {
  ^bb0(%a: tensor<2xf32>):
    descent.yield %k : tensor<3xf32>
  } to (tensor<3xf32>, tensor<2xf32>)
  return %y#1, %z#1 : tensor<3xf32>, tensor<2xf32>
}

// A value carried around a loop is active if it becomes so after some iterations: %r after one, %q after two.
// What only feeds the carried %s is not.
// CHECK-LABEL: func.func @around_a_loop(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[FOR:.*]]:4 = descent.for %[[FROM]] to %[[TO]] iter(%[[K]], %[[K2]], %[[K3]], %[[DX]]) : tensor<i32>, (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<f32>, %[[A3:[^:]*]]: tensor<f32>, %[[A4:[^:]*]]: tensor<f32>, %[[A5:[^:]*]]: tensor<f32>):
// CHECK-NEXT: %[[SIN:.*]] = descent.sin %[[A2]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[SIN]], %[[A4]], %[[A5]], %[[A5]] : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
// CHECK-NEXT: } to (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>)
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[FOR]]#1, %[[FOR]]#0 : tensor<f32>
// CHECK-NEXT: return %[[MUL]] : tensor<f32>
func.func @around_a_loop(%x: tensor<f32>, %k: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %dx: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %l:4 = descent.for %from to %to iter(%k, %k, %a, %k) : tensor<i32>, (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
    ^bb0(%i: tensor<i32>, %q: tensor<f32>, %r: tensor<f32>, %p: tensor<f32>, %s: tensor<f32>):
      %t = descent.sin %s : tensor<f32>
      descent.yield %r, %p, %p, %t : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
    } to (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>)
    %m = descent.mul %l#0, %l#3 : tensor<f32>
    descent.yield %m : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}
