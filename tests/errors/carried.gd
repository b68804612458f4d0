# What a loop carries keeps its type; a literal takes the type that it needs.
var total = 0
for x in [1.5, 2.5] { total += x }
print total
var x = 1.0
for i in 0..3 { x = [x, x] }
var r = {a: 1.0}
while r.a < 3.0 {
  r = {a: r.a + 1.0, b: 2.0}
}
let c = sum([1.0, 2.0])
var y = 1.0
if c > 2.0 { y = [1.0, 2.0] }
let z = if c > 2.0 { 1.0 } else { (1.0, 2.0) }
