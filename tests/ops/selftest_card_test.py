"""Few processes use a card at a time, however many there may be: selftest_card_test.py DESCENT FAKE_CUDA"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

NAP = 1  # seconds

with tempfile.TemporaryDirectory() as folder:
    tests = pathlib.Path(folder, "tests/ops")
    tests.mkdir(parents=True)
    for i in range(8):
        tests.joinpath(f"test{i}.gd").write_text('test "one" { assert 1 + 1 == 2 }\n')
    # Its kernel does nothing but take time: that a test has passed, nobody hears.
    environment = os.environ | {"DESCENT_LIBCUDA": os.path.abspath(sys.argv[2]), "FAKE_CUDA_KERNEL": "5", "FAKE_CUDA_NAP": str(NAP), "DESCENT_CACHE_DIR": ""}
    begin = time.monotonic()
    done = subprocess.run([sys.argv[1], "selftest", "--device", "gpu", "--folder", folder, "--jobs", "8"], env=environment, capture_output=True,
                          text=True)
    seconds = time.monotonic() - begin
assert "gpu        ops " in done.stdout and "driver" not in done.stdout, done.stdout + done.stderr
assert seconds >= 2 * NAP, f"all of them at a time: {seconds:.2f} s\n{done.stdout}"
