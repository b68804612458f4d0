"""JAX: `jax` calls one jitted step after another from Python, `jax-loop` has all steps in one `lax.fori_loop`."""
import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import logsumexp

jax.config.update("jax_default_matmul_precision", "highest")


def name(mode, needs_gpu):
    if needs_gpu and jax.devices()[0].platform == "cpu":
        raise RuntimeError("JAX finds no GPU: its CUDA packages (jax[cuda13], or jax[cuda12] for a driver before 580) are missing or do not start")
    return f"jax {jax.__version__} on {jax.devices()[0].device_kind}"


def descend(loss, rate):
    def step(data, state, i):
        slope = jax.grad(loss)(state, data)
        return jax.tree.map(lambda p, g: p - rate * g, state, slope)

    return step


def line_loss(p, data):
    return jnp.mean((p["w"] * data["x"] + p["b"] - data["y"]) ** 2)


def plane_loss(p, data):
    return jnp.mean((data["x"] @ p["w"] + p["b"] - data["y"]) ** 2)


def mixture_loss(p, data):
    terms = -0.5 * ((data["x"][:, None] - p["mean"]) * jnp.exp(-p["scale"])) ** 2 - p["scale"] + p["weight"]
    return logsumexp(p["weight"]) - jnp.mean(logsumexp(terms, axis=1))


def mlp_loss(net, x, labels):
    logits = jax.nn.relu(x @ net["w1"] + net["b1"]) @ net["w2"] + net["b2"]
    picked = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return jnp.mean(logsumexp(logits, axis=1) - picked)


def mlp_start(data):
    net = {"w1": 0.05 * data["w1"], "b1": jnp.zeros(data["w1"].shape[1]), "w2": 0.05 * data["w2"],
           "b2": jnp.zeros(data["w2"].shape[1])}
    zeros = jax.tree.map(jnp.zeros_like, net)
    return {"net": net, "m": zeros, "v": jax.tree.map(jnp.copy, zeros), "first": jnp.float32(0), "last": jnp.float32(0)}


def mlp_step(data, state, i):
    first = i % (data["x"].shape[0] // 128) * 128
    x, labels = lax.dynamic_slice_in_dim(data["x"], first, 128), lax.dynamic_slice_in_dim(data["labels"], first, 128)
    loss, slope = jax.value_and_grad(mlp_loss)(state["net"], x, labels)
    t = i + 1.0
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["m"], slope)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["v"], slope)
    net = jax.tree.map(lambda p, m, v: p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8),
                       state["net"], m, v)
    return {"net": net, "m": m, "v": v, "first": jnp.where(i == 0, loss, state["first"]), "last": loss}


def ends(z):
    return [z[0], z[-1], jnp.mean(z)]


WORKLOADS = {
    "descent": (lambda d: {"w": jnp.float32(0), "b": jnp.float32(0)}, descend(line_loss, 0.1), lambda p: [p["w"], p["b"]]),
    "linear": (lambda d: {"w": jnp.zeros(d["x"].shape[1]), "b": jnp.float32(0)}, descend(plane_loss, 0.01),
               lambda p: [p["b"], p["w"][0], p["w"][-1], jnp.mean(p["w"])]),
    "elementwise": (lambda d: jnp.copy(d["x"]), lambda d, z, i: 0.99 * z + 0.01 * z[0], ends),
    "reduction": (lambda d: jnp.float32(0), lambda d, s, i: 0.5 * jnp.mean((d["x"] - s) ** 2), lambda s: [s]),
    "lse": (lambda d: jnp.copy(d["x"]), lambda d, z, i: z - 0.5 * jax.grad(logsumexp)(z) * z.size, ends),
    "mixture": (lambda d: {"mean": jnp.linspace(-1.0, 1.0, 16), "scale": jnp.zeros(16), "weight": jnp.zeros(16)},
                descend(mixture_loss, 0.1), lambda p: [p["mean"][0], p["scale"][0], p["weight"][0], p["mean"][-1]]),
    "mlp": (mlp_start, mlp_step, lambda s: [s["first"], s["last"]]),
    "gemm": (lambda d: jnp.copy(d["x"]), lambda d, z, i: (d["x"] @ z) / len(d["x"]),
             lambda z: [z[0, 0], z[-1, -1], jnp.mean(z)]),
}


def prepare(workload, data, steps, mode):
    start, step, result = WORKLOADS[workload]
    data = {key: jnp.asarray(value) for key, value in data.items()}
    result = jax.jit(result)
    if mode == "jax-loop":
        whole = jax.jit(lambda data: result(lax.fori_loop(0, steps, lambda i, state: step(data, state, i), start(data))))
        return lambda: jax.block_until_ready(whole(data))
    begin, one = jax.jit(start), jax.jit(step, donate_argnums=1)

    def loop():
        state = begin(data)
        for i in range(steps):
            state = one(data, state, i)
        return jax.block_until_ready(result(state))

    return loop
