# Products of vectors, matrices and stacks of them. Sums of products of small whole numbers have no rounding.
precision f64
import "support/check.gd" as t

# The product by its definition: a sum for each element.
fn plainly(a, b) = sum(a[:, :, newaxis] * b, axis=1)
fn whole(rows, columns, factor) = t.hide(f64((reshape(arange(rows * columns), (rows, columns)) * factor) % 13 - 6))

test "matrices" {
  for (n, k, m) in ((1, 1, 1), (2, 3, 4), (7, 1, 9), (31, 33, 5), (33, 31, 65), (64, 16, 64), (65, 17, 66), (1, 257, 3), (5, 257, 1), (0, 3, 4), (3, 0, 4)) {
    let a = whole(n, k, 5)
    let b = whole(k, m, 7)
    assert a @ b == plainly(a, b), "{n} x {k} times {k} x {m}"
    assert f32(a) @ f32(b) == plainly(a, b), "{n} x {k} times {k} x {m}, f32"
  }
}

test "transposed operands" {
  for (n, k, m) in ((3, 5, 4), (33, 17, 31), (65, 33, 2)) {
    let a = whole(k, n, 5)
    let b = whole(m, k, 7)
    assert a.T @ b.T == plainly(a.T, b.T), "{n} x {k} times {k} x {m}"
    assert a.T @ whole(k, m, 3) == plainly(a.T, whole(k, m, 3)), "{n} x {k} times {k} x {m}"
    assert whole(n, k, 3) @ b.T == plainly(whole(n, k, 3), b.T), "{n} x {k} times {k} x {m}"
  }
}

test "vectors" {
  for n in (0, 1, 31, 33, 257, 1000) {
    let v = t.hide(f64(arange(n) % 5))
    assert v @ v == sum(v * v), "of {n}"
    assert f32(v) @ f32(v) == f32(sum(v * v)), "of {n}, f32"
    assert whole(3, n, 5) @ v == sum(whole(3, n, 5) * v, axis=1), "of {n}"
    assert v @ whole(n, 3, 5) == sum(v[:, newaxis] * whole(n, 3, 5), axis=0), "of {n}"
    assert outer(v, t.hide([1.0, -1.0])) == stack((v, -v), axis=1), "of {n}"
  }
}

test "stacks" {
  let a = t.hide(f64((arange(60) * 5) % 13 - 6))
  let x = reshape(a, (4, 3, 5))
  let y = reshape(a, (4, 5, 3))
  for i in 0..4 { assert (x @ y)[i] == plainly(x[i], y[i]), "at {i}" }
  assert all((x @ y[0])[2] == plainly(x[2], y[0]))
  assert matmul(x, y[1]) == x @ y[1]
  assert all(einsum("bij,bjk->bik", x, y) == x @ y)
  assert einsum("bij,bji->b", x, y) == sum(x * swapaxes(y, 1, 2), axis=(1, 2))
  assert einsum("ij,kj->ik", x[0], x[1]) == plainly(x[0], x[1].T)
  assert einsum("ii->i", (x @ y)[0]) == diag((x @ y)[0])
  assert einsum("bij->ji", x) == sum(x, axis=0).T
  assert einsum("...i,i->...", x, x[0, 0]) == x @ x[0, 0]
  assert einsum("i,j,k->kij", x[0, 0], x[0, 1, :2], x[0, 2, :3])[2] == x[0, 2, 2] * outer(x[0, 0], x[0, 1, :2])
  assert trace((x @ y)[3]) == sum(x[3] * y[3].T)
  assert dot(x, y[0]) == x @ y[0]
  assert dot(t.hide(2.0), x[0]) == 2.0 * x[0]
}

test "integers" {
  let a = t.hidden(reshape(arange(35), (5, 7)))
  assert a @ a.T == i32(f64(a) @ f64(a.T))
  assert a[0] @ a[1] == sum(a[0] * a[1])
  assert (i64(a) * 100000) @ (i64(a[1]) * 100000) == i64(a @ a[1]) * 10000000000
}

# The order of a sum must not cost more digits than the sum has terms.
test "rounding" {
  let a = t.hide(sin(reshape(arange(f64(40 * 300)), (40, 300))))
  assert t.about(f32(a) @ f32(a.T), a @ a.T, 1e-5)
  assert t.about(a @ a.T, plainly(a, a.T), 1e-13)
  let nothing = t.hide(0.0) / t.hide(0.0)
  assert isnan(where(eye(3) > 0.0, nothing, 1.0) @ ones((3, 2))) == full((3, 2), true)
}

let x = t.hide(sin(reshape(arange(30.0), (5, 6))))

test "derivatives of products of matrices" {
  let w = cos(reshape(arange(42.0), (6, 7)))
  for f in (x -> x @ w, x -> x @ x.T, x -> (x.T @ x) @ w, x -> einsum("ij,ik->jk", x, x * x), x -> trace(x[:, :5]) * x) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
}

test "derivatives of products of vectors" {
  for f in (x -> x @ x[0], x -> x[:, 1] @ x, x -> x[2] @ x[3] * x[1], x -> outer(x[0], x[1]), x -> vmap((a, b) -> outer(a, a) @ b)(x, x * x)) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
}
