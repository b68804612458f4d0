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
  let b = len(sequence[0])
  let weights = main_params[::2]
  let biases = main_params[1::2]
  # Through the layers, from the lowest: each passes its hidden state on.
  let step = (signal, given) -> {
    let (hidden, cell) = layer(given.weight, given.bias, given.hidden, given.cell, signal)
    (hidden, {hidden, cell})
  }
  var hidden = state[::2]
  var cell = state[1::2]
  var total = 0.0
  for t in 0..len(sequence) - 1 {
    let (signal, next) = scan(step, sequence[t] * extra_params[0], {weight: weights, bias: biases, hidden, cell})
    hidden = next.hidden
    cell = next.cell
    let predicted = signal * extra_params[1] + extra_params[2]
    let normalizer = log(sum(exp(predicted)) + 2)
    total = total + sum(sequence[t + 1] * (predicted - normalizer))
  }
  -total / ((len(sequence) - 1) * b)
}

fn jacobian(main_params, extra_params, state, sequence) = {
  let (of_main, of_extra) = grad(p -> objective(p[0], p[1], state, sequence))((main_params, extra_params))
  concat((ravel(of_main), ravel(of_extra)))
}
