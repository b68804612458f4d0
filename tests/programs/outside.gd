# Minibatches of data: what a GPU runs where it has no room for them (`descent ir --outside points`).
data points = "../../docs/examples/points.csv"

param w = 0.0
param b = 0.0

fn loss(x, y) = mean((w * x + b - y)^2)

train loss(points.x, points.y) with sgd(rate=0.1), batch=20, epochs=5, key=key(1)

print "{w:.3f}"
