# What a program asks of the host: data, output, checks, the clock.
precision f64
use nn
import "support/check.gd" as t

data f = "functions.csv"

param slope = 0.0
param net = nn.mlp(key(3), [1, 4, 1])

fn loss(x) = mean((slope * x - 3.0 * x)^2)

test "data" {
  assert all(f.x.shape == [67])
  assert f.x[0] == -10.0
  assert f.acosh[0] == 0.0
  assert max(abs(f[["u", "sin"]])) < 1.0
}

test "output" {
  for i in 0..t.hidden(3) { print "line {i}: {t.hide(0.5) * i:.2f}" }
  print t.hide(arange(3.0)), t.hidden([1, 2]), t.hide([1.0]) > 0.5
}

test "checks" {
  let i = t.hidden(4)
  assert f.x[i] < 0.0, "{f.x[i]}"
  let wanted = t.hidden([1, 66])
  assert f.y[wanted].shape[0] == 2
}

test "training" {
  let fit = train loss(t.hide([1.0, -2.0, 0.5])) with sgd(rate=0.1), steps=100, log=50
  assert abs(slope - 3.0) < 1e-6
  assert fit.loss[-1] < fit.loss[0]
  assert fit.reason == 0
  assert fit.seconds[-1] >= 0.0
  assert all(fit.seconds[1:] >= fit.seconds[:-1])
}
