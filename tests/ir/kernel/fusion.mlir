// RUN: %descent-opt --print-kernels -o /dev/null %s | FileCheck %s
// RUN: %descent-opt --print-kernels=unfused -o /dev/null %s | FileCheck %s --check-prefix=UNFUSED

// A loss and both its gradients come out of one pass over the data; nothing in between is in memory.
// CHECK-LABEL: regression: 0 bytes
// CHECK-NEXT:  kernel [1000] one loop, 10 operations
// CHECK-NEXT:    reads {{.*}}: 8000 bytes
// CHECK-NEXT:    %{{[0-9]+}} = reduce_sum f32
// CHECK-NEXT:    %{{[0-9]+}} = reduce_sum f32
// CHECK-NEXT:    %{{[0-9]+}} = reduce_sum f32
// CHECK-NOT:   kernel
// UNFUSED-LABEL: regression:
// UNFUSED-COUNT-10: kernel [1000]
func.func @regression(%x: tensor<1000xf32>, %y: tensor<1000xf32>, %w: tensor<f32>, %b: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  %wb = descent.broadcast %w [] : tensor<f32> to tensor<1000xf32>
  %bb = descent.broadcast %b [] : tensor<f32> to tensor<1000xf32>
  %m = descent.mul %wb, %x : tensor<1000xf32>
  %p = descent.add %m, %bb : tensor<1000xf32>
  %e = descent.sub %p, %y : tensor<1000xf32>
  %q = descent.mul %e, %e : tensor<1000xf32>
  %loss = descent.reduce_sum %q [0] : tensor<1000xf32> to tensor<f32>
  %ex = descent.mul %e, %x : tensor<1000xf32>
  %dw = descent.reduce_sum %ex [0] : tensor<1000xf32> to tensor<f32>
  %db = descent.reduce_sum %e [0] : tensor<1000xf32> to tensor<f32>
  return %loss, %dw, %db : tensor<f32>, tensor<f32>, tensor<f32>
}

// What a reduction's result is needed for waits for the reduction. Rows are short, so that numbers of sixteen
// rows fill the vectors. (Longer rows: trees.mlir.)
// CHECK-LABEL: softmax:
// CHECK:       kernel [64] by 16 across
// CHECK:         = reduce_max [64] f32 in a register
// CHECK:         = exp [64, 10] f32 in a row
// CHECK:         = reduce_sum [64] f32 in a register
// CHECK:         = div [64, 10] f32 in result 0
func.func @softmax(%x: tensor<64x10xf32>) -> tensor<64x10xf32> {
  %m = descent.reduce_max %x [1] : tensor<64x10xf32> to tensor<64xf32>
  %mb = descent.broadcast %m [0] : tensor<64xf32> to tensor<64x10xf32>
  %d = descent.sub %x, %mb : tensor<64x10xf32>
  %e = descent.exp %d : tensor<64x10xf32>
  %s = descent.reduce_sum %e [1] : tensor<64x10xf32> to tensor<64xf32>
  %sb = descent.broadcast %s [0] : tensor<64xf32> to tensor<64x10xf32>
  %y = descent.div %e, %sb : tensor<64x10xf32>
  return %y : tensor<64x10xf32>
}

// An array that is read under two index maps and is dear to compute is stored first.
// CHECK-LABEL: twice:
// CHECK:       kernel [8, 8] one loop
// CHECK:         = exp [8, 8] f32 at 0
// CHECK:       kernel [8, 8], 2 operations
// CHECK:         = add [8, 8] f32 in result 0
// A cheap one is computed twice.
// CHECK-LABEL: cheaply:
// CHECK:       kernel [8, 8], {{.*}} operations
// CHECK-NOT:   kernel
// CHECK-LABEL: state:
func.func @twice(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %e = descent.exp %x : tensor<8x8xf32>
  %t = descent.transpose %e [1, 0] : tensor<8x8xf32> to tensor<8x8xf32>
  %y = descent.add %e, %t : tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}
func.func @cheaply(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %e = descent.neg %x : tensor<8x8xf32>
  %t = descent.transpose %e [1, 0] : tensor<8x8xf32> to tensor<8x8xf32>
  %y = descent.add %e, %t : tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// Several results of one shape, one read by another at the same index, are one kernel.
// CHECK:       kernel [100] one loop
// CHECK:         = add [100] f32 in result 0
// CHECK:         = sub [100] f32 in result 1
// CHECK-NOT:   kernel
// CHECK-LABEL: linear:
func.func @state(%m: tensor<100xf32>, %g: tensor<100xf32>, %p: tensor<100xf32>, %beta: tensor<f32>) -> (tensor<100xf32>, tensor<100xf32>) {
  %b = descent.broadcast %beta [] : tensor<f32> to tensor<100xf32>
  %bm = descent.mul %b, %m : tensor<100xf32>
  %m2 = descent.add %bm, %g : tensor<100xf32>
  %s = descent.sqrt %m2 : tensor<100xf32>
  %p2 = descent.sub %p, %s : tensor<100xf32>
  return %m2, %p2 : tensor<100xf32>, tensor<100xf32>
}

// The product of a matrix and a vector is a reduction whose operands are computed in its loop; the second one
// needs all of the first.
// CHECK:       kernel [50, 4]
// CHECK:         = dot [50] f32
// CHECK:       kernel [50, 4]
// CHECK:         = dot [4] f32 in the frame
// CHECK:       result 1 = %{{[0-9]+}} [4] f32 in the frame
// CHECK-LABEL: views:
func.func @linear(%x: tensor<50x4xf32>, %w: tensor<4xf32>, %y: tensor<50xf32>) -> (tensor<f32>, tensor<4xf32>) {
  %p = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<50x4xf32>, tensor<4xf32> to tensor<50xf32>
  %e = descent.sub %p, %y : tensor<50xf32>
  %q = descent.mul %e, %e : tensor<50xf32>
  %s = descent.reduce_sum %q [0] : tensor<50xf32> to tensor<f32>
  %g = descent.dot %x, %e batch [] x [] contract [0] x [0] : tensor<50x4xf32>, tensor<50xf32> to tensor<4xf32>
  return %s, %g : tensor<f32>, tensor<4xf32>
}

// Moved elements are read from where they were; a reshape is the same memory.
// CHECK:       kernel [6, 4], 4 operations
// CHECK-NEXT:    reads
// CHECK-NEXT:    %{{[0-9]+}} = add [6, 4] f32 in result 0
// CHECK-NEXT:    writes 96 bytes
// CHECK-NEXT:  result 1 = %{{[0-9]+}} [24] f32 in result 0
func.func @views(%x: tensor<4x6xf32>, %y: tensor<8x6xf32>) -> (tensor<6x4xf32>, tensor<24xf32>) {
  %t = descent.transpose %x [1, 0] : tensor<4x6xf32> to tensor<6x4xf32>
  %s = descent.slice %y [2, 0] to [6, 6] by [1, 1] : tensor<8x6xf32> to tensor<4x6xf32>
  %u = descent.transpose %s [1, 0] : tensor<4x6xf32> to tensor<6x4xf32>
  %a = descent.add %t, %u : tensor<6x4xf32>
  %r = descent.reshape %a : tensor<6x4xf32> to tensor<24xf32>
  return %a, %r : tensor<6x4xf32>, tensor<24xf32>
}

// The two sums share a kernel. The exponential may not join the product's loop: the running sum waits for it,
// the sums wait for the running sum, and the product waits for the sums.
// CHECK-LABEL: circle:
// CHECK:       kernel [7]
// CHECK-NEXT:    reads
// CHECK-NEXT:    %{{[0-9]+}} = exp [7] f32 in the frame
// CHECK-NEXT:    writes 28 bytes
// CHECK-NEXT:    not in one kernel with %{{[0-9]+}}: one of them takes the elements one after the other
// CHECK:       kernel [7]
// CHECK:         = cumsum [7] f32
// CHECK:       kernel [5]
// CHECK:         = reduce_sum f32
// CHECK-NEXT:    %{{[0-9]+}} = reduce_sum f32
// CHECK-NEXT:  kernel [7]
// CHECK:         = mul [7] f32 in the frame
func.func @circle(%x: tensor<7xf32>, %y: tensor<5xf32>) -> (tensor<7xf32>, tensor<7xf32>, tensor<f32>) {
  %v = descent.exp %x : tensor<7xf32>
  %s = descent.reduce_sum %y [0] : tensor<5xf32> to tensor<f32>
  %sb = descent.broadcast %s [] : tensor<f32> to tensor<7xf32>
  %to = descent.mul %x, %sb : tensor<7xf32>
  %c = descent.cumsum %v 0 : tensor<7xf32>
  %five = descent.slice %c [0] to [5] by [1] : tensor<7xf32> to tensor<5xf32>
  %m = descent.mul %five, %y : tensor<5xf32>
  %t = descent.reduce_sum %m [0] : tensor<5xf32> to tensor<f32>
  return %v, %to, %t : tensor<7xf32>, tensor<7xf32>, tensor<f32>
}
