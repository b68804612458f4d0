// RUN: %descent-opt --expand-derivatives --split-input-file --verify-diagnostics %s

// What has no rule is an error at its place, in either mode, but only where a derivative goes through it.

func.func private @other(tensor<f32>) -> tensor<f32>

func.func @forward(%x: tensor<f32>, %dx: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    // expected-error @+1 {{not supported yet: the derivative of 'func.call'}}
    %b = func.call @other(%a) : (tensor<f32>) -> tensor<f32>
    descent.yield %b : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// -----

func.func private @other(tensor<f32>) -> tensor<f32>

func.func @reverse(%x: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %c: tensor<i1>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %r = descent.for %from to %to iter(%a) : tensor<i32>, (tensor<f32>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>):
      %q = descent.if %c : tensor<i1> to (tensor<f32>) {
        // expected-error @+1 {{not supported yet: the derivative of 'func.call'}}
        %b = func.call @other(%p) : (tensor<f32>) -> tensor<f32>
        descent.yield %b : tensor<f32>
      } else {
        descent.yield %p : tensor<f32>
      }
      descent.yield %q : tensor<f32>
    } to (tensor<f32>)
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// -----

func.func private @other(tensor<f32>) -> tensor<f32>

func.func @inactive(%x: tensor<f32>, %k: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %b = func.call @other(%k) : (tensor<f32>) -> tensor<f32>
    %c = descent.mul %a, %b : tensor<f32>
    descent.yield %c : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// -----

func.func @batched(%x: tensor<3xf32>, %dy: tensor<3xf32>) -> tensor<3xf32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<3xf32>) cotangents (tensor<3xf32>) {
  ^bb0(%a: tensor<3xf32>):
    // expected-error @+1 {{not supported yet: the derivative of 'descent.vmap'}}
    %b = descent.vmap 3 (%a) : (tensor<3xf32>) {
    ^bb0(%c: tensor<f32>):
      %d = descent.sin %c : tensor<f32>
      descent.yield %d : tensor<f32>
    } to (tensor<3xf32>)
    descent.yield %b : tensor<3xf32>
  } to (tensor<3xf32>, tensor<3xf32>)
  return %y#1 : tensor<3xf32>
}

// -----

// A loop hands the tape that it carries to a loop inside: no derivative makes such a program.
func.func @inner_loop(%x: tensor<f32>, %from: tensor<i32>, %to: tensor<i32>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %t = descent.tape_create : !descent.tape<tensor<f32>>
    %r:2 = descent.for %from to %to iter(%a, %t) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>) {
    ^bb0(%i: tensor<i32>, %p: tensor<f32>, %u: !descent.tape<tensor<f32>>):
      // expected-error @+1 {{not supported yet: the derivative of 'descent.for' on a tape that the loop around it carries}}
      %v = descent.for %from to %to iter(%u) : tensor<i32>, (!descent.tape<tensor<f32>>) {
      ^bb0(%j: tensor<i32>, %w: !descent.tape<tensor<f32>>):
        %z = descent.tape_push %w, %p : !descent.tape<tensor<f32>>, tensor<f32>
        descent.yield %z : !descent.tape<tensor<f32>>
      } to (!descent.tape<tensor<f32>>)
      %s = descent.sin %p : tensor<f32>
      descent.yield %s, %v : tensor<f32>, !descent.tape<tensor<f32>>
    } to (tensor<f32>, !descent.tape<tensor<f32>>)
    %rest, %top = descent.tape_pop %r#1 : !descent.tape<tensor<f32>>, tensor<f32>
    %m = descent.mul %top, %r#0 : tensor<f32>
    descent.yield %m : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// -----

func.func @captured_tape(%x: tensor<f32>, %c: tensor<i1>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %t = descent.tape_create : !descent.tape<tensor<f32>>
    %u = descent.tape_push %t, %a : !descent.tape<tensor<f32>>, tensor<f32>
    // expected-error @+1 {{not supported yet: the derivative of 'descent.if' that uses a tape from outside}}
    %r = descent.if %c : tensor<i1> to (tensor<f32>) {
      %rest, %top = descent.tape_pop %u : !descent.tape<tensor<f32>>, tensor<f32>
      descent.yield %top : tensor<f32>
    } else {
      descent.yield %a : tensor<f32>
    }
    descent.yield %r : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}
