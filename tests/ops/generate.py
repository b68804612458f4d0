"""Writes functions.csv: elementwise functions at 67 places, by mpmath with 60 digits.

usage: generate.py >functions.csv

The committed file was made with mpmath 1.3.0. Arguments have 12 significant bits, so that they are the same numbers
in f32 and f64; results are rounded once, to f64.
"""

import math

from mpmath import mp, mpf

mp.dps = 60


def short(value):
    """The nearest number with 12 significant bits."""
    if value == 0:
        return 0.0
    fraction, exponent = math.frexp(value)
    return math.ldexp(round(fraction * 4096), exponent - 12)


COUNT = 67
SPREAD = [k / (COUNT - 1) for k in range(COUNT)]
# Arguments: of either sign, positive, between -1 and 1, at least 1.
ARGUMENTS = {
    "x": [short(math.copysign(10 ** (6 * abs(2 * s - 1) - 5), 2 * s - 1) if s != 0.5 else 0.0) for s in SPREAD],
    "y": [short(5 * math.sin(1 + 17 * k) + 0.01 * k) for k in range(COUNT)],
    "p": [short(10 ** (10 * s - 5)) for s in SPREAD],
    "u": [short((2 * s - 1) * 0.998 or 1e-9) for s in SPREAD],
    "q": [short(1 + 10 ** (7 * s - 5)) for s in SPREAD],
}
SQRT2, PI = mp.sqrt(2), mp.pi

# name: (its arguments, the function)
FUNCTIONS = {
    "exp": ("x", mp.exp),
    "exp2": ("x", lambda x: mpf(2) ** x),
    "expm1": ("x", mp.expm1),
    "sin": ("x", mp.sin),
    "cos": ("x", mp.cos),
    "tan": ("x", mp.tan),
    "atan": ("x", mp.atan),
    "sinh": ("x", mp.sinh),
    "cosh": ("x", mp.cosh),
    "tanh": ("x", mp.tanh),
    "asinh": ("x", mp.asinh),
    "erf": ("x", mp.erf),
    "erfc": ("y", mp.erfc),
    "cbrt": ("x", lambda x: mp.sign(x) * mp.cbrt(abs(x))),
    "sigmoid": ("x", lambda x: 1 / (1 + mp.exp(-x))),
    "silu": ("x", lambda x: x / (1 + mp.exp(-x))),
    "softplus": ("x", lambda x: mp.log1p(mp.exp(x))),
    "gelu": ("y", lambda x: x * (1 + mp.tanh(mp.sqrt(2 / PI) * (x + mpf("0.044715") * x**3))) / 2),
    "gelu_exact": ("y", lambda x: x * mp.erfc(-x / SQRT2) / 2),
    "sqrt": ("p", mp.sqrt),
    "rsqrt": ("p", lambda x: 1 / mp.sqrt(x)),
    "log": ("p", mp.log),
    "log2": ("p", lambda x: mp.log(x) / mp.log(2)),
    "log10": ("p", lambda x: mp.log(x) / mp.log(10)),
    "log1p": ("p", mp.log1p),
    "lgamma": ("p", lambda x: mp.log(abs(mp.gamma(x)))),
    "digamma": ("p", mp.digamma),
    "trigamma": ("p", lambda x: mp.polygamma(1, x)),
    "asin": ("u", mp.asin),
    "acos": ("u", mp.acos),
    "atanh": ("u", mp.atanh),
    "erfinv": ("u", mp.erfinv),
    "acosh": ("q", mp.acosh),
    "atan2": ("xy", mp.atan2),
    "hypot": ("xy", mp.hypot),
    "logaddexp": ("xy", lambda x, y: mp.log(mp.exp(x) + mp.exp(y))),
    "pow": ("py", lambda x, y: x**y),
}


def main():
    columns = dict(ARGUMENTS)
    for name, (arguments, function) in FUNCTIONS.items():
        columns[name] = [float(function(*map(mpf, row))) for row in zip(*(ARGUMENTS[a] for a in arguments))]
    print(",".join(columns))
    for row in zip(*columns.values()):
        print(",".join(map(repr, row)))


main()
