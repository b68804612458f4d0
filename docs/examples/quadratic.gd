# Descent on a bowl, with every step kept.
fn f(t0, t1) = t0^2 + t1^2

print f(2.0, 1.0), grad(f, argnums=(0, 1))(2.0, 1.0)

let steps = 10
var t = [2.0, 1.0]
var path = zeros([11, 2])
var cost = zeros([11])
path[0] = t
cost[0] = f(t[0], t[1])
for i in 0..steps {
  t = t - 0.1 * grad(v -> f(v[0], v[1]))(t)
  path[i + 1] = t
  cost[i + 1] = f(t[0], t[1])
  print "{i + 1:2d}  theta {t}  f {cost[i + 1]}"
}

# A grid of values for a surface: vmap over rows and columns.
let axis = linspace(-2.0, 2.0, 100)
let surface = vmap(b -> vmap(a -> f(a, b))(axis))(axis)
print surface.shape, min(surface), max(surface)
