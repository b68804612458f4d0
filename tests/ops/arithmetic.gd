# Arithmetic of each element: figures by Python 3.11 where they are not plain.
precision f64
import "support/check.gd" as t

let x = t.hide([-7.5, -1.0, 0.25, 5.5, 9.0, -0.1])
let y = t.hide([2.0, -0.3, 0.7, -2.0, 3.0, 1000.0])
let zero = t.hide(0.0)
let big = 1.0 / zero

test "f64" {
  assert x + y == [-5.5, -1.3, 0.95, 3.5, 12.0, 999.9]
  assert x - y == [-9.5, -0.7, -0.44999999999999996, 7.5, 6.0, -1000.1]
  assert t.near(x * y, [-15.0, 0.3, 0.175, -11.0, 27.0, -100.0], 2e-16)
  assert t.near(x / y, [-3.75, 3.3333333333333335, 0.35714285714285715, -2.75, 3.0, -0.0001], 2e-16)
  assert x // y == [-4.0, 3.0, 0.0, -3.0, 3.0, -1.0]
  assert t.near(x % y, [0.5, -0.10000000000000009, 0.25, -0.5, 0.0, 999.9], 2e-15)
  assert mod(x, y) == x % y
  assert -x == [7.5, 1.0, -0.25, -5.5, -9.0, 0.1]
  assert abs(x) == [7.5, 1.0, 0.25, 5.5, 9.0, 0.1]
  assert sign(x) == [-1.0, -1.0, 1.0, 1.0, 1.0, -1.0]
  assert sign(zero) == 0.0
  assert floor(x) == [-8.0, -1.0, 0.0, 5.0, 9.0, -1.0]
  assert ceil(x) == [-7.0, -1.0, 1.0, 6.0, 9.0, 0.0]
  assert round(x) == [-8.0, -1.0, 0.0, 6.0, 9.0, 0.0]
  assert round(t.hide([0.5, 1.5, 2.5, -0.5, -1.5, 4503599627370497.5])) == [0.0, 2.0, 2.0, 0.0, -2.0, 4503599627370498.0]
  assert maximum(x, y) == [2.0, -0.3, 0.7, 5.5, 9.0, 1000.0]
  assert minimum(x, y) == [-7.5, -1.0, 0.25, -2.0, 3.0, -0.1]
  assert clip(x, -1.0, 5.0) == [-1.0, -1.0, 0.25, 5.0, 5.0, -0.1]
  assert relu(x) == [0.0, 0.0, 0.25, 5.5, 9.0, 0.0]
  assert x^2 == x * x
  assert x^0 == ones(6)
  assert t.near(x^3, x * x * x, 3e-16)
  assert t.near(abs(x)^0.5, sqrt(abs(x)), 3e-16)
  assert t.near(abs(x)^-1, 1.0 / abs(x), 3e-16)
  assert t.near((-2.0 + zero)^t.hide([3.0, 2.0, -1.0]), [-8.0, 4.0, -0.5], 3e-16)
}

# What is added up twice as precisely shows that nothing is rounded twice or not at all.
test "f32" {
  let a = t.hide32([16777216.0, 0.1, 3.0, -7.5])
  let b = t.hide32([1.0, 0.2, 7.0, 2.0])
  assert a + b == [16777216.0, f32(0.3), 10.0, -5.5]
  assert f64(a / b) == [16777216.0, 0.5, 0.4285714328289032, -3.75]
  assert f64(a * b) == [16777216.0, 0.020000001415610313, 21.0, -15.0]
  assert a // b == [16777216.0, 0.0, 0.0, -4.0]
  assert a % b == f32([0.0, 0.1, 3.0, 0.5])
  assert maximum(a, b) == f32([16777216.0, 0.2, 7.0, 2.0])
  assert minimum(a, -b) == f32([-1.0, -0.2, -7.0, -7.5])
  assert floor(a) == [16777216.0, 0.0, 3.0, -8.0]
  assert ceil(a) == [16777216.0, 1.0, 3.0, -7.0]
  assert round(a) == [16777216.0, 0.0, 3.0, -8.0]
  assert a^2 == a * a
  # Small numbers are not flushed to zero.
  let small = t.hide32([1e-30, 3e-39])
  assert f64(small * f32(1e-10)) > [9e-41, -1.0]
  assert f64(small / 2.0) > [4e-31, 1.4e-39]
}

test "nan and infinities" {
  let nothing = zero / zero
  assert isnan(big - big)
  assert isnan(zero * big)
  assert isnan(big / big)
  assert 1.0 / (-zero) == -big
  assert -1.0 / zero == -big
  assert isnan(maximum(nothing, 1.0))
  assert isnan(maximum(1.0, nothing))
  assert isnan(minimum(nothing, 1.0))
  assert isnan(minimum(1.0, nothing))
  assert maximum(big, 1.0) == big
  assert minimum(-big, 1.0) == -big
  assert isnan(sign(nothing))
  assert isnan(abs(nothing))
  assert abs(-big) == big
  assert sign(-big) == -1.0
  assert nothing^zero == 1.0
  assert (zero + 1.0)^nothing == 1.0
  assert isnan((zero - 2.0)^0.5)
  assert zero^-1.0 == big
  assert isnan(f32(nothing) + 1)
  assert maximum(f32(big), 1) == f32(big)
  assert isnan(minimum(f32(nothing), 1))
  assert isnan(x % zero) == [true, true, true, true, true, true]
  assert relu(-big) == 0.0
  assert floor(big) == big
}

test "i32" {
  let a = t.hidden([-7, -1, 0, 1, 5, 9, 2147483647, -2147483648])
  let b = t.hidden([3, -2, 4, -5, -3, 0, 2, -1])
  assert a // b == [-3, 0, 0, -1, -2, 0, 1073741823, -2147483648]
  assert a % b == [2, -1, 0, -4, -1, 0, 1, 0]
  assert a + b == [-4, -3, 4, -4, 2, 9, -2147483647, 2147483647]
  assert a - b == [-10, 1, -4, 6, 8, 9, 2147483645, -2147483647]
  assert a * b == [-21, 2, 0, -5, -15, 0, -2, -2147483648]
  assert -a == [7, 1, 0, -1, -5, -9, -2147483647, -2147483648]
  assert abs(a) == [7, 1, 0, 1, 5, 9, 2147483647, -2147483648]
  assert sign(a) == [-1, -1, 0, 1, 1, 1, 1, -1]
  assert maximum(a, b) == [3, -1, 4, 1, 5, 9, 2147483647, -1]
  assert minimum(a, b) == [-7, -2, 0, -5, -3, 0, 2, -2147483648]
  assert t.hidden([2, -3, 0, 1, -1, 5, -1, 7])^t.hidden([10, 3, 0, -4, -3, -1, -2, 12]) == [1024, -27, 1, 1, -1, 0, 1, 956385313]
  assert t.near(a / 2, [-3.5, -0.5, 0.0, 0.5, 2.5, 4.5, 1073741823.5, -1073741824.0], 0.0)
}

test "i64 and u32" {
  let a = i64(t.hidden([-7, 5, 123456789])) * 1000000007
  assert a[0] == -7000000049
  assert a[1] == 5000000035
  assert a[2] == 123456789864197523
  assert a[0] // 10 == -700000005
  assert a[2] // 10 == 12345678986419752
  assert a % 10 == [1, 5, 3]
  assert a // i64(t.hidden(0)) == [0, 0, 0]
  assert a % i64(t.hidden(0)) == [0, 0, 0]
  assert (a * a)[0] == -6340231535128652447
  assert (a * a)[1] == 6553256276290449609
  assert (a * a)[2] == 2083690752319619689
  let u = u32(t.hidden([-1, 7, 0, 2000000000]))
  assert u + u32(1) == u32([0, 8, 1, 2000000001])
  assert u // u32(t.hidden(2)) == u32([2147483647, 3, 0, 1000000000])
  assert u % u32(t.hidden(10)) == u32([5, 7, 0, 0])
  assert maximum(u, u32(7)) == u32(t.hidden([-1, 7, 7, 2000000000]))
  assert (u > u32([7, 6, 0, 5])) == [true, true, false, true]
  assert u32(t.hidden(5)) // u32(t.hidden(0)) == u32(0)
}

# Shapes meet by NumPy's rules, whatever the size.
test "sizes" {
  for n in (0, 1, 31, 33, 65, 257, 1000) {
    let i = t.hide(arange(f64(n)))
    assert 2.0 * i + 1.0 == arange(n) * 2 + 1, "of {n} elements"
    let grid = i[:, newaxis] - arange(3.0)
    assert all(grid.shape == [n, 3]), "of {n} rows"
    assert all(grid[:, 0] == i), "of {n} rows"
    assert all(grid[:, 2] == arange(n) - 2), "of {n} rows"
    assert t.hidden(arange(n)) * 3 == arange(0, 3 * n, 3), "of {n} integers"
  }
  assert t.hide(2.0) + 1.0 == 3.0
  assert t.hide(ones((3, 1, 5))) + arange(4.0)[:, newaxis] == broadcast_to(arange(4.0)[:, newaxis] + 1.0, (3, 4, 5))
}

let s = sin(1.7 * t.hide(arange(17.0))) + 1.513

test "derivatives" {
  for g in (x -> x + x * x, x -> 1.0 / x - x, x -> x // 0.3 + x * abs(x), x -> x % 0.7, x -> -x * x, x -> floor(x) * x + ceil(x) * round(x)) {
    let e = t.slopes(g, s)
    assert t.right(e), "{e}"
  }
}

test "derivatives of powers" {
  for g in (x -> x^3 + x^2.5, x -> 2.0^x, x -> x^x) {
    let e = t.slopes(g, s)
    assert t.right(e), "{e}"
  }
}

test "derivatives of choices" {
  for g in (x -> maximum(x, 1.1) * x, x -> minimum(x, 1.1) * x, x -> clip(x, 0.9, 2.1) * x, x -> sign(x - 1.2) * x * x, x -> relu(x - 1.2) * x) {
    let e = t.slopes(g, s)
    assert t.right(e), "{e}"
  }
}
