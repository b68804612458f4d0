"""The cases of the benchmarks, as their data files describe them.

A case file is {"cases": [...]}. Each case has a `name`, the `module` (its `.gd` file) and the `function`, its `sizes` (each
a set of named numbers), the `tiny` sizes of a quick look at correctness, its `inputs` (see support/RandomData.h; a size's
name, or a number, is that number), its `peers`, and formulas over the sizes and `w`, the width of an element: `bytes` that
must be moved at a `rate` (read, copy or triad), `flops` that must be done, `state` that training holds besides its data,
`elements` among which the time is divided in the table.
"""
import dataclasses
import json
import pathlib

FOLDER = pathlib.Path(__file__).parent.parent
SUITES = ("kernels", "gradbench", "training")


@dataclasses.dataclass
class Case:
    suite: str
    precision: str
    sizes: dict
    fields: dict

    @property
    def label(self):
        """As bench-kernels calls it."""
        sizes = ",".join(f"{name}={value}" for name, value in self.sizes.items())
        return f"{self.fields['name']}/{self.precision}/{sizes}"

    @property
    def name(self):
        return f"{self.suite}/{self.label}".rstrip("/")

    def value(self, formula):
        """A formula's value, or None where the case has none."""
        if formula not in self.fields:
            return None
        width = 4 if self.precision == "f32" else 8
        return float(eval(self.fields[formula], {"__builtins__": {}}, {"w": width} | self.sizes))

    def tolerance(self):
        return self.fields.get("tolerance", 1e-5 if self.precision == "f32" else 1e-12)


def load(which="sizes"):
    """All cases with their `sizes`, the first of them (`first`), or their `tiny` ones."""
    cases = []
    for suite in SUITES:
        for fields in json.loads((FOLDER / suite / "cases.json").read_text())["cases"]:
            sizes = fields["tiny" if which == "tiny" else "sizes"]
            sizes = sizes if isinstance(sizes, list) else [sizes]
            precisions = fields["precision"]
            if which == "first":
                sizes, precisions = sizes[:1], precisions[:1]
            cases += [Case(suite, precision, size, fields) for precision in precisions for size in sizes]
    return cases
