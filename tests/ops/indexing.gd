# Elements by place: slices and updates at a place known at run time, gathers, scatters.
precision f64
import "support/check.gd" as t

test "dynamic slices" {
  for n in (9, 33, 257) {
    let a = t.hide(arange(f64(n)))
    for k in (0, 2, 6) {
      let j = t.hidden(k)
      assert a[j:j + 3] == k + arange(3.0), "of {n} at {k}"
    }
  }
  let m = t.hide(reshape(arange(60.0), (6, 10)))
  let i = t.hidden(2)
  assert m[i] == arange(20.0, 30.0)
  assert m[:, i] == 2.0 + 10.0 * arange(6.0)
  assert m[i:i + 2, 3:5] == [[23.0, 24.0], [33.0, 34.0]]
  assert m[-i, -1] == 49.0
  # The bounds differ by a known number, however they are written.
  for j in 0..4 {
    let at = j * t.hidden(1)
    let size = 2
    assert m[0, 2 * at:2 * (at + 1)] == 2.0 * j + arange(2.0)
    assert m[0, at * size:at * size + size] == 2.0 * j + arange(2.0)
    assert m[0, at + 2 - size + 1:at + m.shape[1] - 5] == j + 1.0 + arange(4.0)
    assert m[-at - 1, -(at + 6):-at - 3] == 10.0 * (5 - j) + 4.0 - j + arange(3.0)
  }
  assert (m > 30.0)[i + 1, i - 1]
}

fn stairs(n) = {
  var y = zeros(n)
  for i in 0..n { y[i] = 2.0 * i + t.hide(1.0) }
  y
}

fn triangle(n) = {
  var y = zeros((n, n), dtype=i32)
  for i in 0..n {
    y[i] = arange(n) * t.hidden(i)
    y[0, i] += 5
  }
  y
}

test "updates" {
  for n in (0, 1, 31, 33, 257) { assert stairs(n) == 1.0 + 2.0 * arange(n), "of {n}" }
  for n in (1, 5, 18) { assert triangle(n) == arange(n)[:, newaxis] * arange(n) + where(arange(n)[:, newaxis] == 0, 5, 0), "of {n}" }
  fn swapped(x, i, j) = {
    var y = x
    y[i] = x[j]
    y[j] = x[i]
    y[2:4] = y[2:4] + 100.0
    y
  }
  assert swapped(t.hide(arange(6.0)), t.hidden(1), t.hidden(-1)) == [0.0, 5.0, 102.0, 103.0, 4.0, 1.0]
}

test "gather" {
  for n in (0, 1, 31, 33, 257, 1000) {
    let places = t.hidden(7 * arange(n)) % 11
    assert t.hide(sqrt(arange(11.0)))[places] == sqrt(f64(7 * arange(n) % 11)), "of {n}"
    assert t.hidden(arange(22)[::-1])[places] == 21 - places, "of {n} integers"
  }
  let m = t.hide(reshape(arange(60.0), (6, 10)))
  let rows = t.hidden([5, 0, 5])
  assert m[rows] == 10.0 * rows[:, newaxis] + arange(10.0)
  assert m[:, rows][3] == 30.0 + rows
  assert m[rows, t.hidden([1, 2, 3])] == [51.0, 2.0, 53.0]
  assert m[t.hidden([[0, 1], [-1, -2]])][1, 1] == m[4]
  assert vmap((row, i) -> row[i])(m, t.hidden([0, 9, 3, 3, 1, 5])) == [0.0, 19.0, 23.0, 33.0, 41.0, 55.0]
  assert (m > 29.5)[rows, 0] == [true, false, true]
}

# As in NumPy: indices that something stands between put their axes in front.
test "gather of axes that lie apart" {
  let x = t.hide(reshape(arange(24.0), (2, 3, 4)))
  let i = t.hidden(1)
  let two = t.hidden([1, 3])
  assert x[0, :, two].shape == [2, 3]
  assert x[i, :, two] == x[1].T[[1, 3]]
  assert x[:, i, two].shape == [2, 2]
  assert x[:, i, two] == x[:, 1, :][:, [1, 3]]
  assert x[..., two] == x[:, :, 1:4:2]
  assert x[newaxis, i, :, two].shape == [2, 1, 3]
  assert x[newaxis, i, :, two][:, 0] == x[1].T[[1, 3]]
  assert x[[0, 1], newaxis, two - 1].shape == [2, 1, 4]
  assert grad(x -> sum(x[i, :, two] * [[1.0], [2.0]]))(x)[1] == [0.0, 1.0, 0.0, 2.0] * ones((3, 1))
  fn set(x, v) = {
    var y = x
    y[0, :, two] = v
    y[1, 1:, two] += 1.0
    y
  }
  let y = set(x, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
  assert y[0] == [[0.0, 1.0, 2.0, 4.0], [4.0, 2.0, 6.0, 5.0], [8.0, 3.0, 10.0, 6.0]]
  assert y[1] == x[1] + [0.0, 1.0, 0.0, 1.0] * [[0.0], [1.0], [1.0]]
}

test "scatter" {
  for n in (0, 1, 31, 33, 257, 1000) {
    let places = t.hidden(arange(n)) % 7
    # How often i is met below n.
    let times = (n + 6 - arange(7)) // 7
    assert segment_sum(t.hide(ones(n)), places, 7) == times, "of {n}"
    assert segment_sum(t.hidden(arange(n)), places, 7) == arange(7) * times + 7 * times * (times - 1) // 2, "of {n} integers"
    assert segment_sum(f32(t.hide(arange(f64(n)))[:, newaxis]) * f32([1.0, 0.5]), places, 7)[:, 1] * 2 == f32(arange(7) * times + 7 * times * (times - 1) // 2),
      "of {n} rows"
  }
  # In the order of the indices: a large number that goes away between small ones takes some of them with it.
  assert segment_sum(t.hide([1.0, 1e16, 1.0, -1e16, 1.0]), t.hidden([0, 0, 0, 0, 0]), 1) == [1.0]
  # Other segments are dropped.
  assert segment_sum(t.hide([1.0, 2.0, 4.0]), t.hidden([-1, 1, 2]), 2) == [0.0, 2.0]
  fn put(x, i, v) = {
    var y = x
    y[i] = v
    y
  }
  fn add(x, i, v) = {
    var y = x
    y[i] += v
    y
  }
  # The last one stays; all are added.
  assert put(zeros(5), t.hidden([3, 1, 3]), t.hide([1.0, 2.0, 4.0])) == [0.0, 2.0, 0.0, 4.0, 0.0]
  assert add(ones(5), t.hidden([3, 1, 3]), t.hide([1.0, 2.0, 4.0])) == [1.0, 3.0, 1.0, 6.0, 1.0]
  assert put(t.hide(ones(4)) > 2.0, t.hidden([2]), t.hide([1.0]) > 0.0) == [false, false, true, false]
  assert add(zeros((3, 2)), t.hidden([2, 2]), t.hide([[1.0, 2.0], [3.0, 4.0]])) == [[0.0, 0.0], [0.0, 0.0], [4.0, 6.0]]
}

let x = t.hide(sin(arange(20.0)))
let i = t.hidden([3, 0, 3, 19, 7])
let j = t.hidden(14)

fn put(x) = {
  var y = x * x
  y[i] = x[:5]
  y[2] = y[3] * y[19]
  y
}

fn add(x) = {
  var y = sin(x)
  y[i] += x[5:10] * x[i]
  y
}

fn running(x) = {
  var y = x
  for k in 1..20 { y[k] = y[k - 1] * x[k] + y[k] * y[(k * 7) % 20] }
  y
}

test "derivatives of elements" {
  for f in (x -> x[i] * x[i], x -> segment_sum(x[:5] * x[5:10], i // 4, 5), x -> x[j:j + 4] * x[i[0]]) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
}

test "derivatives of updates" {
  for f in (put, add, running) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
}

test "derivatives of rows" {
  let rows = t.hide(cos(reshape(arange(24.0), (4, 6))))
  for f in (m -> m[[2, 0, 2]] * m[1], m -> m[[0, 1], [5, 5]] * m[2, 3], m -> vmap((row, j) -> row[j])(m * m, [5, 0, 0, 1])) {
    let e = t.derivatives(f, rows)
    assert t.right(e), "{e}"
  }
}
