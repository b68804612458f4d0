# Derivatives of elementwise functions: both modes against differences and each other, twice.
precision f64
import "support/check.gd" as t

# x where functions are smooth.
let s = sin(1.7 * t.hide(arange(17.0))) + 0.013
let middle = 0.5 * s
let above = 1.5 + 0.3 * s

test "derivatives of one argument" {
  for g in (exp, exp2, expm1, sin, cos, tan, atan, sinh, cosh, tanh, asinh, erf, erfc, sigmoid, silu, softplus, gelu,
            x -> gelu(x, approximate=false)) {
              let e = t.slopes(g, s)
              assert t.right(e), "{e}"
            }
  for g in (asin, acos, atanh, erfinv) {
    let e = t.slopes(g, middle)
    assert t.right(e), "{e}"
  }
  for g in (sqrt, rsqrt, cbrt, log, log2, log10, log1p, lgamma, digamma, acosh) {
    let e = t.slopes(g, above)
    assert t.right(e), "{e}"
  }
}

test "derivatives of two arguments" {
  for g in (pow, atan2, hypot, logaddexp) {
    fn both(v) = g(v[0], v[1])
    let e = t.derivatives(both, stack((above, above[::-1])))
    assert t.right(e), "{e}"
  }
}
