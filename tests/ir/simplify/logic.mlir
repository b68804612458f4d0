// RUN: %descent-opt --simplify %s | FileCheck %s

// CHECK-LABEL: func.func @bits
// CHECK-SAME: (%[[P:.*]]: tensor<i1>, %[[X:.*]]: tensor<i32>)
func.func @bits(%p: tensor<i1>, %x: tensor<i32>) -> (tensor<i1>, tensor<i32>, tensor<i32>, tensor<i1>, tensor<i32>) {
  // CHECK-DAG: %[[ZERO:.*]] = descent.constant dense<0> : tensor<i32>
  %true = descent.constant dense<true> : tensor<i1>
  %zero = descent.constant dense<0> : tensor<i32>
  %ones = descent.constant dense<-1> : tensor<i32>
  %a = descent.and %p, %p : tensor<i1>
  %b = descent.and %x, %zero : tensor<i32>
  %c = descent.and %x, %ones : tensor<i32>
  // CHECK: %[[N:.*]] = descent.not %[[P]]
  %d = descent.xor %p, %true : tensor<i1>
  %e = descent.xor %x, %x : tensor<i32>
  // CHECK: return %[[P]], %[[ZERO]], %[[X]], %[[N]], %[[ZERO]]
  return %a, %b, %c, %d, %e : tensor<i1>, tensor<i32>, tensor<i32>, tensor<i1>, tensor<i32>
}

// A comparison of floats may be false both ways.
// CHECK-LABEL: func.func @negated_comparisons
func.func @negated_comparisons(%x: tensor<i32>, %y: tensor<i32>, %a: tensor<f32>, %b: tensor<f32>) -> (tensor<i1>, tensor<i1>, tensor<i1>) {
  // CHECK: %[[I:.*]] = descent.compare ge %{{.*}}, %{{.*}} : tensor<i32>
  %0 = descent.compare lt %x, %y : tensor<i32>
  %1 = descent.not %0 : tensor<i1>
  // CHECK: %[[E:.*]] = descent.compare ne %{{.*}}, %{{.*}} : tensor<f32>
  %2 = descent.compare eq %a, %b : tensor<f32>
  %3 = descent.not %2 : tensor<i1>
  // CHECK: %[[F:.*]] = descent.compare lt %{{.*}}, %{{.*}} : tensor<f32>
  // CHECK: %[[G:.*]] = descent.not %[[F]]
  %4 = descent.compare lt %a, %b : tensor<f32>
  %5 = descent.not %4 : tensor<i1>
  // CHECK: return %[[I]], %[[E]], %[[G]]
  return %1, %3, %5 : tensor<i1>, tensor<i1>, tensor<i1>
}

// CHECK-LABEL: func.func @select
// CHECK-SAME: (%[[C:.*]]: tensor<i1>, %[[X:.*]]: tensor<f32>, %[[Y:.*]]: tensor<f32>)
func.func @select(%c: tensor<i1>, %x: tensor<f32>, %y: tensor<f32>) -> (tensor<f32>, tensor<i1>, tensor<f32>, tensor<i1>) {
  %true = descent.constant dense<true> : tensor<i1>
  %false = descent.constant dense<false> : tensor<i1>
  // CHECK: %[[A:.*]] = descent.select %[[C]], %[[Y]], %[[X]]
  %n = descent.not %c : tensor<i1>
  %a = descent.select %n, %x, %y : tensor<i1>, tensor<f32>
  %b = descent.select %c, %true, %false : tensor<i1>, tensor<i1>
  // CHECK: %[[D:.*]] = descent.select %[[C]], %[[X]], %[[Y]]
  %i = descent.select %c, %x, %y : tensor<i1>, tensor<f32>
  %d = descent.select %c, %i, %y : tensor<i1>, tensor<f32>
  %e = descent.compare ne %c, %false : tensor<i1>
  // CHECK: return %[[A]], %[[C]], %[[D]], %[[C]]
  return %a, %b, %d, %e : tensor<f32>, tensor<i1>, tensor<f32>, tensor<i1>
}

// CHECK-LABEL: func.func @conversions
// CHECK-SAME: (%[[I:.*]]: tensor<i32>, %[[F:.*]]: tensor<f32>, %[[P:.*]]: tensor<i1>)
func.func @conversions(%i: tensor<i32>, %f: tensor<f32>, %p: tensor<i1>) -> (tensor<i32>, tensor<f32>, tensor<f64>, tensor<ui32>, tensor<i32>) {
  %0 = descent.convert %i : tensor<i32> to tensor<f64>
  %a = descent.convert %0 : tensor<f64> to tensor<i32>
  // CHECK-DAG: %[[B:.*]] = descent.convert %[[I]] : tensor<i32> to tensor<f32>
  %b = descent.convert %0 : tensor<f64> to tensor<f32>
  // CHECK-DAG: %[[C:.*]] = descent.convert %[[P]] : tensor<i1> to tensor<f64>
  %1 = descent.convert %p : tensor<i1> to tensor<i32>
  %c = descent.convert %1 : tensor<i32> to tensor<f64>
  // A negative number saturates to 0 here, and would wrap without the float.
  // CHECK-DAG: %[[W:.*]] = descent.convert %[[I]] : tensor<i32> to tensor<f64>
  // CHECK-DAG: %[[D:.*]] = descent.convert %[[W]] : tensor<f64> to tensor<ui32>
  %d = descent.convert %0 : tensor<f64> to tensor<ui32>
  // Not every i32 is an f32.
  // CHECK-DAG: %[[E:.*]] = descent.convert %[[B]] : tensor<f32> to tensor<i32>
  %2 = descent.convert %i : tensor<i32> to tensor<f32>
  %e = descent.convert %2 : tensor<f32> to tensor<i32>
  // CHECK: return %[[I]], %[[B]], %[[C]], %[[D]], %[[E]]
  return %a, %b, %c, %d, %e : tensor<i32>, tensor<f32>, tensor<f64>, tensor<ui32>, tensor<i32>
}

// CHECK-LABEL: func.func @iota_and_bitcast
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @iota_and_bitcast(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK: %[[I:.*]] = descent.iota 0 : tensor<4xf32>
  %0 = descent.iota 0 : tensor<4xi32>
  %1 = descent.convert %0 : tensor<4xi32> to tensor<4xf32>
  %2 = descent.bitcast %x : tensor<4xf32> to tensor<4xui32>
  %3 = descent.bitcast %2 : tensor<4xui32> to tensor<4xf32>
  // CHECK: return %[[I]], %[[X]]
  return %1, %3 : tensor<4xf32>, tensor<4xf32>
}

// While there is a derivative to take, stop_gradient stays; afterwards it is its operand.
// CHECK-LABEL: func.func @stop_gradient_done
func.func @stop_gradient_done(%x: tensor<f32>) -> tensor<f32> {
  // CHECK-NOT: stop_gradient
  %0 = descent.stop_gradient %x : tensor<f32>
  return %0 : tensor<f32>
}
// CHECK-LABEL: func.func @stop_gradient_needed
func.func @stop_gradient_needed(%x: tensor<f32>) -> tensor<f32> {
  // CHECK: stop_gradient
  %y, %d = descent.vjp(%x) cotangents(%x) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %s = descent.stop_gradient %a : tensor<f32>
    %m = descent.mul %a, %s : tensor<f32>
    descent.yield %m : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}
