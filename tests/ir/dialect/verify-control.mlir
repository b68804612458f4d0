// RUN: %descent-opt --split-input-file --verify-diagnostics %s

func.func @yield() {
  // expected-error @+1 {{'descent.yield' op expects parent op to be one of 'descent.for, descent.while, descent.if, descent.jvp, descent.vjp, descent.vmap, descent.checkpoint'}}
  descent.yield
}

// -----

func.func @counter(%n: tensor<i32>, %x: tensor<f32>) {
  // expected-error @+1 {{'descent.for' op needs region arguments for the counter and each carried value}}
  %r = descent.for %n to %n iter(%x) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i64>, %a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<f32>)
  return
}

// -----

func.func @arguments(%n: tensor<i32>, %x: tensor<f32>) {
  // expected-error @+1 {{'descent.for' op needs region arguments for the counter and each carried value}}
  %r = descent.for %n to %n iter(%x) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i32>):
    descent.yield %x : tensor<f32>
  } to (tensor<f32>)
  return
}

// -----

func.func @yielded(%n: tensor<i32>, %x: tensor<f32>) {
  // expected-error @+1 {{'descent.for' op needs initial, yielded and resulting values of the same types}}
  %r = descent.for %n to %n iter(%x) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>):
    descent.yield %i : tensor<i32>
  } to (tensor<f32>)
  return
}

// -----

func.func @bounds(%n: tensor<i32>, %m: tensor<i64>) {
  // expected-error @+1 {{'descent.for' op failed to verify that all of {lower, upper} have same type}}
  "descent.for"(%n, %m) ({
  ^bb0(%i: tensor<i32>):
    descent.yield
  }) : (tensor<i32>, tensor<i64>) -> ()
  return
}

// -----

func.func @float(%n: tensor<f32>) {
  // expected-error @+1 {{'descent.for' op operand #0 must be}}
  descent.for %n to %n iter() : tensor<f32>, () {
  ^bb0(%i: tensor<f32>):
    descent.yield
  } to ()
  return
}

// -----

func.func @arguments(%c: tensor<i1>, %x: tensor<f32>) {
  // expected-error @+1 {{'descent.while' op needs region arguments for each carried value}}
  %r = descent.while iter(%x) : (tensor<f32>) {
  ^bb0:
    descent.yield %c : tensor<i1>
  } do {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<f32>)
  return
}

// -----

func.func @condition(%x: tensor<f32>) {
  // expected-error @+1 {{'descent.while' op needs a condition region that yields one bool}}
  %r = descent.while iter(%x) : (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } do {
  ^bb0(%a: tensor<f32>):
    descent.yield %a : tensor<f32>
  } to (tensor<f32>)
  return
}

// -----

func.func @yielded(%c: tensor<i1>, %x: tensor<f32>) {
  // expected-error @+1 {{'descent.while' op needs initial, yielded and resulting values of the same types}}
  %r = descent.while iter(%x) : (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    descent.yield %c : tensor<i1>
  } do {
  ^bb0(%a: tensor<f32>):
    descent.yield
  } to (tensor<f32>)
  return
}

// -----

func.func @arguments(%c: tensor<i1>) {
  // expected-error @+1 {{'descent.if' op has regions without arguments}}
  descent.if %c : tensor<i1> to () {
  ^bb0(%a: tensor<f32>):
    descent.yield
  } else {
    descent.yield
  }
  return
}

// -----

func.func @yielded(%c: tensor<i1>, %x: tensor<f32>) {
  // expected-error @+1 {{'descent.if' op needs both regions to yield values of the result types}}
  %r = descent.if %c : tensor<i1> to (tensor<f32>) {
    descent.yield %x : tensor<f32>
  } else {
    descent.yield
  }
  return
}

// -----

func.func @elements(%c: tensor<2xi1>) {
  // expected-error @+1 {{'descent.if' op operand #0 must be}}
  descent.if %c : tensor<2xi1> to () {
    descent.yield
  } else {
    descent.yield
  }
  return
}

// -----

func.func @create() {
  // expected-error @+1 {{'descent.tape_create' op result #0 must be}}
  %t = "descent.tape_create"() : () -> tensor<f32>
  return
}

// -----

func.func @push(%t: !descent.tape<tensor<f32>>, %x: tensor<2xf32>) {
  // expected-error @+1 {{'descent.tape_push' op needs a value of the tape's element type}}
  %u = descent.tape_push %t, %x : !descent.tape<tensor<f32>>, tensor<2xf32>
  return
}

// -----

func.func @pop(%t: !descent.tape<tensor<f32>>) {
  // expected-error @+1 {{'descent.tape_pop' op gives a value of the tape's element type}}
  %rest, %x = descent.tape_pop %t : !descent.tape<tensor<f32>>, tensor<f64>
  return
}

// -----

func.func @pushedTwice(%t: !descent.tape<tensor<f32>>, %x: tensor<f32>) {
  // expected-error @+1 {{'descent.tape_push' op consumes its tape, which is used elsewhere too}}
  %u = descent.tape_push %t, %x : !descent.tape<tensor<f32>>, tensor<f32>
  %v = descent.tape_push %t, %x : !descent.tape<tensor<f32>>, tensor<f32>
  return
}

// -----

func.func @poppedAndReturned(%t: !descent.tape<tensor<f32>>) -> !descent.tape<tensor<f32>> {
  // expected-error @+1 {{'descent.tape_pop' op consumes its tape, which is used elsewhere too}}
  %rest, %x = descent.tape_pop %t : !descent.tape<tensor<f32>>, tensor<f32>
  return %t : !descent.tape<tensor<f32>>
}

// -----

func.func @sameBranch(%t: !descent.tape<tensor<f32>>, %x: tensor<f32>, %c: tensor<i1>) {
  descent.if %c : tensor<i1> to () {
    // expected-error @+1 {{'descent.tape_push' op consumes its tape, which is used elsewhere too}}
    %u = descent.tape_push %t, %x : !descent.tape<tensor<f32>>, tensor<f32>
    %v = descent.tape_push %t, %x : !descent.tape<tensor<f32>>, tensor<f32>
    descent.yield
  } else {
    descent.yield
  }
  return
}

// -----

func.func @notCarried(%t: !descent.tape<tensor<f32>>, %x: tensor<f32>, %n: tensor<i32>) {
  descent.for %n to %n iter() : tensor<i32>, () {
  ^bb0(%i: tensor<i32>):
    // expected-error @+1 {{'descent.tape_push' op needs a tape that the loop around it carries}}
    %u = descent.tape_push %t, %x : !descent.tape<tensor<f32>>, tensor<f32>
    descent.yield
  } to ()
  return
}

// -----

func.func @poppedInWhile(%t: !descent.tape<tensor<f32>>, %c: tensor<i1>) {
  descent.while iter() : () {
    descent.yield %c : tensor<i1>
  } do {
    // expected-error @+1 {{'descent.tape_pop' op needs a tape that the loop around it carries}}
    %rest, %x = descent.tape_pop %t : !descent.tape<tensor<f32>>, tensor<f32>
    descent.yield
  } to ()
  return
}
