# A function that never comes to an end, and one that does.
fn endless(x) = endless(x + 1.0)
print endless(1.0)
