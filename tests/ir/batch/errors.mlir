// RUN: %descent-opt --expand-vmap --split-input-file --verify-diagnostics %s

func.func @effect(%x: tensor<3xf32>) {
  descent.vmap 3 (%x) : (tensor<3xf32>) {
  ^bb0(%a: tensor<f32>):
    // expected-error @below {{an effect cannot happen inside a vmap}}
    descent.effect 0 (%a) : (tensor<f32>)
    descent.yield
  } to ()
  return
}

// -----

func.func @tape(%x: tensor<3xf32>) {
  %t = descent.tape_create : !descent.tape<tensor<f32>>
  descent.vmap 3 (%x) : (tensor<3xf32>) {
  ^bb0(%a: tensor<f32>):
    // expected-error @below {{a vmap must be expanded before derivatives are}}
    %u = descent.tape_push %t, %a : !descent.tape<tensor<f32>>, tensor<f32>
    descent.yield
  } to ()
  return
}
