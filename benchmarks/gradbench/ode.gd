# s steps of Runge–Kutta over [0, 2] from y = 0: y₀' = x₀ and yᵢ' = xᵢ yᵢ₋₁.
precision f64

fn slope(x, y) = concat((x[:1], x[1:] * y[:-1]))

fn primal(x, s) = {
  let h = 2.0 / s
  var y = zeros_like(x)
  for i in 0..s {
    let k1 = slope(x, y)
    let k2 = slope(x, y + h * k1 / 2)
    let k3 = slope(x, y + h * k2 / 2)
    let k4 = slope(x, y + h * k3)
    y = y + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6
  }
  y
}

# Of the last element with respect to x.
fn gradient(x, s) = grad(x -> primal(x, s)[-1])(x)
