# In the terms of the call, not of the library that finds it.
let start = zeros(0)
print minimize(v -> sum(v^2), start).x
let mine = {
  init: p -> 0.0,
  update: (p, g, s, step) -> (p - 0.1 * g, (s, s))
}
param w = 1.0
train w^2 with mine, steps=3
print uniform(key(0), [2], 3.0, 5.0)
print arange(0, 5, 0)
print true ^ false
print arange(1e30)
print arange(2.0, 1e13, 1.0)
print arange(0.0, 1.0 / 0.0, 1.0)
print sum(zeros([1000000, 1000000, 1000]))
print zeros([2, 3]).shape == (2, 3)
print minimize(v -> sum(v^2), [1.0], method="adam").x
