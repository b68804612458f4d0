# min over x of max over y of (x₁² + x₂²) - (y₁² + y₂²), both by gradient descent, one inside the other.
precision f64

fn f(x, y) = sum(x^2) - sum(y^2)

# The gradient by reverse mode, and by forward mode.
fn reverse(g) = grad(g)
fn forward(g) = jacfwd(g)

fn distance(x) = sqrt(sum(x^2))

# Descent whose rate doubles after ten steps downhill and halves after one uphill, until the gradient or
# a step is shorter than 1e-5.
fn argmin(g, derivative, start) = {
  var x = start
  var value = g(start)
  var slope = derivative(g)(start)
  var rate = 1e-5
  var count = 0
  var done = distance(slope) <= 1e-5
  while not done {
    if count == 10 {
      rate = 2 * rate
      count = 0
    } else {
      let next = x - rate * slope
      if distance(x - next) <= 1e-5 {
        done = true
      } else {
        let reached = g(next)
        if reached < value {
          x = next
          value = reached
          slope = derivative(g)(x)
          count = count + 1
          done = distance(slope) <= 1e-5
        } else {
          rate = rate / 2
          count = 0
        }
      }
    }
  }
  x
}

fn saddle(start, outer, inner) = {
  let worst = x -> f(x, argmin(y -> -f(x, y), inner, start))
  let x = argmin(worst, outer, start)
  let y = argmin(y -> -f(x, y), outer, start)
  concat((x, y))
}

fn ff(start) = saddle(start, forward, forward)
fn fr(start) = saddle(start, forward, reverse)
fn rf(start) = saddle(start, reverse, forward)
fn rr(start) = saddle(start, reverse, reverse)
