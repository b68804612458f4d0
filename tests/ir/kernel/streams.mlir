// RUN: %descent-opt --print-kernels -o /dev/null %s | FileCheck %s

// What is as large as the last cache (32 MiB here) is stored past it; what is smaller is not.
// CHECK-LABEL: sizes:
// CHECK:       %{{.*}} = mul [8388608] f32 in result 0, past the caches
// CHECK-LABEL: smaller:
// CHECK-NOT:   past
// CHECK:       result
func.func @sizes(%x: tensor<8388608xf32>) -> tensor<8388608xf32> {
  %y = descent.mul %x, %x : tensor<8388608xf32>
  return %y : tensor<8388608xf32>
}
func.func @smaller(%x: tensor<8388607xf32>) -> (tensor<8388607xf32>, tensor<8388607xf32>) {
  %y = descent.mul %x, %x : tensor<8388607xf32>
  return %y, %y : tensor<8388607xf32>, tensor<8388607xf32>
}

// Rows of a tree; one that is needed before is in a row.
// CHECK-LABEL: rows:
// CHECK:       sub [20000, 1000] f32 in a row{{$}}
// CHECK:       sub [20000, 1000] f32 in result 0, past the caches
func.func @rows(%x: tensor<20000x1000xf32>, %z: tensor<20000x1000xf32>) -> tensor<20000x1000xf32> {
  %a = descent.mul %x, %z : tensor<20000x1000xf32>
  %c = descent.mul %a, %z : tensor<20000x1000xf32>
  %d = descent.add %c, %a : tensor<20000x1000xf32>
  %e = descent.sub %d, %x : tensor<20000x1000xf32>
  %m = descent.reduce_max %e [1] : tensor<20000x1000xf32> to tensor<20000xf32>
  %b = descent.broadcast %m [0] : tensor<20000xf32> to tensor<20000x1000xf32>
  %y = descent.sub %e, %b : tensor<20000x1000xf32>
  return %y : tensor<20000x1000xf32>
}

// Not where a row is read again in the kernel, where rows are short, where the nest has a sum, or
// where the kernel has more to do than to wait for memory.
// CHECK-LABEL: again:
// CHECK-NOT:   mul {{.*}}, past
// CHECK:       sub {{.*}}, past the caches
// CHECK-LABEL: others:
// CHECK-NOT:   past
// CHECK-LABEL: inplace:
func.func @again(%x: tensor<20000x1000xf32>) -> (tensor<20000x1000xf32>, tensor<20000x1000xf32>) {
  %e = descent.mul %x, %x : tensor<20000x1000xf32>
  %m = descent.reduce_max %e [1] : tensor<20000x1000xf32> to tensor<20000xf32>
  %b = descent.broadcast %m [0] : tensor<20000xf32> to tensor<20000x1000xf32>
  %y = descent.sub %e, %b : tensor<20000x1000xf32>
  return %e, %y : tensor<20000x1000xf32>, tensor<20000x1000xf32>
}
func.func @others(%x: tensor<200000x100xf32>, %v: tensor<100xf32>, %z: tensor<20000000xf32>, %u: tensor<8388608xf64>)
    -> (tensor<200000x100xf32>, tensor<20000000xf32>, tensor<f32>, tensor<8388608xf64>) {
  %b = descent.broadcast %v [1] : tensor<100xf32> to tensor<200000x100xf32>
  %y = descent.add %x, %b : tensor<200000x100xf32>
  %p = descent.mul %z, %z : tensor<20000000xf32>
  %s = descent.reduce_sum %p [0] : tensor<20000000xf32> to tensor<f32>
  %e = descent.exp %u : tensor<8388608xf64>
  return %y, %p, %s, %e : tensor<200000x100xf32>, tensor<20000000xf32>, tensor<f32>, tensor<8388608xf64>
}

// Nor what is updated in place. (The largest element keeps the loop from running point by point.)
// CHECK-NOT:   past
func.func @inplace(%x: tensor<8388608xf64>, %n: tensor<i32>) -> tensor<8388608xf64> {
  %zero = descent.constant dense<0> : tensor<i32>
  %r = descent.for %zero to %n iter(%x) : tensor<i32>, (tensor<8388608xf64>) {
  ^bb0(%i: tensor<i32>, %a: tensor<8388608xf64>):
    %m = descent.reduce_max %a [0] : tensor<8388608xf64> to tensor<f64>
    %b = descent.broadcast %m [] : tensor<f64> to tensor<8388608xf64>
    %s = descent.sub %a, %b : tensor<8388608xf64>
    descent.yield %s : tensor<8388608xf64>
  } to (tensor<8388608xf64>)
  return %r : tensor<8388608xf64>
}
