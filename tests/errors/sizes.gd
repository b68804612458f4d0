# Named sizes are bound by the first argument that has them and checked at the others.
fn predict(w: f32[d], x: f32[n, d]) -> f32[n] = x @ w
print predict(ones([3]), ones([4, 3]))
print predict(ones([2]), ones([4, 3]))
print predict(3.0, ones([4, 3]))
# Different names never go together, even where the sizes happen to be equal.
fn add(x: f32[n], y: f32[m]) = x + y
print add(ones([3]), ones([3]))
fn wrong(x: f32[n]) -> f32[n, 2] = x
print wrong(ones([3]))
