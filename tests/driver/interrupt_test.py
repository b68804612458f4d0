"""Ctrl-C: real signals to the command. interrupt_test.py DESCENT FAKE_CUDA"""

import array
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

DESCENT, FAKE_CUDA = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
LIMIT = 30  # seconds; all of them take much less
# ThreadSanitizer keeps a signal back until its thread calls something that it sees and knows to wait.
held = unittest.skipIf(os.environ.get("DESCENT_SANITIZE") == "thread", "ThreadSanitizer keeps the signal back")

# It does not end, and no step of it looks for Ctrl-C. Its first line is written long before the rest.
ENDLESS = """print "it begins"
save([1.0, 2.0], "kept.npy")
var x = 1.0
while x > 0.0 { x = x + 1.0 - 1.0 }
print x
"""
TRAINING = """param w = 0.5
save(1.0, "begun.npy")
train (w - 1.0)^2 with sgd(rate=0.1), steps=2_000_000_000
print "trained"
"""


class InterruptTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="descent-interrupt-")
        self.path = pathlib.Path(self.folder.name)
        self.addCleanup(self.folder.cleanup)
        (self.path / "tmp").mkdir()

    def start(self, *words, script=ENDLESS, **variables):
        (self.path / "model.gd").write_text(script)
        environment = dict(os.environ, DESCENT_CACHE_DIR=str(self.path / "cache"), TMPDIR=str(self.path / "tmp"), **variables)
        process = subprocess.Popen([DESCENT, *words], cwd=self.path, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.communicate()

    def until(self, holds):
        deadline = time.monotonic() + LIMIT
        while not holds():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def stop(self, process):
        """Ctrl-C: the exit code, standard output and standard error, once the process has ended."""
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=LIMIT)
        return process.returncode, out, errors

    def expect_whole(self, *names):
        """Nothing lies about but these."""
        left = [str(file.relative_to(self.path)) for file in self.path.rglob("*") if file.is_file()]
        self.assertEqual(sorted(name for name in left if not name.startswith("cache/")), sorted(["model.gd", *names]))
        self.assertEqual([name for name in left if "tmp" in name], [])

    def run_endless(self, *words, **variables):
        process = self.start(*words, **variables)
        self.until((self.path / "kept.npy").exists)
        time.sleep(0.2)
        self.assertIsNone(process.poll())
        code, out, errors = self.stop(process)
        self.assertEqual(code, 130)
        self.assertEqual(out, "it begins\n")
        self.assertEqual(errors, "interrupted: descent " + " ".join(words) + "\n")
        self.expect_whole("kept.npy")

    @held
    def test_a_loop_on_the_processor(self):
        self.run_endless("run", "model.gd")

    def test_a_loop_on_the_emulator(self):
        self.run_endless("run", "model.gd", "--device", "emulator")

    @held
    def test_a_test_block(self):
        script = 'var n = 1.0\ntest "endless" {\n' + ENDLESS.replace("\n", "\n  ").rstrip() + "\n}\n"
        process = self.start("test", "model.gd", script=script)
        self.until((self.path / "kept.npy").exists)
        code, out, errors = self.stop(process)
        self.assertEqual((code, out, errors), (130, "it begins\n", "interrupted: descent test model.gd\n"))

    def test_a_kernel_on_a_card(self):
        process = self.start("run", "model.gd", "--device", "gpu", DESCENT_LIBCUDA=FAKE_CUDA, FAKE_CUDA_KERNEL="5",
                             FAKE_CUDA_NAP="600")
        time.sleep(1)  # nothing is seen of it from outside
        self.assertIsNone(process.poll())
        code, out, errors = self.stop(process)
        self.assertEqual((code, errors), (130, "interrupted: descent run model.gd --device gpu\n"))

    def test_while_it_compiles(self):
        lines = ["let x0 = linspace(0.0, 1.0, 50)"]
        lines += [f"let x{i} = cumsum(sort(sin(x{i - 1} * {i}.5)) @ reshape(x0, (50, 1)) * x{i - 1})" for i in range(1, 1500)]
        process = self.start("run", "model.gd", "--no-cache", script="\n".join(lines) + "\nprint x1499[0]\n")
        time.sleep(0.5)
        self.assertIsNone(process.poll())
        begin = time.monotonic()
        code, out, errors = self.stop(process)
        self.assertEqual((code, out, errors), (130, "", "interrupted: descent run model.gd --no-cache\n"))
        self.assertLess(time.monotonic() - begin, 2)

    def test_while_data_are_read(self):
        os.mkfifo(self.path / "slow.csv")
        for words in ["run"], ["check"], ["test"], ["gradcheck"], ["bench", "--device", "cpu"]:
            process = self.start(*words, "model.gd", script='data d = "slow.csv"\nprint sum(d.x)\n')
            # It waits for the rest of the file.
            with open(self.path / "slow.csv", "w") as file:
                file.write("x\n1\n")
                file.flush()
                time.sleep(0.3)
                self.assertIsNone(process.poll())
                self.assertEqual(self.stop(process), (130, "", f"interrupted: descent {' '.join(words)} model.gd\n"))

    @held
    def test_a_pipe_that_nobody_reads(self):
        for form, device in ("npy", "cpu"), ("csv", "emulator"):
            os.mkfifo(self.path / f"pipe.{form}")
            script = f'print "before"\nsave([1.0, 2.0], "pipe.{form}")\nprint "behind"\n'
            process = self.start("run", "model.gd", "--device", device, script=script)
            time.sleep(0.5)
            self.assertIsNone(process.poll())
            self.assertEqual(self.stop(process), (130, "before\n", f"interrupted: descent run model.gd --device {device}\n"))
        # Results, too; and somebody who reads gets them.
        os.mkfifo(self.path / "pipe")
        for reads in False, True:
            process = self.start("run", "model.gd", "--json", "pipe", script="let x = 2.0\nprint x\n")
            if reads:
                self.assertIn('"values":{"x":2.0}', (self.path / "pipe").read_text())
                self.assertEqual(process.wait(timeout=LIMIT), 0)
            else:
                time.sleep(0.5)
                self.assertIsNone(process.poll())
                self.assertEqual(self.stop(process), (130, "2\n", "interrupted: descent run model.gd --json pipe\n"))

    @held
    def test_commands_that_wait_for_input(self):
        process = self.start("fmt", "-")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=LIMIT), 130)
        self.assertEqual(process.stderr.read(), "interrupted: descent fmt -\n")

    def test_a_training_stops_and_the_rest_runs(self):
        for device in "cpu", "emulator":
            process = self.start("run", "model.gd", "--quiet", "--device", device, script=TRAINING)
            self.until((self.path / "begun.npy").exists)
            time.sleep(0.3)
            code, out, errors = self.stop(process)
            self.assertEqual((code, out, errors), (130, "trained\n", "interrupted\n"), device)
            (self.path / "begun.npy").unlink()

    def test_a_training_on_data_outside_of_the_device(self):
        # The blocks that fetch the next step's rows end with the others.
        count, columns = 200_000, 2
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {columns}), }}"
        header += " " * (63 - (len(header) + 10) % 64) + "\n"
        values = array.array("f", (i * 37 % 1000 / 1000 for i in range(count * columns)))
        (self.path / "points.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values.tobytes())
        script = """data points = "points.npy"
param w = 0.0
fn loss(p) = mean((w * p[:, 0] - p[:, 1])^2)
save(1.0, "begun.npy")
let h = train loss(points) with sgd(rate=0.1), batch=64, sampling="bootstrap", steps=20_000, key=key(1)
print h.step[-1] < 19_999
"""
        process = self.start("run", "model.gd", "--device", "emulator", script=script, DESCENT_EMULATED_MIB="1")
        self.until((self.path / "begun.npy").exists)
        time.sleep(0.5)
        begin = time.monotonic()
        code, out, errors = self.stop(process)
        self.assertLess(time.monotonic() - begin, 2)
        self.assertEqual((code, out), (130, "true\n"))
        self.assertIn("over the bus: `points`, f32[200000, 2], 1.5 MiB (a step ahead)\n", errors)
        self.assertRegex(errors, r"\nstopped after \d+ steps \(.* s\): interrupted\ninterrupted\n$")
        self.expect_whole("begun.npy", "points.npy")

    @held
    def test_behind_a_training_that_was_stopped(self):
        process = self.start("run", "model.gd", "--quiet", script=TRAINING + ENDLESS)
        self.until((self.path / "begun.npy").exists)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.until((self.path / "kept.npy").exists)
        code, out, errors = self.stop(process)
        self.assertEqual((code, out, errors), (130, "trained\nit begins\n", "interrupted: descent run model.gd --quiet\n"))

    @held
    def test_the_second_does_not_wait(self):
        # Nobody reads what it prints: the line that it is at cannot be finished.
        process = self.start("run", "model.gd", script="var i = 0\nwhile i >= 0 { print arange(1000)\ni = i + 1 }\n")
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=LIMIT), 130)

    def test_a_line_is_printed_whole(self):
        process = self.start("run", "model.gd", script="var i = 0\nwhile i >= 0 { print \"{i} is a number\"\ni = i + 1 }\n")
        for _ in range(20000):
            process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out = process.stdout.read()
        self.assertEqual(process.wait(timeout=LIMIT), 130)
        numbers = [int(line.removesuffix(" is a number")) for line in out.splitlines()]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
        self.assertTrue(out.endswith(" is a number\n"))

    @held
    def test_bench_shows_what_it_has(self):
        script = "let n = 3\n" + ENDLESS.replace("x > 0.0", "n > 3 and x > 0.0")
        process = self.start("bench", "model.gd", "--device", "cpu", "--sweep", "n=2,9", "--rounds", "1", "--seconds", "0.01",
                             script=script)
        for line in process.stderr:
            if "n=9: cpu: compiling" in line:
                break
        time.sleep(1)
        code, out, errors = self.stop(process)
        self.assertEqual(code, 130)
        self.assertRegex(out, r"(?m)^2 ")
        self.assertTrue(errors.endswith("interrupted: descent bench model.gd --device cpu --sweep n=2,9 --rounds 1 --seconds 0.01\n"))
        self.expect_whole()

    def test_selftest(self):
        tests = self.path / "own" / "tests" / "ops"
        tests.mkdir(parents=True)
        (tests / "endless.gd").write_text('test "endless" {\n  var x = 1.0\n  while x > 0.0 { x = x + 1.0 - 1.0 }\n  assert x > 0.0\n}\n')
        process = self.start("selftest", "--device", "cpu", "--folder", "own")
        time.sleep(1)
        self.assertIsNone(process.poll())
        begin = time.monotonic()
        code, out, errors = self.stop(process)
        self.assertEqual((code, errors), (130, "interrupted\n"))
        self.assertLess(time.monotonic() - begin, 3)


if __name__ == "__main__":
    unittest.main()
