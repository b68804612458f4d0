# Running sums, products and maxima.
precision f64
import "support/check.gd" as t

test "running sums" {
  for n in (0, 1, 31, 33, 65, 257, 1000) {
    let i = arange(n)
    assert cumsum(t.hide(f64(i))) == f64(i) * (i + 1) / 2.0, "of {n}"
    assert cumsum(t.hidden(i)) == i * (i + 1) // 2, "of {n} integers"
    assert cumsum(t.hide32(i % 3)) == cumsum(i % 3), "of {n}, f32"
  }
  for n in (1, 33, 257) {
    let m = t.hide(reshape(arange(f64(3 * n)), (3, n)))
    assert cumsum(m, axis=1)[:, -1] == sum(m, axis=1), "{n} columns"
    assert cumsum(m, axis=1)[:, 1:] - cumsum(m, axis=1)[:, :-1] == m[:, 1:], "{n} columns"
    assert cumsum(m.T, axis=0) == cumsum(m, axis=1).T, "{n} rows"
    assert cumsum(m)[-1] == sum(m), "all {n}"
  }
  assert cumsum(t.hide([1.0, 1.0]) > 0.5) == [1, 2]
}

test "running products" {
  for n in (0, 1, 31, 33, 257) {
    let signs = t.hide(1.0 - 2.0 * (arange(n) % 2))
    assert cumprod(signs) == where((arange(n) + 1) // 2 % 2 == 0, 1.0, -1.0), "of {n}"
    assert cumprod(t.hidden(where(arange(n) == 5, 7, 1))) == where(arange(n) < 5, 1, 7), "of {n} integers"
  }
  assert t.near(cumprod(t.hide([-2.97, 0.18, 4.02, -1.48, -1.86])), [-2.97, -0.5346, -2.1490919999999996, 3.1806561599999994, -5.916020457599999], 1e-15)
  assert cumprod(t.hide([[1.0, 2.0], [3.0, 4.0]]), axis=0) == [[1.0, 2.0], [3.0, 8.0]]
}

test "running maxima" {
  for n in (0, 1, 31, 33, 257, 1000) {
    let i = arange(n)
    assert cummax(t.hidden(where(i % 10 == 0, i, 0))) == i // 10 * 10, "of {n}"
    assert cummax(t.hide(-f64(i))) == zeros(n), "of {n}"
  }
  let nothing = t.hide(0.0) / t.hide(0.0)
  assert isnan(cummax(stack((nothing + 1.0, nothing, 1.0 + t.hide(3.0))))) == [true, true, true]
  assert isnan(cummax(stack((t.hide(2.0), nothing, t.hide(3.0))))) == [false, true, true]
  assert cummax(t.hide([[1.0, 5.0], [3.0, 4.0], [2.0, 6.0]]), axis=0) == [[1.0, 5.0], [3.0, 5.0], [3.0, 6.0]]
}

test "derivatives" {
  let x = t.hide(sin(1.3 * arange(20.0)) + 0.2)
  for f in (x -> cumsum(x * x), x -> cumprod(x), x -> cummax(x) * x, x -> cumsum(reshape(x, (4, 5))^2, axis=0), x -> cumsum(x[::-1] * x)) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
  # At a zero.
  assert grad(x -> sum(cumprod(x)))(t.hide([2.0, 0.0, 3.0])) == [1.0, 8.0, 0.0]
}
