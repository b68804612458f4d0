# Mini-batch SGD whose batches are drawn with replacement.
use stats

let keys = split(key(7), 3)
let X = 10 * uniform(keys[0], [1000, 2])
let y = 3 * X[:, 0] + 4 * X[:, 1] + 5 + uniform(keys[1], [1000])

param coefficients = normal(keys[2], [2])
param intercept = 0.0

fn predict(X) = X @ coefficients + intercept
fn rmse(X, y) = sqrt(mean((predict(X) - y)^2))

let fit = train rmse(X, y) with sgd(rate=0.01), steps=5000, batch=100, sampling="bootstrap", key=key(1), log=500

print "coefficients {coefficients:.2f}  intercept {intercept:.1f}  loss {rmse(X, y):.2f}"
print "R2 > 0.999: {stats.r2_score(y, predict(X)) > 0.999}"
