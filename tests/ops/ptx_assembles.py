"""Fails where ptxas does not take the PTX of a test of an operation or of a program.

usage: ptx_assembles.py DESCENT SOURCE_DIR

PTX is made for sm_90, of the tests of operations for sm_70 and sm_80, too. As ptxas takes long for large programs, those of
more than 500,000 characters are left out, and for sm_70 and sm_80 those of more than 60,000, unless DESCENT_ALL_PTX is set.
CUDA 13 makes machine code from sm_75 on, also of PTX for older cards. Exit code 77 where there is no ptxas.
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


def assemble(descent, ptxas, script, block):
    """How many programs were assembled of one test, what was wrong with others, and how many were left out."""
    good, problems, capabilities = 0, [], (90, 80, 70) if block else (90,)
    for number, capability in enumerate(capabilities):
        options = ["--test", block] if block else []
        with tempfile.NamedTemporaryFile(suffix=".ptx") as file:
            made = subprocess.run([descent, "ir", script, "--stage", "ptx", "--sm", str(capability), *options],
                                  stdout=file, stderr=subprocess.PIPE, text=True)
            if made.returncode:
                problems.append(f"{script} {block}: {made.stderr}")
                break
            too_large = os.path.getsize(file.name) > (60_000 if number else 500_000)
            if too_large and "DESCENT_ALL_PTX" not in os.environ:
                return good, problems, len(capabilities) - number
            # What is asked is whether the code is right, not how fast it is.
            run = subprocess.run([ptxas, "-O0", f"-arch=sm_{max(capability, 75)}", "-o", "/dev/null", file.name],
                                 capture_output=True, text=True)
            if run.returncode:
                problems.append(f"{script} {block}, sm_{capability}: {run.stdout}{run.stderr}")
            good += run.returncode == 0
    return good, problems, 0


def main():
    descent, source = sys.argv[1], pathlib.Path(sys.argv[2])
    ptxas = assembler()
    tests = [(script, block)
             for script in sorted((source / "tests/ops").glob("*.gd"))
             for block in re.findall(r'^test "(.*?)"', script.read_text(), re.MULTILINE)]
    for folder in ("tests/programs/functions", "tests/programs/threads", "docs/examples"):
        tests += [(script, "") for script in sorted((source / folder).glob("*.gd"))]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = list(pool.map(lambda test: assemble(descent, ptxas, *test), tests))
    problems = [problem for _, found, _ in results for problem in found]
    print("\n".join(problems))
    print(f"{ptxas} assembled {sum(good for good, _, _ in results)} programs, refused {len(problems)}; "
          f"{sum(left for _, _, left in results)} large ones were left out")
    sys.exit(1 if problems else 0)


main()
