# Maximum likelihood for a mixture of k normal distributions: log-sum-exp of k terms for each of n points.
data x = "x.npy"
let k = 16
let steps = 20

fn loss(p) = {
  let terms = -0.5 * ((x[:, newaxis] - p.mean) * exp(-p.scale))^2 - p.scale + p.weight
  logsumexp(p.weight) - mean(logsumexp(terms, axis=1))
}

fn descend() = {
  var p = {mean: linspace(-1.0, 1.0, k), scale: zeros(k), weight: zeros(k)}
  for i in 0..steps { p = p - 0.1 * grad(loss)(p) }
  p
}
let p = descend()
let result = [p.mean[0], p.scale[0], p.weight[0], p.mean[-1]]
