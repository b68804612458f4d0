// RUN: %descent-opt --simplify %s | FileCheck %s

// CHECK-LABEL: func.func @elementwise
func.func @elementwise() -> (tensor<3xf64>, tensor<2xi32>, tensor<2xi1>, tensor<f32>, tensor<1000000xf32>) {
  // CHECK-DAG: %[[A:.*]] = descent.constant dense<[4.000000e+00, 6.000000e+00, 8.000000e+00]> : tensor<3xf64>
  // CHECK-DAG: %[[B:.*]] = descent.constant dense<[-2, 2]> : tensor<2xi32>
  // CHECK-DAG: %[[C:.*]] = descent.constant dense<[true, false]> : tensor<2xi1>
  // CHECK-DAG: %[[D:.*]] = descent.constant dense<2.71828{{.*}}> : tensor<f32>
  // CHECK-DAG: %[[E:.*]] = descent.constant dense<3.000000e+00> : tensor<1000000xf32>
  // CHECK: return %[[A]], %[[B]], %[[C]], %[[D]], %[[E]]
  %x = descent.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf64>
  %y = descent.constant dense<[3.0, 4.0, 5.0]> : tensor<3xf64>
  %a = descent.add %x, %y : tensor<3xf64>
  %i = descent.constant dense<[-5, 5]> : tensor<2xi32>
  %k = descent.constant dense<[3, 2]> : tensor<2xi32>
  %b = descent.floordiv %i, %k : tensor<2xi32>
  %c = descent.compare lt %i, %k : tensor<2xi32>
  %one = descent.constant dense<1.0> : tensor<f32>
  %d = descent.exp %one : tensor<f32>
  %big1 = descent.constant dense<1.0> : tensor<1000000xf32>
  %big2 = descent.constant dense<2.0> : tensor<1000000xf32>
  %e = descent.add %big1, %big2 : tensor<1000000xf32>
  return %a, %b, %c, %d, %e : tensor<3xf64>, tensor<2xi32>, tensor<2xi1>, tensor<f32>, tensor<1000000xf32>
}

// CHECK-LABEL: func.func @conversions
func.func @conversions() -> (tensor<3xi32>, tensor<2xui32>, tensor<2xi1>, tensor<f32>) {
  // CHECK-DAG: %[[A:.*]] = descent.constant dense<[2, -2, 2147483647]> : tensor<3xi32>
  // CHECK-DAG: %[[B:.*]] = descent.constant dense<[4294967295, 7]> : tensor<2xui32>
  // CHECK-DAG: %[[C:.*]] = descent.constant dense<[false, true]> : tensor<2xi1>
  // CHECK-DAG: %[[D:.*]] = descent.constant dense<1.000000e+00> : tensor<f32>
  // CHECK: return %[[A]], %[[B]], %[[C]], %[[D]]
  %x = descent.constant dense<[2.9, -2.9, 1.0e+20]> : tensor<3xf64>
  %a = descent.convert %x : tensor<3xf64> to tensor<3xi32>
  %i = descent.constant dense<[-1, 7]> : tensor<2xi32>
  %b = descent.convert %i : tensor<2xi32> to tensor<2xui32>
  %f = descent.constant dense<[0.0, 0.5]> : tensor<2xf32>
  %c = descent.convert %f : tensor<2xf32> to tensor<2xi1>
  %w = descent.constant dense<1065353216> : tensor<i32>
  %d = descent.bitcast %w : tensor<i32> to tensor<f32>
  return %a, %b, %c, %d : tensor<3xi32>, tensor<2xui32>, tensor<2xi1>, tensor<f32>
}

// CHECK-LABEL: func.func @moves
func.func @moves() -> (tensor<3x2xi32>, tensor<2x2xi32>, tensor<3xi32>, tensor<5xi32>, tensor<4xi32>, tensor<2x3xi32>) {
  // CHECK-DAG: %[[T:.*]] = descent.constant dense<{{\[\[}}1, 4], [2, 5], [3, 6]]> : tensor<3x2xi32>
  // CHECK-DAG: %[[S:.*]] = descent.constant dense<{{\[\[}}1, 3], [4, 6]]> : tensor<2x2xi32>
  // CHECK-DAG: %[[R:.*]] = descent.constant dense<[3, 2, 1]> : tensor<3xi32>
  // CHECK-DAG: %[[P:.*]] = descent.constant dense<[9, 1, 9, 2, 9]> : tensor<5xi32>
  // CHECK-DAG: %[[C:.*]] = descent.constant dense<[1, 2, 1, 2]> : tensor<4xi32>
  // CHECK-DAG: %[[B:.*]] = descent.constant dense<{{\[\[}}1, 2, 3], [1, 2, 3]]> : tensor<2x3xi32>
  // CHECK: return %[[T]], %[[S]], %[[R]], %[[P]], %[[C]], %[[B]]
  %m = descent.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %v = descent.constant dense<[1, 2, 3]> : tensor<3xi32>
  %w = descent.constant dense<[1, 2]> : tensor<2xi32>
  %nine = descent.constant dense<9> : tensor<i32>
  %t = descent.transpose %m [1, 0] : tensor<2x3xi32> to tensor<3x2xi32>
  %s = descent.slice %m [0, 0] to [2, 3] by [1, 2] : tensor<2x3xi32> to tensor<2x2xi32>
  %r = descent.reverse %v [0] : tensor<3xi32>
  %p = descent.pad %w, %nine low [1] high [1] interior [1] : tensor<2xi32>, tensor<i32> to tensor<5xi32>
  %c = descent.concat 0 %w, %w : (tensor<2xi32>, tensor<2xi32>) to tensor<4xi32>
  %b = descent.broadcast %v [1] : tensor<3xi32> to tensor<2x3xi32>
  return %t, %s, %r, %p, %c, %b : tensor<3x2xi32>, tensor<2x2xi32>, tensor<3xi32>, tensor<5xi32>, tensor<4xi32>, tensor<2x3xi32>
}

// CHECK-LABEL: func.func @reductions
func.func @reductions() -> (tensor<2xi32>, tensor<3xi32>, tensor<i1>) {
  // CHECK-DAG: %[[S:.*]] = descent.constant dense<[6, 15]> : tensor<2xi32>
  // CHECK-DAG: %[[M:.*]] = descent.constant dense<[4, 5, 6]> : tensor<3xi32>
  // CHECK-DAG: %[[A:.*]] = descent.constant dense<false> : tensor<i1>
  // CHECK: return %[[S]], %[[M]], %[[A]]
  %m = descent.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %p = descent.constant dense<[true, false]> : tensor<2xi1>
  %s = descent.reduce_sum %m [1] : tensor<2x3xi32> to tensor<2xi32>
  %x = descent.reduce_max %m [0] : tensor<2x3xi32> to tensor<3xi32>
  %a = descent.reduce_and %p [0] : tensor<2xi1> to tensor<i1>
  return %s, %x, %a : tensor<2xi32>, tensor<3xi32>, tensor<i1>
}

// CHECK-LABEL: func.func @nothing
func.func @nothing(%x: tensor<0x3xf32>, %y: tensor<3x4xf32>) -> (tensor<0x4xf32>, tensor<0x3xf32>) {
  // CHECK-NOT: dot
  // CHECK-NOT: exp
  // CHECK: return
  %0 = descent.dot %x, %y batch [] x [] contract [1] x [0] : tensor<0x3xf32>, tensor<3x4xf32> to tensor<0x4xf32>
  %1 = descent.exp %x : tensor<0x3xf32>
  return %0, %1 : tensor<0x4xf32>, tensor<0x3xf32>
}

// CHECK-LABEL: func.func @running
func.func @running() -> (tensor<2x3xi32>, tensor<2x3xi32>, tensor<2x3xi32>, tensor<3xf32>) {
  // CHECK-DAG: %[[S:.*]] = descent.constant dense<{{\[\[}}1, 3, 6], [4, 9, 15]]> : tensor<2x3xi32>
  // CHECK-DAG: %[[P:.*]] = descent.constant dense<{{\[\[}}4, 10, 18], [4, 5, 6]]> : tensor<2x3xi32>
  // CHECK-DAG: %[[M:.*]] = descent.constant dense<{{\[\[}}3, 3, 3], [6, 6, 6]]> : tensor<2x3xi32>
  // nan stays until the end.
  // CHECK-DAG: %[[F:.*]] = descent.constant dense<[1.000000e+00, 0x7FC00000, 0x7FC00000]> : tensor<3xf32>
  // CHECK: return %[[S]], %[[P]], %[[M]], %[[F]]
  %m = descent.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %v = descent.constant dense<[1.0, 0x7FC00000, 2.0]> : tensor<3xf32>
  %s = descent.cumsum %m 1 : tensor<2x3xi32>
  %p = descent.cumprod %m 0 reverse : tensor<2x3xi32>
  %x = descent.cummax %m 1 reverse : tensor<2x3xi32>
  %f = descent.cummax %v 0 : tensor<3xf32>
  return %s, %p, %x, %f : tensor<2x3xi32>, tensor<2x3xi32>, tensor<2x3xi32>, tensor<3xf32>
}

// CHECK-LABEL: func.func @orders
func.func @orders() -> (tensor<4xi32>, tensor<2x2xi32>, tensor<3xi32>, tensor<3xi32>) {
  // Stable, and nan is last.
  // CHECK-DAG: %[[F:.*]] = descent.constant dense<[3, 0, 2, 1]> : tensor<4xi32>
  // CHECK-DAG: %[[D:.*]] = descent.constant dense<{{\[\[}}0, 1], [1, 0]]> : tensor<2x2xi32>
  // CHECK-DAG: %[[S:.*]] = descent.constant dense<[1, 2, 0]> : tensor<3xi32>
  // CHECK-DAG: %[[U:.*]] = descent.constant dense<[2, 0, 1]> : tensor<3xi32>
  // CHECK: return %[[F]], %[[D]], %[[S]], %[[U]]
  %v = descent.constant dense<[1.0, 0x7FC00000, 1.0, -2.0]> : tensor<4xf32>
  %m = descent.constant dense<[[1, 5], [2, 3]]> : tensor<2x2xi32>
  %i = descent.constant dense<[7, -1, 0]> : tensor<3xi32>
  %w = descent.constant dense<[7, 4294967295, 0]> : tensor<3xui32>
  %0 = descent.argsort %v 0 : tensor<4xf32> to tensor<4xi32>
  %1 = descent.argsort %m 0 : tensor<2x2xi32> to tensor<2x2xi32>
  %2 = descent.argsort %i 0 : tensor<3xi32> to tensor<3xi32>
  %3 = descent.argsort %w 0 : tensor<3xui32> to tensor<3xi32>
  return %0, %1, %2, %3 : tensor<4xi32>, tensor<2x2xi32>, tensor<3xi32>, tensor<3xi32>
}

// CHECK-LABEL: func.func @products
func.func @products() -> (tensor<2x2xf32>, tensor<2x2xi32>, tensor<2x2xi32>) {
  // CHECK-DAG: %[[A:.*]] = descent.constant dense<{{\[\[}}1.400000e+01, 3.200000e+01], [3.200000e+01, 7.700000e+01]]> : tensor<2x2xf32>
  // Batched over the columns of the left and the rows of the right operand.
  // CHECK-DAG: %[[B:.*]] = descent.constant dense<{{\[\[}}5, 15], [12, 24]]> : tensor<2x2xi32>
  // CHECK-DAG: %[[C:.*]] = descent.constant dense<{{\[\[}}10, 20], [12, 24]]> : tensor<2x2xi32>
  // CHECK: return %[[A]], %[[B]], %[[C]]
  %m = descent.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %l = descent.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>
  %r = descent.constant dense<[5, 6]> : tensor<2xi32>
  %k = descent.constant dense<[2, 4]> : tensor<2xi32>
  %0 = descent.dot %m, %m batch [] x [] contract [1] x [1] : tensor<2x3xf32>, tensor<2x3xf32> to tensor<2x2xf32>
  %1 = descent.dot %l, %r batch [1] x [0] contract [] x [] : tensor<2x2xi32>, tensor<2xi32> to tensor<2x2xi32>
  %2 = descent.dot %r, %k batch [] x [] contract [] x [] : tensor<2xi32>, tensor<2xi32> to tensor<2x2xi32>
  return %0, %1, %2 : tensor<2x2xf32>, tensor<2x2xi32>, tensor<2x2xi32>
}

// CHECK-LABEL: func.func @gathers
func.func @gathers() -> (tensor<3x2xi32>, tensor<2x3xi32>) {
  // Positions outside are clamped.
  // CHECK-DAG: %[[A:.*]] = descent.constant dense<{{\[\[}}4, 5], [1, 2], [4, 5]]> : tensor<3x2xi32>
  // CHECK-DAG: %[[B:.*]] = descent.constant dense<{{\[\[}}2, 1, 2], [4, 4, 4]]> : tensor<2x3xi32>
  // CHECK: return %[[A]], %[[B]]
  %m = descent.constant dense<[[1, 2], [4, 5]]> : tensor<2x2xi32>
  %i = descent.constant dense<[1, -3, 9]> : tensor<3xi32>
  %b = descent.constant dense<[[1, 0, 1], [0, 0, 0]]> : tensor<2x3xi64>
  %0 = descent.gather %m, %i axis 0 batch 0 : tensor<2x2xi32>, tensor<3xi32> to tensor<3x2xi32>
  %1 = descent.gather %m, %b axis 1 batch 1 : tensor<2x2xi32>, tensor<2x3xi64> to tensor<2x3xi32>
  return %0, %1 : tensor<3x2xi32>, tensor<2x3xi32>
}

// CHECK-LABEL: func.func @longProduct
func.func @longProduct() -> tensor<32x32xi32> {
  // CHECK: descent.dot
  %v = descent.constant dense<1> : tensor<32x32xi32>
  %w = descent.cumsum %v 0 : tensor<32x32xi32>
  %0 = descent.dot %w, %w batch [] x [] contract [1] x [0] : tensor<32x32xi32>, tensor<32x32xi32> to tensor<32x32xi32>
  return %0 : tensor<32x32xi32>
}

// Too large to be a constant of the program.
// CHECK-LABEL: func.func @large
func.func @large() -> tensor<2048xi32> {
  // CHECK: descent.broadcast
  %v = descent.constant dense<[1, 2]> : tensor<2xi32>
  %b = descent.broadcast %v [0] : tensor<2xi32> to tensor<2x1024xi32>
  %r = descent.reshape %b : tensor<2x1024xi32> to tensor<2048xi32>
  return %r : tensor<2048xi32>
}
