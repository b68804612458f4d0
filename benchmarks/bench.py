#!/usr/bin/env python3
"""The benchmarks: `./dev bench` builds what they need and calls this. See README.md beside it."""
import argparse
import os
import pathlib
import re
import signal
import sys
import time

from runner import cases, floor, measure, report, startup

ROOT = pathlib.Path(__file__).resolve().parent.parent


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description="Measures Descent beside other systems.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases whose names contain this; all by default")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--quick", action="store_true", help="the smallest size of each case, in two short rounds")
    parser.add_argument("--verify", action="store_true", help="only look whether Descent's results are right, at tiny sizes")
    parser.add_argument("--cores", type=int, metavar="N", help="processors that all may use; all by default")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds of all tools (5)")
    parser.add_argument("--seconds", type=float, default=0.1, metavar="S", help="least time of a tool in a round (0.1)")
    parser.add_argument("--budget", type=float, default=8, metavar="S",
                        help="seconds of timing after which a case has no more rounds, but for the first three (8)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help=argparse.SUPPRESS)
    settings = parser.parse_args()
    if settings.quick:
        settings.rounds, settings.seconds = 2, 0.05
    settings.limit = 30 if settings.verify else 300  # seconds until a tool must have answered
    settings.build = settings.build.resolve()
    settings.data = settings.build.parent / ("bench-data-tiny" if settings.verify else "bench-data")
    settings.venv = ROOT / "build/bench-venv"
    return settings


def chosen(settings):
    which = "tiny" if settings.verify else "first" if settings.quick else "sizes"
    wanted = lambda name: not settings.names or any(part in name for part in settings.names)
    found = [case for case in cases.load(which) if wanted(case.name)]
    starts = [] if settings.verify else [name for name in startup.CASES if wanted(name)]
    return found, starts


def verify(settings, found, pool):
    bad = 0
    for case in found:
        measurement = measure.run(case, settings, pool)
        problems = measurement.wrong | measurement.missing
        bad += bool(problems)
        print(f"{'WRONG' if problems else 'right'}  {case.name}  {problems or ''}", flush=True)
    print(f"{len(found) - bad} passed, {bad} failed")
    return 1 if bad or not found else 0


def measured(settings, found, starts, pool, results):
    """Measures one case after the other; `results` grows, and is written after each."""
    file = re.sub(r"\W+", "-", " ".join(settings.names)) or "results"
    if len(file) > 100:
        file = "selected"
    folder = ROOT / "build/bench"
    machine = floor.measure(settings.build)
    titles = {}
    bad = 0
    begin = time.monotonic()

    def announce(name):
        spent = time.monotonic() - begin
        print(f"[{len(results) + 1}/{len(found) + len(starts)}, {spent / 60:.0f} min] {name}", file=sys.stderr, flush=True)

    def add(result):
        nonlocal bad
        results.append(result)
        bad += bool(result["wrong"] or result["failed"]) or "descent" in result["missing"]
        print(report.row(result), flush=True)
        report.write(folder, file, settings, machine, titles, results)

    for case in found:
        announce(case.name)
        measurement = measure.run(case, settings, pool)
        titles.update({name: tool.title for name, tool in pool.alive.items()})
        add(report.summary(measurement, floor.nanoseconds(case, machine)))
    for name in starts:
        announce(name)
        add(startup.run(name, settings))
    minutes = (time.monotonic() - begin) / 60
    print(f"{len(results)} cases in {minutes:.0f} min, {bad} with failures: {folder / file}.md and .json", file=sys.stderr)
    return 1 if bad else 0


def main():
    settings = arguments()
    found, starts = chosen(settings)
    if settings.list:
        print("\n".join([case.name for case in found] + starts))
        return 0
    if not found and not starts:
        print(f"there is no case that is called like {' or '.join(settings.names)}; --list names them", file=sys.stderr)
        return 2
    if settings.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:settings.cores])
    pool = measure.Pool(settings)
    results = []
    try:
        if settings.verify:
            return verify(settings, found, pool)
        return measured(settings, found, starts, pool, results)
    except KeyboardInterrupt:
        print(f"\nstopped; {len(results)} of {len(found) + len(starts)} cases are in build/bench", file=sys.stderr)
        return 128 + signal.SIGINT
    finally:
        pool.close_all()


if __name__ == "__main__":
    sys.exit(main())
