"""Runs `X.gd` and compares its standard output with `X.expected`.

The script stands beside its expectation; under examples/ it is the one of docs/examples. Words are compared
one by one; two integers must be the same, other numbers agree within 2e-5 of each other, since the order of a sum
depends on the width of the processor's vectors. A first line `exit N` expects that exit code (0 otherwise); a line `error: TEXT`
expects TEXT somewhere on standard error.

Each script runs three times: compiled, with as many threads as there are processors; from the cache of compiled code,
with one thread; and from there with seven. All must give the same output, the same messages and the same bits of
all values. Where the processor has wider vectors than AVX2, it runs with code for AVX2 too, whose sums have another order: it
must give the expected output.
"""

import json
import math
import os
import re
import subprocess
import tempfile

import lit.formats
import lit.Test


def words(text):
    return re.findall(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[A-Za-z_]\w*|\S", text)


def same(actual, expected):
    if actual == expected:
        return True
    if re.fullmatch(r"[-+]?\d+", expected) and re.fullmatch(r"[-+]?\d+", actual):
        return int(actual) == int(expected)
    try:
        a, e = float(actual), float(expected)
    except ValueError:
        return False
    return math.isclose(a, e, rel_tol=2e-5, abs_tol=1e-7)


def difference(actual, expected):
    """The first line that differs, or None."""
    got, wanted = actual.splitlines(), expected.splitlines()
    for number in range(max(len(got), len(wanted))):
        g = got[number] if number < len(got) else "(nothing)"
        w = wanted[number] if number < len(wanted) else "(nothing)"
        gs, ws = words(g), words(w)
        if len(gs) != len(ws) or not all(map(same, gs, ws)):
            return f"line {number + 1}: expected: {w}\n{' ' * len(f'line {number + 1}')}       got: {g}"
    return None


def without_times(value):
    """A value but for what a training's record calls `seconds`."""
    if isinstance(value, dict):
        return {name: without_times(item) for name, item in value.items() if name != "seconds"}
    return value


class ProgramTest(lit.formats.FileBasedTest):
    SECONDS = 120  # after which a run counts as hanging

    @staticmethod
    def expectation(test):
        """The script, and what is expected of it: exit code, a text on standard error or None, lines."""
        expectation = test.getSourcePath()
        script = expectation[: -len(".expected")] + ".gd"
        if not os.path.exists(script):
            script = os.path.join(test.config.examples, os.path.basename(script))
        exit_code, error, lines = 0, None, []
        with open(expectation, encoding="utf-8") as file:
            for line in file.read().splitlines():
                if re.fullmatch(r"exit \d+", line):
                    exit_code = int(line[5:])
                elif line.startswith("error: "):
                    error = line[7:]
                else:
                    lines.append(line)
        return script, exit_code, error, lines

    def execute(self, test, lit_config):
        script, exit_code, error, lines = self.expectation(test)
        with tempfile.TemporaryDirectory() as folder:
            run, results = self.run(test, script, folder)
            narrow = self.run(test, script, folder, "--processor", "x86-64-v3")[0] if self.isWide() else None
            others = [self.run(test, script, folder, "--threads", str(threads)) for threads in (1, 7)]
        output = f"{script}\n--- stdout\n{run.stdout}--- stderr\n{run.stderr}"
        if run.returncode != exit_code:
            return lit.Test.FAIL, f"exit code {run.returncode}, expected {exit_code}\n{output}"
        if error is not None and error not in run.stderr:
            return lit.Test.FAIL, f"standard error lacks: {error}\n{output}"
        problem = difference(run.stdout, "\n".join(lines))
        if problem:
            return lit.Test.FAIL, f"{problem}\n{output}"
        if narrow and (narrow.returncode != exit_code or difference(narrow.stdout, "\n".join(lines))):
            return lit.Test.FAIL, f"code for AVX2 says something else\n{narrow.stdout}--- stderr\n{narrow.stderr}"
        for other, values in others:
            again = f"{output}--- again: {' '.join(other.args[2:])}\n{other.stdout}--- stderr\n{other.stderr}"
            if (other.returncode, other.stdout, other.stderr) != (run.returncode, run.stdout, run.stderr):
                return lit.Test.FAIL, f"another run says something else\n{again}"
            if values != results:
                other = [name for name in results if values.get(name) != results[name]]
                return lit.Test.FAIL, f"another run has other values: {', '.join(other)}\n{again}"
        return lit.Test.PASS, ""

    @staticmethod
    def isWide():
        try:
            with open("/proc/cpuinfo", encoding="utf-8") as file:
                return " avx512f " in file.read()
        except OSError:
            return False

    def run(self, test, script, folder, *options):
        """One run and, but for times, what it wrote as JSON."""
        environment = {**os.environ, "DESCENT_CACHE_DIR": os.path.join(folder, "cache")}
        json_file = os.path.join(folder, "values.json")
        run = subprocess.run(
            [test.config.descent, "run", script, "--quiet", "--json", json_file, *options],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=self.SECONDS)
        results = {}
        if os.path.exists(json_file):
            with open(json_file, encoding="utf-8") as file:
                written = json.load(file)
            os.remove(json_file)
            for part in ("values", "run"):
                for name, value in written.get(part, {}).items():
                    results[f"{part}.{name}"] = json.dumps(without_times(value))
        return run, results


class EmulatedProgramTest(ProgramTest):
    """The same scripts on the emulator of a GPU: the expected output, and no word of races or wild accesses."""

    SECONDS = 900  # with AddressSanitizer

    def execute(self, test, lit_config):
        script, exit_code, error, lines = self.expectation(test)
        with tempfile.TemporaryDirectory() as folder:
            run, _ = self.run(test, script, folder, "--device", "emulator")
        output = f"{script}\n--- stdout\n{run.stdout}--- stderr\n{run.stderr}"
        if run.returncode != exit_code:
            return lit.Test.FAIL, f"exit code {run.returncode}, expected {exit_code}\n{output}"
        if error is not None and error not in run.stderr:
            return lit.Test.FAIL, f"standard error lacks: {error}\n{output}"
        problem = difference(run.stdout, "\n".join(lines))
        return (lit.Test.FAIL, f"{problem}\n{output}") if problem else (lit.Test.PASS, "")
