# Operations that move elements: against where each element has to come from.
precision f64
import "support/check.gd" as t

let x = t.hide(reshape(arange(24.0), (2, 3, 4)))

test "reshape and transpose" {
  assert reshape(x, (4, 6))[2] == arange(12.0, 18.0)
  assert reshape(x, -1) == arange(24.0)
  assert ravel(x) == arange(24.0)
  let y = transpose(x, axes=(2, 0, 1))
  for i in 0..4 { assert y[i] == x[:, :, i], "at {i}" }
  assert x.T[3, 2, 1] == 23.0
  assert swapaxes(x, 0, 2) == x.T
  assert swapaxes(x, 1, 2)[1, 3] == x[1, :, 3]
  assert all(expand_dims(x, 1).shape == [2, 1, 3, 4])
  assert squeeze(expand_dims(x, 3), axis=3) == x
  for n in (0, 1, 31, 33, 65, 257) {
    let m = t.hide(reshape(arange(f64(3 * n)), (3, n)))
    assert all(m.T == reshape(arange(f64(3)) * n, (1, 3)) + reshape(arange(f64(n)), (n, 1))), "{n} columns"
    assert f32(m).T.T == m, "{n} columns"
    assert i32(m).T[:, 2] == 2 * n + arange(n), "{n} columns"
  }
  let wide = t.hide(reshape(arange(4225.0), (65, 65)))
  assert wide.T - wide == 64.0 * (arange(65.0) - arange(65.0)[:, newaxis])
}

test "broadcast" {
  assert broadcast_to(x[0, 0], (3, 2, 4))[2, 1] == x[0, 0]
  assert broadcast_to(t.hide(2.5), 7) == full(7, 2.5)
  for n in (0, 1, 31, 33, 257) {
    assert broadcast_to(t.hide(arange(3.0))[:, newaxis], (3, n)) == arange(3.0)[:, newaxis] + zeros((3, n)), "{n} columns"
  }
  assert tile(t.hidden([[1, 2]]), (2, 2)) == [[1, 2, 1, 2], [1, 2, 1, 2]]
  assert repeat(t.hidden([[1, 2], [3, 4]]), 2, axis=1) == [[1, 1, 2, 2], [3, 3, 4, 4]]
  assert repeat(t.hide([1.0, 2.0]), 3) == [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]
}

test "concat" {
  for n in (0, 1, 31, 33, 257) {
    let a = t.hide(arange(f64(n)))
    assert concat((a, [-1.0], a))[n:] == concat(([-1.0], arange(f64(n)))), "of {n}"
    assert concat((a[:, newaxis], a[:, newaxis] + 0.5), axis=1) == arange(n)[:, newaxis] + [0.0, 0.5], "of {n}"
    assert stack((a, -a))[1] == -arange(n), "of {n}"
    assert stack((i32(a), 2 * i32(a)), axis=1)[:, 1] == 2 * arange(n), "of {n}"
  }
  let (a, b, c) = split(x, 3, axis=1)
  assert b[:, 0] == x[:, 1]
  assert concat((a, b, c), axis=1) == x
  let parts = split(x, (1, 3), axis=2)
  assert parts[1] == x[:, :, 1:3]
  assert all(parts[2].shape == [2, 3, 1])
}

test "reverse and roll" {
  for n in (0, 1, 31, 33, 257) {
    assert flip(t.hide(arange(f64(n)))) == n - 1 - arange(n), "of {n}"
    assert t.hidden(arange(n))[::-1] == n - 1 - arange(n), "of {n}"
  }
  assert flip(x, axis=1)[:, 0] == x[:, 2]
  assert flip(x) == reshape(23.0 - arange(24.0), (2, 3, 4))
  assert roll(t.hidden(arange(7)), 3) == [4, 5, 6, 0, 1, 2, 3]
  assert roll(t.hidden(arange(7)), t.hidden(-10)) == roll(arange(7), 4)
  assert roll(t.hidden(reshape(arange(12), (3, 4))), -1, axis=1) == [[1, 2, 3, 0], [5, 6, 7, 4], [9, 10, 11, 8]]
}

# A piece of one element stands before one that is read in place by a kernel with a reduction.
test "sums of pieces" {
  for x in (t.hide32(arange(1.0, 9.0)), t.hide32(arange(1.0, 17.0)), t.hide32(arange(1.0, 34.0)), t.hide(arange(1.0, 17.0))) {
    let moved = roll(x, 1) * 0.5 + x
    let shares = moved / (1.0 + abs(mean(moved)))
    assert t.near(shares[0], (0.5 * x[-1] + 1.0) / (1.0 + 1.5 * mean(x)), 1e-6)
    assert t.near(sum(shares), 1.5 * sum(x) / (1.0 + 1.5 * mean(x)), 1e-6)
    let longer = concat(([x[2]], x[:-1])) * 0.5 + x
    assert t.near(sum(longer / (1.0 + abs(mean(longer)))), sum(longer) / (1.0 + mean(longer)), 1e-6)
    assert sum(longer) == 1.5 + 0.5 * sum(x[:-1]) + sum(x)
  }
}

# Figures by NumPy 2.4.
test "pad" {
  let a = t.hidden([1, 2, 3, 4])
  assert pad(a, (2, 3)) == [0, 0, 1, 2, 3, 4, 0, 0, 0]
  assert pad(a, 1, constant_values=7) == [7, 1, 2, 3, 4, 7]
  assert pad(a, (2, 3), mode="edge") == [1, 1, 1, 2, 3, 4, 4, 4, 4]
  assert pad(a, (2, 3), mode="reflect") == [3, 2, 1, 2, 3, 4, 3, 2, 1]
  assert pad(a, (2, 3), mode="symmetric") == [2, 1, 1, 2, 3, 4, 4, 3, 2]
  assert pad(a, (2, 3), mode="wrap") == [3, 4, 1, 2, 3, 4, 1, 2, 3]
  assert pad(t.hide(zeros((0, 2))), 1, constant_values=2.0) == full((2, 4), 2.0)
  assert sum(pad(x, ((1, 0), (0, 2), (3, 1)))) == 276.0
  assert pad(x, ((1, 0), (0, 2), (3, 1)))[1:, :3, 3:7] == x
}

test "slices" {
  for n in (0, 1, 31, 33, 257) {
    let a = t.hide(arange(f64(n)))
    assert a[::2] == arange(0.0, f64(n), 2.0), "of {n}"
    assert sum(a[n // 3:]) == sum(arange(n // 3, n)), "of {n}"
    assert a[::-3] == n - 1 - 3 * arange((n + 2) // 3), "of {n}"
  }
  assert x[1, ::2, 1:4:2] == [[13.0, 15.0], [21.0, 23.0]]
  assert x[..., -1] == [[3.0, 7.0, 11.0], [15.0, 19.0, 23.0]]
  assert x[0, newaxis, 1] == [[4.0, 5.0, 6.0, 7.0]]
}

test "records" {
  let value = {w: x[0], b: (x[1, 0], t.hide(5.0))}
  let flat = ravel(value)
  assert unravel(flat, value).w == x[0]
  assert (value + value).b[0] == 2.0 * x[1, 0]
  assert len(flat) == 17
}

# All of them are linear: the gradient of a weighed sum is the weights, moved back.
let w = t.hide(sin(reshape(arange(24.0), (2, 3, 4))))

test "derivatives of moves" {
  for f in (x -> transpose(x, axes=(1, 2, 0)), x -> flip(x, axis=2), x -> roll(x, 2), x -> reshape(x, (6, 4)).T, x -> concat((x, 2.0 * x), axis=1),
            x -> stack((x, x * x), axis=2)) {
    let e = t.derivatives(f, w)
    assert t.right(e), "{e}"
  }
}

test "derivatives of parts" {
  for f in (x -> pad(x, 1)[:, 1:, ::2], x -> pad(x, 1, mode="reflect"), x -> x[:, ::-2, 1:], x -> tril(x), x -> diag(x[0]) * x[1, 1, 2]) {
    let e = t.derivatives(f, w)
    assert t.right(e), "{e}"
  }
}

test "derivatives of repetitions" {
  for f in (x -> tile(x, (2, 1, 3)), x -> repeat(x, 2, axis=1), x -> broadcast_to(x[:, 0, newaxis], (5, 2, 1, 4))) {
    let e = t.derivatives(f, w)
    assert t.right(e), "{e}"
  }
}
