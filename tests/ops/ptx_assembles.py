"""Fails where ptxas does not take the PTX of a test of an operation or of a program.

usage: ptx_assembles.py DESCENT SOURCE_DIR [PROCESSOR...]

PTX is made for sm_90, and for sm_70 and sm_80 of those scripts that have the operations (of the program tests
sm_90 alone: they are made of the same). CUDA 13 makes machine code from sm_75 on, of PTX for older cards, too. Exit code 77
where there is no ptxas.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

NOT_HERE = 77


def assembler():
    for place in ("/usr/local/cuda/bin/ptxas", "ptxas"):
        if found := shutil.which(place):
            return found
    print("skipped: there is no ptxas here")
    sys.exit(NOT_HERE)


def problem(descent, ptxas, script, block, capability):
    """What is wrong with one program's PTX; None where it assembles."""
    options = ["--test", block] if block else []
    with tempfile.NamedTemporaryFile(suffix=".ptx") as file:
        made = subprocess.run([descent, "ir", script, "--stage", "ptx", "--sm", str(capability), *options],
                              stdout=file, stderr=subprocess.PIPE, text=True)
        if made.returncode:
            return f"{script} {block}: {made.stderr}"
        # What is asked is whether the code is right, not how fast it is.
        run = subprocess.run([ptxas, "-O0", f"-arch=sm_{max(capability, 75)}", "-o", "/dev/null", file.name],
                             capture_output=True, text=True)
    return f"{script} {block}, sm_{capability}: {run.stdout}{run.stderr}" if run.returncode else None


def main():
    descent, source = sys.argv[1], pathlib.Path(sys.argv[2])
    ptxas = assembler()
    jobs = []
    for script in sorted((source / "tests/ops").glob("*.gd")):
        for block in re.findall(r'^test "(.*?)"', script.read_text(), re.MULTILINE):
            jobs += [(script, block, capability) for capability in (90, 70, 80)]
    for folder in ("tests/programs/functions", "tests/programs/threads", "docs/examples"):
        jobs += [(script, "", 90) for script in sorted((source / folder).glob("*.gd"))]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        problems = [p for p in pool.map(lambda job: problem(descent, ptxas, *job), jobs) if p]
    print("\n".join(problems))
    print(f"{len(jobs) - len(problems)} of {len(jobs)} programs' PTX assembled by {ptxas}")
    sys.exit(1 if problems else 0)


main()
