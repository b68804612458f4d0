"""Results as JSON and as Markdown."""
import json
import platform
import statistics
import time

from . import cases


def summary(measurement, floor):
    """Medians with their spreads, and ratios to Descent of the same round."""
    case = measurement.case
    result = {"name": case.name, "floor": floor, "elements": case.value("elements"), "tools": {},
              "missing": measurement.missing, "failed": measurement.failed, "wrong": measurement.wrong} | measurement.extra
    ours = measurement.figures.get("descent", [])
    for name, figures in measurement.figures.items():
        middle = statistics.median(figures)
        entry = {"nanoseconds": middle, "spread": (max(figures) - min(figures)) / middle, "rounds": figures}
        if ours and name != "descent":
            entry["ratio"] = statistics.median(peer / mine for peer, mine in zip(figures, ours))
        result["tools"][name] = entry
    return result


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def readable(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{float(f'{nanoseconds / size:.3g}'):g} {unit}"
    return f"{nanoseconds:.3g} ns"


def row(result):
    """A case's line of the table; elementary functions have their times for one element."""
    tools = dict(result["tools"])
    ours = tools.pop("descent", None)
    each = result.get("elements") or 1
    peers = [f"{name} {readable(t['nanoseconds'] / each)} ±{t['spread'] / 2:.0%}"
             + (f" ({t['ratio']:.2f}×)" if "ratio" in t else "") for name, t in tools.items()]
    peers += [f"{name} missing" for name in result["missing"]]
    peers += [f"{name} {reason.splitlines()[0][:80]}" for name, reason in result["failed"].items()]
    peers += [f"**{name} wrong: {reason.splitlines()[0]}**" for name, reason in result["wrong"].items()]
    if "ulp" in result:
        peers += ["ulp " + ", ".join(f"{name} {ulp:.2g}" for name, ulp in result["ulp"].items())]
    floor = result["floor"]
    cells = [result["name"] + (", each" if each > 1 else ""),
             f"{readable(ours['nanoseconds'] / each)} ±{ours['spread'] / 2:.0%}" if ours else "–",
             f"{readable(floor / each)} ({floor / ours['nanoseconds']:.2f})" if floor and ours else "–",
             " · ".join(peers)]
    return "| " + " | ".join(cells) + " |"


def memory_row(result):
    memory = result["memory"]
    allowed = memory["inputs"] + (memory["state"] or 0) + (64 << 20)
    mib = 1 << 20
    return (f"| {result['name']} | {memory['peak'] / mib:.0f} | {memory['inputs'] / mib:.1f} | "
            f"{(memory['state'] or 0) / mib:.2f} | {allowed / mib:.0f} |")


def targets(results):
    """The rows of targets.json whose cases were measured: what is wanted, what is there, whether it is enough."""
    by_name = {result["name"]: result for result in results}
    for target in json.loads((cases.FOLDER / "targets.json").read_text()):
        result = by_name.get(target["case"])
        if not result or not result["tools"].get("descent"):
            continue
        if "milliseconds" in target:
            figure = result["tools"][target["tool"]]["nanoseconds"] / 1e6
            yield target, f"at most {target['milliseconds']} ms", f"{figure:.1f} ms", figure <= target["milliseconds"]
            continue
        peer = target["peer"]
        if peer == "floor":
            figure = result["floor"] / result["tools"]["descent"]["nanoseconds"]
        else:
            figure = result["tools"].get(peer, {}).get("ratio")
        given = "not measured" if figure is None else f"{figure:.2f}×"
        yield target, f"{target['at_least']}× {peer}", given, figure is not None and figure >= target["at_least"]


def markdown(report):
    lines = [f"# Benchmarks of {report['date']}", "",
             f"{report['processor']}, {report['machine']['threads']} threads. A time is the median of rounds, ± half their "
             "range; in brackets the peer's time over Descent's of the same round (median). The floor is what the "
             "machine's measured rates allow, in brackets what part of it is reached.", ""]
    for key in ("read", "copy", "triad", "f32", "f64"):
        values = [report["machine"][side][key] for side in ("one", "all")]
        values = [value[-1]["rate"] if isinstance(value, list) else value for value in values]
        unit = "GFLOP/s" if key.startswith("f") else "GB/s"
        lines.append(f"- {key}: {values[0] / 1e9:.1f} {unit} by one thread, {values[1] / 1e9:.1f} by all")
    for suite in dict.fromkeys(result["name"].split("/")[0] for result in report["results"]):
        chosen = [result for result in report["results"] if result["name"].startswith(suite + "/")]
        lines += ["", f"## {suite}", "", "| case | Descent | floor | peers |", "|---|---|---|---|"]
        lines += [row(result) for result in chosen]
        if any("memory" in result for result in chosen):
            lines += ["", "| case | peak MiB | inputs | parameters and optimizer | allowed, but for the tape |",
                      "|---|---|---|---|---|"]
            lines += [memory_row(result) for result in chosen if "memory" in result]
    rows = [f"| {target['what']} ({target['case']}) | {wanted} | {given} | {'yes' if reached else '**no**'} |"
            for target, wanted, given, reached in targets(report["results"])]
    if rows:
        lines += ["", "## Numbers to reach", "", "| what | wanted | measured | reached |", "|---|---|---|---|"] + rows
    lines += ["", "Versions: " + ", ".join(sorted(report["tools"].values())) + "."]
    missing = {name: reason for result in report["results"] for name, reason in result["missing"].items()}
    if missing:
        lines += ["", "## Missing", ""] + [f"- {name}: {reason}" for name, reason in missing.items()]
    bad = [(result["name"], name, reason) for result in report["results"]
           for name, reason in (result["failed"] | result["wrong"]).items()]
    if bad:
        lines += ["", "## Failed", ""] + [f"- {case}, {name}: {' '.join(reason.split())[:300]}" for case, name, reason in bad]
    return "\n".join(lines) + "\n"


def write(folder, name, settings, machine, tools, results):
    folder.mkdir(parents=True, exist_ok=True)
    how = {"rounds": settings.rounds, "seconds": settings.seconds, "budget": settings.budget, "cores": settings.cores}
    report = {"date": time.strftime("%Y-%m-%d %H:%M"), "processor": processor(), "how": how, "machine": machine,
              "tools": tools, "results": results}
    (folder / f"{name}.json").write_text(json.dumps(report, indent=1))
    (folder / f"{name}.md").write_text(markdown(report))
