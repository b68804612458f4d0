// RUN: %descent-opt --print-kernels -o /dev/null %s | FileCheck %s

// A large array that is read across its rows is read in squares.
// CHECK-LABEL: turned:
// CHECK-NEXT:  kernel [900, 700], 2 operations, in squares of 64
// CHECK-NEXT:    reads
// CHECK-NEXT:    = add [900, 700] f32 in result 0
func.func @turned(%a: tensor<700x900xf32>, %b: tensor<900x700xf32>) -> tensor<900x700xf32> {
  %t = descent.transpose %a [1, 0] : tensor<700x900xf32> to tensor<900x700xf32>
  %s = descent.add %t, %b : tensor<900x700xf32>
  return %s : tensor<900x700xf32>
}

// With sums that are complete after both loops.
// CHECK-LABEL: sums:
// CHECK-NEXT:  kernel [900, 700], {{.*}}in squares of 64
func.func @sums(%a: tensor<700x900xf32>, %b: tensor<900x700xf32>) -> (tensor<f32>, tensor<700xf32>) {
  %t = descent.transpose %a [1, 0] : tensor<700x900xf32> to tensor<900x700xf32>
  %p = descent.mul %t, %b : tensor<900x700xf32>
  %s = descent.reduce_sum %p [0, 1] : tensor<900x700xf32> to tensor<f32>
  %q = descent.reduce_sum %p [0] : tensor<900x700xf32> to tensor<700xf32>
  return %s, %q : tensor<f32>, tensor<700xf32>
}

// Small arrays stay in the cache; a row that is read again and again is none across.
// CHECK-LABEL: others:
// CHECK-NOT:   squares
func.func @others(%a: tensor<40x50xf32>, %b: tensor<3000x2000xf32>, %c: tensor<3000xf32>) -> (tensor<50x40xf32>, tensor<3000x2000xf32>) {
  %t = descent.transpose %a [1, 0] : tensor<40x50xf32> to tensor<50x40xf32>
  %cb = descent.broadcast %c [0] : tensor<3000xf32> to tensor<3000x2000xf32>
  %s = descent.add %cb, %b : tensor<3000x2000xf32>
  return %t, %s : tensor<50x40xf32>, tensor<3000x2000xf32>
}
