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

// Chunks of the kernel that makes a left operand go on with the product of its rows; the operand is
// never stored as a whole.
// CHECK-LABEL: centred:
// CHECK-NEXT:  kernel [4000, 100], 1 operations, 18 chunks
// CHECK-NEXT:    reads {{.*}}
// CHECK-NEXT:    [[C:%[0-9]+]] = sub [4000, 100] f32 in rows of a chunk, not stored
// CHECK-NEXT:    = dot [4000, 20] f32 in result 0, 224 rows at a time, of those of [[C]]
// CHECK-NEXT:    writes 320000 bytes
func.func @centred(%x: tensor<4000x100xf32>, %m: tensor<4000x100xf32>, %w: tensor<100x20xf32>) -> tensor<4000x20xf32> {
  %c = descent.sub %x, %m : tensor<4000x100xf32>
  %z = descent.dot %c, %w batch [] x [] contract [1] x [0] : tensor<4000x100xf32>, tensor<100x20xf32> to tensor<4000x20xf32>
  return %z : tensor<4000x20xf32>
}

// A cotangent: the product of its rows by the pass that makes it, the product with its columns needs
// all of it.
// CHECK-LABEL: cotangents:
// CHECK:       kernel [4000, 100]
// CHECK:         = mul [4000, 100] f32 at
// CHECK-NEXT:    = dot [4000, 20] f32 in result 0, 224 rows at a time, of those of
// CHECK:       = dot [100, 20] f32 in result 1
// CHECK:         its left operand made as a whole: its columns are needed
func.func @cotangents(%x: tensor<4000x20xf32>, %z: tensor<4000x100xf32>, %d: tensor<4000x100xf32>, %w: tensor<20x100xf32>) -> (tensor<4000x20xf32>, tensor<100x20xf32>) {
  %c = descent.mul %z, %d : tensor<4000x100xf32>
  %h = descent.dot %c, %w batch [] x [] contract [1] x [1] : tensor<4000x100xf32>, tensor<20x100xf32> to tensor<4000x20xf32>
  %g = descent.dot %c, %x batch [] x [] contract [0] x [0] : tensor<4000x100xf32>, tensor<4000x20xf32> to tensor<100x20xf32>
  return %h, %g : tensor<4000x20xf32>, tensor<100x20xf32>
}

// The right operand is what becomes of the left one.
// CHECK-LABEL: later:
// CHECK:       = dot [4000, 20] f32 in result 0
// CHECK:         its left operand made as a whole: the right operand is made later
func.func @later(%x: tensor<4000x100xf32>, %m: tensor<4000x100xf32>, %w: tensor<100x20xf32>) -> tensor<4000x20xf32> {
  %c = descent.sub %x, %m : tensor<4000x100xf32>
  %s = descent.reduce_sum %c [0] : tensor<4000x100xf32> to tensor<100xf32>
  %ss = descent.broadcast %s [0] : tensor<100xf32> to tensor<100x20xf32>
  %v = descent.mul %w, %ss : tensor<100x20xf32>
  %z = descent.dot %c, %v batch [] x [] contract [1] x [0] : tensor<4000x100xf32>, tensor<100x20xf32> to tensor<4000x20xf32>
  return %z : tensor<4000x20xf32>
}

// Both the kernel that makes the left operand and the one that reads the product could have it: what
// is larger is not stored.
// CHECK-LABEL: narrow:
// CHECK:         = sub [8000, 100] f32 in rows of a chunk, not stored
// CHECK-NEXT:    = dot [8000, 40] f32 at {{.*}} of those of
// CHECK:       kernel [8000, 40]
func.func @narrow(%x: tensor<8000x100xf32>, %m: tensor<8000x100xf32>, %w: tensor<100x40xf32>) -> tensor<8000x40xf32> {
  %c = descent.sub %x, %m : tensor<8000x100xf32>
  %z = descent.dot %c, %w batch [] x [] contract [1] x [0] : tensor<8000x100xf32>, tensor<100x40xf32> to tensor<8000x40xf32>
  %h = descent.tanh %z : tensor<8000x40xf32>
  return %h : tensor<8000x40xf32>
}

// CHECK-LABEL: wide:
// CHECK:         = sub [8000, 40] f32 at
// CHECK:         = dot [8000, 100] f32, 224 rows at a time, not stored
// CHECK-NEXT:      its left operand made as a whole: the product is in a kernel that reads it
func.func @wide(%x: tensor<8000x40xf32>, %m: tensor<8000x40xf32>, %w: tensor<40x100xf32>) -> tensor<8000x100xf32> {
  %c = descent.sub %x, %m : tensor<8000x40xf32>
  %z = descent.dot %c, %w batch [] x [] contract [1] x [0] : tensor<8000x40xf32>, tensor<40x100xf32> to tensor<8000x100xf32>
  %h = descent.tanh %z : tensor<8000x100xf32>
  return %h : tensor<8000x100xf32>
}

// A product, a softmax of its rows, and the product with these: scores are never stored as a whole. There
// are few rows, so that chunks have fewer.
// CHECK-LABEL: attention:
// CHECK-NEXT:  kernel [128], 4 chunks
// CHECK-NEXT:    reads {{.*}}
// CHECK-NEXT:    = dot [128, 128] f32, 32 rows at a time, not stored
// CHECK-NEXT:    loop [128], 1 operations
// CHECK:         [[P:%[0-9]+]] = div [128, 128] f32 in rows of a chunk, not stored
// CHECK-NEXT:    = dot [128, 32] f32 in result 0, 32 rows at a time, of those of [[P]]
// CHECK-NEXT:    writes 16384 bytes
func.func @attention(%q: tensor<128x32xf32>, %k: tensor<128x32xf32>, %v: tensor<128x32xf32>) -> tensor<128x32xf32> {
  %s = descent.dot %q, %k batch [] x [] contract [1] x [1] : tensor<128x32xf32>, tensor<128x32xf32> to tensor<128x128xf32>
  %m = descent.reduce_max %s [1] : tensor<128x128xf32> to tensor<128xf32>
  %mm = descent.broadcast %m [0] : tensor<128xf32> to tensor<128x128xf32>
  %d = descent.sub %s, %mm : tensor<128x128xf32>
  %e = descent.exp %d : tensor<128x128xf32>
  %t = descent.reduce_sum %e [1] : tensor<128x128xf32> to tensor<128xf32>
  %tt = descent.broadcast %t [0] : tensor<128xf32> to tensor<128x128xf32>
  %p = descent.div %e, %tt : tensor<128x128xf32>
  %o = descent.dot %p, %v batch [] x [] contract [1] x [0] : tensor<128x128xf32>, tensor<128x32xf32> to tensor<128x32xf32>
  return %o : tensor<128x32xf32>
}

// Rows of 16 KB: 32 of them are what a chunk may have.
// CHECK-LABEL: long:
// CHECK:         = dot [500, 4000] f32, 32 rows at a time, not stored
func.func @long(%x: tensor<500x20xf32>, %w: tensor<20x4000xf32>) -> tensor<500x4000xf32> {
  %z = descent.dot %x, %w batch [] x [] contract [1] x [0] : tensor<500x20xf32>, tensor<20x4000xf32> to tensor<500x4000xf32>
  %h = descent.tanh %z : tensor<500x4000xf32>
  return %h : tensor<500x4000xf32>
}

// Of a batch, whole products: the next one may need columns.
// CHECK-LABEL: heads:
// CHECK-NEXT:  kernel [16, 100, 100], 1 operations, 8 chunks
// CHECK-NEXT:    reads {{.*}}
// CHECK-NEXT:    = dot [16, 100, 100] f32, 2 of the batch at a time, not stored
// CHECK-NEXT:    [[H:%[0-9]+]] = tanh [16, 100, 100] f32 in rows of a chunk, not stored
// CHECK-NEXT:    = dot [16, 100, 20] f32 in result 0, 2 of the batch at a time, of those of [[H]]
// CHECK-NEXT:    writes 128000 bytes
func.func @heads(%x: tensor<16x100x20xf32>, %w: tensor<16x20x100xf32>) -> tensor<16x100x20xf32> {
  %z = descent.dot %x, %w batch [0] x [0] contract [2] x [1] : tensor<16x100x20xf32>, tensor<16x20x100xf32> to tensor<16x100x100xf32>
  %h = descent.tanh %z : tensor<16x100x100xf32>
  %g = descent.dot %h, %x batch [0] x [0] contract [1] x [1] : tensor<16x100x100xf32>, tensor<16x100x20xf32> to tensor<16x100x20xf32>
  return %g : tensor<16x100x20xf32>
}

// Products of 4 MiB and more.
// CHECK-LABEL: large:
// CHECK:         = dot [8, 1100, 1100] f32
// CHECK:         made as a whole: its matrices are large
func.func @large(%x: tensor<8x1100x20xf32>, %w: tensor<8x20x1100xf32>) -> tensor<8x1100x1100xf32> {
  %z = descent.dot %x, %w batch [0] x [0] contract [2] x [1] : tensor<8x1100x20xf32>, tensor<8x20x1100xf32> to tensor<8x1100x1100xf32>
  %h = descent.tanh %z : tensor<8x1100x1100xf32>
  return %h : tensor<8x1100x1100xf32>
}
