"""PyTorch: eager (`torch`), each step by torch.compile (`torch-compile`), each step as a CUDA graph (`torch-graph`), and
`cublas`: gradients by hand from cuBLAS's products alone, as a CUDA graph."""
import torch
import torch.nn.functional as F

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
torch.backends.cuda.matmul.allow_tf32 = False


def name(mode, needs_gpu):
    if needs_gpu and DEVICE == "cpu":
        torch.cuda.init()  # says what is missing: a driver, or a newer one
        raise RuntimeError("PyTorch finds no GPU")
    if DEVICE == "cpu" and mode in ("torch-graph", "cublas"):
        raise RuntimeError("it needs a GPU that PyTorch can use")
    return f"torch {torch.__version__} on {torch.cuda.get_device_name() if DEVICE == 'cuda' else 'the processor'}"


def zeros(*shape):
    return torch.zeros(shape, device=DEVICE)


def descend(loss, rate):
    def step(data, state):
        slope = torch.func.grad(loss)(state, data)
        return {key: state[key] - rate * slope[key] for key in state}

    return step


def line_loss(p, data):
    return ((p["w"] * data["x"] + p["b"] - data["y"]) ** 2).mean()


def plane_loss(p, data):
    return ((data["x"] @ p["w"] + p["b"] - data["y"]) ** 2).mean()


def plane_by_hand(data, p):
    """The step of `linear` with two products of a matrix and a vector."""
    difference = torch.mv(data["x"], p["w"]) + (p["b"] - data["y"])
    scale = 0.01 * 2 / len(difference)
    return {"w": torch.addmv(p["w"], data["x"].T, difference, alpha=-scale), "b": p["b"] - scale * difference.sum()}


def mixture_loss(p, data):
    terms = -0.5 * ((data["x"][:, None] - p["mean"]) * torch.exp(-p["scale"])) ** 2 - p["scale"] + p["weight"]
    return torch.logsumexp(p["weight"], 0) - torch.logsumexp(terms, 1).mean()


def mlp_loss(net, x, labels):
    return F.cross_entropy(torch.relu(x @ net["w1"] + net["b1"]) @ net["w2"] + net["b2"], labels)


NET = "w1", "b1", "w2", "b2"


def mlp_start(data):
    net = {"w1": 0.05 * data["w1"], "b1": zeros(data["w1"].shape[1]), "w2": 0.05 * data["w2"], "b2": zeros(data["w2"].shape[1])}
    moments = {f"{m}_{key}": torch.zeros_like(net[key]) for m in "mv" for key in NET}
    return net | moments | {"i": torch.zeros(1, dtype=torch.int64, device=DEVICE), "first": zeros(), "last": zeros()}


def mlp_step(data, s):
    batches = data["x"].shape[0] // 128
    at = s["i"] % batches
    x = data["x"][:batches * 128].view(batches, 128, -1).index_select(0, at)[0]
    labels = data["labels"][:batches * 128].view(batches, 128).index_select(0, at)[0]
    slope, loss = torch.func.grad_and_value(mlp_loss)({key: s[key] for key in NET}, x, labels)
    t = (s["i"] + 1).float()
    new = {"i": s["i"] + 1, "first": torch.where(s["i"][0] == 0, loss, s["first"]), "last": loss}
    for key in NET:
        m, v = 0.9 * s["m_" + key] + 0.1 * slope[key], 0.999 * s["v_" + key] + 0.001 * slope[key] ** 2
        new |= {"m_" + key: m, "v_" + key: v,
                key: s[key] - 1e-3 * (m / (1 - 0.9**t)) / (torch.sqrt(v / (1 - 0.999**t)) + 1e-8)}
    return new


def array(step):
    """A workload whose state is one array."""
    return (lambda d: {"z": d["x"].clone()}), (lambda d, s: {"z": step(d, s["z"])}), (lambda s: ends(s["z"]))


def ends(z):
    return [z.reshape(-1)[0], z.reshape(-1)[-1], z.mean()]


WORKLOADS = {
    "descent": (lambda d: {"w": zeros(), "b": zeros()}, descend(line_loss, 0.1), lambda p: [p["w"], p["b"]]),
    "linear": (lambda d: {"w": zeros(d["x"].shape[1]), "b": zeros()}, descend(plane_loss, 0.01),
               lambda p: [p["b"], p["w"][0], p["w"][-1], p["w"].mean()]),
    "elementwise": array(lambda d, z: 0.99 * z + 0.01 * z[0]),
    "reduction": (lambda d: {"s": zeros()}, lambda d, s: {"s": 0.5 * ((d["x"] - s["s"]) ** 2).mean()}, lambda s: [s["s"]]),
    "lse": array(lambda d, z: z - 0.5 * torch.softmax(z, 0) * len(z)),
    "mixture": (lambda d: {"mean": torch.linspace(-1.0, 1.0, 16, device=DEVICE), "scale": zeros(16), "weight": zeros(16)},
                descend(mixture_loss, 0.1), lambda p: [p["mean"][0], p["scale"][0], p["weight"][0], p["mean"][-1]]),
    "mlp": (mlp_start, mlp_step, lambda s: [s["first"], s["last"]]),
    "gemm": array(lambda d, z: (d["x"] @ z) / len(d["x"])),
}


def step_graph(body):
    """A CUDA graph of what `body` does."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # what is set up when something first runs cannot be part of a graph
        for _ in range(3):
            body()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        body()
    return graph


def graph_of(step, data, start):
    """A CUDA graph of one step, and the state that it reads and replaces."""
    static = {key: value.clone() for key, value in start.items()}

    def replace():
        for key, value in step(data, static).items():
            static[key].copy_(value)

    return step_graph(replace), static


def products(data, steps, result):
    """The chain of `gemm` as cuBLAS's products alone: from one of two arrays into the other, and back."""
    x = data["x"]
    arrays = [x.clone(), torch.empty_like(x)]

    def product(i):
        torch.addmm(arrays[1 - i], x, arrays[i], beta=0, alpha=1 / len(x), out=arrays[1 - i])

    steps_of = [step_graph(lambda: product(0)), step_graph(lambda: product(1))]

    def replay():
        arrays[0].copy_(x)
        for i in range(steps):
            steps_of[i % 2].replay()
        return [value.item() for value in result({"z": arrays[steps % 2]})]

    return replay


def prepare(workload, data, steps, mode):
    start, step, result = WORKLOADS[workload]
    if workload == "linear" and mode == "cublas":
        step = plane_by_hand
    data = {key: torch.from_numpy(value).to(DEVICE) for key, value in data.items()}
    if "labels" in data:
        data["labels"] = data["labels"].long()
    if mode == "torch-compile":
        torch._dynamo.reset()
        step = torch.compile(step)
    if workload == "gemm" and mode == "cublas":
        return products(data, steps, result)
    if mode in ("torch-graph", "cublas"):
        graph, static = graph_of(step, data, start(data))

        def replay():
            for key, value in start(data).items():
                static[key].copy_(value)
            for _ in range(steps):
                graph.replay()
            return [x.item() for x in result(static)]

        return replay

    def loop():
        state = start(data)
        for _ in range(steps):
            state = step(data, state)
        return [x.item() for x in result(state)]  # waits

    return loop
