// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// What a program does to the world outside it does once, in the forward run.

// CHECK-LABEL: func.func @check_in_vjp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[OK:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[SIN:.*]] = descent.sin %[[X]] : tensor<f32>
// CHECK-NEXT: descent.check 0 %[[OK]](%[[SIN]]) : tensor<i1>, (tensor<f32>)
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[X]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DY]], %[[COS]] : tensor<f32>
// CHECK-NEXT: return %[[MUL]] : tensor<f32>
func.func @check_in_vjp(%x: tensor<f32>, %ok: tensor<i1>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %b = descent.sin %a : tensor<f32>
    descent.check 0 %ok (%b) : tensor<i1>, (tensor<f32>)
    descent.yield %b : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// The recomputed body of the reverse loop has no check and no print, the one inside the branch neither.
// CHECK-LABEL: func.func @check_in_loop(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]: {{.*}}, %[[OK:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[TAPE:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[FOR:.*]]:2 = descent.for %[[FROM]] to %[[TO]] iter(%[[X]], %[[TAPE]]) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<f32>, %[[A3:[^:]*]]: !descent.tape<tensor<f32>>):
// CHECK-NEXT: %[[PUSH:.*]] = descent.tape_push %[[A3]], %[[A2]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: descent.check 0 %[[OK]]() : tensor<i1>, ()
// CHECK-NEXT: %[[IF:.*]] = descent.if %[[OK]] : tensor<i1> to (tensor<f32>) {
// CHECK-NEXT: descent.effect 0(%[[A2]]) : (tensor<f32>)
// CHECK-NEXT: %[[SIN:.*]] = descent.sin %[[A2]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[SIN]] : tensor<f32>
// CHECK-NEXT: } else {
// CHECK-NEXT: descent.yield %[[A2]] : tensor<f32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[EXP:.*]] = descent.exp %[[IF]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[EXP]], %[[PUSH]] : tensor<f32>, !descent.tape<tensor<f32>>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<f32>>)
// CHECK-NEXT: %[[FOR2:.*]]:2 = descent.for %[[FROM]] to %[[TO]] iter(%[[DY]], %[[FOR]]#1) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>) {
// CHECK-NEXT: ^bb0(%[[A4:[^:]*]]: tensor<i32>, %[[A5:[^:]*]]: tensor<f32>, %[[A6:[^:]*]]: !descent.tape<tensor<f32>>):
// CHECK-NEXT: %[[REST:.*]], %[[TOP:.*]] = descent.tape_pop %[[A6]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[IF2:.*]] = descent.if %[[OK]] : tensor<i1> to (tensor<f32>) {
// CHECK-NEXT: %[[SIN2:.*]] = descent.sin %[[TOP]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[SIN2]] : tensor<f32>
// CHECK-NEXT: } else {
// CHECK-NEXT: descent.yield %[[TOP]] : tensor<f32>
// CHECK-NEXT: }
// CHECK-NEXT: %[[EXP2:.*]] = descent.exp %[[IF2]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[A5]], %[[EXP2]] : tensor<f32>
// CHECK-NEXT: %[[IF3:.*]] = descent.if %[[OK]] : tensor<i1> to (tensor<f32>) {
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[TOP]] : tensor<f32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[MUL]], %[[COS]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL2]] : tensor<f32>
// CHECK-NEXT: } else {
// CHECK-NEXT: descent.yield %[[MUL]] : tensor<f32>
// CHECK-NEXT: }
// CHECK-NEXT: descent.yield %[[IF3]], %[[REST]] : tensor<f32>, !descent.tape<tensor<f32>>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<f32>>)
// CHECK-NEXT: return %[[FOR2]]#0 : tensor<f32>
func.func @check_in_loop(%x: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %ok: tensor<i1>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.for %from to %to iter(%a) : tensor<i32>, (tensor<f32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>):
      descent.check 0 %ok () : tensor<i1>, ()
      %q = descent.if %ok : tensor<i1> to (tensor<f32>) {
        descent.effect 0 (%p) : (tensor<f32>)
        %s = descent.sin %p : tensor<f32>
        descent.yield %s : tensor<f32>
      } else {
        descent.yield %p : tensor<f32>
      }
      %t = descent.exp %q : tensor<f32>
      descent.yield %t : tensor<f32>
    } to (tensor<f32>)
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// What is read from outside is read once and saved.
// CHECK-LABEL: func.func @clock(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[TAPE:.*]] = descent.tape_create : <tensor<f64>>
// CHECK-NEXT: %[[FOR:.*]] = descent.for %[[FROM]] to %[[TO]] iter(%[[TAPE]]) : tensor<i32>, (!descent.tape<tensor<f64>>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: !descent.tape<tensor<f64>>):
// CHECK-NEXT: %[[CLOCK:.*]] = descent.clock : tensor<f64>
// CHECK-NEXT: %[[PUSH:.*]] = descent.tape_push %[[A2]], %[[CLOCK]] : <tensor<f64>>, tensor<f64>
// CHECK-NEXT: descent.yield %[[PUSH]] : !descent.tape<tensor<f64>>
// CHECK-NEXT: } to (!descent.tape<tensor<f64>>)
// CHECK-NEXT: %[[FOR2:.*]]:2 = descent.for %[[FROM]] to %[[TO]] iter(%[[DY]], %[[FOR]]) : tensor<i32>, (tensor<f64>, !descent.tape<tensor<f64>>) {
// CHECK-NEXT: ^bb0(%[[A3:[^:]*]]: tensor<i32>, %[[A4:[^:]*]]: tensor<f64>, %[[A5:[^:]*]]: !descent.tape<tensor<f64>>):
// CHECK-NEXT: %[[REST:.*]], %[[TOP:.*]] = descent.tape_pop %[[A5]] : <tensor<f64>>, tensor<f64>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[A4]], %[[TOP]] : tensor<f64>
// CHECK-NEXT: descent.yield %[[MUL]], %[[REST]] : tensor<f64>, !descent.tape<tensor<f64>>
// CHECK-NEXT: } to (tensor<f64>, !descent.tape<tensor<f64>>)
// CHECK-NEXT: return %[[FOR2]]#0 : tensor<f64>
func.func @clock(%x: tensor<f64>, %from: tensor<i32>, %to: tensor<i32>, %dy: tensor<f64>) -> tensor<f64> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f64>) cotangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>):
    %r = descent.for %from to %to iter(%a) : tensor<i32>, (tensor<f64>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f64>):
      %c = descent.clock : tensor<f64>
      %t = descent.mul %p, %c : tensor<f64>
      descent.yield %t : tensor<f64>
    } to (tensor<f64>)
    descent.yield %r : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %y#1 : tensor<f64>
}

// CHECK-LABEL: func.func @jvp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[OK:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: descent.effect 0(%[[X]]) : (tensor<f32>)
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[X]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DX]], %[[COS]] : tensor<f32>
// CHECK-NEXT: return %[[MUL]] : tensor<f32>
func.func @jvp(%x: tensor<f32>, %ok: tensor<i1>, %dx: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    descent.effect 0 (%a) : (tensor<f32>)
    %b = descent.sin %a : tensor<f32>
    descent.yield %b : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}
