# What is written in the language itself: optimizers, schedules, minimisers, statistics, layers.
precision f64
use stats, nn
import "support/check.gd" as t

# The first step of an optimizer from 2, where the gradient is 3 and -0.5.
fn first(optimizer) = {
  let p = t.hide([2.0, 2.0])
  let (after, state) = optimizer.update(p, t.hide([3.0, -0.5]), optimizer.init(p), t.hidden(1))
  after - 2.0
}

test "first steps of optimizers" {
  let signs = [1.0, -1.0]
  assert t.near(first(sgd(rate=0.1)), [-0.3, 0.05], 1e-14)
  assert t.near(first(sgd(rate=0.1, momentum=0.9, nesterov=true)), [-0.57, 0.095], 1e-14)
  assert t.near(first(sgd(rate=0.1, weight_decay=0.5)), [-0.4, -0.05], 1e-14)
  # The first gradient is its own average, so that what is scaled by its size is its sign.
  assert t.near(first(adagrad(rate=0.1)), -0.1 * signs, 1e-7)
  assert t.near(first(rmsprop(rate=0.1)), -1.0 * signs, 1e-6)
  assert t.near(first(adam(rate=0.1)), -0.1 * signs, 1e-7)
  assert t.about(first(adamw(rate=0.1, weight_decay=0.5)), -0.1 * signs - 0.1, 1e-7)
  assert t.near(first(amsgrad(rate=0.1)), -0.1 * signs, 1e-7)
  assert t.near(first(adamax(rate=0.1)), -0.1 * signs, 1e-7)
  assert t.near(first(nadam(rate=0.1)), -0.1 * signs * (0.9 * 0.1 / 0.19 + 1.0), 1e-7)
  assert t.near(first(adabelief(rate=0.1)), -0.1 / 0.9 * signs, 1e-7)
  assert t.near(first(lion(rate=0.1)), -0.1 * signs, 1e-14)
  assert t.near(first(adadelta()), -sqrt(1e-5) * signs, 1e-4)
}

test "optimizers reach the least value" {
  for optimizer in (sgd(rate=0.05, momentum=0.5), adam(rate=0.05), adagrad(rate=0.5), rmsprop(rate=exponential_decay(0.05, 0.97)), nadam(rate=cosine(0.1, 300))) {
    var p = {w: t.hide(zeros(3)), b: t.hide(1.0)}
    var state = optimizer.init(p)
    for i in 0..300 {
      let (next, after) = optimizer.update(p, grad(p -> sum((p.w - [1.0, 2.0, 0.5])^2) + p.b^2)(p), state, i + 1)
      p = next
      state = after
    }
    assert t.about(p.w, [1.0, 2.0, 0.5], 2e-2), "{p.w}"
    assert abs(p.b) < 2e-2
  }
}

# The first step is 1.
test "schedules" {
  let step = t.hidden(31)
  assert constant(0.5)(step) == 0.5
  assert t.near(exponential_decay(0.5, 0.9, every=10)(step), 0.5 * 0.9^3, 1e-14)
  assert t.near(cosine(1.0, 60)(step), 0.5, 1e-14)
  assert t.near(warmup_cosine(1.0, 62, 100)(step), 0.5, 1e-14)
  assert piecewise([10, 50], [1.0, 0.1, 0.01])(step) == 0.1
}

test "minimisers" {
  fn rosenbrock(v) = 100.0 * (v[1] - v[0]^2)^2 + (1.0 - v[0])^2
  for r in (minimize(rosenbrock, t.hide([-1.2, 1.0])), minimize(rosenbrock, t.hide([-1.2, 1.0]), method="newton")) {
    assert t.about(r.x, [1.0, 1.0], 1e-4), "{r.x}"
    assert r.converged
    assert r.reason == 0
  }
  let g = minimize(v -> sum((v - arange(3.0))^2), t.hide(zeros(3)), method="gd", rate=0.2)
  assert t.about(g.x, [0.0, 1.0, 2.0], 1e-4)
  let a = t.hide([[0.0, 2.0, 1.0], [1.0, 1.0, 0.0], [3.0, 0.0, 1.0]])
  assert t.about(a @ eliminate(a, t.hide([5.0, 3.0, 6.0])), [5.0, 3.0, 6.0], 1e-14)
}

# Figures by SciPy 1.17 and NumPy 2.4.
test "statistics" {
  let z = t.hide(0.7)
  assert t.near(stats.normal_logpdf(z, 1.0, 2.0), -1.623335713764618, 1e-15)
  assert t.near(stats.normal_cdf(z, 1.0, 2.0), 0.4403823076297575, 1e-15)
  assert t.near(stats.poisson_logpmf(t.hide(3.0), 2.5), -1.5428872736055896, 1e-14)
  assert t.near(stats.laplace_logpdf(z, 1.0, 2.0), -1.5362943611198907, 1e-15)
  assert t.near(stats.exponential_logpdf(z, 2.5), -0.8337092681258448, 1e-14)
  assert t.near(stats.bernoulli_logit_logpmf(t.hidden([1, 0]), 0.4), [-0.5130152523999526, -0.9130152523999526], 1e-15)
  assert t.near(stats.bernoulli_logpmf(t.hidden([1, 0]), 0.3), [log(0.3), log(0.7)], 1e-15)
  assert stats.times_log(t.hide(0.0), t.hide(0.0)) == 0.0
  let x = t.hide([1.0, 2.0, 4.0, 7.0])
  let y = t.hide([0.5, 2.5, 3.5, 8.0])
  assert t.near(stats.covariance(x, y), 6.1875, 1e-15)
  assert t.near(stats.correlation(x, y), 0.9829965234119238, 1e-15)
  assert t.near(stats.r2_score(y, x), 0.9420289855072463, 1e-15)
  assert stats.mean_squared_error(y, x) == 0.4375
  assert t.near(stats.root_mean_squared_error(y, x), sqrt(0.4375), 1e-15)
  assert stats.mean_absolute_error(y, x) == 0.625
  assert t.near(stats.standardize(x), [-1.091089451179962, -0.6546536707079772, 0.2182178902359924, 1.5275252316519468], 1e-15)
}

test "layers" {
  let net = append((), {w: t.hide([[1.0, -1.0], [0.5, 2.0]]), b: t.hide([0.5, -0.5])})
  assert nn.apply(net, t.hide([2.0, 4.0])) == [4.5, 5.5]
  assert len(nn.mlp(key(1), [3, 4, 2])) == 2
  assert all(nn.dense(key(1), 3, 4).w.shape == [3, 4])
  assert t.near(nn.cross_entropy(t.hide([[0.0, 0.0], [1000.0, 0.0]]), t.hidden([1, 1])), [log(2.0), 1000.0], 1e-15)
  assert t.near(nn.binary_cross_entropy(t.hide([0.0, 2.0]), t.hide([1.0, 0.0])), [log(2.0), log1p(exp(2.0))], 1e-15)
  assert nn.accuracy(t.hide([[1.0, 0.0], [0.0, 3.0]]), t.hidden([1, 1])) == 0.5
  assert nn.mse(t.hide([1.0, 2.0]), [0.0, 4.0]) == 2.5
  assert t.near(nn.leaky_relu(t.hide([-2.0, 3.0])), [-0.02, 3.0], 1e-15)
  assert t.near(nn.elu(t.hide([-1.0, 3.0])), [expm1(-1.0), 3.0], 1e-15)
  assert nn.identity(t.hide(2.0)) == 2.0
  assert is_function(nn.identity)
  assert is_known(2.0)
  assert not is_known(t.hide(2.0))
}
