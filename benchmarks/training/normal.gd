# Maximum likelihood of a normal distribution by gradient descent.

fn descend(x, start, steps) = {
  let likelihood = p -> mean(0.5 * ((x - p[0]) / exp(p[1]))^2 + p[1])
  var p = start
  for i in 0..steps { p = p - 0.1 * grad(likelihood)(p) }
  p
}
