fn f(x) = 3*x^2 + 4*x - 2
let df  = grad(f)
print df(3.0), grad(df)(3.0)               # 22  6

var x = 4.2
for i in 0..300 { x -= 5e-3 * df(x) }      # compiled once, run as one native loop
print "x = {x}  f'(x) = {df(x)}"
