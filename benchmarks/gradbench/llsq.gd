# Half the squared distance of a polynomial from the sign function, at n points of [-1, 1].
precision f64

fn polynomial(x, t) = {
  var sum = zeros_like(t)
  var power = ones_like(t)
  for c in x {
    sum = sum + c * power
    power = power * t
  }
  sum
}

fn primal(x, n) = {
  let t = 2.0 * arange(n) / (n - 1) - 1.0
  0.5 * sum((sign(t) - polynomial(x, t))^2)
}

fn gradient(x, n) = grad(x -> primal(x, n))(x)
