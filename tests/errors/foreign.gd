// Names of other languages, and of modules.
x = 3
y[0] = x
x += 1
print np.zeros(3), range(4), True, normal_logpdf(0.0), stats.r2_score
while true { break }
fn f(a) {
  t = a
  t + x
}
auto x1 = 3
let x2 = true ? 1 : 2
let x3 = 1 if true else 2
let x4 = sum(i for i in 0..3)
let x5 = map(\x -> x + 1, [1])
param mu = 0.0
mu ~ normal(0, 1)
import numpy as np
print("mu is", mu)
print max(1, 2), min([1.0], [2.0]), max([1, 2], 0), rand(3)
var r = {a: 1}
r.a = 2
train(mu^2, adam())
train mu^2 with adam(lr=0.1), steps=10
print sum([1], dim=0)
