# What is part of the language, but not of this version, says so at its own range.
print custom_grad(x -> x, x -> x)
print minimize(v -> sum(v^2), [1.0], method="lbfgs").x
fn f(x: bf16) = x
param w = 1.0
train w^2 with sgd(), steps=3, checkpoint="w.npz"
print inv(eye(2)), poisson(key(0), 3.0)
save(1.0, "x.safetensors")
plot([1.0, 2.0])
data d = "x.h5"
