# A batch of a function is the function of each element, whatever it is made of.
let xs = normal(key(1), (4, 5))
let keys = split(key(2), 4)
let is = randint(key(3), (4,), 0, 5)

# The largest difference between the batch and a loop.
fn difference(f, xs) = {
  let batch = vmap(f)(xs)
  var worst = 0.0
  for i in 0..4 { worst = maximum(worst, max(abs(f64(batch[i]) - f64(f(xs[i]))))) }
  worst
}

print difference(sort, xs), difference(argsort, xs), difference(x -> sort(x, descending=true), xs)
print difference(x -> top_k(x, 2)[0], xs), difference(median, xs), difference(x -> quantile(x, 0.3), xs)
print difference(cumsum, xs), difference(cumprod, xs), difference(cummax, xs)
print difference(argmax, xs), difference(std, xs) < 1e-6, difference(logsumexp, xs) < 1e-6
print difference(diag, xs), difference(x -> outer(x, x), xs), difference(x -> tril(outer(x, x)), xs)
print difference(x -> roll(x, 2), xs), difference(flip, xs), difference(x -> pad(x, 2, mode="reflect"), xs)
print difference(x -> x @ xs.T, xs) < 1e-5, difference(x -> einsum("i,ji->j", x, xs), xs) < 1e-5
print difference(i -> roll(arange(5), i), is), difference(i -> one_hot(i, 5), is), difference(i -> xs[:, i], is)
print difference(k -> uniform(k, 3), keys), difference(k -> permutation(k, 6), keys)
print difference(k -> randint(k, 4, 0, 100), keys), difference(k -> choice(k, xs[0], 3, replace=false), keys)
print difference(k -> choice(k, 4, 8, p=[0.1, 0.2, 0.3, 0.4]), keys), difference(k -> categorical(k, xs), keys)
print difference(k -> bits(split(k, 3)[1], 2), keys), difference(k -> bits(fold_in(k, 7), 2), keys)
print difference(x -> segment_sum(x, [0, 1, 1, 0, 2], 3), xs) < 1e-6
print difference(grad(x -> norm(sort(x) * cumsum(x))), xs) < 1e-5
