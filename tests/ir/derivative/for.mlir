// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// Loops over a range.

// CHECK-LABEL: func.func @jvp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[FOR:.*]]:3 = descent.for %[[FROM]] to %[[TO]] iter(%[[X]], %[[K]], %[[DX]]) : tensor<i32>, (tensor<f32>, tensor<f32>, tensor<f32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<f32>, %[[A3:[^:]*]]: tensor<f32>, %[[A4:[^:]*]]: tensor<f32>):
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[A2]], %[[A3]] : tensor<f32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[A4]], %[[A3]] : tensor<f32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[A3]], %[[A3]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL]], %[[ADD]], %[[MUL2]] : tensor<f32>, tensor<f32>, tensor<f32>
// CHECK-NEXT: } to (tensor<f32>, tensor<f32>, tensor<f32>)
// CHECK-NEXT: return %[[FOR]]#0, %[[FOR]]#2 : tensor<f32>, tensor<f32>
func.func @jvp(%x: tensor<f32>, %k: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %dx: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    // The second carried value is constant: it gets no tangent.
    %r:2 = descent.for %from to %to iter(%a, %k) : tensor<i32>, (tensor<f32>, tensor<f32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>, %q: tensor<f32>):
      %s = descent.mul %p, %q : tensor<f32>
      %t = descent.add %q, %q : tensor<f32>
      descent.yield %s, %t : tensor<f32>, tensor<f32>
    } to (tensor<f32>, tensor<f32>)
    descent.yield %r#0 : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#0, %y#1 : tensor<f32>, tensor<f32>
}

// The forward run saves what the reverse run needs, here %p; %a is captured, and its cotangent carried.
// CHECK-LABEL: func.func @vjp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[Z:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[TAPE:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[FOR:.*]]:2 = descent.for %[[FROM]] to %[[TO]] iter(%[[Z]], %[[TAPE]]) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<f32>, %[[A3:[^:]*]]: !descent.tape<tensor<f32>>):
// CHECK-NEXT: %[[PUSH:.*]] = descent.tape_push %[[A3]], %[[A2]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[SIN:.*]] = descent.sin %[[A2]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[SIN]], %[[X]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL]], %[[PUSH]] : tensor<f32>, !descent.tape<tensor<f32>>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<f32>>)
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[FOR2:.*]]:3 = descent.for %[[FROM]] to %[[TO]] iter(%[[DY]], %[[K]], %[[FOR]]#1) : tensor<i32>, (tensor<f32>, tensor<f32>, !descent.tape<tensor<f32>>) {
// CHECK-NEXT: ^bb0(%[[A4:[^:]*]]: tensor<i32>, %[[A5:[^:]*]]: tensor<f32>, %[[A6:[^:]*]]: tensor<f32>, %[[A7:[^:]*]]: !descent.tape<tensor<f32>>):
// CHECK-NEXT: %[[REST:.*]], %[[TOP:.*]] = descent.tape_pop %[[A7]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[SIN2:.*]] = descent.sin %[[TOP]] : tensor<f32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[A5]], %[[X]] : tensor<f32>
// CHECK-NEXT: %[[MUL3:.*]] = descent.mul %[[A5]], %[[SIN2]] : tensor<f32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[A6]], %[[MUL3]] : tensor<f32>
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[TOP]] : tensor<f32>
// CHECK-NEXT: %[[MUL4:.*]] = descent.mul %[[MUL2]], %[[COS]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL4]], %[[ADD]], %[[REST]] : tensor<f32>, tensor<f32>, !descent.tape<tensor<f32>>
// CHECK-NEXT: } to (tensor<f32>, tensor<f32>, !descent.tape<tensor<f32>>)
// CHECK-NEXT: return %[[FOR]]#0, %[[FOR2]]#1, %[[FOR2]]#0 : tensor<f32>, tensor<f32>, tensor<f32>
func.func @vjp(%x: tensor<f32>, %z: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %dy: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  %y:3 = descent.vjp(%x, %z) cotangents(%dy) : (tensor<f32>, tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>):
    %r = descent.for %from to %to iter(%b) : tensor<i32>, (tensor<f32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>):
      %s = descent.sin %p : tensor<f32>
      %t = descent.mul %s, %a : tensor<f32>
      descent.yield %t : tensor<f32>
    } to (tensor<f32>)
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>, tensor<f32>)
  return %y#0, %y#1, %y#2 : tensor<f32>, tensor<f32>, tensor<f32>
}

// A linear body needs nothing of the forward run: no tape, and no forward loop if its value is not asked for.
// CHECK-LABEL: func.func @vjp_of_linear(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[FOR:.*]] = descent.for %[[FROM]] to %[[TO]] iter(%[[DY]]) : tensor<i32>, (tensor<f32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<f32>):
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[A2]], %[[K]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL]] : tensor<f32>
// CHECK-NEXT: } to (tensor<f32>)
// CHECK-NEXT: return %[[FOR]] : tensor<f32>
func.func @vjp_of_linear(%x: tensor<f32>, %k: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.for %from to %to iter(%a) : tensor<i32>, (tensor<f32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>):
      %t = descent.mul %p, %k : tensor<f32>
      descent.yield %t : tensor<f32>
    } to (tensor<f32>)
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// The reverse run counts up; the body sees the counter that it saw on the way there.
// CHECK-LABEL: func.func @vjp_with_counter(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[FROM]], %[[TO]] : tensor<i32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<1> : tensor<i32>
// CHECK-NEXT: %[[SUB:.*]] = descent.sub %[[ADD]], %[[K]] : tensor<i32>
// CHECK-NEXT: %[[FOR:.*]] = descent.for %[[FROM]] to %[[TO]] iter(%[[DY]]) : tensor<i32>, (tensor<f32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<f32>):
// CHECK-NEXT: %[[SUB2:.*]] = descent.sub %[[SUB]], %[[A]] : tensor<i32>
// CHECK-NEXT: %[[CONVERT:.*]] = descent.convert %[[SUB2]] : tensor<i32> to tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[A2]], %[[CONVERT]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL]] : tensor<f32>
// CHECK-NEXT: } to (tensor<f32>)
// CHECK-NEXT: return %[[FOR]] : tensor<f32>
func.func @vjp_with_counter(%x: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.for %from to %to iter(%a) : tensor<i32>, (tensor<f32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>):
      %f = descent.convert %i : tensor<i32> to tensor<f32>
      %t = descent.mul %p, %f : tensor<f32>
      descent.yield %t : tensor<f32>
    } to (tensor<f32>)
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// An array that the body reads in parts: its cotangent grows in place.
// CHECK-LABEL: func.func @vjp_of_reading(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[FROM]], %[[TO]] : tensor<i32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<1> : tensor<i32>
// CHECK-NEXT: %[[SUB:.*]] = descent.sub %[[ADD]], %[[K2]] : tensor<i32>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<100xf32>
// CHECK-NEXT: %[[FOR:.*]]:2 = descent.for %[[FROM]] to %[[TO]] iter(%[[DY]], %[[K3]]) : tensor<i32>, (tensor<1xf32>, tensor<100xf32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<1xf32>, %[[A3:[^:]*]]: tensor<100xf32>):
// CHECK-NEXT: %[[SUB2:.*]] = descent.sub %[[SUB]], %[[A]] : tensor<i32>
// CHECK-NEXT: %[[BOX:.*]] = descent.dynamic_slice %[[A3]][%[[SUB2]]] sizes [1] : tensor<100xf32>, tensor<i32> to tensor<1xf32>
// CHECK-NEXT: %[[ADD2:.*]] = descent.add %[[BOX]], %[[A2]] : tensor<1xf32>
// CHECK-NEXT: %[[UPDATE:.*]] = descent.update %[[A3]], %[[ADD2]][%[[SUB2]]] : tensor<100xf32>, tensor<1xf32>, tensor<i32>
// CHECK-NEXT: descent.yield %[[A2]], %[[UPDATE]] : tensor<1xf32>, tensor<100xf32>
// CHECK-NEXT: } to (tensor<1xf32>, tensor<100xf32>)
// CHECK-NEXT: return %[[FOR]]#1 : tensor<100xf32>
func.func @vjp_of_reading(%x: tensor<100xf32>, %k: tensor<1xf32>, %from: tensor<i32>, %to: tensor<i32>, %dy: tensor<1xf32>) -> tensor<100xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<100xf32>) cotangents (tensor<1xf32>) {
  ^bb0(%a: tensor<100xf32>):
    %r = descent.for %from to %to iter(%k) : tensor<i32>, (tensor<1xf32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<1xf32>):
      %e = descent.dynamic_slice %a[%i] sizes [1] : tensor<100xf32>, tensor<i32> to tensor<1xf32>
      %t = descent.add %p, %e : tensor<1xf32>
      descent.yield %t : tensor<1xf32>
    } to (tensor<1xf32>)
    descent.yield %r : tensor<1xf32>
  } to (tensor<1xf32>, tensor<100xf32>)
  return %y#1 : tensor<100xf32>
}

// A loop whose result nobody differentiates stays as it is.
// CHECK-LABEL: func.func @vjp_of_unused(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[FROM:[^:]*]]: {{.*}}, %[[TO:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[FOR:.*]] = descent.for %[[FROM]] to %[[TO]] iter(%[[X]]) : tensor<i32>, (tensor<f32>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<f32>):
// CHECK-NEXT: %[[SIN:.*]] = descent.sin %[[A2]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[SIN]] : tensor<f32>
// CHECK-NEXT: } to (tensor<f32>)
// CHECK-NEXT: return %[[FOR]], %[[DY]] : tensor<f32>, tensor<f32>
func.func @vjp_of_unused(%x: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %dy: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  %y:3 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.for %from to %to iter(%a) : tensor<i32>, (tensor<f32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>):
      %t = descent.sin %p : tensor<f32>
      descent.yield %t : tensor<f32>
    } to (tensor<f32>)
    descent.yield %a, %r : tensor<f32>, tensor<f32>
  } to (tensor<f32>, tensor<f32>, tensor<f32>)
  return %y#1, %y#2 : tensor<f32>, tensor<f32>
}
