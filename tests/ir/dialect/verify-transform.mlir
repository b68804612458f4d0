// RUN: %descent-opt --split-input-file --verify-diagnostics %s

func.func @arguments(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.jvp' op needs region arguments like its primals: expected ('tensor<f32>'), got ('tensor<f64>')}}
  %y:2 = descent.jvp(%x) tangents(%x) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f64>):
    descent.yield %x : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return
}

// -----

func.func @tangents(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.jvp' op needs a tangent for each primal: expected ('tensor<f32>'), got ()}}
  %y:2 = descent.jvp(%x) tangents() : (tensor<f32>) tangents () {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return
}

// -----

func.func @results(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.jvp' op gives values, then tangents of floats: expected ('tensor<f32>', 'tensor<f32>'), got ('tensor<f32>')}}
  %y = descent.jvp(%x) tangents(%x) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<f32>)
  return
}

// -----

func.func @integer(%x: tensor<i32>) {
  // expected-error @+1 {{'descent.jvp' op operand #0 must be}}
  %y = descent.jvp(%x) tangents(%x) : (tensor<i32>) tangents (tensor<i32>) {
  ^bb0(%a: tensor<i32>):
    descent.yield %a : tensor<i32>
  } to (tensor<i32>)
  return
}

// -----

func.func @arguments(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.vjp' op needs region arguments like its primals: expected ('tensor<f32>'), got ()}}
  %y:2 = descent.vjp(%x) cotangents(%x) : (tensor<f32>) cotangents (tensor<f32>) {
    descent.yield %x : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return
}

// -----

func.func @more(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.vjp' op has more cotangents than yielded values}}
  %y:2 = descent.vjp(%x) cotangents(%x, %x) : (tensor<f32>) cotangents (tensor<f32>, tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return
}

// -----

func.func @cotangents(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.vjp' op needs cotangents of the first yielded values: expected ('tensor<i32>'), got ('tensor<f32>')}}
  %y:2 = descent.vjp(%x) cotangents(%x) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %i = descent.convert %a : tensor<f32> to tensor<i32>
    descent.yield %i : tensor<i32>
  } to (tensor<i32>, tensor<f32>)
  return
}

// -----

func.func @results(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.vjp' op gives values, then a cotangent per primal: expected ('tensor<f32>', 'tensor<f32>'), got ('tensor<f32>')}}
  %y = descent.vjp(%x) cotangents(%x) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<f32>)
  return
}

// -----

func.func @inputs(%x: tensor<3xf32>) {
  // expected-error @+1 {{'descent.vmap' op needs one more leading dimension: expected ('tensor<2xf32>'), got ('tensor<3xf32>')}}
  %y = descent.vmap 2 (%x) : (tensor<3xf32>) {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<2xf32>)
  return
}

// -----

func.func @results(%x: tensor<2xf32>) {
  // expected-error @+1 {{'descent.vmap' op gives one more leading dimension: expected ('tensor<2xf32>'), got ('tensor<f32>')}}
  %y = descent.vmap 2 (%x) : (tensor<2xf32>) {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<f32>)
  return
}

// -----

func.func @tapes(%x: tensor<2xf32>) {
  // expected-error @+1 {{'descent.vmap' op takes and gives arrays, not tapes}}
  %y = descent.vmap 2 (%x) : (tensor<2xf32>) {
  ^bb0(%a: tensor<f32>):
    %t = descent.tape_create : !descent.tape<tensor<f32>>
    descent.yield %t : !descent.tape<tensor<f32>>
  } to (tensor<2xf32>)
  return
}

// -----

func.func @size() {
  // expected-error @+1 {{'descent.vmap' op attribute 'size' failed to satisfy constraint}}
  descent.vmap -1 () : () {
    descent.yield
  } to ()
  return
}

// -----

func.func @inputs(%x: tensor<3xf32>) {
  // expected-error @+1 {{'descent.checkpoint' op needs region arguments like its inputs: expected ('tensor<3xf32>'), got ('tensor<f32>')}}
  %y = descent.checkpoint(%x) : (tensor<3xf32>) {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<f32>)
  return
}

// -----

func.func @results(%x: tensor<3xf32>) {
  // expected-error @+1 {{'descent.checkpoint' op gives what its region yields: expected ('tensor<3xf32>'), got ('tensor<f32>')}}
  %y = descent.checkpoint(%x) : (tensor<3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    descent.yield %a : tensor<3xf32>
  } to (tensor<f32>)
  return
}

// -----

func.func @capture(%x: tensor<3xf32>) {
  // expected-note @+1 {{required by region isolation constraints}}
  %y = descent.checkpoint() : () {
    // expected-error @+1 {{op using value defined outside the region}}
    %s = "descent.sin"(%x) : (tensor<3xf32>) -> tensor<3xf32>
    descent.yield %s : tensor<3xf32>
  } to (tensor<3xf32>)
  return
}
