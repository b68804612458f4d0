# ADBench's LSTM, whose weight matrices are diagonal: the mean loss of predicting the next character.
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

fn jacobian(main_params, extra_params, state, sequence) = {
  let (of_main, of_extra) = grad(p -> objective(p[0], p[1], state, sequence))((main_params, extra_params))
  concat((ravel(of_main), ravel(of_extra)))
}
