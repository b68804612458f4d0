precision f64                               # default float type of this file (f32 otherwise)
use stats, nn

data digits = "digits.npz"
let k = key(0)
param net = nn.mlp(k, [64, 128, 10])        # a record of arrays; records add and scale like vectors

fn loss(x, y) = {
  let logits = nn.apply(net, x, activation=relu)
  mean(nn.cross_entropy(logits, y))
}
train loss(digits.x, digits.y) with adam(rate=1e-3), batch=128, epochs=10, key=key(1)
save(net, "net.safetensors")
