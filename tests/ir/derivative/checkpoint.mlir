// RUN: %descent-opt --expand-derivatives %s | FileCheck %s
// RUN: %descent-opt --expand-derivatives --simplify %s | FileCheck --check-prefix=SIMPLE %s
// RUN: %descent-opt --expand-derivatives --simplify --lower-checkpoints %s | FileCheck --check-prefix=LOW %s

// The sine is computed twice, and simplification leaves it so: what is between the two need not keep it.
// The second run adds to the cotangent that %a has from elsewhere.
// CHECK-LABEL: func.func @vjp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]: {{.*}})
// CHECK-NEXT: %[[S:.*]] = descent.sin %[[X]] : tensor<4xf32>
// CHECK-NEXT: %[[E:.*]] = descent.exp %[[S]] : tensor<4xf32>
// CHECK: descent.checkpoint again(%[[X]], %{{.*}}, %{{.*}}) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
// CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<4xf32>, %[[CT:.*]]: tensor<4xf32>, %[[SUM:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[S2:.*]] = descent.sin %[[A]] : tensor<4xf32>
// CHECK-NEXT: %[[E2:.*]] = descent.exp %[[S2]] : tensor<4xf32>
// CHECK-NEXT: %[[P:.*]] = descent.mul %[[CT]], %[[E2]] : tensor<4xf32>
// CHECK-NEXT: %[[C:.*]] = descent.cos %[[A]] : tensor<4xf32>
// CHECK-NEXT: %[[Q:.*]] = descent.mul %[[P]], %[[C]] : tensor<4xf32>
// CHECK-NEXT: %[[R:.*]] = descent.add %[[SUM]], %[[Q]] : tensor<4xf32>
// CHECK-NEXT: descent.yield %[[R]] : tensor<4xf32>
// SIMPLE-LABEL: func.func @vjp(
// SIMPLE: descent.sin
// SIMPLE: descent.checkpoint again
// SIMPLE: descent.sin
// SIMPLE: descent.exp
// SIMPLE: return
// LOW-LABEL: func.func @vjp(
// LOW: descent.sin
// LOW: %[[TRUE:.*]] = descent.constant dense<true>
// LOW: %[[R:.*]] = descent.if %[[TRUE]]
// LOW: descent.sin
// LOW: } else {
// LOW-NEXT: %[[Z:.*]] = descent.constant dense<0.000000e+00> : tensor<4xf32>
// LOW-NEXT: descent.yield %[[Z]]
// LOW: return %{{.*}}, %[[R]]
func.func @vjp(%x: tensor<4xf32>, %dy: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<4xf32>) cotangents (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %r = descent.checkpoint(%a) : (tensor<4xf32>) {
    ^bb0(%b: tensor<4xf32>):
      %s = descent.sin %b : tensor<4xf32>
      %e = descent.exp %s : tensor<4xf32>
      descent.yield %e : tensor<4xf32>
    } to (tensor<4xf32>)
    %p = descent.mul %r, %a : tensor<4xf32>
    descent.yield %p : tensor<4xf32>
  } to (tensor<4xf32>, tensor<4xf32>)
  return %y#0, %y#1 : tensor<4xf32>, tensor<4xf32>
}

// Without a derivative, and in forward mode, it is plain code.
// CHECK-LABEL: func.func @jvp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DX:[^:]*]]: {{.*}})
// CHECK-NEXT: %[[S:.*]] = descent.sin %[[X]] : tensor<f32>
// CHECK-NEXT: %[[C:.*]] = descent.cos %[[X]] : tensor<f32>
// CHECK-NEXT: %[[D:.*]] = descent.mul %[[DX]], %[[C]] : tensor<f32>
// CHECK-NEXT: return %[[S]], %[[D]]
func.func @jvp(%x: tensor<f32>, %dx: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.checkpoint(%a) : (tensor<f32>) {
    ^bb0(%b: tensor<f32>):
      %s = descent.sin %b : tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>)
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#0, %y#1 : tensor<f32>, tensor<f32>
}

// In a loop the tape holds what goes in, and a loop inside has its tape in the second run alone.
// CHECK-LABEL: func.func @loops(
// CHECK: %[[T:.*]] = descent.tape_create : <tensor<4xf32>>
// CHECK-NEXT: %[[FORTH:.*]]:2 = descent.for %{{.*}} to %{{.*}} iter(%{{.*}}, %[[T]])
// CHECK-NOT: tape_create
// CHECK-NOT: tape_pop
// CHECK: descent.tape_push %{{.*}}, %{{.*}} : <tensor<4xf32>>, tensor<4xf32>
// CHECK-NOT: tape
// CHECK: descent.for
// CHECK-NOT: tape_push
// CHECK: } to (tensor<4xf32>, !descent.tape<tensor<4xf32>>)
// CHECK: descent.for %{{.*}} iter(%{{.*}}, %[[FORTH]]#1)
// CHECK: tape_pop
// CHECK: descent.checkpoint again
// CHECK: descent.tape_create
// CHECK: descent.for
// CHECK: descent.tape_push
// CHECK: descent.for
// CHECK: descent.tape_pop
// CHECK: return
func.func @loops(%x: tensor<4xf32>, %n: tensor<i32>, %dy: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<4xf32>) cotangents (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %zero = descent.constant dense<0> : tensor<i32>
    %r = descent.for %zero to %n iter(%a) : tensor<i32>, (tensor<4xf32>) {
    ^bb0(%i: tensor<i32>, %b: tensor<4xf32>):
      %c = descent.checkpoint(%b, %zero, %n) : (tensor<4xf32>, tensor<i32>, tensor<i32>) {
      ^bb0(%d: tensor<4xf32>, %from: tensor<i32>, %to: tensor<i32>):
        %q = descent.for %from to %to iter(%d) : tensor<i32>, (tensor<4xf32>) {
        ^bb0(%j: tensor<i32>, %e: tensor<4xf32>):
          %s = descent.sin %e : tensor<4xf32>
          descent.yield %s : tensor<4xf32>
        } to (tensor<4xf32>)
        descent.yield %q : tensor<4xf32>
      } to (tensor<4xf32>)
      descent.yield %c : tensor<4xf32>
    } to (tensor<4xf32>)
    descent.yield %r : tensor<4xf32>
  } to (tensor<4xf32>, tensor<4xf32>)
  return %y#0, %y#1 : tensor<4xf32>, tensor<4xf32>
}
