# Neural networks: layers, activations and losses.
#
# Parameters are plain values that functions take as their first argument, so a network is
# differentiated, saved and updated like any other record.

# ---- Multi-layer perceptrons -------------------------------------------------------------------

# A layer {w, b} from `inputs` to `outputs` numbers, with weights of a variance that keeps the size of
# what passes through a layer with relu.
fn dense(key, inputs, outputs) = {
  w: normal(key, (inputs, outputs)) * sqrt(2.0 / inputs),
  b: zeros(outputs)
}

# A tuple of layers between the given sizes: mlp(key(0), [64, 128, 10]) has two.
fn mlp(key, sizes) = layers(key, sizes, len(sizes) - 1)

# The first `count` layers.
fn layers(key, sizes, count) = {
  if count == 0 { () } else {
    let last = dense(fold_in(key, count), sizes[count - 1], sizes[count])
    append(layers(key, sizes, count - 1), last)
  }
}

# What a multi-layer perceptron makes of x: [batch, inputs], or of one example [inputs]. The activation
# stands between layers; the last one gives its numbers as they are.
fn apply(net, x, activation = relu) = through(net, x, 0, activation)

# The layers from number i on.
fn through(net, x, i, activation) = {
  let y = x @ net[i].w + net[i].b
  if i + 1 == len(net) { y } else { through(net, activation(y), i + 1, activation) }
}

# ---- Activations -------------------------------------------------------------------------------
# (relu, gelu, silu, sigmoid, tanh and softplus are built in.)

fn identity(x) = x
fn leaky_relu(x, slope = 0.01) = where(x < 0.0, slope * x, x)
fn elu(x, alpha = 1.0) = where(x < 0.0, alpha * expm1(minimum(x, 0.0)), x)

# ---- Losses ------------------------------------------------------------------------------------

# The mean of squared differences.
fn mse(prediction, target) = mean((prediction - target)^2)

# For each example, minus the logarithm of the probability of its class. `labels` are integers;
# `logits` have one more axis, the classes.
fn cross_entropy(logits, labels) = {
  let classes = logits.shape[-1]
  -sum(where(one_hot(labels, classes, dtype=bool), log_softmax(logits), 0.0), axis=-1)
}

# For each example, minus the logarithm of the probability of its label (0 or 1), of the logarithm of
# the odds.
fn binary_cross_entropy(logits, labels) = softplus(logits) - labels * logits

# The part of the examples whose largest logit is that of their class.
fn accuracy(logits, labels) = mean(f32(argmax(logits, axis=-1) == labels))
