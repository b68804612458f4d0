# Functions are pure.
fn show(x) = {
  print x
  save(x, "x.npy")
  x
}
let trained = x -> train x^2 with sgd(), steps=1
print [{ print i
  i } for i in 0..3]
plot([1.0, 2.0], to="a.svg")
save([1.0], "a.safetensors")
test "prints are fine here" { print 1 }
