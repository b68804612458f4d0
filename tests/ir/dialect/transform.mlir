// RUN: %descent-opt %s | %descent-opt | FileCheck %s
// RUN: %descent-opt --mlir-print-op-generic %s | %descent-opt | FileCheck %s

// CHECK-LABEL: func.func @transform
func.func @transform(%x: tensor<10x3xf32>, %ct: tensor<f32>, %dx: tensor<3xf32>) -> tensor<10x3xf32> {
  // CHECK: descent.vmap 10(%{{.*}}) : (tensor<10x3xf32>) {
  // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<3xf32>):
  %g = descent.vmap 10 (%x) : (tensor<10x3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    // CHECK-NEXT: %{{.*}}:2 = descent.vjp(%[[A]]) cotangents(%{{.*}}) : (tensor<3xf32>) cotangents (tensor<f32>) {
    // CHECK: } to (tensor<f32>, tensor<3xf32>)
    %v, %d = descent.vjp(%a) cotangents(%ct) : (tensor<3xf32>) cotangents (tensor<f32>) {
    ^bb0(%p: tensor<3xf32>):
      %s = descent.reduce_sum %p [0] : tensor<3xf32> to tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>, tensor<3xf32>)
    // An auxiliary result without a cotangent.
    // CHECK: descent.vjp(%[[A]]) cotangents() : (tensor<3xf32>) cotangents () {
    // CHECK: } to (tensor<i32>, tensor<3xf32>)
    %i, %e = descent.vjp(%a) cotangents() : (tensor<3xf32>) cotangents () {
    ^bb0(%p: tensor<3xf32>):
      %m = descent.argmax %p 0 : tensor<3xf32> to tensor<i32>
      descent.yield %m : tensor<i32>
    } to (tensor<i32>, tensor<3xf32>)
    // An integer has no tangent.
    // CHECK: %{{.*}}:3 = descent.jvp(%[[A]]) tangents(%{{.*}}) : (tensor<3xf32>) tangents (tensor<3xf32>) {
    // CHECK: } to (tensor<i32>, tensor<3xf32>, tensor<3xf32>)
    %j:3 = descent.jvp(%a) tangents(%dx) : (tensor<3xf32>) tangents (tensor<3xf32>) {
    ^bb0(%p: tensor<3xf32>):
      %m = descent.argmax %p 0 : tensor<3xf32> to tensor<i32>
      %q = descent.sin %p : tensor<3xf32>
      descent.yield %m, %q : tensor<i32>, tensor<3xf32>
    } to (tensor<i32>, tensor<3xf32>, tensor<3xf32>)
    // CHECK: descent.yield
    // CHECK-NEXT: } to (tensor<10x3xf32>)
    descent.yield %d : tensor<3xf32>
  } to (tensor<10x3xf32>)
  return %g : tensor<10x3xf32>
}

// CHECK-LABEL: func.func @checkpoint
func.func @checkpoint(%x: tensor<3xf32>, %n: tensor<i32>) -> (tensor<3xf32>, tensor<i32>) {
  // CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[N:.*]]: tensor<i32>)
  // CHECK: %[[R:.*]]:2 = descent.checkpoint(%[[X]], %[[N]]) : (tensor<3xf32>, tensor<i32>) {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<3xf32>, %{{.*}}: tensor<i32>):
  // CHECK: } to (tensor<3xf32>, tensor<i32>)
  %r:2 = descent.checkpoint(%x, %n) : (tensor<3xf32>, tensor<i32>) {
  ^bb0(%a: tensor<3xf32>, %m: tensor<i32>):
    %s = descent.sin %a : tensor<3xf32>
    descent.yield %s, %m : tensor<3xf32>, tensor<i32>
  } to (tensor<3xf32>, tensor<i32>)
  // CHECK: descent.checkpoint again(%[[R]]#0) : (tensor<3xf32>) {
  %t = descent.checkpoint again(%r#0) : (tensor<3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    %s = descent.cos %a : tensor<3xf32>
    descent.yield %s : tensor<3xf32>
  } to (tensor<3xf32>)
  return %t, %r#1 : tensor<3xf32>, tensor<i32>
}
