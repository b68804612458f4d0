"""Files that are no scripts, or odd ones: an answer or a clear error, never a crash or a hang.

    odd_files_test.py DESCENT
"""
import os
import subprocess
import sys
import tempfile
import zipfile

descent = sys.argv[1]
many = 20_000

# name: (content, what `check` must say; None: nothing is wrong)
files = {
    "empty.gd": (b"", None),
    "newline.gd": (b"\n", None),
    "comment.gd": (b"# nothing", None),
    "no_newline.gd": (b"print 1 + 1", None),
    "crlf.gd": (b"let a = 1.0\r\nprint (a +\r\n  a)\r\n", None),
    "bom.gd": (b"\xef\xbb\xbflet a = 1.0\nprint a\n", None),
    "nul.gd": (b"let a = 1\0\nprint a\n", "error"),
    "nuls.gd": (b"\0" * 4096, "not-text"),
    "utf16.gd": ("let a = 1\n".encode("utf-16"), "error"),
    "latin1.gd": ("let größe = 1.0\n".encode("latin-1"), "invalid-utf8"),
    "cut.gd": ("let a = \"é".encode()[:-1], "error"),
    "elf.gd": (b"\x7fELF" + bytes(range(256)) * 64, "not-text"),
    "long_line.gd": (b"let a = " + b"1 + " * many + b"1\n", "nesting-too-deep"),
    "powers.gd": (b"let a = " + b"1 ^ " * many + b"1\n", "nesting-too-deep"),
    "minus.gd": (b"let a = " + b"-" * many + b"1\n", "nesting-too-deep"),
    "nots.gd": (b"let a = " + b"not " * many + b"true\n", "nesting-too-deep"),
    "parens.gd": (b"let a = " + b"(" * many + b"1" + b")" * many + b"\n", "nesting-too-deep"),
    "open.gd": (b"(" * many, "error"),
    "close.gd": (b"]" * many, "error"),
    "brackets.gd": (b"let a = " + b"[" * many + b"1" + b"]" * many + b"\n", "nesting-too-deep"),
    "blocks.gd": (b"let a = " + b"{ " * many + b"1" + b" }" * many + b"\n", "nesting-too-deep"),
    "lambdas.gd": (b"let f = " + b"x -> " * many + b"1\n", "nesting-too-deep"),
    "calls.gd": (b"let f = x -> x\nprint f" + b"(1)" * many + b"\n", "nesting-too-deep"),
    "fields.gd": (b"let r = 1\nprint r" + b".a" * many + b"\n", "nesting-too-deep"),
    "else_if.gd": (b"let c = 1\nlet a = " + b"if c == 2 { 1 } else " * many + b"{ 2 }\n",
                   "nesting-too-deep"),
    "functions.gd": (b"".join(b"fn f%d(x) = {\n" % i for i in range(2000)) + b"x\n" + b"}\n" * 2000,
                     "nesting-too-deep"),
    "ifs.gd": (b"if true {\n" * 2000 + b"}\n" * 2000, "nesting-too-deep"),
    "types.gd": (b"fn f(x: " + b"(" * many + b"f32" + b")" * many + b") = x\n", "nesting-too-deep"),
    "patterns.gd": (b"let " + b"(" * many + b"a" + b")" * many + b" = 1\n", "nesting-too-deep"),
    "strings.gd": (b"print " + b'"{' * 500 + b"1" + b'}"' * 500 + b"\n", "error"),
    "call_chain.gd": (b"fn f0(x) = x\n" + b"".join(b"fn f%d(x) = f%d(x)\n" % (i + 1, i)
                                                  for i in range(3000)) + b"print f3000(1.0)\n",
                      "recursion"),
    "many_lines.gd": (b"let a = 1\n" + b"print a\n" * 5000, None),
    "many_errors.gd": (b"let = \n" * 20_000, "error"),
}
failed = 0


def expect(what, holds, result):
    global failed
    if not holds:
        failed += 1
        print(f"FAIL {what}: exit code {result.returncode}\n{result.stderr[:2000].decode(errors='replace')}")


def run(*arguments):
    # Far more than it takes: a hang, not a slow machine.
    return subprocess.run([descent, *arguments], capture_output=True, timeout=60)


with tempfile.TemporaryDirectory() as folder:
    for name, (content, problem) in files.items():
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(content)
        result = run("check", path)
        expect(f"check {name}", result.returncode == (2 if problem else 0), result)
        expect(f"check {name}", (problem or "").encode() in result.stderr, result)
        if problem:
            expect(f"check {name} says where", name.encode() in result.stderr, result)
        result = run("fmt", "--check", path)
        expect(f"fmt {name}", result.returncode in (0, 1, 2), result)
        with open(path, "rb") as file:
            expect(f"fmt leaves {name}", file.read() == content, result)

    huge = os.path.join(folder, "huge.gd")
    with open(huge, "wb") as file:
        file.write(b"print 1\n")
        file.truncate(100 << 20)
    locked = os.path.join(folder, "locked.gd")
    with open(locked, "wb") as file:
        file.write(b"print 1\n")
    os.chmod(locked, 0)
    unreadable = [huge, folder, os.path.join(folder, "missing.gd"), os.path.join(huge, "below.gd"), ""]
    if os.geteuid() != 0:
        unreadable.append(locked)
    for path in unreadable:
        for command in ("check", "run", "fmt"):
            result = run(command, path)
            expect(f"{command} {path}", result.returncode == 2 and result.stderr, result)
    for command in ("check", "run"):
        result = run(command, "/dev/null")
        expect(f"{command} /dev/null", result.returncode in (0, 2), result)

    # An array that is no number: the archive is named, without a line, of which it has none.
    archive = os.path.join(folder, "odd.npz")
    header = b"{'descr': '<U4', 'fortran_order': False, 'shape': (), }"
    header += b" " * (128 - 10 - len(header) - 1) + b"\n"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("s.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(16))
    script = os.path.join(folder, "archive.gd")
    with open(script, "w") as file:
        file.write(f'data z = "{archive}"\nprint z.s\n')
    result = run("check", script)
    expect("a text in an archive", b"odd.npz: array 's': this array holds text" in result.stderr, result)

sys.exit(1 if failed else 0)
