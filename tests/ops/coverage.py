"""Fails where an operation of the dialect, or a function of the language, is in none of the scripts of tests/ops.

usage: coverage.py TBLGEN_JSON SOURCE_DIR DESCENT

An operation is in a script if it is in its array operations or in what their derivatives and batches become:
what is left to run. A function of docs/functions.md is, if its name is.
"""

import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

# Nothing of the language becomes these; tests/unit/cpu has them.
NOT_OF_THE_LANGUAGE = {"shl"}
# They end a compilation with a message; tests/errors has them.
MESSAGES = {"misuse", "unsupported"}


def operations_in(descent, script, stage, *options):
    run = subprocess.run([descent, "ir", script, "--tests", "--stage", stage, *options], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{script}: {run.stderr}")
    return set(re.findall(r"\bdescent\.(\w+)", run.stdout))


def functions(page):
    """The names in code in the tables' first columns, and in the lists of the modules."""
    for line in page.splitlines():
        if line.startswith("## Known by name"):
            return
        column = line.split(" | ")[0] if line.startswith("| ") else line
        if line.startswith("| ") or line.startswith("`") or line.startswith("`use"):
            yield from re.findall(r"`([a-z]\w*)(?=[(`])", column)


def main():
    records = json.loads(pathlib.Path(sys.argv[1]).read_text())
    source = pathlib.Path(sys.argv[2])
    scripts = sorted((source / "tests/ops").glob("*.gd"))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [pool.submit(operations_in, sys.argv[3], script, stage)
                for script in scripts for stage in ("array", "derivative")]
        # What a program becomes where a GPU has no room for its data.
        runs.append(pool.submit(operations_in, sys.argv[3], source / "tests/programs/outside.gd", "derivative", "--outside", "points"))
    found = set().union(*(run.result() for run in runs))
    missing = [f"no script of tests/ops has the operation descent.{op}"
               for op in sorted(records[name]["opName"] for name in records["!instanceof"]["Op"])
               if op not in found | NOT_OF_THE_LANGUAGE]
    texts = "".join(re.sub(r"#.*", "", script.read_text()) for script in scripts)
    names = set(functions((source / "docs/functions.md").read_text()))
    if len(names) < 150:
        missing.append(f"docs/functions.md has only {len(names)} functions")
    missing += [f"no script of tests/ops has the function {name}"
                for name in sorted(names - MESSAGES) if not re.search(rf"\b{name}\b", texts)]
    print("\n".join(missing))
    sys.exit(1 if missing else 0)


main()
