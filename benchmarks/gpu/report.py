"""Results as Markdown, JSON and pictures."""
import json
import pathlib
import shutil
import subprocess
import time

FOLDER = pathlib.Path(__file__).resolve().parent
PEERS = "jax", "jax-loop", "torch", "torch-compile", "torch-graph", "cublas"
COLOURS = {"cpu": "#4878cf", "gpu": "#d1495b", "jax": "#6acc65", "jax-loop": "#2e8b57", "torch": "#956cb4",
           "torch-compile": "#b47cc7", "torch-graph": "#8c613c", "cublas": "#555555"}


def digits(value):
    return f"{float(f'{value:.3g}'):g}"


def readable(seconds):
    if seconds is None:
        return ""
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds * 1e9)} ns"


def cells(row):
    if "gpu" not in row:
        reason = " ".join(row["wrong"].get("descent", "").split())[:200]
        return [row["label"], f"**{reason}**"] + [""] * 9
    peers = [f"{name} {readable(figures['seconds'])} ({figures['ratio']:.2f}×)" for name, figures in row["peers"].items()]
    peers += [f"{name} gave no answer" for name in row["failed"]]
    peers += [f"**{name} wrong**" for name in row["wrong"]]
    rate = (f"{row['of_copies']:.2f} of copies" if row["of_copies"] is not None
            else f"{digits(row['gflops'])} GFLOP/s" if row["gflops"] is not None else "")
    return [row["label"], readable(row["compile"]), readable(row["compile_cached"]), readable(row["transfer"]),
            readable(row["first"]), readable(row["cpu"]), f"{readable(row['gpu'])} ±{row['spread']:.0%}",
            f"{digits(row['speed_up'])}×", rate, f"{digits(row['joules'])} J" if row["joules"] is not None else "",
            " · ".join(peers)]


def describe(result):
    device, along = result["device"], result["along"]
    kind, size = result["crossover"]["kind"], result["crossover"]["size"]
    return {"always": f"The {device} is faster than the processor at all of these sizes.",
            "never": f"The {device} is faster than the processor at none of these sizes.",
            "mixed": f"The {device} is faster than the processor at some of these sizes, but not at the largest.",
            "at": f"The {device} is faster than the processor from about {along} = {size:.2g} on." if size else ""}[kind]


def section(result):
    head = ["size", "compile", "code on disk", "transfer", "first run", "cpu, a step", f"{result['device']}, a step",
            "speed-up", "rate", "energy of a run", "peers, a step"]
    lines = [f"## {result['name']}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in result["rows"]]
    return "\n".join(lines + ["", describe(result), ""])


def targets(results):
    """Rows of what is wanted, what was measured, and whether it is enough."""
    by_name = {result["name"]: result for result in results}
    for target in json.loads((FOLDER / "workloads.json").read_text())["targets"]:
        result = by_name.get(target["workload"])
        for row in result["rows"] if result else []:
            n = row["size"].get("n", 0)
            if "gpu" not in row or n > target.get("most_n", n) or n < target.get("least_n", n):
                continue
            what = f"{target['what']} ({row['label']})"
            if "at_most_microseconds" in target:
                most = target["at_most_microseconds"]
                yield what, f"at most {most} µs", readable(row["gpu"]), row["gpu"] <= most * 1e-6
            elif "of_copies" in target:
                yield what, f"{target['of_copies']} of copies", f"{row['of_copies']:.2f}", row["of_copies"] >= target["of_copies"]
            else:
                ratio = row["peers"].get(target["peer"], {}).get("ratio")
                yield (what, f"{target['at_least']}× {target['peer']}", "not measured" if ratio is None else f"{ratio:.2f}×",
                       ratio is not None and ratio >= target["at_least"])


def markdown(settings, card, results):
    lines = [f"# CPU against GPU, {time.strftime('%Y-%m-%d %H:%M')}", "",
             f"{card.name}: copies within its memory move {card.copy_rate / 1e9:.4g} GB/s, read and written. Median of "
             f"{settings.rounds} round{'' if settings.rounds == 1 else 's'}, ± half their range; in brackets a peer's time over Descent's of the same round. "
             "All is f32.", ""]
    if settings.device == "emulator":
        lines += ["**These times mean nothing:** the emulator runs a GPU's code on the processor and checks every access.", ""]
    for result in results:
        lines += [section(result)]
        if (settings.out / f"{result['name']}.svg").exists():
            lines += [f"![{result['name']}]({result['name']}.svg)", ""]
    rows = [f"| {what} | {wanted} | {given} | {'yes' if reached else '**no**'} |" for what, wanted, given, reached in targets(results)]
    if rows and settings.device == "gpu" and not settings.quick:
        lines += ["## Numbers to reach", "", "| what | wanted | measured | reached |", "|---|---|---|---|"] + rows + [""]
    tools = {name: title for result in results for name, title in result["tools"].items()}
    if tools:
        lines += ["Peers: " + ", ".join(f"{name}: {title}" for name, title in tools.items()) + ".", ""]
    missing = {name: reason for result in results for name, reason in result["missing"].items()}
    if missing:
        lines += ["## Missing", ""] + [f"- {name}: {reason}" for name, reason in missing.items()] + [""]
    bad = [(result["name"], row["label"], name, reason) for result in results for row in result["rows"]
           for name, reason in (row["wrong"] | row["failed"]).items()]
    if bad:
        lines += ["## Wrong or without an answer", ""]
        lines += [f"- {name} {label}, {tool}: {' '.join(reason.split())[:300]}" for name, label, tool, reason in bad]
    return "\n".join(lines) + "\n"


def plot(settings, result):
    """Times of a step over sizes, as SVG by gnuplot; says so where there is none."""
    rows = [row for row in result["rows"] if "gpu" in row]
    if not rows:
        return
    if not shutil.which("gnuplot"):
        result["missing"]["pictures"] = "there is no gnuplot (Debian's package gnuplot-nox)"
        return
    lines = {"cpu": [row["cpu"] for row in rows], "gpu": [row["gpu"] for row in rows]}
    for name in PEERS:
        if any(name in row["peers"] for row in rows):
            lines[name] = [row["peers"].get(name, {}).get("seconds", float("nan")) for row in rows]
    titles = {"cpu": "Descent, processor", "gpu": f"Descent, {result['device']}"}
    sizes = [row["size"][result["along"]] for row in rows]
    script = f"""set terminal svg size 720,420 font "sans-serif,13" background "#ffffff" noenhanced
set output '{settings.out / result["name"]}.svg'
set logscale xy
set border 3 lc "#888888"
set tics nomirror textcolor "#444444"
set format "%g"
set grid lc "#e8e8e8"
set key outside right
set datafile missing "nan"
set title '{result["name"]}'
set xlabel '{result["along"]}'
set ylabel 'seconds of a step'
$times << EOD
""".replace("set format \"%g\"\n", "set format y \"%g\"\n")
    for i, size in enumerate(sizes):
        script += " ".join([str(size)] + [f"{figures[i]:.6g}" for figures in lines.values()]) + "\n"
    script += "EOD\nplot " + ", ".join(
        f"$times using 1:{i + 2} with linespoints lw 2 pt 7 ps 0.5 lc '{COLOURS[name]}' title '{titles.get(name, name)}'"
        for i, name in enumerate(lines)) + "\n"
    done = subprocess.run(["gnuplot"], input=script, capture_output=True, text=True)
    if done.returncode:
        result["missing"]["pictures"] = f"gnuplot: {done.stderr.strip()[:200]}"


def write(settings, card, results):
    settings.out.mkdir(parents=True, exist_ok=True)
    plot(settings, results[-1])
    report = {"date": time.strftime("%Y-%m-%d %H:%M"), "device": settings.device, "card": card.name, "copy_rate": card.copy_rate,
              "rounds": settings.rounds, "seconds": settings.seconds, "results": results}
    (settings.out / "results.json").write_text(json.dumps(report, indent=1))
    (settings.out / "results.md").write_text(markdown(settings, card, results))
