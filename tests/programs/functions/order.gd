# Functions that run along an axis or put it in order.
precision f64

let y = [[-0.73, 2.16, 7.74, -1.08, -0.97], [4.01, -3.55, -1.17, 3.53, 2.32], [0.37, 2.68, -11.31, 4.09, -3.84]]
let n = [3.0, nan, 1.0, 3.0, 2.0]
let i = [[3, 1, 2], [0, 5, 5]]
print cumsum(i), cumsum(i, axis=1), cumprod(i, axis=0)
print cumsum(y, axis=0)
print cummax(y, axis=1)
print cumprod([1.5, 2.0, -2.0]), cumsum([true, true])
print sort(y, axis=0)
print argsort(y, axis=0)
print sort(y, axis=1)
print argsort(y, axis=1)
print sort(y)[1], sort(n), argsort(n)
print sort(n, descending=true), argsort(n, descending=true)
print top_k(y, 2)[0]
print top_k(y, 2)[1]
print top_k([1, 5, 5, 2], 3)[1], sort([true, false])
print median(y), median(y, axis=0), median(n), median([4, 1])
print median(y, axis=1, keepdims=true)
print quantile(y, 0.3), quantile(y, 1.0, axis=1)
print quantile(y, [0.0, 0.25, 0.5], axis=0)
print quantile(y, [0.1, 0.9], axis=1, keepdims=true).shape, quantile([1.0, inf], 0.0), quantile(7, 0.4)
print quantile(y, 0.5, axis=(0, 1))
