# Indices.
let a = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
print a[2], a[0, -4], a[0, 0, 0], a[1.5], a[[0, 2]], a["x"], a[a > 1.0], a[:, ::0]
let n = i32(sum(a))
print a[:n], a[n]
let t = (1, 2)
print t[2], t[n], t[0, 0]
var y = zeros([3])
y[3] = 1.0
y[0] = [1.0, 2.0]
y[0:2] = [1.0, 2.0, 3.0]
y[true] = 1.0
y["x"] = 1.0
let r = {w: 1.0}
print r["b"], r[0], r.b, a.b, (1, 2).w
for i in 0..4 { y[i] = 1.0 }
for i in 3..4 { y[i] = 1.0 }
let v = zeros([3])
for i in 0..2 { print t[i:i + 1], v[i:i + 4], v[i:2 * i], v[i + 2:i] }
