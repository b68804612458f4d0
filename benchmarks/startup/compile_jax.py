"""What JAX takes to compile the gradient of a program of so many operations: compile_jax.py OPERATIONS prints the
seconds and the sum of the gradient. The program is that of runner/startup.py."""
import sys
import time

import jax
import jax.numpy as jnp

operations = int(sys.argv[1])


def f(x):
    y = x
    for i in range(operations):
        y = [lambda: y * 0.99, lambda: y + x, lambda: jnp.sin(y), lambda: y - 0.5 * x][i % 4]()
    return jnp.sum(y)


x = jnp.linspace(0.0, 1.0, 1000, dtype=jnp.float32)
begin = time.perf_counter()
compiled = jax.jit(jax.grad(f)).lower(x).compile()
print(time.perf_counter() - begin, float(jnp.sum(compiled(x))))
