# Long sums of f32 keep their digits: a running sum of a million tenths would be off by 60.
let tenths = 0.1 + 0 * uniform(key(0), [1000000])
print sum(tenths), mean(tenths)
print sum(reshape(tenths, [2, 500000]), axis=1)
let odd = tenths[:999999]
print dot(odd, odd), norm(odd)
print value_and_grad(a -> mean((a * tenths - 1.0)^2))(2.0)
