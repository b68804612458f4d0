// RUN: %descent-opt --expand-vmap %s | %descent-eval | FileCheck %s
// RUN: %descent-eval %s | FileCheck %s --check-prefix=LOOP

// The failing lanes are the third and the fifth. Unlike a loop over lanes, the expanded program has one
// check, which says what is wrong with the first of them.
// LOOP: check failed 0 i32[] 12 f64[2] 2 3
// LOOP: check failed 0 i32[] 14 f64[2] 4 5
// LOOP: check failed 1
// LOOP: check failed 1
// LOOP: check failed 2
// CHECK: check failed 0 i32[] 12 f64[2] 2 3
// CHECK-NEXT: check failed 1
// CHECK-NEXT: check failed 2 f64[] 2
// CHECK-NEXT: check failed 5 i32[] 14
// CHECK-NOT: failed
func.func @main() -> () {
  %x = descent.constant dense<[[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]]> : tensor<5x2xf64>
  %n = descent.constant dense<[10, 11, 12, 13, 14]> : tensor<5xi32>
  %ok = descent.constant dense<[true, true, false, true, false]> : tensor<5xi1>
  %false = descent.constant dense<false> : tensor<i1>
  %zero = descent.constant dense<0> : tensor<i32>
  descent.vmap 5 (%x, %n, %ok) : (tensor<5x2xf64>, tensor<5xi32>, tensor<5xi1>) {
  ^bb0(%a: tensor<2xf64>, %k: tensor<i32>, %c: tensor<i1>):
    descent.check 0 %c (%k, %a) : tensor<i1>, (tensor<i32>, tensor<2xf64>)
    descent.yield
  } to ()
  // A condition with elements.
  descent.vmap 5 (%x) : (tensor<5x2xf64>) {
  ^bb0(%a: tensor<2xf64>):
    %limit = descent.constant dense<4.0> : tensor<2xf64>
    %c = descent.compare lt %a, %limit : tensor<2xf64>
    descent.check 1 %c () : tensor<2xi1>, ()
    descent.yield
  } to ()
  // A condition that all lanes share, with values that differ: those of the first lane.
  %two = descent.constant dense<2.0> : tensor<f64>
  descent.vmap 2 () : () {
    descent.check 2 %false (%two) : tensor<i1>, (tensor<f64>)
    descent.yield
  } to ()
  // In branches, checks are of the lanes that take them: no lane fails 3 and 4.
  descent.vmap 5 (%n, %ok) : (tensor<5xi32>, tensor<5xi1>) {
  ^bb0(%k: tensor<i32>, %c: tensor<i1>):
    descent.if %c : tensor<i1> to () {
      descent.check 3 %c () : tensor<i1>, ()
      descent.yield
    } else {
      %thirteen = descent.constant dense<13> : tensor<i32>
      %d = descent.compare lt %k, %thirteen : tensor<i32>
      descent.check 5 %d (%k) : tensor<i1>, (tensor<i32>)
      %e = descent.not %c : tensor<i1>
      descent.check 4 %e () : tensor<i1>, ()
      descent.yield
    }
    descent.yield
  } to ()
  // A check that no lane reaches, inside a loop that all share.
  %never = descent.constant dense<false> : tensor<5xi1>
  %three = descent.constant dense<3> : tensor<i32>
  descent.vmap 5 (%never) : (tensor<5xi1>) {
  ^bb0(%c: tensor<i1>):
    descent.if %c : tensor<i1> to () {
      descent.for %zero to %three iter() : tensor<i32>, () {
      ^bb0(%i: tensor<i32>):
        descent.check 6 %false () : tensor<i1>, ()
        descent.yield
      } to ()
      descent.yield
    } else {
      descent.yield
    }
    descent.yield
  } to ()
  return
}
