# A perceptron with one hidden layer, 784-128-10, by Adam on batches of 128 of 12,800 rows, in order.
data x = "x.npy"
data labels = "labels.npy"
data w1 = "w1.npy"
data w2 = "w2.npy"
let steps = 100

param net = {w1: 0.05 * w1, b1: zeros(len(w1[0])), w2: 0.05 * w2, b2: zeros(len(w2[0]))}

fn loss(x, labels) = {
  let hidden = relu(x @ net.w1 + net.b1)
  let logits = hidden @ net.w2 + net.b2
  mean(logsumexp(logits, axis=1) - sum(logits * one_hot(labels, len(w2[0])), axis=1))
}
let fit = train loss(x, labels) with adam(rate=1e-3), batch=128, steps=steps, sampling="sequential"
let result = [fit.loss[0], fit.loss[-1]]
