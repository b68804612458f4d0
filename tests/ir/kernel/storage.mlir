// RUN: %descent-opt --print-kernels -o /dev/null %s | FileCheck %s

// A history that a loop writes one element of is updated in place: nothing is copied in the loop.
// CHECK-LABEL: history: 448 bytes
// CHECK-NEXT:  copy fill [100] f32 to [[H:%[0-9]+]] [100] f32 at 0
// CHECK-NEXT:  for, [[H]] [100] f32 at 0
// CHECK-NOT:   copy
// CHECK:         = update [100] f32 at 0
// CHECK-NOT:   copy
// CHECK:       effect
func.func @history(%n: tensor<i32>, %x: tensor<f32>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %none = descent.constant dense<0.0> : tensor<100xf32>
  %r:2 = descent.for %zero to %n iter(%none, %x) : tensor<i32>, (tensor<100xf32>, tensor<f32>) {
  ^bb0(%i: tensor<i32>, %h: tensor<100xf32>, %a: tensor<f32>):
    %e = descent.exp %a : tensor<f32>
    %v = descent.reshape %e : tensor<f32> to tensor<1xf32>
    %u = descent.update %h, %v[%i] : tensor<100xf32>, tensor<1xf32>, tensor<i32>
    descent.yield %u, %e : tensor<100xf32>, tensor<f32>
  } to (tensor<100xf32>, tensor<f32>)
  descent.effect 0 (%r#0) : (tensor<100xf32>)
  return
}

// Also through a branch that does not touch it, and through an inner loop.
// CHECK-LABEL: branches:
// CHECK:       for
// CHECK-NOT:   copy
// CHECK:       effect
func.func @branches(%n: tensor<i32>, %c: tensor<i1>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %none = descent.constant dense<0.0> : tensor<100xf32>
  %v = descent.constant dense<[1.0]> : tensor<1xf32>
  %r = descent.for %zero to %n iter(%none) : tensor<i32>, (tensor<100xf32>) {
  ^bb0(%i: tensor<i32>, %h: tensor<100xf32>):
    %p = descent.if %c : tensor<i1> to (tensor<100xf32>) {
      %q = descent.for %zero to %n iter(%h) : tensor<i32>, (tensor<100xf32>) {
      ^bb0(%j: tensor<i32>, %k: tensor<100xf32>):
        %u = descent.update %k, %v[%j] : tensor<100xf32>, tensor<1xf32>, tensor<i32>
        descent.yield %u : tensor<100xf32>
      } to (tensor<100xf32>)
      descent.yield %q : tensor<100xf32>
    } else {
      descent.yield %h : tensor<100xf32>
    }
    descent.yield %p : tensor<100xf32>
  } to (tensor<100xf32>)
  descent.effect 0 (%r) : (tensor<100xf32>)
  return
}

// A carried array that is read after its update keeps its old version: the update goes elsewhere. The next
// version is computed into the carried array.
// CHECK-LABEL: old:
// CHECK:       for, %{{[0-9]+}} [100] f32 in result 0
// CHECK-NEXT:    %{{[0-9]+}} = update [100] f32 at 0
// CHECK:         kernel
// CHECK:         = add [100] f32 in result 0
func.func @old(%n: tensor<i32>, %x: tensor<100xf32>) -> tensor<100xf32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %v = descent.constant dense<[1.0]> : tensor<1xf32>
  %e = descent.exp %x : tensor<100xf32>
  %r = descent.for %zero to %n iter(%e) : tensor<i32>, (tensor<100xf32>) {
  ^bb0(%i: tensor<i32>, %h: tensor<100xf32>):
    %u = descent.update %h, %v[%i] : tensor<100xf32>, tensor<1xf32>, tensor<i32>
    %b = descent.reverse %u [0] : tensor<100xf32>
    %d = descent.add %b, %h : tensor<100xf32>
    descent.yield %d : tensor<100xf32>
  } to (tensor<100xf32>)
  return %r : tensor<100xf32>
}

// What only reads the carried array runs before its update, wherever it was written.
// CHECK-LABEL: earlier:
// CHECK:       for
// CHECK:         = reduce_sum f32
// CHECK-NEXT:    %{{[0-9]+}} = update [100] f32 in result 0
// CHECK-NOT:   copy
func.func @earlier(%n: tensor<i32>) -> (tensor<100xf32>, tensor<f32>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %s0 = descent.constant dense<0.0> : tensor<f32>
  %none = descent.constant dense<0.0> : tensor<100xf32>
  %v = descent.constant dense<[1.0]> : tensor<1xf32>
  %r:2 = descent.for %zero to %n iter(%none, %s0) : tensor<i32>, (tensor<100xf32>, tensor<f32>) {
  ^bb0(%i: tensor<i32>, %h: tensor<100xf32>, %s: tensor<f32>):
    %u = descent.update %h, %v[%i] : tensor<100xf32>, tensor<1xf32>, tensor<i32>
    %t = descent.reduce_sum %h [0] : tensor<100xf32> to tensor<f32>
    descent.yield %u, %t : tensor<100xf32>, tensor<f32>
  } to (tensor<100xf32>, tensor<f32>)
  return %r#0, %r#1 : tensor<100xf32>, tensor<f32>
}

// An elementwise step is computed into the carried array; arrays that change places are copied through a
// parking place; memory is used again.
// CHECK-LABEL: step:
// CHECK:       for, [[A:%[0-9]+]] [100] f32 at [[AT:[0-9]+]]
// CHECK:         = sub [100] f32 at [[AT]]
// CHECK-NOT:   copy
// CHECK-LABEL: swap:
// CHECK:       for, %{{[0-9]+}} [100] f32 at 0, %{{[0-9]+}} [100] f32 at 448
// CHECK-NEXT:    copy %{{[0-9]+}} [100] f32 at 0 to parking
// CHECK-NEXT:    copy %{{[0-9]+}} [100] f32 at 448 to %{{[0-9]+}} [100] f32 at 0
// CHECK-NEXT:    copy parked to %{{[0-9]+}} [100] f32 at 448
func.func @step(%n: tensor<i32>, %x: tensor<100xf32>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<100xf32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<100xf32>):
    %m = descent.reduce_max %a [0] : tensor<100xf32> to tensor<f32>
    %mb = descent.broadcast %m [] : tensor<f32> to tensor<100xf32>
    %s = descent.sin %a : tensor<100xf32>
    %d = descent.sub %a, %s : tensor<100xf32>
    %b = descent.sub %d, %mb : tensor<100xf32>
    descent.yield %b : tensor<100xf32>
  } to (tensor<100xf32>)
  descent.effect 0 (%r) : (tensor<100xf32>)
  return
}
func.func @swap(%n: tensor<i32>, %x: tensor<100xf32>, %y: tensor<100xf32>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %r:2 = descent.for %zero to %n iter(%x, %y) : tensor<i32>, (tensor<100xf32>, tensor<100xf32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<100xf32>, %b: tensor<100xf32>):
    descent.yield %b, %a : tensor<100xf32>, tensor<100xf32>
  } to (tensor<100xf32>, tensor<100xf32>)
  descent.effect 0 (%r#0, %r#1) : (tensor<100xf32>, tensor<100xf32>)
  return
}

// What a kernel reads and what it writes are apart, also where the one dies as the other begins: with offsets
// that are multiples of 64 and 200 bytes each they would overlap in part.
// CHECK-LABEL: apart:
// CHECK:       = cumsum [25] f64 at 0
// CHECK:       kernel [25]
// CHECK-NEXT:    reads %{{[0-9]+}} [25] f64 at 0
// CHECK-NEXT:    %{{[0-9]+}} = sin [25] f64 at 256
// CHECK-NEXT:    %{{[0-9]+}} = cos [25] f64 at 512
func.func @apart(%x: tensor<25xf64>) {
  %a = descent.cumsum %x 0 : tensor<25xf64>
  %b = descent.sin %a : tensor<25xf64>
  %c = descent.cos %a : tensor<25xf64>
  descent.effect 0 (%b, %c) : (tensor<25xf64>, tensor<25xf64>)
  return
}

// Few elements are in the frame: those that a loop carries too, where an operation on each is no loop. The caller is
// given a copy.
// CHECK-LABEL: few: 0 bytes
// CHECK-NEXT:  copy fill [2] f64 to [[A:%[0-9]+]] [2] f64 in the frame
// CHECK-NEXT:  for, [[A]] [2] f64 in the frame
// CHECK-NEXT:    kernel [2] one loop, 2 operations, written out
// CHECK-NEXT:      reads
// CHECK-NEXT:      = mul [2] f64 in the frame
// CHECK-NEXT:      = reduce_sum f64
// CHECK:       result 0 = [[A]] [2] f64 in the frame
func.func @few(%n: tensor<i32>) -> (tensor<2xf64>, tensor<f64>) {
  %zero = descent.constant dense<0> : tensor<i32>
  %a = descent.constant dense<1.5> : tensor<2xf64>
  %s = descent.constant dense<0.0> : tensor<f64>
  %r:2 = descent.for %zero to %n iter(%a, %s) : tensor<i32>, (tensor<2xf64>, tensor<f64>) {
  ^bb0(%i: tensor<i32>, %x: tensor<2xf64>, %t: tensor<f64>):
    %y = descent.mul %x, %x : tensor<2xf64>
    %u = descent.reduce_sum %y [0] : tensor<2xf64> to tensor<f64>
    descent.yield %y, %u : tensor<2xf64>, tensor<f64>
  } to (tensor<2xf64>, tensor<f64>)
  return %r#0, %r#1 : tensor<2xf64>, tensor<f64>
}

// Seventeen are not few, and a sine is too dear to be written out.
// CHECK-LABEL: many:
// CHECK:       kernel [17] one loop, 1 operations{{$}}
// CHECK:         = mul [17] f64 in result 0
// CHECK:       kernel [3] one loop, 1 operations{{$}}
// CHECK:         = sin [3] f64 in the frame
func.func @many(%x: tensor<17xf64>, %y: tensor<3xf64>) -> (tensor<17xf64>, tensor<3xf64>) {
  %a = descent.mul %x, %x : tensor<17xf64>
  %b = descent.sin %y : tensor<3xf64>
  return %a, %b : tensor<17xf64>, tensor<3xf64>
}
