# More than a small card has room for.
let total = cumsum(arange(4_000_000.0))
print total[10]
