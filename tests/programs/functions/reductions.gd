# Functions that combine elements along axes.
precision f64

let x = [[[8.16, -10.22, 1.67, -2.27], [-1.81, -0.86, -8.08, -0.93], [-3.46, 13.29, 0.9, -1.41]], [[-1.13, -2.67, -4.22, -1.56], [1.93, -0.95, 3.83, -0.8], [0.1, 6.18, 2.18, -2.02]]]
let i = [[3, -1, 2], [0, 5, 5]]
let b = [[true, false, true], [true, true, true]]
print sum(x)
print sum(x, axis=1)
print sum(x, axis=(0, -1))
print sum(x, axis=(0, 2), keepdims=true)
print sum(i, axis=0)
print prod(x)
print prod(x, axis=1)
print prod(x, axis=(0, -1))
print prod(x, axis=(0, 2), keepdims=true)
print prod(i, axis=0)
print mean(x)
print mean(x, axis=1)
print mean(x, axis=(0, -1))
print mean(x, axis=(0, 2), keepdims=true)
print mean(i, axis=0)
print var(x)
print var(x, axis=1)
print var(x, axis=(0, -1))
print var(x, axis=(0, 2), keepdims=true)
print var(i, axis=0)
print std(x)
print std(x, axis=1)
print std(x, axis=(0, -1))
print std(x, axis=(0, 2), keepdims=true)
print std(i, axis=0)
print min(x)
print min(x, axis=1)
print min(x, axis=(0, -1))
print min(x, axis=(0, 2), keepdims=true)
print min(i, axis=0)
print max(x)
print max(x, axis=1)
print max(x, axis=(0, -1))
print max(x, axis=(0, 2), keepdims=true)
print max(i, axis=0)
print sum(b), mean(b, axis=1), max(b, axis=0), min(b), prod(b, axis=1)
print var(x, ddof=1), std(i, axis=1, ddof=1)
print sum(zeros((0, 3)), axis=0), prod(zeros(0)), mean(zeros(0))
print sum(3.5), sum(x, axis=()).shape
print argmax(i), argmax(i, axis=1), argmin(i, axis=0), argmax(x, axis=-1, keepdims=true)[0]
print argmax([1.0, nan, 3.0]), max([1.0, nan]), argmin(i, keepdims=true)
print any(b, axis=0), all(b, axis=1), all(b), any(i > 4), all(zeros(0)), any([0, 0, 2])
print logsumexp(x)
print logsumexp(x, axis=1)
print logsumexp([1000.0, 1000.0]), logsumexp([-inf, -inf]), logsumexp([inf, 0.0])
print softmax(x)[1]
print softmax(x, axis=0)[0]
print log_softmax(x, axis=1)[0]
print log_softmax([1000.0, 0.0]), softmax([-inf, 0.0])
print norm(x), norm([3, 4]), norm([3.0, -4.0], 1), norm([3.0, -4.0], ord=inf), norm([3.0, -4.0], -inf), norm([3.0, 0.0], 0), norm([3.0, -4.0], 3)
print norm(x, axis=1)
print segment_sum([1.0, 2.0, 3.0, 4.0], [0, 2, 0, 5], 3)
print segment_sum([[1, 2], [3, 4], [5, 6]], [1, 1, 0], 2)
