// RUN: %descent-opt %s | %descent-opt | FileCheck %s
// RUN: %descent-opt --mlir-print-op-generic %s | %descent-opt | FileCheck %s

// CHECK-LABEL: func.func @host
func.func @host(%x: tensor<2xf32>, %i: tensor<i32>, %ok: tensor<2xi1>) {
  // CHECK: %{{.*}} = descent.input 0 : tensor<1000x2xf32>
  %0 = descent.input 0 : tensor<1000x2xf32>
  // CHECK: descent.effect 3(%{{.*}}, %{{.*}}) : (tensor<2xf32>, tensor<i32>)
  descent.effect 3 (%x, %i) : (tensor<2xf32>, tensor<i32>)
  // CHECK: descent.effect 4() : ()
  descent.effect 4 () : ()
  // CHECK: descent.check 1 %{{.*}}(%{{.*}}) : tensor<2xi1>, (tensor<i32>)
  descent.check 1 %ok (%i) : tensor<2xi1>, (tensor<i32>)
  // CHECK: descent.check 2 %{{.*}}() : tensor<2xi1>, ()
  descent.check 2 %ok () : tensor<2xi1>, ()
  // CHECK: %{{.*}} = descent.poll : tensor<i1>
  %1 = descent.poll : tensor<i1>
  // CHECK: %{{.*}} = descent.clock : tensor<f64>
  %2 = descent.clock : tensor<f64>
  return
}
