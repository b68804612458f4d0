# Calls within calls: each place on the way is shown, the innermost first.
fn inner(p, q) = p @ q
fn middle(m) = inner(m, [1.0, 2.0])
fn outer(v) = middle(2.0 * v)
print outer([1.0, 2.0, 3.0])
fn area(w, h, scale = 1.0) = w * h * scale
print area(), area(1.0, 2.0, 3.0, 4.0), area(1.0, hight=2.0), area(1.0, 2.0, w=3.0)
