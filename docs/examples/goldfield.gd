# A surface with valleys, with two arguments and with a vector.
fn goldfield(x, y) = atan(x)^2 + sin(y)^2
fn field(v) = goldfield(v[0], v[1])

print grad(goldfield, argnums=0)(1.0, 1.0), grad(goldfield, wrt=y)(1.0, 1.0)
print grad(goldfield, wrt=(x, y))(1.0, 1.0)
print grad(field)([1.0, 1.0])

var v = [0.0, -2.0]
for i in 0..1000 { v -= 0.01 * grad(field)(v) }
print "{v:.5f}"

var y = 1.0
for i in 0..1000 { y -= 0.01 * grad(goldfield, argnums=1)(1.0, y) }
print "{abs(y) < 1e-4}"

let m = minimize(field, [0.0, -2.0], method="bfgs")
print "{m.x:.4f}  {m.converged}"
