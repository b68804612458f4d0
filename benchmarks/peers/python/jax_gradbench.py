"""GradBench's functions in JAX, as its users write them: vectorised, loops by `lax.scan`."""
import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.special import gammaln, logsumexp


def llsq(x, n):
    t = jnp.linspace(-1.0, 1.0, n)
    return 0.5 * jnp.sum((jnp.sign(t) - jnp.polyval(x[::-1], t, unroll=16)) ** 2)


def lse(x):
    a = jnp.max(x)
    return a + jnp.log(jnp.sum(jnp.exp(x - a)))


def kmeans(points, centroids):
    distances = jnp.sum((points[:, None, :] - centroids[None, :, :]) ** 2, axis=2)
    return jnp.sum(jnp.min(distances, axis=1))


def kmeans_dir(points, centroids):
    gradient = jax.grad(lambda c: kmeans(points, c))
    slope, diagonal = jax.jvp(gradient, (centroids,), (jnp.ones_like(centroids),))
    return slope / diagonal


def ode(x, s):
    h = 2.0 / s

    def slope(y):
        return jnp.concatenate([x[:1], x[1:] * y[:-1]])

    def step(y, _):
        k1 = slope(y)
        k2 = slope(y + h * k1 / 2)
        k3 = slope(y + h * k2 / 2)
        k4 = slope(y + h * k3)
        return y + h * (k1 + 2 * k2 + 2 * k3 + k4) / 6, None

    return lax.scan(step, jnp.zeros_like(x), None, length=s)[0]


def gmm(p, d, k, n, x, m, gamma):
    rows, columns = jnp.triu_indices(d, 1)[::-1]  # column by column below the diagonal

    def triangle(q, l):
        return jnp.diag(jnp.exp(q)).at[rows, columns].set(l)

    factors = jax.vmap(triangle)(p["q"], p["l"])
    centred = x[None, :, :] - p["mu"][:, None, :]
    squares = jnp.sum(jnp.einsum("kij,knj->kni", factors, centred) ** 2, axis=2)
    terms = (p["alpha"] + jnp.sum(p["q"], axis=1))[:, None] - 0.5 * squares
    likelihood = jnp.sum(logsumexp(terms, axis=0)) - n * (0.5 * d * jnp.log(2 * jnp.pi) + logsumexp(p["alpha"]))
    degrees = d + m + 1
    multivariate = 0.25 * d * (d - 1) * jnp.log(jnp.pi) + jnp.sum(gammaln(0.5 * (degrees - jnp.arange(d))))
    constant = degrees * d * (jnp.log(gamma) - 0.5 * jnp.log(2.0)) - multivariate
    return likelihood + k * constant - 0.5 * gamma**2 * jnp.sum(factors**2) + m * jnp.sum(p["q"])


def gmm_objective(d, k, n, x, m, gamma, alpha, mu, q, l):
    return gmm({"alpha": alpha, "mu": mu, "q": q, "l": l}, d, k, n, x, m, gamma)


def gmm_jacobian(d, k, n, x, m, gamma, alpha, mu, q, l):
    return jax.grad(gmm)({"alpha": alpha, "mu": mu, "q": q, "l": l}, d, k, n, x, m, gamma)


def lstm(main_params, extra_params, state, sequence):
    layers, b = len(main_params) // 2, sequence.shape[1]

    def layer(signal, given):
        (weight, bias), (hidden, cell) = given
        weight, bias = weight.reshape(4, b), bias.reshape(4, b)
        forget = jax.nn.sigmoid(signal * weight[0] + bias[0])
        ingate = jax.nn.sigmoid(hidden * weight[1] + bias[1])
        outgate = jax.nn.sigmoid(signal * weight[2] + bias[2])
        change = jnp.tanh(hidden * weight[3] + bias[3])
        cell = cell * forget + ingate * change
        hidden = outgate * jnp.tanh(cell)
        return hidden, jnp.stack([hidden, cell])

    parameters = main_params.reshape(layers, 2, 4 * b)

    def step(memory, pair):
        now, after = pair
        signal, memory = lax.scan(layer, now * extra_params[0], (parameters, memory))
        predicted = signal * extra_params[1] + extra_params[2]
        return memory, jnp.sum(after * (predicted - jnp.log(jnp.sum(jnp.exp(predicted)) + 2)))

    _, terms = lax.scan(step, state.reshape(layers, 2, b), (sequence[:-1], sequence[1:]))
    return -jnp.sum(terms) / ((len(sequence) - 1) * b)


def lstm_jacobian(main_params, extra_params, state, sequence):
    main, extra = jax.grad(lstm, argnums=(0, 1))(main_params, extra_params, state, sequence)
    return jnp.concatenate([main.ravel(), extra.ravel()])


def length(x):
    return jnp.sqrt(jnp.sum(x**2))


def argmin(g, x):
    """As saddle.gd says; by forward mode, since `while_loop` has no other."""
    slope_of = jax.jacfwd(g)

    def more(state):
        return ~state[-1]

    def step(state):
        x, value, slope, rate, count, _ = state
        following = x - rate * slope
        reached = g(following)
        doubled, short, down = count == 10, length(x - following) <= 1e-5, reached < value
        taken = ~doubled & ~short & down
        new_x = jnp.where(taken, following, x)
        new_slope = jnp.where(taken, slope_of(following), slope)
        rate = jnp.where(doubled, 2 * rate, jnp.where(taken | short, rate, rate / 2))
        count = jnp.where(taken, count + 1, 0)
        done = (~doubled & short) | (taken & (length(new_slope) <= 1e-5))
        return new_x, jnp.where(taken, reached, value), new_slope, rate, count, done

    slope = slope_of(x)
    return lax.while_loop(more, step, (x, g(x), slope, 1e-5, 0, length(slope) <= 1e-5))[0]


def saddle(start):
    def f(x, y):
        return jnp.sum(x**2) - jnp.sum(y**2)

    def highest(x):
        return argmin(lambda y: -f(x, y), start)

    x = argmin(lambda x: f(x, highest(x)), start)
    return jnp.concatenate([x, highest(x)])


FUNCTIONS = {
    ("hello", "square"): lambda x: x * x,
    ("hello", "double"): lambda x: jax.grad(lambda x: x * x)(x),
    ("llsq", "primal"): llsq,
    ("llsq", "gradient"): lambda x, n: jax.grad(llsq)(x, n),
    ("lse", "primal"): lse,
    ("lse", "gradient"): lambda x: jax.grad(lse)(x),
    ("kmeans", "cost"): kmeans,
    ("kmeans", "dir"): kmeans_dir,
    ("ode", "primal"): ode,
    ("ode", "gradient"): lambda x, s: jax.grad(lambda x: ode(x, s)[-1])(x),
    ("gmm", "objective"): gmm_objective,
    ("gmm", "jacobian"): gmm_jacobian,
    ("lstm", "objective"): lstm,
    ("lstm", "jacobian"): lstm_jacobian,
    ("saddle", "ff"): saddle,
}
