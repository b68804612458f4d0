// RUN: %descent-opt --split-input-file --verify-diagnostics %s

func.func @f() {
  // expected-error @+1 {{'descent.input' op attribute 'index' failed to satisfy constraint}}
  %0 = descent.input -1 : tensor<f32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'descent.input' op result #0 must be}}
  %0 = descent.input 0 : tensor<f16>
  return
}

// -----

func.func @f(%x: tensor<f16>) {
  // expected-error @+1 {{'descent.effect' op operand #0 must be}}
  descent.effect 0 (%x) : (tensor<f16>)
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'descent.effect' op attribute 'index' failed to satisfy constraint}}
  descent.effect -1 () : ()
  return
}

// -----

func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.check' op operand #0 must be}}
  descent.check 0 %x () : tensor<f32>, ()
  return
}

// -----

func.func @f(%x: tensor<i1>) {
  // expected-error @+1 {{'descent.check' op attribute 'index' failed to satisfy constraint}}
  descent.check -1 %x () : tensor<i1>, ()
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'descent.poll' op result #0 must be}}
  %0 = descent.poll : tensor<1xi1>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'descent.clock' op result #0 must be}}
  %0 = descent.clock : tensor<f32>
  return
}
