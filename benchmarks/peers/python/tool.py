"""Peers in Python as a tool of GradBench's protocol: tool.py numpy|jax|jax-loop|torch|torch-compile.

A peer's module offers `name()`, and `prepare(module, function, inputs, mode)`, which gives a function without
arguments: it computes, waits for the result, and gives it as an array or a dictionary of arrays. Compiling happens
in the first call, which is not timed.
"""
import importlib
import json
import sys
import time

import numpy

HOW_TO_RUN = {"min_runs", "min_seconds", "batch", "sample"}


def read_inputs(given):
    """Arrays and floats in the precision asked for, integers as they are."""
    if not isinstance(given, dict):
        return {"x": numpy.asarray(given, numpy.float64)}
    dtype = numpy.float32 if given.get("precision") == "f32" else numpy.float64

    def read(value):
        if isinstance(value, int):
            return value
        array = numpy.load(value["npy"]) if isinstance(value, dict) else numpy.asarray(value, dtype)
        return array.astype(dtype) if array.dtype.kind == "f" else array

    return {name: read(value) for name, value in given.items() if name not in HOW_TO_RUN | {"precision"}}


def to_json(result, sample):
    """All elements; or, with a sample, the length as a vector and that many elements or a few more."""
    if isinstance(result, dict):
        return {name: to_json(value, sample) for name, value in result.items()}
    array = numpy.asarray(result, numpy.float64)
    if not sample:
        return array.tolist()
    elements = array.ravel()
    return [float(numpy.linalg.norm(elements))] + elements[::max(1, elements.size // sample)].tolist()


class Server:
    def __init__(self, peer, mode):
        self.peer, self.mode = peer, mode
        self.identity = self.body = None

    def evaluate(self, message):
        given = message["input"]
        how = given if isinstance(given, dict) else {}
        runs, least, batch = how.get("min_runs", 1), how.get("min_seconds", 0), how.get("batch", 1)
        timings = []
        identity = (message["module"], message["function"],
                    json.dumps({name: value for name, value in how.items() if name not in HOW_TO_RUN} or given))
        if identity != self.identity:
            self.identity = self.body = None
            begin = time.perf_counter_ns()
            body = self.peer.prepare(message["module"], message["function"], read_inputs(given), self.mode)
            for _ in range(2):  # compiles, and settles what is chosen in a second run
                body()
            timings.append({"name": "prepare", "nanoseconds": time.perf_counter_ns() - begin})
            self.identity, self.body = identity, body
        steps = how.get("steps", 1)
        done = total = 0
        while done < runs or total < least * 1e9:
            begin = time.perf_counter_ns()
            for _ in range(batch):
                result = self.body()
            elapsed = time.perf_counter_ns() - begin
            done += batch
            total += elapsed
            timings.append({"name": "evaluate", "nanoseconds": elapsed / batch / steps})
        return {"success": True, "output": to_json(result, how.get("sample", 0)), "timings": timings}

    def answer(self, message):
        if message["kind"] == "start":
            return {"tool": self.peer.name()}
        if message["kind"] == "define":
            return {"success": True}
        if message["kind"] == "evaluate":
            return self.evaluate(message)
        return {}


def main():
    mode = sys.argv[1]
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no answer
    try:
        server = Server(importlib.import_module(mode.split("-")[0] + "_peer"), mode)
        problem = None
    except ImportError as error:
        problem = f"{mode} is missing: {error}"
    for line in sys.stdin:
        message = json.loads(line)
        try:
            if problem:
                raise LookupError(problem)
            answer = server.answer(message)
        except Exception as error:  # whatever a library raises is the answer
            answer = {"success": False, "error": f"{type(error).__name__}: {error}"}
        print(json.dumps({"id": message["id"]} | answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
