// RUN: %descent-opt --simplify %s | FileCheck %s

// A constant is one inside; an input given twice is one; what is not used neither goes in nor comes out.
// CHECK-LABEL: func.func @inputs(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}})
// CHECK-NEXT: %[[R:.*]] = descent.checkpoint again(%[[X]]) : (tensor<4xf32>) {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[S:.*]] = descent.sin %[[A]] : tensor<4xf32>
// CHECK-NEXT: descent.yield %[[S]] : tensor<4xf32>
// CHECK-NEXT: } to (tensor<4xf32>)
// CHECK-NEXT: return %[[R]]
func.func @inputs(%x: tensor<4xf32>, %k: tensor<4xf32>) -> tensor<4xf32> {
  %one = descent.constant dense<1.0> : tensor<4xf32>
  %zero = descent.constant dense<0.0> : tensor<4xf32>
  %r:2 = descent.checkpoint again(%x, %one, %x, %k, %zero) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>, %d: tensor<4xf32>, %e: tensor<4xf32>):
    %p = descent.mul %a, %b : tensor<4xf32>
    %s = descent.sin %p : tensor<4xf32>
    %t = descent.sin %c : tensor<4xf32>
    %u = descent.sub %t, %s : tensor<4xf32>
    %z = descent.mul %u, %e : tensor<4xf32>
    %v = descent.max %t, %s : tensor<4xf32>
    %w = descent.exp %d : tensor<4xf32>
    descent.yield %v, %w : tensor<4xf32>, tensor<4xf32>
  } to (tensor<4xf32>, tensor<4xf32>)
  return %r#0 : tensor<4xf32>
}

// What is computed outside is computed again inside, which is the purpose; what only passes through need
// not go in.
// CHECK-LABEL: func.func @apart(
// CHECK-SAME: %[[X:[^:]*]]:
// CHECK-NEXT: %[[S:.*]] = descent.sin %[[X]] : tensor<4xf32>
// CHECK-NEXT: %[[R:.*]] = descent.checkpoint again(%[[X]]) : (tensor<4xf32>) {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[S2:.*]] = descent.sin %[[A]] : tensor<4xf32>
// CHECK-NEXT: %[[E:.*]] = descent.exp %[[S2]] : tensor<4xf32>
// CHECK-NEXT: descent.yield %[[E]] : tensor<4xf32>
// CHECK-NEXT: } to (tensor<4xf32>)
// CHECK-NEXT: return %[[S]], %[[R]], %[[X]]
func.func @apart(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %s = descent.sin %x : tensor<4xf32>
  %r:2 = descent.checkpoint again(%x) : (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %t = descent.sin %a : tensor<4xf32>
    %e = descent.exp %t : tensor<4xf32>
    descent.yield %e, %a : tensor<4xf32>, tensor<4xf32>
  } to (tensor<4xf32>, tensor<4xf32>)
  return %s, %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
