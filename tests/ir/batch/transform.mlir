// RUN: %descent-opt --expand-vmap %s | FileCheck %s

// The derivative at one point, pulled back from a cotangent of each lane: the point is copied, or its
// cotangents would be summed.
// CHECK-LABEL: func.func @vjp_at_shared_point
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[CT:.*]]: tensor<7xf32>)
func.func @vjp_at_shared_point(%x: tensor<3xf32>, %ct: tensor<7xf32>) -> tensor<7x3xf32> {
  // CHECK: %[[XS:.*]] = descent.broadcast %[[X]] [1] : tensor<3xf32> to tensor<7x3xf32>
  // CHECK: %[[R:.*]]:2 = descent.vjp(%[[XS]]) cotangents(%[[CT]]) : (tensor<7x3xf32>) cotangents (tensor<7xf32>) {
  // CHECK: descent.reduce_sum %{{.*}} [1] : tensor<7x3xf32> to tensor<7xf32>
  // CHECK: } to (tensor<7xf32>, tensor<7x3xf32>)
  // CHECK: return %[[R]]#1
  %r = descent.vmap 7 (%ct) : (tensor<7xf32>) {
  ^bb0(%c: tensor<f32>):
    %y, %d = descent.vjp(%x) cotangents(%c) : (tensor<3xf32>) cotangents (tensor<f32>) {
    ^bb0(%p: tensor<3xf32>):
      %s = descent.sin %p : tensor<3xf32>
      %t = descent.reduce_sum %s [0] : tensor<3xf32> to tensor<f32>
      descent.yield %t : tensor<f32>
    } to (tensor<f32>, tensor<3xf32>)
    descent.yield %d : tensor<3xf32>
  } to (tensor<7x3xf32>)
  return %r : tensor<7x3xf32>
}

// Through a captured value alone.
// CHECK-LABEL: func.func @vjp_captures
func.func @vjp_captures(%x: tensor<f32>, %k: tensor<7xf32>, %ct: tensor<f32>) -> (tensor<7xf32>, tensor<7xf32>) {
  // CHECK: descent.vjp(%{{.*}}) cotangents(%{{.*}}) : (tensor<7xf32>) cotangents (tensor<7xf32>)
  // CHECK: descent.mul %{{.*}}, %arg1 : tensor<7xf32>
  %r:2 = descent.vmap 7 (%k) : (tensor<7xf32>) {
  ^bb0(%c: tensor<f32>):
    %y, %d = descent.vjp(%x) cotangents(%ct) : (tensor<f32>) cotangents (tensor<f32>) {
    ^bb0(%p: tensor<f32>):
      %s = descent.mul %p, %c : tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>, tensor<f32>)
    descent.yield %y, %d : tensor<f32>, tensor<f32>
  } to (tensor<7xf32>, tensor<7xf32>)
  return %r#0, %r#1 : tensor<7xf32>, tensor<7xf32>
}

// What no lane differs in stays one derivative.
// CHECK-LABEL: func.func @vjp_shared
func.func @vjp_shared(%x: tensor<f32>, %k: tensor<7xf32>) -> tensor<7xf32> {
  // CHECK: descent.vjp(%{{.*}}) cotangents(%{{.*}}) : (tensor<f32>) cotangents (tensor<f32>)
  // CHECK: descent.broadcast %{{.*}} [] : tensor<f32> to tensor<7xf32>
  %r = descent.vmap 7 (%k) : (tensor<7xf32>) {
  ^bb0(%c: tensor<f32>):
    %y, %d = descent.vjp(%x) cotangents(%x) : (tensor<f32>) cotangents (tensor<f32>) {
    ^bb0(%p: tensor<f32>):
      %s = descent.sin %p : tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>, tensor<f32>)
    %m = descent.mul %d, %c : tensor<f32>
    descent.yield %m : tensor<f32>
  } to (tensor<7xf32>)
  return %r : tensor<7xf32>
}

// Auxiliary values need no lanes; a value that is pulled back has them in any case.
// CHECK-LABEL: func.func @vjp_auxiliary
func.func @vjp_auxiliary(%x: tensor<7xf32>, %k: tensor<f32>, %ct: tensor<f32>) -> tensor<7xf32> {
  // CHECK: descent.yield %{{.*}}, %{{.*}} : tensor<7xf32>, tensor<f32>
  // CHECK: } to (tensor<7xf32>, tensor<f32>, tensor<7xf32>)
  %r = descent.vmap 7 (%x) : (tensor<7xf32>) {
  ^bb0(%a: tensor<f32>):
    %y, %aux, %d = descent.vjp(%a) cotangents(%ct) : (tensor<f32>) cotangents (tensor<f32>) {
    ^bb0(%p: tensor<f32>):
      %s = descent.sin %k : tensor<f32>
      descent.yield %s, %k : tensor<f32>, tensor<f32>
    } to (tensor<f32>, tensor<f32>, tensor<f32>)
    descent.yield %d : tensor<f32>
  } to (tensor<7xf32>)
  return %r : tensor<7xf32>
}

// Columns of a Jacobian: a shared point with a tangent of each lane.
// CHECK-LABEL: func.func @jvp
func.func @jvp(%x: tensor<3xf32>, %dx: tensor<7x3xf32>, %z: tensor<f32>, %dz: tensor<f32>) -> (tensor<7x3xf32>, tensor<7xf32>) {
  // CHECK: %[[XS:.*]] = descent.broadcast %arg0 [1] : tensor<3xf32> to tensor<7x3xf32>
  // CHECK: descent.jvp(%[[XS]], %arg2) tangents(%arg1, %arg3) : (tensor<7x3xf32>, tensor<f32>) tangents (tensor<7x3xf32>, tensor<f32>) {
  // CHECK: } to (tensor<7x3xf32>, tensor<f32>, tensor<7x3xf32>, tensor<f32>)
  %r:2 = descent.vmap 7 (%dx) : (tensor<7x3xf32>) {
  ^bb0(%t: tensor<3xf32>):
    %y:4 = descent.jvp(%x, %z) tangents(%t, %dz) : (tensor<3xf32>, tensor<f32>) tangents (tensor<3xf32>, tensor<f32>) {
    ^bb0(%p: tensor<3xf32>, %q: tensor<f32>):
      %s = descent.sin %p : tensor<3xf32>
      %c = descent.cos %q : tensor<f32>
      descent.yield %s, %c : tensor<3xf32>, tensor<f32>
    } to (tensor<3xf32>, tensor<f32>, tensor<3xf32>, tensor<f32>)
    descent.yield %y#2, %y#3 : tensor<3xf32>, tensor<f32>
  } to (tensor<7x3xf32>, tensor<7xf32>)
  return %r#0, %r#1 : tensor<7x3xf32>, tensor<7xf32>
}

// A vmap inside the function that is differentiated.
// CHECK-LABEL: func.func @vmap_in_vjp
func.func @vmap_in_vjp(%x: tensor<7xf32>, %ct: tensor<7xf32>) -> tensor<7xf32> {
  // CHECK: descent.vjp
  // CHECK-NEXT: ^bb0(%[[P:.*]]: tensor<7xf32>):
  // CHECK-NEXT: descent.sin %[[P]] : tensor<7xf32>
  %y, %d = descent.vjp(%x) cotangents(%ct) : (tensor<7xf32>) cotangents (tensor<7xf32>) {
  ^bb0(%p: tensor<7xf32>):
    %r = descent.vmap 7 (%p) : (tensor<7xf32>) {
    ^bb0(%a: tensor<f32>):
      %s = descent.sin %a : tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<7xf32>)
    descent.yield %r : tensor<7xf32>
  } to (tensor<7xf32>, tensor<7xf32>)
  return %d : tensor<7xf32>
}

// What all lanes share goes into a checkpoint without lanes.
// CHECK-LABEL: func.func @checkpoint
// CHECK-SAME: (%[[X:.*]]: tensor<7x3xf32>, %[[K:.*]]: tensor<3xf32>)
func.func @checkpoint(%x: tensor<7x3xf32>, %k: tensor<3xf32>) -> (tensor<7x3xf32>, tensor<7x3xf32>) {
  // CHECK: %[[R:.*]]:2 = descent.checkpoint(%[[X]], %[[K]]) : (tensor<7x3xf32>, tensor<3xf32>) {
  // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<7x3xf32>, %[[B:.*]]: tensor<3xf32>):
  // CHECK: %[[P:.*]] = descent.mul %[[A]], %{{.*}} : tensor<7x3xf32>
  // CHECK: descent.yield %[[P]], %{{.*}} : tensor<7x3xf32>, tensor<3xf32>
  // CHECK: } to (tensor<7x3xf32>, tensor<3xf32>)
  %r:2 = descent.vmap 7 (%x) : (tensor<7x3xf32>) {
  ^bb0(%p: tensor<3xf32>):
    %c:2 = descent.checkpoint(%p, %k) : (tensor<3xf32>, tensor<3xf32>) {
    ^bb0(%a: tensor<3xf32>, %b: tensor<3xf32>):
      %s = descent.sin %b : tensor<3xf32>
      %t = descent.mul %a, %s : tensor<3xf32>
      descent.yield %t, %s : tensor<3xf32>, tensor<3xf32>
    } to (tensor<3xf32>, tensor<3xf32>)
    descent.yield %c#0, %c#1 : tensor<3xf32>, tensor<3xf32>
  } to (tensor<7x3xf32>, tensor<7x3xf32>)
  return %r#0, %r#1 : tensor<7x3xf32>, tensor<7x3xf32>
}
