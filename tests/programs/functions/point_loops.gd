# Loops over arrays whose elements do not meet, and their derivatives.
precision f64

# Newton's iterations for square roots, of each number by itself.
fn root(x) = {
  var y = 0.5 * (x + 1)
  for i in 0..6 { y = 0.5 * (y + x / y) }
  y
}
let numbers = 0.5 + arange(37.0)
print (sum(root(numbers)), root(numbers)[36])
print (sum(grad(x -> sum(root(x)))(numbers)))
print (sum(vmap(root)(numbers)))
print (sum(vmap(grad(root))(numbers)))

# Pendulums with masses of their own and a common force: energy after some steps, and its gradient.
fn energy(force, angle, mass) = {
  var x = angle
  var v = zeros_like(angle)
  for i in 0..40 {
    v = v - 0.05 * force * sin(x) / mass
    x = x + 0.05 * v
  }
  sum(0.5 * mass * v^2 + force * (1 - cos(x)))
}
let angles = linspace(-3, 3, 203)
let masses = 1 + 0.5 * cos(arange(203.0))
let (e, (df, dangle, dmass)) = value_and_grad(p -> energy(p[0], p[1], p[2]))((1.3, angles, masses))
print (e)
print (df, sum(dangle * angles), sum(dmass), dmass[17])

# How many steps a point of the plane takes to leave the circle of radius 2.
fn steps(re, im) = {
  var x = zeros_like(re)
  var y = zeros_like(re)
  var count = zeros_like(re)
  for i in 0..30 {
    let inside = x^2 + y^2 <= 4
    count = where(inside, count + 1, count)
    let next = where(inside, x^2 - y^2 + re, x)
    y = where(inside, 2 * x * y + im, y)
    x = next
  }
  count
}
print (sum(steps(reshape(linspace(-2, 1, 31), (31, 1)) + zeros((31, 21)), zeros((31, 21)) + linspace(-1, 1, 21))))

# A polynomial's coefficients: a gradient summed over all points, and a second derivative.
fn error(c, t) = {
  var sum_ = zeros_like(t)
  var power = ones_like(t)
  for a in c {
    sum_ = sum_ + a * power
    power = power * t
  }
  0.5 * sum((sign(t) - sum_)^2)
}
let ts = linspace(-1, 1, 1001)
let cs = 1 / (1 + arange(9.0))
let g = grad(c -> error(c, ts))(cs)
print (g[0], g[1], g[8])
print (sum(grad(c -> sum(grad(c -> error(c, ts))(c)^2))(cs)))

# What a loop makes, beside arrays of another shape.
fn cooled(b, w) = {
  let start = expand_dims(b, 0)
  var y = start
  for i in 0..3 { y = tanh(0.9 * y + 0.1 * start) }
  sum(sin(y)) + mean(maximum(y, w)^2)
}
let temperatures = sin(arange(3.0))
let table = reshape(cos(arange(30.0)), (10, 3))
print (cooled(temperatures, table))
print (grad(cooled)(temperatures, table))

# What is left of a cut loop is not cut for ever.
fn coupled(x, a, w) {
  var p = x
  var q = x
  var s = mean(x)
  for i in 0..2 {
    q = x * cos(p)
    p = s * cos(x[::-1])
  }
  for i in 0..2 {
    for j in 0..2 {
      p = a + 0.0 * x
      s = sum(sqrt(1 + (0.9 * w[j])^2) + 0.0 * x) / 16
    }
  }
  logsumexp(p * x) + sum(q * x) + sin(s)
}
print (value_and_grad(p -> coupled(p[0], p[1], p[2]))((sin(arange(16.0)), 0.3, cos(arange(2.0)))))
