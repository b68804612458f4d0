"""Measures a case: results first, then times, the tools in turn."""
import json
import statistics
import subprocess
import time

from . import data, tools, verify

SAMPLE = 4096  # elements of a result that are compared
LEAST_ROUNDS = 3


class Measurement:
    """A case's tools, its figures by tool, and what was wrong."""

    def __init__(self, case, settings):
        self.case, self.settings = case, settings
        self.figures = {}  # nanoseconds of each round, by tool
        self.missing, self.failed, self.wrong, self.extra = {}, {}, {}, {}
        self.files = {}  # of the inputs, by name

    def given(self, tool):
        return tools.message_for(self.case, tool, self.files)

    def evaluate(self, tool, **how):
        return tool.evaluate(self.case.fields["module"], self.case.fields["function"], self.given(tool.name) | how)

    def verify(self, pool, peers):
        """Compares Descent and the peers with the hand-written function in f64; gives the tools that are right. A peer
        without an answer is left out; a wrong answer, or none by Descent, is wrong."""
        reference_tool = pool.get("cpp", self.case.fields["module"])
        reference = self.evaluate(reference_tool, sample=SAMPLE, precision="f64")["output"]
        right = []
        for name in ["descent"] + peers:
            try:
                tool = pool.get(name, self.case.fields["module"])
                answer = self.evaluate(tool, sample=SAMPLE)
            except tools.Missing as reason:
                self.missing[name] = str(reason)
                continue
            except tools.Failed as failure:
                (self.wrong if name == "descent" else self.failed)[name] = f"failed: {failure}"
                continue
            error = verify.difference(answer["output"], reference, self.case.fields.get("compare"))
            if error > self.case.tolerance():
                self.wrong[name] = f"its error is {error:.2g}, {self.case.tolerance():.2g} is allowed"
            else:
                right.append((tool, answer))
        return right

    def time(self, right):
        """Rounds of all tools, each beginning with another one. When the case's time is up, it has at least
        LEAST_ROUNDS of them; a tool that takes more than a tenth of that time for a run is measured in no more."""
        single, batches = {}, {}
        for tool, answer in right:
            steps = self.case.sizes.get("steps", 1)
            single[tool] = steps * min(t["nanoseconds"] for t in answer["timings"] if t["name"] == "evaluate")
            batches[tool] = max(1, round(1e5 / max(1, single[tool])))
        for tool, _ in right:
            tool.await_idle()
        begin = time.monotonic()
        for round_ in range(self.settings.rounds):
            spent = time.monotonic() - begin
            if round_ >= LEAST_ROUNDS and spent + spent / round_ > self.settings.budget:
                break
            for i in range(len(right)):
                tool = right[(round_ + i) % len(right)][0]
                slow = single[tool] > 1e8 * self.settings.budget
                if tool.name not in self.failed and not (slow and round_ >= LEAST_ROUNDS):
                    self.time_once(tool, batches[tool])
            self.time_kernels(round_)

    def time_once(self, tool, batch):
        try:
            answer = self.evaluate(tool, sample=1, min_runs=1, batch=batch, min_seconds=self.settings.seconds)
        except tools.Failed as failure:
            (self.wrong if tool.name == "descent" else self.failed)[tool.name] = f"failed: {failure}"
            self.figures.pop(tool.name, None)
            return
        tool.await_idle()
        self.figures.setdefault(tool.name, []).append(statistics.median(
            t["nanoseconds"] for t in answer["timings"] if t["name"] == "evaluate"))

    def time_kernels(self, round_):
        """A round of bench-kernels, which has Descent and the C++ libraries in one process."""
        if self.case.suite != "kernels" or "descent" in self.wrong:
            return
        folder = tools.FOLDER / "kernels"
        command = [self.settings.build / "benchmarks/bench-kernels", folder / "cases.json", folder / "kernels.gd",
                   f"--case={self.case.label}", f"--benchmark_min_time={self.settings.seconds}",
                   "--benchmark_enable_random_interleaving=true", "--benchmark_format=json"]
        try:
            done = subprocess.run(command + (["--verified"] if round_ else []), capture_output=True, text=True,
                                  timeout=self.settings.limit)
        except subprocess.TimeoutExpired:
            self.wrong["descent"] = f"bench-kernels did not end within {self.settings.limit} s"
            return
        if done.returncode:
            self.wrong["descent"] = done.stderr.strip() or f"bench-kernels ended with {done.returncode}"
            return
        for run in json.loads(done.stdout)["benchmarks"]:
            name = run["name"].removeprefix(self.case.label + "/").removesuffix("/real_time")
            self.figures.setdefault(name, []).append(run["real_time"])
            if "ulp" in run:
                self.extra.setdefault("ulp", {})[name] = run["ulp"]


class Pool:
    """Tools that stay alive from case to case."""

    def __init__(self, settings):
        self.settings, self.alive, self.reasons, self.defined = settings, {}, {}, set()

    def get(self, name, module):
        """A tool that has the module defined. Raises Missing."""
        if name in self.reasons:
            raise tools.Missing(self.reasons[name])
        if name in self.alive and self.alive[name].lost:
            self.close(name)
        try:
            if name not in self.alive:
                self.alive[name] = tools.Tool(name, self.settings)
            if (name, module) not in self.defined:
                self.alive[name].define(module)
                self.defined.add((name, module))
        except tools.Missing as reason:
            if name != "descent":  # whose modules can be wrong one by one
                self.reasons[name] = str(reason)
            raise
        return self.alive[name]

    def close(self, name):
        """Ends a tool; gives the most memory it had."""
        tool = self.alive.pop(name, None)
        self.defined = {pair for pair in self.defined if pair[0] != name}
        if not tool:
            return 0
        tool.close()
        return tool.peak

    def close_all(self):
        for name in list(self.alive):
            self.close(name)


def run(case, settings, pool):
    """Verifies a case and, if wanted, times it. Whatever goes wrong is in what it gives."""
    alone = case.suite == "training" and not settings.verify
    if alone:
        pool.close("descent")  # a process of its own for each case, so that its memory is that case's
    measurement = Measurement(case, settings)
    # Kernels' C++ peers are measured by bench-kernels; the rest speak the protocol.
    peers = [p for p in case.fields["peers"] if not (p == "onednn" and case.precision == "f64")]
    if case.suite == "kernels" and not settings.verify:
        peers = [p for p in peers if p not in tools.CPP]
    try:
        measurement.files = data.files_of(case, settings.build, settings.data)
        right = measurement.verify(pool, [] if settings.verify else peers)
        if not measurement.wrong and not settings.verify:
            timed = [pair for pair in right if case.suite != "kernels" or pair[0].name != "descent"]
            measurement.time(timed)
    except (tools.Missing, tools.Failed, OSError, subprocess.SubprocessError, ValueError) as problem:
        measurement.wrong["runner"] = f"{type(problem).__name__}: {problem}"
    if alone:
        peak = pool.close("descent")
        inputs = sum(path.stat().st_size for path in measurement.files.values())
        measurement.extra["memory"] = {"peak": peak, "inputs": inputs, "state": case.value("state")}
    return measurement
