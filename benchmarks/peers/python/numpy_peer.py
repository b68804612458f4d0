"""NumPy (and SciPy's special functions), gradients by hand."""
import functools

import numpy as np
import scipy.special

import kernels


def name():
    return f"numpy {np.__version__}"


def lse_gradient(x):
    weights = np.exp(x - x.max())
    return weights / weights.sum()


def llsq_gradient(x, n):
    t = np.linspace(-1, 1, n)
    powers = np.vander(t, len(x), increasing=True)
    return -powers.T @ (np.sign(t) - powers @ x)


def linear_gradient(w, b, x, y):
    rest = (x * w if x.ndim == 1 else x @ w) + b - y
    scale = 2 / len(y)
    return {"loss": np.mean(rest * rest), "w": scale * (x.T @ rest), "b": scale * rest.sum()}


def logistic_gradient(w, b, x, y):
    z = x @ w + b
    rest = scipy.special.expit(z) - y
    return {"loss": np.mean(np.logaddexp(0, z).astype(z.dtype) - y * z), "w": x.T @ rest / len(y), "b": rest.mean()}


def linear_descend(w, b, x, y, steps):
    rate = x.dtype.type(0.1)
    for _ in range(steps):
        slope = linear_gradient(w, b, x, y)
        w, b = w - rate * slope["w"], b - rate * slope["b"]
    return {"w": w, "b": b}


def normal_descend(x, start, steps):
    mu, log_sigma = start
    rate = x.dtype.type(0.1)
    for _ in range(steps):
        inverse = np.exp(-log_sigma)
        z = (x - mu) * inverse
        mu, log_sigma = mu + rate * z.mean() * inverse, log_sigma - rate * (1 - (z * z).mean())
    return np.array([mu, log_sigma])


def minibatch(x, y, steps):
    w, b = np.zeros(x.shape[1], x.dtype), x.dtype.type(0)
    rate = x.dtype.type(0.01)
    for step in range(steps):
        first = step % (len(y) // 100) * 100
        slope = linear_gradient(w, b, x[first:first + 100], y[first:first + 100])
        w, b = w - rate * slope["w"], b - rate * slope["b"]
    return {"w": w, "b": b}


def scatter(x, places, n):
    result = np.zeros(n, x.dtype)
    np.add.at(result, places, x)
    return result


FUNCTIONS = {
    ("lse", "gradient"): lse_gradient,
    ("llsq", "gradient"): llsq_gradient,
    ("linear", "gradient"): linear_gradient,
    ("linear", "descend"): linear_descend,
    ("logistic", "gradient"): logistic_gradient,
    ("normal", "descend"): normal_descend,
    ("minibatch", "run"): minibatch,
    ("kernels", "scatter"): scatter,
} | {("kernels", name): function for name, function in kernels.functions(np, scipy.special).items()}


def prepare(module, function, inputs, mode):
    return functools.partial(FUNCTIONS[module, function], **inputs)
