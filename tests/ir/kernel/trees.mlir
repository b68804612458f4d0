// RUN: %descent-opt --print-kernels -o /dev/null %s | FileCheck %s

// A loss of least squares and its gradient read the matrix once: a row gives its residual, which adds the row
// to the gradient while it is in the cache.
// CHECK-LABEL: squares:
// CHECK-NEXT:  kernel [1000] by 4
// CHECK-NEXT:    reads {{.*}}: 520512 bytes
// CHECK-NEXT:    loop [64], 2 operations
// CHECK-NEXT:      %[[P:[0-9]+]] = dot [1000] f64 in a register
// CHECK-NEXT:    loop [], {{.*}} operations
// CHECK-NEXT:      %{{.*}} = reduce_sum f64
// CHECK:         loop [64]
// CHECK-NEXT:      %{{.*}} = dot [64] f64 in result 1
// CHECK-NOT:   kernel
func.func @squares(%x: tensor<1000x64xf64>, %w: tensor<64xf64>, %y: tensor<1000xf64>) -> (tensor<f64>, tensor<64xf64>) {
  %p = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<1000x64xf64>, tensor<64xf64> to tensor<1000xf64>
  %r = descent.sub %p, %y : tensor<1000xf64>
  %q = descent.mul %r, %r : tensor<1000xf64>
  %s = descent.reduce_sum %q [0] : tensor<1000xf64> to tensor<f64>
  %g = descent.dot %r, %x batch [] x [] contract [0] x [0] : tensor<1000xf64>, tensor<1000x64xf64> to tensor<64xf64>
  return %s, %g : tensor<f64>, tensor<64xf64>
}

// The numbers of each row that are dear to compute are computed for sixteen rows at once.
// CHECK-LABEL: logistic:
// CHECK-NEXT:  kernel [1000] by 16
// CHECK:         loop [64]
// CHECK:         = dot [1000] f32 in a register
// CHECK:         loop []
// CHECK:         = sigmoid [1000] f32 in a register
// CHECK:         loop [64]
// CHECK:         = dot [64] f32 in result 0
// CHECK-NOT:   kernel
func.func @logistic(%x: tensor<1000x64xf32>, %w: tensor<64xf32>) -> tensor<64xf32> {
  %p = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<1000x64xf32>, tensor<64xf32> to tensor<1000xf32>
  %r = descent.sigmoid %p : tensor<1000xf32>
  %g = descent.dot %r, %x batch [] x [] contract [0] x [0] : tensor<1000xf32>, tensor<1000x64xf32> to tensor<64xf32>
  return %g : tensor<64xf32>
}

// Softmax reads a row once, and keeps its exponentials in the cache.
// CHECK-LABEL: softmax: 448 bytes
// CHECK-NEXT:  kernel [300]
// CHECK-NEXT:    reads %{{.*}} [300, 100] f32: 120000 bytes
// CHECK-NEXT:    loop [100]
// CHECK-NEXT:      = reduce_max [300] f32 in a register
// CHECK-NEXT:    loop [100]
// CHECK-NEXT:      = exp [300, 100] f32 in a row
// CHECK-NEXT:      = reduce_sum [300] f32 in a register
// CHECK-NEXT:    loop [100]
// CHECK-NEXT:      = div [300, 100] f32 in result 0
// CHECK-NEXT:    writes 120000 bytes
// CHECK-NOT:   kernel
func.func @softmax(%x: tensor<300x100xf32>) -> tensor<300x100xf32> {
  %m = descent.reduce_max %x [1] : tensor<300x100xf32> to tensor<300xf32>
  %mb = descent.broadcast %m [0] : tensor<300xf32> to tensor<300x100xf32>
  %d = descent.sub %x, %mb : tensor<300x100xf32>
  %e = descent.exp %d : tensor<300x100xf32>
  %s = descent.reduce_sum %e [1] : tensor<300x100xf32> to tensor<300xf32>
  %sb = descent.broadcast %s [0] : tensor<300xf32> to tensor<300x100xf32>
  %y = descent.div %e, %sb : tensor<300x100xf32>
  return %y : tensor<300x100xf32>
}

// What is also a result is stored, and read from the cache. A reshape that only adds dimensions of one element
// stands in nobody's way.
// CHECK-LABEL: normalised:
// CHECK-NEXT:  kernel [20, 30]
// CHECK:           = reduce_sum [20, 30] f64 in result 1
// CHECK:           = div [20, 30, 40] f64 in result 0
// CHECK-NOT:   kernel
func.func @normalised(%x: tensor<20x30x40xf64>) -> (tensor<20x30x40xf64>, tensor<20x30xf64>) {
  %s = descent.reduce_sum %x [2] : tensor<20x30x40xf64> to tensor<20x30xf64>
  %k = descent.reshape %s : tensor<20x30xf64> to tensor<20x30x1xf64>
  %r = descent.sqrt %k : tensor<20x30x1xf64>
  %f = descent.reshape %r : tensor<20x30x1xf64> to tensor<20x30xf64>
  %b = descent.broadcast %f [0, 1] : tensor<20x30xf64> to tensor<20x30x40xf64>
  %y = descent.div %x, %b : tensor<20x30x40xf64>
  return %y, %s : tensor<20x30x40xf64>, tensor<20x30xf64>
}

// The least distance of each point to some others, with the gradient: no array over pairs.
// CHECK-LABEL: pairs:
// CHECK-NEXT:  kernel [500]
// CHECK-NOT:   writes {{[0-9][0-9][0-9][0-9][0-9]}}
// CHECK-NOT:   kernel
func.func @pairs(%p: tensor<500x8xf64>, %c: tensor<100x8xf64>) -> (tensor<f64>, tensor<100x8xf64>) {
  %pb = descent.broadcast %p [0, 2] : tensor<500x8xf64> to tensor<500x100x8xf64>
  %cb = descent.broadcast %c [1, 2] : tensor<100x8xf64> to tensor<500x100x8xf64>
  %d = descent.sub %pb, %cb : tensor<500x100x8xf64>
  %q = descent.mul %d, %d : tensor<500x100x8xf64>
  %s = descent.reduce_sum %q [2] : tensor<500x100x8xf64> to tensor<500x100xf64>
  %m = descent.reduce_min %s [1] : tensor<500x100xf64> to tensor<500xf64>
  %t = descent.reduce_sum %m [0] : tensor<500xf64> to tensor<f64>
  %mb = descent.broadcast %m [0] : tensor<500xf64> to tensor<500x100xf64>
  %is = descent.compare eq %s, %mb : tensor<500x100xf64>
  %w = descent.convert %is : tensor<500x100xi1> to tensor<500x100xf64>
  %wb = descent.broadcast %w [0, 1] : tensor<500x100xf64> to tensor<500x100x8xf64>
  %wd = descent.mul %wb, %d : tensor<500x100x8xf64>
  %g = descent.reduce_sum %wd [0] : tensor<500x100x8xf64> to tensor<100x8xf64>
  return %t, %g : tensor<f64>, tensor<100x8xf64>
}

// A value that is read at another row cannot flow inside a row.
// CHECK-LABEL: turned:
// CHECK:       kernel [64, 64]
// CHECK:         not in one kernel with %{{[0-9]+}}: what it makes is read at other indices
// CHECK:       kernel [64, 64]
func.func @turned(%x: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %m = descent.reduce_max %x [1] : tensor<64x64xf32> to tensor<64xf32>
  %mb = descent.broadcast %m [1] : tensor<64xf32> to tensor<64x64xf32>
  %d = descent.sub %x, %mb : tensor<64x64xf32>
  return %d : tensor<64x64xf32>
}

// Short rows: sixteen of them at once, turned over so that each column is a vector. Each lane has sums of its own.
// CHECK-LABEL: narrow:
// CHECK-NEXT:  kernel [1000] by 16 across
// CHECK-NEXT:    reads %{{.*}} [1000, 10] f32 {{.*}}turned
// CHECK-NEXT:    loop [10], 2 operations
// CHECK-NEXT:      = dot [1000] f32 in a register
// CHECK-NEXT:    loop []
// CHECK-NEXT:      = sigmoid [1000] f32 in a register
// CHECK-NEXT:    loop [10]
// CHECK-NEXT:      = dot [10] f32 in the frame
// CHECK-NOT:   kernel
func.func @narrow(%x: tensor<1000x10xf32>, %w: tensor<10xf32>) -> tensor<10xf32> {
  %p = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<1000x10xf32>, tensor<10xf32> to tensor<1000xf32>
  %r = descent.sigmoid %p : tensor<1000xf32>
  %g = descent.dot %r, %x batch [] x [] contract [0] x [0] : tensor<1000xf32>, tensor<1000x10xf32> to tensor<10xf32>
  return %g : tensor<10xf32>
}
