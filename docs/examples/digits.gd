# Handwritten digits (8 × 8 pixels, 1,797 of them) by a multi-layer perceptron.
use nn

data digits = "../../build/data/digits.csv.gz"

# Each row has 64 pixels from 0 to 16, then the digit.
let pixels = f32(digits[:][:, :64]) / 16.0
let labels = digits[:][:, 64]
let (seen, unseen) = (1500, len(labels) - 1500)

param net = nn.mlp(key(0), [64, 32, 10])

fn loss(x, y) = mean(nn.cross_entropy(nn.apply(net, x), y))

let fit = train loss(pixels[:seen], labels[:seen]) with adam(rate=3e-3), batch=100, epochs=60, key=key(1)

let right = nn.accuracy(nn.apply(net, pixels[seen:]), labels[seen:])
print "{unseen} unseen digits, more than nine in ten read right: {right > 0.9}"
save({net, right}, "digits.npz")
