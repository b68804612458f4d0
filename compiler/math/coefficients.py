#!/usr/bin/env python3
"""Finds every polynomial of compiler/math and prints Coefficients.h.

    python3 compiler/math/coefficients.py > compiler/math/Coefficients.h

Needs mpmath (Debian: python3-mpmath). Each polynomial is the minimax approximation found by
Remez's exchange on a fine Chebyshev grid. Coefficients are then rounded to the working type one
after the other, lowest order first, and the rest is fitted again (least squares) after each, so that the
printed error is that of the polynomial as it is stored. The comment above each array gives what it
approximates, on which interval, and log2 of its largest error.
"""
from mpmath import (mp, mpf, matrix, lu_solve, cos, sin, tan, atan, asin, exp, log, sqrt, pi, cosh,
                    sinh, erf, erfc, erfinv, gamma, loggamma, digamma, euler, floor, ldexp, frexp,
                    nint, zeta, bernoulli, factorial, cbrt, findroot, inf)

mp.prec = 300


def round_to(x, bits):
    """x rounded to `bits` significant bits (the exponents used here are all normal)."""
    if x == 0:
        return mpf(0)
    m, e = frexp(x)
    return ldexp(nint(ldexp(m, bits)), e - bits)


def hexfloat(x, suffix=""):
    if x == 0:
        return "0.0" + suffix
    sign = "-" if x < 0 else ""
    m, e = frexp(abs(x))
    digits = int(ldexp(m, 53))
    assert ldexp(mpf(digits), e - 53) == abs(x), x
    text = f"{digits << 3:014x}"  # 56 bits: one bit before the point after normalising below
    lead = digits >> 52
    frac = f"{digits & ((1 << 52) - 1):013x}".rstrip("0")
    return f"{sign}0x{lead}{'.' + frac if frac else ''}p{e - 1:+d}{suffix}"


def grid(a, b, n):
    return [(a + b) / 2 - (b - a) / 2 * cos(pi * (2 * i + 1) / (2 * n)) for i in range(n)]


def exchange(xs, target, weight, powers):
    """Minimax coefficients for sum c_k x^powers[k] against target on the grid; and the error."""
    m = len(powers)
    n = len(xs)
    ref = [min(n - 1, int((1 - cos(pi * i / m)) / 2 * (n - 1) + mpf(0.5))) for i in range(m + 1)]
    columns = [[x**p for p in powers] for x in xs]
    best = None
    for _ in range(40):
        a = matrix(m + 1, m + 1)
        rhs = matrix(m + 1, 1)
        for row, i in enumerate(ref):
            for col in range(m):
                a[row, col] = columns[i][col] * weight[i]
            a[row, m] = (-1)**row
            rhs[row] = target[i] * weight[i]
        solution = lu_solve(a, rhs)
        c = [solution[k] for k in range(m)]
        error = [weight[i] * (target[i] - sum(ck * col for ck, col in zip(c, columns[i])))
                 for i in range(n)]
        worst = max(abs(e) for e in error)
        if best is None or worst < best[1]:
            best = (c, worst)
        if worst <= abs(solution[m]) * mpf("1.001"):
            break
        # One extremum per run of equal sign, then drop the smaller end until m + 1 are left.
        peaks = []
        for i in range(n):
            if peaks and (error[i] > 0) == (error[peaks[-1]] > 0):
                if abs(error[i]) > abs(error[peaks[-1]]):
                    peaks[-1] = i
            else:
                peaks.append(i)
        while len(peaks) > m + 1:
            peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
        if len(peaks) < m + 1:
            break
        ref = peaks
    return best


def least_squares(xs, target, weight, powers):
    """As exchange, but least squares on the same grid: also right where powers alone vanish at 0."""
    rows = [[w * x**p for p in powers] for w, x in zip(weight, xs)]
    m = len(powers)
    a = matrix(m, m)
    rhs = matrix(m, 1)
    for i in range(m):
        for j in range(i, m):
            a[i, j] = a[j, i] = sum(r[i] * r[j] for r in rows)
        rhs[i] = sum(r[i] * w * t for r, w, t in zip(rows, weight, target))
    return list(lu_solve(a, rhs))


def fit(f, a, b, terms, bits, weight=lambda x: 1, step=1, first=0, double_double=0, points=None):
    """Coefficients of x^first, x^(first+step), … rounded to `bits`; and log2 of the largest error.

    The first `double_double` coefficients are kept to twice the bits, as (high, low) pairs.
    """
    a, b = mpf(a), mpf(b)
    xs = grid(a, b, points or max(200, 16 * terms))
    values = [mpf(f(x)) for x in xs]
    weights = [mpf(weight(x)) for x in xs]
    powers = [first + step * k for k in range(terms)]
    done = []
    for k in range(terms):
        rest = [v - sum(c * x**p for c, p in zip(done, powers)) for v, x in zip(values, xs)]
        if k == 0:
            c, _ = exchange(xs, rest, weights, powers)
        else:
            c = least_squares(xs, rest, weights, powers[k:])
        if k < double_double:
            high = round_to(c[0], bits)
            done.append(high + round_to(c[0] - high, bits))
        else:
            done.append(round_to(c[0], bits))
    error = max(w * abs(v - sum(c * x**p for c, p in zip(done, powers)))
                for v, x, w in zip(values, xs, weights))
    return done, float(log(error, 2))


class Writer:
    def __init__(self, bits, suffix):
        self.bits = bits
        self.suffix = suffix

    def array(self, name, comment, result, double_double=0):
        coefficients, error = result
        print(f"  // {comment}; error 2^{error:.1f}.")
        words = []
        for k, c in enumerate(coefficients):
            high = round_to(c, self.bits)
            words.append(hexfloat(high, self.suffix))
            if k < double_double:
                words.append(hexfloat(round_to(c - high, self.bits), self.suffix))
        self.words(name, words)

    def words(self, name, words):
        kind = "float" if self.bits == 24 else "double"
        body = ", ".join(words)
        if len(words) > 1 or len(body) > 60:
            print(f"  static constexpr {kind} {name}[] = {{")
            for i in range(0, len(words), 3):
                print("      " + ", ".join(words[i:i + 3]) + ",")
            print("  };")
        else:
            print(f"  static constexpr {kind} {name} = {body};")

    def split(self, name, comment, value, parts, keep=None):
        """A constant as a sum of `parts` numbers; all but the last with `keep` bits."""
        print(f"  // {comment}.")
        words = []
        for k in range(parts):
            piece = round_to(value, self.bits if keep is None or k == parts - 1 else keep)
            words.append(hexfloat(piece, self.suffix))
            value -= piece
        self.words(name, words)


def near(f, series, x, limit=mpf(2)**-40):
    """f(x), or its series where f would lose all digits by cancellation."""
    return series(x) if abs(x) < limit else f(x)


def elementary(w, terms):
    """Polynomials whose working range follows from argument reduction."""
    bits = w.bits
    half_ln2 = log(mpf(2)) / 2 * mpf("1.0001")
    w.array("exp", "(e^r - 1 - r) / r^2 on |r| <= ln(2)/2, weighted by r",
            fit(lambda r: (exp(r) - 1 - r) / r**2, -half_ln2, half_ln2, terms["exp"], bits,
                weight=abs))
    w.array("exp2", "(2^r - 1) / r on |r| <= 1/2",
            fit(lambda r: (2**r - 1) / r, -0.5001, 0.5001, terms["exp2"], bits, weight=abs))
    z = half_ln2**2
    w.array("sinh", "(sinh(r) - r) / r^3 as a function of r^2 on |r| <= ln(2)/2, weighted by r^2",
            fit(lambda z: (sinh(sqrt(z)) / sqrt(z) - 1) / z, 0, z, terms["sinh"], bits,
                weight=lambda z: z))
    w.array("cosh", "(cosh(r) - 1) / r^2 as a function of r^2 on |r| <= ln(2)/2, weighted by r^2",
            fit(lambda z: (cosh(sqrt(z)) - 1) / z, 0, z, terms["cosh"], bits, weight=lambda z: z))
    s = (sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)
    s2 = (s * mpf("1.0001"))**2
    w.array("log", "(log((1+s)/(1-s)) - 2s) / s^3 in s^2 on |s| <= 3 - sqrt(8), weighted by s^2",
            fit(lambda z: (log((1 + sqrt(z)) / (1 - sqrt(z))) / sqrt(z) - 2) / z, 0, s2,
                terms["log"], bits, weight=lambda z: z / 2))
    w.array("logTail", "(log((1+s)/(1-s)) - 2s - 2s^3/3) / s^5 in s^2, same range, by s^4",
            fit(lambda z: (log((1 + sqrt(z)) / (1 - sqrt(z))) / sqrt(z) - 2 - 2 * z / 3) / z**2,
                0, s2, terms["logTail"], bits, weight=lambda z: z**2 / 2))
    q = (pi / 4 * mpf("1.0001"))**2
    w.array("sin", "(sin(r) - r) / r^3 in r^2 on |r| <= pi/4, weighted by r^2",
            fit(lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z, 0, q, terms["sin"], bits,
                weight=lambda z: z))
    w.array("cos", "(cos(r) - 1 + r^2/2) / r^4 in r^2 on |r| <= pi/4, weighted by r^4",
            fit(lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, 0, q, terms["cos"], bits,
                weight=lambda z: z**2))
    w.array("asin", "(asin(x) - x) / x^3 in x^2 on |x| <= 1/2, weighted by x^2",
            fit(lambda z: (asin(sqrt(z)) / sqrt(z) - 1) / z, 0, 0.25, terms["asin"], bits,
                weight=lambda z: z))
    t = (tan(pi / 8) * mpf("1.0001"))**2
    w.array("atan", "(atan(x) - x) / x^3 in x^2 on |x| <= tan(pi/8), weighted by x^2",
            fit(lambda z: (atan(sqrt(z)) / sqrt(z) - 1) / z, 0, t, terms["atan"], bits,
                weight=lambda z: z))
    w.array("cbrt", "cube root on [1/2, 1], relative",
            fit(cbrt, 0.5, 1, 4 if bits == 24 else 6, bits, weight=lambda m: 1 / cbrt(m)))


def error_functions(w, terms, shift, limit):
    bits = w.bits
    w.array("erf", "(erf(x) - x) / x in x^2 on |x| <= 1, relative to erf",
            fit(lambda z: erf(sqrt(z)) / sqrt(z) - 1, 0, 1, terms["erf"], bits,
                weight=lambda z: sqrt(z) / erf(sqrt(z))))
    w.words("erfcShift", [hexfloat(mpf(shift), w.suffix)])
    w.words("erfcLimit", [hexfloat(mpf(limit), w.suffix)])
    k = mpf(shift)
    last = (mpf(limit) - k) / (mpf(limit) + k)

    def scaled(t):
        x = k * (1 + t) / (1 - t)
        return (x + mpf(7) / 8) * exp(x * x) * erfc(x)

    w.array("erfc", f"(x + 7/8) e^(x^2) erfc(x) in t = (x - {shift}) / (x + {shift}), "
            f"0 <= x <= {limit}, relative",
            fit(scaled, -1, last, terms["erfc"], bits, weight=lambda t: 1 / scaled(t)))


def inverse_error_function(w, ranges):
    """erfinv(x) / x as a function of w = -log(1 - x^2), by range; sqrt(w) beyond the first."""
    bits = w.bits

    def ratio(v):
        x = sqrt(1 - exp(-v))
        return erfinv(x) / x

    for number, (low, high, centre, terms) in enumerate(ranges):
        root = number > 0
        f = (lambda v: ratio((v + centre)**2)) if root else (lambda v: ratio(v + centre))
        ends = (sqrt(mpf(low)), sqrt(mpf(high))) if root else (mpf(low), mpf(high))
        name = "sqrt(w)" if root else "w"
        w.array(f"erfinv{number}", f"erfinv(x)/x in {name} - {centre} for w = -log(1 - x^2) in "
                f"[{low}, {high}], relative",
                fit(f, ends[0] - centre, ends[1] - centre, terms, bits,
                    weight=lambda v, f=f: 1 / f(v)))


def gamma_functions(w):
    """For double only: the float versions compute in double."""
    bits = w.bits
    w.array("sinPi", "sin(pi f) / f - pi in f^2 on |f| <= 1/2, divided by f^2; weighted by f^2",
            fit(lambda z: (sin(pi * sqrt(z)) / sqrt(z) - pi) / z, 0, 0.25, 9, bits,
                weight=lambda z: z / 2))

    def stirling(z):
        x = 1 / sqrt(z)
        return (loggamma(x) - (x - mpf(0.5)) * log(x) + x - log(2 * pi) / 2) * x

    mp.prec = 400
    w.array("stirling", "x (lgamma(x) - (x - 1/2) log(x) + x - log(2 pi)/2) in 1/x^2 for x >= 8.5",
            fit(stirling, mpf(1) / 10**8, 1 / mpf(8.5)**2, 8, bits))

    def tail(z):
        x = 1 / sqrt(z)
        return (log(x) - 1 / (2 * x) - digamma(x)) * x * x

    w.array("digammaTail", "x^2 (log(x) - 1/(2x) - digamma(x)) in 1/x^2 for x >= 8",
            fit(tail, mpf(1) / 10**8, 1 / mpf(8)**2, 8, bits))
    cotangent = lambda z: (pi / tan(pi * sqrt(z)) - 1 / sqrt(z)) / sqrt(z)
    w.array("cotPi", "(pi cot(pi f) - 1/f) / f in f^2 on |f| <= 1/2",
            fit(cotangent, 0, 0.25, 15, bits))
    root = findroot(digamma, mpf("1.4616"))
    w.split("digammaRoot", "The positive zero of digamma", root, 3)
    w.array("digammaNearRoot", "digamma(x) / (x - root) in x - root, |x - root| <= 1/32",
            fit(lambda t: digamma(root + t) / t, mpf(-1) / 31.9, mpf(1) / 32, 11, bits))

    print("  // Double-word polynomials: the first coefficients are (high, low) pairs.")
    mp.prec = 1000
    rgamma = lambda d: (1 / gamma(2 + d) - 1) / d
    pairs = lambda name, comment, pair_count, result: (
        print(f"  static constexpr int {name}Pairs = {pair_count};"),
        w.array(name, comment, result, double_double=pair_count))
    half = mpf(0.5)
    w.array("reciprocalGammaPlain", "the same in plain double", fit(rgamma, -half * mpf("1.00001"),
                                                                    half, 16, bits))
    pairs("reciprocalGamma", "(1 / Gamma(2 + d) - 1) / d on |d| <= 1/2", 18,
          fit(rgamma, -half * mpf("1.00001"), half, 24, bits, double_double=18))
    s = (sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1) * mpf("1.0001")
    pairs("logFull", "log((1+s)/(1-s)) / s in s^2 on |s| <= 3 - sqrt(8)", 12,
          fit(lambda z: log((1 + sqrt(z)) / (1 - sqrt(z))) / sqrt(z), 0, s**2, 20, bits,
              double_double=12))
    ln2 = log(mpf(2)) / 2 * mpf("1.0001")
    pairs("expFull", "(e^r - 1) / r on |r| <= ln(2)/2", 14,
          fit(lambda r: (exp(r) - 1) / r, -ln2 * mpf("1.00001"), ln2, 22, bits, double_double=14))
    pairs("digammaTailFull", "x^2 (log(x) - 1/(2x) - digamma(x)) in 1/x^2 for x >= 16", 7,
          fit(tail, mpf(1) / 10**12, 1 / mpf(16)**2, 14, bits, double_double=7))
    pairs("cotPiFull", "(pi cot(pi f) - 1/f) / f - 2/(f^2 - 1) in f^2 on |f| <= 1/2", 13,
          fit(lambda z: cotangent(z) - 2 / (z - 1), 0, 0.25, 23, bits, double_double=13))
    mp.prec = 300
    w.split("ln2Triple", "ln(2): the first two parts times any exponent are exact", log(mpf(2)), 3,
            40)


def constants(w):
    bits = w.bits
    keep = bits - 13 if bits == 53 else bits - 9
    w.split("ln2", "ln(2): the high part times any exponent is exact", log(mpf(2)), 2, keep)
    w.split("ln2Full", "ln(2) as a double-double", log(mpf(2)), 2)
    w.split("log2e", "1/ln(2)", 1 / log(mpf(2)), 2)
    w.split("log10e", "1/ln(10)", 1 / log(mpf(10)), 2)
    w.split("log10of2", "log10(2): the high part times any exponent is exact",
            log(mpf(2)) / log(mpf(10)), 2, keep)
    w.split("pi", "pi", +pi, 3)
    w.split("twoOverPi", "2/pi", 2 / pi, 1)
    w.split("halfPi", "pi/2", pi / 2, 3)


def two_over_pi(w, first, width):
    """2/pi for arguments from 2^first on, in ranges of `width` binades.

    For |x| in [2^b, 2^(b+width)) with p-bit numbers, x 2^-b is a multiple of 2^(1-p), so that bits
    of 2/pi * 2^b of weight 2^(p+1) and more contribute multiples of 4 quarter turns and are left
    out. Each range holds the scale 2^-b and the next 5 p bits as five numbers.
    """
    p = w.bits
    last = 1024 if p == 53 else 128
    print(f"  // Per {width} binades from 2^{first} on: 2^-b and 2/pi * 2^b mod 2^{p + 1} in five parts.")
    print(f"  static constexpr int reductionFirst = {first};")
    print(f"  static constexpr int reductionWidth = {width};")
    kind = "float" if p == 24 else "double"
    print(f"  static constexpr {kind} reduction[][6] = {{")
    mp.prec = 1600
    for b in range(first, last, width):
        rest = ldexp(2 / pi, b)
        rest -= ldexp(floor(ldexp(rest, -(p + 1))), p + 1)
        words = [ldexp(mpf(1), -b)]
        for j in range(5):
            unit = 1 - j * p
            piece = ldexp(floor(ldexp(rest, -unit)), unit)
            words.append(piece)
            rest -= piece
        texts = [hexfloat(v, w.suffix) for v in words]
        print("      {" + ", ".join(texts[:3]) + ",\n       " + ", ".join(texts[3:]) + "},")
    print("  };")
    mp.prec = 300


def main():
    print("""// Made by coefficients.py; do not edit.
#pragma once

namespace descent::math {

/// Polynomial coefficients, lowest order first, and split constants, for one floating type.
template <class T> struct Coefficients;
""")
    for bits, suffix, name in ((53, "", "double"), (24, "f", "float")):
        double = bits == 53
        w = Writer(bits, suffix)
        print(f"template <> struct Coefficients<{name}> {{")
        constants(w)
        elementary(w, dict(exp=10, exp2=11, sinh=5, cosh=5, log=7, logTail=8, sin=6, cos=6, asin=13,
                           atan=11) if double else
                   dict(exp=6, exp2=6, sinh=3, cosh=3, log=3, logTail=3, sin=3, cos=3, asin=5,
                        atan=5))
        error_functions(w, dict(erf=13, erfc=22) if double else dict(erf=7, erfc=12),
                        "4.5" if double else "2.5", "28" if double else "10.5")
        inverse_error_function(w, [(0, 5, 2.5, 22), (5, 16, 3.125, 22), (16, 36.2, 5, 20)]
                               if double else [(0, 4, 2, 11), (4, 16.1, 3, 12)])
        if double:
            gamma_functions(w)
        two_over_pi(w, *((40, 94) if double else (16, 38)))
        print("};\n")
    print("} // namespace descent::math")


if __name__ == "__main__":
    main()
