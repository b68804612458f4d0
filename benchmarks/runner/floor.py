"""The least time a case can take on this machine."""
import json
import subprocess


def measure(build):
    """What the machine can do, by bench-machine."""
    done = subprocess.run([build / "benchmarks/bench-machine"], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def nanoseconds(case, machine):
    """Bytes over the measured rate, or operations over the measured peak, whichever is more; None where the case has
    no such formulas. Cases too small to share are held against one core."""
    times = []
    size = case.value("bytes")
    if size:
        speed = machine["one" if size < 1 << 19 else "all"]
        fits = [level["rate"] for level in speed["read"] if level["bytes"] >= size]
        if fits and len(fits) > 1:
            rate = fits[0]  # from the smallest cache that holds it
        elif case.fields["rate"] == "read":
            rate = max(side["read"][-1]["rate"] for side in (machine["one"], machine["all"]))
        else:
            rate = max(side[case.fields["rate"]] for side in (machine["one"], machine["all"]))
        times.append(size / rate)
    operations = case.value("flops")
    if operations:
        speed = machine["one" if operations < 1e5 else "all"]
        times.append(operations / speed[case.precision])
    return max(times) * 1e9 if times else None
