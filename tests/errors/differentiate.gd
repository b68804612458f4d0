# Derivatives of what has none.
fn f(x) = x^2
fn pair(x, y) = [x, y]
param w = 1.0
fn loss() = w^2
print grad(f)(3), grad(f)([1.0, 2.0]), grad(pair, argnums=2)(1.0, 2.0)
print grad(f, wrt=y)(1.0), grad(loss)(), grad(loss, wrt=w)()
print jvp(f, 1.0, [1.0]), grad(f, has_aux=true)(1.0)
print hessian(f)(true), vmap(f)(1.0), vmap(pair, in_axes=(0, 0))([1.0], [1.0, 2.0])
print grad(f, 0)(1.0), grad(loss, w)(), grad(f, wrt=0)(1.0)
