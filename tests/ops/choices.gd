# Truth values, comparisons, choices and conversions between types.
precision f64
import "support/check.gd" as t

let zero = t.hide(0.0)
let big = 1.0 / zero
let nothing = zero / zero

test "comparisons of floats" {
  let a = stack((zero + 1.0, zero + 2.0, zero, nothing, big, -big))
  let b = stack((zero + 2.0, zero + 2.0, -zero, nothing, big, big))
  assert (a == b) == [false, true, true, false, true, false]
  assert (a != b) == [true, false, false, true, false, true]
  assert (a < b) == [true, false, false, false, false, true]
  assert (a <= b) == [true, true, true, false, true, true]
  assert (a > b) == [false, false, false, false, false, false]
  assert (a >= b) == [false, true, true, false, true, false]
  assert (f32(a) <= f32(b)) == (a <= b)
  assert (f32(a) != f32(b)) == (a != b)
  assert isnan(a) == [false, false, false, true, false, false]
  assert isinf(a) == [false, false, false, false, true, true]
  assert isfinite(a) == [true, true, true, false, false, false]
  assert isfinite(f32(a)) == isfinite(a)
  assert isinf(f32(b)) == isinf(b)
  assert isnan(f32(a)) == isnan(a)
}

test "comparisons of integers" {
  let a = t.hidden([-1, 3, 3, 2147483647])
  let b = t.hidden([1, 3, 4, -2147483648])
  assert (a < b) == [true, false, true, false]
  assert (a <= b) == [true, true, true, false]
  assert (a > b) == [false, false, false, true]
  assert (a >= b) == [false, true, false, true]
  assert (a == b) == [false, true, false, false]
  assert (a != b) == [true, false, true, true]
  assert (u32(a) < u32(b)) == [false, false, true, true]
  assert (u32(a) >= u32(b)) == [true, true, false, false]
  assert (i64(a) * 4000000000 < i64(b) * 4000000000) == (a < b)
}

test "truth values" {
  let p = t.hide([1.0, 1.0, 0.0, 0.0]) > 0.5
  let q = t.hide([1.0, 0.0, 1.0, 0.0]) > 0.5
  assert (p and q) == [true, false, false, false]
  assert (p or q) == [true, true, true, false]
  assert (not p) == [false, false, true, true]
  assert (p != q) == [false, true, true, false]
  assert (p == q) == [true, false, false, true]
  assert i32(p) + i32(q) == [2, 1, 1, 0]
  assert f64(p) == [1.0, 1.0, 0.0, 0.0]
  assert any(p and q)
  assert not all(p or q)
  assert not any(p and not p)
}

test "choices" {
  let c = t.hide([1.0, -1.0, 0.0]) > 0.0
  assert where(c, [1.0, 2.0, 3.0], -1.0) == [1.0, -1.0, -1.0]
  assert where(c[:, newaxis], t.hidden([1, 2]), [[3, 4], [5, 6], [7, 8]]) == [[1, 2], [5, 6], [7, 8]]
  assert where(c, f32(0.5), t.hide32(2.0)) == [0.5, 2.0, 2.0]
  assert where(c, true, not c) == [true, true, true]
  for n in (0, 1, 31, 33, 257, 1000) {
    let i = t.hidden(arange(n))
    assert where(i % 2 == 0, i, -i) == arange(n) * (1 - 2 * (arange(n) % 2)), "of {n} elements"
  }
  # The side not taken makes no nan in a derivative.
  fn f(x) = where(x > 0.0, log(maximum(x, 0.0)), x / zero)
  assert grad(x -> where(x > 0.0, log(x), 2.0 * x))(zero - 3.0) == 2.0
  assert grad(x -> where(x > 0.0, sqrt(x), 0.0))(zero) == 0.0
  assert jvp(x -> where(x > 0.0, sqrt(x), 0.0), zero, 1.0)[1] == 0.0
  assert vmap(grad(x -> where(x > 0.0, sqrt(x), x * x)))(t.hide([4.0, -3.0])) == [0.25, -6.0]
}

test "floats to integers" {
  let x = stack((zero + 2.9, zero - 2.9, zero + 1e10, zero - 1e10, big, -big, nothing, zero - 0.5))
  assert i32(x) == [2, -2, 2147483647, -2147483648, 2147483647, -2147483648, 0, 0]
  assert i64(x)[0:4] == [i64(2), i64(-2), 10000000000, -10000000000]
  assert i64(x)[4] == 9223372036854775807
  assert i64(x)[5] + 1 == -9223372036854775807
  assert i64(x)[6] == 0
  assert u32(x) == u32([i64(2), 0, 4294967295, 0, 4294967295, 0, 0, 0])
  assert all(i32(f32(x)) == i32(x))
  assert all(u32(f32(x)) == u32(x))
  assert all(i64(f32(x))[4:] == i64(x)[4:])
  assert all(bool(x))
  assert bool(stack((zero, -zero, zero + 1e-300))) == [false, false, true]
}

test "integers to others" {
  let i = t.hidden([-1, 16777217, -2147483648, 7])
  assert f64(i) == [-1.0, 16777217.0, -2147483648.0, 7.0]
  assert f64(f32(i)) == [-1.0, 16777216.0, -2147483648.0, 7.0]
  assert f64(u32(i)) == [4294967295.0, 16777217.0, 2147483648.0, 7.0]
  assert i64(u32(i))[0] == 4294967295
  assert i32(i64(i) + 4294967296) == i
  assert i32(u32(i)) == i
  assert u32(i64(i)) == u32(i)
  assert all(bool(i))
  assert bool(t.hidden([0, 2])) == [false, true]
  assert f64(i64(i) * 4194304 + 1) == [-4194303.0, 70368748371969.0, -9007199254740991.0, 29360129.0]
}

test "between floats" {
  let x = t.hide([0.1, 1e300, -1e-50, 16777217.0, 3e-42])
  assert f64(f32(x)) == [0.10000000149011612, big, 0.0, 16777216.0, 3.0001800121194333e-42]
  assert f64(t.hide32(0.1)) == 0.10000000149011612
  for n in (0, 1, 31, 33, 257, 1000) {
    assert i32(f32(t.hide(arange(f64(n)) + 0.75))) == arange(n), "of {n} elements"
  }
  assert grad(x -> sum(f64(f32(x) * f32(3.0))))(x) == [3.0, 3.0, 3.0, 3.0, 3.0]
}
