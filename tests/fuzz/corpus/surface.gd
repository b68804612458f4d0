fn goldfield(x, y) = atan(x)^2 + sin(y)^2
print grad(goldfield, wrt=(x, y))(1.0, 1.0)      # by name; argnums=(0, 1) means the same
contour(goldfield, x=(-5, 5), y=(-5, 5), levels=11, to="gold.svg")
let m = minimize(v -> goldfield(v[0], v[1]), [0.0, -2.0], method="bfgs")
print m.x, m.value, m.converged
