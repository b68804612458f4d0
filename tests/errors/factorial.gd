fn factorial(n) = if n == 0 { 1 } else { n * factorial(n - 1) }
print factorial(10)
print factorial(20)
