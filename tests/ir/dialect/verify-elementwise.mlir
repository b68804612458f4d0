// RUN: %descent-opt --split-input-file --verify-diagnostics %s

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.neg' op operand #0 must be}}
  %0 = descent.neg %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.abs' op operand #0 must be}}
  %0 = descent.abs %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.sign' op operand #0 must be}}
  %0 = descent.sign %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.floor' op operand #0 must be}}
  %0 = descent.floor %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.ceil' op operand #0 must be}}
  %0 = descent.ceil %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.round' op operand #0 must be}}
  %0 = descent.round %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.sqrt' op operand #0 must be}}
  %0 = descent.sqrt %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.rsqrt' op operand #0 must be}}
  %0 = descent.rsqrt %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.cbrt' op operand #0 must be}}
  %0 = descent.cbrt %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.exp' op operand #0 must be}}
  %0 = descent.exp %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.exp2' op operand #0 must be}}
  %0 = descent.exp2 %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.expm1' op operand #0 must be}}
  %0 = descent.expm1 %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.log' op operand #0 must be}}
  %0 = descent.log %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.log2' op operand #0 must be}}
  %0 = descent.log2 %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.log10' op operand #0 must be}}
  %0 = descent.log10 %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.log1p' op operand #0 must be}}
  %0 = descent.log1p %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.sin' op operand #0 must be}}
  %0 = descent.sin %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.cos' op operand #0 must be}}
  %0 = descent.cos %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.tan' op operand #0 must be}}
  %0 = descent.tan %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.asin' op operand #0 must be}}
  %0 = descent.asin %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.acos' op operand #0 must be}}
  %0 = descent.acos %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.atan' op operand #0 must be}}
  %0 = descent.atan %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.sinh' op operand #0 must be}}
  %0 = descent.sinh %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.cosh' op operand #0 must be}}
  %0 = descent.cosh %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.tanh' op operand #0 must be}}
  %0 = descent.tanh %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.asinh' op operand #0 must be}}
  %0 = descent.asinh %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.acosh' op operand #0 must be}}
  %0 = descent.acosh %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.atanh' op operand #0 must be}}
  %0 = descent.atanh %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.erf' op operand #0 must be}}
  %0 = descent.erf %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.erfc' op operand #0 must be}}
  %0 = descent.erfc %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.erfinv' op operand #0 must be}}
  %0 = descent.erfinv %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.lgamma' op operand #0 must be}}
  %0 = descent.lgamma %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.sigmoid' op operand #0 must be}}
  %0 = descent.sigmoid %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.silu' op operand #0 must be}}
  %0 = descent.silu %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.gelu' op operand #0 must be}}
  %0 = descent.gelu %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.gelu_tanh' op operand #0 must be}}
  %0 = descent.gelu_tanh %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.add' op operand #0 must be}}
  %0 = descent.add %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.sub' op operand #0 must be}}
  %0 = descent.sub %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.mul' op operand #0 must be}}
  %0 = descent.mul %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.floordiv' op operand #0 must be}}
  %0 = descent.floordiv %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.mod' op operand #0 must be}}
  %0 = descent.mod %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.pow' op operand #0 must be}}
  %0 = descent.pow %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.max' op operand #0 must be}}
  %0 = descent.max %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.min' op operand #0 must be}}
  %0 = descent.min %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.div' op operand #0 must be}}
  %0 = descent.div %x, %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.atan2' op operand #0 must be}}
  %0 = descent.atan2 %x, %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.logaddexp' op operand #0 must be}}
  %0 = descent.logaddexp %x, %x : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.and' op operand #0 must be}}
  %0 = descent.and %x, %x : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.or' op operand #0 must be}}
  %0 = descent.or %x, %x : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.xor' op operand #0 must be}}
  %0 = descent.xor %x, %x : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.shl' op operand #0 must be}}
  %0 = descent.shl %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xi1>) {
  // expected-error @+1 {{'descent.shr' op operand #0 must be}}
  %0 = descent.shr %x, %x : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.not' op operand #0 must be}}
  %0 = descent.not %x : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xi64>) {
  // expected-error @+1 {{'descent.threefry' op operand #0 must be}}
  %0 = descent.threefry %x, %x : tensor<4xi64>
  return
}

// -----

func.func @f(%x: tensor<4xf16>) {
  // expected-error @+1 {{'descent.stop_gradient' op operand #0 must be}}
  %0 = descent.stop_gradient %x : tensor<4xf16>
  return
}

// -----

func.func @f(%x: tensor<4xi32>) {
  // expected-error @+1 {{'descent.polygamma' op operand #0 must be}}
  %0 = descent.polygamma %x order 1 : tensor<4xi32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.polygamma' op attribute 'order' failed to satisfy constraint}}
  %0 = descent.polygamma %x order -1 : tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.polygamma' op attribute 'order' failed to satisfy constraint}}
  %0 = descent.polygamma %x order 1023 : tensor<4xf32>
  return
}

// -----

// A shape that is not known.
func.func @f(%x: tensor<?xf32>) {
  // expected-error @+1 {{'descent.neg' op operand #0 must be}}
  %0 = descent.neg %x : tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{'descent.add' op all non-scalar operands/results must have the same shape and base type}}
  %0 = "descent.add"(%x, %y) : (tensor<4xf32>, tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.sin' op requires the same type for all operands and results}}
  %0 = "descent.sin"(%x) : (tensor<4xf32>) -> tensor<4xf64>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %y: tensor<4xf64>) {
  // expected-error @+1 {{'descent.compare' op requires all operands to have the same type}}
  %0 = "descent.compare"(%x, %y) <{predicate = #descent<predicate lt>}> : (tensor<4xf32>, tensor<4xf64>) -> tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.compare' op all non-scalar operands/results must have the same shape and base type}}
  %0 = "descent.compare"(%x, %x) <{predicate = #descent<predicate lt>}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<3xi1>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.select' op operand #0 must be}}
  %0 = descent.select %x, %x, %x : tensor<4xf32>, tensor<4xf32>
  return
}

// -----

func.func @f(%c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.select' op all non-scalar operands/results must have the same shape and base type}}
  %0 = descent.select %c, %x, %x : tensor<i1>, tensor<4xf32>
  return
}

// -----

func.func @f(%c: tensor<4xi1>, %x: tensor<4xf32>, %y: tensor<4xf64>) {
  // expected-error @+1 {{'descent.select' op failed to verify that all of {onTrue, onFalse, result} have same type}}
  %0 = "descent.select"(%c, %x, %y) : (tensor<4xi1>, tensor<4xf32>, tensor<4xf64>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.convert' op all non-scalar operands/results must have the same shape and base type}}
  %0 = descent.convert %x : tensor<4xf32> to tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.convert' op result #0 must be}}
  %0 = descent.convert %x : tensor<4xf32> to tensor<4xi8>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'descent.bitcast' op needs element types of one width, got 'tensor<4xf32>' and 'tensor<4xi64>'}}
  %0 = descent.bitcast %x : tensor<4xf32> to tensor<4xi64>
  return
}

// -----

// A scalar is no shape that fits all.
func.func @f(%x: tensor<4xf32>, %y: tensor<f32>) {
  // expected-error @+1 {{'descent.add' op all non-scalar operands/results must have the same shape and base type}}
  %0 = "descent.add"(%x, %y) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.convert' op all non-scalar operands/results must have the same shape and base type}}
  %0 = descent.convert %x : tensor<f32> to tensor<4xf64>
  return
}
