# Loops and branches, what they carry and what their derivatives remember.
precision f64
import "support/check.gd" as t

test "for" {
  for n in (0, 1, 3, 17) {
    var total = t.hide(0.0)
    var last = t.hidden(-1)
    for i in 0..t.hidden(n) {
      total += f64(i) * i
      last = i
    }
    assert total == n * (n - 1) * (2 * n - 1) / 6.0, "{n} times"
    assert last == n - 1, "{n} times"
  }
  for n in (1, 17, 257) {
    var x = t.hide(arange(f64(n)))
    for k in t.hidden(2)..t.hidden(6) { x = x[::-1] + k }
    assert x == arange(n) + 14.0, "of {n}"
    var y = t.hide32(ones(n))
    for row in t.hide32(ones((5, n))) { y = y + row * 2.0 }
    assert y == full(n, 11.0), "of {n}, f32"
  }
  # Values that are exchanged.
  var a = t.hide(1.0)
  var b = t.hide(arange(33.0))
  var c = b[::-1]
  for i in 0..t.hidden(5) {
    let before = b
    b = c
    c = before
    a = -2.0 * a
  }
  assert a == -32.0
  assert c == arange(33.0)
}

fn collatz(start) = {
  var n = start
  var steps = t.hidden(0)
  while n != 1 {
    if n % 2 == 0 { n = n // 2 } else { n = 3 * n + 1 }
    steps += 1
  }
  steps
}

test "over nothing" {
  let rows = t.hide(zeros((0, 3)))
  let last, all = scan((a, x) -> (a + sum(x), {row: 2.0 * x, k: 1}), t.hide(4.0), rows)
  assert last == 4.0 and all.row.shape == [0, 3] and all.k.shape == [0]
  assert fold((a, x) -> a * x[0], t.hide(2.0), rows) == 2.0
  assert grad(r -> fold((a, x) -> a + sum(x^2), 0.0, r))(rows).shape == [0, 3]
  assert map(x -> sum(x), rows).shape == [0]
}

test "while" {
  assert collatz(t.hidden(27)) == 111
  assert collatz(t.hidden(1)) == 0
  # 2.0 by Newton, of each element as long as one is not there yet.
  for n in (1, 33, 257) {
    let squares = t.hide(1.0 + arange(f64(n)))
    var root = squares
    while max(abs(root * root - squares) / squares) > 1e-12 { root = 0.5 * (root + squares / root) }
    assert t.near(root, sqrt(squares), 1e-11), "of {n}"
  }
}

test "if" {
  for n in (0, 1, 33, 257) {
    let x = t.hide(arange(f64(n)))
    let y = if sum(x) > 100.0 { x[::-1] } else { x + 1.0 }
    assert y == if n > 14 { arange(f64(n))[::-1] } else { 1.0 + arange(f64(n)) }, "of {n}"
  }
  # Only one side runs.
  fn down(n) = {
    var k = n
    var y = t.hide([1.0, 2.0, 3.0])
    while k > 0 {
      y = if k % 2 == 0 { y * y } else { y - y[k % 3] }
      k -= 1
    }
    y
  }
  # 4: squares 1 4 9; 3: less 1, 0 3 8; 2: 0 9 64; 1: less 9, -9 0 55.
  assert down(t.hidden(4)) == [-9.0, 0.0, 55.0]
}

fn euler(x) = {
  var y = x
  for i in 0..12 { y = y + 0.1 * sin(y) * x[::-1] }
  y
}

fn unknown_times(x) = {
  var y = x
  for i in 0..t.hidden(7) {
    let k = i % 3
    y = if k == 0 { y * cos(y) } else { y + 0.1 * x * y[k] }
  }
  y
}

fn until(x) = {
  var y = x
  var n = 0
  while sum(y * y) < 40.0 {
    y = 1.3 * y + 0.1 * sin(y * x)
    n += 1
  }
  y * f64(n)
}

fn nested(x) = {
  var y = x
  for i in 0..3 {
    var z = y * 0.5
    for j in 0..t.hidden(4) { z = tanh(z + 0.1 * f64(j) * y) }
    y = y + z * z
  }
  y
}

# Loops of a known and of an unknown number of iterations, with branches, inside of each other: their tapes are
# pushed and popped, and theirs in turn.
let x = t.hide(0.7 + 0.5 * sin(arange(9.0)))

test "derivatives of for" {
  for f in (euler, unknown_times) {
    let e = t.derivatives(f, x)
    assert t.right(e), "{e}"
  }
}

test "derivatives of while" {
  let e = t.derivatives(until, x)
  assert t.right(e), "{e}"
}

test "derivatives of loops in loops" {
  let e = t.derivatives(nested, x)
  assert t.right(e), "{e}"
}

test "derivatives of longer rows" {
  let x = t.hide(0.7 + 0.5 * sin(arange(130.0)))
  let g = grad(x -> sum(euler(x)^2))(x)
  let along = jvp(x -> sum(euler(x)^2), x, cos(x))[1]
  assert t.near(sum(g * cos(x)), along, 1e-12)
  let c = grad(x -> sum(checkpoint(euler)(x)^2))(x)
  assert t.near(c, g, 1e-14)
  # A checkpoint inside of a loop, which is differentiated twice.
  fn slow(x) = {
    var y = x
    for i in 0..3 { y = checkpoint(y -> sin(y) * x + y)(y) }
    y
  }
  let few = x[0:20]
  let e = t.derivatives(slow, few)
  assert t.right(e), "{e}"
}

test "descent" {
  var w = t.hide(zeros(5))
  fn loss(w) = sum((w - arange(5.0))^2)
  for i in 0..t.hidden(60) { w -= 0.25 * grad(loss)(w) }
  assert t.about(w, arange(5.0), 1e-15)
}
