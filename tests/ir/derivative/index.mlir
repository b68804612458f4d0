// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// Operations that read or write parts of an array at positions known at run time.

// CHECK-LABEL: func.func @jvp_of_dynamic_slice(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[I:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[BOX:.*]] = descent.dynamic_slice %[[DX]][%[[I]]] sizes [3] : tensor<10xf32>, tensor<i32> to tensor<3xf32>
// CHECK-NEXT: return %[[BOX]] : tensor<3xf32>
func.func @jvp_of_dynamic_slice(%x: tensor<10xf32>, %i: tensor<i32>, %dx: tensor<10xf32>) -> tensor<3xf32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<10xf32>) tangents (tensor<10xf32>) {
  ^bb0(%a: tensor<10xf32>):
    %b = descent.dynamic_slice %a[%i] sizes [3] : tensor<10xf32>, tensor<i32> to tensor<3xf32>
    descent.yield %b : tensor<3xf32>
  } to (tensor<3xf32>, tensor<3xf32>)
  return %y#1 : tensor<3xf32>
}

// The first cotangent goes into zeros, the second into what is there.
// CHECK-LABEL: func.func @vjp_of_dynamic_slices(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[I:[^:]*]]: {{.*}}, %[[J:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<10xf32>
// CHECK-NEXT: %[[UPDATE:.*]] = descent.update %[[K]], %[[DY]][%[[J]]] : tensor<10xf32>, tensor<3xf32>, tensor<i32>
// CHECK-NEXT: %[[BOX:.*]] = descent.dynamic_slice %[[UPDATE]][%[[I]]] sizes [3] : tensor<10xf32>, tensor<i32> to tensor<3xf32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[BOX]], %[[DY]] : tensor<3xf32>
// CHECK-NEXT: %[[UPDATE2:.*]] = descent.update %[[UPDATE]], %[[ADD]][%[[I]]] : tensor<10xf32>, tensor<3xf32>, tensor<i32>
// CHECK-NEXT: return %[[UPDATE2]] : tensor<10xf32>
func.func @vjp_of_dynamic_slices(%x: tensor<10xf32>, %i: tensor<i32>, %j: tensor<i32>, %dy: tensor<3xf32>) -> tensor<10xf32> {
  %y:3 = descent.vjp(%x) cotangents(%dy, %dy) : (tensor<10xf32>) cotangents (tensor<3xf32>, tensor<3xf32>) {
  ^bb0(%a: tensor<10xf32>):
    %b = descent.dynamic_slice %a[%i] sizes [3] : tensor<10xf32>, tensor<i32> to tensor<3xf32>
    %c = descent.dynamic_slice %a[%j] sizes [3] : tensor<10xf32>, tensor<i32> to tensor<3xf32>
    descent.yield %b, %c : tensor<3xf32>, tensor<3xf32>
  } to (tensor<3xf32>, tensor<3xf32>, tensor<10xf32>)
  return %y#2 : tensor<10xf32>
}

// CHECK-LABEL: func.func @vjp_of_update(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[U:[^:]*]]: {{.*}}, %[[I:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[BOX:.*]] = descent.dynamic_slice %[[DY]][%[[I]]] sizes [3] : tensor<10xf32>, tensor<i32> to tensor<3xf32>
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK-NEXT: %[[UPDATE:.*]] = descent.update %[[DY]], %[[K]][%[[I]]] : tensor<10xf32>, tensor<3xf32>, tensor<i32>
// CHECK-NEXT: return %[[UPDATE]], %[[BOX]] : tensor<10xf32>, tensor<3xf32>
func.func @vjp_of_update(%x: tensor<10xf32>, %u: tensor<3xf32>, %i: tensor<i32>, %dy: tensor<10xf32>) -> (tensor<10xf32>, tensor<3xf32>) {
  %y:3 = descent.vjp(%x, %u) cotangents(%dy) : (tensor<10xf32>, tensor<3xf32>) cotangents (tensor<10xf32>) {
  ^bb0(%a: tensor<10xf32>, %b: tensor<3xf32>):
    %c = descent.update %a, %b[%i] : tensor<10xf32>, tensor<3xf32>, tensor<i32>
    descent.yield %c : tensor<10xf32>
  } to (tensor<10xf32>, tensor<10xf32>, tensor<3xf32>)
  return %y#1, %y#2 : tensor<10xf32>, tensor<3xf32>
}

// CHECK-LABEL: func.func @jvp_of_gather(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[I:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[GATHER:.*]] = descent.gather %[[DX]], %[[I]] axis 0 batch 0 : tensor<10x4xf32>, tensor<3xi32> to tensor<3x4xf32>
// CHECK-NEXT: return %[[GATHER]] : tensor<3x4xf32>
func.func @jvp_of_gather(%x: tensor<10x4xf32>, %i: tensor<3xi32>, %dx: tensor<10x4xf32>) -> tensor<3x4xf32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<10x4xf32>) tangents (tensor<10x4xf32>) {
  ^bb0(%a: tensor<10x4xf32>):
    %b = descent.gather %a, %i axis 0 batch 0 : tensor<10x4xf32>, tensor<3xi32> to tensor<3x4xf32>
    descent.yield %b : tensor<3x4xf32>
  } to (tensor<3x4xf32>, tensor<3x4xf32>)
  return %y#1 : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @vjp_of_gather(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[I:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0.000000e+00> : tensor<10x4xf32>
// CHECK-NEXT: %[[SCATTER:.*]] = descent.scatter add %[[K]], %[[I]], %[[DY]] axis 0 batch 0 : tensor<10x4xf32>, tensor<3xi32>, tensor<3x4xf32>
// CHECK-NEXT: return %[[SCATTER]] : tensor<10x4xf32>
func.func @vjp_of_gather(%x: tensor<10x4xf32>, %i: tensor<3xi32>, %dy: tensor<3x4xf32>) -> tensor<10x4xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<10x4xf32>) cotangents (tensor<3x4xf32>) {
  ^bb0(%a: tensor<10x4xf32>):
    %b = descent.gather %a, %i axis 0 batch 0 : tensor<10x4xf32>, tensor<3xi32> to tensor<3x4xf32>
    descent.yield %b : tensor<3x4xf32>
  } to (tensor<3x4xf32>, tensor<10x4xf32>)
  return %y#1 : tensor<10x4xf32>
}

// CHECK-LABEL: func.func @vjp_of_scatter_add(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[I:[^:]*]]: {{.*}}, %[[U:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[GATHER:.*]] = descent.gather %[[DY]], %[[I]] axis 0 batch 0 : tensor<10xf32>, tensor<3xi32> to tensor<3xf32>
// CHECK-NEXT: return %[[DY]], %[[GATHER]] : tensor<10xf32>, tensor<3xf32>
func.func @vjp_of_scatter_add(%x: tensor<10xf32>, %i: tensor<3xi32>, %u: tensor<3xf32>, %dy: tensor<10xf32>) -> (tensor<10xf32>, tensor<3xf32>) {
  %y:3 = descent.vjp(%x, %u) cotangents(%dy) : (tensor<10xf32>, tensor<3xf32>) cotangents (tensor<10xf32>) {
  ^bb0(%a: tensor<10xf32>, %b: tensor<3xf32>):
    %c = descent.scatter add %a, %i, %b axis 0 batch 0 : tensor<10xf32>, tensor<3xi32>, tensor<3xf32>
    descent.yield %c : tensor<10xf32>
  } to (tensor<10xf32>, tensor<10xf32>, tensor<3xf32>)
  return %y#1, %y#2 : tensor<10xf32>, tensor<3xf32>
}

// Adding an update that is constant changes no tangent.
// CHECK-LABEL: func.func @jvp_of_scatter_add(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[I:[^:]*]]: {{.*}}, %[[U:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: return %[[DX]] : tensor<10xf32>
func.func @jvp_of_scatter_add(%x: tensor<10xf32>, %i: tensor<3xi32>, %u: tensor<3xf32>, %dx: tensor<10xf32>) -> tensor<10xf32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<10xf32>) tangents (tensor<10xf32>) {
  ^bb0(%a: tensor<10xf32>):
    %c = descent.scatter add %a, %i, %u axis 0 batch 0 : tensor<10xf32>, tensor<3xi32>, tensor<3xf32>
    descent.yield %c : tensor<10xf32>
  } to (tensor<10xf32>, tensor<10xf32>)
  return %y#1 : tensor<10xf32>
}

// Of updates to one place the last stays: the numbers of the updates are written to see which.
// CHECK-LABEL: func.func @vjp_of_scatter_set(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[I:[^:]*]]: {{.*}}, %[[U:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<1> : tensor<3xi32>
// CHECK-NEXT: %[[IOTA:.*]] = descent.iota 0 : tensor<3xi32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[IOTA]], %[[K]] : tensor<3xi32>
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0> : tensor<10xi32>
// CHECK-NEXT: %[[SCATTER:.*]] = descent.scatter set %[[K2]], %[[I]], %[[ADD]] axis 0 batch 0 : tensor<10xi32>, tensor<3xi32>, tensor<3xi32>
// CHECK-NEXT: %[[GATHER:.*]] = descent.gather %[[SCATTER]], %[[I]] axis 0 batch 0 : tensor<10xi32>, tensor<3xi32> to tensor<3xi32>
// CHECK-NEXT: %[[COMPARE:.*]] = descent.compare eq %[[GATHER]], %[[ADD]] : tensor<3xi32>
// CHECK-NEXT: %[[GATHER2:.*]] = descent.gather %[[DY]], %[[I]] axis 0 batch 0 : tensor<10xf32>, tensor<3xi32> to tensor<3xf32>
// CHECK-NEXT: %[[K3:.*]] = descent.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK-NEXT: %[[SELECT:.*]] = descent.select %[[COMPARE]], %[[GATHER2]], %[[K3]] : tensor<3xi1>, tensor<3xf32>
// CHECK-NEXT: %[[K4:.*]] = descent.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK-NEXT: %[[SCATTER2:.*]] = descent.scatter set %[[DY]], %[[I]], %[[K4]] axis 0 batch 0 : tensor<10xf32>, tensor<3xi32>, tensor<3xf32>
// CHECK-NEXT: return %[[SCATTER2]], %[[SELECT]] : tensor<10xf32>, tensor<3xf32>
func.func @vjp_of_scatter_set(%x: tensor<10xf32>, %i: tensor<3xi32>, %u: tensor<3xf32>, %dy: tensor<10xf32>) -> (tensor<10xf32>, tensor<3xf32>) {
  %y:3 = descent.vjp(%x, %u) cotangents(%dy) : (tensor<10xf32>, tensor<3xf32>) cotangents (tensor<10xf32>) {
  ^bb0(%a: tensor<10xf32>, %b: tensor<3xf32>):
    %c = descent.scatter set %a, %i, %b axis 0 batch 0 : tensor<10xf32>, tensor<3xi32>, tensor<3xf32>
    descent.yield %c : tensor<10xf32>
  } to (tensor<10xf32>, tensor<10xf32>, tensor<3xf32>)
  return %y#1, %y#2 : tensor<10xf32>, tensor<3xf32>
}
