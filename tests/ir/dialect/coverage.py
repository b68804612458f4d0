"""Fails where an operation of the dialect is not documented, or a test of it is missing.

usage: coverage.py TBLGEN_JSON SOURCE_DIR

TBLGEN_JSON is what `llvm-tblgen --dump-json` makes of Ops.td. Of each operation it asks a summary, a
description with an example that names the operation, a round trip in tests/ir/dialect, and a program
in verify-*.mlir that its verifier refuses; of each message of the verifiers, a test that provokes it.
"""

import json
import pathlib
import re
import sys


def failures(records, source):
    tests = source / "tests/ir/dialect"
    refused = "".join(path.read_text() for path in sorted(tests.glob("verify-*.mlir")))
    accepted = "".join(path.read_text() for path in sorted(tests.glob("*.mlir"))
                       if not path.name.startswith("verify-"))
    for name in records["!instanceof"]["Op"]:
        op = records[name]["opName"]
        mention = re.compile(r"\bdescent\." + op + r"(?![\w.])")
        description = records[name]["description"] or ""
        if not records[name]["summary"]:
            yield f"descent.{op} has no summary"
        if "Example:" not in description or not mention.search(description):
            yield f"descent.{op} has no description with an example of it"
        if not any("CHECK" in line and mention.search(line) for line in accepted.splitlines()):
            yield f"descent.{op} has no round trip"
        # Some messages of shape inference name the operation in their own words.
        lines = refused.splitlines()
        if not any("expected-error" in line and mention.search(following)
                   for line, following in zip(lines, lines[1:])):
            yield f"descent.{op} has no program that the verifier refuses"

    call = re.compile(r'(?:emitOpError|emitOptionalError|fail|expectTypes)\s*\(((?:[^";]|"[^"]*")*?)[;<{]')
    for path in sorted((source / "compiler/dialect").glob("*.cpp")):
        for arguments in call.findall(re.sub(r'"\s*"', "", path.read_text())):
            for message in re.findall(r'"([^"]*)"', arguments):
                if message not in refused:
                    yield f"{path.name}: no test provokes '{message}'"


def main():
    records = json.loads(pathlib.Path(sys.argv[1]).read_text())
    found = list(failures(records, pathlib.Path(sys.argv[2])))
    for failure in found:
        print(failure)
    sys.exit(1 if found else 0)


main()
