# A number and its square's derivative: the protocol's own test.
precision f64

fn square(x) = x * x
fn double(x) = grad(square)(x)
