# The columns of two tables that do not go together, inside of a function.
data points = "points.csv"
data other = "other.csv"

param w = 0.0
param b = 0.0

fn predict(x) = w * x + b

fn loss(x, y) = mean((predict(x) - y)^2)

let fit = train loss(points.x, other.y) with sgd(rate=0.1), steps=1000, log=100
print points.x + other.y
