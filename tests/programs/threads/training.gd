# The loss and its gradient are sums over 40,001 rows, shared by threads, in each of 30 steps.
let n = 40_001
let t = linspace(-1.0, 1.0, n)
let x = stack([t, sin(3.0 * t), t^2, cos(5.0 * t)], axis=1)
let y = x @ [1.5, -2.0, 0.5, 1.0] + 0.25

param w = zeros([4])
param b = 0.0

fn loss(x, y) = mean((x @ w + b - y)^2)
train loss(x, y) with adam(rate=0.1), steps=30
print "w = {w:.4f}, b = {b:.4f}, loss = {loss(x, y):.5f}"
