// RUN: %descent-opt --print-kernels -o /dev/null %s | FileCheck %s

// To which of some others each point is nearest: no array over pairs.
// CHECK-LABEL: nearest:
// CHECK-NEXT:  kernel [500] by 8 across
// CHECK-NEXT:    reads
// CHECK-NEXT:    loop [100, 8]
// CHECK-NEXT:      = reduce_sum [500, 100] f64 in a row
// CHECK-NEXT:    loop [100], 2 operations
// CHECK-NEXT:      = argmin [500] i32 in result 0
// CHECK-NEXT:      = reduce_min [500] f64 in result 1
// CHECK-NEXT:    writes 6000 bytes
// CHECK-NOT:   kernel
func.func @nearest(%p: tensor<500x8xf64>, %c: tensor<100x8xf64>) -> (tensor<500xi32>, tensor<500xf64>) {
  %pb = descent.broadcast %p [0, 2] : tensor<500x8xf64> to tensor<500x100x8xf64>
  %cb = descent.broadcast %c [1, 2] : tensor<100x8xf64> to tensor<500x100x8xf64>
  %d = descent.sub %pb, %cb : tensor<500x100x8xf64>
  %q = descent.mul %d, %d : tensor<500x100x8xf64>
  %s = descent.reduce_sum %q [2] : tensor<500x100x8xf64> to tensor<500x100xf64>
  %i = descent.argmin %s 1 : tensor<500x100xf64> to tensor<500xi32>
  %m = descent.reduce_min %s [1] : tensor<500x100xf64> to tensor<500xf64>
  return %i, %m : tensor<500xi32>, tensor<500xf64>
}

// A long vector is divided. Where other dimensions are inside, the positions are a step of their own.
// CHECK-LABEL: alone:
// CHECK:       kernel [1000000] one loop, 1 operations, {{[0-9]+}} chunks
// CHECK:         = argmax i32
// CHECK-NOT:   kernel
// CHECK:       = argmin [30] i32
func.func @alone(%x: tensor<1000000xf32>, %y: tensor<20x30xf32>) -> (tensor<i32>, tensor<30xi32>) {
  %a = descent.argmax %x 0 : tensor<1000000xf32> to tensor<i32>
  %b = descent.argmin %y 0 : tensor<20x30xf32> to tensor<30xi32>
  return %a, %b : tensor<i32>, tensor<30xi32>
}

// The reverse of a least distance adds something for the nearest alone; nobody else's share is computed.
// CHECK-LABEL: shares:
// CHECK-NEXT:  kernel [500] by 8 across
// CHECK:         loop [100, 8], {{[0-9]+}} operations, where [500, 100] allow
// CHECK-NEXT:      = reduce_sum [100, 8] f64 in result 0
// CHECK-NOT:   kernel
func.func @shares(%p: tensor<500x8xf64>, %c: tensor<100x8xf64>) -> tensor<100x8xf64> {
  %zero = descent.constant dense<0.0> : tensor<500x100x8xf64>
  %pb = descent.broadcast %p [0, 2] : tensor<500x8xf64> to tensor<500x100x8xf64>
  %cb = descent.broadcast %c [1, 2] : tensor<100x8xf64> to tensor<500x100x8xf64>
  %d = descent.sub %pb, %cb : tensor<500x100x8xf64>
  %q = descent.mul %d, %d : tensor<500x100x8xf64>
  %s = descent.reduce_sum %q [2] : tensor<500x100x8xf64> to tensor<500x100xf64>
  %m = descent.reduce_min %s [1] : tensor<500x100xf64> to tensor<500xf64>
  %mb = descent.broadcast %m [0] : tensor<500xf64> to tensor<500x100xf64>
  %i = descent.compare eq %s, %mb : tensor<500x100xf64>
  %ib = descent.broadcast %i [0, 1] : tensor<500x100xi1> to tensor<500x100x8xi1>
  %w = descent.select %ib, %d, %zero : tensor<500x100x8xi1>, tensor<500x100x8xf64>
  %g = descent.reduce_sum %w [0] : tensor<500x100x8xf64> to tensor<100x8xf64>
  return %g : tensor<100x8xf64>
}

// The largest of ten is too often the largest to ask first.
// CHECK-LABEL: few:
// CHECK-NOT:   allow
func.func @few(%p: tensor<500x10xf64>, %d: tensor<500x10x8xf64>) -> tensor<10x8xf64> {
  %zero = descent.constant dense<0.0> : tensor<500x10x8xf64>
  %m = descent.reduce_max %p [1] : tensor<500x10xf64> to tensor<500xf64>
  %mb = descent.broadcast %m [0] : tensor<500xf64> to tensor<500x10xf64>
  %i = descent.compare eq %p, %mb : tensor<500x10xf64>
  %ib = descent.broadcast %i [0, 1] : tensor<500x10xi1> to tensor<500x10x8xi1>
  %w = descent.select %ib, %d, %zero : tensor<500x10x8xi1>, tensor<500x10x8xf64>
  %g = descent.reduce_sum %w [0] : tensor<500x10x8xf64> to tensor<10x8xf64>
  return %g : tensor<10x8xf64>
}
