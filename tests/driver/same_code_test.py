#!/usr/bin/env python3
"""The same program is the same code in every process, wherever its memory lies: what is kept of it is found again.

same_code_test.py DESCENT FAKE_CUDA SOURCE_DIR"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

DESCENT, FAKE_CUDA, SOURCE = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(3))
TIMES = 2


def descent(*words, **variables):
    environment = os.environ | {"DESCENT_CACHE_DIR": ""} | variables
    return subprocess.run([DESCENT, *words], capture_output=True, env=environment, timeout=60, check=False)


class SameCode(unittest.TestCase):
    def test_the_same_text(self):
        scripts = sorted([*(SOURCE / "docs" / "examples").glob("*.gd"), *(SOURCE / "tests" / "programs").glob("*.gd")])
        asked = [(script, stage) for script in scripts for stage in ("ptx", "asm")]

        def texts(each):
            script, stage = each
            words = ["ir", script, "--stage", stage] + (["--sm", "90"] if stage == "ptx" else [])
            return [(run.returncode, run.stdout) for run in (descent(*words) for _ in range(TIMES))]

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for (script, stage), runs in zip(asked, pool.map(texts, asked)):
                self.assertEqual(runs[0][0], 0, f"{script} {stage}")
                self.assertTrue(all(run == runs[0] for run in runs), f"the {stage} of {script} differs from run to run")

    def test_the_same_entries(self):
        # Programs for a card and what the driver makes of them are named by what they are made from.
        with tempfile.TemporaryDirectory() as folder:
            kept = []
            for time in range(TIMES):
                cache = pathlib.Path(folder) / str(time)
                run = descent("run", SOURCE / "docs" / "examples" / "random.gd", "--device", "gpu", DESCENT_CACHE_DIR=str(cache),
                              DESCENT_LIBCUDA=str(FAKE_CUDA), FAKE_CUDA_KERNEL="5")
                kept.append(sorted(file.name for file in cache.rglob("*") if file.is_file()))
            self.assertEqual(len(kept[0]), 2, run.stderr)
            self.assertTrue(all(names == kept[0] for names in kept), kept)


if __name__ == "__main__":
    unittest.main()
