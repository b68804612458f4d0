# An index that is outside, found by the values of a large array.
let t = linspace(0.0, 1.0, 200_001)
let where = argmax(sin(3.0 * t)) + 150_000
print t[where]
