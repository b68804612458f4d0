// RUN: %descent-opt --expand-vmap %s | FileCheck %s

// Only what differs is carried with lanes: the count stays one number.
// CHECK-LABEL: func.func @for
func.func @for(%x: tensor<7xf32>, %n: tensor<i32>) -> (tensor<7xf32>, tensor<7xi32>) {
  // CHECK: descent.for %{{.*}} to %{{.*}} iter(%{{.*}}, %{{.*}}) : tensor<i32>, (tensor<7xf32>, tensor<i32>)
  // CHECK-NOT: select
  // CHECK: to (tensor<7xf32>, tensor<i32>)
  %r:2 = descent.vmap 7 (%x) : (tensor<7xf32>) {
  ^bb0(%a: tensor<f32>):
    %zero = descent.constant dense<0> : tensor<i32>
    %one = descent.constant dense<1.0> : tensor<f32>
    %s:2 = descent.for %zero to %n iter(%one, %zero) : tensor<i32>, (tensor<f32>, tensor<i32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>, %c: tensor<i32>):
      %q = descent.mul %p, %a : tensor<f32>
      %d = descent.add %c, %i : tensor<i32>
      descent.yield %q, %d : tensor<f32>, tensor<i32>
    } to (tensor<f32>, tensor<i32>)
    descent.yield %s#0, %s#1 : tensor<f32>, tensor<i32>
  } to (tensor<7xf32>, tensor<7xi32>)
  return %r#0, %r#1 : tensor<7xf32>, tensor<7xi32>
}

// Each lane its own upper bound: run to the largest, finished lanes keep their values.
// CHECK-LABEL: func.func @for_own_bound
func.func @for_own_bound(%x: tensor<7xf32>, %n: tensor<7xi32>) -> tensor<7xf32> {
  // CHECK: %[[N:.*]] = descent.reduce_max %{{.*}} [0] : tensor<7xi32> to tensor<i32>
  // CHECK: descent.for %{{.*}} to %[[N]]
  // CHECK: %[[ACTIVE:.*]] = descent.compare lt %{{.*}}, %{{.*}} : tensor<7xi32>
  // CHECK: %[[NEXT:.*]] = descent.mul
  // CHECK: %[[KEPT:.*]] = descent.select %[[ACTIVE]], %[[NEXT]], %{{.*}} : tensor<7xi1>, tensor<7xf32>
  // CHECK: descent.yield %[[KEPT]]
  %r = descent.vmap 7 (%x, %n) : (tensor<7xf32>, tensor<7xi32>) {
  ^bb0(%a: tensor<f32>, %m: tensor<i32>):
    %zero = descent.constant dense<0> : tensor<i32>
    %one = descent.constant dense<1.0> : tensor<f32>
    %s = descent.for %zero to %m iter(%one) : tensor<i32>, (tensor<f32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>):
      %q = descent.mul %p, %a : tensor<f32>
      descent.yield %q : tensor<f32>
    } to (tensor<f32>)
    descent.yield %s : tensor<f32>
  } to (tensor<7xf32>)
  return %r : tensor<7xf32>
}

// CHECK-LABEL: func.func @while
func.func @while(%x: tensor<7xf32>) -> tensor<7xf32> {
  // CHECK: %[[FIRST:.*]] = descent.compare lt %{{.*}}, %{{.*}} : tensor<7xf32>
  // CHECK: descent.while iter(%{{.*}}, %[[FIRST]]) : (tensor<7xf32>, tensor<7xi1>) {
  // CHECK: %[[ANY:.*]] = descent.reduce_or %{{.*}} [0] : tensor<7xi1> to tensor<i1>
  // CHECK: descent.yield %[[ANY]]
  // CHECK: } do {
  // CHECK: ^bb0(%[[X:.*]]: tensor<7xf32>, %[[ACTIVE:.*]]: tensor<7xi1>):
  // CHECK: %[[Y:.*]] = descent.add %[[X]], %[[X]]
  // CHECK: %[[KEPT:.*]] = descent.select %[[ACTIVE]], %[[Y]], %[[X]]
  // CHECK: %[[C:.*]] = descent.compare lt %[[KEPT]]
  // CHECK: %[[GO:.*]] = descent.and %[[C]], %[[ACTIVE]]
  // CHECK: descent.yield %[[KEPT]], %[[GO]]
  %r = descent.vmap 7 (%x) : (tensor<7xf32>) {
  ^bb0(%a: tensor<f32>):
    %limit = descent.constant dense<100.0> : tensor<f32>
    %s = descent.while iter(%a) : (tensor<f32>) {
    ^bb0(%p: tensor<f32>):
      %c = descent.compare lt %p, %limit : tensor<f32>
      descent.yield %c : tensor<i1>
    } do {
    ^bb0(%p: tensor<f32>):
      %q = descent.add %p, %p : tensor<f32>
      descent.yield %q : tensor<f32>
    } to (tensor<f32>)
    descent.yield %s : tensor<f32>
  } to (tensor<7xf32>)
  return %r : tensor<7xf32>
}

// A condition that all lanes share stays a branch; one that differs becomes a select.
// CHECK-LABEL: func.func @if
func.func @if(%x: tensor<7xf32>, %c: tensor<i1>, %d: tensor<7xi1>) -> (tensor<7xf32>, tensor<7xf32>) {
  // CHECK: descent.if %{{.*}} : tensor<i1> to (tensor<7xf32>)
  // CHECK: %[[SIN:.*]] = descent.sin
  // CHECK: } else {
  // CHECK: }
  // CHECK-NOT: descent.if
  // CHECK: %[[COS:.*]] = descent.cos
  // CHECK: descent.select %{{.*}}, %[[COS]], %{{.*}} : tensor<7xi1>, tensor<7xf32>
  %r:2 = descent.vmap 7 (%x, %d) : (tensor<7xf32>, tensor<7xi1>) {
  ^bb0(%a: tensor<f32>, %e: tensor<i1>):
    %s = descent.if %c : tensor<i1> to (tensor<f32>) {
      %t = descent.sin %a : tensor<f32>
      descent.yield %t : tensor<f32>
    } else {
      descent.yield %a : tensor<f32>
    }
    %u = descent.if %e : tensor<i1> to (tensor<f32>) {
      %t = descent.cos %a : tensor<f32>
      descent.yield %t : tensor<f32>
    } else {
      descent.yield %a : tensor<f32>
    }
    descent.yield %s, %u : tensor<f32>, tensor<f32>
  } to (tensor<7xf32>, tensor<7xf32>)
  return %r#0, %r#1 : tensor<7xf32>, tensor<7xf32>
}
