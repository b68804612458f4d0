# A nan in the middle of an array that threads share.
let t = linspace(-1.0, 1.0, 200_001)
param w = 0.5
fn loss(t) = mean(sqrt(t + w))
train loss(t) with sgd(rate=0.1), steps=10
print w
