# Statistics: logarithms of probabilities, and measures of how well a model fits.
#
# Probabilities are given as logarithms, elementwise; `sum` them over the data for a likelihood.

# The logarithm of the normal density with mean `mean` and standard deviation `std`.
fn normal_logpdf(x, mean = 0.0, std = 1.0) = {
  let z = (x - mean) / std
  -0.5 * z^2 - log(std) - 0.5 * log(2.0 * pi)
}

# The probability that a normal variable is at most x.
fn normal_cdf(x, mean = 0.0, std = 1.0) = 0.5 * erfc((mean - x) / (std * sqrt(2.0)))

# The logarithm of the probability of k = 1 (or of k = 0) where 1 has probability p.
fn bernoulli_logpmf(k, p) = where(k == 1, log(p), log1p(-p))

# The same, of the logarithm of the odds: log(p / (1 - p)) = logit.
fn bernoulli_logit_logpmf(k, logit) = -softplus(where(k == 1, -logit, logit))

# The logarithm of the probability of k events where `rate` are expected.
fn poisson_logpmf(k, rate) = times_log(k, rate) - rate - lgamma(k + 1.0)

# x * log(y), which is 0 where x is 0, also at y = 0.
fn times_log(x, y) = where(x == 0, 0.0, x * log(where(x == 0, 1.0, y)))

# The logarithm of the exponential density with the given rate.
fn exponential_logpdf(x, rate = 1.0) = where(x < 0.0, -inf, log(rate) - rate * x)

# The logarithm of the Laplace density around `mean`.
fn laplace_logpdf(x, mean = 0.0, scale = 1.0) = -abs(x - mean) / scale - log(2.0 * scale)

# The part of the variance of y that a prediction explains: 1 is perfect, 0 no better than the mean.
fn r2_score(y, prediction) = 1.0 - sum((y - prediction)^2) / sum((y - mean(y))^2)

fn mean_squared_error(y, prediction) = mean((y - prediction)^2)
fn root_mean_squared_error(y, prediction) = sqrt(mean_squared_error(y, prediction))
fn mean_absolute_error(y, prediction) = mean(abs(y - prediction))

# The average of the products of deviations from the means.
fn covariance(x, y) = mean((x - mean(x)) * (y - mean(y)))

# Pearson's correlation, between -1 and 1.
fn correlation(x, y) = covariance(x, y) / (std(x) * std(y))

# Columns of mean 0 and standard deviation 1.
fn standardize(x, axis = 0) =
  (x - mean(x, axis=axis, keepdims=true)) / std(x, axis=axis, keepdims=true)
