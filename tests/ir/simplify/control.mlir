// RUN: %descent-opt --simplify %s | FileCheck %s

// CHECK-LABEL: func.func @runs_once
// CHECK-SAME: (%[[X:.*]]: tensor<f32>)
func.func @runs_once(%x: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  // CHECK-NEXT: %[[Y:.*]] = descent.sin %[[X]]
  // CHECK-NEXT: return %[[Y]], %[[X]]
  %four = descent.constant dense<4> : tensor<i32>
  %five = descent.constant dense<5> : tensor<i32>
  %0 = descent.for %four to %five iter(%x) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>):
    %s = descent.sin %a : tensor<f32>
    descent.yield %s : tensor<f32>
  } to (tensor<f32>)
  %1 = descent.for %five to %four iter(%x) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>):
    %s = descent.sin %a : tensor<f32>
    descent.yield %s : tensor<f32>
  } to (tensor<f32>)
  return %0, %1 : tensor<f32>, tensor<f32>
}

// Carried but never changed; carried but needed for itself alone; set to what it was.
// CHECK-LABEL: func.func @carried
// CHECK-SAME: (%[[X:.*]]: tensor<f32>, %[[N:.*]]: tensor<i32>)
func.func @carried(%x: tensor<f32>, %n: tensor<i32>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  // CHECK: %[[R:.*]] = descent.for %{{.*}} to %[[N]] iter(%[[X]]) : tensor<i32>, (tensor<f32>) {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<i32>, %[[A:.*]]: tensor<f32>):
  // CHECK-NEXT: %[[B:.*]] = descent.mul %[[A]], %[[X]]
  // CHECK-NEXT: descent.yield %[[B]]
  // CHECK-NEXT: } to (tensor<f32>)
  // CHECK-NEXT: return %[[R]], %[[X]], %[[ONE:.*]]
  %zero = descent.constant dense<0> : tensor<i32>
  %one = descent.constant dense<1.0> : tensor<f32>
  %r:4 = descent.for %zero to %n iter(%x, %x, %one, %one) : tensor<i32>, (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>, %d: tensor<f32>):
    %e = descent.mul %a, %b : tensor<f32>
    %f = descent.add %c, %e : tensor<f32>
    %again = descent.constant dense<1.0> : tensor<f32>
    descent.yield %e, %b, %f, %again : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
  } to (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>)
  return %r#0, %r#1, %r#3 : tensor<f32>, tensor<f32>, tensor<f32>
}

// A value that never changes and that is carried on in another's place too: it is read once.
// CHECK-LABEL: func.func @carried_twice
// CHECK-SAME: (%[[X:.*]]: tensor<f32>, %[[Y:.*]]: tensor<f32>, %[[N:.*]]: tensor<i32>)
func.func @carried_twice(%x: tensor<f32>, %y: tensor<f32>, %n: tensor<i32>) -> (tensor<f32>, tensor<f32>) {
  // CHECK: descent.for %{{.*}} to %[[N]] iter(%[[Y]])
  // CHECK: descent.yield %[[X]] : tensor<f32>
  // CHECK: descent.while iter(%{{.*}}, %[[Y]])
  // CHECK: } do {
  // CHECK: descent.yield %{{.*}}, %[[X]] : tensor<i32>, tensor<f32>
  %zero = descent.constant dense<0> : tensor<i32>
  %one = descent.constant dense<1> : tensor<i32>
  %r:2 = descent.for %zero to %n iter(%x, %y) : tensor<i32>, (tensor<f32>, tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>, %b: tensor<f32>):
    descent.yield %a, %a : tensor<f32>, tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  %s:3 = descent.while iter(%zero, %x, %y) : (tensor<i32>, tensor<f32>, tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>, %b: tensor<f32>):
    %c = descent.compare lt %i, %n : tensor<i32>
    descent.yield %c : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>, %b: tensor<f32>):
    %j = descent.add %i, %one : tensor<i32>
    descent.yield %j, %a, %a : tensor<i32>, tensor<f32>, tensor<f32>
  } to (tensor<i32>, tensor<f32>, tensor<f32>)
  return %r#1, %s#2 : tensor<f32>, tensor<f32>
}

// Two loops whose tapes and sums nobody reads.
// CHECK-LABEL: func.func @unread_tape
func.func @unread_tape(%x: tensor<f32>, %n: tensor<i32>) -> tensor<f32> {
  // CHECK-NOT: tape
  // CHECK: descent.for
  // CHECK-NOT: descent.for
  %zero = descent.constant dense<0> : tensor<i32>
  %t = descent.tape_create : !descent.tape<tensor<f32>>
  %r:2 = descent.for %zero to %n iter(%x, %t) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>, %u: !descent.tape<tensor<f32>>):
    %v = descent.tape_push %u, %a : !descent.tape<tensor<f32>>, tensor<f32>
    %b = descent.sin %a : tensor<f32>
    descent.yield %b, %v : tensor<f32>, !descent.tape<tensor<f32>>
  } to (tensor<f32>, !descent.tape<tensor<f32>>)
  %s:2 = descent.for %zero to %n iter(%x, %r#1) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>, %u: !descent.tape<tensor<f32>>):
    %v, %w = descent.tape_pop %u : !descent.tape<tensor<f32>>, tensor<f32>
    %b = descent.add %a, %w : tensor<f32>
    descent.yield %b, %v : tensor<f32>, !descent.tape<tensor<f32>>
  } to (tensor<f32>, !descent.tape<tensor<f32>>)
  return %r#0 : tensor<f32>
}

// What an effect or a check needs is alive.
// CHECK-LABEL: func.func @effects
func.func @effects(%x: tensor<f32>, %n: tensor<i32>) {
  // CHECK: descent.for
  // CHECK: descent.effect 0
  // CHECK: descent.if
  // CHECK: descent.check 1
  %zero = descent.constant dense<0> : tensor<i32>
  %r:2 = descent.for %zero to %n iter(%x, %x) : tensor<i32>, (tensor<f32>, tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>, %b: tensor<f32>):
    descent.effect 0 (%a) : (tensor<f32>)
    %c = descent.compare lt %a, %x : tensor<f32>
    descent.if %c : tensor<i1> to () {
      descent.check 1 %c () : tensor<i1>, ()
      descent.yield
    } else {
      descent.yield
    }
    %s = descent.sin %a : tensor<f32>
    // CHECK-NOT: descent.cos
    %t = descent.cos %b : tensor<f32>
    descent.yield %s, %t : tensor<f32>, tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return
}

// CHECK-LABEL: func.func @while
// CHECK-SAME: (%[[X:.*]]: tensor<f32>, %[[Y:.*]]: tensor<f32>)
func.func @while(%x: tensor<f32>, %y: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  // CHECK: %[[R:.*]] = descent.while iter(%[[X]]) : (tensor<f32>)
  // CHECK: descent.compare lt %{{.*}}, %[[Y]]
  // CHECK-NOT: descent.while
  // CHECK: return %[[R]], %[[Y]], %[[X]]
  %r:3 = descent.while iter(%x, %y, %x) : (tensor<f32>, tensor<f32>, tensor<f32>) {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>):
    %go = descent.compare lt %a, %b : tensor<f32>
    descent.yield %go : tensor<i1>
  } do {
  ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>):
    %d = descent.add %a, %a : tensor<f32>
    %e = descent.mul %c, %a : tensor<f32>
    descent.yield %d, %b, %e : tensor<f32>, tensor<f32>, tensor<f32>
  } to (tensor<f32>, tensor<f32>, tensor<f32>)
  %never = descent.while iter(%x) : (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %no = descent.constant dense<false> : tensor<i1>
    descent.yield %no : tensor<i1>
  } do {
  ^bb0(%a: tensor<f32>):
    descent.yield %y : tensor<f32>
  } to (tensor<f32>)
  return %r#0, %r#1, %never : tensor<f32>, tensor<f32>, tensor<f32>
}

// A choice between values that are there becomes a select if nothing else is left to be done.
// CHECK-LABEL: func.func @choice
// CHECK-SAME: (%[[C:.*]]: tensor<i1>, %[[X:.*]]: tensor<f32>, %[[Y:.*]]: tensor<f32>)
func.func @choice(%c: tensor<i1>, %x: tensor<f32>, %y: tensor<f32>) -> (tensor<f32>, tensor<f32>) {
  // CHECK-NEXT: %[[S:.*]] = descent.select %[[C]], %[[X]], %[[Y]]
  // CHECK-NEXT: return %[[X]], %[[S]]
  %r:3 = descent.if %c : tensor<i1> to (tensor<f32>, tensor<f32>, tensor<f32>) {
    %s = descent.sin %x : tensor<f32>
    descent.yield %s, %x, %x : tensor<f32>, tensor<f32>, tensor<f32>
  } else {
    %t = descent.cos %x : tensor<f32>
    descent.yield %t, %x, %y : tensor<f32>, tensor<f32>, tensor<f32>
  }
  return %r#1, %r#2 : tensor<f32>, tensor<f32>
}

// CHECK-LABEL: func.func @if
// CHECK-SAME: (%[[C:.*]]: tensor<i1>, %[[X:.*]]: tensor<f32>, %[[Y:.*]]: tensor<f32>)
func.func @if(%c: tensor<i1>, %x: tensor<f32>, %y: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  // CHECK-NOT: descent.select
  // CHECK: %[[R:.*]]:2 = descent.if %[[C]] : tensor<i1> to (tensor<f32>, tensor<f32>)
  // CHECK: return %[[R]]#0, %[[X]], %[[R]]#1
  %r:4 = descent.if %c : tensor<i1> to (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
    %s = descent.sin %x : tensor<f32>
    descent.yield %s, %x, %s, %x : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
  } else {
    %t = descent.cos %x : tensor<f32>
    descent.yield %t, %x, %t, %y : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
  }
  return %r#0, %r#1, %r#3 : tensor<f32>, tensor<f32>, tensor<f32>
}

// CHECK-LABEL: func.func @tape
// CHECK-SAME: (%[[X:.*]]: tensor<2xf32>)
func.func @tape(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  // CHECK-NEXT: %[[Z:.*]] = descent.constant dense<0.000000e+00> : tensor<2xf32>
  // CHECK-NEXT: return %[[X]], %[[Z]]
  %t = descent.tape_create : !descent.tape<tensor<2xf32>>
  %u = descent.tape_push %t, %x : !descent.tape<tensor<2xf32>>, tensor<2xf32>
  %v, %a = descent.tape_pop %u : !descent.tape<tensor<2xf32>>, tensor<2xf32>
  %w, %b = descent.tape_pop %v : !descent.tape<tensor<2xf32>>, tensor<2xf32>
  return %a, %b : tensor<2xf32>, tensor<2xf32>
}
