# What the tests of operations share: numbers that the compiler does not know, and comparisons.
precision f64

# 1.0: the compiler knows that it is a number, not which.
data unknown = "support/unknown.csv"

# x, floats, so that the compiler cannot compute with it: x * 1 is x, whatever x is.
fn hide(x) = x * unknown.one[0]
fn hide32(x) = f32(x) * f32(unknown.one[0])
# The same of integers.
fn hidden(x) = x * i32(unknown.one[0])

# Where a is b: nan is nan.
fn same(a, b) = (a == b) or (isnan(a) and isnan(b))

# Whether a is within `tolerance` of b, relative to each element of b.
fn near(a, b, tolerance) = all(same(a, b) or abs(f64(a) - f64(b)) <= tolerance * abs(f64(b)))

# Whether a is within `tolerance` of b, relative to the largest element of b.
fn about(a, b, tolerance) = all(abs(f64(a) - f64(b)) <= tolerance * (1e-300 + norm(ravel(f64(b)), ord=inf)))

# How far the derivatives of f (arrays to arrays) at x are from differences and from each other, in one direction:
# forward: the tangent from a difference; reverse: the pulled-back cotangent, multiplied by the direction, from
# the tangent; second: the derivative of the gradient from a difference; twice: the gradient of the gradient from that.
fn derivatives(f, x, h = 1e-5) = {
  let d = 0.6 + cos(reshape(arange(f64(ravel(x).shape[0])), x.shape))
  let (y, dy) = jvp(f, x, d)
  let w = 1.3 + sin(2.0 * reshape(arange(f64(ravel(y).shape[0])), y.shape))
  fn total(x) = sum(w * f(x))
  let slope = grad(total)
  let (g, bend) = jvp(slope, x, d)
  let again = grad(x -> sum(d * slope(x)))(x)
  var difference = zeros_like(y)
  var differences = zeros_like(x)
  for i in 0..2 {
    let step = f64(2 * i - 1) * h
    difference += f(x + step * d) / (2.0 * step)
    differences += slope(x + step * d) / (2.0 * step)
  }
  {
    forward: apart(dy, difference),
    reverse: apart(sum(g * d), sum(w * dy)),
    second: apart(bend, differences),
    twice: apart(again, bend)
  }
}

# The same of a function of each element by itself, at every element; x is a vector.
fn slopes(f, x, h = 1e-5) = {
  let places = stack((x, x + h, x - h))
  let (y, dy) = jvp(f, places, ones_like(places))
  let slope = grad(x -> sum(f(x)))
  let (g, bend) = jvp(slope, places, ones_like(places))
  let again = grad(x -> sum(slope(x)))(places)
  {
    forward: apart(dy[0], (y[1] - y[2]) / (2.0 * h)),
    reverse: apart(g, dy),
    second: apart(bend[0], (g[1] - g[2]) / (2.0 * h)),
    twice: apart(again, bend)
  }
}

# The largest difference, of numbers of about 1; of larger ones relative to the largest.
fn apart(a, b) = norm(ravel(a - b), ord=inf) / (1.0 + norm(ravel(b), ord=inf))
# Whether derivatives are right: differences are to be trusted to 1e-7, more or less.
fn right(e) = e.forward < 2e-8 and e.reverse < 1e-11 and e.second < 2e-7 and e.twice < 1e-11
