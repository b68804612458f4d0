# A descent on n points, all steps in one loop: what a step costs where the work is small.
data x = "x.npy"
data y = "y.npy"
let steps = 1000

fn loss(p) = mean((p.w * x + p.b - y)^2)

fn descend() = {
  var p = {w: 0.0, b: 0.0}
  for i in 0..steps { p = p - 0.1 * grad(loss)(p) }
  p
}
let p = descend()
let result = [p.w, p.b]
