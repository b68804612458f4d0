# A line through ten random points, five ways down.
let x = normal(key(0), [10])
let y = 5 * x + normal(key(0), [])
print x[:3]

fn cost(p, x, y) = mean((p.w * x + p.b - y)^2)
let start = {w: 0.0, b: 0.0}

# By hand: the gradient of a record is a record.
var p = start
for step in 0..1000 {
  p = p - 0.001 * grad(cost)(p, x, y)
}
print "by hand       w {p.w:.5f}  b {p.b:.5f}  loss {cost(p, x, y):.6f}"

# The same with `train`, and its relatives.
param w = 0.0
param b = 0.0
fn loss(x, y) = mean((w * x + b - y)^2)

train loss(x, y) with sgd(rate=0.001), steps=1000
print "sgd           w {w:.5f}  b {b:.5f}  loss {loss(x, y):.6f}"
save({w, b, loss: loss(x, y)}, "ten_points.npz")

param wm = 0.0
param bm = 0.0
train mean((wm * x + bm - y)^2) with sgd(rate=0.001, momentum=0.9), steps=1000
print "momentum      w {wm:.4f}  b {bm:.4f}"

param wa = 0.0
param ba = 0.0
train mean((wa * x + ba - y)^2) with adam(rate=0.1), steps=1000
print "adam          w {wa:.4f}  b {ba:.4f}"

# L2 regularisation pulls towards zero.
fn ridge(p) = cost(p, x, y) + 0.1 * (p.w^2 + p.b^2)
var r = start
for step in 0..1000 { r = r - 0.1 * grad(ridge)(r) }
print "ridge         w {r.w:.4f}  b {r.b:.4f}"

# A kink: the mean absolute error, by its subgradient.
fn absolute(p) = mean(abs(p.w * x + p.b - y))
var a = start
for step in 0..2000 { a = a - 0.01 * grad(absolute)(a) }
print "absolute      loss {absolute(a):.2f}"

# A minimiser finds the exact line.
let m = minimize(v -> cost({w: v[0], b: v[1]}, x, y), [0.0, 0.0], method="bfgs")
print "bfgs          w {m.x[0]:.4f}  b {m.x[1]:.4f}  converged {m.converged}"
