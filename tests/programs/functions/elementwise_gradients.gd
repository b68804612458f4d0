# Derivatives where a formula has to be chosen with care.
precision f64

let x = [-800.0, -1.5, 0.0, 0.5, 800.0]
print vmap(grad(softplus))(x)
print vmap(grad(grad(softplus)))(x)
print vmap(grad(relu))([-1.0, 0.0, 2.0])
print grad(logaddexp, argnums=(0, 1))(1.5, 1.5), grad(logaddexp, argnums=(0, 1))(1000.0, 0.0)
print hessian(v -> logaddexp(v[0], v[1]))([2.0, 2.0])
print grad(hypot, argnums=(0, 1))(3.0, 4.0), grad(hypot, argnums=(0, 1))(0.0, 0.0), grad(hypot, argnums=(0, 1))(0.0, 2.0)
print hessian(v -> hypot(v[0], v[1]))([0.0, 2.0])
print grad(hypot)(3e200, 4e200)
print vmap(grad(v -> clip(v, -1, 1)))([-2.0, -1.0, 0.0, 1.0, 2.0])
print grad(v -> where(v > 0, log(v), 0.0))(0.0)
print grad(norm)([3.0, 4.0]), grad(norm)([0.0, 0.0]), grad(std)([2.0, 2.0])
print grad(logsumexp)([1000.0, 1000.0]), jacobian(softmax)([0.0, 0.0])
print hessian(logsumexp)([0.1, -2.0, 3.0])
print grad(median)([3.0, 1.0, 2.0, 8.0]), grad(v -> sum(sort(v) * [1.0, 2.0, 3.0]))([5.0, 4.0, 6.0])
print grad(v -> top_k(v, 2)[0][1])([5.0, 4.0, 6.0])
print grad(v -> sum(cumprod(v)))([2.0, 3.0, 4.0])

# A second derivative over vectors, in two ways: choices that depend on choices of the same condition.
fn rough(v) = sum(cos(hypot(v + 2.0, v - 0.1))) / 36.0 + cos(sqrt(var(v) + 0.1))
let places = normal(key(0), [36])
let along = cos(places)
let forward = jvp(grad(rough), places, along)[1]
let reverse = grad(v -> sum(grad(rough)(v) * along))(places)
print ravel(forward)[0:3]
print ravel(reverse)[0:3]
