// RUN: %descent-opt %s | %descent-opt | FileCheck %s
// RUN: %descent-opt --mlir-print-op-generic %s | %descent-opt | FileCheck %s

// CHECK-LABEL: func.func @loops
func.func @loops(%x: tensor<4xf32>, %n: tensor<i32>, %m: tensor<i64>, %c: tensor<i1>) -> tensor<4xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  // CHECK: %[[FOR:.*]]:2 = descent.for %{{.*}} to %{{.*}} iter(%{{.*}}, %{{.*}}) : tensor<i32>, (tensor<4xf32>, tensor<i32>) {
  // CHECK-NEXT: ^bb0(%[[I:.*]]: tensor<i32>, %[[A:.*]]: tensor<4xf32>, %{{.*}}: tensor<i32>):
  // CHECK: descent.yield %{{.*}}, %[[I]] : tensor<4xf32>, tensor<i32>
  // CHECK-NEXT: } to (tensor<4xf32>, tensor<i32>)
  %r:2 = descent.for %zero to %n iter(%x, %n) : tensor<i32>, (tensor<4xf32>, tensor<i32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<4xf32>, %k: tensor<i32>):
    %b = descent.add %a, %a : tensor<4xf32>
    descent.yield %b, %i : tensor<4xf32>, tensor<i32>
  } to (tensor<4xf32>, tensor<i32>)
  // CHECK: descent.for %{{.*}} to %{{.*}} iter() : tensor<i64>, () {
  // CHECK: descent.effect 0(%{{.*}}) : (tensor<i64>)
  // CHECK-NEXT: } to ()
  descent.for %m to %m iter() : tensor<i64>, () {
  ^bb0(%i: tensor<i64>):
    descent.effect 0 (%i) : (tensor<i64>)
    descent.yield
  } to ()
  // CHECK: descent.while iter(%[[FOR]]#0) : (tensor<4xf32>) {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<4xf32>):
  // CHECK-NEXT: descent.yield %{{.*}} : tensor<i1>
  // CHECK-NEXT: } do {
  // CHECK-NEXT: ^bb0(%[[B:.*]]: tensor<4xf32>):
  // CHECK-NEXT: descent.yield %[[B]] : tensor<4xf32>
  // CHECK-NEXT: } to (tensor<4xf32>)
  %w = descent.while iter(%r#0) : (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    descent.yield %c : tensor<i1>
  } do {
  ^bb0(%a: tensor<4xf32>):
    descent.yield %a : tensor<4xf32>
  } to (tensor<4xf32>)
  // CHECK: descent.if %{{.*}} : tensor<i1> to (tensor<4xf32>) {
  // CHECK-NEXT: descent.yield
  // CHECK-NEXT: } else {
  // CHECK-NEXT: descent.yield
  // CHECK-NEXT: }
  %y = descent.if %c : tensor<i1> to (tensor<4xf32>) {
    descent.yield %w : tensor<4xf32>
  } else {
    descent.yield %x : tensor<4xf32>
  }
  // CHECK: descent.if %{{.*}} : tensor<i1> to () {
  descent.if %c : tensor<i1> to () {
    descent.effect 0 () : ()
    descent.yield
  } else {
    descent.yield
  }
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @tapes
func.func @tapes(%x: tensor<4xf32>, %c: tensor<i1>) -> tensor<4xf32> {
  // CHECK: %[[T:.*]] = descent.tape_create : <tensor<4xf32>>
  %t = descent.tape_create : !descent.tape<tensor<4xf32>>
  // CHECK: %[[U:.*]] = descent.tape_push %[[T]], %{{.*}} : <tensor<4xf32>>, tensor<4xf32>
  %u = descent.tape_push %t, %x : !descent.tape<tensor<4xf32>>, tensor<4xf32>
  // One branch or the other consumes the tape.
  // CHECK: descent.if
  %y = descent.if %c : tensor<i1> to (tensor<4xf32>) {
    // CHECK: %{{.*}}, %{{.*}} = descent.tape_pop %[[U]] : <tensor<4xf32>>, tensor<4xf32>
    %rest, %top = descent.tape_pop %u : !descent.tape<tensor<4xf32>>, tensor<4xf32>
    descent.yield %top : tensor<4xf32>
  } else {
    // CHECK: descent.tape_push %[[U]]
    %v = descent.tape_push %u, %x : !descent.tape<tensor<4xf32>>, tensor<4xf32>
    descent.yield %x : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}
