# Handwritten digits (8 × 8 pixels, 1,797 of them) by a multi-layer perceptron.
use nn

data digits = "../../build/data/digits.csv.gz"
