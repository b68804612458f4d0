# A surface with two minima and a saddle between them.
print grad(x -> 3*x + 1)(4.0)

fn f1(x) = 3*x^2 + 4*x - 3
print grad(f1)(3.0)
var x = 3.0
for i in 0..200 { x -= 0.01 * grad(f1)(x) }
print "{x:.6f}"

fn f(x, y) = 2*x^2 - 4*x*y + y^4 + 2
print grad(f, wrt=(x, y))(3.0, 4.0)
var v = [0.1, -0.1]
for i in 0..300 { v -= 0.01 * grad(u -> f(u[0], u[1]))(v) }
print "{v:.5f}"
