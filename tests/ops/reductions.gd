# What combines elements: against formulas, and figures by NumPy 2.4.
precision f64
import "support/check.gd" as t

let a = t.hide([[0.0, 0.9, -0.82, -2.67, -1.36], [-2.97, 0.18, 4.02, -1.48, -1.86], [1.47, 1.07, 0.32, -2.79, -0.09],
                [2.09, -4.03, -1.37, -5.7, -3.87]])
let zero = t.hide(0.0)
let nothing = zero / zero

# Of whole numbers sums have no rounding, whatever their order.
test "sums" {
  for n in (0, 1, 2, 31, 32, 33, 65, 257, 1000, 4099) {
    let i = t.hide(arange(f64(n)))
    assert sum(i) == f64(n) * (n - 1) / 2, "of {n}"
    assert sum(t.hide32(arange(n) % 5)) == sum(arange(n) % 5), "of {n}, f32"
    assert sum(t.hidden(arange(n))) == n * (n - 1) // 2, "of {n} integers"
    assert sum(i % 3.0 == 1.0) == (n + 1) // 3, "of {n} truths"
  }
  for n in (0, 1, 31, 33, 257) {
    let m = t.hide(arange(f64(n))[:, newaxis] + 1000.0 * arange(7.0))
    assert sum(m, axis=0) == n * (n - 1) / 2.0 + 1000.0 * n * arange(7.0), "{n} rows"
    assert sum(m.T, axis=1) == sum(m, axis=0), "{n} columns"
    assert sum(m, axis=1) == 7.0 * arange(n) + 21000.0, "{n} rows"
    assert sum(m) == 7.0 * n * (n - 1) / 2 + 21000.0 * n, "{n} rows"
    let b = m[:, newaxis, :] + t.hide(zeros(3))[:, newaxis]
    assert sum(b, axis=(0, 2)) == sum(m) + zeros(3), "{n} boxes"
    assert sum(b, axis=1) == 3.0 * m, "{n} boxes"
  }
  assert isnan(sum(stack((zero, nothing, zero))))
  # Of f32 a sum is not worse than its rounding.
  assert t.near(sum(t.hide32(full(1000, 0.1))), 100.00000149011612, 1e-6)
}

test "products" {
  for n in (0, 1, 2, 31, 33, 65, 257) {
    assert prod(t.hide(where(arange(n) % 2 == 0, 2.0, 0.5))) == 1.0 + (n % 2), "of {n}"
    assert prod(t.hidden(where(arange(n) < 20, 2, 1))) == 2^min(stack((n, 20))), "of {n} integers"
    assert prod(t.hide32(1.0 + 0.0 * arange(n))[:, newaxis] * f32([1.0, -1.0]), axis=0) == [1.0, 1.0 - 2.0 * (n % 2)], "of {n} rows"
  }
  assert t.near(prod(a[1]), -5.916020457599999, 1e-15)
}

test "extrema" {
  for n in (1, 2, 31, 33, 65, 257, 1000) {
    let i = arange(n)
    let x = t.hide(f64((37 * i) % 1009))
    assert max(x) == max(t.hidden((37 * i) % 1009)), "of {n}"
    assert x[argmax(x)] == max(x), "of {n}"
    assert x[argmin(x)] == min(x), "of {n}"
    assert sum(x >= max(x)) >= 1, "of {n}"
    assert max(f32(-x)) == -min(f32(x)), "of {n}, f32"
    let m = x[:, newaxis] * [1.0, -1.0, 0.0]
    assert max(m, axis=0) == stack((max(x), -min(x), zero)), "of {n} rows"
    assert min(m, axis=1) == -x, "of {n} rows"
    assert argmax(m, axis=0) == stack((argmax(x), argmin(x), t.hidden(0))), "of {n} rows"
    assert argmin(m, axis=1) == where(x == 0.0, 0, 1), "of {n} rows"
    # The first of equal ones.
    assert argmax(t.hide(ones(n))) == 0, "of {n}"
    assert argmin(t.hidden(i // 40 * -1)) == (n - 1) // 40 * 40, "of {n}"
  }
  assert argmax(a) == 7
  assert argmin(a, axis=0) == [1, 3, 3, 3, 3]
  assert argmax(a, axis=1, keepdims=true) == [[1], [2], [0], [0]]
  assert max(u32(t.hidden([1, -1, 7]))) == u32(t.hidden(-1))
  assert min(i64(t.hidden([3, -5])) * 3000000000) == -15000000000
}

test "nan" {
  let x = where(t.hidden(arange(300)) == 217, nothing, f64(arange(300)))
  assert isnan(max(x))
  assert isnan(min(x))
  assert argmax(x) == 217
  assert argmin(x) == 217
  assert isnan(max(f32(x)))
  let m = where(t.hidden(arange(40))[:, newaxis] == 17, nothing, f64(arange(5)))
  assert isnan(max(m, axis=0)) == [true, true, true, true, true]
  assert isnan(min(m, axis=1)) == (arange(40) == 17)
  assert argmax(m, axis=0) == [17, 17, 17, 17, 17]
  assert isnan(median(x))
  assert isnan(mean(x))
}

test "truth values" {
  for n in (0, 1, 31, 33, 257) {
    let i = t.hidden(arange(n))
    assert all(i >= 0), "of {n}"
    assert not any(i < 0), "of {n}"
    assert any(i == n - 1) == (n > 0), "of {n}"
    assert all(i != n - 1) == (n == 0), "of {n}"
    assert any((i[:, newaxis] + arange(3)) % 5 == 4, axis=1) == (i % 5 >= 2), "of {n} rows"
    assert all(i[:, newaxis] * [0, 1] == 0, axis=0) == [true, n < 2], "of {n} rows"
  }
  assert any(t.hide([0.0, 2.0]))
  assert not all(t.hide([0.0, 2.0]))
}

test "statistics" {
  assert t.near(mean(a), -0.948, 1e-15)
  assert t.near(var(a), 5.215186, 1e-14)
  assert t.near(std(a), 2.2836781734736618, 1e-14)
  assert t.near(var(a, axis=0, ddof=1), [5.087625, 5.781533333333335, 5.885491666666666, 3.2170000000000005, 2.4687], 1e-14)
  assert t.near(norm(a), 11.057929281741677, 1e-15)
  assert t.near(norm(a[0], ord=1), 5.75, 1e-15)
  assert t.near(norm(a[0], ord=3), 2.836842478657622, 1e-14)
  assert norm(a[0], ord=inf) == 2.67
  assert t.near(mean(t.hidden([1, 2, 4])), 7.0 / 3.0, 1e-15)
  assert all(mean(a, axis=1, keepdims=true).shape == [4, 1])
  for n in (1, 31, 33, 257, 1000) {
    let x = t.hide(arange(f64(n)))
    assert t.near(var(x), (f64(n) * n - 1.0) / 12.0, 1e-12), "of {n}"
    assert t.near(std(f32(x)), sqrt((f64(n) * n - 1.0) / 12.0), 1e-5), "of {n}, f32"
  }
}

test "logsumexp and softmax" {
  assert t.near(logsumexp(a), 4.376473496756897, 1e-15)
  assert t.about(logsumexp(a, axis=0), [2.601611594565027, 1.885549449297317, 4.056517595576066, -1.0170587728123204, 0.29797117909563037], 1e-15)
  assert t.near(softmax(a)[1], [0.0008948313688147978, 0.020881842611715495, 0.97153763468707, 0.003970452256832056, 0.0027152390755675482], 1e-14)
  assert t.near(exp(log_softmax(a)), softmax(a), 1e-14)
  for n in (1, 31, 33, 257) {
    let x = t.hide(sin(arange(f64(3 * n)))) * 700.0
    assert t.near(sum(softmax(reshape(x, (3, n))), axis=1), ones(3), 1e-13), "of {n}"
    assert t.near(sum(softmax(f32(reshape(x, (n, 3)) / 10.0), axis=0), axis=0), ones(3), 1e-5), "of {n} rows, f32"
    assert t.near(logsumexp(t.hide(full(n, 1000.0))), 1000.0 + log(f64(n)), 1e-15), "of {n}"
  }
  assert logsumexp(stack((-1.0 / zero, -1.0 / zero))) == -1.0 / zero
}

let x = t.hide(sin(reshape(arange(35.0), (5, 7))) + 0.1)

test "derivatives of sums and extrema" {
  for f in (x -> sum(x * x, axis=0), x -> sum(x, axis=1)^2, x -> mean(x^3), x -> max(x, axis=1) * x[:, 0], x -> min(x, axis=0)^2) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
}

test "derivatives of statistics" {
  for f in (x -> var(x, axis=0), x -> std(x * x, axis=1), x -> norm(x, axis=1)) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
}

test "derivatives of softmax" {
  for f in (x -> logsumexp(x, axis=0), x -> softmax(x) @ cos(arange(7.0)), x -> log_softmax(x, axis=0) * x) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
}

test "derivatives of products" {
  for f in (x -> prod(x[:, :3], axis=1), x -> prod(x[0])) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
  # At a zero the others' product.
  assert grad(prod)(t.hide([2.0, 0.0, 3.0])) == [0.0, 6.0, 0.0]
  assert grad(prod)(t.hide([2.0, 0.0, 0.0])) == [0.0, 0.0, 0.0]
  assert grad(norm)(t.hide([0.0, 0.0])) == [0.0, 0.0]
}
