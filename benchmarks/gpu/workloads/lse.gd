# A descent along the gradient of log-sum-exp, a softmax of all numbers: the largest, the sum, and all of them again.
data x = "x.npy"
let steps = 20

fn repeat() = {
  var z = x
  for i in 0..steps { z = z - 0.5 * grad(logsumexp)(z) * len(x) }
  [z[0], z[-1], mean(z)]
}
let result = repeat()
