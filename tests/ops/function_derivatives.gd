# Derivatives of elementwise functions: both modes against differences and each other, twice.
precision f64
import "support/check.gd" as t

# x where functions are smooth.
let s = sin(1.7 * t.hide(arange(17.0))) + 0.013
let middle = 0.5 * s
let above = 1.5 + 0.3 * s

test "exponentials" {
  for g in (exp, exp2, expm1, sigmoid, silu, softplus) {
    let e = t.slopes(g, s)
    assert t.right(e), "{e}"
  }
}

test "the error function" {
  for g in (erf, erfc, gelu, x -> gelu(x, approximate=false)) {
    let e = t.slopes(g, s)
    assert t.right(e), "{e}"
  }
  let e = t.slopes(erfinv, middle)
  assert t.right(e), "{e}"
}

test "trigonometric" {
  for g in (sin, cos, tan, atan) {
    let e = t.slopes(g, s)
    assert t.right(e), "{e}"
  }
  for g in (asin, acos) {
    let e = t.slopes(g, middle)
    assert t.right(e), "{e}"
  }
}

test "hyperbolic" {
  for g in (sinh, cosh, tanh, asinh) {
    let e = t.slopes(g, s)
    assert t.right(e), "{e}"
  }
  let inverse = (t.slopes(atanh, middle), t.slopes(acosh, above))
  assert t.right(inverse[0]), "{inverse[0]}"
  assert t.right(inverse[1]), "{inverse[1]}"
}

test "roots and logarithms" {
  for g in (sqrt, rsqrt, cbrt, log, log2, log10, log1p) {
    let e = t.slopes(g, above)
    assert t.right(e), "{e}"
  }
}

test "the gamma function" {
  for g in (lgamma, digamma) {
    let e = t.slopes(g, above)
    assert t.right(e), "{e}"
  }
}

test "two arguments" {
  for g in (pow, atan2, hypot, logaddexp) {
    fn both(v) = g(v[0], v[1])
    let e = t.derivatives(both, stack((above, above[::-1])))
    assert t.right(e), "{e}"
  }
}
