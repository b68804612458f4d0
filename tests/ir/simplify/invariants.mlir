// RUN: %descent-opt --simplify %s | FileCheck %s

// CHECK-LABEL: func.func @hoisted
func.func @hoisted(%m: tensor<3x3xf32>, %x: tensor<3xf32>, %n: tensor<i32>) -> tensor<3xf32> {
  // CHECK: descent.dot
  // CHECK: descent.for
  // CHECK-NOT: descent.dot
  %zero = descent.constant dense<0> : tensor<i32>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<3xf32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<3xf32>):
    %inner = descent.for %zero to %n iter(%a) : tensor<i32>, (tensor<3xf32>) {
    ^bb0(%j: tensor<i32>, %b: tensor<3xf32>):
      %p = descent.dot %m, %x batch [] x [] contract [1] x [0] : tensor<3x3xf32>, tensor<3xf32> to tensor<3xf32>
      %c = descent.add %b, %p : tensor<3xf32>
      descent.yield %c : tensor<3xf32>
    } to (tensor<3xf32>)
    descent.yield %inner : tensor<3xf32>
  } to (tensor<3xf32>)
  return %r : tensor<3xf32>
}

// Simple arithmetic on a long array is not kept in memory for the loop, a reduction or a logarithm is.
// CHECK-LABEL: func.func @cheap
func.func @cheap(%x: tensor<100000xf32>, %k: tensor<f32>, %n: tensor<i32>) -> tensor<f32> {
  // CHECK: descent.log
  // CHECK: descent.for
  // CHECK: descent.broadcast
  // CHECK: descent.mul
  %zero = descent.constant dense<0> : tensor<i32>
  %start = descent.constant dense<0.0> : tensor<f32>
  %r = descent.for %zero to %n iter(%start) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>):
    %kk = descent.broadcast %k [] : tensor<f32> to tensor<100000xf32>
    %c = descent.mul %x, %kk : tensor<100000xf32>
    %l = descent.log %x : tensor<100000xf32>
    %aa = descent.broadcast %a [] : tensor<f32> to tensor<100000xf32>
    %s = descent.mul %c, %aa : tensor<100000xf32>
    %t = descent.add %s, %l : tensor<100000xf32>
    %u = descent.reduce_max %t [0] : tensor<100000xf32> to tensor<f32>
    descent.yield %u : tensor<f32>
  } to (tensor<f32>)
  return %r : tensor<f32>
}

// A repeated scalar or the indices belong to the loop that uses them.
// CHECK-LABEL: func.func @sunk
func.func @sunk(%x: tensor<1000xf32>, %k: tensor<f32>, %n: tensor<i32>) -> tensor<1000xf32> {
  // CHECK-NOT: broadcast
  // CHECK: descent.for
  // CHECK: descent.broadcast
  %zero = descent.constant dense<0> : tensor<i32>
  %kk = descent.broadcast %k [] : tensor<f32> to tensor<1000xf32>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<1000xf32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<1000xf32>):
    %c = descent.mul %a, %kk : tensor<1000xf32>
    descent.yield %c : tensor<1000xf32>
  } to (tensor<1000xf32>)
  return %r : tensor<1000xf32>
}

// Not past an effect's order, and no `while`, which might not end.
// CHECK-LABEL: func.func @kept
func.func @kept(%x: tensor<f32>, %n: tensor<i32>) -> tensor<f32> {
  // CHECK: descent.for
  // CHECK: descent.clock
  // CHECK: descent.while
  %zero = descent.constant dense<0> : tensor<i32>
  %start = descent.constant dense<0.0> : tensor<f32>
  %r = descent.for %zero to %n iter(%start) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>):
    %t = descent.clock : tensor<f64>
    descent.effect 0 (%t) : (tensor<f64>)
    %w = descent.while iter(%x) : (tensor<f32>) {
    ^bb0(%b: tensor<f32>):
      %c = descent.compare lt %b, %start : tensor<f32>
      descent.yield %c : tensor<i1>
    } do {
    ^bb0(%b: tensor<f32>):
      %d = descent.add %b, %x : tensor<f32>
      descent.yield %d : tensor<f32>
    } to (tensor<f32>)
    %s = descent.add %a, %w : tensor<f32>
    descent.yield %s : tensor<f32>
  } to (tensor<f32>)
  return %r : tensor<f32>
}

// Out of a function that is differentiated goes what does not depend on its arguments.
// CHECK-LABEL: func.func @derivative
func.func @derivative(%x: tensor<f32>, %k: tensor<f32>) -> tensor<f32> {
  // CHECK: %[[E:.*]] = descent.exp
  // CHECK: descent.vjp
  // CHECK: descent.mul %{{.*}}, %[[E]]
  %y, %d = descent.vjp(%x) cotangents(%x) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %e = descent.exp %k : tensor<f32>
    %m = descent.mul %a, %e : tensor<f32>
    descent.yield %m : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}
