"""Runs workloads: Descent by `descent bench`, the peers as processes that stay alive. Results first, then times in turn."""
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import select
import statistics
import subprocess
import tempfile
import time

FOLDER = pathlib.Path(__file__).resolve().parent
LIMIT = 600  # seconds until a tool must have answered
TOLERANCE = 2e-3  # of results in f32 that many steps have led to


@dataclasses.dataclass
class Workload:
    name: str
    fields: dict
    sizes: list

    @property
    def script(self):
        return FOLDER / "workloads" / f"{self.fields['script']}.gd"

    @property
    def along(self):
        return self.fields.get("along", "n")

    def label(self, size):
        return f"{self.along}={size[self.along]}"

    def amount(self, what, size):
        """Bytes or operations of a step, by the formula of the workload; None where it has none."""
        formula = self.fields.get(what)
        return eval(formula, {"__builtins__": {}}, dict(size)) if formula else None  # of our own file


def load(quick):
    described = json.loads((FOLDER / "workloads.json").read_text())["workloads"]
    return [Workload(each["name"], each, each["tiny" if quick else "sizes"]) for each in described]


def files_of(workload, size, settings):
    """The data of a size, as files that are made once."""
    settings.data.mkdir(parents=True, exist_ok=True)
    files = {}
    for seed, (name, description) in enumerate(workload.fields["data"].items()):
        request = ["f32", str(seed), description] + [f"{key}={value}" for key, value in size.items()]
        path = settings.data / (hashlib.sha256(" ".join(request).encode()).hexdigest()[:24] + ".npy")
        if not path.exists():
            partial = path.with_name("partial-" + path.name)
            done = subprocess.run([settings.build / "benchmarks/bench-data", partial] + request, capture_output=True, text=True)
            if done.returncode:
                partial.unlink(missing_ok=True)
                raise RuntimeError(done.stderr.strip() or f"bench-data ended with {done.returncode}")
            partial.rename(path)
        files[name] = path.resolve()
    return files


def descent(settings, command, script, size, files, *more):
    words = [settings.build / "bin/descent", command, script, "--set", f"steps={size['steps']}", *more]
    for name, path in files.items():
        words += ["--data", f"{name}={path}"]
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out.json")
        done = subprocess.run(words + ["--json", out], capture_output=True, text=True, timeout=LIMIT)
        if done.returncode == 130:
            raise KeyboardInterrupt
        answer = json.loads(out.read_text()) if out.exists() else None
    return done, answer


def bench(settings, workload, size, files):
    done, answer = descent(settings, "bench", workload.script, size, files, "--device", f"cpu,{settings.device}",
                           "--rounds", "1", "--seconds", str(settings.seconds))
    if not answer:
        raise RuntimeError(done.stderr.strip() or f"descent bench ended with {done.returncode}")
    for row in answer["rows"]:
        for device in "cpu", settings.device:
            if "failed" in row.get(device, {}):
                raise RuntimeError(f"{device}: {row[device]['failed']}")
    return answer


@dataclasses.dataclass
class Card:
    name: str
    problem: str
    copy_rate: float


def find_device(settings):
    """Whether the device can be had, and what its copies make."""
    workload = next(w for w in load(True) if w.name == "reduction")
    size = workload.sizes[0]
    device = bench(settings, workload, size, files_of(workload, size, settings))["devices"][1]
    return Card(device["name"], device["problem"], device["copy_rate"])


class Failed(Exception):
    """A peer gave no answer."""


class Peer:
    """A process of peer.py, asked by lines of JSON."""

    def __init__(self, name, settings):
        environment = dict(os.environ, XLA_PYTHON_CLIENT_PREALLOCATE="false", PYTHONWARNINGS="ignore")
        if settings.device == "emulator":
            environment["CUDA_VISIBLE_DEVICES"] = ""
        self.process = subprocess.Popen([settings.python, FOLDER / "peer.py", name, settings.device], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)

    def ask(self, **message):
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed("it ended") from None
        if not select.select([self.process.stdout], [], [], LIMIT)[0]:
            self.process.kill()
            raise Failed(f"no answer within {LIMIT} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failed("it ended")
        answer = json.loads(line)
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer

    def close(self):
        with contextlib.suppress(BrokenPipeError):  # it has ended, and was asked for something
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Peers:
    def __init__(self, settings):
        self.settings, self.alive, self.missing, self.names = settings, {}, {}, {}
        if not settings.no_peers and not settings.python.exists():
            self.missing["all"] = f"there is no {settings.python}"

    def get(self, name):
        """A peer, or None; then `missing` says why."""
        if self.settings.no_peers or "all" in self.missing or name in self.missing:
            return None
        if name not in self.alive:
            peer = Peer(name, self.settings)
            try:
                self.names[name] = peer.ask(op="hello")["name"]
            except Failed as reason:
                self.missing[name] = str(reason)
                peer.close()
                return None
            self.alive[name] = peer
        return self.alive[name]

    def drop(self, name):
        if name in self.alive:
            self.alive.pop(name).close()

    def close(self):
        for name in list(self.alive):
            self.drop(name)


def difference(given, wanted):
    if len(given) != len(wanted):
        return float("inf")
    scale = max(max(map(abs, wanted)), 1e-30)
    return max((abs(a - b) for a, b in zip(given, wanted)), default=0.0) / scale


def result_of(settings, workload, size, files, device):
    done, answer = descent(settings, "run", workload.script, size, files, "--device", device, "--quiet")
    if done.returncode or not answer:
        raise RuntimeError(done.stderr.strip())
    return answer["values"]["result"]


def step_of(cell, size):
    """Seconds of a step: as the training says, or those of the run shared out."""
    return cell["step"] if cell["step"] is not None else cell["run"] / size["steps"]


def run_size(workload, size, settings, peers, card):
    """One size: all results are compared with the processor's; then rounds, in each of which all are timed."""
    row = {"size": size, "label": workload.label(size), "wrong": {}, "failed": {}, "peers": {}}
    files = files_of(workload, size, settings)
    reference = result_of(settings, workload, size, files, "cpu")
    tools = {}
    try:
        given = result_of(settings, workload, size, files, settings.device)
        row["difference"] = difference(given, reference)
        if not row["difference"] <= TOLERANCE:
            row["wrong"]["descent"] = f"its result differs from the processor's by {row['difference']:.2g}"
    except RuntimeError as problem:
        row["wrong"]["descent"] = str(problem)
    for name in workload.fields["peers"]:
        peer = peers.get(name)
        if not peer:
            continue
        try:
            answer = peer.ask(op="prepare", workload=workload.fields["script"], steps=size["steps"],
                              files={key: str(path) for key, path in files.items()})
        except Failed as reason:
            row["failed"][name] = str(reason)
            peers.drop(name)
            continue
        away = difference(answer["result"], reference)
        if away <= TOLERANCE:
            tools[name] = peer
        else:
            row["wrong"][name] = f"its result differs by {away:.2g}"
    if "descent" in row["wrong"]:
        return row
    cells, times = [], {name: [] for name in tools}
    for round_ in range(settings.rounds):
        order = ["descent"] + list(tools)
        order = order[round_ % len(order):] + order[:round_ % len(order)]
        for name in order:
            if name == "descent":
                cells.append(bench(settings, workload, size, files)["rows"][0])
            elif name in tools:
                try:
                    times[name].append(tools[name].ask(op="time", seconds=settings.seconds)["seconds"])
                except Failed as reason:
                    row["failed"][name] = str(reason)
                    peers.drop(tools.pop(name) and name)
                    times.pop(name)
    cpu, gpu = [cell["cpu"] for cell in cells], [cell[settings.device] for cell in cells]
    ours = [step_of(cell, size) for cell in gpu]
    both = [step_of(a, size) / b for a, b in zip(cpu, ours)]
    middle = statistics.median
    optional = lambda key: middle([cell[key] for cell in gpu]) if gpu[0][key] is not None else None
    row |= {
        "cpu": middle([step_of(cell, size) for cell in cpu]), "gpu": middle(ours),
        "spread": (max(ours) - min(ours)) / 2 / middle(ours), "speed_up": middle(both),
        "cpu_compile": middle([cell["compile"] for cell in cpu]),
        "compile": optional("compile"), "compile_cached": optional("compile_cached"), "load": optional("load"),
        "transfer": optional("transfer"), "first": optional("first"), "joules": optional("joules"),
        "counted_bytes": gpu[0]["bytes"], "counted_products": gpu[0]["product_operations"],
        "per_run": gpu[0]["step"] is None,
    }
    size_bytes, flops = workload.amount("bytes", size), workload.amount("flops", size)
    row["bytes"], row["flops"] = size_bytes, flops
    row["of_copies"] = size_bytes / row["gpu"] / card.copy_rate if size_bytes else None
    row["gflops"] = flops / row["gpu"] / 1e9 if flops else None
    for name, figures in times.items():
        row["peers"][name] = {"seconds": middle(figures), "ratio": middle(a / b for a, b in zip(figures, ours))}
    return row


def crossover(rows, along):
    """Where the GPU begins to win, interpolated on logarithmic scales: (kind, size)."""
    import math
    points = [(row["size"][along], row["speed_up"]) for row in rows if "speed_up" in row]
    if not points or all(advantage <= 1 for _, advantage in points):
        return "never", None
    if points[-1][1] <= 1:
        return "mixed", None
    i = len(points) - 1
    while i > 0 and points[i - 1][1] > 1:
        i -= 1
    if i == 0:
        return "always", None
    (low, before), (high, after) = points[i - 1], points[i]
    part = math.log(before) / (math.log(before) - math.log(after))
    return "at", low * (high / low) ** part


def run(workload, settings, peers, card):
    begin = time.monotonic()
    rows = []
    for size in workload.sizes:
        try:
            rows.append(run_size(workload, size, settings, peers, card))
        except (RuntimeError, OSError, subprocess.SubprocessError) as problem:
            rows.append({"size": size, "label": workload.label(size), "failed": {}, "peers": {},
                         "wrong": {"descent": str(problem)}})
    kind, at = crossover(rows, workload.along)
    return {"name": workload.name, "along": workload.along, "rows": rows, "device": settings.device,
            "crossover": {"kind": kind, "size": at}, "missing": dict(peers.missing),
            "tools": dict(peers.names), "seconds": time.monotonic() - begin}
