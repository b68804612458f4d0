# A sum over an array that changes with each step: read once, nothing written.
data x = "x.npy"
let steps = 50

fn repeat() = {
  var s = 0.0
  for i in 0..steps { s = 0.5 * mean((x - s)^2) }
  s
}
let result = [repeat()]
