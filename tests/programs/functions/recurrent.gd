# The reverse of a recurrent network whose memory is an array, two rows of it updated by each layer at each step.
precision f64

# One layer; the parameters are rows of four gates: forget, in, out, change.
fn layer(weight, bias, hidden, cell, input) = {
  let b = len(input)
  let forget = sigmoid(input * weight[:b] + bias[:b])
  let ingate = sigmoid(hidden * weight[b:2 * b] + bias[b:2 * b])
  let outgate = sigmoid(input * weight[2 * b:3 * b] + bias[2 * b:3 * b])
  let change = tanh(hidden * weight[3 * b:] + bias[3 * b:])
  let kept = cell * forget + ingate * change
  (outgate * tanh(kept), kept)
}

fn objective(main_params, extra_params, state, sequence) = {
  let layers = len(main_params) // 2
  var memory = state
  var total = 0.0
  for t in 0..len(sequence) - 1 {
    var signal = sequence[t] * extra_params[0]
    for i in 0..layers {
      let (hidden, cell) = layer(main_params[2 * i], main_params[2 * i + 1], memory[2 * i], memory[2 * i + 1], signal)
      memory[2 * i] = hidden
      memory[2 * i + 1] = cell
      signal = hidden
    }
    let predicted = signal * extra_params[1] + extra_params[2]
    let normalizer = log(sum(exp(predicted)) + 2)
    total = total + sum(sequence[t + 1] * (predicted - normalizer))
  }
  -total / ((len(sequence) - 1) * len(sequence[0]))
}

let main_params = uniform(key(0), [4, 56])
let extra_params = uniform(key(1), [3, 14])
let state = uniform(key(2), [4, 14])
let sequence = uniform(key(3), [5, 14])
let (loss, (of_main, of_extra)) =
  value_and_grad(p -> objective(p[0], p[1], state, sequence))((main_params, extra_params))
fn main_slope(h) = (objective(main_params + h, extra_params, state, sequence) - objective(main_params - h, extra_params, state, sequence)) / (2 * h)
fn extra_slope(h) = (objective(main_params, extra_params + h, state, sequence) - objective(main_params, extra_params - h, state, sequence)) / (2 * h)
print "{loss:.10f}"
print abs(sum(of_main) - main_slope(1e-5)) < 1e-8, abs(sum(of_extra) - extra_slope(1e-5)) < 1e-8
