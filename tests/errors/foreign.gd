# Names of other languages, and of modules.
x = 3
y[0] = x
x += 1
print np.zeros(3), range(4), True, normal_logpdf(0.0), stats.r2_score
while true { break }
fn f(a) {
  t = a
  t + x
}
