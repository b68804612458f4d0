// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// Reductions, running reductions and the general product.

// All elements that attain the maximum share equally; of a row with a nan there is no share.
// CHECK-LABEL: func.func @jvp_of_reduce_max(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[REDUCE_MAX:.*]] = descent.reduce_max %[[X]] [1] : tensor<2x3xf32> to tensor<2xf32>
// CHECK-NEXT: %[[B:.*]] = descent.broadcast %[[REDUCE_MAX]] [0] : tensor<2xf32> to tensor<2x3xf32>
// CHECK-NEXT: %[[BESIDE:.*]] = descent.compare lt %[[X]], %[[B]] : tensor<2x3xf32>
// CHECK-NEXT: %[[COMPARE:.*]] = descent.not %[[BESIDE]] : tensor<2x3xi1>
// CHECK-NEXT: %[[CONVERT:.*]] = descent.convert %[[COMPARE]] : tensor<2x3xi1> to tensor<2x3xf32>
// CHECK-NEXT: %[[SUM:.*]] = descent.reduce_sum %[[CONVERT]] [1] : tensor<2x3xf32> to tensor<2xf32>
// CHECK-NEXT: %[[NUMBER:.*]] = descent.compare eq %[[REDUCE_MAX]], %[[REDUCE_MAX]] : tensor<2xf32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<2x3xf32>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[COMPARE]], %[[DX]], %[[K]] : tensor<2x3xi1>, tensor<2x3xf32>
// CHECK-NEXT: %[[SUM2:.*]] = descent.reduce_sum %[[SELECT]] [1] : tensor<2x3xf32> to tensor<2xf32>
// CHECK-NEXT: %[[DIV:.*]] = descent.div %[[SUM2]], %[[SUM]] : tensor<2xf32>
// CHECK-NEXT: %[[NAN:.*]] = descent.constant dense<0x7FC00000> : tensor<2xf32>
// CHECK-NEXT: %[[SHARE:.*]] = descent.select %[[NUMBER]], %[[DIV]], %[[NAN]] : tensor<2xi1>, tensor<2xf32>
// CHECK-NEXT: return %[[SHARE]] : tensor<2xf32>
func.func @jvp_of_reduce_max(%x: tensor<2x3xf32>, %dx: tensor<2x3xf32>) -> tensor<2xf32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<2x3xf32>) tangents (tensor<2x3xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %b = descent.reduce_max %a [1] : tensor<2x3xf32> to tensor<2xf32>
    descent.yield %b : tensor<2xf32>
  } to (tensor<2xf32>, tensor<2xf32>)
  return %y#1 : tensor<2xf32>
}

// CHECK-LABEL: func.func @vjp_of_reduce_min(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[REDUCE_MIN:.*]] = descent.reduce_min %[[X]] [1] : tensor<2x3xf32> to tensor<2xf32>
// CHECK-NEXT: %[[B:.*]] = descent.broadcast %[[REDUCE_MIN]] [0] : tensor<2xf32> to tensor<2x3xf32>
// CHECK-NEXT: %[[BESIDE:.*]] = descent.compare gt %[[X]], %[[B]] : tensor<2x3xf32>
// CHECK-NEXT: %[[COMPARE:.*]] = descent.not %[[BESIDE]] : tensor<2x3xi1>
// CHECK-NEXT: %[[CONVERT:.*]] = descent.convert %[[COMPARE]] : tensor<2x3xi1> to tensor<2x3xf32>
// CHECK-NEXT: %[[SUM:.*]] = descent.reduce_sum %[[CONVERT]] [1] : tensor<2x3xf32> to tensor<2xf32>
// CHECK-NEXT: %[[NUMBER:.*]] = descent.compare eq %[[REDUCE_MIN]], %[[REDUCE_MIN]] : tensor<2xf32>
// CHECK-NEXT: %[[DIV:.*]] = descent.div %[[DY]], %[[SUM]] : tensor<2xf32>
// CHECK-NEXT: %[[NAN:.*]] = descent.constant dense<0x7FC00000> : tensor<2xf32>
// CHECK-NEXT: %[[SHARE:.*]] = descent.select %[[NUMBER]], %[[DIV]], %[[NAN]] : tensor<2xi1>, tensor<2xf32>
// CHECK-NEXT: %[[B2:.*]] = descent.broadcast %[[SHARE]] [0] : tensor<2xf32> to tensor<2x3xf32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<2x3xf32>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[COMPARE]], %[[B2]], %[[K]] : tensor<2x3xi1>, tensor<2x3xf32>
// CHECK-NEXT: return %[[SELECT]] : tensor<2x3xf32>
func.func @vjp_of_reduce_min(%x: tensor<2x3xf32>, %dy: tensor<2xf32>) -> tensor<2x3xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<2x3xf32>) cotangents (tensor<2xf32>) {
  ^bb0(%a: tensor<2x3xf32>):
    %b = descent.reduce_min %a [1] : tensor<2x3xf32> to tensor<2xf32>
    descent.yield %b : tensor<2xf32>
  } to (tensor<2xf32>, tensor<2x3xf32>)
  return %y#1 : tensor<2x3xf32>
}

// A product as pairs of pairs: nothing is divided.
// CHECK-LABEL: func.func @vjp_of_reduce_prod(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[RESHAPE:.*]] = descent.reshape %[[X]] : tensor<3xf32> to tensor<1x3xf32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD:.*]] = descent.pad %[[RESHAPE]], %[[K]] low [0, 0] high [0, 1] interior [0, 0] : tensor<1x3xf32>, tensor<f32> to tensor<1x4xf32>
// CHECK-NEXT: %[[SLICE:.*]] = descent.slice %[[PAD]] [0, 0] to [1, 4] by [1, 2] : tensor<1x4xf32> to tensor<1x2xf32>
// CHECK-NEXT: %[[SLICE2:.*]] = descent.slice %[[PAD]] [0, 1] to [1, 4] by [1, 2] : tensor<1x4xf32> to tensor<1x2xf32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[SLICE]], %[[SLICE2]] : tensor<1x2xf32>
// CHECK-NEXT: %[[SLICE3:.*]] = descent.slice %[[MUL]] [0, 0] to [1, 2] by [1, 2] : tensor<1x2xf32> to tensor<1x1xf32>
// CHECK-NEXT: %[[SLICE4:.*]] = descent.slice %[[MUL]] [0, 1] to [1, 2] by [1, 2] : tensor<1x2xf32> to tensor<1x1xf32>
// CHECK-NEXT: %[[RESHAPE2:.*]] = descent.reshape %[[DY]] : tensor<f32> to tensor<1x1xf32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[RESHAPE2]], %[[SLICE4]] : tensor<1x1xf32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD2:.*]] = descent.pad %[[MUL2]], %[[K2]] low [0, 0] high [0, 1] interior [0, 1] : tensor<1x1xf32>, tensor<f32> to tensor<1x2xf32>
// CHECK-NEXT: %[[MUL3:.*]] = descent.mul %[[RESHAPE2]], %[[SLICE3]] : tensor<1x1xf32>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD3:.*]] = descent.pad %[[MUL3]], %[[K3]] low [0, 1] high [0, 0] interior [0, 1] : tensor<1x1xf32>, tensor<f32> to tensor<1x2xf32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[PAD2]], %[[PAD3]] : tensor<1x2xf32>
// CHECK-NEXT: %[[MUL4:.*]] = descent.mul %[[ADD]], %[[SLICE2]] : tensor<1x2xf32>
// CHECK-NEXT: %[[K4:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD4:.*]] = descent.pad %[[MUL4]], %[[K4]] low [0, 0] high [0, 1] interior [0, 1] : tensor<1x2xf32>, tensor<f32> to tensor<1x4xf32>
// CHECK-NEXT: %[[MUL5:.*]] = descent.mul %[[ADD]], %[[SLICE]] : tensor<1x2xf32>
// CHECK-NEXT: %[[K5:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD5:.*]] = descent.pad %[[MUL5]], %[[K5]] low [0, 1] high [0, 0] interior [0, 1] : tensor<1x2xf32>, tensor<f32> to tensor<1x4xf32>
// CHECK-NEXT: %[[ADD2:.*]] = descent.add %[[PAD4]], %[[PAD5]] : tensor<1x4xf32>
// CHECK-NEXT: %[[SLICE5:.*]] = descent.slice %[[ADD2]] [0, 0] to [1, 3] by [1, 1] : tensor<1x4xf32> to tensor<1x3xf32>
// CHECK-NEXT: %[[RESHAPE3:.*]] = descent.reshape %[[SLICE5]] : tensor<1x3xf32> to tensor<3xf32>
// CHECK-NEXT: return %[[RESHAPE3]] : tensor<3xf32>
func.func @vjp_of_reduce_prod(%x: tensor<3xf32>, %dy: tensor<f32>) -> tensor<3xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<3xf32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<3xf32>):
    %b = descent.reduce_prod %a [0] : tensor<3xf32> to tensor<f32>
    descent.yield %b : tensor<f32>
  } to (tensor<f32>, tensor<3xf32>)
  return %y#1 : tensor<3xf32>
}

// CHECK-LABEL: func.func @jvp_of_cumprod(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[SLICE:.*]] = descent.slice %[[X]] [0] to [1] by [1] : tensor<2xf32> to tensor<1xf32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD:.*]] = descent.pad %[[SLICE]], %[[K]] low [1] high [0] interior [0] : tensor<1xf32>, tensor<f32> to tensor<2xf32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DX]], %[[PAD]] : tensor<2xf32>
// CHECK-NEXT: %[[SLICE2:.*]] = descent.slice %[[DX]] [0] to [1] by [1] : tensor<2xf32> to tensor<1xf32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD2:.*]] = descent.pad %[[SLICE2]], %[[K2]] low [1] high [0] interior [0] : tensor<1xf32>, tensor<f32> to tensor<2xf32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[X]], %[[PAD2]] : tensor<2xf32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[MUL]], %[[MUL2]] : tensor<2xf32>
// CHECK-NEXT: return %[[ADD]] : tensor<2xf32>
func.func @jvp_of_cumprod(%x: tensor<2xf32>, %dx: tensor<2xf32>) -> tensor<2xf32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<2xf32>) tangents (tensor<2xf32>) {
  ^bb0(%a: tensor<2xf32>):
    %b = descent.cumprod %a 0 : tensor<2xf32>
    descent.yield %b : tensor<2xf32>
  } to (tensor<2xf32>, tensor<2xf32>)
  return %y#1 : tensor<2xf32>
}

// CHECK-LABEL: func.func @vjp_of_cumprod(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[SLICE:.*]] = descent.slice %[[X]] [0] to [2] by [1] : tensor<3xf32> to tensor<2xf32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD:.*]] = descent.pad %[[SLICE]], %[[K]] low [1] high [0] interior [0] : tensor<2xf32>, tensor<f32> to tensor<3xf32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[X]], %[[PAD]] : tensor<3xf32>
// CHECK-NEXT: %[[SLICE2:.*]] = descent.slice %[[MUL]] [0] to [1] by [1] : tensor<3xf32> to tensor<1xf32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<1.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD2:.*]] = descent.pad %[[SLICE2]], %[[K2]] low [2] high [0] interior [0] : tensor<1xf32>, tensor<f32> to tensor<3xf32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[DY]], %[[PAD2]] : tensor<3xf32>
// CHECK-NEXT: %[[MUL3:.*]] = descent.mul %[[DY]], %[[MUL]] : tensor<3xf32>
// CHECK-NEXT: %[[SLICE3:.*]] = descent.slice %[[MUL3]] [2] to [3] by [1] : tensor<3xf32> to tensor<1xf32>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD3:.*]] = descent.pad %[[SLICE3]], %[[K3]] low [0] high [2] interior [0] : tensor<1xf32>, tensor<f32> to tensor<3xf32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[MUL2]], %[[PAD3]] : tensor<3xf32>
// CHECK-NEXT: %[[MUL4:.*]] = descent.mul %[[ADD]], %[[PAD]] : tensor<3xf32>
// CHECK-NEXT: %[[MUL5:.*]] = descent.mul %[[ADD]], %[[X]] : tensor<3xf32>
// CHECK-NEXT: %[[SLICE4:.*]] = descent.slice %[[MUL5]] [1] to [3] by [1] : tensor<3xf32> to tensor<2xf32>
// CHECK-NEXT: %[[K4:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[PAD4:.*]] = descent.pad %[[SLICE4]], %[[K4]] low [0] high [1] interior [0] : tensor<2xf32>, tensor<f32> to tensor<3xf32>
// CHECK-NEXT: %[[ADD2:.*]] = descent.add %[[MUL4]], %[[PAD4]] : tensor<3xf32>
// CHECK-NEXT: return %[[ADD2]] : tensor<3xf32>
func.func @vjp_of_cumprod(%x: tensor<3xf32>, %dy: tensor<3xf32>) -> tensor<3xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<3xf32>) cotangents (tensor<3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    %b = descent.cumprod %a 0 : tensor<3xf32>
    descent.yield %b : tensor<3xf32>
  } to (tensor<3xf32>, tensor<3xf32>)
  return %y#1 : tensor<3xf32>
}

// The running maximum is a gather from the latest element that attains it.
// CHECK-LABEL: func.func @vjp_of_cummax(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[CUMMAX:.*]] = descent.cummax %[[X]] 0 : tensor<3xf32>
// CHECK-NEXT: %[[COMPARE:.*]] = descent.compare eq %[[X]], %[[CUMMAX]] : tensor<3xf32>
// CHECK-NEXT: %[[IOTA:.*]] = descent.iota 0 : tensor<3xi32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0> : tensor<3xi32>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[COMPARE]], %[[IOTA]], %[[K]] : tensor<3xi1>, tensor<3xi32>
// CHECK-NEXT: %[[CUMMAX2:.*]] = descent.cummax %[[SELECT]] 0 : tensor<3xi32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK-NEXT: %[[SCATTER:.*]] = descent.scatter add %[[K2]], %[[CUMMAX2]], %[[DY]] axis 0 batch 0 : tensor<3xf32>, tensor<3xi32>, tensor<3xf32>
// CHECK-NEXT: return %[[SCATTER]] : tensor<3xf32>
func.func @vjp_of_cummax(%x: tensor<3xf32>, %dy: tensor<3xf32>) -> tensor<3xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<3xf32>) cotangents (tensor<3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    %b = descent.cummax %a 0 : tensor<3xf32>
    descent.yield %b : tensor<3xf32>
  } to (tensor<3xf32>, tensor<3xf32>)
  return %y#1 : tensor<3xf32>
}

// CHECK-LABEL: func.func @jvp_of_dot(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[Z:[^:]*]]: {{.*}}, %[[DX:[^:]*]]: {{.*}}, %[[DZ:[^:]*]]:
// CHECK-NEXT: %[[DOT:.*]] = descent.dot %[[DX]], %[[Z]] batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>
// CHECK-NEXT: %[[DOT2:.*]] = descent.dot %[[X]], %[[DZ]] batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[DOT]], %[[DOT2]] : tensor<2x4xf32>
// CHECK-NEXT: return %[[ADD]] : tensor<2x4xf32>
func.func @jvp_of_dot(%x: tensor<2x3xf32>, %z: tensor<3x4xf32>, %dx: tensor<2x3xf32>, %dz: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %y:2 = descent.jvp(%x, %z) tangents(%dx, %dz) : (tensor<2x3xf32>, tensor<3x4xf32>) tangents (tensor<2x3xf32>, tensor<3x4xf32>) {
  ^bb0(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>):
    %c = descent.dot %a, %b batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>
    descent.yield %c : tensor<2x4xf32>
  } to (tensor<2x4xf32>, tensor<2x4xf32>)
  return %y#1 : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @vjp_of_dot(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[Z:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[DOT:.*]] = descent.dot %[[DY]], %[[Z]] batch [] x [] contract [1] x [1] : tensor<2x4xf32>, tensor<3x4xf32> to tensor<2x3xf32>
// CHECK-NEXT: %[[DOT2:.*]] = descent.dot %[[DY]], %[[X]] batch [] x [] contract [0] x [0] : tensor<2x4xf32>, tensor<2x3xf32> to tensor<4x3xf32>
// CHECK-NEXT: %[[TRANSPOSE:.*]] = descent.transpose %[[DOT2]] [1, 0] : tensor<4x3xf32> to tensor<3x4xf32>
// CHECK-NEXT: return %[[DOT]], %[[TRANSPOSE]] : tensor<2x3xf32>, tensor<3x4xf32>
func.func @vjp_of_dot(%x: tensor<2x3xf32>, %z: tensor<3x4xf32>, %dy: tensor<2x4xf32>) -> (tensor<2x3xf32>, tensor<3x4xf32>) {
  %y:3 = descent.vjp(%x, %z) cotangents(%dy) : (tensor<2x3xf32>, tensor<3x4xf32>) cotangents (tensor<2x4xf32>) {
  ^bb0(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>):
    %c = descent.dot %a, %b batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x4xf32> to tensor<2x4xf32>
    descent.yield %c : tensor<2x4xf32>
  } to (tensor<2x4xf32>, tensor<2x3xf32>, tensor<3x4xf32>)
  return %y#1, %y#2 : tensor<2x3xf32>, tensor<3x4xf32>
}
