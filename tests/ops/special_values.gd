# Elementwise functions at the edges of their domains: what IEEE 754 and C say, of f64 and f32.
precision f64
import "support/check.gd" as t

test "special values" {
  let zero = t.hide(0.0)
  let big = 1.0 / zero
  let nothing = zero / zero
  let edges = stack((nothing, big, -big))
  for g in (exp, exp2, expm1, sqrt, cbrt, log, log2, log10, log1p, sinh, cosh, asinh, acosh, softplus, silu, lgamma) {
    assert isnan(g(edges)[0]), "of nan"
    assert isnan(g(f32(edges))[0]), "of nan, f32"
    assert g(edges)[1] == big, "grows"
    assert g(f32(edges))[1] == f32(big), "grows, f32"
  }
  for g in (sin, cos, tan, asin, acos, atanh, erfinv) {
    assert isnan(g(edges)) == [true, true, true], "outside of the domain"
    assert isnan(g(f32(edges))) == [true, true, true], "outside of the domain, f32"
  }
  for g in (tanh, erf, erfc, sigmoid, gelu, floor, ceil, round, abs, sign, atan, rsqrt, digamma) {
    assert isnan(g(nothing)), "of nan"
    assert isnan(g(f32(nothing))), "of nan, f32"
  }
  for g in (log, log2, log10, sqrt, rsqrt, log1p, acosh) { assert isnan(g(zero - 2.0)), "of -2" }
  assert exp(-big) == 0.0
  assert exp2(-big) == 0.0
  assert expm1(-big) == -1.0
  assert sigmoid(-big) == 0.0
  assert sigmoid(big) == 1.0
  assert tanh(big) == 1.0
  assert tanh(-big) == -1.0
  assert erf(-big) == -1.0
  assert erfc(big) == 0.0
  assert erfc(-big) == 2.0
  assert log(zero) == -big
  assert log2(zero) == -big
  assert log10(zero) == -big
  assert log1p(zero - 1.0) == -big
  assert rsqrt(zero) == big
  assert rsqrt(big) == 0.0
  assert lgamma(zero) == big
  assert softplus(-big) == 0.0
  assert atanh(zero + 1.0) == big
  assert atanh(zero - 1.0) == -big
  assert erfinv(zero + 1.0) == big
  assert erfinv(zero - 1.0) == -big
  assert atan(big) == pi / 2.0
  assert atan(-big) == -pi / 2.0
  assert 1.0 / sqrt(-zero) == -big
  assert 1.0 / sin(-zero) == -big
  assert 1.0 / cbrt(-zero) == -big
  assert 1.0 / tanh(-zero) == -big
  assert hypot(big, nothing) == big
  assert logaddexp(-big, -big) == -big
  assert logaddexp(big, zero) == big
  assert atan2(zero, -big) == pi
  assert atan2(-zero, -big) == -pi
  assert atan2(big, big) == pi / 4.0
  assert exp(zero + 1000.0) == big
  assert exp(zero - 1000.0) == 0.0
  assert logaddexp(zero + 1000.0, 1000.0) - 1000.0 < 0.7
  assert t.near(hypot(zero + 3e200, 4e200), 5e200, 1e-15)
}
