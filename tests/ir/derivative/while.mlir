// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// Loops whose number of iterations is found out at run time.

// CHECK-LABEL: func.func @jvp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[LIMIT:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[WHILE:.*]]:2 = descent.while iter(%[[X]], %[[DX]]) : (tensor<f32>, tensor<f32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<f32>, %[[A2:[^:]*]]: tensor<f32>):
// CHECK-NEXT: %[[COMPARE:.*]] = descent.compare lt %[[A]], %[[LIMIT]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[COMPARE]] : tensor<i1>
// CHECK-NEXT: } do {
// CHECK-NEXT: ^bb0(%[[A3:[^:]*]]: tensor<f32>, %[[A4:[^:]*]]: tensor<f32>):
// CHECK-NEXT: %[[EXP:.*]] = descent.exp %[[A3]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[A4]], %[[EXP]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[EXP]], %[[MUL]] : tensor<f32>, tensor<f32>
// CHECK-NEXT: } to (tensor<f32>, tensor<f32>)
// CHECK-NEXT: return %[[WHILE]]#1 : tensor<f32>
func.func @jvp(%x: tensor<f32>, %limit: tensor<f32>, %dx: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.while iter(%a) : (tensor<f32>) {
    ^bb0(%p: tensor<f32>):
      %c = descent.compare lt %p, %limit : tensor<f32>
      descent.yield %c : tensor<i1>
    } do {
    ^bb0(%p: tensor<f32>):
      %s = descent.exp %p : tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>)
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// The forward run counts its iterations, and the reverse run is a `for` over as many.
// CHECK-LABEL: func.func @vjp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[LIMIT:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[TAPE:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0> : tensor<i32>
// CHECK-NEXT: %[[WHILE:.*]]:3 = descent.while iter(%[[X]], %[[TAPE]], %[[K]]) : (tensor<f32>, !descent.tape<tensor<f32>>, tensor<i32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<f32>, %[[A2:[^:]*]]: !descent.tape<tensor<f32>>, %[[A3:[^:]*]]: tensor<i32>):
// CHECK-NEXT: %[[COMPARE:.*]] = descent.compare lt %[[A]], %[[LIMIT]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[COMPARE]] : tensor<i1>
// CHECK-NEXT: } do {
// CHECK-NEXT: ^bb0(%[[A4:[^:]*]]: tensor<f32>, %[[A5:[^:]*]]: !descent.tape<tensor<f32>>, %[[A6:[^:]*]]: tensor<i32>):
// CHECK-NEXT: %[[PUSH:.*]] = descent.tape_push %[[A5]], %[[A4]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[EXP:.*]] = descent.exp %[[A4]] : tensor<f32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<1> : tensor<i32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[A6]], %[[K2]] : tensor<i32>
// CHECK-NEXT: descent.yield %[[EXP]], %[[PUSH]], %[[ADD]] : tensor<f32>, !descent.tape<tensor<f32>>, tensor<i32>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<f32>>, tensor<i32>)
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0> : tensor<i32>
// CHECK-NEXT: %[[FOR:.*]]:2 = descent.for %[[K3]] to %[[WHILE]]#2 iter(%[[DY]], %[[WHILE]]#1) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>) {
// CHECK-NEXT: ^bb0(%[[A7:[^:]*]]: tensor<i32>, %[[A8:[^:]*]]: tensor<f32>, %[[A9:[^:]*]]: !descent.tape<tensor<f32>>):
// CHECK-NEXT: %[[REST:.*]], %[[TOP:.*]] = descent.tape_pop %[[A9]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[EXP2:.*]] = descent.exp %[[TOP]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[A8]], %[[EXP2]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL]], %[[REST]] : tensor<f32>, !descent.tape<tensor<f32>>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<f32>>)
// CHECK-NEXT: return %[[FOR]]#0 : tensor<f32>
func.func @vjp(%x: tensor<f32>, %limit: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.while iter(%a) : (tensor<f32>) {
    ^bb0(%p: tensor<f32>):
      %c = descent.compare lt %p, %limit : tensor<f32>
      descent.yield %c : tensor<i1>
    } do {
    ^bb0(%p: tensor<f32>):
      %s = descent.exp %p : tensor<f32>
      descent.yield %s : tensor<f32>
    } to (tensor<f32>)
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// An integer that the body needs is saved too.
// CHECK-LABEL: func.func @vjp_with_own_counter(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[LIMIT:[^:]*]]: {{.*}}, %[[ZERO:[^:]*]]: {{.*}}, %[[ONE:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[TAPE:.*]] = descent.tape_create : <tensor<i32>>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0> : tensor<i32>
// CHECK-NEXT: %[[WHILE:.*]]:3 = descent.while iter(%[[ZERO]], %[[TAPE]], %[[K]]) : (tensor<i32>, !descent.tape<tensor<i32>>, tensor<i32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: !descent.tape<tensor<i32>>, %[[A3:[^:]*]]: tensor<i32>):
// CHECK-NEXT: %[[COMPARE:.*]] = descent.compare lt %[[A]], %[[LIMIT]] : tensor<i32>
// CHECK-NEXT: descent.yield %[[COMPARE]] : tensor<i1>
// CHECK-NEXT: } do {
// CHECK-NEXT: ^bb0(%[[A4:[^:]*]]: tensor<i32>, %[[A5:[^:]*]]: !descent.tape<tensor<i32>>, %[[A6:[^:]*]]: tensor<i32>):
// CHECK-NEXT: %[[PUSH:.*]] = descent.tape_push %[[A5]], %[[A4]] : <tensor<i32>>, tensor<i32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[A4]], %[[ONE]] : tensor<i32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<1> : tensor<i32>
// CHECK-NEXT: %[[ADD2:.*]] = descent.add %[[A6]], %[[K2]] : tensor<i32>
// CHECK-NEXT: descent.yield %[[ADD]], %[[PUSH]], %[[ADD2]] : tensor<i32>, !descent.tape<tensor<i32>>, tensor<i32>
// CHECK-NEXT: } to (tensor<i32>, !descent.tape<tensor<i32>>, tensor<i32>)
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0> : tensor<i32>
// CHECK-NEXT: %[[FOR:.*]]:2 = descent.for %[[K3]] to %[[WHILE]]#2 iter(%[[DY]], %[[WHILE]]#1) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<i32>>) {
// CHECK-NEXT: ^bb0(%[[A7:[^:]*]]: tensor<i32>, %[[A8:[^:]*]]: tensor<f32>, %[[A9:[^:]*]]: !descent.tape<tensor<i32>>):
// CHECK-NEXT: %[[REST:.*]], %[[TOP:.*]] = descent.tape_pop %[[A9]] : <tensor<i32>>, tensor<i32>
// CHECK-NEXT: %[[CONVERT:.*]] = descent.convert %[[TOP]] : tensor<i32> to tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[A8]], %[[CONVERT]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL]], %[[REST]] : tensor<f32>, !descent.tape<tensor<i32>>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<i32>>)
// CHECK-NEXT: return %[[FOR]]#0 : tensor<f32>
func.func @vjp_with_own_counter(%x: tensor<f32>, %limit: tensor<i32>, %zero: tensor<i32>, %one: tensor<i32>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r:2 = descent.while iter(%a, %zero) : (tensor<f32>, tensor<i32>) {
    ^bb0(%p: tensor<f32>, %n: tensor<i32>):
      %c = descent.compare lt %n, %limit : tensor<i32>
      descent.yield %c : tensor<i1>
    } do {
    ^bb0(%p: tensor<f32>, %n: tensor<i32>):
      %f = descent.convert %n : tensor<i32> to tensor<f32>
      %s = descent.mul %p, %f : tensor<f32>
      %m = descent.add %n, %one : tensor<i32>
      descent.yield %s, %m : tensor<f32>, tensor<i32>
    } to (tensor<f32>, tensor<i32>)
    descent.yield %r#0 : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}
