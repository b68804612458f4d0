// RUN: %descent-opt --split-input-file --verify-diagnostics %s

func.func @f() {
  // expected-error @+1 {{'descent.constant' op needs dense elements}}
  %0 = descent.constant sparse<0, 1.0> : tensor<4xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'descent.constant' op failed to verify that all of {value, result} have same type}}
  %0 = "descent.constant"() <{value = dense<1.0> : tensor<4xf32>}> : () -> tensor<3xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'descent.iota' op needs a dimension of its result, got 1 of 'tensor<4xi32>'}}
  %0 = descent.iota 1 : tensor<4xi32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'descent.iota' op attribute 'dim' failed to satisfy constraint}}
  %0 = descent.iota -1 : tensor<4xi32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'descent.iota' op result #0 must be}}
  %0 = descent.iota 0 : tensor<4xi1>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.reshape' op keeps the number of elements, got 'tensor<2x3xf32>' and 'tensor<5xf32>'}}
  %0 = descent.reshape %x : tensor<2x3xf32> to tensor<5xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.reshape' op requires the same element type for all operands and results}}
  %0 = descent.reshape %x : tensor<2x3xf32> to tensor<6xf64>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{transpose needs one entry for each dimension}}
  // expected-error @+1 {{'descent.transpose' op failed to infer returned types}}
  %0 = descent.transpose %x [0] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{transpose needs a permutation of the dimensions}}
  // expected-error @+1 {{'descent.transpose' op failed to infer returned types}}
  %0 = descent.transpose %x [0, 0] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{transpose needs a permutation of the dimensions}}
  // expected-error @+1 {{'descent.transpose' op failed to infer returned types}}
  %0 = descent.transpose %x [0, 2] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{transpose needs a permutation of the dimensions}}
  // expected-error @+1 {{'descent.transpose' op failed to infer returned types}}
  %0 = descent.transpose %x [-1, 0] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'descent.transpose' op inferred type(s) 'tensor<3x2xf32>' are incompatible with return type(s) of operation 'tensor<2x3xf32>'}}
  // expected-error @+1 {{'descent.transpose' op failed to infer returned types}}
  %0 = descent.transpose %x [1, 0] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.broadcast' op needs a result dimension for each of the operand's}}
  %0 = descent.broadcast %x [1] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.broadcast' op needs increasing dimensions of its result}}
  %0 = descent.broadcast %x [1, 0] : tensor<2x3xf32> to tensor<3x2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.broadcast' op needs increasing dimensions of its result}}
  %0 = descent.broadcast %x [1, 1] : tensor<2x3xf32> to tensor<3x2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.broadcast' op needs increasing dimensions of its result}}
  %0 = descent.broadcast %x [1, 3] : tensor<2x3xf32> to tensor<3x2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.broadcast' op keeps the sizes of the operand's dimensions, got 'tensor<2x3xf32>' and 'tensor<3x3xf32>'}}
  %0 = descent.broadcast %x [0, 1] : tensor<2x3xf32> to tensor<3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.broadcast' op requires the same element type for all operands and results}}
  %0 = descent.broadcast %x [0, 1] : tensor<2x3xf32> to tensor<2x3xf64>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{slice needs a start, limit and stride for each dimension}}
  // expected-error @+1 {{'descent.slice' op failed to infer returned types}}
  %0 = descent.slice %x [0] to [2, 3] by [1, 1] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{slice needs 0 <= start <= limit <= size and a positive stride}}
  // expected-error @+1 {{'descent.slice' op failed to infer returned types}}
  %0 = descent.slice %x [-1, 0] to [2, 3] by [1, 1] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{slice needs 0 <= start <= limit <= size and a positive stride}}
  // expected-error @+1 {{'descent.slice' op failed to infer returned types}}
  %0 = descent.slice %x [0, 2] to [2, 1] by [1, 1] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{slice needs 0 <= start <= limit <= size and a positive stride}}
  // expected-error @+1 {{'descent.slice' op failed to infer returned types}}
  %0 = descent.slice %x [0, 0] to [2, 4] by [1, 1] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{slice needs 0 <= start <= limit <= size and a positive stride}}
  // expected-error @+1 {{'descent.slice' op failed to infer returned types}}
  %0 = descent.slice %x [0, 0] to [2, 3] by [1, 0] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'descent.slice' op inferred type(s) 'tensor<1x3xf32>' are incompatible}}
  // expected-error @+1 {{'descent.slice' op failed to infer returned types}}
  %0 = descent.slice %x [0, 0] to [1, 3] by [1, 1] : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %z: tensor<f32>) {
  // expected-error @+2 {{pad needs low, high and interior for each dimension}}
  // expected-error @+1 {{'descent.pad' op failed to infer returned types}}
  %0 = descent.pad %x, %z low [0, 0] high [0] interior [0, 0] : tensor<2x3xf32>, tensor<f32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %z: tensor<f64>) {
  // expected-error @+2 {{pad needs a value of the array's element type}}
  // expected-error @+1 {{'descent.pad' op failed to infer returned types}}
  %0 = descent.pad %x, %z low [0, 0] high [0, 0] interior [0, 0] : tensor<2x3xf32>, tensor<f64> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %z: tensor<f32>) {
  // expected-error @+2 {{pad needs amounts of zero or more}}
  // expected-error @+1 {{'descent.pad' op failed to infer returned types}}
  %0 = descent.pad %x, %z low [-1, 0] high [0, 0] interior [0, 0] : tensor<2x3xf32>, tensor<f32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %z: tensor<f32>) {
  // expected-error @+2 {{pad needs amounts of zero or more}}
  // expected-error @+1 {{'descent.pad' op failed to infer returned types}}
  %0 = descent.pad %x, %z low [0, 0] high [0, -1] interior [0, 0] : tensor<2x3xf32>, tensor<f32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %z: tensor<f32>) {
  // expected-error @+2 {{pad needs amounts of zero or more}}
  // expected-error @+1 {{'descent.pad' op failed to infer returned types}}
  %0 = descent.pad %x, %z low [0, 0] high [0, 0] interior [-1, 0] : tensor<2x3xf32>, tensor<f32> to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %z: tensor<f32>) {
  // expected-error @+2 {{'descent.pad' op inferred type(s) 'tensor<2x4xf32>' are incompatible}}
  // expected-error @+1 {{'descent.pad' op failed to infer returned types}}
  %0 = descent.pad %x, %z low [0, 1] high [0, 0] interior [0, 0] : tensor<2x3xf32>, tensor<f32> to tensor<2x3xf32>
  return
}

// -----

// No array at all has no type.
func.func @f() {
  // expected-error @+2 {{concat needs at least one array}}
  // expected-error @+1 {{'descent.concat' op failed to infer returned types}}
  %0 = "descent.concat"() <{dim = 0 : i64}> : () -> tensor<0xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{concat needs a dimension of its operands}}
  // expected-error @+1 {{'descent.concat' op failed to infer returned types}}
  %0 = descent.concat 2 %x : (tensor<2x3xf32>) to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.concat' op attribute 'dim' failed to satisfy constraint}}
  %0 = descent.concat -1 %x : (tensor<2x3xf32>) to tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<2x3xf64>) {
  // expected-error @+2 {{concat needs arrays of one rank and element type}}
  // expected-error @+1 {{'descent.concat' op failed to infer returned types}}
  %0 = descent.concat 0 %x, %y : (tensor<2x3xf32>, tensor<2x3xf64>) to tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<2xf32>) {
  // expected-error @+2 {{concat needs arrays of one rank and element type}}
  // expected-error @+1 {{'descent.concat' op failed to infer returned types}}
  %0 = descent.concat 0 %x, %y : (tensor<2x3xf32>, tensor<2xf32>) to tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) {
  // expected-error @+2 {{concat needs equal sizes along the other dimensions}}
  // expected-error @+1 {{'descent.concat' op failed to infer returned types}}
  %0 = descent.concat 0 %x, %y : (tensor<2x3xf32>, tensor<2x4xf32>) to tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.reverse' op needs dimensions of its operand, each named once}}
  %0 = descent.reverse %x [2] : tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.reverse' op needs dimensions of its operand, each named once}}
  %0 = descent.reverse %x [-1] : tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'descent.reverse' op needs dimensions of its operand, each named once}}
  %0 = descent.reverse %x [1, 1] : tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<i32>) {
  // expected-error @+2 {{dynamic_slice needs a start and a size for each dimension}}
  // expected-error @+1 {{'descent.dynamic_slice' op failed to infer returned types}}
  %0 = descent.dynamic_slice %x[%i] sizes [1, 3] : tensor<2x3xf32>, tensor<i32> to tensor<1x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<i32>) {
  // expected-error @+2 {{dynamic_slice needs sizes that fit the array}}
  // expected-error @+1 {{'descent.dynamic_slice' op failed to infer returned types}}
  %0 = descent.dynamic_slice %x[%i, %i] sizes [1, 4] : tensor<2x3xf32>, tensor<i32>, tensor<i32> to tensor<1x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<i32>) {
  // expected-error @+2 {{dynamic_slice needs sizes that fit the array}}
  // expected-error @+1 {{'descent.dynamic_slice' op failed to infer returned types}}
  %0 = descent.dynamic_slice %x[%i, %i] sizes [-1, 3] : tensor<2x3xf32>, tensor<i32>, tensor<i32> to tensor<1x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<ui32>) {
  // expected-error @+1 {{'descent.dynamic_slice' op operand #1 must be}}
  %0 = descent.dynamic_slice %x[%i, %i] sizes [1, 3] : tensor<2x3xf32>, tensor<ui32>, tensor<ui32> to tensor<1x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<i32>, %u: tensor<3xf32>) {
  // expected-error @+1 {{'descent.update' op needs an update of the array's rank and element type and a start for each dimension}}
  %0 = descent.update %x, %u[%i, %i] : tensor<2x3xf32>, tensor<3xf32>, tensor<i32>, tensor<i32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<i32>, %u: tensor<1x3xf64>) {
  // expected-error @+1 {{'descent.update' op needs an update of the array's rank and element type and a start for each dimension}}
  %0 = descent.update %x, %u[%i, %i] : tensor<2x3xf32>, tensor<1x3xf64>, tensor<i32>, tensor<i32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<i32>, %u: tensor<1x3xf32>) {
  // expected-error @+1 {{'descent.update' op needs an update of the array's rank and element type and a start for each dimension}}
  %0 = descent.update %x, %u[%i] : tensor<2x3xf32>, tensor<1x3xf32>, tensor<i32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<i32>, %u: tensor<1x4xf32>) {
  // expected-error @+1 {{'descent.update' op needs an update that fits the array, got 'tensor<1x4xf32>' in 'tensor<2x3xf32>'}}
  %0 = descent.update %x, %u[%i, %i] : tensor<2x3xf32>, tensor<1x4xf32>, tensor<i32>, tensor<i32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<4xi32>) {
  // expected-error @+2 {{gather needs equal batch dimensions and an axis after them}}
  // expected-error @+1 {{'descent.gather' op failed to infer returned types}}
  %0 = descent.gather %x, %i axis 2 batch 0 : tensor<2x3xf32>, tensor<4xi32> to tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<4xi32>) {
  // expected-error @+2 {{gather needs equal batch dimensions and an axis after them}}
  // expected-error @+1 {{'descent.gather' op failed to infer returned types}}
  %0 = descent.gather %x, %i axis 1 batch 1 : tensor<2x3xf32>, tensor<4xi32> to tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<4x3xf32>, %i: tensor<4xi32>) {
  // expected-error @+2 {{gather needs equal batch dimensions and an axis after them}}
  // expected-error @+1 {{'descent.gather' op failed to infer returned types}}
  %0 = descent.gather %x, %i axis 0 batch 1 : tensor<4x3xf32>, tensor<4xi32> to tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<4xi32>) {
  // expected-error @+1 {{'descent.gather' op attribute 'batch_dims' failed to satisfy constraint}}
  %0 = descent.gather %x, %i axis 0 batch -1 : tensor<2x3xf32>, tensor<4xi32> to tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<4xf32>) {
  // expected-error @+1 {{'descent.gather' op operand #1 must be}}
  %0 = descent.gather %x, %i axis 0 batch 0 : tensor<2x3xf32>, tensor<4xf32> to tensor<4x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<4xi32>) {
  // expected-error @+2 {{'descent.gather' op inferred type(s) 'tensor<4x3xf32>' are incompatible}}
  // expected-error @+1 {{'descent.gather' op failed to infer returned types}}
  %0 = descent.gather %x, %i axis 0 batch 0 : tensor<2x3xf32>, tensor<4xi32> to tensor<4x2xf32>
  return
}

// -----

func.func @f(%x: tensor<f32>, %i: tensor<4xi32>) {
  // expected-error @+2 {{fetch needs an array of rows}}
  // expected-error @+1 {{'descent.fetch' op failed to infer returned types}}
  %0 = descent.fetch %x, %i : tensor<f32>, tensor<4xi32> to tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<4xi32>, %u: tensor<3x3xf32>) {
  // expected-error @+1 {{'descent.scatter' op needs updates shaped as a gather with these indices would be}}
  %0 = descent.scatter add %x, %i, %u axis 0 batch 0 : tensor<2x3xf32>, tensor<4xi32>, tensor<3x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %i: tensor<4xi32>, %u: tensor<4x3xf64>) {
  // expected-error @+1 {{'descent.scatter' op needs updates shaped as a gather with these indices would be}}
  %0 = descent.scatter add %x, %i, %u axis 0 batch 0 : tensor<2x3xf32>, tensor<4xi32>, tensor<4x3xf64>
  return
}

// -----

func.func @f(%x: tensor<2xi1>, %i: tensor<4xi32>, %u: tensor<4xi1>) {
  // expected-error @+1 {{'descent.scatter' op adds numbers, got 'tensor<2xi1>'}}
  %0 = descent.scatter add %x, %i, %u axis 0 batch 0 : tensor<2xi1>, tensor<4xi32>, tensor<4xi1>
  return
}
