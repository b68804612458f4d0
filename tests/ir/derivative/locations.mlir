// RUN: %descent-opt --expand-derivatives --mlir-print-debuginfo --mlir-print-local-scope %s | FileCheck %s

// Each operation of a derivative has the location of the one that it comes from, in loops and branches too.

// CHECK-LABEL: func.func @straight
func.func @straight(%x: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    // CHECK: descent.exp {{.*}} loc("model.gd":3:1)
    %b = descent.exp %a : tensor<f32> loc("model.gd":3:1)
    %c = descent.sin %b : tensor<f32> loc("model.gd":4:1)
    descent.yield %c : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  // CHECK-NEXT: descent.cos {{.*}} loc("model.gd":4:1)
  // CHECK-NEXT: descent.mul {{.*}} loc("model.gd":4:1)
  // CHECK-NEXT: descent.mul {{.*}} loc("model.gd":3:1)
  return %y#1 : tensor<f32>
}

// CHECK-LABEL: func.func @control
func.func @control(%x: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %c: tensor<i1>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.for %from to %to iter(%a) : tensor<i32>, (tensor<f32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>):
      %q = descent.if %c : tensor<i1> to (tensor<f32>) {
        %e = descent.exp %p : tensor<f32> loc("model.gd":7:1)
        descent.yield %e : tensor<f32>
      } else {
        %n = descent.mul %p, %p : tensor<f32> loc("model.gd":8:1)
        descent.yield %n : tensor<f32>
      } loc("model.gd":6:1)
      descent.yield %q : tensor<f32>
    } to (tensor<f32>) loc("model.gd":5:1)
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  // CHECK: descent.tape_create {{.*}} loc("model.gd":5:1)
  // CHECK: descent.tape_push {{.*}} loc("model.gd":5:1)
  // CHECK: descent.exp {{.*}} loc("model.gd":7:1)
  // CHECK: descent.mul {{.*}} loc("model.gd":8:1)
  // CHECK: loc("model.gd":6:1)
  // CHECK: loc("model.gd":5:1)
  // CHECK: descent.tape_pop {{.*}} loc("model.gd":5:1)
  // CHECK: descent.exp {{.*}} loc("model.gd":7:1)
  // CHECK-NEXT: descent.mul {{.*}} loc("model.gd":7:1)
  // CHECK-NEXT: descent.yield {{.*}} loc("model.gd":6:1)
  // CHECK: descent.mul {{.*}} loc("model.gd":8:1)
  // CHECK-NEXT: descent.mul {{.*}} loc("model.gd":8:1)
  // CHECK-NEXT: descent.add {{.*}} loc("model.gd":8:1)
  // CHECK-NEXT: descent.yield {{.*}} loc("model.gd":6:1)
  // CHECK: loc("model.gd":6:1)
  // CHECK: loc("model.gd":5:1)
  return %y#1 : tensor<f32>
}
