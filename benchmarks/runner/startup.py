"""From nothing to a first result: whole processes, and what compiling takes as programs grow."""
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from . import tools

ROOT = tools.FOLDER.parent
SIZES = (10, 100, 1000)
CASES = ["startup/line"] + [f"startup/compile/operations={size}" for size in SIZES]
LIMIT = 300  # seconds of a process
PEERS = {"jax": "line_jax.py", "torch": "line_torch.py", "numpy": "line_numpy.py"}


def run_process(command, cache):
    """Seconds and output of a process whose compiled code is kept in that folder (none: nowhere)."""
    environment = os.environ | {"DESCENT_CACHE_DIR": cache, "PYTHONDONTWRITEBYTECODE": "1"}
    begin = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise tools.Failed(f"did not end within {LIMIT} s") from None
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise tools.Failed((done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1])
    return seconds, done.stdout


def finished(name, figures, missing, wrong):
    result = {"name": name, "floor": None, "tools": {}, "missing": missing, "failed": {}, "wrong": wrong}
    ours = figures.get("descent")
    for tool, rounds in figures.items():
        middle = statistics.median(rounds)
        result["tools"][tool] = {"nanoseconds": middle, "spread": (max(rounds) - min(rounds)) / middle, "rounds": rounds}
        if ours and tool != "descent":
            result["tools"][tool]["ratio"] = statistics.median(peer / mine for peer, mine in zip(rounds, ours))
    return result


def line(settings):
    """docs/examples/line.gd as a process: nothing cached, its code cached; peers import, compile, make one step."""
    descent = [settings.build / "bin/descent", "run", ROOT / "docs/examples/line.gd", "--quiet"]
    points = ROOT / "docs/examples/points.csv"
    python = settings.venv / "bin/python"
    figures, missing, wrong = {}, {}, {}

    def check(tool, numbers):
        if abs(numbers[0] - 2.512) > 2e-3 or abs(numbers[1] + 0.987) > 2e-3:
            wrong[tool] = f"gave slope and intercept {numbers}"

    with tempfile.TemporaryDirectory() as cache:
        output = run_process(descent, cache)[1].split()
        check("descent", (float(output[2]), float(output[5])))
    commands = {}
    for tool, script in PEERS.items():
        command = [python, ROOT / "benchmarks/startup" / script, points]
        try:
            check(tool, tuple(map(float, run_process(command + ["1000"], "")[1].split())))
            commands[tool] = command + ["1"]
        except (FileNotFoundError, tools.Failed) as reason:
            missing[tool] = str(reason)
    for _ in range(0 if wrong else settings.rounds):
        with tempfile.TemporaryDirectory() as cache:
            figures.setdefault("descent", []).append(run_process(descent, cache)[0] * 1e9)
            figures.setdefault("descent, cached", []).append(run_process(descent, cache)[0] * 1e9)
        for tool, command in commands.items():
            figures.setdefault(tool, []).append(run_process(command, "")[0] * 1e9)
    return finished("startup/line", figures, missing, wrong)


def program(operations):
    """The gradient of a chain of so many operations on 1,000 numbers."""
    steps = ["y = y * 0.99", "y = y + x", "y = sin(y)", "y = y - 0.5 * x"]
    body = "\n".join("  " + steps[i % 4] for i in range(operations))
    return f"fn f(x) = {{\n  var y = x\n{body}\n  sum(y)\n}}\nlet total = sum(grad(f)(linspace(0.0, 1.0, 1000)))\n"


def compiling(name, settings):
    operations = int(name.rsplit("=", 1)[1])
    figures, missing, wrong, sums = {}, {}, {}, {}
    peer = [settings.venv / "bin/python", ROOT / "benchmarks/startup/compile_jax.py", str(operations)]
    with tempfile.TemporaryDirectory() as folder:
        script, results = pathlib.Path(folder, "program.gd"), pathlib.Path(folder, "results.json")
        script.write_text(program(operations))
        for _ in range(settings.rounds):
            run_process([settings.build / "bin/descent", "run", script, "--quiet", "--json", results], "")
            given = json.loads(results.read_text())
            parts = {part: value for part, value in given["seconds"].items() if part != "run" and not isinstance(value, bool)}
            figures.setdefault("descent", []).append(sum(parts.values()) * 1e9)
            sums["descent"] = given["values"]["total"]
            try:
                if "jax" not in missing:
                    seconds, sums["jax"] = map(float, run_process(peer, "")[1].split())
                    figures.setdefault("jax", []).append(seconds * 1e9)
            except (FileNotFoundError, tools.Failed) as reason:
                missing["jax"] = str(reason)
    if "jax" in sums and abs(sums["descent"] - sums["jax"]) > 1e-3 * max(1, abs(sums["jax"])):
        wrong["descent"] = f"gave {sums['descent']}, jax {sums['jax']}"
    return finished(name, figures, missing, wrong)


def run(name, settings):
    try:
        return line(settings) if name == "startup/line" else compiling(name, settings)
    except (tools.Failed, OSError, ValueError, IndexError) as problem:
        return finished(name, {}, {}, {"descent": f"{type(problem).__name__}: {problem}"})
