# Handwritten digits (8 × 8 pixels, 1,797 of them) by a multi-layer perceptron.
use nn

data digits = "../../build/data/digits.csv.gz"

# Each row has 64 pixels from 0 to 16 and the digit; there is no header, so columns are c0 … c64.
fn pixels(rows) = rows[:, :64] / 16.0
let rows = digits[:]
