// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// Derivatives in derivatives: the innermost first; what it captures is constant to it alone.

// d/dx (x * d/dy (x + y)): the inner derivative is 1, the outer one sees that it does not depend on x.
// CHECK-LABEL: func.func @perturbation(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[ONE:[^:]*]]:
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[ONE]], %[[ONE]] : tensor<f32>
// CHECK-NEXT: return %[[MUL]] : tensor<f32>
func.func @perturbation(%x: tensor<f32>, %one: tensor<f32>) -> tensor<f32> {
  %o:2 = descent.jvp(%x) tangents(%one) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %i:2 = descent.jvp(%a) tangents(%one) : (tensor<f32>) tangents (tensor<f32>) {
    ^bb0(%b: tensor<f32>):
      %s = descent.add %a, %b : tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>, tensor<f32>)
    %m = descent.mul %a, %i#1 : tensor<f32>
    descent.yield %m : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %o#1 : tensor<f32>
}

// CHECK-LABEL: func.func @second(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[SIN:.*]] = descent.sin %[[X]] : tensor<f32>
// CHECK-NEXT: %[[NEG:.*]] = descent.neg %[[SIN]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DX]], %[[NEG]] : tensor<f32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[MUL]], %[[DY]] : tensor<f32>
// CHECK-NEXT: return %[[MUL2]] : tensor<f32>
func.func @second(%x: tensor<f32>, %dy: tensor<f32>, %dx: tensor<f32>) -> tensor<f32> {
  %o:2 = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %i:2 = descent.vjp(%a) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
    ^bb0(%b: tensor<f32>):
      %s = descent.sin %b : tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>, tensor<f32>)
    descent.yield %i#1 : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %o#1 : tensor<f32>
}

// A derivative in the body of a loop that is not differentiated itself.
// CHECK-LABEL: func.func @descent(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[ONE:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]:
// CHECK-NEXT: %[[FOR:.*]] = descent.for %[[FROM]] to %[[TO]] iter(%[[X]]) : tensor<i32>, (tensor<f32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<f32>):
// CHECK-NEXT: %[[SINH:.*]] = descent.sinh %[[A2]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[ONE]], %[[SINH]] : tensor<f32>
// CHECK-NEXT: %[[SUB:.*]] = descent.sub %[[A2]], %[[MUL]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[SUB]] : tensor<f32>
// CHECK-NEXT: } to (tensor<f32>)
// CHECK-NEXT: return %[[FOR]] : tensor<f32>
func.func @descent(%x: tensor<f32>, %one: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>) -> tensor<f32> {
  %r = descent.for %from to %to iter(%x) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i32>, %p: tensor<f32>):
    %g:2 = descent.vjp(%p) cotangents(%one) : (tensor<f32>) cotangents (tensor<f32>) {
    ^bb0(%a: tensor<f32>):
      %s = descent.cosh %a : tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>, tensor<f32>)
    %q = descent.sub %p, %g#1 : tensor<f32>
    descent.yield %q : tensor<f32>
  } to (tensor<f32>)
  return %r : tensor<f32>
}
