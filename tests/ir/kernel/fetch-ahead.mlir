// RUN: %descent-opt --fetch-ahead=inputs=0,2 --simplify %s | FileCheck %s
// RUN: %descent-opt --fetch-ahead %s | FileCheck %s --check-prefix=NEAR

// NEAR-NOT: descent.fetch

// The rows of the first iteration are there before the loop, those of the next are asked for first of
// all.
// CHECK-LABEL: func.func @counted
// CHECK: %[[X:.*]] = descent.input 0
// CHECK: %[[FIRST:.*]] = descent.gather %[[X]], %{{.*}} axis 0
// CHECK: descent.for %{{.*}} to %{{.*}} iter(%{{.*}}, %[[FIRST]])
// CHECK-NEXT: ^bb0(%[[I:.*]]: tensor<i32>, %[[SUM:.*]]: tensor<f32>, %[[ROWS:.*]]: tensor<20x4xf32>):
// CHECK-NEXT: %[[IOTA:.*]] = descent.iota 0
// CHECK-NEXT: %[[NEXT:.*]] = descent.add %[[I]], %{{.*}} : tensor<i32>
// CHECK-NEXT: %[[ALL:.*]] = descent.broadcast %[[NEXT]]
// CHECK-NEXT: %[[AT:.*]] = descent.mul %[[IOTA]], %[[ALL]]
// CHECK-NEXT: %[[FETCHED:.*]] = descent.fetch %[[X]], %[[AT]]
// CHECK-NEXT: descent.reduce_sum %[[ROWS]]
// CHECK: descent.yield %{{.*}}, %[[FETCHED]]
func.func @counted(%from: tensor<i32>) -> tensor<f32> {
  %x = descent.input 0 : tensor<100x4xf32>
  %five = descent.constant dense<5> : tensor<i32>
  %s = descent.constant dense<0.0> : tensor<f32>
  %r = descent.for %from to %five iter(%s) : tensor<i32>, (tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>):
    %n = descent.iota 0 : tensor<20xi32>
    %b = descent.broadcast %i [] : tensor<i32> to tensor<20xi32>
    %at = descent.mul %n, %b : tensor<20xi32>
    %rows = descent.gather %x, %at axis 0 batch 0 : tensor<100x4xf32>, tensor<20xi32> to tensor<20x4xf32>
    %t = descent.reduce_sum %rows [0, 1] : tensor<20x4xf32> to tensor<f32>
    %u = descent.add %a, %t : tensor<f32>
    descent.yield %u : tensor<f32>
  } to (tensor<f32>)
  return %r : tensor<f32>
}

// A slice becomes rows by index, as far inside as the slice would be. What the next iteration starts
// from is made before that.
// CHECK-LABEL: func.func @sliced
// CHECK: %[[FIRST:.*]] = descent.dynamic_slice %{{.*}}[%{{.*}}, %{{.*}}] sizes [20, 4]
// CHECK: descent.while iter(%{{.*}}, %{{.*}}, %[[FIRST]])
// CHECK: } do {
// CHECK-NEXT: ^bb0(%[[I:.*]]: tensor<i32>, %{{.*}}: tensor<f32>, %[[ROWS:.*]]: tensor<20x4xf32>):
// CHECK-NEXT: %[[NEXT:.*]] = descent.add %[[I]], %{{.*}} : tensor<i32>
// CHECK-NEXT: %[[LOW:.*]] = descent.max %[[NEXT]], %{{.*}} : tensor<i32>
// CHECK-NEXT: %[[START:.*]] = descent.min %[[LOW]], %{{.*}} : tensor<i32>
// CHECK-NOT: descent.reduce
// CHECK: %[[FETCHED:.*]] = descent.fetch %{{.*}}, %{{.*}} : tensor<100x4xf32>, tensor<20xi32> to tensor<20x4xf32>
// CHECK-NEXT: descent.reduce_sum %[[ROWS]]
// CHECK: descent.yield %[[NEXT]], %{{.*}}, %[[FETCHED]]
func.func @sliced(%from: tensor<i32>) -> tensor<f32> {
  %x = descent.input 2 : tensor<100x4xf32>
  %zero = descent.constant dense<0> : tensor<i32>
  %seven = descent.constant dense<7> : tensor<i32>
  %most = descent.constant dense<90> : tensor<i32>
  %s = descent.constant dense<0.0> : tensor<f32>
  %r:2 = descent.while iter(%from, %s) : (tensor<i32>, tensor<f32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>):
    %c = descent.compare lt %i, %most : tensor<i32>
    descent.yield %c : tensor<i1>
  } do {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>):
    %rows = descent.dynamic_slice %x[%i, %zero] sizes [20, 4] : tensor<100x4xf32>, tensor<i32>, tensor<i32> to tensor<20x4xf32>
    %t = descent.reduce_sum %rows [0, 1] : tensor<20x4xf32> to tensor<f32>
    %u = descent.add %a, %t : tensor<f32>
    %j = descent.add %i, %seven : tensor<i32>
    descent.yield %j, %u : tensor<i32>, tensor<f32>
  } to (tensor<i32>, tensor<f32>)
  return %r#1 : tensor<f32>
}

// Not: an input that is near, few elements, indices that depend on the rows, indices that the host
// decides about, and rows that are always the same.
// CHECK-LABEL: func.func @left_alone
// CHECK-NOT: descent.fetch
// CHECK: return
func.func @left_alone() -> (tensor<f32>, tensor<f32>, tensor<i32>) {
  %x = descent.input 0 : tensor<100x4xf32>
  %y = descent.input 1 : tensor<100x4xf32>
  %zero = descent.constant dense<0> : tensor<i32>
  %five = descent.constant dense<5> : tensor<i32>
  %s = descent.constant dense<0.0> : tensor<f32>
  %r:3 = descent.for %zero to %five iter(%s, %s, %zero) : tensor<i32>, (tensor<f32>, tensor<f32>, tensor<i32>) {
  ^bb0(%i: tensor<i32>, %a: tensor<f32>, %d: tensor<f32>, %k: tensor<i32>):
    %near = descent.dynamic_slice %y[%i, %zero] sizes [20, 4] : tensor<100x4xf32>, tensor<i32>, tensor<i32> to tensor<20x4xf32>
    %few = descent.dynamic_slice %x[%i, %zero] sizes [4, 4] : tensor<100x4xf32>, tensor<i32>, tensor<i32> to tensor<4x4xf32>
    %own = descent.dynamic_slice %x[%k, %zero] sizes [20, 4] : tensor<100x4xf32>, tensor<i32>, tensor<i32> to tensor<20x4xf32>
    %stop = descent.poll : tensor<i1>
    %m = descent.select %stop, %i, %five : tensor<i1>, tensor<i32>
    %asked = descent.dynamic_slice %x[%m, %zero] sizes [20, 4] : tensor<100x4xf32>, tensor<i32>, tensor<i32> to tensor<20x4xf32>
    %same = descent.dynamic_slice %x[%five, %zero] sizes [20, 4] : tensor<100x4xf32>, tensor<i32>, tensor<i32> to tensor<20x4xf32>
    %t = descent.reduce_sum %near [0, 1] : tensor<20x4xf32> to tensor<f32>
    %u = descent.reduce_sum %few [0, 1] : tensor<4x4xf32> to tensor<f32>
    %v = descent.reduce_sum %own [0, 1] : tensor<20x4xf32> to tensor<f32>
    %w = descent.reduce_sum %asked [0, 1] : tensor<20x4xf32> to tensor<f32>
    %z = descent.reduce_sum %same [0, 1] : tensor<20x4xf32> to tensor<f32>
    %b = descent.add %a, %t : tensor<f32>
    %c = descent.add %b, %u : tensor<f32>
    %e = descent.add %c, %w : tensor<f32>
    %f = descent.add %e, %z : tensor<f32>
    %l = descent.convert %v : tensor<f32> to tensor<i32>
    descent.yield %f, %v, %l : tensor<f32>, tensor<f32>, tensor<i32>
  } to (tensor<f32>, tensor<f32>, tensor<i32>)
  return %r#0, %r#1, %r#2 : tensor<f32>, tensor<f32>, tensor<i32>
}
