# Maximum likelihood of a normal distribution.
let observed = normal(key(44), [1000]) * 2 - 3
print "mean {mean(observed):.6f}  deviation {std(observed):.6f}"

# Partial application: a function of the parameters that closes over the data.
fn negative_log_likelihood(data) = p -> {
  let mu = p[0]
  let log_sigma = p[1]
  sum(0.5 * ((data - mu) / exp(log_sigma))^2 + log_sigma + 0.5 * log(2 * 3.14159265358979))
}
let nll = negative_log_likelihood(observed)

let start = [-6.0, log(2.0)]
let (value, gradient) = value_and_grad(nll)(start)
print "{value:.3f}  {gradient:.3f}"

var p = start
for i in 0..300 { p -= 1e-4 * grad(nll)(p) }
print "mu {p[0]:.5f}  sigma {exp(p[1]):.5f}"
