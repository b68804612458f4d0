# Minimisers.
precision f64

fn rosenbrock(v) = 100 * (v[1] - v[0]^2)^2 + (1 - v[0])^2
fn bowl(p) = (p.a - 1)^2 + sum((p.b - [2.0, 3.0])^2)

let r = minimize(rosenbrock, [-1.2, 1.0])
print "{r.x:.5f}  {r.converged}  {r.reason}"
let n = minimize(rosenbrock, [-1.2, 1.0], method="newton")
print "{n.x:.5f}  {n.converged}  {n.steps < 40}"
let b = minimize(bowl, {a: 0, b: [0.0, 0.0]}, method="newton")
print "{b.x.a:.6f}  {b.x.b:.6f}  {b.steps}  {b.evaluations}"
let g = minimize(bowl, {a: 0.0, b: [0.0, 0.0]}, method="gd", rate=0.1, steps=500)
print "{g.x.a:.4f}  {g.x.b:.4f}  {g.converged}"
let s = minimize(x -> cos(x) + 0.1 * x^2, 1.0)
print "{s.x:.6f}  {s.value:.6f}  {s.converged}"
let short = minimize(bowl, {a: 0.0, b: [0.0, 0.0]}, method="gd", rate=0.001, steps=3)
print short.steps, short.evaluations, short.converged, short.reason
let far = minimize(x -> -(x^2), 1.0, method="gd", rate=1.0, steps=2000)
print far.converged, far.reason
let quartic = minimize(v -> 2 * v[0]^2 - 4 * v[0] * v[1] + v[1]^4 + 2, [0.1, -0.1])
print "{abs(quartic.x):.5f}  {quartic.x[0] * quartic.x[1] > 0}"

# each on the cost of one point only: a valley, whose nearest point along the gradient is found
for i in 0..3 {
  let x = [1.0, 2.0, 3.0][i]
  let y = [1.0, 2.2, 2.8][i]
  let m = minimize(t -> (t[0] + t[1] * x - y)^2, [0.0, 0.0])
  print "{m.x:.4f}"
}
print "{eliminate([[0.0, 2.0, 1.0], [1.0, 1.0, 0.0], [3.0, 0.0, 1.0]], [5.0, 3.0, 6.0]):.6f}"
