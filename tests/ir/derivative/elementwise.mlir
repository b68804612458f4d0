// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// The derivative of elementwise operations: partials come from one table for both modes.

// The tangent of a function, by its partial derivative.
// CHECK-LABEL: func.func @jvp_of_function(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[SIN:.*]] = descent.sin %[[X]] : tensor<4xf32>
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[X]] : tensor<4xf32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DX]], %[[COS]] : tensor<4xf32>
// CHECK-NEXT: return %[[SIN]], %[[MUL]] : tensor<4xf32>, tensor<4xf32>
func.func @jvp_of_function(%x: tensor<4xf32>, %dx: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<4xf32>) tangents (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %b = descent.sin %a : tensor<4xf32>
    descent.yield %b : tensor<4xf32>
  } to (tensor<4xf32>, tensor<4xf32>)
  return %y#0, %y#1 : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @vjp_of_function(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[X]] : tensor<4xf32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DY]], %[[COS]] : tensor<4xf32>
// CHECK-NEXT: return %[[MUL]] : tensor<4xf32>
func.func @vjp_of_function(%x: tensor<4xf32>, %dy: tensor<4xf32>) -> tensor<4xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<4xf32>) cotangents (tensor<4xf32>) {
  ^bb0(%a: tensor<4xf32>):
    %b = descent.sin %a : tensor<4xf32>
    descent.yield %b : tensor<4xf32>
  } to (tensor<4xf32>, tensor<4xf32>)
  return %y#1 : tensor<4xf32>
}

// A quotient divides the cotangent: no reciprocal is made.
// CHECK-LABEL: func.func @vjp_of_log(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[DIV:.*]] = descent.div %[[DY]], %[[X]] : tensor<f64>
// CHECK-NEXT: return %[[DIV]] : tensor<f64>
func.func @vjp_of_log(%x: tensor<f64>, %dy: tensor<f64>) -> tensor<f64> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f64>) cotangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>):
    %b = descent.log %a : tensor<f64>
    descent.yield %b : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %y#1 : tensor<f64>
}

// A partial in terms of the result uses the result.
// CHECK-LABEL: func.func @vjp_of_exp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[EXP:.*]] = descent.exp %[[X]] : tensor<f64>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DY]], %[[EXP]] : tensor<f64>
// CHECK-NEXT: return %[[EXP]], %[[MUL]] : tensor<f64>, tensor<f64>
func.func @vjp_of_exp(%x: tensor<f64>, %dy: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f64>) cotangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>):
    %b = descent.exp %a : tensor<f64>
    descent.yield %b : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %y#0, %y#1 : tensor<f64>, tensor<f64>
}

// Partials of 1 and -1 need no product.
// CHECK-LABEL: func.func @jvp_of_sub(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[Z:[^:]*]]: {{.*}}, %[[DX:[^:]*]]: {{.*}}, %[[DZ:[^:]*]]:
// CHECK-NEXT: %[[SUB:.*]] = descent.sub %[[DX]], %[[DZ]] : tensor<f64>
// CHECK-NEXT: return %[[SUB]] : tensor<f64>
func.func @jvp_of_sub(%x: tensor<f64>, %z: tensor<f64>, %dx: tensor<f64>, %dz: tensor<f64>) -> tensor<f64> {
  %y:2 = descent.jvp(%x, %z) tangents(%dx, %dz) : (tensor<f64>, tensor<f64>) tangents (tensor<f64>, tensor<f64>) {
  ^bb0(%a: tensor<f64>, %b: tensor<f64>):
    %c = descent.sub %a, %b : tensor<f64>
    descent.yield %c : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %y#1 : tensor<f64>
}

// CHECK-LABEL: func.func @vjp_of_sub(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[Z:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[NEG:.*]] = descent.neg %[[DY]] : tensor<f64>
// CHECK-NEXT: return %[[DY]], %[[NEG]] : tensor<f64>, tensor<f64>
func.func @vjp_of_sub(%x: tensor<f64>, %z: tensor<f64>, %dy: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
  %y:3 = descent.vjp(%x, %z) cotangents(%dy) : (tensor<f64>, tensor<f64>) cotangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>, %b: tensor<f64>):
    %c = descent.sub %a, %b : tensor<f64>
    descent.yield %c : tensor<f64>
  } to (tensor<f64>, tensor<f64>, tensor<f64>)
  return %y#1, %y#2 : tensor<f64>, tensor<f64>
}

// Only what is differentiated gets a derivative: one product for two factors.
// CHECK-LABEL: func.func @vjp_of_mul_by_capture(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DY]], %[[K]] : tensor<f64>
// CHECK-NEXT: return %[[MUL]] : tensor<f64>
func.func @vjp_of_mul_by_capture(%x: tensor<f64>, %k: tensor<f64>, %dy: tensor<f64>) -> tensor<f64> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f64>) cotangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>):
    %c = descent.mul %a, %k : tensor<f64>
    descent.yield %c : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %y#1 : tensor<f64>
}

// A known exponent makes a simple power, and 2 none at all.
// CHECK-LABEL: func.func @vjp_of_powers(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<2.000000e+00> : tensor<f64>
// CHECK-NEXT: %[[B:.*]] = descent.broadcast %[[K]] [] : tensor<f64> to tensor<3xf64>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<5.000000e+00> : tensor<3xf64>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<2.000000e+00> : tensor<3xf64>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[K3]], %[[X]] : tensor<3xf64>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[DY]], %[[MUL]] : tensor<3xf64>
// CHECK-NEXT: %[[K4:.*]] = descent.constant dense<4.000000e+00> : tensor<3xf64>
// CHECK-NEXT: %[[POW:.*]] = descent.pow %[[X]], %[[K4]] : tensor<3xf64>
// CHECK-NEXT: %[[MUL3:.*]] = descent.mul %[[K2]], %[[POW]] : tensor<3xf64>
// CHECK-NEXT: %[[MUL4:.*]] = descent.mul %[[DY]], %[[MUL3]] : tensor<3xf64>
// CHECK-NEXT: return %[[MUL2]], %[[MUL4]] : tensor<3xf64>, tensor<3xf64>
func.func @vjp_of_powers(%x: tensor<3xf64>, %dy: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>) {
  %two = descent.constant dense<2.0> : tensor<f64>
  %n = descent.broadcast %two [] : tensor<f64> to tensor<3xf64>
  %five = descent.constant dense<5.0> : tensor<3xf64>
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<3xf64>) cotangents (tensor<3xf64>) {
  ^bb0(%a: tensor<3xf64>):
    %c = descent.pow %a, %n : tensor<3xf64>
    descent.yield %c : tensor<3xf64>
  } to (tensor<3xf64>, tensor<3xf64>)
  %z:2 = descent.vjp(%x) cotangents(%dy) : (tensor<3xf64>) cotangents (tensor<3xf64>) {
  ^bb0(%a: tensor<3xf64>):
    %c = descent.pow %a, %five : tensor<3xf64>
    descent.yield %c : tensor<3xf64>
  } to (tensor<3xf64>, tensor<3xf64>)
  return %y#1, %z#1 : tensor<3xf64>, tensor<3xf64>
}

// Ties are shared.
// CHECK-LABEL: func.func @vjp_of_max(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[K:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[COMPARE:.*]] = descent.compare eq %[[X]], %[[K]] : tensor<f64>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<5.000000e-01> : tensor<f64>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<f64>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[COMPARE]], %[[K2]], %[[K3]] : tensor<i1>, tensor<f64>
// CHECK-NEXT: %[[COMPARE2:.*]] = descent.compare gt %[[X]], %[[K]] : tensor<f64>
// CHECK-NEXT: %[[K4:.*]] = descent.constant dense<1.000000e+00> : tensor<f64>
// CHECK-NEXT: %[[SELECT2:.*]] = descent.select %[[COMPARE2]], %[[K4]], %[[SELECT]] : tensor<i1>, tensor<f64>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DY]], %[[SELECT2]] : tensor<f64>
// CHECK-NEXT: return %[[MUL]] : tensor<f64>
func.func @vjp_of_max(%x: tensor<f64>, %k: tensor<f64>, %dy: tensor<f64>) -> tensor<f64> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f64>) cotangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>):
    %c = descent.max %a, %k : tensor<f64>
    descent.yield %c : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %y#1 : tensor<f64>
}

// What has no derivative gives zero and leaves nothing behind.
// CHECK-LABEL: func.func @vjp_of_floor(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<f64>
// CHECK-NEXT: return %[[K]] : tensor<f64>
func.func @vjp_of_floor(%x: tensor<f64>, %dy: tensor<f64>) -> tensor<f64> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f64>) cotangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>):
    %b = descent.sin %a : tensor<f64>
    %c = descent.floor %b : tensor<f64>
    descent.yield %c : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %y#1 : tensor<f64>
}

// CHECK-LABEL: func.func @jvp_of_stop_gradient(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[STOP_GRADIENT:.*]] = descent.stop_gradient %[[X]] : tensor<f64>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DX]], %[[STOP_GRADIENT]] : tensor<f64>
// CHECK-NEXT: return %[[MUL]] : tensor<f64>
func.func @jvp_of_stop_gradient(%x: tensor<f64>, %dx: tensor<f64>) -> tensor<f64> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<f64>) tangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>):
    %b = descent.stop_gradient %a : tensor<f64>
    %c = descent.mul %a, %b : tensor<f64>
    descent.yield %c : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %y#1 : tensor<f64>
}

// The same operand twice: both contributions are added.
// CHECK-LABEL: func.func @vjp_of_square(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DY]], %[[X]] : tensor<f64>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[DY]], %[[X]] : tensor<f64>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[MUL]], %[[MUL2]] : tensor<f64>
// CHECK-NEXT: return %[[ADD]] : tensor<f64>
func.func @vjp_of_square(%x: tensor<f64>, %dy: tensor<f64>) -> tensor<f64> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f64>) cotangents (tensor<f64>) {
  ^bb0(%a: tensor<f64>):
    %c = descent.mul %a, %a : tensor<f64>
    descent.yield %c : tensor<f64>
  } to (tensor<f64>, tensor<f64>)
  return %y#1 : tensor<f64>
}
