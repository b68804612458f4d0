#!/usr/bin/env python3
"""CPU against GPU: `./dev bench gpu` builds what it needs and calls this; the portable archive has all of it. See ../README.md."""
import argparse
import pathlib
import signal
import subprocess
import sys

import measure
import report

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
IN_ARCHIVE = (ROOT / "bin/descent").exists()
CALLED = "python3 benchmarks/gpu/bench_gpu.py" if IN_ARCHIVE else "./dev bench gpu"
# The archive has no environment of its own: the peers are those of the Python that runs this.
PYTHON = pathlib.Path(sys.executable) if IN_ARCHIVE else ROOT / "build/bench-venv/bin/python"


def arguments():
    parser = argparse.ArgumentParser(prog=CALLED, description="Measures Descent on a GPU beside the processor and other systems.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads whose names contain this; all by default")
    parser.add_argument("--list", action="store_true", help="name the workloads and end")
    parser.add_argument("--device", choices=("gpu", "emulator"), default="gpu",
                        help="gpu, or emulator, whose times mean nothing: to try all of this where there is no GPU")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one short round")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds of Descent and the peers in turn (5)")
    parser.add_argument("--seconds", type=float, default=0.1, metavar="S", help="least time of each in a round (0.1)")
    parser.add_argument("--no-peers", action="store_true", help="Descent alone")
    parser.add_argument("--python", type=pathlib.Path, default=PYTHON, metavar="FILE",
                        help=f"the Python that has JAX and PyTorch ({'this one' if IN_ARCHIVE else PYTHON.relative_to(ROOT)})")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT if IN_ARCHIVE else ROOT / "build/release", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/bench/gpu", help=argparse.SUPPRESS)
    settings = parser.parse_args()
    if settings.quick:
        settings.rounds, settings.seconds = 1, 0.01
    if settings.rounds < 1:
        parser.error("--rounds: at least one")
    if not 0 < settings.seconds <= 3600:
        parser.error("--seconds: above 0, and up to 3600")
    settings.build = settings.build.resolve()
    settings.data = settings.out / "data"
    return settings


def main():
    settings = arguments()
    workloads = [w for w in measure.load(settings.quick) if not settings.names or any(n in w.name for n in settings.names)]
    if not workloads:
        print(f"there is no workload that is called like {' or '.join(settings.names)}; --list names them", file=sys.stderr)
        return 2
    if settings.list:
        print("\n".join(w.name for w in workloads))
        return 0
    card = measure.find_device(settings)
    if card.problem:
        print(f"There is no GPU to measure: {card.problem}\n"
              "On a machine with one, this would measure, on the processor and on the GPU, with JAX and PyTorch beside them:", file=sys.stderr)
        for w in workloads:
            print(f"  {w.name}: {', '.join(w.label(size) for size in w.sizes)}", file=sys.stderr)
        print(f"To try it without a GPU: {CALLED} --device emulator --quick", file=sys.stderr)
        return 1
    print(f"{card.name}: copies move {card.copy_rate / 1e9:.4g} GB/s, read and written", flush=True)
    results = []
    peers = measure.Peers(settings)
    bad = 0
    try:
        for w in workloads:
            print(f"[{len(results) + 1}/{len(workloads)}] {w.name}", file=sys.stderr, flush=True)
            result = measure.run(w, settings, peers, card)
            bad += any(row["wrong"] for row in result["rows"])
            results.append(result)
            print(report.section(result), flush=True)
            report.write(settings, card, results)
    except KeyboardInterrupt:
        print(f"\nstopped; {len(results)} of {len(workloads)} workloads are in {settings.out}", file=sys.stderr)
        return 128 + signal.SIGINT
    finally:
        peers.close()
    print(f"{len(results)} workload{'s' * (len(results) != 1)}, {bad} with wrong results: {settings.out}/results.md, .json and a picture of each", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, RuntimeError, subprocess.SubprocessError) as problem:  # a full disk, nothing built
        sys.exit(f"{CALLED}: {problem}")
