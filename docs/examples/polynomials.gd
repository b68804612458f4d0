# Polynomials, their derivatives of any order, and where they are least.
fn p2(x) = 3*x^2 + 4*x - 2
fn q2(x) = x^2 + 3*x - 5
fn p4(x) = 2*x^4 - 3*x^3 - 9*x^2 + 4*x + 3

fn descend(f, start, rate, steps) = {
  var x = start
  for i in 0..steps { x -= rate * grad(f)(x) }
  x
}

let a = descend(p2, 4.2, 5e-3, 300)
print "{a:.5f}  {grad(p2)(a):.5f}  {grad(grad(p2))(a)}"
print "{descend(q2, 4.0, 0.1, 200):.4f}"

let points = [3.0, 0.5, -2.0]
print vmap(grad(p4))(points)
print vmap(grad(grad(p4)))(points)
print "{descend(p4, -5.0, 0.001, 1000):.5f}"
