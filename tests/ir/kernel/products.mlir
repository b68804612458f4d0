// RUN: %descent-opt --print-kernels -o /dev/null %s | FileCheck %s

// Chunks of the kernel make the rows of the product that they read; it is never stored as a whole.
// CHECK-LABEL: layer:
// CHECK-NEXT:  kernel [4000, 100], 2 operations, 18 chunks
// CHECK-NEXT:    reads {{.*}}
// CHECK-NEXT:    [[Z:%[0-9]+]] = dot [4000, 100] f32, 224 rows at a time, not stored
// CHECK-NEXT:    = mul [4000, 100] f32 in result 0
// CHECK-NEXT:    writes 1600000 bytes
func.func @layer(%x: tensor<4000x20xf32>, %w: tensor<20x100xf32>) -> tensor<4000x100xf32> {
  %z = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<4000x20xf32>, tensor<20x100xf32> to tensor<4000x100xf32>
  %e = descent.neg %z : tensor<4000x100xf32>
  %h = descent.mul %z, %e : tensor<4000x100xf32>
  return %h : tensor<4000x100xf32>
}

// What needs the product elsewhere has it stored by the same pass.
// CHECK-LABEL: both:
// CHECK:       = dot [4000, 100] f32 in result 0, 224 rows at a time
// CHECK-NEXT:  = mul [4000, 100] f32 in result 1
func.func @both(%x: tensor<4000x20xf32>, %w: tensor<20x100xf32>) -> (tensor<4000x100xf32>, tensor<4000x100xf32>) {
  %z = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<4000x20xf32>, tensor<20x100xf32> to tensor<4000x100xf32>
  %h = descent.mul %z, %z : tensor<4000x100xf32>
  return %z, %h : tensor<4000x100xf32>, tensor<4000x100xf32>
}

// Few elements, very many terms.
// CHECK-LABEL: gram:
// CHECK:       = dot [20, 20] f32 in result 0, its terms in 38 parts
func.func @gram(%x: tensor<400000x20xf32>) -> tensor<20x20xf32> {
  %g = descent.dot %x, %x batch [] x [] contract [0] x [0] : tensor<400000x20xf32>, tensor<400000x20xf32> to tensor<20x20xf32>
  return %g : tensor<20x20xf32>
}

// The kernel needs its columns.
// CHECK-LABEL: columns:
// CHECK:       = dot [4000, 100] f32
// CHECK:       made as a whole: who reads it does so at other rows
func.func @columns(%x: tensor<4000x20xf32>, %w: tensor<20x100xf32>) -> tensor<100x4000xf32> {
  %z = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<4000x20xf32>, tensor<20x100xf32> to tensor<4000x100xf32>
  %t = descent.transpose %z [1, 0] : tensor<4000x100xf32> to tensor<100x4000xf32>
  %h = descent.mul %t, %t : tensor<100x4000xf32>
  return %h : tensor<100x4000xf32>
}
