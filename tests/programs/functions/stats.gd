# The module of statistics.
precision f64
use stats

let x = [-1.0, 0.5, 2.0]
let k = [0, 1, 4]
print stats.normal_logpdf(x)
print stats.normal_logpdf(x, 1.0, std=2.0)
print stats.normal_logpdf(x, mean=x, std=[1, 2, 3])
print stats.normal_cdf(x, 0.5, 2.0)
print stats.bernoulli_logpmf([0, 1, 1], [0.2, 0.5, 0.9])
print stats.bernoulli_logpmf(1, 1.0)
print stats.bernoulli_logit_logpmf([0, 1], [2.0, -1.0])
print stats.poisson_logpmf(k, 2.5)
print stats.poisson_logpmf(0, 0.0)
print stats.poisson_logpmf(2, 0.0)
print stats.exponential_logpdf([0.5, 2.0], 1.5)
print stats.exponential_logpdf(-1.0)
print stats.laplace_logpdf(x, 0.25, 2.0)
print stats.r2_score([1.0, 2.0, 4.0], [1.5, 2.0, 3.0])
print stats.r2_score(x, x)
print stats.mean_squared_error(x, 0.0)
print stats.root_mean_squared_error(x, 0.0)
print stats.mean_absolute_error(x, 1.0)
print stats.covariance(x, k)
print stats.correlation(x, k)
print stats.standardize([[1.0, 10.0], [3.0, 30.0]])
print grad(stats.poisson_logpmf, argnums=1)(3, 2.0)
print grad(r -> stats.poisson_logpmf(0, r))(0.0)
