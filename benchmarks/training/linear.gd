# Linear regression: the mean squared error of a line (x: f[n]) or a plane (x: f[n, d]), its gradient, and
# descents along it.

fn predict(w, b, x) = if len(x.shape) == 1 { w * x + b } else { x @ w + b }
fn loss(w, b, x, y) = mean((predict(w, b, x) - y)^2)

fn gradient(w, b, x, y) = {
  let (value, slope) = value_and_grad(p -> loss(p.w, p.b, x, y))({w, b})
  {loss: value, w: slope.w, b: slope.b}
}

fn descend(w, b, x, y, steps) = {
  var p = {w, b}
  for i in 0..steps { p = p - 0.1 * grad(p -> loss(p.w, p.b, x, y))(p) }
  p
}
