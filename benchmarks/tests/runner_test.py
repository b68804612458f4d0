#!/usr/bin/env python3
"""A run survives whatever its tools do: peers that are missing, wrong, that end or hang; and says so."""
import pathlib
import sys
import tempfile
import types

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from runner import cases, measure, report, tools  # noqa: E402

# A tool whose answers depend on its name and on whether it is asked for times.
TOOL = """
import json, sys, time
name = sys.argv[1]
for line in sys.stdin:
    message = json.loads(line)
    timing = message.get("kind") == "evaluate" and "min_seconds" in message["input"]
    if message["kind"] == "evaluate":
        if name == "ends" or (name == "ends-later" and timing):
            sys.exit(3)
        if name == "hangs":
            time.sleep(60)
        if name == "refuses":
            print(json.dumps({"id": message["id"], "success": False, "error": "not today"}), flush=True)
            continue
    output = {"": [1.5 if name == "wrong" else 1.0]}
    took = 4e9 if name == "slow" else 1000
    print(json.dumps({"id": message["id"], "success": True, "tool": name, "output": output,
                      "timings": [{"name": "evaluate", "nanoseconds": took}]}), flush=True)
"""


def measured(peers, rounds=5):
    """What comes out for Descent and such peers."""
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder, "tool.py")
        script.write_text(TOOL)
        tools.command_of = lambda name, build, venv: ([pathlib.Path(folder, "nothing")] if name == "missing" else
                                                      [pathlib.Path(sys.executable), script, name])
        settings = types.SimpleNamespace(rounds=rounds, seconds=0, budget=8, limit=1, verify=False, venv=None,
                                         build=None, data=pathlib.Path(folder))
        case = cases.Case("gradbench", "f64", {}, {"name": "some.case", "module": "m", "function": "f", "inputs": {},
                                                   "peers": peers})
        pool = measure.Pool(settings)
        try:
            return report.summary(measure.run(case, settings, pool), None)
        finally:
            pool.close_all()


def main():
    result = measured(["cpp", "missing", "ends", "ends-later", "hangs", "refuses", "slow"])
    assert not result["wrong"], result
    assert set(result["missing"]) == {"missing"}, result
    assert set(result["failed"]) == {"ends", "ends-later", "hangs", "refuses"}, result
    assert "not today" in result["failed"]["refuses"] and "within 1 s" in result["failed"]["hangs"], result
    rounds = {name: len(tool["rounds"]) for name, tool in result["tools"].items()}
    assert rounds == {"descent": 5, "cpp": 5, "slow": measure.LEAST_ROUNDS}, rounds
    assert result["tools"]["slow"]["ratio"] == 4e6, result
    line = report.row(result)
    assert "missing missing" in line and "hangs failed" in line, line

    result = measured(["cpp", "wrong"])
    assert "0.5" in result["wrong"]["wrong"] and not result["tools"], "what is wrong is not timed"
    assert "**wrong wrong" in report.row(result)
    print("the runner survives")


main()
