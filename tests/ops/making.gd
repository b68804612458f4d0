# Arrays out of nothing: figures by hand.
precision f64
import "support/check.gd" as t

test "one value" {
  assert zeros((2, 3)) + t.hide(0.0) == [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
  assert ones(3, dtype=i32) * t.hidden(2) == [2, 2, 2]
  assert full((2, 2), t.hide(1.5)) == [[1.5, 1.5], [1.5, 1.5]]
  assert full((2, 3), t.hidden([1, 2, 3])) == [[1, 2, 3], [1, 2, 3]]
  let x = t.hide([[1.0, 2.0], [3.0, 4.0]])
  assert zeros_like(x) + x == x
  assert ones_like(x) * 2.0 + x == [[3.0, 4.0], [5.0, 6.0]]
  assert sum(zeros(0)) == 0.0
  assert all(zeros((0, 4)).shape == [0, 4])
  assert sum(ones((3, 0))) == 0.0
}

test "counting" {
  for n in (0, 1, 31, 33, 65, 257, 1000) {
    assert sum(arange(n) * t.hidden(2)) == n * (n - 1), "to {n}"
    assert arange(f64(n)) + t.hide(0.5) == 0.5 + arange(n), "to {n}"
    assert f32(arange(n)) * t.hide32(1.0) == arange(n), "to {n}"
    assert eye(n) @ t.hide(arange(f64(n))) == arange(f64(n)), "{n} rows"
  }
  assert arange(2, 11, 3) + t.hidden(0) == [2, 5, 8]
  assert arange(5, 0, -2) == t.hidden([5, 3, 1])
  assert t.near(arange(0.5, 2.0, 0.5), t.hide([0.5, 1.0, 1.5]), 1e-15)
  assert t.about(linspace(-1.0, t.hide(2.0), 4), [-1.0, 0.0, 1.0, 2.0], 1e-15)
  assert t.about(linspace(0, 1, 4, endpoint=false), t.hide([0.0, 0.25, 0.5, 0.75]), 1e-15)
  assert t.about(linspace(0.0, 10.0, 1001)[::100], t.hide(arange(11.0)), 1e-15)
  assert linspace(3.0, 4.0, 1) == t.hide([3.0])
}

test "diagonals" {
  let a = t.hide([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
  assert tril(a) == [[1.0, 0.0, 0.0], [4.0, 5.0, 0.0], [7.0, 8.0, 9.0]]
  assert tril(a, k=-1)[2] == [7.0, 8.0, 0.0]
  assert triu(a) == [[1.0, 2.0, 3.0], [0.0, 5.0, 6.0], [0.0, 0.0, 9.0]]
  assert triu(a, k=1)[0] == [0.0, 2.0, 3.0]
  assert diag(a) == [1.0, 5.0, 9.0]
  assert diag(a, k=1) == [2.0, 6.0]
  assert trace(a) == 15.0
  assert diag(t.hide([1.0, 2.0])) == [[1.0, 0.0], [0.0, 2.0]]
  assert diag(a[0], k=-1)[1:, :3] == [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]]
  assert eye(3, m=4, k=1) * t.hide(2.0) == [[0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 2.0]]
  assert tri(3) * a == tril(a)
  assert tri(2, m=3, k=1) == t.hide([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
  let grid = meshgrid(t.hide([1.0, 2.0, 3.0]), y=t.hide([4.0, 5.0]))
  assert grid[0] == [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
  assert grid[1] == [[4.0, 4.0, 4.0], [5.0, 5.0, 5.0]]
}

test "labels" {
  assert one_hot(t.hidden([2, 0, 3, -1]), 3) == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
  for n in (0, 1, 33, 257) {
    assert argmax(one_hot(t.hidden(arange(n)) % 5, 5), axis=1) == arange(n) % 5, "of {n}"
  }
}

test "known tables" {
  let table = [3, 1, 4, 1, 5, 9, 2, 6]
  assert table[t.hidden([0, 7, 5])] == [3, 6, 9]
  assert [true, false][t.hidden(1)] == false
  assert [[0.5, 1.5], [2.5, 3.5]] * t.hide(2.0) == [[1.0, 3.0], [5.0, 7.0]]
}
