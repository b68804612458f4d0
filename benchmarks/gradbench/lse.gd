# log Σ exp(x), by its parts.
precision f64

fn primal(x) = {
  let a = max(x)
  a + log(sum(exp(x - a)))
}

fn gradient(x) = grad(primal)(x)
