# Elementwise functions of floats: figures by mpmath (generate.py) at 67 places in the domain of each, within 4 units of
# the last place of the figure.
precision f64
import "support/check.gd" as t

data f = "functions.csv"

fn in64(g, x, figure) = t.near(g(x), figure, 4.5 * epsilon(1.0))
fn in32(g, x, figure) = t.near(g(f32(x)), figure, 4.5 * f64(epsilon(f32(1.0))))

fn in64x2(g, x, y, figure) = t.near(g(x, y), figure, 4.5 * epsilon(1.0))
fn in32x2(g, x, y, figure) = t.near(g(f32(x), f32(y)), figure, 4.5 * f64(epsilon(f32(1.0))))

test "f64" {
  assert in64(exp, f.x, f.exp)
  assert in64(exp2, f.x, f.exp2)
  assert in64(expm1, f.x, f.expm1)
  assert in64(sin, f.x, f.sin)
  assert in64(cos, f.x, f.cos)
  assert in64(tan, f.x, f.tan)
  assert in64(atan, f.x, f.atan)
  assert in64(sinh, f.x, f.sinh)
  assert in64(cosh, f.x, f.cosh)
  assert in64(tanh, f.x, f.tanh)
  assert in64(asinh, f.x, f.asinh)
  assert in64(erf, f.x, f.erf)
  assert in64(erfc, f.y, f.erfc)
  assert in64(cbrt, f.x, f.cbrt)
  assert in64(sigmoid, f.x, f.sigmoid)
  assert in64(silu, f.x, f.silu)
  assert in64(softplus, f.x, f.softplus)
  assert in64(gelu, f.y, f.gelu)
  assert in64(x -> gelu(x, approximate=false), f.y, f.gelu_exact)
  assert in64(sqrt, f.p, f.sqrt)
  assert in64(rsqrt, f.p, f.rsqrt)
  assert in64(log, f.p, f.log)
  assert in64(log2, f.p, f.log2)
  assert in64(log10, f.p, f.log10)
  assert in64(log1p, f.p, f.log1p)
  assert in64(lgamma, f.p, f.lgamma)
  assert in64(digamma, f.p, f.digamma)
  assert in64((x -> grad(x -> sum(digamma(x)))(x)), f.p, f.trigamma)
  assert in64(asin, f.u, f.asin)
  assert in64(acos, f.u, f.acos)
  assert in64(atanh, f.u, f.atanh)
  assert in64(erfinv, f.u, f.erfinv)
  assert in64(acosh, f.q, f.acosh)
  assert in64x2(atan2, f.x, f.y, f.atan2)
  assert in64x2(hypot, f.x, f.y, f.hypot)
  assert in64x2(logaddexp, f.x, f.y, f.logaddexp)
  assert in64x2(pow, f.p, f.y, f.pow)
}

test "f32" {
  assert in32(exp, f.x, f.exp)
  assert in32(exp2, f.x, f.exp2)
  assert in32(expm1, f.x, f.expm1)
  assert in32(sin, f.x, f.sin)
  assert in32(cos, f.x, f.cos)
  assert in32(tan, f.x, f.tan)
  assert in32(atan, f.x, f.atan)
  assert in32(sinh, f.x, f.sinh)
  assert in32(cosh, f.x, f.cosh)
  assert in32(tanh, f.x, f.tanh)
  assert in32(asinh, f.x, f.asinh)
  assert in32(erf, f.x, f.erf)
  assert in32(erfc, f.y, f.erfc)
  assert in32(cbrt, f.x, f.cbrt)
  assert in32(sigmoid, f.x, f.sigmoid)
  assert in32(silu, f.x, f.silu)
  assert in32(softplus, f.x, f.softplus)
  assert in32(gelu, f.y, f.gelu)
  assert in32(x -> gelu(x, approximate=false), f.y, f.gelu_exact)
  assert in32(sqrt, f.p, f.sqrt)
  assert in32(rsqrt, f.p, f.rsqrt)
  assert in32(log, f.p, f.log)
  assert in32(log2, f.p, f.log2)
  assert in32(log10, f.p, f.log10)
  assert in32(log1p, f.p, f.log1p)
  assert in32(lgamma, f.p, f.lgamma)
  assert in32(digamma, f.p, f.digamma)
  assert in32((x -> grad(x -> sum(digamma(x)))(x)), f.p, f.trigamma)
  assert in32(asin, f.u, f.asin)
  assert in32(acos, f.u, f.acos)
  assert in32(atanh, f.u, f.atanh)
  assert in32(erfinv, f.u, f.erfinv)
  assert in32(acosh, f.q, f.acosh)
  assert in32x2(atan2, f.x, f.y, f.atan2)
  assert in32x2(hypot, f.x, f.y, f.hypot)
  assert in32x2(logaddexp, f.x, f.y, f.logaddexp)
  assert in32x2(pow, f.p, f.y, f.pow)
}

# The same numbers, of other shapes.
test "sizes" {
  for n in (0, 1, 31, 33, 65, 257, 1000) {
    let i = arange(n) % 67
    assert t.near(erf(f.x[i]), f.erf[i], 1e-15), "of {n} elements"
    assert t.near(log(f32(f.p)[i]), f.log[i], 5e-7), "of {n} elements"
  }
  let i = reshape(arange(5 * 7 * 3), (5, 7, 3)) % 67
  assert t.near(tanh(f.x[i]), f.tanh[i], 1e-15)
  assert t.near(exp(t.hide(1.0)), 2.718281828459045, 1e-15)
}
