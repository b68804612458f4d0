# A network with two layers on many rows: products whose rows are made where they are read, weights' gradients of
# very many terms, in both modes. The figures are NumPy's, by the formulas of the derivative.
precision f64
let n = 20_003
let t = linspace(-1.0, 1.0, n)
let x = stack([t, sin(3.0 * t), t^2, cos(5.0 * t), exp(t)], axis=1)
let y = stack([sin(7.0 * t), t^3], axis=1)
let w1 = reshape(sin(linspace(0.0, 50.0, 150)), [5, 30])
let b1 = cos(linspace(0.0, 9.0, 30))
let w2 = reshape(sin(linspace(1.0, 70.0, 60)), [30, 2])

fn loss(w1, b1, w2) = mean((tanh(x @ w1 + b1) @ w2 - y)^2)

let (g1, c1, g2) = grad(loss, argnums=(0, 1, 2))(w1, b1, w2)
print "loss {loss(w1, b1, w2):.8f}"
print "w1 {g1[0, 0]:.8f} {g1[4, 29]:.8f} {sum(g1^2):.8f}"
print "b1 {c1[0]:.8f} {c1[29]:.8f} {sum(c1^2):.8f}"
print "w2 {g2[0, 0]:.8f} {g2[29, 1]:.8f} {sum(g2^2):.8f}"

let (_, slope) = jvp((w1, b1, w2) -> loss(w1, b1, w2), (w1, b1, w2), (w1 * w1, b1 * b1, w2 * w2))
print "along the squares {slope:.8f}, by the gradient {sum(g1 * w1^2) + sum(c1 * b1^2) + sum(g2 * w2^2):.8f}"
