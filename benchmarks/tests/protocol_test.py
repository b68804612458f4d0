#!/usr/bin/env python3
"""Descent's tool speaks GradBench's protocol, and gives figures worked out by hand: protocol_test.py bench-descent."""
import json
import os
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent
CONVERGED = 8.246324826140356e-06  # of each coordinate of GradBench's saddle


def evaluate(module, function, given):
    return {"kind": "evaluate", "module": module, "function": function, "input": given}


def runs(**given):
    return given | {"min_runs": 3, "min_seconds": 0}


# Messages, and what of the answer is to be seen.
EXPECTED = [
    ({"kind": "start", "eval": "hello"}, {}),
    ({"kind": "define", "module": "hello"}, {"success": True}),
    (evaluate("hello", "square", 3.0), {"success": True, "output": 9.0}),
    (evaluate("hello", "double", 9.0), {"success": True, "output": 18.0}),
    ({"kind": "analysis", "of": 3, "valid": True}, {}),
    ({"kind": "define", "module": "no_such_module"}, {"success": False}),
    ({"kind": "define", "module": "../gradbench/hello"}, {"success": False}),
    (evaluate("hello", "no_such_function", 1.0), {"success": False}),
    (evaluate("lse", "gradient", runs(x=[[1.0], [2.0, 3.0]])), {"success": False}),
    ({"kind": "define", "module": "ode"}, {"success": True}),
    # y₀(2) = 2 x₀ and y₁(2) = 2 x₀ x₁: Runge–Kutta is exact for such polynomials.
    (evaluate("ode", "primal", runs(x=[3.0, 5.0], s=1)), {"output": [6.0, 30.0]}),
    (evaluate("ode", "gradient", runs(x=[3.0, 5.0], s=1)), {"output": [10.0, 6.0]}),
    # One step reaches four elements far; beyond, the gradient is exactly zero.
    (evaluate("ode", "gradient", runs(x=[1.0, 1.0, 1.0, 1.0, 1.0, 1.0], s=1)), {"output": [0.0] * 6}),
    (evaluate("lse", "gradient", runs(x=[7.0, 7.0, 7.0, 7.0])), {"output": [0.25] * 4}),
    # The points 0, 2 are nearest to the first centre, 10 to the second; Newton's step leads to their means.
    (evaluate("kmeans", "dir", runs(points=[[0.0], [2.0], [10.0]], centroids=[[1.5], [8.0]])), {"output": [[0.5], [-2.0]]}),
    ({"kind": "define", "module": "saddle"}, {"success": True}),
    (evaluate("saddle", "ff", runs(start=[1.0, 1.0])), {"output": [CONVERGED] * 4}),
    (evaluate("saddle", "fr", runs(start=[1.0, 1.0])), {"output": [CONVERGED] * 4}),
    (evaluate("saddle", "rf", runs(start=[1.0, 1.0])), {"output": [CONVERGED] * 4}),
    (evaluate("saddle", "rr", runs(start=[1.0, 1.0])), {"output": [CONVERGED] * 4}),
]


def near(given, wanted):
    if isinstance(wanted, list):
        return isinstance(given, list) and len(given) == len(wanted) and all(map(near, given, wanted))
    return type(given) is type(wanted) and abs(given - wanted) <= 1e-12 * max(1e-3, abs(wanted))


def wrong_with(number, message, expected, answer):
    """What is not as it should be, or nothing."""
    if answer.get("id") != number:
        return "the id"
    if "success" in expected and answer.get("success") is not expected["success"]:
        return "success"
    if answer.get("success") is False and not answer.get("error"):
        return "no error is named"
    if "output" in expected and not near(answer.get("output"), expected["output"]):
        return "the output"
    counted = sum(timing["name"] == "evaluate" for timing in answer.get("timings", []))
    given = message.get("input")
    if answer.get("success") and message["kind"] == "evaluate" and counted != (3 if isinstance(given, dict) else 1):
        return "the number of timings"
    return None


def main():
    lines = [json.dumps({"id": number} | message) for number, (message, _) in enumerate(EXPECTED)]
    done = subprocess.run([sys.argv[1], FOLDER / "gradbench"], input="\n".join(lines + ["no message"]) + "\n",
                          capture_output=True, text=True, timeout=60, env=os.environ | {"DESCENT_CACHE_DIR": ""})
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    bad = 0
    if done.returncode or len(answers) != len(EXPECTED) + 1 or answers[-1].get("success") is not False:
        bad += 1
        print(f"exit code {done.returncode}, {len(answers)} answers to {len(EXPECTED) + 1} lines\n{done.stderr}")
    for number, ((message, expected), answer) in enumerate(zip(EXPECTED, answers)):
        problem = wrong_with(number, message, expected, answer)
        if problem:
            bad += 1
            print(f"{problem}: {message} was answered {answer}")
    print(f"{len(EXPECTED) + 1 - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
