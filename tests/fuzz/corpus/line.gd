# line.gd: fit a straight line
data points = "points.csv"

param w = 0.0
param b = 0.0

fn predict(x) = w * x + b
fn loss(x, y) = mean((predict(x) - y)^2)

let fit = train loss(points.x, points.y) with sgd(rate=0.1), steps=1000, log=100

print "y = {w:.3f} x + {b:.3f}   loss {fit.loss[-1]:.2e}"
plot(fit.loss, xlabel="step", ylabel="loss", to="loss.svg")
