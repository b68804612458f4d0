# The log posterior of a Gaussian mixture with a Wishart prior on the precision matrices.
precision f64

# Lower triangular: exp(q) on the diagonal, l below it, column by column.
fn triangle(q, l) = {
  let d = len(q)
  let row = arange(d)[:, newaxis]
  let column = arange(d)[newaxis, :]
  # Column j begins after those before it, which hold d - 1, d - 2, … elements.
  let place = column * (2 * d - column - 1) // 2 + row - column - 1
  if d == 1 { exp(q)[:, newaxis] } else {
    where(row > column, l[where(row > column, place, 0)], where(row == column, exp(q)[:, newaxis], 0.0))
  }
}

# log Γ_d(a)
fn multivariate_lgamma(a, d) = 0.25 * d * (d - 1) * log(pi) + sum(lgamma(a - 0.5 * arange(d)))

fn objective(d, k, n, x, m, gamma, alpha, mu, q, l) = {
  let factors = [triangle(a, b) for a, b in zip(q, l)]
  let logdet = sum(q, axis=1)
  let likelihoods = [
    alpha[j] + logdet[j] - 0.5 * sum(((x - mu[j]) @ factors[j].T)^2, axis=1) for j in 0..k
  ]
  let likelihood = sum(logsumexp(likelihoods, axis=0)) - n * (0.5 * d * log(2 * pi) + logsumexp(alpha))
  let degrees = d + m + 1
  let constant = degrees * d * (log(gamma) - 0.5 * log(2.0)) - multivariate_lgamma(0.5 * degrees, d)
  let prior = k * constant - 0.5 * gamma^2 * sum(factors^2) + m * sum(q)
  likelihood + prior
}

fn jacobian(d, k, n, x, m, gamma, alpha, mu, q, l) = grad(p -> objective(d, k, n, x, m, gamma, p.alpha, p.mu, p.q, p.l))({alpha, mu, q, l})
