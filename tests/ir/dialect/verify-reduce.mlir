// RUN: %descent-opt --split-input-file --verify-diagnostics %s

func.func @f(%x: tensor<2xi1>) {
  // expected-error @+1 {{'descent.reduce_sum' op operand #0 must be}}
  %0 = descent.reduce_sum %x [0] : tensor<2xi1> to tensor<i1>
  return
}

// -----

func.func @f(%x: tensor<2xi1>) {
  // expected-error @+1 {{'descent.reduce_prod' op operand #0 must be}}
  %0 = descent.reduce_prod %x [0] : tensor<2xi1> to tensor<i1>
  return
}

// -----

func.func @f(%x: tensor<2xi1>) {
  // expected-error @+1 {{'descent.reduce_max' op operand #0 must be}}
  %0 = descent.reduce_max %x [0] : tensor<2xi1> to tensor<i1>
  return
}

// -----

func.func @f(%x: tensor<2xi1>) {
  // expected-error @+1 {{'descent.reduce_min' op operand #0 must be}}
  %0 = descent.reduce_min %x [0] : tensor<2xi1> to tensor<i1>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'descent.reduce_and' op operand #0 must be}}
  %0 = descent.reduce_and %x [0] : tensor<2xf32> to tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'descent.reduce_or' op operand #0 must be}}
  %0 = descent.reduce_or %x [0] : tensor<2xf32> to tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{a reduction needs increasing dimensions of its operand}}
  // expected-error @+1 {{'descent.reduce_sum' op failed to infer returned types}}
  %0 = descent.reduce_sum %x [2] : tensor<2x3xf32> to tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{a reduction needs increasing dimensions of its operand}}
  // expected-error @+1 {{'descent.reduce_sum' op failed to infer returned types}}
  %0 = descent.reduce_sum %x [-1] : tensor<2x3xf32> to tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{a reduction needs increasing dimensions of its operand}}
  // expected-error @+1 {{'descent.reduce_sum' op failed to infer returned types}}
  %0 = descent.reduce_sum %x [1, 0] : tensor<2x3xf32> to tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{a reduction needs increasing dimensions of its operand}}
  // expected-error @+1 {{'descent.reduce_sum' op failed to infer returned types}}
  %0 = descent.reduce_sum %x [0, 0] : tensor<2x3xf32> to tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'descent.reduce_max' op inferred type(s) 'tensor<3xf32>' are incompatible with return type(s) of operation 'tensor<2xf32>'}}
  // expected-error @+1 {{'descent.reduce_max' op failed to infer returned types}}
  %0 = descent.reduce_max %x [0] : tensor<2x3xf32> to tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{needs a dimension of the operand}}
  // expected-error @+1 {{'descent.argmax' op failed to infer returned types}}
  %0 = descent.argmax %x 2 : tensor<2x3xf32> to tensor<2xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xi1>) {
  // expected-error @+1 {{'descent.argmax' op operand #0 must be}}
  %0 = descent.argmax %x 1 : tensor<2x3xi1> to tensor<2xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'descent.argmax' op inferred type(s) 'tensor<2xi32>' are incompatible}}
  // expected-error @+1 {{'descent.argmax' op failed to infer returned types}}
  %0 = descent.argmax %x 1 : tensor<2x3xf32> to tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{needs a dimension of the operand}}
  // expected-error @+1 {{'descent.argmin' op failed to infer returned types}}
  %0 = descent.argmin %x 2 : tensor<2x3xf32> to tensor<2xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xi1>) {
  // expected-error @+1 {{'descent.argmin' op operand #0 must be}}
  %0 = descent.argmin %x 1 : tensor<2x3xi1> to tensor<2xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'descent.argmin' op inferred type(s) 'tensor<2xi32>' are incompatible}}
  // expected-error @+1 {{'descent.argmin' op failed to infer returned types}}
  %0 = descent.argmin %x 1 : tensor<2x3xf32> to tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{needs a dimension of the operand}}
  // expected-error @+1 {{'descent.argsort' op failed to infer returned types}}
  %0 = descent.argsort %x 2 : tensor<2x3xf32> to tensor<2x3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xi1>) {
  // expected-error @+1 {{'descent.argsort' op operand #0 must be}}
  %0 = descent.argsort %x 1 : tensor<2x3xi1> to tensor<2x3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'descent.argsort' op inferred type(s) 'tensor<2x3xi32>' are incompatible}}
  // expected-error @+1 {{'descent.argsort' op failed to infer returned types}}
  %0 = descent.argsort %x 1 : tensor<2x3xf32> to tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.argmax' op attribute 'dim' failed to satisfy constraint}}
  %0 = descent.argmax %x -1 : tensor<2x3xf32> to tensor<2xi32>
  return
}

// -----

func.func @f(%x: tensor<2x0xf32>) {
  // expected-error @+2 {{needs at least one element along the dimension}}
  // expected-error @+1 {{'descent.argmin' op failed to infer returned types}}
  %0 = descent.argmin %x 1 : tensor<2x0xf32> to tensor<2xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.cumsum' op needs a dimension of its operand}}
  %0 = descent.cumsum %x 2 : tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2xi1>) {
  // expected-error @+1 {{'descent.cumsum' op operand #0 must be}}
  %0 = descent.cumsum %x 0 : tensor<2xi1>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.cumprod' op needs a dimension of its operand}}
  %0 = descent.cumprod %x 2 : tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2xi1>) {
  // expected-error @+1 {{'descent.cumprod' op operand #0 must be}}
  %0 = descent.cumprod %x 0 : tensor<2xi1>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.cummax' op needs a dimension of its operand}}
  %0 = descent.cummax %x 2 : tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2xi1>) {
  // expected-error @+1 {{'descent.cummax' op operand #0 must be}}
  %0 = descent.cummax %x 0 : tensor<2xi1>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3x2xf64>) {
  // expected-error @+2 {{dot needs operands of one element type}}
  // expected-error @+1 {{'descent.dot' op failed to infer returned types}}
  %0 = descent.dot %x, %y batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x2xf64> to tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) {
  // expected-error @+2 {{dot needs paired dimensions of equal size, each named once}}
  // expected-error @+1 {{'descent.dot' op failed to infer returned types}}
  %0 = descent.dot %x, %y batch [] x [] contract [1] x [1] : tensor<2x3xf32>, tensor<3x2xf32> to tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) {
  // expected-error @+2 {{dot needs paired dimensions of equal size, each named once}}
  // expected-error @+1 {{'descent.dot' op failed to infer returned types}}
  %0 = descent.dot %x, %y batch [] x [] contract [1] x [] : tensor<2x3xf32>, tensor<3x2xf32> to tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) {
  // expected-error @+2 {{dot needs paired dimensions of equal size, each named once}}
  // expected-error @+1 {{'descent.dot' op failed to infer returned types}}
  %0 = descent.dot %x, %y batch [0] x [1] contract [0] x [0] : tensor<2x3xf32>, tensor<3x2xf32> to tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) {
  // expected-error @+2 {{dot needs paired dimensions of equal size, each named once}}
  // expected-error @+1 {{'descent.dot' op failed to infer returned types}}
  %0 = descent.dot %x, %y batch [2] x [1] contract [1] x [0] : tensor<2x3xf32>, tensor<3x2xf32> to tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) {
  // expected-error @+2 {{dot needs paired dimensions of equal size, each named once}}
  // expected-error @+1 {{'descent.dot' op failed to infer returned types}}
  %0 = descent.dot %x, %y batch [1, 1] x [0, 0] contract [] x [] : tensor<2x3xf32>, tensor<3x2xf32> to tensor<2x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<3x2xf32>) {
  // expected-error @+2 {{'descent.dot' op inferred type(s) 'tensor<2x2xf32>' are incompatible}}
  // expected-error @+1 {{'descent.dot' op failed to infer returned types}}
  %0 = descent.dot %x, %y batch [] x [] contract [1] x [0] : tensor<2x3xf32>, tensor<3x2xf32> to tensor<4xf32>
  return
}
