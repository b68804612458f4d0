// RUN: %descent-opt --simplify %s | FileCheck %s

// CHECK-LABEL: func.func @add
// CHECK-SAME: (%[[X:.*]]: tensor<3xf64>, %[[Y:.*]]: tensor<3xf64>)
func.func @add(%x: tensor<3xf64>, %y: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>, tensor<3xf64>) {
  %zero = descent.constant dense<0.0> : tensor<3xf64>
  %n = descent.neg %y : tensor<3xf64>
  // CHECK: %[[A:.*]] = descent.sub %[[X]], %[[Y]]
  %a = descent.add %x, %n : tensor<3xf64>
  // CHECK: %[[B:.*]] = descent.add %[[X]], %[[Y]]
  %b = descent.sub %x, %n : tensor<3xf64>
  %c = descent.add %zero, %x : tensor<3xf64>
  // CHECK: return %[[A]], %[[B]], %[[X]]
  return %a, %b, %c : tensor<3xf64>, tensor<3xf64>, tensor<3xf64>
}

// What does not hold for nan and infinity is left alone.
// CHECK-LABEL: func.func @kept_for_floats
func.func @kept_for_floats(%x: tensor<f64>) -> (tensor<f64>, tensor<f64>, tensor<i1>, tensor<f64>) {
  // CHECK: %[[M:.*]] = descent.mul
  // CHECK: %[[S:.*]] = descent.sub
  // CHECK: %[[E:.*]] = descent.compare eq
  // CHECK: %[[D:.*]] = descent.div
  // CHECK: return %[[M]], %[[S]], %[[E]], %[[D]]
  %zero = descent.constant dense<0.0> : tensor<f64>
  %three = descent.constant dense<3.0> : tensor<f64>
  %m = descent.mul %x, %zero : tensor<f64>
  %s = descent.sub %x, %x : tensor<f64>
  %e = descent.compare eq %x, %x : tensor<f64>
  %d = descent.div %x, %three : tensor<f64>
  return %m, %s, %e, %d : tensor<f64>, tensor<f64>, tensor<i1>, tensor<f64>
}

// CHECK-LABEL: func.func @integers
// CHECK-SAME: (%[[X:.*]]: tensor<i32>)
func.func @integers(%x: tensor<i32>) -> (tensor<i32>, tensor<i32>, tensor<i1>, tensor<i32>, tensor<i32>, tensor<i32>) {
  // CHECK-DAG: %[[ZERO:.*]] = descent.constant dense<0> : tensor<i32>
  // CHECK-DAG: %[[TRUE:.*]] = descent.constant dense<true> : tensor<i1>
  // CHECK-DAG: %[[SIX:.*]] = descent.constant dense<6> : tensor<i32>
  %zero = descent.constant dense<0> : tensor<i32>
  %one = descent.constant dense<1> : tensor<i32>
  %two = descent.constant dense<2> : tensor<i32>
  %three = descent.constant dense<3> : tensor<i32>
  %m = descent.mul %x, %zero : tensor<i32>
  %s = descent.sub %x, %x : tensor<i32>
  %e = descent.compare le %x, %x : tensor<i32>
  %d = descent.floordiv %x, %one : tensor<i32>
  %r = descent.mod %x, %one : tensor<i32>
  // CHECK: %[[P:.*]] = descent.mul %[[X]], %[[SIX]]
  %p2 = descent.mul %x, %two : tensor<i32>
  %p = descent.mul %p2, %three : tensor<i32>
  // CHECK: return %[[ZERO]], %[[ZERO]], %[[TRUE]], %[[X]], %[[ZERO]], %[[P]]
  return %m, %s, %e, %d, %r, %p : tensor<i32>, tensor<i32>, tensor<i1>, tensor<i32>, tensor<i32>, tensor<i32>
}

// Constants alone: none is regrouped, all are folded.
// CHECK-LABEL: func.func @constants_only
func.func @constants_only() -> (tensor<i32>, tensor<i32>) {
  // CHECK-DAG: %[[P:.*]] = descent.constant dense<30> : tensor<i32>
  // CHECK-DAG: %[[S:.*]] = descent.constant dense<10> : tensor<i32>
  // CHECK: return %[[P]], %[[S]]
  %two = descent.constant dense<2> : tensor<i32>
  %three = descent.constant dense<3> : tensor<i32>
  %five = descent.constant dense<5> : tensor<i32>
  %p2 = descent.mul %two, %three : tensor<i32>
  %p = descent.mul %p2, %five : tensor<i32>
  %s2 = descent.add %two, %three : tensor<i32>
  %s = descent.add %s2, %five : tensor<i32>
  return %p, %s : tensor<i32>, tensor<i32>
}

// CHECK-LABEL: func.func @signs
// CHECK-SAME: (%[[X:.*]]: tensor<f64>, %[[Y:.*]]: tensor<f64>)
func.func @signs(%x: tensor<f64>, %y: tensor<f64>) -> (tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>) {
  // CHECK-DAG: %[[C:.*]] = descent.constant dense<-2.000000e+00> : tensor<f64>
  %minus = descent.constant dense<-1.0> : tensor<f64>
  %two = descent.constant dense<2.0> : tensor<f64>
  %nx = descent.neg %x : tensor<f64>
  %ny = descent.neg %y : tensor<f64>
  // CHECK-DAG: %[[A:.*]] = descent.neg %[[X]]
  %a = descent.mul %x, %minus : tensor<f64>
  // CHECK-DAG: %[[B:.*]] = descent.mul %[[X]], %[[Y]]
  %b = descent.mul %nx, %ny : tensor<f64>
  // CHECK-DAG: %[[D:.*]] = descent.mul %[[X]], %[[C]]
  %c = descent.mul %nx, %two : tensor<f64>
  // CHECK-DAG: %[[E:.*]] = descent.div %[[X]], %[[Y]]
  %d = descent.div %nx, %ny : tensor<f64>
  // CHECK-DAG: %[[F:.*]] = descent.abs %[[X]]
  %e = descent.abs %nx : tensor<f64>
  // CHECK-DAG: %[[G:.*]] = descent.sub %[[Y]], %[[X]]
  %f0 = descent.sub %x, %y : tensor<f64>
  %f = descent.neg %f0 : tensor<f64>
  // CHECK: return %[[A]], %[[B]], %[[D]], %[[E]], %[[F]], %[[G]]
  return %a, %b, %c, %d, %e, %f : tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>, tensor<f64>
}

// CHECK-LABEL: func.func @powers
// CHECK-SAME: (%[[X:.*]]: tensor<f32>)
func.func @powers(%x: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
  // CHECK-DAG: %[[ONE:.*]] = descent.constant dense<1.000000e+00> : tensor<f32>
  // CHECK-DAG: %[[FIVE:.*]] = descent.constant dense<5.000000e+00> : tensor<f32>
  %c0 = descent.constant dense<0.0> : tensor<f32>
  %c2 = descent.constant dense<2.0> : tensor<f32>
  %c3 = descent.constant dense<3.0> : tensor<f32>
  %c5 = descent.constant dense<5.0> : tensor<f32>
  %cm = descent.constant dense<-1.0> : tensor<f32>
  %0 = descent.pow %x, %c0 : tensor<f32>
  // CHECK: %[[P2:.*]] = descent.mul %[[X]], %[[X]]
  %2 = descent.pow %x, %c2 : tensor<f32>
  // CHECK: %[[P3:.*]] = descent.mul %{{.*}}, %{{.*}}
  %3 = descent.pow %x, %c3 : tensor<f32>
  // CHECK: %[[P5:.*]] = descent.pow %[[X]], %[[FIVE]]
  %5 = descent.pow %x, %c5 : tensor<f32>
  // CHECK: %[[INV:.*]] = descent.div %[[ONE]], %[[X]]
  %m = descent.pow %x, %cm : tensor<f32>
  // CHECK: return %[[ONE]], %[[P2]], %[[P3]], %[[P5]], %[[INV]]
  return %0, %2, %3, %5, %m : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}

// Division by a power of two is exact as a product.
// CHECK-LABEL: func.func @quarter
func.func @quarter(%x: tensor<f64>) -> tensor<f64> {
  // CHECK: %[[C:.*]] = descent.constant dense<2.500000e-01> : tensor<f64>
  // CHECK: descent.mul %{{.*}}, %[[C]]
  %c = descent.constant dense<4.0> : tensor<f64>
  %y = descent.div %x, %c : tensor<f64>
  return %y : tensor<f64>
}

// CHECK-LABEL: func.func @idempotent
// CHECK-SAME: (%[[X:.*]]: tensor<f64>, %[[C:.*]]: tensor<i1>, %[[Y:.*]]: tensor<f64>)
func.func @idempotent(%x: tensor<f64>, %c: tensor<i1>, %y: tensor<f64>) -> (tensor<f64>, tensor<f64>, tensor<f64>) {
  %m = descent.max %x, %x : tensor<f64>
  // CHECK: %[[F:.*]] = descent.floor %[[X]]
  %f0 = descent.floor %x : tensor<f64>
  %f = descent.ceil %f0 : tensor<f64>
  // CHECK: %[[S:.*]] = descent.select %[[C]], %[[X]], %[[Y]]
  %zero = descent.constant dense<0.0> : tensor<f64>
  %a = descent.select %c, %x, %zero : tensor<i1>, tensor<f64>
  %b = descent.select %c, %zero, %y : tensor<i1>, tensor<f64>
  %s = descent.add %b, %a : tensor<f64>
  // CHECK: return %[[X]], %[[F]], %[[S]]
  return %m, %f, %s : tensor<f64>, tensor<f64>, tensor<f64>
}
