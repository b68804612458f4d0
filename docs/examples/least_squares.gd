# Least squares on three points: the cost of all, of each alone, and their minima.
let X = [[1.0], [2.0], [3.0]]
let y = [1.0, 2.2, 2.8]

fn predict(p, x) = p[0] + p[1] * x
fn cost(p) = mean((predict(p, X[:, 0]) - y)^2)
fn single(p, i) = (predict(p, X[i, 0]) - y[i])^2

let at = [2.0, 2.0]
let (value, gradient) = value_and_grad(cost)(at)
print value, gradient, gradient / 2

for i in 0..3 {
  print i, grad(p -> single(p, i))(at)
}
let each = vmap(i -> grad(p -> single(p, i))(at))(arange(3))
print mean(each, axis=0)

print hessian(cost)(at)
print jacfwd(p -> predict(p, X[:, 0]))(at)

let best = minimize(cost, [0.0, 0.0], method="newton")
print "intercept {best.x[0]:.4f}  slope {best.x[1]:.4f}"

for i in 0..3 {
  let m = minimize(p -> single(p, i), [0.0, 0.0], method="bfgs")
  print "{m.x:.4f}  {m.value:.6f}"
}
