# A batch of a function is the function of each element.
precision f64
import "support/check.gd" as t

# The largest difference between the batch of f over the rows of xs and f of each row.
fn difference(f, xs) = {
  let batch = vmap(f)(xs)
  var worst = 0.0
  for i in 0..len(xs) { worst = maximum(worst, t.apart(f64(batch[i]), f64(f(xs[i])))) }
  worst
}

let xs = t.hide(sin(1.7 * reshape(arange(68.0), (4, 17))))
let ns = t.hidden((37 * reshape(arange(68), (4, 17))) % 19 - 9)

test "elementwise" {
  for f in (x -> exp(x) * x[0], x -> where(x > 0.0, x, x * x), x -> atan2(x, x[::-1]), x -> clip(x, -0.5, x[3]), x -> f64(f32(x)), x -> x // 0.3, x -> x % 0.3,
            x -> maximum(x, 0.1)^2.5) { assert difference(f, xs) == 0.0 }
  for f in (n -> n // 3 + n % 4, n -> abs(n)^2, n -> n * n[0], n -> f64(n) / 2.0, n -> where(n > 0, n, -n)) { assert difference(f, ns) == 0.0 }
}

test "shape" {
  for f in (x -> reshape(x[:16], (4, 4)).T, x -> broadcast_to(x, (3, 17)), x -> concat((x, x * 2.0)), x -> flip(x), x -> pad(x, 2), x -> x[2:9:3],
            x -> stack((x, -x), axis=1), x -> roll(x, 5), x -> tril(outer(x, x)), x -> arange(17.0) * x, x -> tile(x, 2)) { assert difference(f, xs) == 0.0 }
}

test "places" {
  fn put(x) = {
    var y = x
    y[i32(x[0] > 0.0) + 3] = x[1]
    y[[1, 1, 2]] += x[5:8]
    y
  }
  let i = t.hidden([3, 0, 16, 3])
  for f in (put, x -> x[i], x -> x[argmax(x)], x -> segment_sum(x, arange(17) % 3, 4), x -> vmap(k -> x[k])(i)) { assert difference(f, xs) == 0.0 }
  for f in (n -> xs[0][abs(n)], n -> one_hot(n, 5), n -> segment_sum(xs[1], n, 6)) { assert difference(f, ns) == 0.0 }
  for f in (k -> xs[1][abs(k):abs(k) + 3], k -> roll(xs[0], k), k -> xs[:, k]) { assert difference(f, i - 2) == 0.0 }
}

test "reductions and order" {
  for f in (x -> max(x), x -> min(x), x -> f64(argmax(x)), x -> sort(x), x -> argsort(x), x -> cummax(x), x -> top_k(x, 3)[0], x -> median(x), x -> f64(all(x > -2.0)),
            x -> f64(any(x > 0.99))) { assert difference(f, xs) == 0.0 }
  for f in (x -> sum(x), x -> prod(x + 1.5), x -> var(x), x -> cumsum(x), x -> cumprod(x), x -> logsumexp(x), x -> softmax(x), x -> norm(x)) {
    assert difference(f, xs) < 1e-14
  }
}

test "products" {
  for f in (x -> x @ x, x -> outer(x, x), x -> xs @ x, x -> reshape(x[:16], (4, 4)) @ reshape(x[1:], (4, 4)), x -> einsum("i,ji->j", x, xs)) {
    assert difference(f, xs) < 1e-14
  }
}

test "loops" {
  fn steps(x) = {
    var y = x
    for i in 0..t.hidden(3) { y = y * 0.5 + sin(y) }
    y
  }
  fn as_long_as(x) = {
    var y = x
    var n = 0
    while sum(y * y) > 1.0 {
      y = 0.7 * y
      n += 1
    }
    y + f64(n)
  }
  fn branch(x) = if x[0] > 0.0 { x * 2.0 } else { x[::-1] }
  for f in (steps, as_long_as, branch) { assert difference(f, xs) < 1e-15 }
  for f in (steps, as_long_as, branch) { assert difference(grad(x -> sum(f(x)^2)), xs) < 1e-14 }
}

test "random" {
  let keys = split(key(t.hidden(2)), 4)
  for f in (k -> f64(bits(k, 5)), k -> normal(k, 9), k -> f64(permutation(k, 7)), k -> uniform(fold_in(k, 3), 4), k -> f64(randint(k, 5, 0, 50))) {
    let batch = vmap(f)(keys)
    for i in 0..4 { assert batch[i] == f(keys[i]), "at {i}" }
  }
}

test "axes" {
  assert vmap((a, b) -> a * b[0], in_axes=(1, 0))(xs, xs.T) == xs.T * xs[0][:, newaxis]
  assert vmap(x -> 2.0 * x, out_axes=1)(xs) == 2.0 * xs.T
  assert vmap(vmap((a, b) -> a - b))(xs, xs[::-1]) == xs - xs[::-1]
  assert [x[0] + 1.0 for x in xs] == xs[:, 0] + 1.0
  for n in (0, 1, 33, 257) { assert [f64(i) * i for i in 0..n] == arange(f64(n))^2, "of {n}" }
}

test "derivatives" {
  for f in (x -> sum(cumsum(x) * sort(x)), x -> logsumexp(x * x), x -> prod(x + 1.5)) {
    assert difference(grad(f), xs) < 1e-14
    assert difference(x -> hessian(f)(x[:5]), xs) < 1e-14
  }
  let e = t.derivatives(x -> vmap(x -> cumsum(x * x) * max(x))(x), xs)
  assert t.right(e), "{e}"
}
