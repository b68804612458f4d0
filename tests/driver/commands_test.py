#!/usr/bin/env python3
"""What the subcommands of `descent` say to wrong words, to files that are none, and where output does not arrive."""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

DESCENT = pathlib.Path(sys.argv.pop(1)).resolve()

TESTED = "".join(f'test "{name}" {{ assert 1.0 == 1.0 }}\n'
                 for name in ("sums", "sums of rows", "products", "a product of sums", "shapes", "scans", "sorts"))


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.write("line.gd", "let n = 3\nprint sum(arange(n))\n")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text)

    def descent(self, *words, code=0, **options):
        environment = os.environ | {"DESCENT_LIBCUDA": "/nonexistent/libcuda.so.1", "DESCENT_CACHE_DIR": ""}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        done = subprocess.run([DESCENT, *words], cwd=self.path, text=True, env=environment, timeout=60, **options)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    # ---- Test blocks

    def test_a_test_block_that_is_not_there(self):
        self.write("tested.gd", TESTED)
        for words in ["test", "tested.gd", "--only"], ["ir", "tested.gd", "--test"]:
            done = self.descent(*words, "sum", code=1)
            self.assertEqual(done.stderr, 'tested.gd: there is no test block "sum"; it has 7: "sums", "sums of rows", '
                             '"a product of sums", "products", "shapes" and 2 more\n')
            self.assertEqual(done.stdout, "")
            self.assertIn('it has 7: "shapes", "sums", ', self.descent(*words, "shaeps", code=1).stderr)
            self.assertIn("it takes the name of a test block", self.descent(*words, "", code=2).stderr)
        self.assertIn('line.gd: there is no test block "x"; it has no test blocks', self.descent("test", "line.gd", "--only", "x", code=1).stderr)
        self.assertIn("1 passed, 0 failed", self.descent("test", "tested.gd", "--only", "sums").stdout)
        self.assertIn("line.gd: no test blocks", self.descent("test", "line.gd").stdout)

    def test_an_assertion_in_a_function(self):
        root = "fn root(x) {\n  assert x > 0.0, \"negative\"\n  sqrt(x)\n}\n"
        self.write("tested.gd", root + 'test "fails" { print root(-1.0) }\n' + TESTED)
        done = self.descent("test", "tested.gd", code=1)
        self.assertIn("tested.gd:2:10: error: negative", done.stdout)
        self.assertIn("7 passed, 1 failed\n", done.stdout)
        # For each row of an array it is a check, and ends the run.
        self.write("rows.gd", root + 'test "rows" { print [root(x) for x in [1.0, -1.0]] }\n' + TESTED)
        done = self.descent("test", "rows.gd", code=1)
        self.assertIn("7 test blocks were not run, as this ended the script\n0 passed, 1 failed\n", done.stdout)

    # ---- The environment

    def test_numbers_in_the_environment(self):
        for name, words in ("DESCENT_THREADS", ["run", "line.gd"]), ("DESCENT_EMULATED_MIB", ["run", "line.gd", "--device", "emulator"]):
            for value in "abc", "", "0", "-1", "1e30":
                os.environ[name] = value
                done = self.descent(*words, code=1)
                self.assertEqual(done.stderr, f"descent: the variable {name} takes a whole number from 1 to 1024, "
                                 f"not {repr(value) if value else 'nothing'}\n")
                self.assertEqual(done.stdout, "")
            del os.environ[name]
        self.descent("run", "line.gd", "--threads", "2")

    # ---- Files that are written

    def test_run_overwrites_nothing_that_is_read(self):
        done = self.descent("run", "line.gd", "--json", "./line.gd", code=2)
        self.assertIn("--json ./line.gd would overwrite the script", done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertIn("there is no folder nowhere", self.descent("run", "line.gd", "--json", "nowhere/x.json", code=2).stderr)
        self.descent("run", "line.gd", "--json", "x.json")
        # Also what the script names itself.
        self.write("more/reads.gd", 'import "one.gd" as one\ndata d = "d.csv"\nprint one.twice(sum(d.x))\n')
        self.write("more/one.gd", "fn twice(x) = 2 * x\n")
        self.write("more/d.csv", "x\n1\n2\n")
        for command, option in ("run", "--json"), ("bench", "--json"):
            for name in "d.csv", "one.gd":
                before = (self.path / "more" / name).read_text()
                done = self.descent(command, "more/reads.gd", option, f"more/../more/{name}", code=2)
                self.assertIn(f"descent: {option} more/../more/{name} would overwrite more/{name}, which the script reads\n", done.stderr)
                self.assertEqual(((self.path / "more" / name).read_text(), done.stdout), (before, ""))
        subprocess.run(["rm", "-r", self.path / "more"], check=True)
        self.assertEqual({path.name for path in self.path.iterdir()}, {"line.gd", "x.json"})

    def test_output_that_does_not_arrive(self):
        with open("/dev/full", "w") as full:
            for words in ["run", "line.gd"], ["ir", "line.gd"], ["doctor"], ["--help"], ["run", "--help"], ["--version"], []:
                done = self.descent(*words, code=1, stdout=full)
                self.assertEqual(done.stderr.count("descent: standard output could not be written"), 1, words)

    def test_results_for_which_memory_is_short(self):
        def run(script, mebibytes, *words):
            limit = mebibytes << 20
            return subprocess.run([DESCENT, "run", script, "--threads", "1", *words], cwd=self.path, capture_output=True, text=True, timeout=60,
                                  env=os.environ | {"DESCENT_CACHE_DIR": ""},
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))

        # What a run takes without results; with a sanitizer, thousands of gigabytes.
        least = next((m for m in range(64, 4096, 32) if run("line.gd", m).returncode == 0), None)
        if least is None:
            self.skipTest("this build needs more addresses than a limit leaves it")
        self.write("many.gd", 'let x = linspace(0.0, 1.0, 3_000_000)\nprint "first"\n')
        self.write("saves.gd", 'save(linspace(0.0, 1.0, 3_000_000), "x.csv")\n')
        said = ""
        for more in range(16, 64, 8):
            done = run("many.gd", least + more, "--json", "x.json")
            self.assertIn(done.returncode, (0, 1), done.stderr)
            self.assertEqual(done.returncode, 1 if "memory" in done.stderr else 0, done.stderr)
            said += done.stderr
            done = run("saves.gd", least + more)
            self.assertIn(done.returncode, (0, 1), done.stderr)
            said += done.stderr
        self.assertRegex(said, r"(?m)^descent: there is not enough memory$")
        self.assertRegex(said, r"(?m)^saves.gd:1:1: error: there is not enough memory  \[effect-failed\]$")
        self.assertNotIn("bad_alloc", said)
        self.assertEqual([path.name for path in self.path.iterdir() if "part" in path.name], [])

    # ---- Words

    def test_commands_that_are_nearly_there(self):
        self.assertIn("there is no command tset. Did you mean descent test?", self.descent("tset", "x.gd", code=2).stderr)
        self.assertIn("there is no command x. descent --help lists all commands", self.descent("x", code=2).stderr)

    def test_options_that_are_not_there(self):
        for words, message in [
            ("run --bogus", "descent run: there is no option --bogus; descent run --help lists all"),
            ("run line.gd --timin", "descent run: there is no option --timin. Did you mean --timing?"),
            ("run -set n=3 line.gd", "descent run: there is no option -set. Did you mean --set?"),
            ("run --timin=3 --bogus", "descent run: there is no option --timin. Did you mean --timing?"),
            ("ir --stgae ptx line.gd", "descent ir: there is no option --stgae. Did you mean --stage?"),
            ("selftest --jbos 3", "descent selftest: there is no option --jbos. Did you mean --jobs?"),
            ("check --sweep n=2,3 line.gd", "descent check: there is no option --sweep; descent check --help lists all"),
            ("--timing run line.gd", "descent: the command comes first: descent run --timing, for instance"),
            ("--bogus", "descent: a command is missing: descent run model.gd --bogus, for instance. There are run, "),
        ]:
            done = self.descent(*words.split(), code=2)
            self.assertTrue(done.stderr.startswith(message), done.stderr)
            self.assertEqual((done.stderr.count("\n"), done.stdout), (1, ""))
        # An option's value is none.
        self.assertIn("name=value", self.descent("run", "line.gd", "--set", "--bogus", code=2).stderr)
        self.assertEqual(self.descent("run", "--set", "n=4", "--", "line.gd").stdout, "6\n")
        for command in "run", "check", "ir", "fmt", "test", "selftest", "bench", "gradcheck", "doctor":
            self.assertIn("Usage: descent " + command, self.descent(command, "--bogus", "--help").stdout)

    def test_values_of_options_that_take_none(self):
        (self.path / "cache").mkdir()
        os.environ["DESCENT_CACHE_DIR"] = str(self.path / "cache")
        try:
            subprocess.run([DESCENT, "run", "line.gd"], cwd=self.path, check=True, capture_output=True)
            done = self.descent("doctor", "--clear-cache=3", code=2)
        finally:
            del os.environ["DESCENT_CACHE_DIR"]
        self.assertEqual(done.stderr, "descent doctor: --clear-cache takes no value, and --clear-cache=3 gives it one\n")
        self.assertEqual(len(list((self.path / "cache").iterdir())), 1)
        for words in ["run", "line.gd", "--quiet=no"], ["fmt", "--check=line.gd"]:
            self.assertIn("takes no value", self.descent(*words, code=2).stderr)

    def test_options_twice_and_without_their_values(self):
        for words, message in [
            ("--device cpu --device=emulator", "descent run: --device is there twice"),
            ("--json a.json --threads 1 --json b.json", "descent run: --json is there twice"),
            ("--json", "descent run: --json takes a FILE, and there is none"),
            ("--json --quiet", "descent run: --json takes a FILE, and there is none before --quiet"),
        ]:
            self.assertEqual(self.descent("run", "line.gd", *words.split(), code=2).stderr, message + "\n")
        self.assertEqual(sorted(path.name for path in self.path.iterdir()), ["line.gd"])
        self.assertEqual(self.descent("run", "line.gd", "--quiet", "--quiet", "--set", "n=1", "--set", "n=1_0").stdout, "45\n")

    def test_a_file_that_may_not_grow(self):
        self.write("saves.gd", 'save(arange(4000.0), "x.npy")\n')
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        done = self.descent("run", "saves.gd", code=1, preexec_fn=limit)
        self.assertIn("saves.gd:1:1: error: x.npy: cannot be written: File too large  [effect-failed]", done.stderr)
        self.write("wide.gd", "let  x=1\n" * 300)
        done = self.descent("fmt", "wide.gd", code=2, preexec_fn=limit)
        self.assertEqual(done.stderr, "wide.gd: cannot be written: File too large\n")
        self.assertEqual(sorted(path.name for path in self.path.iterdir()), ["line.gd", "saves.gd", "wide.gd"])
        self.assertTrue((self.path / "wide.gd").read_text().startswith("let  x=1\n"))

    def test_a_folder_that_is_gone(self):
        (self.path / "gone").mkdir()
        words = f"cd gone; rmdir ../gone; exec {DESCENT} run ../line.gd --json x.json"
        done = subprocess.run(["sh", "-c", words], cwd=self.path, text=True, capture_output=True)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, "descent: x.json cannot be written (asked for with --json): No such file or directory\n")

    def test_a_cache_that_cannot_be_emptied(self):
        self.write("file", "")
        done = subprocess.run([DESCENT, "doctor", "--clear-cache"], cwd=self.path, env=os.environ | {"DESCENT_CACHE_DIR": "file"}, text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (0, "0 compiled programs removed\ncache          none: it is not a folder (file)\n"))

    def test_scripts_that_are_missing_or_too_many(self):
        for command in "run", "check", "ir", "fmt", "test", "bench", "gradcheck":
            self.assertEqual(self.descent(command, code=2).stderr,
                             f"descent {command}: a script is missing: descent {command} model.gd, for instance\n")
        self.assertEqual(self.descent("run", "line.gd", "n=3", code=2).stderr,
                         "descent run: it takes one script, and there are line.gd and n=3\n")
        self.assertEqual(self.descent("doctor", "line.gd", code=2).stderr, "descent doctor: it takes no files, and there is line.gd\n")

    # ---- Memory

    def test_more_than_the_machine_has(self):
        self.write("large.gd", "let n = 3.0\nlet all = cumsum(arange(n))\nprint all[-1]\n")
        done = self.descent("run", "large.gd", "--set", "n=1e12", code=1)
        self.assertRegex(done.stderr, r"^large.gd:2:11: error: there is not enough memory for this program: it needs 3725.29 GiB for the arrays "
                         r"that it makes, and \S+ GiB of \S+ GiB are available  \[not-enough-memory\]\n")
        self.assertIn("large.gd:2:11: note: f32[1000000000000] takes 3725.29 GiB\n", done.stderr)
        self.assertNotIn("precision f32", done.stderr)
        self.write("large.gd", "precision f64\n" + (self.path / "large.gd").read_text())
        self.assertIn("`precision f32`", self.descent("run", "large.gd", "--set", "n=1e12", code=1).stderr)

    def test_more_than_the_process_may_have(self):
        self.write("large.gd", "let n = 3.0\nlet all = cumsum(arange(n))\nprint all[-1]\n")
        limit = lambda bytes_: lambda: resource.setrlimit(resource.RLIMIT_AS, (bytes_, bytes_))
        if subprocess.run([DESCENT, "--version"], preexec_fn=limit(1500 << 20), capture_output=True).returncode:
            self.skipTest("this build needs more address space")  # with a sanitizer
        done = self.descent("run", "large.gd", "--set", "n=9e8", code=1, preexec_fn=limit(3 << 30))
        self.assertRegex(done.stderr, r"large.gd:2:11: error: there is not enough memory for this program: it needs 3.35 GiB for the arrays that it "
                         r"makes, and \d.\d+ GiB of 3.00 GiB are available")

    def test_places_beyond_31_bits(self):
        # Too large to run here.
        self.write("long.gd", "let x = cumsum(arange(3_000_000_000.0))\nprint x[-1], x[[0, -2]]\nvar i = -1\nwhile i > -3 { i -= 1 }\nprint x[i]\n")
        ir = self.descent("ir", "long.gd").stdout
        self.assertIn("[2999999999]", ir)
        self.assertIn("dense<[0, 2999999998]> : tensor<2xi64>", ir)
        self.assertIn("dense<3000000000> : tensor<i64>", ir)

    def test_more_than_the_emulator_has(self):
        self.write("large.gd", "let all = cumsum(arange(4_000_000.0))\nprint all[-1]\n")
        os.environ["DESCENT_EMULATED_MIB"] = "4"
        done = self.descent("run", "large.gd", "--device", "emulator", code=1)
        del os.environ["DESCENT_EMULATED_MIB"]
        self.assertIn("large.gd:1:11: error: the emulator has no room for this program: it needs 15.3 MiB, ", done.stderr)
        self.assertNotIn("precision f32", done.stderr)

    def test_tape_limit(self):
        for size in "-1", "-4gb", "nan", "5X", "1e30", "9eb", "":
            done = self.descent("run", "line.gd", "--tape-limit", size, code=2)
            self.assertTrue(done.stderr.startswith(f"--tape-limit: it takes a number of bytes, or one with a unit such as 4gb, not {size}\n"), done.stderr)
        for size in "0", "1000", "4gb", "1 kb":
            self.assertEqual(self.descent("run", "line.gd", "--tape-limit", size).stdout, "3\n")

    # ---- Files that are none

    def test_fmt_of_what_is_no_script(self):
        (self.path / "folder").mkdir()
        self.write("wide.gd", "let  x=1\n")
        done = self.descent("fmt", "none.gd", "folder", "/dev/zero", "wide.gd", code=2)
        self.assertEqual([line.partition(";")[0] for line in done.stderr.splitlines()],
                         ["none.gd: cannot be read: no such file", "folder: cannot be read: it is a directory",
                          "/dev/zero: cannot be read: it is longer than 4 MiB", "wide.gd: formatted"])
        with open("/dev/zero") as zero:
            self.assertIn("<stdin>: cannot be read: it is longer than 4 MiB", self.descent("fmt", "-", code=2, stdin=zero).stderr)
        self.assertEqual(self.descent("fmt", "-", input="let  x=1").stdout, "let x = 1\n")

    def test_bench_without_a_folder_for_its_code(self):
        environment = os.environ | {"TMPDIR": "/nowhere", "DESCENT_CACHE_DIR": ""}
        done = subprocess.run([DESCENT, "bench", "line.gd", "--device", "cpu"], cwd=self.path, env=environment, text=True, capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("descent: there is no folder for temporary files: TMPDIR is /nowhere", done.stderr)

    # ---- selftest

    def selftest(self, *words, code=0, **options):
        return self.descent("selftest", "--device", "cpu", *words, code=code, **options)

    def write_tests(self):
        self.write("root/tests/ops/sums.gd", 'test "one" { assert sum(ones(1)) == 1.0 }\ntest "two" { assert sum(ones(2)) == 2.0 }\n')

    def test_selftest_folder(self):
        self.write_tests()
        self.assertRegex(self.selftest("--folder", "root").stdout, "cpu +ops +2 +0 +0\n")
        self.assertRegex(self.selftest("--folder", "root/tests/..").stdout, "cpu +ops +2 +0 +0\n")
        for folder, message in [
            ("nowhere", "--folder: there is no folder /.*/nowhere"),
            ("line.gd", "--folder: /.*/line.gd is no folder"),
            ("root/tests", "root/tests has neither tests/ops nor tests/programs with scripts; /.*/root has"),
            ("root/tests/ops/", "root/tests/ops has neither tests/ops nor tests/programs with scripts; /.*/root has"),
            (".", "has neither tests/ops nor tests/programs with scripts$"),
        ]:
            self.assertRegex(self.selftest("--folder", folder, "--filter", "one", code=2).stderr.splitlines()[0], message)
        done = self.selftest("--folder", "root", "--filter", "three", code=1)
        self.assertIn("there are no tests whose names have three in", done.stderr)

    def test_selftest_of_scripts_that_are_none(self):
        self.write_tests()
        for make in (lambda path: path.mkdir(), lambda path: path.symlink_to("nowhere"), lambda path: path.write_bytes(b"\x00\xff" * 9)):
            make(self.path / "root/tests/ops/wrong.gd")
            done = self.selftest("--folder", "root", code=1)
            self.assertIn("descent: a script of tests cannot be read\n", done.stderr)
            self.assertIn("wrong.gd", done.stderr)
            subprocess.run(["rm", "-r", self.path / "root/tests/ops/wrong.gd"], check=True)
        self.write("root/tests/programs/one/odd.expected", "exit 99999999999999\n")
        self.write("root/tests/programs/one/odd.gd", "print 3\n")
        self.assertIn("line 1 is\n  3\nand should be\n  exit 99999999999999", self.selftest("--folder", "root", code=1).stdout)

    def test_selftest_jobs(self):
        self.write_tests()
        for count in "100000", "-1", "1025", "two", "":
            self.assertIn("--jobs: it takes a whole number from 0 to 1024", self.selftest("--folder", "root", "--jobs", count, code=2).stderr)
        for count in "0", "1", "1024":
            self.assertRegex(self.selftest("--folder", "root", "--jobs", count).stdout, "cpu +ops +2 +0 +0\n")

    def test_selftest_limit(self):
        self.write("root/tests/ops/slow.gd", 'test "forever" {\n  var x = 1.0\n  while x > 0.0 { x = x * 2.0 / 2.0 }\n  print x\n}\n')
        done = self.selftest("--folder", "root", "--limit", "1", code=1)
        self.assertIn("killed, as it ran for more than 1 s", done.stdout)

    def test_selftest_report(self):
        self.write_tests()
        done = self.selftest("--folder", "root", "--report", "nowhere/table.tsv", code=1)
        self.assertIn("nowhere/table.tsv cannot be written (asked for with --report): there is no folder nowhere", done.stderr)
        self.assertEqual(done.stdout, "")
        self.selftest("--folder", "root", "--report", "table.tsv")
        self.assertEqual((self.path / "table.tsv").read_text(), "ops\tcpu\t2\t0\t0\t\n")

    def test_selftest_without_the_device(self):
        self.write_tests()
        done = self.descent("selftest", "--device", "gpu", "--folder", "root", code=1)
        self.assertRegex(done.stdout, "gpu +ops +0 +0 +2  no NVIDIA driver is installed")
        self.assertIn("descent: no test has run, as no NVIDIA driver is installed", done.stderr)
        done = self.descent("selftest", "--device", "all", "--folder", "root")
        self.assertRegex(done.stdout, "cpu +ops +2 +0 +0\nemulator +ops +2 +0 +0\ngpu +ops +0 +0 +2  no NVIDIA driver")
        done = self.descent("selftest", "--device", "auto", "--folder", "root")
        self.assertRegex(done.stdout, "cpu +ops +2 +0 +0\n")


if __name__ == "__main__":
    unittest.main()
