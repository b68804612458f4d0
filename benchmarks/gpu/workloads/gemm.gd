# A chain of products of square matrices, each of the one before.
data x = "x.npy"
let steps = 10

fn chain() = {
  var z = x
  for i in 0..steps { z = (x @ z) / len(x) }
  [z[0, 0], z[-1, -1], mean(z)]
}
let result = chain()
