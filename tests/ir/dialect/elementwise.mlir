// RUN: %descent-opt %s | %descent-opt | FileCheck %s
// RUN: %descent-opt --mlir-print-op-generic %s | %descent-opt | FileCheck %s

// CHECK-LABEL: func.func @numbers
func.func @numbers(%x: tensor<4xf32>, %y: tensor<4xf32>) {
  // CHECK: %{{.*}} = descent.abs %{{.*}} : tensor<4xf32>
  %0 = descent.abs %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.sign %{{.*}} : tensor<4xf32>
  %1 = descent.sign %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.neg %{{.*}} : tensor<4xf32>
  %2 = descent.neg %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.floor %{{.*}} : tensor<4xf32>
  %3 = descent.floor %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.ceil %{{.*}} : tensor<4xf32>
  %4 = descent.ceil %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.round %{{.*}} : tensor<4xf32>
  %5 = descent.round %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.sqrt %{{.*}} : tensor<4xf32>
  %6 = descent.sqrt %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.rsqrt %{{.*}} : tensor<4xf32>
  %7 = descent.rsqrt %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.cbrt %{{.*}} : tensor<4xf32>
  %8 = descent.cbrt %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.exp %{{.*}} : tensor<4xf32>
  %9 = descent.exp %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.exp2 %{{.*}} : tensor<4xf32>
  %10 = descent.exp2 %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.expm1 %{{.*}} : tensor<4xf32>
  %11 = descent.expm1 %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.log %{{.*}} : tensor<4xf32>
  %12 = descent.log %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.log2 %{{.*}} : tensor<4xf32>
  %13 = descent.log2 %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.log10 %{{.*}} : tensor<4xf32>
  %14 = descent.log10 %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.log1p %{{.*}} : tensor<4xf32>
  %15 = descent.log1p %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.sin %{{.*}} : tensor<4xf32>
  %16 = descent.sin %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.cos %{{.*}} : tensor<4xf32>
  %17 = descent.cos %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.tan %{{.*}} : tensor<4xf32>
  %18 = descent.tan %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.asin %{{.*}} : tensor<4xf32>
  %19 = descent.asin %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.acos %{{.*}} : tensor<4xf32>
  %20 = descent.acos %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.atan %{{.*}} : tensor<4xf32>
  %21 = descent.atan %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.sinh %{{.*}} : tensor<4xf32>
  %22 = descent.sinh %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.cosh %{{.*}} : tensor<4xf32>
  %23 = descent.cosh %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.tanh %{{.*}} : tensor<4xf32>
  %24 = descent.tanh %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.asinh %{{.*}} : tensor<4xf32>
  %25 = descent.asinh %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.acosh %{{.*}} : tensor<4xf32>
  %26 = descent.acosh %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.atanh %{{.*}} : tensor<4xf32>
  %27 = descent.atanh %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.erf %{{.*}} : tensor<4xf32>
  %28 = descent.erf %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.erfc %{{.*}} : tensor<4xf32>
  %29 = descent.erfc %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.erfinv %{{.*}} : tensor<4xf32>
  %30 = descent.erfinv %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.lgamma %{{.*}} : tensor<4xf32>
  %31 = descent.lgamma %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.sigmoid %{{.*}} : tensor<4xf32>
  %32 = descent.sigmoid %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.silu %{{.*}} : tensor<4xf32>
  %33 = descent.silu %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.gelu %{{.*}} : tensor<4xf32>
  %34 = descent.gelu %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.gelu_tanh %{{.*}} : tensor<4xf32>
  %35 = descent.gelu_tanh %x : tensor<4xf32>
  // CHECK: %{{.*}} = descent.add %{{.*}}, %{{.*}} : tensor<4xf32>
  %b0 = descent.add %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.sub %{{.*}}, %{{.*}} : tensor<4xf32>
  %b1 = descent.sub %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.mul %{{.*}}, %{{.*}} : tensor<4xf32>
  %b2 = descent.mul %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.div %{{.*}}, %{{.*}} : tensor<4xf32>
  %b3 = descent.div %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.floordiv %{{.*}}, %{{.*}} : tensor<4xf32>
  %b4 = descent.floordiv %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.mod %{{.*}}, %{{.*}} : tensor<4xf32>
  %b5 = descent.mod %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.pow %{{.*}}, %{{.*}} : tensor<4xf32>
  %b6 = descent.pow %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.max %{{.*}}, %{{.*}} : tensor<4xf32>
  %b7 = descent.max %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.min %{{.*}}, %{{.*}} : tensor<4xf32>
  %b8 = descent.min %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.atan2 %{{.*}}, %{{.*}} : tensor<4xf32>
  %b9 = descent.atan2 %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.logaddexp %{{.*}}, %{{.*}} : tensor<4xf32>
  %b10 = descent.logaddexp %x, %y : tensor<4xf32>
  // CHECK: %{{.*}} = descent.polygamma %{{.*}} order 0 : tensor<4xf32>
  %p = descent.polygamma %x order 0 : tensor<4xf32>
  // CHECK: %{{.*}} = descent.polygamma %{{.*}} order 1022 : tensor<4xf32>
  %q = descent.polygamma %x order 1022 : tensor<4xf32>
  // CHECK: %{{.*}} = descent.stop_gradient %{{.*}} : tensor<4xf32>
  %s = descent.stop_gradient %x : tensor<4xf32>
  return
}

// CHECK-LABEL: func.func @integers
func.func @integers(%x: tensor<3x0xi64>, %y: tensor<3x0xi64>) {
  // CHECK: %{{.*}} = descent.neg %{{.*}} : tensor<3x0xi64>
  %0 = descent.neg %x : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.abs %{{.*}} : tensor<3x0xi64>
  %1 = descent.abs %x : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.sign %{{.*}} : tensor<3x0xi64>
  %2 = descent.sign %x : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.not %{{.*}} : tensor<3x0xi64>
  %3 = descent.not %x : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.stop_gradient %{{.*}} : tensor<3x0xi64>
  %4 = descent.stop_gradient %x : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.add %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b0 = descent.add %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.sub %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b1 = descent.sub %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.mul %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b2 = descent.mul %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.floordiv %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b3 = descent.floordiv %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.mod %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b4 = descent.mod %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.pow %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b5 = descent.pow %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.max %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b6 = descent.max %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.min %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b7 = descent.min %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.and %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b8 = descent.and %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.or %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b9 = descent.or %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.xor %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b10 = descent.xor %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.shl %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b11 = descent.shl %x, %y : tensor<3x0xi64>
  // CHECK: %{{.*}} = descent.shr %{{.*}}, %{{.*}} : tensor<3x0xi64>
  %b12 = descent.shr %x, %y : tensor<3x0xi64>
  return
}

// CHECK-LABEL: func.func @bools
func.func @bools(%x: tensor<i1>, %y: tensor<i1>) {
  // CHECK: %{{.*}} = descent.not %{{.*}} : tensor<i1>
  %0 = descent.not %x : tensor<i1>
  // CHECK: %{{.*}} = descent.and %{{.*}}, %{{.*}} : tensor<i1>
  %b0 = descent.and %x, %y : tensor<i1>
  // CHECK: %{{.*}} = descent.or %{{.*}}, %{{.*}} : tensor<i1>
  %b1 = descent.or %x, %y : tensor<i1>
  // CHECK: %{{.*}} = descent.xor %{{.*}}, %{{.*}} : tensor<i1>
  %b2 = descent.xor %x, %y : tensor<i1>
  return
}

// CHECK-LABEL: func.func @keys
func.func @keys(%x: tensor<2xui64>, %y: tensor<2xui64>) {
  // CHECK: %{{.*}} = descent.threefry %{{.*}}, %{{.*}} : tensor<2xui64>
  %0 = descent.threefry %x, %y : tensor<2xui64>
  // CHECK: %{{.*}} = descent.xor %{{.*}}, %{{.*}} : tensor<2xui64>
  %1 = descent.xor %x, %y : tensor<2xui64>
  // CHECK: %{{.*}} = descent.shr %{{.*}}, %{{.*}} : tensor<2xui64>
  %2 = descent.shr %x, %y : tensor<2xui64>
  return
}

// CHECK-LABEL: func.func @comparisons
func.func @comparisons(%x: tensor<4xf64>, %y: tensor<4xf64>, %c: tensor<4xi1>) {
  // CHECK: %{{.*}} = descent.compare eq %{{.*}}, %{{.*}} : tensor<4xf64>
  %0 = descent.compare eq %x, %y : tensor<4xf64>
  // CHECK: %{{.*}} = descent.compare ne %{{.*}}, %{{.*}} : tensor<4xf64>
  %1 = descent.compare ne %x, %y : tensor<4xf64>
  // CHECK: %{{.*}} = descent.compare lt %{{.*}}, %{{.*}} : tensor<4xf64>
  %2 = descent.compare lt %x, %y : tensor<4xf64>
  // CHECK: %{{.*}} = descent.compare le %{{.*}}, %{{.*}} : tensor<4xf64>
  %3 = descent.compare le %x, %y : tensor<4xf64>
  // CHECK: %{{.*}} = descent.compare gt %{{.*}}, %{{.*}} : tensor<4xf64>
  %4 = descent.compare gt %x, %y : tensor<4xf64>
  // CHECK: %{{.*}} = descent.compare ge %{{.*}}, %{{.*}} : tensor<4xf64>
  %5 = descent.compare ge %x, %y : tensor<4xf64>
  // CHECK: %{{.*}} = descent.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<4xi1>, tensor<4xf64>
  %s = descent.select %c, %x, %y : tensor<4xi1>, tensor<4xf64>
  return
}

// CHECK-LABEL: func.func @conversions
func.func @conversions(%x: tensor<4xi32>, %y: tensor<4xui32>) {
  // CHECK: %{{.*}} = descent.convert %{{.*}} : tensor<4xi32> to tensor<4xf64>
  %0 = descent.convert %x : tensor<4xi32> to tensor<4xf64>
  // CHECK: %{{.*}} = descent.convert %{{.*}} : tensor<4xi32> to tensor<4xi1>
  %1 = descent.convert %x : tensor<4xi32> to tensor<4xi1>
  // CHECK: %{{.*}} = descent.convert %{{.*}} : tensor<4xui32> to tensor<4xui64>
  %2 = descent.convert %y : tensor<4xui32> to tensor<4xui64>
  // CHECK: %{{.*}} = descent.bitcast %{{.*}} : tensor<4xui32> to tensor<4xf32>
  %3 = descent.bitcast %y : tensor<4xui32> to tensor<4xf32>
  // CHECK: %{{.*}} = descent.bitcast %{{.*}} : tensor<4xi32> to tensor<4xui32>
  %4 = descent.bitcast %x : tensor<4xi32> to tensor<4xui32>
  return
}
