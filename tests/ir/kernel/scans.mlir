// RUN: %descent-opt --print-kernels -o /dev/null %s | FileCheck %s

// A running sum between elementwise work: what flows is a row; what is dear is computed before, in vectors.
// CHECK-LABEL: rows:
// CHECK-NEXT:  kernel [300] by 4
// CHECK:         loop [100]
// CHECK-NEXT:      = sigmoid [300, 100] f32 in a row
// CHECK-NEXT:    loop [100]
// CHECK-NEXT:      = cumsum [300, 100] f32 in a row
// CHECK-NEXT:    loop [100]
// CHECK-NEXT:      = tanh [300, 100] f32 in result 0
// CHECK-NEXT:    writes 120000 bytes
// CHECK-NOT:   kernel
func.func @rows(%x: tensor<300x100xf32>) -> tensor<300x100xf32> {
  %e = descent.sigmoid %x : tensor<300x100xf32>
  %s = descent.cumsum %e 1 : tensor<300x100xf32>
  %t = descent.tanh %s : tensor<300x100xf32>
  return %t : tensor<300x100xf32>
}

// The loop that runs in order is none that others share.
// CHECK-LABEL: alone:
// CHECK:       kernel [10000]
// CHECK-NOT:   chunks
// CHECK:         = cumsum [10000] f32
// CHECK:       kernel [10000]
func.func @alone(%x: tensor<10000xf32>) -> tensor<10000xf32> {
  %s = descent.cumsum %x 0 : tensor<10000xf32>
  %t = descent.tanh %s : tensor<10000xf32>
  return %t : tensor<10000xf32>
}

// With a dimension inside, rows are added to rows: a step of its own.
// CHECK-LABEL: columns:
// CHECK-NEXT:  %{{[0-9]+}} = cumsum [300, 100] f32
func.func @columns(%x: tensor<300x100xf32>) -> tensor<300x100xf32> {
  %s = descent.cumsum %x 0 : tensor<300x100xf32>
  return %s : tensor<300x100xf32>
}
