# Derivatives as the language has them: figures by hand.
precision f64
import "support/check.gd" as t

let x = t.hide([0.5, -1.0, 2.0])
fn cubic(x) = sum(x^3) + x[0] * x[1] * x[2]

test "gradients" {
  assert t.near(grad(cubic)(x), [0.75 - 2.0, 3.0 + 1.0, 12.0 - 0.5], 1e-15)
  let (value, slope) = value_and_grad(cubic)(x)
  assert value == 0.125 - 1.0 + 8.0 - 1.0
  assert slope == grad(cubic)(x)
  let (a, b) = grad((a, b) -> sum(a * a * b), argnums=(0, 1))(x, t.hide(3.0))
  assert a == 6.0 * x
  assert b == 5.25
  assert grad((a, b) -> sum(a) * b, wrt=b)(x, t.hide(3.0)) == 1.5
  let g = grad(p -> sum(p.w * x) * p.b)({w: x, b: t.hide(2.0)})
  assert g.w == 2.0 * x
  assert g.b == 5.25
  let (slopes, rest) = grad(x -> (sum(x * x), x[1]), has_aux=true)(x)
  assert slopes == 2.0 * x
  assert rest == -1.0
}

test "both modes" {
  let (y, dy) = jvp(cubic, x, t.hide([1.0, 0.0, 2.0]))
  assert y == cubic(x)
  assert t.near(dy, -1.25 + 23.0, 1e-15)
  let (z, pullback) = vjp(x -> x * x[0], x)
  assert z == [0.25, -0.5, 1.0]
  assert pullback(t.hide([1.0, 2.0, 3.0])) == [0.5 * 2.0 - 2.0 + 6.0, 1.0, 1.5]
  let (u, linear) = linearize(x -> x * x, x)
  assert u == x * x
  assert linear(t.hide([1.0, 1.0, -1.0])) == [1.0, -2.0, -4.0]
}

test "matrices of derivatives" {
  fn f(x) = stack((x[0] * x[1], x[2]^2))
  assert jacfwd(f)(x) == [[-1.0, 0.5, 0.0], [0.0, 0.0, 4.0]]
  assert jacrev(f)(x) == jacfwd(f)(x)
  assert jacobian(f)(x) == jacfwd(f)(x)
  assert t.near(hessian(cubic)(x), [[3.0, 2.0, -1.0], [2.0, -6.0, 0.5], [-1.0, 0.5, 12.0]], 1e-15)
  assert t.near(hvp(cubic, x, t.hide([1.0, 0.0, 1.0])), [2.0, 2.5, 11.0], 1e-15)
  assert t.near(jacfwd(jacrev(cubic))(x), hessian(cubic)(x), 1e-15)
  assert t.near(jacrev(jacfwd(cubic))(x), hessian(cubic)(x), 1e-15)
}

test "orders" {
  # Of x^5 at 2: 80, 160, 240, 240, 120, 0.
  fn power(x) = x^5
  let at = t.hide(2.0)
  assert t.near(grad(power)(at), 80.0, 1e-15)
  assert t.near(grad(grad(power))(at), 160.0, 1e-15)
  assert t.near(grad(grad(grad(power)))(at), 240.0, 1e-15)
  assert t.near(grad(x -> jvp(grad(power), x, 1.0)[1])(at), 240.0, 1e-15)
  assert t.near(grad(grad(grad(grad(power))))(at), 240.0, 1e-15)
  # A derivative inside of a function that is differentiated: x enters in two ways.
  assert t.near(grad(x -> x * grad(y -> x * y^2)(x))(at), 24.0, 1e-15)
}

test "what is held fast" {
  assert grad(x -> sum(stop_gradient(x) * x))(x) == x
  assert jvp(x -> stop_gradient(x * x), x, x)[1] == [0.0, 0.0, 0.0]
  assert stop_gradient(x) == x
  assert t.near(grad(checkpoint(cubic))(x), grad(cubic)(x), 1e-15)
  assert grad(x -> sum(floor(x) + round(x) + sign(x)))(x) == [0.0, 0.0, 0.0]
}

# docs/derivative.md.
test "kinks" {
  let zero = t.hide(0.0)
  assert grad(abs)(zero) == 0.0
  assert grad(relu)(zero) == 0.0
  assert grad(x -> norm(stack((x, x))))(zero) == 0.0
  assert grad(v -> clip(v, -1.0, 1.0))(zero + 1.0) == 1.0
  assert grad(v -> std(v))(t.hide([2.0, 2.0])) == [0.0, 0.0]
  assert grad(hypot, argnums=(0, 1))(zero, zero)[0] == 0.0
}
