# Functions of shape.

let a = reshape(arange(24), (2, 3, 4))
let m = [[1, 2, 3], [4, 5, 6]]
print reshape(a, (4, -1)).shape
print reshape(m, -1)
print reshape(zeros((0, 3)), (3, -1)).shape
print transpose(m)
print transpose(a).shape
print transpose(a, (1, 2, 0))[2, 3]
print transpose(a, (-1, 0, 1)).shape
print swapaxes(a, 0, -1).shape
print swapaxes(a, 1, 2)[1]
print expand_dims(m, 1).shape
print expand_dims(m, (0, -1)).shape
print squeeze(zeros((1, 2, 1))).shape
print squeeze(zeros((1, 2, 1)), axis=-1).shape
print broadcast_to([1, 2], (3, 2))
print broadcast_to([[1], [2]], (2, 3))
print concat(([1, 2], [3.5]))
print concat((m, m), axis=1)
print concat((m, zeros((0, 3), dtype=i32)))
print stack((m, -m)).shape
print stack(([1, 2], [3, 4]), axis=-1)
print stack((1, 2.5))
print split(arange(6), 3)
print split(arange(6), (1, 4))
print split(m, 3, axis=1)[2]
print tile([1, 2], 2)
print tile(m, (2, 1))
print tile([1, 2], (2, 2))
print tile(a, (1, 2, 1)).shape
print repeat([1, 2], 2)
print repeat(m, 2, axis=0)
print repeat(m, 2, axis=-1)
print repeat(m, 0)
print flip(m)
print flip(m, axis=1)
print flip(a, axis=(0, 2))[0, 1]
print roll(arange(5), 2)
print roll(arange(5), -7)
print roll(m, 1)
print roll(m, 1, axis=1)
print roll(arange(5), argmax([0, 0, 1]))
print pad([1, 2], 1)
print pad([1, 2], (1, 2), constant_values=9)
print pad(m, ((1, 0), (0, 2)))
print pad([1, 2, 3], 4, mode="edge")
print pad([1, 2, 3], 4, mode="wrap")
print pad([1, 2, 3], 4, mode="reflect")
print pad([1, 2, 3], 4, mode="symmetric")
print pad(m, (1, 0), mode="edge")
print len(m)
print len((1, 2, 3))
print len(arange(0))
print ravel({w: [[1.0, 2.0]], b: 3.0})
print unravel([1.0, 2.0, 3.0], {w: [[0.0, 0.0]], b: 0.0})
