# Linear regression on n rows of d features: a step reads them all.
data x = "x.npy"
data y = "y.npy"
let steps = 100

fn loss(p) = mean((x @ p.w + p.b - y)^2)

fn descend() = {
  var p = {w: zeros(len(x[0])), b: 0.0}
  for i in 0..steps { p = p - 0.01 * grad(loss)(p) }
  p
}
let p = descend()
let result = [p.b, p.w[0], p.w[-1], mean(p.w)]
