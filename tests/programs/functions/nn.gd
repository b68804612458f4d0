# The module of neural networks.
precision f64
use nn

let net = nn.mlp(key(3), [3, 4, 2])
let x = [[1.0, -1.0, 0.5], [0.0, 2.0, -0.25]]
let y = [1, 0]
print len(net), net[0].w.shape, net[1].b
print net[1].w
print nn.apply(net, x)
print nn.apply(net, x[0], activation=tanh)
print nn.cross_entropy(nn.apply(net, x), y), nn.cross_entropy(nn.apply(net, x[0]), 1)
print mean(nn.cross_entropy([[1000.0, 0.0], [0.0, -1000.0]], [1, 0])), nn.accuracy([[1.0, 0.0], [0.0, 3.0]], [1, 1])
print nn.binary_cross_entropy([2.0, -1.0, 0.0], [1, 0, 1]), nn.mse([1.0, 2.0], [0.0, 4.0])
print nn.leaky_relu([-2.0, 3.0]), nn.elu([-1.0, 3.0]), nn.identity(2.0)
print grad(net -> mean(nn.cross_entropy(nn.apply(net, x), y)))(net)[0].b
print grad(net -> mean(nn.cross_entropy(nn.apply(net, x), y)))(net)[1].w
