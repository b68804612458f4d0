"""PyTorch: eager (`torch`), and with losses and kernels by torch.compile (`torch-compile`), whose backward pass is then
compiled too."""
import torch
import torch.nn.functional as F

import kernels


def name():
    return f"torch {torch.__version__}"


def gradient_of(loss, names):
    """The gradient of a loss with respect to the inputs of those names, and the loss."""

    def gradient(inputs):
        variables = [inputs[name].detach().requires_grad_() for name in names]
        value = loss(**(inputs | dict(zip(names, variables))))
        return value, torch.autograd.grad(value, variables)

    return gradient


def llsq(x, n):
    t = torch.linspace(-1, 1, n, dtype=x.dtype)
    powers = torch.vander(t, len(x), increasing=True)
    return 0.5 * ((torch.sign(t) - powers @ x) ** 2).sum()


def lse(x):
    a = x.max()
    return a + torch.log(torch.exp(x - a).sum())


def kmeans(points, centroids):
    return ((points[:, None, :] - centroids[None, :, :]) ** 2).sum(2).min(1).values.sum()


def kmeans_dir(points, centroids):
    c = centroids.detach().requires_grad_()
    slope, = torch.autograd.grad(kmeans(points, c), c, create_graph=True)
    diagonal, = torch.autograd.grad(slope.sum(), c)
    return slope.detach() / diagonal


def gmm(d, k, n, x, m, gamma, alpha, mu, q, l):
    columns, rows = torch.triu_indices(d, d, 1)
    factors = torch.diag_embed(torch.exp(q)).index_put((torch.arange(k)[:, None], rows, columns), l)
    squares = (torch.einsum("kij,knj->kni", factors, x[None] - mu[:, None]) ** 2).sum(2)
    terms = (alpha + q.sum(1))[:, None] - 0.5 * squares
    pi = torch.tensor(torch.pi, dtype=x.dtype)
    likelihood = torch.logsumexp(terms, 0).sum() - n * (0.5 * d * torch.log(2 * pi) + torch.logsumexp(alpha, 0))
    degrees = d + m + 1
    multivariate = torch.mvlgamma(torch.tensor(0.5 * degrees, dtype=x.dtype), d)
    constant = degrees * d * (torch.log(gamma) - 0.5 * torch.log(torch.tensor(2.0, dtype=x.dtype))) - multivariate
    return likelihood + k * constant - 0.5 * gamma**2 * (factors**2).sum() + m * q.sum()


def linear_loss(w, b, x, y):
    z = x * w if x.ndim == 1 else x @ w
    return ((z + b - y) ** 2).mean()


def logistic_loss(w, b, x, y):
    z = x @ w + b
    return (F.softplus(z) - y * z).mean()


def normal_loss(p, x):
    return (0.5 * ((x - p[0]) / torch.exp(p[1])) ** 2 + p[1]).mean()


def named_gradient(loss, names, with_loss):
    gradient = gradient_of(loss, names)

    def run(**inputs):
        value, slopes = gradient(inputs)
        result = dict(zip(names, slopes))
        return {"loss": value.detach()} | result if with_loss else result

    return run


def single_gradient(loss):
    gradient = gradient_of(loss, ["x"])
    return lambda **inputs: gradient(inputs)[1][0]


def descents(wrap):
    """The training loops, their losses wrapped by torch.compile or not."""

    def sgd_step(loss, rate):
        gradient = gradient_of(wrap(loss), ["w", "b"])

        def step(w, b, x, y):
            slope = gradient({"w": w, "b": b, "x": x, "y": y})[1]
            return w - rate * slope[0], b - rate * slope[1]

        return step

    linear_step, minibatch_step = sgd_step(linear_loss, 0.1), sgd_step(linear_loss, 0.01)

    def linear_descend(w, b, x, y, steps):
        for _ in range(steps):
            w, b = linear_step(w, b, x, y)
        return {"w": w, "b": b}

    def minibatch(x, y, steps):
        w, b = torch.zeros(x.shape[1], dtype=x.dtype), torch.zeros((), dtype=x.dtype)
        for step in range(steps):
            first = step % (len(y) // 100) * 100
            w, b = minibatch_step(w, b, x[first:first + 100], y[first:first + 100])
        return {"w": w, "b": b}

    normal_gradient = gradient_of(wrap(normal_loss), ["p"])

    def normal_descend(x, start, steps):
        p = start
        for _ in range(steps):
            p = p - 0.1 * normal_gradient({"p": p, "x": x})[1][0]
        return p

    def mlp(x, labels, w1, w2, steps):
        net = [0.05 * w1, torch.zeros(w1.shape[1], dtype=x.dtype), 0.05 * w2, torch.zeros(w2.shape[1], dtype=x.dtype)]
        net = [p.requires_grad_() for p in net]
        optimizer = torch.optim.Adam(net, lr=1e-3, fused=True)
        labels = labels.long()

        def loss_of(x, labels):
            return F.cross_entropy(torch.relu(x @ net[0] + net[1]) @ net[2] + net[3], labels)

        loss = wrap(loss_of)
        start = [p.detach().clone() for p in net]

        def run():
            with torch.no_grad():
                for p, q in zip(net, start):
                    p.copy_(q)
                for state in optimizer.state.values():
                    for value in state.values():
                        value.zero_()
            for step in range(steps):
                first = step % (len(labels) // 128) * 128
                optimizer.zero_grad()
                loss(x[first:first + 128], labels[first:first + 128]).backward()
                optimizer.step()
            return {name: p.detach() for name, p in zip(("net.w1", "net.b1", "net.w2", "net.b2"), net)}

        return run

    return {("linear", "descend"): linear_descend, ("minibatch", "run"): minibatch,
            ("normal", "descend"): normal_descend, ("mlp", "run"): mlp}


GRADIENTS = {
    ("llsq", "gradient"): lambda wrap: single_gradient(wrap(llsq)),
    ("lse", "gradient"): lambda wrap: single_gradient(wrap(lse)),
    ("gmm", "jacobian"): lambda wrap: named_gradient(wrap(gmm), ["alpha", "mu", "q", "l"], False),
    ("linear", "gradient"): lambda wrap: named_gradient(wrap(linear_loss), ["w", "b"], True),
    ("logistic", "gradient"): lambda wrap: named_gradient(wrap(logistic_loss), ["w", "b"], True),
}
FUNCTIONS = {("kernels", name): function for name, function in kernels.functions(torch, torch.special).items()} | {
    ("kmeans", "cost"): kmeans,
    ("kmeans", "dir"): kmeans_dir,
    ("gmm", "objective"): gmm,
    ("kernels", "scatter"): lambda x, places, n: torch.zeros(n, dtype=x.dtype).index_add(0, places, x),
    ("kernels", "normalize"): lambda x: torch.softmax(x, 1),
    ("kernels", "log_sum_exp"): lambda x: torch.logsumexp(x, 1),
}


def prepare(module, function, inputs, mode):
    torch._dynamo.reset()
    inputs = {name: value if isinstance(value, int) else torch.from_numpy(value.reshape(value.shape).copy())
              for name, value in inputs.items()}
    wrap = torch.compile if mode == "torch-compile" else lambda f: f
    loop = descents(wrap).get((module, function))
    if loop:
        if module == "mlp":
            return loop(**inputs)
        return lambda: loop(**inputs)
    gradient = GRADIENTS.get((module, function))
    body = gradient(wrap) if gradient else wrap(FUNCTIONS[module, function])
    return lambda: body(**inputs)
