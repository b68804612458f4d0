"""Runs `X.gd` and compares its standard output with `X.expected`.

The script stands beside its expectation; under examples/ it is the one of docs/examples. Words are compared
one by one; two integers must be the same, other numbers agree within 2e-5 of each other, since the order of a sum
depends on the width of the processor's vectors. A first line `exit N` expects that exit code (0 otherwise); a line `error: TEXT`
expects TEXT somewhere on standard error.
"""

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


class ProgramTest(lit.formats.FileBasedTest):
    def execute(self, test, lit_config):
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
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run([test.config.descent, "run", script, "--quiet"], cwd=folder,
                                 capture_output=True, text=True, timeout=120)
        output = f"{script}\n--- stdout\n{run.stdout}--- stderr\n{run.stderr}"
        if run.returncode != exit_code:
            return lit.Test.FAIL, f"exit code {run.returncode}, expected {exit_code}\n{output}"
        if error is not None and error not in run.stderr:
            return lit.Test.FAIL, f"standard error lacks: {error}\n{output}"
        problem = difference(run.stdout, "\n".join(lines))
        if problem:
            return lit.Test.FAIL, f"{problem}\n{output}"
        return lit.Test.PASS, ""
