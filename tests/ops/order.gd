# Orders: sorts, the largest, quantiles. Figures by NumPy 2.4.
precision f64
import "support/check.gd" as t

let zero = t.hide(0.0)
let nothing = zero / zero
let a = t.hide([[0.0, 0.9, -0.82, -2.67, -1.36], [-2.97, 0.18, 4.02, -1.48, -1.86], [1.47, 1.07, 0.32, -2.79, -0.09],
                [2.09, -4.03, -1.37, -5.7, -3.87]])

test "sorts" {
  for n in (0, 1, 2, 31, 33, 65, 257, 1000) {
    let i = t.hidden(arange(n))
    # 389 has no divisor in common with 1009: no number twice.
    let x = f64((389 * i) % 1009)
    let s = sort(x)
    assert s[1:] > s[:-1], "of {n}"
    assert sum(s) == sum(x), "of {n}"
    assert x[argsort(x)] == s, "of {n}"
    assert sort(x, descending=true) == s[::-1], "of {n}"
    assert sort(f32(x)) == f32(s), "of {n}, f32"
    assert sort(i32(x)) == i32(s), "of {n} integers"
  }
}

test "equal ones keep their order" {
  for n in (1, 33, 257) {
    let i = t.hidden(arange(n))
    let order = argsort(i % 3)
    let sorted = (i % 3)[order]
    assert where(sorted[1:] == sorted[:-1], order[1:] > order[:-1], sorted[1:] > sorted[:-1]), "of {n}"
    let falling = argsort(f64(i % 3), descending=true)
    assert (i % 3)[falling] == sorted[::-1], "of {n}"
    assert sum(falling) == sum(i), "of {n}"
  }
  assert argsort(t.hidden([2, 1, 2, 1, 1])) == [1, 3, 4, 0, 2]
  assert argsort(t.hidden([2, 1, 2, 1, 1]), descending=true) == [0, 2, 1, 3, 4]
}

test "rows and columns" {
  assert sort(a, axis=0)[0] == [-2.97, -4.03, -1.37, -5.7, -3.87]
  assert sort(a)[3] == [-5.7, -4.03, -3.87, -1.37, 2.09]
  assert argsort(a, axis=0)[:, 4] == [3, 1, 0, 2]
  for n in (1, 33, 65) {
    let m = t.hide(f64((37 * reshape(arange(5 * n), (5, n))) % 499))
    for i in (0, 4) { assert sort(m)[i] == sort(m[i]), "rows of {n}" }
    assert sort(m.T, axis=0) == sort(m).T, "columns of {n}"
    assert sort(m, axis=0)[0] == min(m, axis=0), "{n} columns"
  }
}

test "nan last" {
  let x = stack((zero + 3.0, nothing, zero + 1.0, 1.0 / zero, -1.0 / zero))
  assert argsort(x) == [4, 2, 0, 3, 1]
  assert argsort(x, descending=true) == [1, 3, 0, 2, 4]
  assert argsort(f32(x)) == [4, 2, 0, 3, 1]
  assert isnan(sort(x)) == [false, false, false, false, true]
}

test "the largest" {
  let (most, where_from) = top_k(a, 2)
  assert most == [[0.9, 0.0], [4.02, 0.18], [1.47, 1.07], [2.09, -1.37]]
  assert where_from == [[1, 0], [2, 1], [0, 1], [0, 2]]
  assert top_k(t.hidden([1, 5, 5, 2]), 3)[1] == [1, 2, 3]
  for n in (1, 33, 257) {
    let x = t.hide(f64((389 * arange(n)) % 1009))
    assert top_k(x, 1)[0] == max(x), "of {n}"
    assert top_k(x, n)[0] == sort(x, descending=true), "of {n}"
  }
}

test "quantiles" {
  assert t.near(median(a), -1.09, 1e-15)
  assert t.near(median(a, axis=0), [0.735, 0.54, -0.25, -2.73, -1.61], 1e-15)
  assert t.near(quantile(a, 0.3), -2.103, 1e-14)
  assert t.about(quantile(a, [0.1, 0.75], axis=1), [[-2.146, -2.526, -1.71, -5.032], [0.0, 0.18, 1.07, -1.37]], 1e-14)
  for n in (1, 31, 33, 257) {
    let x = t.hide(f64((389 * arange(n)) % 1009))
    assert median(x) == 0.5 * (sort(x)[(n - 1) // 2] + sort(x)[n // 2]), "of {n}"
    assert quantile(x, 1.0) == max(x), "of {n}"
    assert quantile(f32(x), 0.0) == f32(min(x)), "of {n}"
  }
}

test "derivatives" {
  let x = t.hide(sin(2.3 * arange(17.0)))
  let w = cos(arange(17.0))
  for f in (x -> sort(x) * w, x -> sort(x * x, descending=true), x -> top_k(x, 5)[0] * w[:5], x -> median(x^2) * x, x -> quantile(x, 0.37) * x,
            x -> (x * x)[argsort(x)]) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
}
