# Only a `var` is re-bound, and not from inside of a function or comprehension.
let a = 1.0
a = 2.0
param p = 1.0
p += 1.0
fn f(x) = {
  x = x + 1.0
  x
}
var total = 0.0
fn add(x) = {
  total += x
  total
}
let g = x -> { total = x
  x }
print [{ total = i
  i } for i in 0..3]
for i in 0..3 { i = 2 }
sin = 2.0
