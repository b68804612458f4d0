"""JAX: jitted functions called from Python, and (`jax-loop`) whole descents in one `lax.fori_loop`."""
import functools

import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import gammaln, logsumexp

import jax_gradbench
import kernels

jax.config.update("jax_enable_x64", True)


def name():
    return f"jax {jax.__version__} on {jax.default_backend()}"


def linear_loss(p, x, y):
    z = x * p["w"] if x.ndim == 1 else x @ p["w"]
    return jnp.mean((z + p["b"] - y) ** 2)


def logistic_loss(p, x, y):
    z = x @ p["w"] + p["b"]
    return jnp.mean(jax.nn.softplus(z) - y * z)


def normal_loss(p, x):
    return jnp.mean(0.5 * ((x - p[0]) / jnp.exp(p[1])) ** 2 + p[1])


def mlp_loss(net, x, labels):
    logits = jax.nn.relu(x @ net["net.w1"] + net["net.b1"]) @ net["net.w2"] + net["net.b2"]
    picked = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(logsumexp(logits, axis=1) - picked)


def gradient_of(loss):
    def gradient(w, b, x, y):
        value, slope = jax.value_and_grad(loss)({"w": w, "b": b}, x, y)
        return {"loss": value} | slope

    return gradient


def descend(step, start, steps, mode):
    """Runs `start = step(i, start)`; in Python one jitted, donated step after another."""
    if mode == "jax-loop":
        return jax.jit(lambda p: lax.fori_loop(0, steps, step, p)), start

    jitted = jax.jit(step, donate_argnums=1)

    def loop(p):
        p = jax.tree.map(jnp.copy, p)  # what is donated is gone
        for i in range(steps):
            p = jitted(i, p)
        return p

    return loop, start


def sgd(loss, rate):
    return lambda p, *data: jax.tree.map(lambda q, g: q - rate * g, p, jax.grad(loss)(p, *data))


def batch_of(i, size, *arrays):
    first = i % (len(arrays[0]) // size) * size
    return [lax.dynamic_slice_in_dim(array, first, size) for array in arrays]


def linear_descend(mode, w, b, x, y, steps):
    update = sgd(linear_loss, 0.1)
    return descend(lambda i, p: update(p, x, y), {"w": w, "b": b}, steps, mode)


def normal_descend(mode, x, start, steps):
    update = sgd(normal_loss, 0.1)
    return descend(lambda i, p: update(p, x), start, steps, mode)


def minibatch(mode, x, y, steps):
    update = sgd(linear_loss, 0.01)
    start = {"w": jnp.zeros(x.shape[1], x.dtype), "b": jnp.zeros((), x.dtype)}
    return descend(lambda i, p: update(p, *batch_of(i, 100, x, y)), start, steps, mode)


def mlp(mode, x, labels, w1, w2, steps):
    net = {"net.w1": 0.05 * w1, "net.b1": jnp.zeros(w1.shape[1], x.dtype),
           "net.w2": 0.05 * w2, "net.b2": jnp.zeros(w2.shape[1], x.dtype)}
    zeros = jax.tree.map(jnp.zeros_like, net)

    def step(i, state):
        net, mean, square = state
        slope = jax.grad(mlp_loss)(net, *batch_of(i, 128, x, labels))
        t = jnp.asarray(i + 1, x.dtype)
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slope)
        square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, slope)
        net = jax.tree.map(
            lambda p, m, s: p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(s / (1 - 0.999**t)) + 1e-8), net, mean, square)
        return net, mean, square

    loop, start = descend(step, (net, zeros, zeros), steps, mode)
    return lambda state: loop(state)[0], start


class Special:
    erf = staticmethod(jax.scipy.special.erf)
    gammaln = staticmethod(gammaln)


FUNCTIONS = jax_gradbench.FUNCTIONS | {
    ("linear", "gradient"): gradient_of(linear_loss),
    ("logistic", "gradient"): gradient_of(logistic_loss),
} | {("kernels", name): function for name, function in kernels.functions(jnp, Special).items()}
FUNCTIONS["kernels", "scatter"] = lambda x, places, n: jax.ops.segment_sum(x, places, n)
LOOPS = {
    ("linear", "descend"): linear_descend,
    ("normal", "descend"): normal_descend,
    ("minibatch", "run"): minibatch,
    ("mlp", "run"): mlp,
}


def prepare(module, function, inputs, mode):
    inputs = {name: value if isinstance(value, int) else jnp.asarray(value) for name, value in inputs.items()}
    if (module, function) in LOOPS:
        body, start = LOOPS[module, function](mode, **inputs)
        return lambda: jax.block_until_ready(body(start))
    if mode == "jax-loop":
        raise LookupError(f"{module}.{function} has no loop")
    known = {name: value for name, value in inputs.items() if isinstance(value, int)}
    arrays = {name: value for name, value in inputs.items() if not isinstance(value, int)}
    body = jax.jit(functools.partial(FUNCTIONS[module, function], **known))
    return lambda: jax.block_until_ready(body(**arrays))
