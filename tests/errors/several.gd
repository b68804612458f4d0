# Independent mistakes are all reported; what follows from one is not.
let a = radius * 2.0
let b = a + 1.0
print b, a[0], {x: a}.x, a(1)
fn unused(x) = x + missing
var c = [1.0, 2.0]
c = c + [1.0, 2.0, 3.0]
print c
for i in 0..3 { c[i] = "text" }
print sum(c, axis=2), c.shap
if c { print 1 }
