#!/usr/bin/env python3
"""The workloads in JAX and PyTorch, as a process that is asked by lines of JSON: peer.py jax|jax-loop|torch|torch-compile|torch-graph|cublas [gpu]

    {"op": "hello"}                                                      {"name": "jax 0.10.2 on NVIDIA H100"}
    {"op": "prepare", "workload": "descent", "steps": 10, "files": {…}}  {"result": […]}, once compiled and warm
    {"op": "time", "seconds": 0.1}                                       {"seconds": of a step, the median}

A workload is three functions of a state: `start(data)`, `step(data, state)`, `result(state)`. Everything is f32, with
products of matrices in full f32 too (no TF32). With `gpu`, a peer that finds no GPU says so, and does not run on the processor.
"""
import contextlib
import importlib
import json
import statistics
import sys
import time


def main(mode, needs_gpu):
    answers = sys.stdout
    body = steps = peer = numpy = None
    for line in sys.stdin:
        message = json.loads(line)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                if message["op"] == "hello":  # what is not installed is told, too
                    numpy = importlib.import_module("numpy")
                    peer = importlib.import_module("peer_jax" if mode.startswith("jax") else "peer_torch")
                    answer = {"name": peer.name(mode, needs_gpu)}
                elif message["op"] == "prepare":
                    body = None  # what it holds is given back
                    steps = message["steps"]
                    data = {name: numpy.load(path) for name, path in message["files"].items()}
                    body = peer.prepare(message["workload"], data, steps, mode)
                    body()
                    answer = {"result": [float(x) for x in body()]}
                else:
                    runs = []
                    begin = time.perf_counter()
                    while not runs or time.perf_counter() - begin < message["seconds"]:
                        start = time.perf_counter()
                        body()
                        runs.append((time.perf_counter() - start) / steps)
                    answer = {"seconds": statistics.median(runs)}
        except Exception as problem:  # whatever it is, it is told
            answer = {"failed": f"{type(problem).__name__}: {problem}"[:500]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], "gpu" in sys.argv[2:])
