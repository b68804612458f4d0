# What `train` needs.
data points = "points.csv"
param w = 1.0
let k = key(0)
fn loss(x) = mean((x - w)^2)
fn nothing(x) = mean(x)
train loss(points.x) with sgd()
train loss(points.x) with sgd, steps=10
train nothing(points.x) with sgd(), steps=10
train points.x - w with sgd(), steps=10
train loss(points.x) with sgd(), steps=10, batch=101, key=k
train loss(points.x) with sgd(), steps=10, batch=10
train loss(points.x) with sgd(), steps=10, epochs=2
train loss(points.x) with sgd(), steps=10, batch=10, key=k, sampling="other"
train loss(points.x) with sgd(), steps=10, bach=10
train loss(points.x) with sgd(), steps=10, stop=loss
train loss(points.x) with sgd(), steps=10, validate=points.x
train loss(points.x) with sgd(), steps=10, checkpoint="a.npz"
train loss(points.name) with sgd(), steps=10
