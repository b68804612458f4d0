# The part of the language that is written in the language: constants, optimizers for `train`,
# schedules, minimisers. These names are known everywhere; a script may use them for its own things.

let pi = 3.141592653589793
let inf = 1.0 / 0.0
let nan = 0.0 / 0.0

# ---- Optimizers --------------------------------------------------------------------------------
#
# An optimizer is a record of two functions:
#
#   init    params -> state
#   update  (params, grads, state, step) -> (params, state)
#
# where step counts from 1. Parameters may be an array, or a record or tuple of arrays: operators, and
# functions of one argument such as `sqrt` and `zeros_like`, act on all of them.

# Whether a setting is known to have a value when the program is compiled.
fn is_exactly(setting, value) = if is_known(setting) { setting == value } else { false }

# A rate may be a number or a schedule: a function of the step.
fn rate_at(rate, step) = if is_function(rate) { rate(step) } else { rate }

fn decayed(grads, params, weight_decay) =
  if is_exactly(weight_decay, 0.0) { grads } else { grads + weight_decay * params }

# Gradient descent, with momentum (Polyak's, or Nesterov's) if wanted.
fn sgd(rate = 0.01, momentum = 0.0, nesterov = false, weight_decay = 0.0) = {
  init: params -> if is_exactly(momentum, 0.0) { () } else { zeros_like(params) },
  update: (params, grads, state, step) -> {
    let g = decayed(grads, params, weight_decay)
    if is_exactly(momentum, 0.0) {
      (params - rate_at(rate, step) * g, ())
    } else {
      let velocity = momentum * state + g
      let direction = if nesterov { g + momentum * velocity } else { velocity }
      (params - rate_at(rate, step) * direction, velocity)
    }
  }
}

# Steps that shrink with the sum of all squared gradients so far.
fn adagrad(rate = 0.01, eps = 1e-10) = {
  init: params -> zeros_like(params),
  update: (params, grads, state, step) -> {
    let squares = state + grads^2
    (params - rate_at(rate, step) * grads / (sqrt(squares) + eps), squares)
  }
}

# Steps that shrink with a moving average of squared gradients.
fn rmsprop(rate = 0.01, decay = 0.99, eps = 1e-8) = {
  init: params -> zeros_like(params),
  update: (params, grads, state, step) -> {
    let squares = decay * state + (1.0 - decay) * grads^2
    (params - rate_at(rate, step) * grads / (sqrt(squares) + eps), squares)
  }
}

# Moving averages of the gradient and its square, both corrected for having begun at zero.
fn adam(rate = 1e-3, b1 = 0.9, b2 = 0.999, eps = 1e-8) = adamw(rate, b1, b2, eps, 0.0)

# Adam whose weights decay beside the step, not through the gradient.
fn adamw(rate = 1e-3, b1 = 0.9, b2 = 0.999, eps = 1e-8, weight_decay = 0.01) = {
  init: params -> {mean: zeros_like(params), square: zeros_like(params)},
  update: (params, grads, state, step) -> {
    let mean = b1 * state.mean + (1.0 - b1) * grads
    let square = b2 * state.square + (1.0 - b2) * grads^2
    let corrected = mean / (1.0 - b1^step)
    let scale = sqrt(square / (1.0 - b2^step)) + eps
    let direction = decayed(corrected / scale, params, weight_decay)
    (params - rate_at(rate, step) * direction, {mean, square})
  }
}

# Adam with the largest square so far, so that steps never grow again.
fn amsgrad(rate = 1e-3, b1 = 0.9, b2 = 0.999, eps = 1e-8) = {
  init: params -> {mean: zeros_like(params), square: zeros_like(params), largest: zeros_like(params)},
  update: (params, grads, state, step) -> {
    let mean = b1 * state.mean + (1.0 - b1) * grads
    let square = b2 * state.square + (1.0 - b2) * grads^2
    let largest = maximum(state.largest, square)
    let scale = sqrt(largest / (1.0 - b2^step)) + eps
    let direction = mean / (1.0 - b1^step) / scale
    (params - rate_at(rate, step) * direction, {mean, square, largest})
  }
}

# Adam with the largest recent gradient in place of the root of the mean square.
fn adamax(rate = 2e-3, b1 = 0.9, b2 = 0.999, eps = 1e-8) = {
  init: params -> {mean: zeros_like(params), largest: zeros_like(params)},
  update: (params, grads, state, step) -> {
    let mean = b1 * state.mean + (1.0 - b1) * grads
    let largest = maximum(b2 * state.largest, abs(grads) + eps)
    (params - rate_at(rate, step) / (1.0 - b1^step) * mean / largest, {mean, largest})
  }
}

# Adam with Nesterov's look ahead.
fn nadam(rate = 1e-3, b1 = 0.9, b2 = 0.999, eps = 1e-8) = {
  init: params -> {mean: zeros_like(params), square: zeros_like(params)},
  update: (params, grads, state, step) -> {
    let mean = b1 * state.mean + (1.0 - b1) * grads
    let square = b2 * state.square + (1.0 - b2) * grads^2
    let ahead = b1 * mean / (1.0 - b1^(step + 1)) + (1.0 - b1) * grads / (1.0 - b1^step)
    let scale = sqrt(square / (1.0 - b2^step)) + eps
    (params - rate_at(rate, step) * ahead / scale, {mean, square})
  }
}

# Adam that measures how far gradients are from what was expected.
fn adabelief(rate = 1e-3, b1 = 0.9, b2 = 0.999, eps = 1e-16) = {
  init: params -> {mean: zeros_like(params), surprise: zeros_like(params)},
  update: (params, grads, state, step) -> {
    let mean = b1 * state.mean + (1.0 - b1) * grads
    let surprise = b2 * state.surprise + (1.0 - b2) * (grads - mean)^2 + eps
    let scale = sqrt(surprise / (1.0 - b2^step)) + eps
    (params - rate_at(rate, step) * (mean / (1.0 - b1^step)) / scale, {mean, surprise})
  }
}

# Steps of one size in each direction: the sign of a moving average.
fn lion(rate = 1e-4, b1 = 0.9, b2 = 0.99, weight_decay = 0.0) = {
  init: params -> zeros_like(params),
  update: (params, grads, state, step) -> {
    let direction = decayed(sign(b1 * state + (1.0 - b1) * grads), params, weight_decay)
    (params - rate_at(rate, step) * direction, b2 * state + (1.0 - b2) * grads)
  }
}

# Steps in the units of the parameters: the ratio of their recent changes to recent gradients.
fn adadelta(rate = 1.0, decay = 0.9, eps = 1e-6) = {
  init: params -> {squares: zeros_like(params), changes: zeros_like(params)},
  update: (params, grads, state, step) -> {
    let squares = decay * state.squares + (1.0 - decay) * grads^2
    let change = grads * sqrt(state.changes + eps) / sqrt(squares + eps)
    let changes = decay * state.changes + (1.0 - decay) * change^2
    (params - rate_at(rate, step) * change, {squares, changes})
  }
}

# ---- Schedules ---------------------------------------------------------------------------------
#
# A schedule is a function of the step that gives the rate; the first step is 1.

fn constant(rate) = step -> rate

# Multiplies the rate by `decay` each `every` steps, evenly in between.
fn exponential_decay(rate, decay, every = 1) = step -> rate * decay^((step - 1) / every)

# Half a cosine from `rate` down to `floor`, over `steps`.
fn cosine(rate, steps, floor = 0.0) = step -> {
  let done = clip((step - 1) / steps, 0.0, 1.0)
  floor + (rate - floor) * 0.5 * (1.0 + cos(pi * done))
}

# A straight line from 0 up to `rate` over `warmup` steps, then half a cosine until `steps`.
fn warmup_cosine(rate, warmup, steps, floor = 0.0) = step -> {
  let falling = cosine(rate, steps - warmup, floor)
  where(step <= warmup, rate * step / warmup, falling(step - warmup))
}

# `rates[0]` up to and including step `boundaries[0]`, `rates[1]` up to `boundaries[1]`, and so on.
fn piecewise(boundaries, rates) = step -> rates[sum(step > boundaries)]

# ---- Linear equations --------------------------------------------------------------------------

# The x with a @ x = b, by Gauss-Jordan elimination with partial pivoting.
fn eliminate(a, b) = {
  let n = len(b)
  let row = arange(n)
  var m = concat((a, b[:, newaxis]), axis=1)
  for i in 0..n {
    let pivot = argmax(where(row >= i, abs(m[:, i]), -1.0))
    let swapped = where(row == i, pivot, where(row == pivot, i, row))
    m = m[swapped]
    let factor = where(row == i, 0.0, m[:, i] / m[i, i])
    m = m - outer(factor, m[i])
  }
  m[:, n] / diag(m[:, :n])
}

# ---- Minimisers --------------------------------------------------------------------------------

# The x at which f(x) is least, from a first guess that may be a number, an array, or a record or tuple
# of them. Methods:
#
#   "gd"      gradient descent with a fixed rate
#   "newton"  Newton's method: steps to the minimum of the local quadratic
#   "bfgs"    quasi-Newton with an approximate inverse of the second derivative
#
# It stops where no element of the gradient is larger than `tolerance`, and gives
# {x, value, grad, steps, evaluations, converged, reason}; the reason is 0 where the gradient is small,
# 1 where no step decreased the value any more, 2 after `steps` steps, 3 where f was not finite.
fn minimize(f, x0, method = "bfgs", rate = 0.01, steps = 1000, tolerance = 1e-5) = {
  let objective = v -> f(unravel(v, x0))
  let start = ravel(x0)
  let found = if len(start) == 0 {
    misuse("x0", "minimize", "one number at least", x0)
  } else if method == "gd" {
    descend(objective, start, rate, steps, tolerance)
  } else if method == "newton" {
    newton(objective, start, steps, tolerance)
  } else if method == "bfgs" {
    bfgs(objective, start, steps, tolerance)
  } else if method == "lbfgs" or method == "lbfgsb" or method == "cg" or method == "nelder_mead" or method == "levenberg_marquardt" {
    unsupported("the method `{method}` of minimize")
  } else {
    misuse("method", "minimize", "\"bfgs\", \"newton\" or \"gd\"", method)
  }
  {...found, x: unravel(found.x, x0), grad: unravel(found.grad, x0)}
}

# What a minimiser gives. Without a reason of its own it has used up its steps.
fn outcome(x, value, grad, steps, evaluations, tolerance, stuck) = {
  let converged = max(abs(grad)) <= tolerance
  let finite = isfinite(value) and all(isfinite(grad))
  {
    x: x, value: value, grad: grad, steps: steps, evaluations: evaluations, converged: converged,
    reason: where(converged, 0, where(not finite, 3, where(stuck, 1, 2)))
  }
}

fn descend(f, x0, rate, steps, tolerance) = {
  let slope = value_and_grad(f)
  var x = x0
  var (value, g) = slope(x0)
  var k = 0
  while k < steps and max(abs(g)) > tolerance and isfinite(value) {
    x = x - rate * g
    let (v, d) = slope(x)
    value = v
    g = d
    k += 1
  }
  outcome(x, value, g, k, k + 1, tolerance, false)
}

fn newton(f, x0, steps, tolerance) = {
  let curvature = hessian(f)
  let slope = value_and_grad(f)
  var x = x0
  var (value, g) = slope(x0)
  var k = 0
  var evaluations = 1
  var stuck = false
  while k < steps and max(abs(g)) > tolerance and isfinite(value) and not stuck {
    let step = eliminate(curvature(x), -g)
    # Where the curvature is not positive, that step may lead uphill: then along the gradient.
    let downhill = dot(step, g) < 0.0 and all(isfinite(step))
    let found = search(slope, x, value, g, where(downhill, step, -g), 1.0)
    x = found.x
    value = found.value
    g = found.grad
    evaluations += found.evaluations
    stuck = not found.success
    k += 1
  }
  outcome(x, value, g, k, evaluations, tolerance, stuck)
}

fn bfgs(f, x0, steps, tolerance) = {
  let slope = value_and_grad(f)
  let identity = diag(ones_like(x0))
  var x = x0
  var (value, g) = slope(x0)
  # An approximation of the inverse of the second derivative.
  var h = identity
  var k = 0
  var evaluations = 1
  var stuck = false
  while k < steps and max(abs(g)) > tolerance and isfinite(value) and not stuck {
    let start = if k == 0 { minimum(1.0, 1.0 / norm(g)) } else { 1.0 }
    let found = search(slope, x, value, g, -(h @ g), start)
    let s = found.x - x
    let y = found.grad - g
    let sy = dot(s, y)
    # The first step shows the scale of the curvature.
    let scaled = if k == 0 { h * (sy / dot(y, y)) } else { h }
    let hy = scaled @ y
    let update = outer(s, s) * ((1.0 + dot(y, hy) / sy) / sy) - (outer(s, hy) + outer(hy, s)) / sy
    # Without positive curvature along the step there is nothing to learn from it.
    h = where(sy > 0.0, scaled + update, identity)
    x = found.x
    value = found.value
    g = found.grad
    evaluations += found.evaluations
    stuck = not found.success
    k += 1
  }
  outcome(x, value, g, k, evaluations, tolerance, stuck)
}

# How far to go along a direction: far enough for the slope to flatten, not so far that the value does
# not decrease (the weak conditions of Wolfe), found by doubling and halving. Near a minimum the value
# has no digits left to decrease in; so much is allowed for rounding.
fn search(slope, x, value, g, direction, start) = {
  let along = dot(g, direction)
  let rounding = 4.0 * epsilon(value) * abs(value)
  var low = 0.0 * value
  var high = inf + low
  var t = start + low
  var best = x
  var best_value = value
  var best_grad = g
  var success = false
  var evaluations = 0
  while not success and evaluations < 40 {
    let there = x + t * direction
    let (v, d) = slope(there)
    evaluations += 1
    if v <= value + 1e-4 * t * along + rounding {
      # Good enough to stay at, also where the slope is still steep.
      best = there
      best_value = v
      best_grad = d
      if dot(d, direction) >= 0.9 * along {
        success = true
      } else {
        low = t
        t = if high < inf { 0.5 * (low + high) } else { 2.0 * t }
      }
    } else {
      high = t
      t = 0.5 * (low + high)
    }
  }
  let moved = any(best != x)
  {
    x: best, value: best_value, grad: best_grad, evaluations: evaluations, success: success and moved
  }
}
