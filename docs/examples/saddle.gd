# The least of the greatest: descent in x on the value that an ascent in y finds.
precision f64

fn f(x, y) = (x[0]^2 + x[1]^2) - (y[0]^2 + y[1]^2)

fn descend(g, start) = {
  var x = start
  var d = grad(g)(x)
  while max(abs(d)) > 1e-6 {
    x = x - 0.1 * d
    d = grad(g)(x)
  }
  x
}

fn worst(x) = f(x, descend(y -> -f(x, y), [1.0, 1.0]))
let best = descend(worst, [1.0, 1.0])
print "{max(abs(best)) < 1e-5}"
