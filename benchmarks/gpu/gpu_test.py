#!/usr/bin/env python3
"""The whole of `./dev bench gpu` on the emulator, at tiny sizes: gpu_test.py BUILD. Times are not looked at."""
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))
import measure  # noqa: E402
import report  # noqa: E402

BUILD = sys.argv[1]


def call(*words, **environment):
    return subprocess.run([sys.executable, FOLDER / "bench_gpu.py", "--build", BUILD, *words], capture_output=True, text=True,
                          env=dict(os.environ, DESCENT_LIBCUDA="/nonexistent/libcuda.so.1", **environment))


def test_emulator(folder):
    """All workloads: results agree, and what Descent counts is what the workload's formula says."""
    done = call("--device", "emulator", "--quick", "--no-peers", "--out", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    out = json.loads(pathlib.Path(folder, "results.json").read_text())
    text = pathlib.Path(folder, "results.md").read_text()
    assert out["device"] == "emulator" and out["copy_rate"] > 0
    assert "copies within its memory move" in text and "These times mean nothing" in text
    described = json.loads((FOLDER / "workloads.json").read_text())
    assert [result["name"] for result in out["results"]] == [w["name"] for w in described["workloads"]]
    for result, workload in zip(out["results"], described["workloads"]):
        assert f"## {result['name']}" in text and result["crossover"]["kind"] == "never"
        assert [row["size"] for row in result["rows"]] == workload["tiny"]
        for row in result["rows"]:
            case = f"{result['name']} {row['label']}"
            assert not row["wrong"] and row["difference"] <= 1e-3, case
            for part in "cpu", "gpu", "compile", "compile_cached", "load", "first", "speed_up":
                assert row[part] > 0, f"{case}: {part}"
            assert math.isclose(row["speed_up"], row["cpu"] / row["gpu"], rel_tol=1e-9), case
            # Where a step is counted apart from the run; else the run has what comes before and after.
            steps = row["size"]["steps"] if row["per_run"] else 1
            if row["flops"]:
                assert row["counted_products"] >= row["flops"] * steps * 0.6, case
                assert row["counted_products"] <= row["flops"] * steps * 1.01, case
            if row["bytes"] and row["counted_bytes"] is not None:
                assert row["bytes"] * steps <= row["counted_bytes"] <= 2 * row["bytes"] * (steps + 3) + 5000, case
        if shutil.which("gnuplot"):
            picture = pathlib.Path(folder, f"{result['name']}.svg").read_text()
            assert "<svg" in picture and "Descent, emulator" in picture and "seconds of a step" in picture


def test_no_gpu(folder):
    done = call("--out", folder, "descent")
    assert done.returncode == 1 and not done.stdout, done.stdout
    for words in "There is no GPU to measure: no NVIDIA driver", "descent: n=1, n=100", "--device emulator --quick":
        assert words in done.stderr, done.stderr


def test_words(folder):
    done = call("--list")
    assert done.returncode == 0 and "linear-100\n" in done.stdout
    done = call("nothing-like-this")
    assert done.returncode == 2 and "there is no workload that is called like nothing-like-this" in done.stderr
    assert call("--rounds", "0").returncode == 2
    for seconds in "0", "-1", "nan", "inf", "1e9":
        done = call("--seconds", seconds)
        assert done.returncode == 2 and "--seconds: above 0, and up to 3600" in done.stderr, done.stderr


def test_what_goes_wrong_is_told():
    """In a line, whatever it is."""
    quick = ["--device", "emulator", "--quick", "--no-peers"]
    for words, message in (("--build", "/nonexistent"), "/nonexistent/b"), (("--out", "/proc/here"), "/proc/here"):
        done = call(*quick, "reduction", *words)
        assert done.returncode == 1 and done.stderr.startswith("./dev bench gpu: ") and message in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_a_size_that_fails(folder):
    """It has its row, and the others are measured."""
    import types

    settings = types.SimpleNamespace(device="emulator", rounds=1, seconds=1e-6, no_peers=True, quick=True, build=pathlib.Path(BUILD),
                                     out=pathlib.Path(folder), data=pathlib.Path(folder, "data"))
    workload = next(w for w in measure.load(True) if w.name == "reduction")
    workload.sizes = [{"n": -1, "steps": 3}, {"n": 100, "steps": 3}]
    result = measure.run(workload, settings, measure.Peers(settings), measure.Card("a card", "", 1e9))
    bad, good = result["rows"]
    assert "negative extent -1" in bad["wrong"]["descent"] and "gpu" not in bad and good["gpu"] > 0 and not good["wrong"]
    text = report.section(result)
    assert f"| n=-1 | **{' '.join(bad['wrong']['descent'].split())[:200]}**" in text and "| n=100 | " in text, text


def row(**fields):
    return {"size": {"n": 100}, "label": "n=100", "wrong": {}, "failed": {}, "peers": {}, "of_copies": None} | fields


def test_crossover():
    rows = [row(size={"n": n}, speed_up=s) for n, s in ((10, 0.5), (1000, 0.25), (100000, 4))]
    kind, size = measure.crossover(rows, "n")
    assert kind == "at" and math.isclose(size, 10000)
    assert measure.crossover(rows[:2], "n") == ("never", None)
    assert measure.crossover(rows[2:], "n") == ("always", None)
    assert measure.crossover(rows[::-1], "n") == ("mixed", None)
    assert measure.crossover([row()], "n") == ("never", None)


def test_difference():
    assert measure.difference([1.0, 2.0], [1.0, 4.0]) == 0.5
    assert measure.difference([1.0], [1.0, 4.0]) == math.inf
    assert not measure.difference([math.nan, 1.0], [1.0, 1.0]) <= measure.TOLERANCE


def test_targets():
    def of(name, *rows):
        return {"name": name, "rows": list(rows)}

    large, small = {"n": 1000000}, {"n": 1000}
    results = [of("descent", row(size=small, gpu=4e-6, peers={"jax-loop": {"ratio": 2.5}})),
               of("linear-100", row(size=small, gpu=1.0), row(size=large, gpu=1.0, peers={"cublas": {"ratio": 1.9}})),
               of("reduction", row(size={"n": 1 << 24}, gpu=1.0, of_copies=0.85), row(size={"n": 1 << 20}, gpu=1.0)),
               of("gemm", row(size={"n": 8192}, gpu=1.0))]
    rows = {what.rsplit(" (", 1)[0]: (given, reached) for what, _, given, reached in report.targets(results)}
    assert rows["descent, a step, at n up to 1e5"] == ("4 µs", True)
    assert rows["descent against JAX's fori_loop"] == ("2.50×", False)
    assert rows["linear regression, 100 features, against two products of matrix and vector"] == ("1.90×", True)
    assert rows["reduction, of the copy rate, from 64 MiB"] == ("0.85", False)
    assert rows["large matrix product, f32"] == ("not measured", False)
    assert "elementwise, of the copy rate, from 64 MiB" not in rows


PEER = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if sys.argv[2] == "ends" and message["op"] == "time":
        sys.exit(3)
    if sys.argv[2] == "refuses" and message["op"] == "hello":
        print(json.dumps({"failed": "not today"}), flush=True)
        continue
    result = [float("nan")] if sys.argv[2] == "wrong" else [float(sys.argv[2])]
    print(json.dumps({"hello": {"name": "a peer"}, "prepare": {"result": result}, "time": {"seconds": 1.0}}[message["op"]]), flush=True)
    if sys.argv[2] == "dies" and message["op"] == "prepare":
        sys.exit(4)
"""


def test_peers(folder):
    """A run survives whatever peers do: those that are missing, wrong, or end."""
    import types

    python = pathlib.Path(folder, "python")
    script = pathlib.Path(folder, "script.py")
    script.write_text(PEER)
    python.write_text(f"#!/bin/sh\nexec {sys.executable} {script} \"$@\"\n")
    python.chmod(0o755)
    settings = types.SimpleNamespace(device="emulator", rounds=2, seconds=1e-6, no_peers=False, python=python, build=pathlib.Path(BUILD),
                                     out=pathlib.Path(folder), data=pathlib.Path(folder, "data"), quick=True)
    workload = next(w for w in measure.load(True) if w.name == "reduction")
    size = workload.sizes[0]
    expected = measure.result_of(settings, workload, size, measure.files_of(workload, size, settings), "cpu")[0]
    workload.fields["peers"] = [str(expected), "ends", "dies", "refuses", "wrong"]
    # One that ends after its result was right.
    script.write_text(PEER.replace('[float(sys.argv[2])]', f'[{expected}]'))
    peers = measure.Peers(settings)
    card = measure.Card("a card", "", 1e9)
    result = measure.run_size(workload, size, settings, peers, card)
    peers.close()
    assert result["peers"][str(expected)]["seconds"] == 1.0
    assert result["failed"] == {"ends": "it ended", "dies": "it ended"}, result["failed"]
    assert peers.missing == {"refuses": "not today"}
    assert list(result["wrong"]) == ["wrong"]
    cells = " ".join(report.cells(result))
    assert "ends gave no answer" in cells and "**wrong wrong**" in cells
    settings.python = pathlib.Path(folder, "nowhere")
    assert measure.Peers(settings).get("jax") is None


def test_peers_that_need_a_gpu():
    """They do not run on the processor instead."""
    import importlib.util

    for module in "jax", "torch":
        if not importlib.util.find_spec(module):
            continue
        done = subprocess.run([sys.executable, FOLDER / "peer.py", module, "gpu"], input='{"op": "hello"}\n', capture_output=True, text=True,
                              env=dict(os.environ, CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu"))
        assert "GPU" in json.loads(done.stdout)["failed"], done.stdout + done.stderr


for test in [value for name, value in list(globals().items()) if name.startswith("test_")]:
    if test.__code__.co_argcount:
        with tempfile.TemporaryDirectory() as place:
            test(place)
    else:
        test()
    print(f"{test.__name__}: right")
