# Each element of an array becomes another: read once, written once, for each step. (The first one is everybody's, or
# else all steps of an element would run in registers.)
data x = "x.npy"
let steps = 50

fn repeat() = {
  var z = x
  for i in 0..steps { z = 0.99 * z + 0.01 * z[0] }
  [z[0], z[-1], mean(z)]
}
let result = repeat()
