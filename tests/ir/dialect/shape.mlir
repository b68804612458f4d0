// RUN: %descent-opt %s | %descent-opt | FileCheck %s
// RUN: %descent-opt --mlir-print-op-generic %s | %descent-opt | FileCheck %s

// CHECK-LABEL: func.func @makers
func.func @makers() {
  // CHECK: %{{.*}} = descent.constant dense<5.000000e-01> : tensor<4xf32>
  %0 = descent.constant dense<5.000000e-01> : tensor<4xf32>
  // CHECK: %{{.*}} = descent.constant dense<[1, -2, 3]> : tensor<3xi32>
  %1 = descent.constant dense<[1, -2, 3]> : tensor<3xi32>
  // CHECK: %{{.*}} = descent.constant dense<true> : tensor<i1>
  %2 = descent.constant dense<true> : tensor<i1>
  // CHECK: %{{.*}} = descent.constant dense<7> : tensor<ui64>
  %3 = descent.constant dense<7> : tensor<ui64>
  // CHECK: %{{.*}} = descent.constant dense<> : tensor<0x2xf64>
  %4 = descent.constant dense<> : tensor<0x2xf64>
  // CHECK: %{{.*}} = descent.iota 0 : tensor<10xi32>
  %5 = descent.iota 0 : tensor<10xi32>
  // CHECK: %{{.*}} = descent.iota 1 : tensor<2x3xf32>
  %6 = descent.iota 1 : tensor<2x3xf32>
  return
}

// CHECK-LABEL: func.func @shapes
func.func @shapes(%x: tensor<2x3xf32>, %v: tensor<3xf32>, %s: tensor<f32>) {
  // CHECK: %{{.*}} = descent.reshape %{{.*}} : tensor<2x3xf32> to tensor<6xf32>
  %0 = descent.reshape %x : tensor<2x3xf32> to tensor<6xf32>
  // CHECK: %{{.*}} = descent.reshape %{{.*}} : tensor<f32> to tensor<1x1xf32>
  %1 = descent.reshape %s : tensor<f32> to tensor<1x1xf32>
  // CHECK: %{{.*}} = descent.transpose %{{.*}} [1, 0] : tensor<2x3xf32> to tensor<3x2xf32>
  %2 = descent.transpose %x [1, 0] : tensor<2x3xf32> to tensor<3x2xf32>
  // CHECK: %{{.*}} = descent.broadcast %{{.*}} [1] : tensor<3xf32> to tensor<2x3xf32>
  %3 = descent.broadcast %v [1] : tensor<3xf32> to tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.broadcast %{{.*}} [] : tensor<f32> to tensor<0x2xf32>
  %4 = descent.broadcast %s [] : tensor<f32> to tensor<0x2xf32>
  // CHECK: %{{.*}} = descent.reverse %{{.*}} [0] : tensor<2x3xf32>
  %5 = descent.reverse %x [0] : tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.reverse %{{.*}} [1, 0] : tensor<2x3xf32>
  %6 = descent.reverse %x [1, 0] : tensor<2x3xf32>
  // CHECK: %{{.*}} = descent.reverse %{{.*}} [] : tensor<2x3xf32>
  %7 = descent.reverse %x [] : tensor<2x3xf32>
  return
}

// CHECK-LABEL: func.func @boxes
func.func @boxes(%x: tensor<2x3xf32>, %z: tensor<f32>, %i: tensor<i32>, %j: tensor<i64>, %u: tensor<1x3xf32>) {
  // CHECK: %{{.*}} = descent.slice %{{.*}} [0, 1] to [2, 3] by [1, 2] : tensor<2x3xf32> to tensor<2x1xf32>
  %0 = descent.slice %x [0, 1] to [2, 3] by [1, 2] : tensor<2x3xf32> to tensor<2x1xf32>
  // CHECK: %{{.*}} = descent.slice %{{.*}} [] to [] by [] : tensor<f32> to tensor<f32>
  %1 = descent.slice %z [] to [] by [] : tensor<f32> to tensor<f32>
  // CHECK: %{{.*}} = descent.pad %{{.*}}, %{{.*}} low [0, 1] high [0, 0] interior [2, 0] : tensor<2x1xf32>, tensor<f32> to tensor<4x2xf32>
  %2 = descent.pad %0, %z low [0, 1] high [0, 0] interior [2, 0] : tensor<2x1xf32>, tensor<f32> to tensor<4x2xf32>
  // CHECK: %{{.*}} = descent.concat 1 %{{.*}}, %{{.*}} : (tensor<2x1xf32>, tensor<2x3xf32>) to tensor<2x4xf32>
  %3 = descent.concat 1 %0, %x : (tensor<2x1xf32>, tensor<2x3xf32>) to tensor<2x4xf32>
  // CHECK: %{{.*}} = descent.dynamic_slice %{{.*}}[%{{.*}}, %{{.*}}] sizes [1, 3] : tensor<2x3xf32>, tensor<i32>, tensor<i64> to tensor<1x3xf32>
  %4 = descent.dynamic_slice %x[%i, %j] sizes [1, 3] : tensor<2x3xf32>, tensor<i32>, tensor<i64> to tensor<1x3xf32>
  // CHECK: %{{.*}} = descent.dynamic_slice %{{.*}}[] sizes [] : tensor<f32> to tensor<f32>
  %5 = descent.dynamic_slice %z[] sizes [] : tensor<f32> to tensor<f32>
  // CHECK: %{{.*}} = descent.update %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] : tensor<2x3xf32>, tensor<1x3xf32>, tensor<i32>, tensor<i64>
  %6 = descent.update %x, %u[%i, %j] : tensor<2x3xf32>, tensor<1x3xf32>, tensor<i32>, tensor<i64>
  // CHECK: %{{.*}} = descent.update %{{.*}}, %{{.*}}[] : tensor<f32>, tensor<f32>
  %7 = descent.update %z, %z[] : tensor<f32>, tensor<f32>
  return
}

// CHECK-LABEL: func.func @indices
func.func @indices(%x: tensor<5x2x3xf32>, %i: tensor<4xi32>, %b: tensor<5x4xi64>, %u: tensor<5x4x3xf32>) {
  // CHECK: %{{.*}} = descent.gather %{{.*}}, %{{.*}} axis 1 batch 0 : tensor<5x2x3xf32>, tensor<4xi32> to tensor<5x4x3xf32>
  %0 = descent.gather %x, %i axis 1 batch 0 : tensor<5x2x3xf32>, tensor<4xi32> to tensor<5x4x3xf32>
  // CHECK: %{{.*}} = descent.gather %{{.*}}, %{{.*}} axis 1 batch 1 : tensor<5x2x3xf32>, tensor<5x4xi64> to tensor<5x4x3xf32>
  %1 = descent.gather %x, %b axis 1 batch 1 : tensor<5x2x3xf32>, tensor<5x4xi64> to tensor<5x4x3xf32>
  // CHECK: %{{.*}} = descent.scatter add %{{.*}}, %{{.*}}, %{{.*}} axis 1 batch 0 : tensor<5x2x3xf32>, tensor<4xi32>, tensor<5x4x3xf32>
  %2 = descent.scatter add %x, %i, %u axis 1 batch 0 : tensor<5x2x3xf32>, tensor<4xi32>, tensor<5x4x3xf32>
  // CHECK: %{{.*}} = descent.scatter set %{{.*}}, %{{.*}}, %{{.*}} axis 1 batch 1 : tensor<5x2x3xf32>, tensor<5x4xi64>, tensor<5x4x3xf32>
  %3 = descent.scatter set %x, %b, %u axis 1 batch 1 : tensor<5x2x3xf32>, tensor<5x4xi64>, tensor<5x4x3xf32>
  return
}

// CHECK-LABEL: func.func @fetch
func.func @fetch(%x: tensor<5x3xf32>, %y: tensor<5xf64>, %i: tensor<4xi32>, %j: tensor<2x4xi64>) {
  // CHECK: %{{.*}} = descent.fetch %{{.*}}, %{{.*}} : tensor<5x3xf32>, tensor<4xi32> to tensor<4x3xf32>
  %0 = descent.fetch %x, %i : tensor<5x3xf32>, tensor<4xi32> to tensor<4x3xf32>
  // CHECK: %{{.*}} = descent.fetch %{{.*}}, %{{.*}} : tensor<5xf64>, tensor<2x4xi64> to tensor<2x4xf64>
  %1 = descent.fetch %y, %j : tensor<5xf64>, tensor<2x4xi64> to tensor<2x4xf64>
  return
}
