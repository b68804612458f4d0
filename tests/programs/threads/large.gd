# Arrays large enough that loops are shared by threads: elementwise, sums over every dimension, rows.
let n = 200_003
let t = linspace(0.0, 1.0, n)
let wave = sin(7.0 * t) * exp(-t)
print "mean {mean(wave):.5f} max {max(wave):.5f} sum of squares {sum(wave^2):.3f}"

let m = reshape(linspace(-1.0, 1.0, 613 * 401), [613, 401])
let p = softmax(3.0 * m, axis=1)
print "column {sum(p, axis=0)[400]:.5f} row {sum(p, axis=1)[612]:.5f} mean {mean(sum(p, axis=1)):.4f}"

# One step's threads read what the last step's wrote.
var v = wave
for i in 0..5 {
  v = 0.5 * (v + v[::-1]) + 0.01 * t
}
print "mixed {mean(v):.5f}"
