# Stochastic gradient descent on minibatches, in order.
data x = "x.npy"
data y = "y.npy"
let steps = 1000

param w = zeros(len(x[0]))
param b = 0.0

fn loss(x, y) = mean((x @ w + b - y)^2)
train loss(x, y) with sgd(rate=0.01), batch=100, steps=steps, sampling="sequential"
