# Sums along the short rows of a batch of matrices: each matrix by itself gives the same.
precision f64

let x = sin(reshape(1.0 * arange(100 * 20), (100, 20)))
let mu = cos(reshape(1.0 * arange(3 * 20), (3, 20)))
let f = sin(reshape(0.37 * arange(3 * 20 * 20), (3, 20, 20)))

fn sums(mu, f) = sum(((x - mu) @ f.T)^2, axis=1)

let together = [sums(mu[j], f[j]) for j in 0..3]
for j in 0..3 {
  let alone = sums(mu[j], f[j])
  print j, sum(alone), max(abs(together[j] - alone)) < 1e-9
}

let slopes = grad(mu -> sum(log([sums(mu[j], f[j]) for j in 0..3])))(mu)
for j in 0..3 {
  let alone = grad(m -> sum(log(sums(m, f[j]))))(mu[j])
  print j, max(abs(slopes[j] - alone)) < 1e-9
}
