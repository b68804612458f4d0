// RUN: %descent-opt --print-kernels -o /dev/null %s | FileCheck %s
// RUN: %descent-opt --print-kernels=unfused -o /dev/null %s | FileCheck %s --check-prefix=UNFUSED

// A polynomial's loss and its gradient with respect to the coefficients: one step, in which each block of 32 points
// runs through both loops; the powers are rows of a tape as long as the block. What is added up leaves the second
// loop as an array, from which a loop over numbers goes on.
// CHECK-LABEL: polynomial:
// CHECK-NEXT:  points [16392] by 32, {{[0-9]+}} operations, {{[0-9]+}} a point, {{[0-9]+}} chunks
// CHECK-NEXT:    reads {{.*}} [128] f64: 1024 bytes
// CHECK-NEXT:    tape of 128 rows of 256 bytes
// CHECK-NEXT:    for 128 times
// CHECK-NEXT:    for 128 times
// CHECK-NEXT:    [[SUMS:%[0-9]+]] = reduce_sum [128] f64
// CHECK-NEXT:    {{%[0-9]+}} = reduce_sum f64
// CHECK:       for, {{.*}} [128] f64 in result 1
// CHECK-NOT:     points [
// CHECK:         reads [[SUMS]] [128] f64
// UNFUSED-LABEL: polynomial:
// UNFUSED-NOT:   points
// UNFUSED-LABEL: particles:
func.func @polynomial(%x: tensor<128xf64>) -> (tensor<f64>, tensor<128xf64>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %m = descent.constant dense<128> : tensor<i32>
  %last = descent.constant dense<127> : tensor<i32>
  %none = descent.constant dense<0.0> : tensor<16392xf64>
  %one = descent.constant dense<1.0> : tensor<16392xf64>
  %n = descent.constant dense<8196.0> : tensor<16392xf64>
  %dx0 = descent.constant dense<0.0> : tensor<128xf64>
  %i = descent.iota 0 : tensor<16392xf64>
  %h = descent.div %i, %n : tensor<16392xf64>
  %t = descent.sub %h, %one : tensor<16392xf64>
  %tape = descent.tape_create : <tensor<16392xf64>>
  %r:3 = descent.for %zero to %m iter(%none, %one, %tape) : tensor<i32>, (tensor<16392xf64>, tensor<16392xf64>, !descent.tape<tensor<16392xf64>>) {
  ^bb0(%k: tensor<i32>, %sum: tensor<16392xf64>, %power: tensor<16392xf64>, %rows: !descent.tape<tensor<16392xf64>>):
    %more = descent.tape_push %rows, %power : <tensor<16392xf64>>, tensor<16392xf64>
    %box = descent.dynamic_slice %x[%k] sizes [1] : tensor<128xf64>, tensor<i32> to tensor<1xf64>
    %c = descent.reshape %box : tensor<1xf64> to tensor<f64>
    %cb = descent.broadcast %c [] : tensor<f64> to tensor<16392xf64>
    %term = descent.mul %cb, %power : tensor<16392xf64>
    %sum2 = descent.add %sum, %term : tensor<16392xf64>
    %power2 = descent.mul %power, %t : tensor<16392xf64>
    descent.yield %sum2, %power2, %more : tensor<16392xf64>, tensor<16392xf64>, !descent.tape<tensor<16392xf64>>
  } to (tensor<16392xf64>, tensor<16392xf64>, !descent.tape<tensor<16392xf64>>)
  %sign = descent.sign %t : tensor<16392xf64>
  %e = descent.sub %r#0, %sign : tensor<16392xf64>
  %q = descent.mul %e, %e : tensor<16392xf64>
  %loss = descent.reduce_sum %q [0] : tensor<16392xf64> to tensor<f64>
  %g:2 = descent.for %zero to %m iter(%dx0, %r#2) : tensor<i32>, (tensor<128xf64>, !descent.tape<tensor<16392xf64>>) {
  ^bb0(%k: tensor<i32>, %dx: tensor<128xf64>, %rows: !descent.tape<tensor<16392xf64>>):
    %at = descent.sub %last, %k : tensor<i32>
    %rest, %power = descent.tape_pop %rows : <tensor<16392xf64>>, tensor<16392xf64>
    %term = descent.mul %e, %power : tensor<16392xf64>
    %d = descent.reduce_sum %term [0] : tensor<16392xf64> to tensor<f64>
    %d1 = descent.reshape %d : tensor<f64> to tensor<1xf64>
    %before = descent.dynamic_slice %dx[%at] sizes [1] : tensor<128xf64>, tensor<i32> to tensor<1xf64>
    %after = descent.add %before, %d1 : tensor<1xf64>
    %dx2 = descent.update %dx, %after[%at] : tensor<128xf64>, tensor<1xf64>, tensor<i32>
    descent.yield %dx2, %rest : tensor<128xf64>, !descent.tape<tensor<16392xf64>>
  } to (tensor<128xf64>, !descent.tape<tensor<16392xf64>>)
  return %loss, %g#0 : tensor<f64>, tensor<128xf64>
}

// Few points are one block. The loop in a loop runs for it as well; the number of steps need not be known.
// CHECK-LABEL: particles:
// CHECK-NEXT:  points [20] by 20, {{[0-9]+}} operations, {{[0-9]+}} a point
// CHECK-NOT:   chunks
// CHECK:         for
// CHECK-NEXT:      for 3 times
// CHECK-NEXT:    {{%[0-9]+}} = for [4, 5] f32 in result 0
// CHECK-NEXT:    writes 80 bytes
func.func @particles(%n: tensor<i32>, %x: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %three = descent.constant dense<3> : tensor<i32>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<4x5xf32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<4x5xf32>):
    %q = descent.for %zero to %three iter(%a) : tensor<i32>, (tensor<4x5xf32>) {
    ^bb0(%j: tensor<i32>, %b: tensor<4x5xf32>):
      %s = descent.sin %b : tensor<4x5xf32>
      descent.yield %s : tensor<4x5xf32>
    } to (tensor<4x5xf32>)
    %c = descent.sub %a, %q : tensor<4x5xf32>
    descent.yield %c : tensor<4x5xf32>
  } to (tensor<4x5xf32>)
  return %r : tensor<4x5xf32>
}

// Why a loop stays as it is.
// CHECK-LABEL: neighbours:
// CHECK:       for, {{.*}}; not by points: an element depends on others than that at its own index
func.func @neighbours(%n: tensor<i32>, %x: tensor<100xf32>) -> tensor<100xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<100xf32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<100xf32>):
    %b = descent.reverse %a [0] : tensor<100xf32>
    %c = descent.sub %a, %b : tensor<100xf32>
    descent.yield %c : tensor<100xf32>
  } to (tensor<100xf32>)
  return %r : tensor<100xf32>
}

// CHECK-LABEL: normalised:
// CHECK:       for, {{.*}}; not by points: it reads back what it adds up over the points
func.func @normalised(%n: tensor<i32>, %x: tensor<100xf32>) -> tensor<100xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<100xf32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<100xf32>):
    %e = descent.exp %a : tensor<100xf32>
    %s = descent.reduce_sum %e [0] : tensor<100xf32> to tensor<f32>
    %b = descent.broadcast %s [] : tensor<f32> to tensor<100xf32>
    %c = descent.div %e, %b : tensor<100xf32>
    descent.yield %c : tensor<100xf32>
  } to (tensor<100xf32>)
  return %r : tensor<100xf32>
}

// CHECK-LABEL: unknown_tape:
// CHECK:       for{{.*}}; not by points: its tapes grow in a number of iterations that is not known
func.func @unknown_tape(%n: tensor<i32>, %x: tensor<100xf32>) -> tensor<100xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %tape = descent.tape_create : <tensor<100xf32>>
  %r:2 = descent.for %zero to %n iter(%x, %tape) : tensor<i32>, (tensor<100xf32>, !descent.tape<tensor<100xf32>>) {
  ^bb0(%i: tensor<i32>, %a: tensor<100xf32>, %t: !descent.tape<tensor<100xf32>>):
    %u = descent.tape_push %t, %a : <tensor<100xf32>>, tensor<100xf32>
    %s = descent.sin %a : tensor<100xf32>
    descent.yield %s, %u : tensor<100xf32>, !descent.tape<tensor<100xf32>>
  } to (tensor<100xf32>, !descent.tape<tensor<100xf32>>)
  %q:2 = descent.for %zero to %n iter(%r#0, %r#1) : tensor<i32>, (tensor<100xf32>, !descent.tape<tensor<100xf32>>) {
  ^bb0(%i: tensor<i32>, %a: tensor<100xf32>, %t: !descent.tape<tensor<100xf32>>):
    %rest, %v = descent.tape_pop %t : <tensor<100xf32>>, tensor<100xf32>
    %s = descent.mul %a, %v : tensor<100xf32>
    descent.yield %s, %rest : tensor<100xf32>, !descent.tape<tensor<100xf32>>
  } to (tensor<100xf32>, !descent.tape<tensor<100xf32>>)
  return %q#0 : tensor<100xf32>
}
