// RUN: %descent-opt --expand-derivatives %s | FileCheck %s

// Operations on tapes, which are there when a derivative is differentiated.

// Forward mode: a tape of tangents beside the tape.
// CHECK-LABEL: func.func @jvp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DX:[^:]*]]:
// CHECK-NEXT: %[[TAPE:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[PUSH:.*]] = descent.tape_push %[[TAPE]], %[[X]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[TAPE2:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[PUSH2:.*]] = descent.tape_push %[[TAPE2]], %[[DX]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[REST:.*]], %[[TOP:.*]] = descent.tape_pop %[[PUSH]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[REST2:.*]], %[[TOP2:.*]] = descent.tape_pop %[[PUSH2]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[TOP]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[TOP2]], %[[COS]] : tensor<f32>
// CHECK-NEXT: return %[[MUL]] : tensor<f32>
func.func @jvp(%x: tensor<f32>, %dx: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.jvp(%x) tangents(%dx) : (tensor<f32>) tangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %t = descent.tape_create : !descent.tape<tensor<f32>>
    %u = descent.tape_push %t, %a : !descent.tape<tensor<f32>>, tensor<f32>
    %rest, %v = descent.tape_pop %u : !descent.tape<tensor<f32>>, tensor<f32>
    %w = descent.sin %v : tensor<f32>
    descent.yield %w : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// Reverse mode: a tape of cotangents, pushed where the program popped.
// CHECK-LABEL: func.func @vjp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[TAPE:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[PUSH:.*]] = descent.tape_push %[[TAPE]], %[[X]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[REST:.*]], %[[TOP:.*]] = descent.tape_pop %[[PUSH]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[COS:.*]] = descent.cos %[[TOP]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[DY]], %[[COS]] : tensor<f32>
// CHECK-NEXT: %[[TAPE2:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[PUSH2:.*]] = descent.tape_push %[[TAPE2]], %[[MUL]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[REST2:.*]], %[[TOP2:.*]] = descent.tape_pop %[[PUSH2]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: return %[[TOP2]] : tensor<f32>
func.func @vjp(%x: tensor<f32>, %dy: tensor<f32>) -> tensor<f32> {
  %y:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%a: tensor<f32>):
    %t = descent.tape_create : !descent.tape<tensor<f32>>
    %u = descent.tape_push %t, %a : !descent.tape<tensor<f32>>, tensor<f32>
    %rest, %v = descent.tape_pop %u : !descent.tape<tensor<f32>>, tensor<f32>
    %w = descent.sin %v : tensor<f32>
    descent.yield %w : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %y#1 : tensor<f32>
}

// A loop that pops, differentiated in reverse: what it pops is saved on a tape of its own, and the
// tape of cotangents that the reverse loop fills is emptied by the reverse of the loop that pushed.
// CHECK-LABEL: func.func @vjp_of_vjp(
// CHECK-SAME: %[[X:[^:]*]]: {{.*}}, %[[N:[^:]*]]: {{.*}}, %[[DY:[^:]*]]:
// CHECK-NEXT: %[[K:.*]] = descent.constant dense<0> : tensor<i32>
// CHECK-NEXT: %[[TAPE:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[TAPE2:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[FOR:.*]]:3 = descent.for %[[K]] to %[[N]] iter(%[[X]], %[[TAPE]], %[[TAPE2]]) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>) {
// CHECK-NEXT: ^bb0(%[[A:[^:]*]]: tensor<i32>, %[[A2:[^:]*]]: tensor<f32>, %[[A3:[^:]*]]: !descent.tape<tensor<f32>>, %[[A4:[^:]*]]: !descent.tape<tensor<f32>>):
// CHECK-NEXT: %[[PUSH:.*]] = descent.tape_push %[[A4]], %[[A2]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[PUSH2:.*]] = descent.tape_push %[[A3]], %[[A2]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[EXP:.*]] = descent.exp %[[A2]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[EXP]], %[[PUSH2]], %[[PUSH]] : tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>)
// CHECK-NEXT: %[[TAPE3:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[TAPE4:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[FOR2:.*]]:4 = descent.for %[[K]] to %[[N]] iter(%[[DY]], %[[FOR]]#1, %[[TAPE3]], %[[TAPE4]]) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>) {
// CHECK-NEXT: ^bb0(%[[A5:[^:]*]]: tensor<i32>, %[[A6:[^:]*]]: tensor<f32>, %[[A7:[^:]*]]: !descent.tape<tensor<f32>>, %[[A8:[^:]*]]: !descent.tape<tensor<f32>>, %[[A9:[^:]*]]: !descent.tape<tensor<f32>>):
// CHECK-NEXT: %[[PUSH3:.*]] = descent.tape_push %[[A8]], %[[A6]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[REST:.*]], %[[TOP:.*]] = descent.tape_pop %[[A7]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[PUSH4:.*]] = descent.tape_push %[[A9]], %[[TOP]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[EXP2:.*]] = descent.exp %[[TOP]] : tensor<f32>
// CHECK-NEXT: %[[MUL:.*]] = descent.mul %[[A6]], %[[EXP2]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL]], %[[REST]], %[[PUSH3]], %[[PUSH4]] : tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>)
// CHECK-NEXT: %[[TAPE5:.*]] = descent.tape_create : <tensor<f32>>
// CHECK-NEXT: %[[FOR3:.*]]:4 = descent.for %[[K]] to %[[N]] iter(%[[DY]], %[[TAPE5]], %[[FOR2]]#2, %[[FOR2]]#3) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>) {
// CHECK-NEXT: ^bb0(%[[A10:[^:]*]]: tensor<i32>, %[[A11:[^:]*]]: tensor<f32>, %[[A12:[^:]*]]: !descent.tape<tensor<f32>>, %[[A13:[^:]*]]: !descent.tape<tensor<f32>>, %[[A14:[^:]*]]: !descent.tape<tensor<f32>>):
// CHECK-NEXT: %[[REST2:.*]], %[[TOP2:.*]] = descent.tape_pop %[[A13]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[REST3:.*]], %[[TOP3:.*]] = descent.tape_pop %[[A14]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[EXP3:.*]] = descent.exp %[[TOP3]] : tensor<f32>
// CHECK-NEXT: %[[MUL2:.*]] = descent.mul %[[A11]], %[[EXP3]] : tensor<f32>
// CHECK-NEXT: %[[MUL3:.*]] = descent.mul %[[A11]], %[[TOP2]] : tensor<f32>
// CHECK-NEXT: %[[MUL4:.*]] = descent.mul %[[MUL3]], %[[EXP3]] : tensor<f32>
// CHECK-NEXT: %[[PUSH5:.*]] = descent.tape_push %[[A12]], %[[MUL4]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: descent.yield %[[MUL2]], %[[PUSH5]], %[[REST2]], %[[REST3]] : tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>)
// CHECK-NEXT: %[[K2:.*]] = descent.constant dense<0.000000e+00> : tensor<f32>
// CHECK-NEXT: %[[FOR4:.*]]:3 = descent.for %[[K]] to %[[N]] iter(%[[K2]], %[[FOR3]]#1, %[[FOR]]#2) : tensor<i32>, (tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>) {
// CHECK-NEXT: ^bb0(%[[A15:[^:]*]]: tensor<i32>, %[[A16:[^:]*]]: tensor<f32>, %[[A17:[^:]*]]: !descent.tape<tensor<f32>>, %[[A18:[^:]*]]: !descent.tape<tensor<f32>>):
// CHECK-NEXT: %[[REST4:.*]], %[[TOP4:.*]] = descent.tape_pop %[[A18]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[EXP4:.*]] = descent.exp %[[TOP4]] : tensor<f32>
// CHECK-NEXT: %[[MUL5:.*]] = descent.mul %[[A16]], %[[EXP4]] : tensor<f32>
// CHECK-NEXT: %[[REST5:.*]], %[[TOP5:.*]] = descent.tape_pop %[[A17]] : <tensor<f32>>, tensor<f32>
// CHECK-NEXT: %[[ADD:.*]] = descent.add %[[MUL5]], %[[TOP5]] : tensor<f32>
// CHECK-NEXT: descent.yield %[[ADD]], %[[REST5]], %[[REST4]] : tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>
// CHECK-NEXT: } to (tensor<f32>, !descent.tape<tensor<f32>>, !descent.tape<tensor<f32>>)
// CHECK-NEXT: return %[[FOR4]]#0 : tensor<f32>
func.func @vjp_of_vjp(%x: tensor<f32>, %n: tensor<i32>, %dy: tensor<f32>) -> tensor<f32> {
  %zero = descent.constant dense<0> : tensor<i32>
  %h:2 = descent.vjp(%x) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
  ^bb0(%b: tensor<f32>):
    %y:2 = descent.vjp(%b) cotangents(%dy) : (tensor<f32>) cotangents (tensor<f32>) {
    ^bb0(%a: tensor<f32>):
      %r = descent.for %zero to %n iter(%a) : tensor<i32>, (tensor<f32>) {
      ^bb0(%i: tensor<i32>, %p: tensor<f32>):
        %s = descent.exp %p : tensor<f32>
        descent.yield %s : tensor<f32>
      } to (tensor<f32>)
      descent.yield %r : tensor<f32>
    } to (tensor<f32>, tensor<f32>)
    descent.yield %y#1 : tensor<f32>
  } to (tensor<f32>, tensor<f32>)
  return %h#1 : tensor<f32>
}
