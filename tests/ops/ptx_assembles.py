"""Fails where ptxas does not take the PTX of a test of an operation or of a program, for sm_70, sm_80 and sm_90, or where that breaks a rule
of ptx_rules.py.

usage: ptx_assembles.py DESCENT SOURCE_DIR MEMORY

CUDA 13 makes machine code from sm_75 on, also of PTX for older cards. Exit code 77 where there is no ptxas. The file MEMORY
has the hashes of what was taken the last time, by which ptxas: that is not assembled again.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import ptx_rules

NOT_HERE = 77
CAPABILITIES = 70, 80, 90
TARGET = re.compile(rb"^\.(version|target) .*$", re.MULTILINE)


def assembler():
    for place in ("/usr/local/cuda/bin/ptxas", "ptxas"):
        if found := shutil.which(place):
            return found
    print("skipped: there is no ptxas here")
    sys.exit(NOT_HERE)


class Assembler:
    def __init__(self, descent, ptxas, known):
        self.descent, self.ptxas, self.known = descent, ptxas, known
        self.version = subprocess.run([ptxas, "--version"], capture_output=True, check=True).stdout + pathlib.Path(ptx_rules.__file__).read_bytes()

    def ptx(self, script, block, capability):
        """The PTX of a test, as a process that has ended."""
        words = [self.descent, "ir", script, "--stage", "ptx", "--sm", str(capability)] + (["--test", block] if block else [])
        if script.name == "outside.gd":
            words += ["--outside", "points"]
        return subprocess.run(words, capture_output=True)

    def problems(self, script, block):
        """What is wrong with the PTX of a test, for each capability, or None; and the PTX's hash."""
        found, taken = [], set()
        # What an older card's PTX may say a newer one's may, too.
        for capability in CAPABILITIES:
            made = self.ptx(script, block, capability)
            if made.returncode:
                found.append((made.stderr.decode(), None))
                continue
            text = TARGET.sub(b"", made.stdout)
            digest = hashlib.sha256(self.version + made.stdout).hexdigest()
            problem = None if digest in self.known or text in taken else self.problem(made.stdout, capability)
            if problem is None:
                taken.add(text)
            found.append((problem, digest))
        return found

    def problem(self, ptx, capability):
        if broken := ptx_rules.broken_rule(ptx.decode()):
            return broken
        with tempfile.NamedTemporaryFile(suffix=".ptx") as file:
            file.write(ptx)
            file.flush()
            # What is asked is whether the code is right, not how fast it is.
            run = subprocess.run([self.ptxas, "-O0", f"-arch=sm_{max(capability, 75)}", "-o", "/dev/null", file.name],
                                 capture_output=True, text=True)
        return run.stdout + run.stderr if run.returncode else None


def main():
    descent, source, memory = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    ptxas = assembler()
    tests = [(script, block)
             for script in sorted((source / "tests/ops").glob("*.gd"))
             for block in re.findall(r'^test "(.*?)"', script.read_text(), re.MULTILINE)]
    for folder in ("tests/programs/functions", "tests/programs/threads", "docs/examples"):
        tests += [(script, "") for script in sorted((source / folder).glob("*.gd"))]
    tests.append((source / "tests/programs/outside.gd", ""))
    cases = [(*test, capability) for test in tests for capability in CAPABILITIES]
    known = set(memory.read_text().split()) if memory.exists() else set()
    one = Assembler(descent, ptxas, known)
    ptx_rules.check_rules(one.ptx(source / "tests/programs/threads/training.gd", "", 90).stdout.decode())
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = [result for of_test in pool.map(lambda test: one.problems(*test), tests) for result in of_test]
    problems = [f"{script} {block}, sm_{capability}: {problem}"
                for (script, block, capability), (problem, _) in zip(cases, results) if problem is not None]
    taken = {digest for problem, digest in results if problem is None}
    memory.write_text("\n".join(sorted(taken)) + "\n")
    print("\n".join(problems))
    print(f"{ptxas} takes {len(cases) - len(problems)} of {len(cases)} programs, {len(taken & known)} of them as the last time")
    sys.exit(1 if problems else 0)


main()
