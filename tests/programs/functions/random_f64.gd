# Random numbers of 64 bits.
precision f64

let k = key(7)
print key(i64(81985529216486895)), key(i64(-1))
print uniform(k, 4)
print normal(k, 4)
print normal(k, 4, dtype=f32)
print uniform(k, 3, minval=-1, maxval=1)
print randint(k, 3, -5, i64(1000000000000), dtype=i64)
print randint(k, 5, 0, 10)
print bernoulli(k, 0.3, 8)
print exponential(k, 3)
print gumbel(k, 3)
print laplace(k, 3)
print truncated_normal(k, -1, 1, 3)
print choice(k, 4, 8, p=[0.1, 0.2, 0.3, 0.4])
