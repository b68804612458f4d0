# A mistake that shows only inside of the library is reported where the script calls it.
use nn, stats
let net = nn.mlp(key(0), [4, 3])
fn forward(x) = nn.apply(net, x)
print forward(ones([2, 5]))
print stats.r2_score([1.0, 2.0], [1.0, 2.0, 3.0])
