# Twelve steps of each optimizer on a quadratic, by hand as `train` would do them.
precision f64

fn loss(p) = (p.w[0] - 3)^2 + 4 * (p.w[1] + 1)^2 + 0.25 * (p.b - 2)^2

fn twelve(optimizer) = {
  var p = {w: [1.0, -2.0], b: 0.5}
  var state = optimizer.init(p)
  for i in 0..12 {
    let (next, after) = optimizer.update(p, grad(loss)(p), state, i + 1)
    p = next
    state = after
  }
  ravel(p)
}

print twelve(sgd(rate=0.05))
print twelve(sgd(0.05, momentum=0.9))
print twelve(sgd(0.05, momentum=0.9, nesterov=true))
print twelve(sgd(0.05, weight_decay=0.1))
print twelve(sgd(0.02, 0.5, false, 0.1))
print twelve(adagrad(rate=0.5))
print twelve(rmsprop(rate=0.1))
print twelve(rmsprop(rate=0.1, decay=0.9))
print twelve(adam(rate=0.1))
print twelve(adam(0.1, b1=0.8, b2=0.99))
print twelve(adamw(rate=0.1, weight_decay=0.2))
print twelve(adam(rate=cosine(0.2, 8)))
print twelve(amsgrad(rate=0.1))
print twelve(amsgrad(rate=0.6, b2=0.5))
print twelve(adamax(rate=0.1))
print twelve(nadam(rate=0.1))
print twelve(adabelief(rate=0.1))
print twelve(lion(rate=0.05, weight_decay=0.1))
print twelve(adadelta(rate=30))
# schedules, at some steps
let steps = [1, 2, 5, 9, 20]
print vmap(constant(0.1))(steps)
print vmap(exponential_decay(0.1, 0.5, every=4))(steps)
print vmap(exponential(0.1, 0.5, 4))(steps)
print vmap(exponential(rate=0.1, decay=0.5))(steps)
print vmap(cosine(0.1, 8, floor=0.02))(steps)
print vmap(warmup_cosine(0.1, 3, 10, floor=0.01))(steps)
print vmap(piecewise([2, 9], [1.0, 0.5, 0.25]))(steps)
