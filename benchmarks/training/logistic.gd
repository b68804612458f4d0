# Logistic regression: the mean cross entropy and its gradient.

fn loss(w, b, x, y) = {
  let z = x @ w + b
  mean(softplus(z) - y * z)
}

fn gradient(w, b, x, y) = {
  let (value, slope) = value_and_grad(p -> loss(p.w, p.b, x, y))({w, b})
  {loss: value, w: slope.w, b: slope.b}
}
