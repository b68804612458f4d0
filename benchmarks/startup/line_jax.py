"""The line of docs/examples/line.gd in JAX: line_jax.py points.csv STEPS prints slope and intercept."""
import sys

import jax
import jax.numpy as jnp
import numpy as np

x, y = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1, dtype=np.float32, unpack=True)


@jax.jit
def step(p):
    gradient = jax.grad(lambda p: jnp.mean((p[0] * x + p[1] - y) ** 2))(p)
    return p[0] - 0.1 * gradient[0], p[1] - 0.1 * gradient[1]


p = (jnp.float32(0), jnp.float32(0))
for _ in range(int(sys.argv[2])):
    p = step(p)
print(float(p[0]), float(p[1]))
