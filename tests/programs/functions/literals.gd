# Arrays of literals take a type as a literal does: rounded once.
print f64([0.1])[0] == f64(0.1), f64([[0.1, 1], [2, 0.3]])
let v: f64[2] = [0.1, 2]
print v[0] == f64(0.1), v
let q: i64[2] = [5, -5]
print q + i64(2147483647), u32([1, 2]), i32([1.9, -1.9]), f64([1, 2])
fn first(x: f64[n], y: f64[n]) = x[0] + y[0]
print first([0.1, 0.2], [1, 2]) == f64(0.1) + 1

# What is computed, or trained, is no literal.
var b = [0.1, 0.2]
for i in 0..2 { b = b * 2 }
print f64(b)
b[0] = 5.0
print f64(b), f64([0.1, 0.2] + 0.0)
param w = [0.25, 0.5]
fn loss() = sum((f64(w) - 1)^2)
print grad(loss, wrt=w)()
train f32(loss()) with sgd(rate=0.25), steps=1
print f64(w), grad(x -> sum(f32(f64(x)^2)))([0.25, 0.5])
