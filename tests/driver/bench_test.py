#!/usr/bin/env python3
"""`descent bench`: what it measures and writes, what it leaves undone, and what it says to wrong input. Times are not looked at."""
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

DESCENT, FAKE_CUDA = (pathlib.Path(sys.argv.pop(1)).resolve() for _ in range(2))

TRAINS = """
let n = 30
let steps = 6
let x = linspace(-1.0, 1.0, n)
param w = 0.5
param b = 0.0
train mean((w * x + b - 3.0 * x - 1.0)^2) with sgd(rate=0.1), steps=steps, log=1
print "w is {w}"
save(w, "w.npy")
"""
SUMS = """
let n = 40
let x = linspace(0.0, 1.0, n)
let s = sum(exp(x) * x)
"""


class Bench(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        (self.path / "tmp").mkdir()
        self.write("trains.gd", TRAINS)
        self.write("sums.gd", SUMS)

    def tearDown(self):
        # Nothing is left behind of the code that was kept meanwhile.
        self.assertEqual(list((self.path / "tmp").iterdir()), [])
        self.folder.cleanup()

    def write(self, name, text):
        (self.path / name).write_text(text)

    def environment(self, **more):
        # No driver, wherever this runs.
        return os.environ | {"DESCENT_LIBCUDA": "/nonexistent/libcuda.so.1", "TMPDIR": str(self.path / "tmp")} | more

    def bench(self, *words, code=0, **environment):
        done = subprocess.run([DESCENT, "bench", *words, "--rounds", "2", "--seconds", "1e-6"], cwd=self.path, text=True, errors="replace",
                              capture_output=True, env=self.environment(**environment), timeout=60)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def measured(self, *words, code=0):
        done = self.bench(*words, "--json", "out.json", code=code)
        return done, json.loads((self.path / "out.json").read_text())

    def test_training_on_two_devices(self):
        done, report = self.measured("trains.gd", "--device", "cpu,emulator")
        self.assertNotIn("w is", done.stdout + done.stderr)
        self.assertNotIn("loss", done.stderr)
        self.assertFalse((self.path / "w.npy").exists())
        self.assertIn("emulator's times mean nothing", done.stdout)
        self.assertEqual([d["asked"] for d in report["devices"]], ["cpu", "emulator"])
        self.assertTrue(all(d["copy_rate"] > 0 and not d["problem"] for d in report["devices"]))
        row, = report["rows"]
        for device in "cpu", "emulator":
            times = row[device]
            for part in "compile", "compile_cached", "first", "run", "step":
                self.assertGreater(times[part], 0, part)
            self.assertEqual((times["steps_of_run"], len(times["runs"]), len(times["steps"])), (6, 2, 2))
            self.assertEqual(times["step"], statistics.median(times["steps"]))
            self.assertGreaterEqual(times["run"] * 1.001, times["step"] * 6)
        self.assertEqual((row["cpu"]["load"], row["cpu"]["transfer"]), (0, 0))
        self.assertGreater(row["emulator"]["load"], 0)
        # Found on disk, code takes less time than when it is made.
        self.assertLess(row["cpu"]["compile_cached"], row["cpu"]["compile"])
        self.assertLess(row["emulator"]["difference"], 1e-5)
        ratios = [a / b for a, b in zip(row["cpu"]["steps"], row["emulator"]["steps"])]
        self.assertAlmostEqual(row["emulator"]["speed_up"] / statistics.median(ratios), 1, 6)
        for word in "device", "compile", "code on disk", "transfer of the data", "first run", "step", "speed-up", "values":
            self.assertRegex(done.stdout, rf"(?m)^ *{word}")

    def test_without_training_a_run_is_compared(self):
        done, report = self.measured("sums.gd", "--device", "cpu")
        times = report["rows"][0]["cpu"]
        self.assertIsNone(times["step"])
        self.assertIsNone(times["difference"])
        self.assertNotIn("\nstep", done.stdout)

    def test_bytes_and_operations_are_counted(self):
        self.write("product.gd", "let n = 24\nlet x = ones([n, n])\nlet k = key(1)\nlet y = uniform(k, [n, n])\nlet z = y @ y\n")
        _, report = self.measured("product.gd", "--device", "cpu")
        self.assertEqual(report["rows"][0]["cpu"]["product_operations"], 2 * 24**3)
        self.assertGreaterEqual(report["rows"][0]["cpu"]["bytes"], 2 * 4 * 24**2)

    def test_sweep(self):
        done, report = self.measured("sums.gd", "--device", "cpu,emulator", "--sweep", "n=3e3,20,400")
        self.assertEqual([row["size"] for row in report["rows"]], [20, 400, 3000])
        self.assertEqual(report["crossovers"], {"emulator": {"kind": "never"}})
        self.assertIn("emulator is faster than cpu at none of these sizes.", done.stdout)
        for size in 20, 400, 3000:
            self.assertRegex(done.stdout, rf"(?m)^{size} ")
        # The sums of the sizes differ, so --set has arrived: bytes grow.
        bytes_ = [row["cpu"]["bytes"] for row in report["rows"]]
        self.assertEqual(sorted(set(bytes_)), bytes_)

    def test_sweep_the_other_way_round(self):
        _, report = self.measured("sums.gd", "--device", "emulator,cpu", "--sweep", "n=20,400")
        self.assertEqual(report["crossovers"], {"cpu": {"kind": "always"}})

    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_picture(self):
        self.bench("trains.gd", "--device", "cpu,emulator", "--sweep", "n=5,50", "--plot", "it's.svg")
        picture = (self.path / "it's.svg").read_text()
        for text in "<svg", "trains.gd", "cpu: the processor", "emulator: the emulator", "seconds of a step":
            self.assertIn(text, picture)

    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_picture_of_a_script_whose_name_is_no_text(self):
        names = [b"na\xc3\xafve\xff\x01 <a&b>.gd", "\U0001f600\uffff.gd".encode()]
        for name, shown in zip(names, ["na\u00efve\ufffd\ufffd <a&b>.gd", "\U0001f600\ufffd.gd"]):
            with open(os.path.join(os.fsencode(self.path), name), "w") as file:
                file.write(SUMS)
            self.bench(os.fsdecode(name), "--device", "cpu", "--sweep", "n=5,50", "--plot", "x.svg", "--json", "x.json", LC_ALL="C")
            picture = xml.etree.ElementTree.parse(self.path / "x.svg")
            self.assertIn(shown, "".join(picture.getroot().itertext()))
            json.loads((self.path / "x.json").read_text())

    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_picture_of_what_can_be_drawn(self):
        done = self.bench("sums.gd", "--device", "cpu", "--sweep", "n=0,5,50", "--plot", "x.svg")
        self.assertIn("n=0 is not in the picture, whose scale is logarithmic", done.stderr)
        self.assertIn("<svg", (self.path / "x.svg").read_text())
        # Nothing of gnuplot's own words.
        (self.path / "x.svg").unlink()
        self.write("fails.gd", "let n = 3\nassert n < 1\n")
        done = self.bench("fails.gd", "--device", "cpu", "--sweep", "n=0,5", "--plot", "x.svg", code=1)
        self.assertIn("descent: no picture was drawn, as nothing was measured at a size above 0", done.stderr)
        self.assertNotIn("gnuplot", done.stdout + done.stderr)
        self.assertFalse((self.path / "x.svg").exists())

    def test_picture_without_gnuplot(self):
        # A shell there is; gnuplot there is not.
        done = self.bench("sums.gd", "--device", "cpu", "--sweep", "n=5,50", "--plot", "x.svg", code=1, PATH=str(self.path))
        self.assertIn("there is no gnuplot", done.stderr)
        self.assertRegex(done.stdout, r"(?m)^50 ")

    def test_no_gpu(self):
        done, report = self.measured("sums.gd", "--device", "cpu,gpu", code=1)
        self.assertEqual(done.stderr.count("nothing is measured on gpu: no NVIDIA driver is installed"), 1)
        self.assertIn("no NVIDIA driver", report["devices"][1]["problem"])
        self.assertEqual(list(report["rows"][0]), ["cpu"])
        self.bench("sums.gd", "--device", "gpu", code=1)

    def test_no_gpu_that_was_asked_for(self):
        done = self.bench("sums.gd")
        self.assertIn("nothing is measured on gpu: no NVIDIA driver", done.stderr)
        self.assertRegex(done.stdout, r"(?m)^run ")

    def test_a_device_that_fails_while_it_is_measured(self):
        # A driver that has a card, but does not run the program's kernel.
        fake = {"DESCENT_LIBCUDA": str(FAKE_CUDA)}
        done = self.bench("sums.gd", "--device", "cpu,gpu", "--json", "out.json", code=1, **fake)
        self.assertEqual(done.stderr.count("gpu failed:\ncannot find the kernel"), 1)
        self.assertRegex(done.stdout, r"(?m)^gpu \(Fake 0\): copies move")
        self.assertRegex(done.stdout, r"(?m)^run .* failed$")
        report = json.loads((self.path / "out.json").read_text())
        self.assertIn("cannot find the kernel", report["rows"][0]["gpu"]["failed"])
        self.assertGreater(report["rows"][0]["cpu"]["run"], 0)
        # Over sizes, too; also where it would be the one that others are compared with.
        done = self.bench("sums.gd", "--device", "gpu,cpu", "--sweep", "n=5,50", code=1, **fake)
        self.assertRegex(done.stdout, r"(?m)^50 +failed +\d")
        self.assertNotIn("faster", done.stdout)
        self.bench("sums.gd", "--device", "gpu", code=1, **fake)

    def test_auto_says_what_it_is(self):
        done = self.bench("sums.gd", "--device", "auto")
        self.assertIn("auto is the processor, as no NVIDIA driver", done.stderr)

    def test_wrong_words(self):
        for words, message in [
            (["sums.gd", "--device", "tpu"], "there is no device tpu; there are cpu, gpu, auto and emulator"),
            (["sums.gd", "--device", "cpu,"], "there is no device without a name"),
            (["sums.gd", "--device", "cpu,cpu"], "cpu is there twice"),
            (["sums.gd", "--sweep", "n"], "there is no name in n; it takes a name and at least two numbers"),
            (["sums.gd", "--sweep", "=1,2"], "there is no name in =1,2"),
            (["sums.gd", "--sweep", "n=10"], "there is one size only"),
            (["sums.gd", "--sweep", "n=10,x"], "'x' is no number"),
            (["sums.gd", "--sweep", "n=10,inf"], "'inf' is no number"),
            (["sums.gd", "--sweep", "n=10,20,1e1"], "1e1 is there twice"),
            (["sums.gd", "--plot", "x.svg"], "--plot: there is one size only to draw"),
            (["sums.gd", "--sweep", ""], "there is no name in ;"),
            (["sums.gd", "--device", ""], "there is no device without a name"),
            (["sums.gd", "--device", "cpu,nosuch"], "there is no device nosuch; there are cpu, gpu, auto and emulator"),
            (["sums.gd", "--sweep", "n=1,2", "--set", "n=5"], "--set: n is set by --set n=5 and by --sweep n=1,2; leave one of them out"),
            (["sums.gd", "--sweep", "n=0,-1", "--plot", "x.svg"], "--plot: sizes are drawn on a logarithmic scale, and n=0,-1 has none above 0"),
            (["sums.gd", "--json", ""], "--json: it takes the name of a file"),
            (["sums.gd", "--json", "nowhere/out.json"],
             "nowhere/out.json cannot be written (asked for with --json): there is no folder nowhere"),
            (["sums.gd", "--json", "tmp"], "tmp cannot be written (asked for with --json): this is a folder"),
            (["sums.gd", "--json", "/proc/out.json"], "/proc/out.json cannot be written (asked for with --json)"),
            (["sums.gd", "--sweep", "n=1,2", "--plot", "nowhere/x.svg"], "nowhere/x.svg cannot be written (asked for with --plot)"),
            (["sums.gd", "--threads", "-1"], "it takes a whole number from 0 to 1024"),
            ([], "descent bench: a script is missing"),
            (["none.gd"], "none.gd"),
            (["sums.gd", "--sweep", "m=1,2"], "[bad-setting]"),
        ]:
            done = self.bench(*words, code=2)
            self.assertIn(message, done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertNotIn("measured", done.stderr)
        seconds = [["--seconds", value] for value in ("-1", "x", "", "0", "nan", "-nan", "inf", "1e-400", "3601")]
        for words in ["--rounds", "0"], *seconds:
            done = subprocess.run([DESCENT, "bench", "sums.gd", *words], cwd=self.path, capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(words[0], done.stderr)

    def test_words_may_have_blanks_around_them(self):
        _, report = self.measured("sums.gd", "--device", "cpu, emulator", "--sweep", " n = 20, 40")
        self.assertEqual([device["asked"] for device in report["devices"]], ["cpu", "emulator"])
        self.assertEqual([row["size"] for row in report["rows"]], [20, 40])

    def test_outputs_overwrite_nothing_that_is_read(self):
        (self.path / "link.gd").symlink_to("sums.gd")
        os.link(self.path / "sums.gd", self.path / "same.gd")
        self.write("reads.gd", "data points = \"points.csv\"\nprint sum(points.x)\n")
        self.write("points.csv", "x\n1\n")
        sweep = ["sums.gd", "--sweep", "n=1,2"]
        for words, message in [
            (["sums.gd", "--json", "sums.gd"], "--json sums.gd would overwrite the script"),
            (["sums.gd", "--json", "./tmp/../sums.gd"], "would overwrite the script"),
            (["sums.gd", "--json", "link.gd"], "would overwrite the script"),
            (["sums.gd", "--json", "same.gd"], "would overwrite the script"),
            ([*sweep, "--plot", "sums.gd"], "--plot sums.gd would overwrite the script"),
            ([*sweep, "--plot", "x", "--json", "tmp/../x"], "--json and --plot are the same file, x"),
            (["reads.gd", "--data", "points=points.csv", "--json", "points.csv"],
             "--json points.csv would overwrite the data of --data points=points.csv"),
        ]:
            done = self.bench(*words, code=2)
            self.assertIn(message, done.stderr)
            self.assertNotIn("compiling", done.stderr)
        self.assertEqual((self.path / "sums.gd").read_text(), SUMS)
        # What is no file can be written twice; a link stays one.
        self.bench("sums.gd", "--device", "cpu", "--json", "/dev/null")
        (self.path / "out.json").symlink_to("real.json")
        self.measured("sums.gd", "--device", "cpu")
        self.assertTrue((self.path / "out.json").is_symlink() and (self.path / "real.json").exists())
        done = self.bench("sums.gd", "--device", "cpu", "--json", "/dev/full", code=1)
        self.assertIn("/dev/full could not be written", done.stderr)

    def test_a_script_with_errors(self):
        self.write("wrong.gd", "let x = [1.0, 2.0] + [1.0, 2.0, 3.0]\n")
        done = self.bench("wrong.gd", "--device", "cpu,emulator", code=2)
        self.assertEqual(done.stderr.count("[shape-mismatch]"), 1)

    def test_a_script_that_computes_nothing(self):
        self.write("defines.gd", 'data points = "points.csv"\nlet n = 3\nlet y = points.x\nfn f(x) = x * 2.0\n'
                   'export fn g(x: f32[3]) = sum(f(x))\ntest "f" { assert f(1.0) == 2.0 }\nprint "{n} {y}"\n')
        self.write("points.csv", "x\n1\n2\n")
        for words in [], ["--sweep", "n=1,2"]:
            done = self.bench("defines.gd", "--device", "cpu,emulator", *words, code=2)
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.stderr, "descent: defines.gd has nothing to time: it computes nothing outside of functions and tests; "
                             "call there what is to be timed: let result = f(x)\n")
        # At some sizes there is something.
        self.write("sizes.gd", "let n = 3\nif n > 5 { print sum(exp(arange(n))) }\n")
        done = self.bench("sizes.gd", "--device", "cpu", "--sweep", "n=2,9")
        self.assertRegex(done.stdout, r"(?m)^9 +\d")

    def test_a_script_that_fails(self):
        self.write("fails.gd", "let n = 3\nassert sum(arange(n)) < 10, \"too much\"\n")
        done = self.bench("fails.gd", "--device", "cpu", "--set", "n=9", code=1)
        self.assertIn("too much", done.stderr)
        self.assertEqual(done.stdout, "")
        # The other sizes are measured, and this one has its row.
        self.write("fails.gd", "let n = 3\nassert n != 4, \"not this\"\nlet x = sum(arange(n))\n")
        done, report = self.measured("fails.gd", "--device", "cpu,emulator", "--sweep", "n=2,4,9", code=1)
        self.assertRegex(done.stdout, r"(?m)^2 +\d.*equal$")
        self.assertRegex(done.stdout, r"(?m)^4 +failed +failed +fails.gd:2:8: error: not this +\[assert-failed\]$")
        self.assertRegex(done.stdout, r"(?m)^9 +\d.*equal$")
        self.assertRegex(done.stdout, r"(?m)^n .* error$")
        self.assertEqual([row["size"] for row in report["rows"]], [2, 4, 9])
        for device in "cpu", "emulator":
            self.assertIn("not this", report["rows"][1][device]["failed"])
            self.assertGreater(report["rows"][2][device]["run"], 0)

    def test_a_size_that_the_script_does_not_take(self):
        done, report = self.measured("sums.gd", "--device", "cpu,emulator", "--sweep", "n=-1,20", code=1)
        self.assertRegex(done.stdout, r"(?m)^-1 +failed +failed +sums.gd:3:28: error: `num` of linspace must be 0 or more")
        self.assertRegex(done.stdout, r"(?m)^20 +\d")
        self.assertEqual(done.stderr.count("[bad-argument]"), 1)
        self.assertEqual(list(report["rows"][0]["cpu"]), ["failed"])
        # One after the other: with the size that fails last, too; and where all do, that is said once.
        self.assertIn("1e30  failed", self.bench("sums.gd", "--device", "cpu", "--sweep", "n=4,1e30", code=1).stdout)
        done = self.bench("sums.gd", "--device", "cpu", "--sweep", "n=-2,-1", code=2)
        self.assertEqual((done.stderr.count("[bad-argument]"), done.stdout), (1, ""))

    def test_a_warning_is_shown_once(self):
        self.write("warns.gd", SUMS + "param unused = 1.0\ntrain s * unused^2 with sgd(rate=0.0001), steps=2\n")
        done = self.bench("warns.gd", "--device", "cpu,emulator")
        self.assertLessEqual(done.stderr.count("warning"), 1)

    def test_interrupt(self):
        self.write("long.gd", "param w = 0.5\ntrain (w - 1.0)^2 with sgd(rate=0.1), steps=2000000000\n")
        process = subprocess.Popen([DESCENT, "bench", "long.gd", "--device", "cpu"], cwd=self.path, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        self.addCleanup(process.kill)
        for line in process.stderr:
            if "first run" in line:
                break
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertIn("interrupted", errors)

    @unittest.skipIf(os.environ.get("DESCENT_SANITIZE") == "thread", "ThreadSanitizer keeps the signal back while a run lasts")
    @unittest.skipUnless(shutil.which("gnuplot"), "there is no gnuplot")
    def test_interrupt_shows_what_was_measured(self):
        self.write("sorts.gd", "let n = 3\nlet x = sin(arange(f32(n)))\nlet y = [sum(sort(x + f32(i))) for i in 0..1000]\n")
        process = subprocess.Popen([DESCENT, "bench", "sorts.gd", "--device", "cpu", "--sweep", "n=2,9,3000000", "--plot", "x.svg", "--json", "x.json",
                                    "--rounds", "1", "--seconds", "0.001"],
                                   cwd=self.path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment())
        self.addCleanup(process.kill)
        for line in process.stderr:
            if "n=3000000: cpu: compiling" in line:
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        shown, errors = process.communicate(timeout=60)
        self.assertIn("interrupted", errors)
        self.assertNotIn("gnuplot", errors)
        self.assertRegex(shown, r"(?m)^9 +\d")
        self.assertIn("<svg", (self.path / "x.svg").read_text())
        self.assertEqual([row["size"] for row in json.loads((self.path / "x.json").read_text())["rows"]], [2, 9])

    def test_help_has_an_example(self):
        done = subprocess.run([DESCENT, "bench", "--help"], capture_output=True, text=True)
        self.assertIn("descent bench model.gd --device cpu,gpu --sweep", done.stdout)


if __name__ == "__main__":
    unittest.main()
