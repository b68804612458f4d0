// RUN: %descent-opt --expand-derivatives --simplify %s | FileCheck %s

// What a loop saves for its reverse: what takes the fewest bytes.

// One element is written in each iteration, from the one before: the array itself is never saved.
// CHECK-LABEL: func.func @recurrence(
// CHECK-NOT: tape<tensor<1000xf64>>
// CHECK: descent.for {{.*}} !descent.tape<tensor<1xf64>>
// CHECK-NOT: tape<tensor<1000xf64>>
// CHECK: descent.tape_push %{{.*}}, %{{.*}} : <tensor<1xf64>>, tensor<1xf64>
// CHECK-NOT: tape<tensor<1000xf64>>
// CHECK: descent.tape_pop %{{.*}} : <tensor<1xf64>>, tensor<1xf64>
// CHECK-NOT: tape<tensor<1000xf64>>
// CHECK: return
func.func @recurrence(%x: tensor<1000xf64>, %ct: tensor<1000xf64>) -> tensor<1000xf64> {
  %from = descent.constant dense<1> : tensor<i32>
  %to = descent.constant dense<1000> : tensor<i32>
  %v, %d = descent.vjp(%x) cotangents(%ct) : (tensor<1000xf64>) cotangents (tensor<1000xf64>) {
  ^bb0(%a: tensor<1000xf64>):
    %r = descent.for %from to %to iter(%a) : tensor<i32>, (tensor<1000xf64>) {
    ^bb0(%i: tensor<i32>, %y: tensor<1000xf64>):
      %one = descent.constant dense<1> : tensor<i32>
      %before = descent.sub %i, %one : tensor<i32>
      %e = descent.dynamic_slice %y[%before] sizes [1] : tensor<1000xf64>, tensor<i32> to tensor<1xf64>
      %s = descent.sin %e : tensor<1xf64>
      %n = descent.update %y, %s[%i] : tensor<1000xf64>, tensor<1xf64>, tensor<i32>
      descent.yield %n : tensor<1000xf64>
    } to (tensor<1000xf64>)
    descent.yield %r : tensor<1000xf64>
  } to (tensor<1000xf64>, tensor<1000xf64>)
  return %d : tensor<1000xf64>
}

// Of what a clipped step carries, the reverse needs to know only where it was clipped.
// CHECK-LABEL: func.func @truths(
// CHECK-NOT: tape<tensor<8xf32>>
// CHECK: descent.tape_push %{{.*}}, %{{.*}} : <tensor<8xi1>>, tensor<8xi1>
// CHECK-NOT: tape<tensor<8xf32>>
// CHECK: return
func.func @truths(%x: tensor<8xf32>, %n: tensor<i32>, %ct: tensor<8xf32>) -> tensor<8xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %v, %d = descent.vjp(%x) cotangents(%ct) : (tensor<8xf32>) cotangents (tensor<8xf32>) {
  ^bb0(%a: tensor<8xf32>):
    %half = descent.constant dense<0.5> : tensor<8xf32>
    %r = descent.for %zero to %n iter(%a) : tensor<i32>, (tensor<8xf32>) {
    ^bb0(%i: tensor<i32>, %y: tensor<8xf32>):
      %c = descent.compare gt %y, %half : tensor<8xf32>
      %m = descent.mul %y, %half : tensor<8xf32>
      %s = descent.select %c, %m, %half : tensor<8xi1>, tensor<8xf32>
      descent.yield %s : tensor<8xf32>
    } to (tensor<8xf32>)
    descent.yield %r : tensor<8xf32>
  } to (tensor<8xf32>, tensor<8xf32>)
  return %d : tensor<8xf32>
}

// A number computed of a large array, of which the reverse needs nothing else.
// CHECK-LABEL: func.func @number(
// CHECK-NOT: tape<tensor<100xf32>>
// CHECK: descent.while {{.*}} !descent.tape<tensor<f32>>
// CHECK-NOT: tape<tensor<100xf32>>
// CHECK: return
func.func @number(%x: tensor<100xf32>, %limit: tensor<f32>, %ct: tensor<100xf32>) -> tensor<100xf32> {
  %v, %d = descent.vjp(%x) cotangents(%ct) : (tensor<100xf32>) cotangents (tensor<100xf32>) {
  ^bb0(%a: tensor<100xf32>):
    %r = descent.while iter(%a) : (tensor<100xf32>) {
    ^bb0(%y: tensor<100xf32>):
      %s = descent.reduce_sum %y [0] : tensor<100xf32> to tensor<f32>
      %c = descent.compare lt %s, %limit : tensor<f32>
      descent.yield %c : tensor<i1>
    } do {
    ^bb0(%y: tensor<100xf32>):
      %s = descent.reduce_sum %y [0] : tensor<100xf32> to tensor<f32>
      %e = descent.exp %s : tensor<f32>
      %b = descent.broadcast %e [] : tensor<f32> to tensor<100xf32>
      %n = descent.add %y, %b : tensor<100xf32>
      descent.yield %n : tensor<100xf32>
    } to (tensor<100xf32>)
    descent.yield %r : tensor<100xf32>
  } to (tensor<100xf32>, tensor<100xf32>)
  return %d : tensor<100xf32>
}

// Two functions of one array: the array is saved, and they are computed again.
// CHECK-LABEL: func.func @again(
// CHECK: descent.tape_push %{{.*}}, %{{.*}} : <tensor<8xf32>>, tensor<8xf32>
// CHECK-NOT: tape_push
// CHECK: descent.tape_pop
// CHECK: descent.sin
// CHECK: descent.exp
// CHECK: return
func.func @again(%x: tensor<8xf32>, %n: tensor<i32>, %ct: tensor<8xf32>) -> tensor<8xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %v, %d = descent.vjp(%x) cotangents(%ct) : (tensor<8xf32>) cotangents (tensor<8xf32>) {
  ^bb0(%a: tensor<8xf32>):
    %r = descent.for %zero to %n iter(%a) : tensor<i32>, (tensor<8xf32>) {
    ^bb0(%i: tensor<i32>, %y: tensor<8xf32>):
      %s = descent.sin %y : tensor<8xf32>
      %e = descent.exp %y : tensor<8xf32>
      %p = descent.mul %s, %e : tensor<8xf32>
      descent.yield %p : tensor<8xf32>
    } to (tensor<8xf32>)
    descent.yield %r : tensor<8xf32>
  } to (tensor<8xf32>, tensor<8xf32>)
  return %d : tensor<8xf32>
}
